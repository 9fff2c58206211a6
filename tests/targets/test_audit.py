"""The audit of a PostgreSQL database that target-postgres loaded."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.cli import audit as audit_command
from tap_servicetitan.sandbox.server import serve
from tests.support.postgres import postgres
from tests.support.running import catalog_of, run
from tests.support.targets import target_postgres

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.targets

STREAMS = ("jobs", "customers", "invoices", "zones", "tasks", "reviews")


def test_a_database_is_compared_and_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What differs is found by id; the state file then brings it, and what vanished is marked."""
    with serve(seed=3, scale=0.02) as sandbox, postgres() as server:
        sandbox.config["requests_per_second"] = 10_000
        files = {name: tmp_path / f"{name}.json" for name in ("config", "catalog", "target", "state")}
        files["config"].write_text(json.dumps(sandbox.config))
        files["catalog"].write_text(json.dumps(catalog_of(*STREAMS)))
        files["target"].write_text(json.dumps({**server, "default_target_schema": "tap"}))

        def load() -> None:
            state = json.loads(files["state"].read_text()) if files["state"].exists() else None
            output = run(sandbox.config, *STREAMS, state=state)
            command = [str(target_postgres()), "--config", str(files["target"])]
            subprocess.run(command, input=output.raw, check=True, capture_output=True)  # noqa: S603 - a target
            files["state"].write_text(json.dumps(output.state))

        url = "postgresql+psycopg://{user}:{password}@{host}:{port}/{database}".format(**server)

        def audit(*options: str) -> tuple[int, dict[tuple[str, str], set[int]]]:
            capsys.readouterr()
            arguments = ("--config", str(files["config"]), "--catalog", str(files["catalog"]), "--schema", "tap")
            code = audit_command.main([*arguments, "--format", "json", *options, url])
            result = json.loads(capsys.readouterr().out)
            found: dict[tuple[str, str], set[int]] = {}
            for stream in result["streams"]:
                for one in stream["differences"]:
                    found.setdefault((stream["stream"], one["kind"]), set()).add(one["key"]["id"])
            return code, found

        load()
        assert audit() == (0, {})
        sandbox.advance(86_400)
        stale = {key["id"] for key in sandbox.touch("customers", 1, unstamped=True)["keys"]}
        missing = {key["id"] for key in sandbox.touch("invoices", create=1, at="2026-07-04T10:00:00Z")["keys"]}
        active = [{"id": row["id"]} for row in sandbox.rows("jobs") if row["active"]]
        vanished = {key["id"] for key in sandbox.delete("jobs", keys=active[:1])["keys"]}
        load()
        expected = {("customers", "stale"): stale, ("invoices", "missing"): missing, ("jobs", "vanished"): vanished}
        assert audit() == (1, expected)
        assert audit("--repair", "--state", str(files["state"])) == (1, expected)
        load()
        # The target has made the column that rows are marked in.
        assert audit() == (0, {})
