"""Servers that do not keep to the documents, as the sandbox plays them, read over HTTP without the tap's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tap_servicetitan.sandbox.reporting import definitions
from tests.sandbox.test_reports import OCTOBER, Reporting
from tests.support.sandbox_client import Client

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox

LIST = "technician_shifts"
TOTAL = {"includeTotal": "true"}


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Get a token."""
    return Client(sandbox)


def ids(body: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    """Return the ids on a page."""
    return [row["id"] for row in body["data"]]


def test_parameters_can_be_ignored(client: Client) -> None:
    """What the server ignores changes nothing; what the documents require is still required."""
    usual = ids(client.body(LIST, {"pageSize": 5}))
    by_id = ids(client.body(LIST, {"pageSize": 5, "sort": "-Id"}))
    assert usual != by_id
    client.sandbox.set_quirks(LIST, ignores=["sort", "page"])
    assert ids(client.body(LIST, {"pageSize": 5, "sort": "-Id", "page": 3})) == usual
    assert client.ask(LIST, {"page": 0}).status_code == 400
    client.sandbox.set_quirks(LIST, ignores=["pageSize"])
    body = client.body(LIST, {"pageSize": 5})
    assert (body["pageSize"], len(body["data"])) == (50, 50)


@pytest.mark.parametrize("echoes", [False, True])
def test_pages_can_be_capped(client: Client, *, echoes: bool) -> None:
    """Pages of the capped size follow each other without a gap, whatever size the server says it used."""
    everything = ids(client.body(LIST, {"pageSize": 5_000}))
    client.sandbox.set_quirks(LIST, page_cap=7, echoes_requested=echoes)
    pages = [client.body(LIST, {"pageSize": 20, "page": page}) for page in (1, 2, 3)]
    assert [row for page in pages for row in ids(page)] == everything[:21]
    assert {page["pageSize"] for page in pages} == {20 if echoes else 7}
    assert all(page["hasMore"] for page in pages)


def test_rows_can_be_shuffled_with_each_request(client: Client) -> None:
    """The rows are the same, in another order each time; together with an ignored page this never ends."""
    client.sandbox.set_quirks(LIST, shuffled=True)
    orders = [ids(client.body(LIST, {"pageSize": 5_000})) for _ in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert len({frozenset(order) for order in orders}) == 1


@pytest.mark.parametrize("offset", [1, -2])
def test_totals_can_be_wrong_for_good(client: Client, offset: int) -> None:
    """A total is off where it is requested, on every page, and for no rows at all."""
    right = client.body(LIST, TOTAL)["totalCount"]
    client.sandbox.set_quirks(LIST, total_offset=offset)
    for query in ({"page": 1}, {"page": 2}, {"page": 999}):
        assert client.body(LIST, TOTAL | query)["totalCount"] == right + offset
    assert client.body(LIST)["totalCount"] is None
    client.sandbox.set_quirks(LIST, total_offset=offset, total_always=True)
    assert client.body(LIST)["totalCount"] == right + offset


def test_fields_of_the_envelope_can_be_missing(client: Client) -> None:
    """Only those that are named are missing, and only for that stream."""
    client.sandbox.set_quirks(LIST, without=["hasMore", "totalCount"])
    assert client.body(LIST, TOTAL).keys() == {"page", "pageSize", "data"}
    assert "hasMore" in client.body("zones")
    client.sandbox.set_quirks(without=["pageSize"])
    assert "pageSize" not in client.body("zones")
    assert "pageSize" in client.body(LIST)
    client.sandbox.clear_quirks()
    assert {"hasMore", "pageSize"} <= client.body(LIST).keys()


def test_changes_can_be_shown_hours_late(client: Client) -> None:
    """A row that is late is shown as it was; when its change shows, its stamp is older than that of others."""
    sandbox = client.sandbox
    touched = sandbox.touch(LIST, 9)
    new = {row["id"]: row for row in touched["rows"]}
    sandbox.set_quirks(LIST, late=9_000)
    query = {"pageSize": 5_000, "modifiedOnOrAfter": touched["now"]}
    shown = {*ids(client.body(LIST, query))}
    assert 0 < len(shown) < len(new)
    whole = {row["id"]: row for row in client.body(LIST, {"pageSize": 5_000})["data"]}
    late = new.keys() - shown
    assert all(whole[one]["modifiedOn"] < touched["now"] for one in late)
    sandbox.advance(8_999)
    assert late.isdisjoint(ids(client.body(LIST, query)))
    sandbox.advance(2)
    assert late <= {*ids(client.body(LIST, query))}
    assert [row for row in client.body(LIST, query)["data"] if row["id"] in late] == [
        row for row in sandbox.rows(LIST) if row["id"] in late
    ]


def test_children_windows_and_reports_have_quirks_too(client: Client) -> None:
    """Whatever has pages can have them wrong."""
    sandbox = client.sandbox
    sandbox.set_quirks(without=["hasMore"], page_cap=1, total_always=True)
    lead = client.body("attributed_leads", {"fromUtc": "2026-10-01", "toUtc": "2026-10-31"})
    assert len(lead["data"]) == 1
    assert "hasMore" not in lead
    entry = {"journalEntryId": sandbox.rows("journal_entry_details")[0]["journalEntryId"]}
    lines = client.body("journal_entry_details", path=entry)
    assert len(lines["data"]) == 1
    assert "hasMore" not in lines
    report = Reporting(sandbox).data(definitions.JOBS, {"pageSize": 9}, DateType=2, **OCTOBER).json()
    assert (len(report["data"]), report["pageSize"]) == (1, 1)
    assert report["totalCount"] > 1
    assert "hasMore" not in report


def test_quirks_are_set_over_http(client: Client) -> None:
    """The control endpoint lists and clears them, and refuses what it does not know."""
    url = f"{client.sandbox.url}/_sandbox/quirks"
    assert requests.post(url, json={"stream": LIST, "reverse": True}, timeout=9).json()[0]["reverse"] is True
    assert requests.post(url, json={"stream": LIST, "speed": 3}, timeout=9).status_code == 400
    assert [one["stream"] for one in requests.get(url, timeout=9).json()] == [LIST]
    assert requests.delete(url, timeout=9).json() == []
