"""target-csv, which keeps nothing: each run's files hold what that run brought, and replace those before."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.campaigns import reports
from tests.support import few
from tests.support.pipeline import Pipeline, states
from tests.support.tables import Tables, by_key
from tests.support.targets import target_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.running import Message

pytestmark = pytest.mark.targets

CRASH_AFTER = 4
"""STATE messages. What changed in some days brings three times as many."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant whose feeds have some pages."""
    with serve(seed=1, scale=0.01, page_size=20) as running:
        yield running


def target(folder: Path) -> list[str]:
    """Set target-csv up."""
    settings = folder / "target.json"
    settings.write_text(json.dumps({"output_path": str(folder / "files")}))
    return [str(target_csv()), "--config", str(settings)]


def tables(folder: Path) -> Tables:
    """Read the files that there are."""
    found = {}
    for file in (folder / "files").glob("*.csv"):
        with file.open(newline="", encoding="utf-8") as lines:
            found[file.stem] = [dict(row) for row in csv.DictReader(lines)]
    return found


def writable(properties: Mapping[str, Message], row: Message) -> dict[str, str]:
    """Write a row as target-csv does: times as Python shows them, and what is nested as Python's code for it."""
    return {name: _writable(row.get(name), facts.get("format")) for name, facts in properties.items()}


def _writable(value: Any, format_: str | None) -> str:  # noqa: ANN401 - any JSON value
    match value, format_:
        case None, _:
            return ""
        case str(), "date-time":
            return str(datetime.fromisoformat(value))
    return str(value)


def merged(before: Tables, new: Tables) -> Tables:
    """Do what this target leaves to whoever reads its files: let the rows of a run replace those of earlier ones."""
    return {
        stream: list((by_key(few.key(stream), before[stream]) | by_key(few.key(stream), rows)).values())
        for stream, rows in new.items()
    }


def assert_the_truth(sandbox: Sandbox, pipeline: Pipeline, found: Tables) -> None:
    """Compare all values of all rows with the sandbox's."""
    assert found.keys() == {*few.STREAMS}
    for stream, rows in found.items():
        key, properties = few.key(stream), few.properties(pipeline.catalog, stream)
        there = by_key(key, reports.rows_of(stream, rows))
        due = by_key(key, [writable(properties, one) for one in reports.truth(sandbox, stream)])
        assert there == due, stream


def test_files_hold_the_truth(sandbox: Sandbox, tmp_path: Path) -> None:
    """A full load has each row once; later ones bring what changed, and of a load that was killed nothing counts."""
    config = few.config(sandbox)
    pipeline = Pipeline(config, few.catalog(config), target(tmp_path), tmp_path)
    pipeline.run()
    known = tables(tmp_path)
    assert_the_truth(sandbox, pipeline, known)

    deactivated = few.change(sandbox)
    pipeline.run()
    brought = tables(tmp_path)
    assert 0 < len(brought["jobs"]) < len(known["jobs"]), "the file was replaced by what changed"
    known = merged(known, brought)
    assert_the_truth(sandbox, pipeline, known)
    for stream, ids in deactivated.items():
        assert len(ids) == 2
        assert {row["id"] for row in brought[stream] if row["active"] == "False"} >= {str(one) for one in ids}

    few.change(sandbox)
    before = pipeline.state
    pipeline.run_and_crash(states(CRASH_AFTER))
    assert pipeline.state == before
    # Rows are written when all have come: files are begun, or those of the last run.
    left = tables(tmp_path)
    assert [] in left.values()
    assert [stream for stream, rows in left.items() if rows not in ([], brought[stream])] == []
    pipeline.run()
    assert_the_truth(sandbox, pipeline, merged(known, tables(tmp_path)))
