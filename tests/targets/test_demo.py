"""The demo's own code: the Meltano project, what it prints, and an orderly end."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import yaml

from examples.demo import run
from tests.duckdb.support import TYPES, command, records, schema, state

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the demo work in a folder of the test."""
    for name in ("PROJECT", "DUCKDB_FILE", "FOLDER"):
        monkeypatch.setattr(run, name, tmp_path / "work" / getattr(run, name).relative_to(run.FOLDER))
    monkeypatch.setattr(run, "PROGRAMS", tmp_path)
    return tmp_path / "work"


def test_what_the_target_says_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A record that only came again is neither new nor changed; the table of the state is not counted."""
    folder.mkdir()
    x = schema(x=TYPES["VARCHAR"]) + schema("zones")
    rows = [{"id": number, "x": "a"} for number in range(3)]
    command("--path", run.DUCKDB_FILE, given=x + records(*rows) + state())
    changed = records({"id": 0, "x": "a"}, {"id": 1, "x": "b"}, {"id": 4, "x": "c"}, {"id": 4, "x": "d"})
    done = command("--path", run.DUCKDB_FILE, given=x + changed + state())
    assert run.loaded(f"2026-11-01 [info] {line} cmd_type=elb" for line in done.stderr.splitlines()) == [
        ("jobs", 4, 1, 1)
    ]
    assert run.row_counts() == [("jobs", 4), ("zones", 0)]
    run.show(("stream", "read", "revenue"), [("jobs", 4000, Decimal("1234.50"))])
    assert capsys.readouterr().out == ("\nstream   read   revenue\njobs    4,000  1,234.50\ntotal   4,000  1,234.50\n")
    # Rates have no sum.
    run.show(("month", "calls", "rate"), [("2026-10", 4000, "12.9%"), ("2026-11", 0, None)])
    assert capsys.readouterr().out == ("\nmonth    calls   rate\n2026-10  4,000  12.9%\n2026-11      0       \n")


def test_the_project_is_the_users_with_what_is_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo runs the definitions that people copy, and nothing of a pipeline they have set up already."""
    monkeypatch.setenv("TAP_SERVICETITAN_START_DATE", "2026-01-01")
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")
    folder.mkdir()
    environment = run.make_project({"tenant_id": 4242})
    assert {name: value for name, value in environment.items() if name.startswith(run.FOREIGN_SETTINGS)} == {
        "TAP_SERVICETITAN_TENANT_ID": "4242",
        "TAP_SERVICETITAN_REQUESTS_PER_SECOND": str(run.REQUESTS_PER_SECOND),
        "TARGET_SERVICETITAN_DUCKDB_PATH": str(run.DUCKDB_FILE),
    }
    assert environment["PATH"] == os.environ["PATH"]
    original = yaml.safe_load((run.ROOT / "meltano.yml").read_bytes())
    made = yaml.safe_load((run.PROJECT / "meltano.yml").read_bytes())
    (tap,), (target,) = made["plugins"]["extractors"], made["plugins"]["loaders"]
    assert tap["settings"] == original["plugins"]["extractors"][0]["settings"]
    assert target["settings"] == original["plugins"]["loaders"][0]["settings"]
    assert (tap["executable"], target["executable"]) == tuple(str(run.PROGRAMS / name) for name in run.PIPELINE)
    assert "pip_url" not in tap | target


@pytest.mark.parametrize(
    ("failing", "message"),
    [
        ("tap-servicetitan-sandbox", r"the sandbox did not start.*sandbox\.log:\n\nsaid by tap-servicetitan-sandbox"),
        ("meltano", r"meltano run did not succeed.*meltano-1\.log:\n\nsaid by meltano"),
    ],
)
def test_a_failing_step_ends_the_demo_and_the_sandbox(
    folder: Path, tmp_path: Path, failing: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever fails, its last lines are shown, the exit code says so, and nothing is left running."""
    printed = json.dumps({"api_url": "http://127.0.0.1:1"}, indent=1)
    pid = tmp_path / "pid"
    good = {
        "tap-servicetitan-sandbox": f"echo $$ > {pid}; echo {shlex.quote(printed)}; exec sleep 60",
        "meltano": "exit 0",
    }
    for program, script in (good | {failing: f"echo said by {failing} >&2; exit 3"}).items():
        (tmp_path / program).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / program).chmod(0o755)
    with pytest.raises(SystemExit) as ended:
        run.main()
    assert re.search(message, str(ended.value), re.DOTALL)
    assert folder.is_dir()
    if pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
    assert "Traceback" not in capfd.readouterr().err


def test_the_sandbox_may_print_its_settings_on_many_lines() -> None:
    """What follows the settings is none of the demo's business."""
    assert run.first_object(io.BytesIO(b'{\n "a": 1\n}\nserving\n')) == {"a": 1}
    assert run.first_object(io.BytesIO(b"")) is None
