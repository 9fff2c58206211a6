"""Load the tables that the models read, and run dbt over them."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tests.dbt import tenant
from tests.duckdb.support import line, load, records
from tests.support.paths import ROOT
from tests.support.targets import target_postgres

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.postgres import Server

PACKAGE = ROOT / "dbt"
PROGRAM = ROOT / ".venv-dbt" / "bin" / "dbt"
_OPTIONAL = {"job_booked_logs"}


def streams() -> list[str]:
    """List the streams that have a staging model."""
    found = sorted(path.stem.partition("__")[2] for path in (PACKAGE / "models" / "staging").glob("*.sql"))
    assert len(found) > 35
    return found


def messages(rows: Mapping[str, list[dict[str, Any]]], tenant_id: str | None = None) -> bytes:
    """Write the messages of a tap that read these rows, and no others."""
    parts = []
    for stream in streams():
        if stream in _OPTIONAL and stream not in rows:
            continue
        endpoint = BY_NAME[stream]
        schema, key = dict(stream_schema(endpoint)), [*endpoint.key]
        if tenant_id is not None:
            schema["properties"] = {"tenant_id": {"type": "string"}, **schema["properties"]}
            key = ["tenant_id", *key]
        parts.append(line("SCHEMA", stream=stream, schema=schema, key_properties=key))
        own = {} if tenant_id is None else {"tenant_id": tenant_id}
        parts.append(records(*(own | row for row in rows.get(stream, [])), stream=stream))
    return b"".join(parts)


@dataclasses.dataclass(frozen=True)
class Warehouse:
    """A database, and the variables that its models are built with."""

    folder: Path
    variables: Mapping[str, Any]
    target: str
    environment: Mapping[str, str]

    def dbt(self, *arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
        """Run dbt."""
        chosen = {f"servicetitan__{name}": value for name, value in {**self.variables, **variables}.items()}
        # What dbt parsed in one run it need not parse in the next.
        places = ["--project-dir", str(PACKAGE), "--profiles-dir", str(PACKAGE), "--target", self.target]
        places += ["--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs")]
        return subprocess.run(  # noqa: S603 - dbt
            [PROGRAM, *arguments, *places, "--vars", json.dumps(chosen)],
            env=os.environ | self.environment | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=600,
        )

    def build(self, *arguments: str, **variables: object) -> None:
        """Build and test all models; fail with what dbt says."""
        done = self.dbt("build", *arguments, **variables)
        assert done.returncode == 0, done.stdout[-6000:]

    def failures(self, *arguments: str, **variables: object) -> set[str]:
        """Run tests; name those that fail."""
        done = self.dbt("test", *arguments, **variables)
        failed = set(re.findall(r"Failure in test (\w+)", done.stdout))
        assert bool(failed) is bool(done.returncode), done.stdout[-6000:]
        return failed


class InDuckdb(Warehouse):
    """Tables in a DuckDB file."""

    @classmethod
    def at(cls, file: Path, **variables: object) -> InDuckdb:
        """Make one of a file."""
        return cls(file.parent, variables, "duckdb", {"SERVICETITAN_DUCKDB": str(file)})

    @property
    def file(self) -> str:
        """The file."""
        return self.environment["SERVICETITAN_DUCKDB"]

    def query(self, sql: str, schema: str = "models") -> list[tuple[Any, ...]]:
        """Run a statement on the models, or on what is in another schema."""
        with duckdb.connect(self.file) as db:
            db.execute(f"USE {schema}")
            return db.execute(sql).fetchall()


class InPostgres(Warehouse):
    """Tables in a PostgreSQL server."""

    @classmethod
    def at(cls, server: Server, folder: Path, **variables: object) -> InPostgres:
        """Make one of a server."""
        access = {f"SERVICETITAN_{name.upper()}": str(value) for name, value in server.items()}
        return cls(folder, {"schema": "loaded", **variables}, "postgres", access)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the models."""
        names = ("host", "port", "user", "password")
        access: dict[str, Any] = {name: self.environment[f"SERVICETITAN_{name.upper()}"] for name in names}
        with psycopg.connect(**access, dbname=self.environment["SERVICETITAN_DATABASE"], autocommit=True) as db:
            db.execute("SET search_path TO models")
            return db.execute(sql.encode()).fetchall()


def handmade_in_duckdb(folder: Path) -> InDuckdb:
    """Load the tenant that was made by hand into a DuckDB file."""
    load(folder / "tenant.duckdb", messages(tenant.ROWS))
    return InDuckdb.at(folder / "tenant.duckdb", timezone=tenant.ZONE, today=tenant.TODAY)


def handmade_in_postgres(folder: Path, server: Server) -> InPostgres:
    """Load it into PostgreSQL, with meltanolabs-target-postgres."""
    settings = folder / "target.json"
    settings.write_text(json.dumps({**server, "default_target_schema": "loaded", "validate_records": False}))
    subprocess.run(  # noqa: S603 - the target
        [target_postgres(), "--config", settings],
        input=messages(tenant.ROWS),
        check=True,
        capture_output=True,
        timeout=300,
    )
    return InPostgres.at(server, folder, timezone=tenant.ZONE, today=tenant.TODAY)
