"""Odd values in real targets: each record that the tap makes of them is in the table, with all of its values."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.reporting import definitions
from tap_servicetitan.sandbox.reporting.sources import SOURCES
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support import few
from tests.support.oddities import KINDS, ODDITIES, spoilt_stream, spoilt_values
from tests.support.pipeline import LONGEST_LOAD
from tests.support.postgres import postgres
from tests.support.running import Output, run
from tests.support.tables import assert_equal, in_postgres, loadable
from tests.targets import test_csv, test_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.running import Message

pytestmark = pytest.mark.targets

NUL, REPLACED = "\0", "\ufffd"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant whose feeds have more pages than there are oddities."""
    with serve(seed=1, scale=0.01, page_size=5) as running:
        yield running


def oddly(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Output:
    """Read streams of which each page has another oddity, and a report of which each row has."""
    for oddity in ODDITIES.values():
        for stream in few.TABLE:
            if fields := spoilt_stream(stream, oddity):
                sandbox.fault("extra-field", stream, fields=without_inner_nul(fields))
    source = SOURCES[definitions.JOBS.id]
    in_reports = [one for one in ODDITIES.values() if one.keys() & {*KINDS.values()}]

    def odd(world: Any, said: Any, now: int) -> list[list[Any]]:  # noqa: ANN401 - as a source has it
        rows = source(world, said, now)
        odd_rows = [in_reports[row[0] % len(in_reports)] for row in rows]
        return [spoilt_values(definitions.JOBS, row, oddity) for row, oddity in zip(rows, odd_rows, strict=True)]

    monkeypatch.setitem(SOURCES, definitions.JOBS.id, odd)
    config = few.config(sandbox)
    output = run(config, catalog=few.catalog(config))
    assert output.error is None
    assert output.records.keys() == {*few.STREAMS}
    assert [one for one in sandbox.faults if one["stream"] == "jobs"] == []
    return output


def without_inner_nul(fields: Message) -> Message:
    """Take the NUL characters out of objects and arrays: target-postgres does not replace those, and fails."""
    texts = {name: json.dumps(value).replace(r"\u0000", "") for name, value in fields.items()}
    return {name: value if isinstance(value, str) else json.loads(texts[name]) for name, value in fields.items()}


def without_nul(record: Message) -> Message:
    """Write a record with what target-postgres puts in the place of NUL characters."""
    return {name: value.replace(NUL, REPLACED) if isinstance(value, str) else value for name, value in record.items()}


def schemas(output: Output) -> dict[str, Message]:
    """Give the columns of each stream as the tap announced them last."""
    return {one["stream"]: one["schema"]["properties"] for one in output.messages if one["type"] == "SCHEMA"}


def load(target: list[str], output: Output) -> None:
    """Let a target read what the tap wrote."""
    done = subprocess.run(target, input=output.raw, capture_output=True, check=False, timeout=LONGEST_LOAD)  # noqa: S603 - a program of the test setup
    assert done.returncode == 0, done.stderr.decode()[-2_000:]


def test_postgres_has_every_odd_record(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without validation nothing stands between the tap and the columns; only NUL characters have to be replaced."""
    output = oddly(sandbox, monkeypatch)
    columns = schemas(output)
    with postgres() as server:
        said = {"validate_records": False, "sanitize_null_text_characters": True, "batch_size_rows": 50}
        load(test_postgres.target(tmp_path, server, **said), output)
        tables = in_postgres(server)
    for stream, records in output.records.items():
        wanted = [loadable(columns[stream], without_nul(one)) for one in records]
        assert_equal(stream, few.key(stream), tables[stream], wanted)


def test_csv_has_every_odd_record(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This target fails at a field that was not declared, and no such field comes."""
    output = oddly(sandbox, monkeypatch)
    load(test_csv.target(tmp_path), output)
    columns = schemas(output)
    tables = test_csv.tables(tmp_path)
    for stream, records in output.records.items():
        wanted = [test_csv.writable(columns[stream], one) for one in records]
        assert_equal(stream, few.key(stream), tables[stream], wanted)
