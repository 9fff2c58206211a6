"""What settings or a catalog ask for and a run does not read is told in one line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.running import catalog_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = ("attributed_leads", "contacts", "jobs", "job_booked_logs")
"""Windows, a list, a feed and a child of a feed: to all of them the start date applies."""

SINCE = "2026-09-01T00:00:00Z"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant."""
    with serve(seed=1, scale=0.02) as running:
        running.config["requests_per_second"] = 10_000
        yield running


@pytest.fixture(scope="module")
def state(sandbox: Sandbox) -> dict[str, Any]:
    """Read what changed since a start date."""
    first = run(sandbox.config | {"start_date": SINCE}, *STREAMS, "zones")
    assert first.error is None
    return first.state


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """List the warnings."""
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.parametrize("start", ["2026-06-01", None], ids=["an earlier day", "none"])
def test_a_start_date_that_is_moved_back_is_told(
    sandbox: Sandbox, state: dict[str, Any], caplog: pytest.LogCaptureFixture, start: str | None
) -> None:
    """One line names all streams whose older rows are not read, and what to do; a reference list has all of them."""
    for _ in range(2):
        caplog.clear()
        output = run(sandbox.config | {"start_date": start}, *STREAMS, "zones", state=state)
        assert output.error is None
        [warning] = warnings(caplog)
        assert warning.startswith(
            f"start_date: what changed before {SINCE} is not read of {', '.join(sorted(STREAMS))}:"
        )
        assert "docs/reload.md#load-older-rows" in warning
        state = output.state


@pytest.mark.parametrize("start", [SINCE, "2026-10-01"])
def test_any_other_start_date_is_not_worth_a_word(
    sandbox: Sandbox, state: dict[str, Any], caplog: pytest.LogCaptureFixture, start: str
) -> None:
    """What is wanted was read."""
    run(sandbox.config | {"start_date": start}, *STREAMS, state=state)
    assert warnings(caplog) == []


def test_without_its_bookmark_a_stream_is_read_from_the_new_date(
    sandbox: Sandbox, state: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What the warning advises brings the older rows, and ends the warning."""
    state = {"bookmarks": {name: one for name, one in state["bookmarks"].items() if name != "jobs"}}
    output = run(sandbox.config | {"start_date": "2026-06-01"}, "jobs", state=state)
    assert min(row["modifiedOn"] for row in output.records["jobs"]) < SINCE
    run(sandbox.config | {"start_date": "2026-06-01"}, "jobs", state=output.state)
    assert warnings(caplog) == []


@pytest.mark.parametrize("beside", [(), ("zones",)], ids=["alone", "beside another"])
def test_a_stream_that_is_gone_is_named(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, beside: tuple[str, ...]
) -> None:
    """A catalog may select a stream that the tap no longer has: a warning names it, and the others are read."""
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    catalog = catalog_of("zones")
    catalog["streams"] = [one for one in catalog["streams"] if one["stream"] in beside]
    for name, selected in (("suppressions", True), ("opportunities", False)):
        metadata = [{"breadcrumb": [], "metadata": {"selected": selected}}]
        catalog["streams"].append({"tap_stream_id": name, "stream": name, "schema": schema, "metadata": metadata})
    output = run(sandbox.config, catalog=catalog)
    assert output.error is None
    assert output.counts.keys() == {*beside}
    found = [one for one in warnings(caplog) if not one.startswith("No stream is selected")]
    assert [one.partition(":")[0] for one in found] == ["suppressions"]
