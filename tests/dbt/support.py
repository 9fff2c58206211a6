"""Load the tables that the models read, and run dbt over them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import re
import subprocess
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tests.duckdb.support import line, records
from tests.support.paths import ROOT
from tests.support.targets import target_postgres

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.postgres import Server

PACKAGE = ROOT / "dbt"
PROGRAM = ROOT / ".venv-dbt" / "bin" / "dbt"
OPTIONAL = {"job_booked_logs"}
"""What is not read by default, and no model needs."""


def streams() -> list[str]:
    """List the streams that have a staging model."""
    found = sorted(path.stem.partition("__")[2] for path in (PACKAGE / "models" / "staging").glob("*.sql"))
    assert len(found) > 35
    return found


def messages(rows: Mapping[str, list[dict[str, Any]]], tenant_id: str | None = None) -> bytes:
    """Write the messages of a tap that read these rows, and no others."""
    parts = []
    for stream in streams():
        if stream in OPTIONAL and stream not in rows:
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
    project: Path = PACKAGE

    def dbt(self, *arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
        """Run dbt."""
        chosen = {f"servicetitan__{name}": value for name, value in {**self.variables, **variables}.items()}
        places = ["--project-dir", str(self.project), "--profiles-dir", str(PACKAGE), "--target", self.target]
        # What dbt parsed in one run it need not parse in the next.
        own = {"DBT_TARGET_PATH": str(self.folder / "target"), "DBT_LOG_PATH": str(self.folder / "logs")}
        return subprocess.run(  # noqa: S603 - dbt
            [PROGRAM, *arguments, *places, "--vars", json.dumps(chosen)],
            env=os.environ | self.environment | own | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=600,
        )

    def build(self, *arguments: str, **variables: object) -> None:
        """Build and test all models; fail with what dbt says."""
        done = self.dbt("build", *arguments, **variables)
        assert done.returncode == 0, done.stdout[-6000:]

    def run(self, *arguments: str, **variables: object) -> None:
        """Build models, and test none."""
        done = self.dbt("run", *arguments, **variables)
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

    def connect(self) -> psycopg.Connection[Any]:
        """Connect to the server."""
        names = ("host", "port", "user", "password")
        access: dict[str, Any] = {name: self.environment[f"SERVICETITAN_{name.upper()}"] for name in names}
        return psycopg.connect(**access, dbname=self.environment["SERVICETITAN_DATABASE"], autocommit=True)

    def load(self, rows: Mapping[str, list[dict[str, Any]]]) -> None:
        """Load rows with meltanolabs-target-postgres, which makes the tables of all streams."""
        server = {name.removeprefix("SERVICETITAN_").lower(): value for name, value in self.environment.items()}
        settings = self.folder / "target.json"
        settings.write_text(
            json.dumps(
                {**server, "port": int(server["port"]), "default_target_schema": "loaded", "validate_records": False}
            )
        )
        subprocess.run(  # noqa: S603 - the target
            [target_postgres(), "--config", settings],
            input=messages(rows),
            check=True,
            capture_output=True,
            timeout=300,
        )

    def copy(self, file: Path | str) -> None:
        """Have the rows of a DuckDB file in the tables that the target made, which would take it minutes."""
        with duckdb.connect(str(file), read_only=True) as source, self.connect() as db:
            for stream in streams():
                if stream not in OPTIONAL:
                    _copy_table(source, db, stream)
            db.execute("ANALYZE")

    def query(self, sql: str, schema: str = "models") -> list[tuple[Any, ...]]:
        """Query the models, or what is in another schema."""
        with self.connect() as db:
            db.execute(f"SET search_path TO {schema}".encode())
            return db.execute(sql.encode()).fetchall()


def _copy_table(source: duckdb.DuckDBPyConnection, db: psycopg.Connection[Any], stream: str) -> None:
    there = {row[0]: row[1] for row in source.execute(f"DESCRIBE {stream}").fetchall()}
    asked = (
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'loaded'"
    )
    types = {name: kind for name, kind in db.execute(asked, [stream]) if name in there}
    names = ", ".join(f'"{name}"' for name in types)
    db.execute(f"TRUNCATE loaded.{stream}".encode())
    with db.cursor().copy(f"COPY loaded.{stream} ({names}) FROM STDIN".encode()) as copy:
        # Python would cut the seventh digit of a second off, where databases round.
        whole = [f'CAST("{name}" AS TIMESTAMP)' if there[name] == "TIMESTAMP_NS" else f'"{name}"' for name in types]
        for row in source.execute(f"FROM {stream} SELECT {', '.join(whole)}").fetchall():
            copy.write_row([_in_postgres(value, kind) for value, kind in zip(row, types.values(), strict=True)])


def _in_postgres(value: Any, kind: str) -> Any:  # noqa: ANN401 - any value of a database
    """Write a list as the target does: as an array, of JSON where it is nested."""
    if kind.startswith("_") and isinstance(value, str):
        members = json.loads(value)
        return [json.dumps(member) for member in members] if kind == "_jsonb" else members
    return json.dumps(value) if isinstance(value, dict) else value


def shown(value: Any) -> Any:  # noqa: ANN401 - any value of a database
    """Write a value as the table of figures does, whichever database it is from."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return round(float(value), 6) if isinstance(value, Decimal | float) else value
