"""The command ``tap-servicetitan-sync``, against the sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb

from tap_servicetitan.sandbox.server import serve
from tests.duckdb.support import query, saved_state

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox


def sync(folder: Path, sandbox: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    config = folder / "config.json"
    config.write_text(json.dumps(sandbox.config | {"requests_per_second": 1_000}))
    program = [sys.executable, "-m", "tap_servicetitan.cli.sync", "--config", str(config), *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own


def test_two_runs_load_everything_and_then_what_changed(tmp_path: Path) -> None:
    """The second run resumes from the state in the file; the table says what was new and what changed."""
    file = tmp_path / "f.duckdb"
    chosen = ("--select", "jobs", "--select", "customers", str(file))
    with serve(seed=1, scale=0.02) as sandbox:
        first = sync(tmp_path, sandbox, *chosen)
        assert first.returncode == 0, first.stderr
        count = len(sandbox.rows("jobs"))
        assert f"jobs {count} {count} 0 {count}" in [" ".join(line.split()) for line in first.stdout.splitlines()]
        sandbox.touch("jobs", 3, create=1)
        sandbox.advance(3600)
        again = sync(tmp_path, sandbox, *chosen)
        assert again.returncode == 0, again.stderr
        wanted = {row["id"]: row["modifiedOn"][:19] for row in sandbox.rows("jobs")}
        planned = sync(tmp_path, sandbox, *chosen, "--dry-run")
        refreshed = sync(tmp_path, sandbox, *chosen, "--full-refresh", "jobs")
    found = query(file, "SELECT id, strftime(modifiedOn, '%Y-%m-%dT%H:%M:%S') FROM jobs")
    assert dict(found) == wanted
    assert len(found) == len(wanted)
    assert [line.split(":")[0] for line in planned.stdout.splitlines()] == ["customers", "jobs"]
    assert "resumes from" in planned.stdout
    total = len(wanted)
    assert f"jobs {total} 0 0 {total}" in [" ".join(line.split()) for line in refreshed.stdout.splitlines()]
    assert saved_state(file)["bookmarks"].keys() >= {"jobs", "customers"}


def test_what_cannot_be_loaded_is_a_sentence(tmp_path: Path) -> None:
    """A file of another tenant, one that is being written, and an unknown stream."""
    file = tmp_path / "f.duckdb"
    with serve(seed=1, scale=0.02) as sandbox:
        unknown = sync(tmp_path, sandbox, "--select", "jobz", str(file))
        assert (unknown.returncode, unknown.stderr) == (1, "unknown stream jobz in --select\n")
        assert not file.exists()
        assert sync(tmp_path, sandbox, "--select", "zones", str(file)).returncode == 0
        with duckdb.connect(file):
            held = sync(tmp_path, sandbox, "--select", "zones", str(file))
        assert held.returncode == 1
        assert "is in use by another process" in held.stderr
        with duckdb.connect(file) as db:
            changed = r"""regexp_replace(state, '"tenant_id": *"?[0-9]+"?', '"tenant_id":"1"', 'g')"""
            db.execute("UPDATE _singer_state SET state = " + changed)  # noqa: S608 - a fixed text
        other = sync(tmp_path, sandbox, "--select", "zones", str(file))
    assert other.returncode == 1
    assert "tenant" in other.stderr
    assert "Traceback" not in other.stderr
