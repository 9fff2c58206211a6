"""Rows and the STATE that covers them are committed together, and bad input changes nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.duckdb import loader
from tap_servicetitan.duckdb.errors import LoadError
from tests.duckdb.support import TYPES, command, line, load, query, records, saved_state, schema, state

if TYPE_CHECKING:
    from pathlib import Path

X = schema(x=TYPES["VARCHAR"])


@pytest.fixture(params=[1, 2**25], ids=["a batch for each record", "one batch"])
def buffer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let records wait for a STATE in memory, or in the open transaction."""
    monkeypatch.setattr(loader, "BUFFER_BYTES", request.param)
    return int(request.param)


@pytest.mark.usefixtures("buffer")
def test_rows_behind_the_last_state_are_left_out(tmp_path: Path) -> None:
    """The end of the input may be that of a tap that was killed."""
    states, _ = load(tmp_path / "f", X, records({"id": 1}), state(1), records({"id": 2}), state(2), records({"id": 3}))
    assert states[-1] == saved_state(tmp_path / "f") == {"bookmarks": {"jobs": {"at": 2}}}
    assert query(tmp_path / "f") == [(1, None), (2, None)]
    # Also if no STATE came at all: the tap writes some.
    assert load(tmp_path / "f", X, records({"id": 4})) == ([], {})
    assert query(tmp_path / "f") == [(1, None), (2, None)]


@pytest.mark.usefixtures("buffer")
def test_of_a_tap_without_states_everything_is_committed(tmp_path: Path) -> None:
    """There is nothing that would bring the rows again."""
    for _ in range(2):
        assert load(tmp_path / "f", X, records({"id": 1}, {"id": 2}))[0] == []
    assert query(tmp_path / "f") == [(1, None), (2, None)]


@pytest.mark.usefixtures("buffer")
def test_every_cut_leaves_the_rows_of_the_state(tmp_path: Path) -> None:
    """Wherever the input is cut, the file holds the rows up to a STATE, and that STATE."""
    parts = [X, records({"id": 1}), state(1), records({"id": 2}), records({"id": 3}), state(3)]
    whole = b"".join(parts)
    rows = {None: 0, 1: 1, 3: 3}
    for size in range(len(X), len(whole), 97):
        file = tmp_path / str(size)
        try:
            load(file, schema("other"), state(None), whole[:size])
        except LoadError as error:
            assert "ends in the middle of line" in str(error)  # noqa: PT017 - most cuts are within a line
        at = (saved_state(file) or {}).get("bookmarks", {}).get("jobs", {}).get("at")
        found = query(file, "SELECT coalesce(sum(estimated_size), 0) FROM duckdb_tables() WHERE table_name = 'jobs'")
        assert found == [(rows[at],)], size


BAD = {
    "not JSON": (b"hello\n", "line 2 of the input is not JSON: 'hello"),
    "no message": (b'{"a": 1}\n', "line 2 of the input is no Singer message"),
    "a record before its schema": (records({"id": 1}, stream="new"), "stream new comes before its SCHEMA"),
    "no record": (line("RECORD", stream="jobs"), "has no record"),
    "a null key": (records({"id": None}) + state(), "stream jobs: a record has no value for the key id"),
    "no key": (records({"x": "a"}) + state(), "stream jobs: a record has no value for the key id"),
    "a batch": (line("BATCH", stream="jobs"), "BATCH messages cannot be loaded; remove batch_config"),
    "an unknown message": (line("OTHER"), "unknown type 'OTHER'"),
    "a cut line": (b'{"type": "RECORD", "stream": "jo', "the input ends in the middle of line 2"),
    "a schema without properties": (line("SCHEMA", stream="b", schema={}), "stream b has no properties"),
    "a key that is no property": (schema("b", ["c"]), "stream b: the key c is none of the properties"),
    "a state without a value": (line("STATE"), "a STATE message has no value"),
    "too deep": (
        b'{"type": "RECORD", "stream": "jobs", "record": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}\n",
        "line 2 of the input cannot be loaded: it is nested too deeply",
    ),
    "bytes that are no text": (
        b'{"type": "RECORD", "stream": "jobs", "record": {"id": 1, "x": "\xff"}}\n' + state(),
        "cannot be loaded into",
    ),
}


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_and_the_file_as_it_was(tmp_path: Path, given: bytes, message: str) -> None:
    """What is wrong is said, and nothing is committed."""
    file = tmp_path / "f"
    with pytest.raises(LoadError, match=r"input|stream|loaded") as raised:
        load(file, X, given)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not file.exists()
    load(file, X, records({"id": 7}), state(7))
    before = file.read_bytes()
    with pytest.raises(LoadError):
        load(file, X, given)
    assert file.read_bytes() == before


@pytest.mark.parametrize("settings", [{"path": ""}, {"pat": "f"}, {"path": "f", "removed_rows": "x"}, {"path": 1}])
def test_wrong_settings(tmp_path: Path, settings: dict[str, object]) -> None:
    """The setting is named, in a sentence."""
    (tmp_path / "config.json").write_text(json.dumps(settings))
    done = command("--config", tmp_path / "config.json")
    assert done.returncode == 1
    assert "setting" in done.stderr
    assert done.stderr.count("\n") == 1


def test_settings_come_from_three_places(tmp_path: Path) -> None:
    """The command line goes before the file, and that before the environment; the state can be printed."""
    (tmp_path / "config.json").write_text(json.dumps({"path": str(tmp_path / "f"), "schema": ""}))
    environment = {"TARGET_SERVICETITAN_DUCKDB_SCHEMA": "a", "TARGET_SERVICETITAN_DUCKDB_PATH": str(tmp_path / "no")}
    config = ["--config", "ENV", "--config", tmp_path / "config.json"]
    done = command(*config, "--schema", "b", given=X + records({"id": 1}) + state(5), environment=environment)
    assert (done.returncode, done.stdout) == (0, '{"bookmarks": {"jobs": {"at": 5}}}\n')
    assert query(tmp_path / "f", "FROM b.jobs") == [(1, None)]
    nothing = command("--path", tmp_path / "no", "--print-state")
    assert (nothing.returncode, nothing.stdout) == (0, "{}\n")
    assert not (tmp_path / "no").exists()
    printed = command("--path", tmp_path / "f", "--schema", "b", "--print-state")
    assert json.loads(printed.stdout) == {"bookmarks": {"jobs": {"at": 5}}}


def test_a_kill_leaves_a_state_and_its_rows(tmp_path: Path) -> None:
    """SIGKILL while rows are written."""
    file = tmp_path / "f"
    program = [sys.executable, "-m", "tap_servicetitan.duckdb", "--path", str(file)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdin
        assert process.stdout
        # A batch that is larger than what waits in memory is committed with its STATE.
        process.stdin.write(X + b"".join(records({"id": number, "x": "x" * 2**22}) for number in range(9)) + state(9))
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"bookmarks": {"jobs": {"at": 9}}}
        process.stdin.write(records({"id": 10}) + state(10) + records({"id": 11}))
        process.stdin.flush()
        process.send_signal(signal.SIGKILL)
    assert query(file, "SELECT count(*) FROM jobs") == [(9,)]
    assert saved_state(file) == {"bookmarks": {"jobs": {"at": 9}}}
