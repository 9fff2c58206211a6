"""target-postgres as people set it up: without validation, with COPY, and with BATCH files."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.campaigns import reports
from tests.support import few
from tests.support.pipeline import Pipeline, states
from tests.support.postgres import Server, postgres
from tests.support.tables import SCHEMA, Tables, assert_equal, cast, in_postgres, loadable, parsed
from tests.support.targets import target_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.support.running import Message

pytestmark = pytest.mark.targets

CRASH_AFTER = 4
"""STATE messages. What changed in some days brings three times as many."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Begin with an empty server."""
    with postgres() as running:
        yield running


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant whose feeds have some pages."""
    with serve(seed=1, scale=0.01, page_size=20) as running:
        yield running


def target(folder: Path, server: Server, **more: Any) -> list[str]:  # noqa: ANN401 - any setting
    """Set target-postgres up."""
    settings = folder / "target.json"
    settings.write_text(json.dumps({**server, "default_target_schema": SCHEMA, **more}))
    return [str(target_postgres()), "--config", str(settings)]


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to set the target and the tap up, and how times come to be read by it."""

    target: Message = dataclasses.field(default_factory=dict)
    tap: Message = dataclasses.field(default_factory=dict)
    moment: Callable[[str], datetime] = parsed


BATCHES = {"batch_config": {"encoding": {"format": "jsonl", "compression": "gzip"}, "batch_size": 30}}
WAYS = {
    "unvalidated": Way({"validate_records": False}),
    "copy": Way({"use_copy": True}),
    "batch files": Way(tap=BATCHES, moment=cast),
}


def assert_the_truth(sandbox: Sandbox, pipeline: Pipeline, tables: Tables, way: Way) -> None:
    """Compare all values of all rows with the sandbox's."""
    assert tables.keys() == {*few.STREAMS}
    for stream, rows in tables.items():
        properties = few.properties(pipeline.catalog, stream)
        wanted = [loadable(properties, one, way.moment) for one in reports.truth(sandbox, stream)]
        assert_equal(stream, few.key(stream), reports.rows_of(stream, rows), wanted)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_tables_hold_the_truth(sandbox: Sandbox, server: Server, tmp_path: Path, way: Way) -> None:
    """After a load, what changed, and a kill, each table has the rows of the API, each once, with all their values."""
    config = few.config(sandbox) | way.tap
    if "batch_config" in way.tap:
        config["batch_config"] = way.tap["batch_config"] | {"storage": {"root": (tmp_path / "batches").as_uri()}}
    command = target(tmp_path, server, batch_size_rows=50, **way.target)
    pipeline = Pipeline(config, few.catalog(config), command, tmp_path)
    pipeline.run()
    assert_the_truth(sandbox, pipeline, in_postgres(server), way)

    deactivated = few.change(sandbox)
    pipeline.run()
    tables = in_postgres(server)
    assert_the_truth(sandbox, pipeline, tables, way)
    for stream, ids in deactivated.items():
        assert len(ids) == 2
        assert {row["id"] for row in tables[stream] if row["active"] is False} >= ids

    few.change(sandbox)
    pipeline.run_and_crash(states(CRASH_AFTER))
    pipeline.run()
    assert_the_truth(sandbox, pipeline, in_postgres(server), way)
