"""A stream that gains columns says so once: rows that were read before do not come again for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.running import Message, catalog_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = ("customers", "contacts", "customer_notes", "attributed_leads", "payment_types")
"""A feed, a list, a child, windows, and a list that is read whole."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant."""
    with serve(seed=1, scale=0.002) as running:
        running.config |= {"requests_per_second": 10_000}
        yield running


def without(catalog: Message, stream: str, *names: str) -> Message:
    """Take columns out of a catalog, as that of an older version does not have them."""
    (entry,) = [one for one in catalog["streams"] if one["stream"] == stream]
    for name in names:
        *outer, last = name.split(".")
        within = entry["schema"]["properties"]
        for step in outer:
            within = within[step]["properties"]
        del within[last]
    return catalog


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give the lines about new columns, and forget them."""
    found = [one for one in caplog.messages if one.startswith("New columns")]
    caplog.clear()
    return found


def test_columns_that_came_are_named_once(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """One line names what came, of streams whose old rows lack it, and the next run has nothing more to say."""
    old = catalog_of(*STREAMS)
    for stream, names in {
        "customers": ("taxExempt", "address.unit"),
        "contacts": ("title",),
        "customer_notes": ("text",),
        "attributed_leads": ("job",),
        "payment_types": ("modifiedOn",),
    }.items():
        old = without(old, stream, *names)
    first = run(sandbox.config, catalog=old)
    assert first.error is None
    assert warnings(caplog) == []
    second = run(sandbox.config, catalog=catalog_of(*STREAMS), state=first.state)
    assert second.error is None
    [line] = warnings(caplog)
    new = "attributed_leads.job, contacts.title, customer_notes.text, customers.address.unit, customers.taxExempt"
    named, rest = line.removeprefix("New columns since the last run: ").split(". ", 1)
    assert ", ".join(sorted(named.split(", "))) == new
    assert "docs/reload.md#fill-a-new-column" in rest
    third = run(sandbox.config, catalog=catalog_of(*STREAMS), state=second.state)
    assert warnings(caplog) == []
    # What a stream lost and has again, the rows between lack.
    fourth = run(sandbox.config, catalog=without(catalog_of(*STREAMS), "contacts", "title"), state=third.state)
    assert warnings(caplog) == []
    run(sandbox.config, catalog=catalog_of(*STREAMS), state=fourth.state)
    assert ["contacts.title. " in one for one in warnings(caplog)] == [True]


def test_a_setting_that_adds_a_column_is_said_too(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """So that nobody takes a column that is empty in old rows for one that has no values."""
    first = run(sandbox.config, "customers")
    config = sandbox.config | {"deleted_column": True}
    run(config, catalog=catalog_of("customers", deleted_column=True), state=first.state)
    assert ["customers._sdc_deleted_at" in one for one in warnings(caplog)] == [True]


def test_a_state_that_does_not_tell_says_nothing(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a first run nor the state of another tap has a memory of columns."""
    bookmark = {"replication_key": "modifiedOn", "replication_key_value": "2026-01-01T00:00:00Z"}
    output = run(sandbox.config, "customers", state={"bookmarks": {"customers": bookmark}})
    assert len(output.bookmarks["customers"]["columns"]) > 30
    assert warnings(caplog) == []
