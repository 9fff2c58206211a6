"""The command ``tap-servicetitan-sync``, against the sandbox."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import duckdb

from tap_servicetitan.sandbox.server import serve
from tests.duckdb.support import query, saved_state
from tests.support.pipeline import ended

if TYPE_CHECKING:
    import contextlib
    from pathlib import Path

    import pytest

    from tap_servicetitan.sandbox.server import Sandbox


def program(folder: Path, sandbox: Sandbox, *arguments: str) -> list[str]:
    """Write the command line."""
    config = folder / "config.json"
    config.write_text(json.dumps(sandbox.config | {"requests_per_second": 1_000}))
    return [sys.executable, "-m", "tap_servicetitan.cli.sync", "--config", str(config), *arguments]


def sync(folder: Path, sandbox: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(  # noqa: S603 - our own command
        program(folder, sandbox, *arguments), capture_output=True, text=True, check=False, timeout=120
    )


def started(
    folder: Path, sandbox: Sandbox, *arguments: str
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Start the command."""
    return ended(subprocess.Popen(program(folder, sandbox, *arguments), stderr=subprocess.DEVNULL))  # noqa: S603 - our own


def lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Give what was printed, with one space between cells."""
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_two_runs_load_everything_and_then_what_changed(tmp_path: Path) -> None:
    """The second run resumes from the state in the file; the table says what was new and what changed."""
    file = tmp_path / "f.duckdb"
    chosen = ("--select", "jobs", "customers", str(file))
    with serve(seed=1, scale=0.02) as sandbox:
        first = sync(tmp_path, sandbox, *chosen)
        assert first.returncode == 0, first.stderr
        count = len(sandbox.rows("jobs"))
        newest = max(row["modifiedOn"] for row in sandbox.rows("jobs"))[:19].replace("T", " ")
        assert f"jobs {count} {count} 0 {count} {newest}" in lines(first)
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
    assert f"jobs {total} 0 0 {total} {max(wanted.values()).replace('T', ' ')}" in lines(refreshed)
    assert saved_state(file)["bookmarks"].keys() >= {"jobs", "customers"}


def test_streams_that_are_not_selected_keep_their_bookmarks(tmp_path: Path) -> None:
    """The options take names up to the file or to another option; files of Parquet have what the tables have."""
    file, folder = tmp_path / "f.duckdb", tmp_path / "parquet"
    with serve(seed=1, scale=0.02) as sandbox:
        assert sync(tmp_path, sandbox, str(file), "--select", "jobs", "invoices").returncode == 0
        before = saved_state(file)["bookmarks"]
        other = sync(tmp_path, sandbox, "--select", "zones", "--export", "parquet", str(folder), str(file))
        assert other.returncode == 0, other.stderr
        assert {name: saved_state(file)["bookmarks"][name] for name in ("jobs", "invoices")} == {
            name: before[name] for name in ("jobs", "invoices")
        }
        again = sync(tmp_path, sandbox, str(file), "--select", "jobs", "invoices", "--full-refresh", "invoices")
        count = len(sandbox.rows("invoices"))
    assert [line.rsplit(" ", 2)[0] for line in lines(again)[2:]] == [f"invoices {count} 0 0 {count}"]
    for name in ("jobs", "invoices", "zones"):
        exported = f"read_parquet('{folder / name}.parquet')"
        assert query(file, f"SELECT count(*) FROM {exported}") == query(file, f"SELECT count(*) FROM {name}")  # noqa: S608
        assert query(file, f"FROM {exported} EXCEPT ALL FROM {name}") == []
    assert {one.name for one in folder.iterdir()} == {f"{name}.parquet" for name in ("jobs", "invoices", "zones")}


def test_nothing_changed(tmp_path: Path) -> None:
    """There is no table without rows."""
    file = tmp_path / "f.duckdb"
    with serve(seed=1, scale=0.02) as sandbox:
        assert sync(tmp_path, sandbox, str(file), "--select", "jobs").returncode == 0
        assert sync(tmp_path, sandbox, str(file), "--select", "jobs").stdout == "Nothing changed.\n"


def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    """No file is made, and one that is there stays as it is."""
    file = tmp_path / "f.duckdb"
    with serve(seed=1, scale=0.02) as sandbox:
        assert sync(tmp_path, sandbox, str(file), "--select", "zones", "--dry-run").stdout == (
            "zones: from its beginning\n"
        )
        assert not file.exists()
        assert sync(tmp_path, sandbox, str(file), "--select", "zones").returncode == 0
        before = file.read_bytes()
        assert "zones: resumes from {" in sync(tmp_path, sandbox, str(file), "--select", "zones", "--dry-run").stdout
        assert sync(
            tmp_path, sandbox, str(file), "--full-refresh", "zones", "--dry-run", "--select", "zones"
        ).stdout == ("zones: from its beginning\n")
        assert sync(tmp_path, sandbox, str(file), "--full-refresh", "zonez", "--dry-run").returncode == 1
    assert file.read_bytes() == before


def test_a_failed_stream_gives_the_exit_code(tmp_path: Path) -> None:
    """What the others brought is loaded and shown."""
    file = tmp_path / "f.duckdb"
    with serve(seed=1, scale=0.02) as sandbox:
        sandbox.fault("status", "zones", status=400, title="Odd", times=100)
        done = sync(tmp_path, sandbox, str(file), "--select", "zones", "jobs")
        count = len(sandbox.rows("jobs"))
    assert done.returncode == 1
    assert any(line.startswith(f"jobs {count} {count} 0 {count}") for line in lines(done))


def test_a_signal_is_handed_on_to_the_tap(tmp_path: Path) -> None:
    """The tap ends as it does by itself, and the next run loads the rest."""
    file = tmp_path / "f.duckdb"
    with serve(seed=1, scale=0.02, page_size=20) as sandbox:
        sandbox.fault("slow", "jobs", skip=2, seconds=60)
        with started(tmp_path, sandbox, str(file), "--select", "jobs") as process:
            while len(sandbox.requests("jobs")) <= 2:
                time.sleep(0.05)
            process.terminate()
            assert process.wait(timeout=30) == 128 + signal.SIGTERM
        assert query(file, "SELECT count(*) FROM jobs") == [(40,)]
        sandbox.clear_faults()
        assert sync(tmp_path, sandbox, str(file), "--select", "jobs").returncode == 0
        assert query(file, "SELECT count(*) FROM jobs") == [(len(sandbox.rows("jobs")),)]


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


def test_settings_of_the_loader_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the path, which the command line names."""
    monkeypatch.setenv("TARGET_SERVICETITAN_DUCKDB_PATH", str(tmp_path / "no"))
    monkeypatch.setenv("TARGET_SERVICETITAN_DUCKDB_SCHEMA", "titan")
    file = tmp_path / "f.duckdb"
    with serve(seed=1, scale=0.02) as sandbox:
        assert sync(tmp_path, sandbox, str(file), "--select", "zones").returncode == 0
        assert len(query(file, "FROM titan.zones")) == len(sandbox.rows("zones"))
    assert not (tmp_path / "no").exists()
