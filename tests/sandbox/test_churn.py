"""Rows that change, go and come while they are read, over HTTP without the tap's code."""

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


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Get a token."""
    return Client(sandbox)


def read(client: Client, **query: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    """Read the ids of a list, page by page."""
    return [row["id"] for row in client.pages(LIST, query, size=10)]


@pytest.mark.parametrize("seed", [None, 7])
def test_a_deleted_row_pulls_the_next_page_forward(client: Client, seed: int | None) -> None:
    """The first rows of the next page slip by, though they were there all the time; the deleted ones are gone."""
    before = read(client, sort="Id")
    client.sandbox.fault("delete-rows", LIST, page=2, count=3, seed=seed)
    found = read(client, sort="Id")
    after = read(client, sort="Id")
    assert len(after) == len(before) - 3
    assert [row["id"] for row in client.sandbox.rows(LIST)] != before
    assert {*before} - {*found} == {*before[20:23]} <= {*after}
    assert ({*before} - {*after} == {*before[:3]}) == (seed is None)


def test_rows_behind_the_page_can_go_unseen(client: Client) -> None:
    """What is deleted behind the page that was read is not missing on it, and never comes."""
    before = read(client, sort="Id")
    client.sandbox.fault("delete-rows", LIST, count=2, side="unread")
    found = read(client, sort="Id")
    assert found == read(client, sort="Id") == before[:10] + before[12:]


def test_a_new_row_pushes_others_back(client: Client) -> None:
    """Where new rows come first, the last rows of a page come again on the next one."""
    before = read(client, sort="-Id")
    client.sandbox.fault("insert-rows", LIST, count=2)
    found = read(client, sort="-Id")
    assert found == before[:10] + before[8:]
    assert len(read(client, sort="-Id")) == len(before) + 2


def test_the_order_can_turn_while_it_is_read(client: Client) -> None:
    """Page 2 is the second page from the other end."""
    before = read(client, sort="Id")
    client.sandbox.fault("reorder", LIST)
    found = [
        row["id"] for page in (1, 2) for row in client.body(LIST, {"pageSize": 10, "page": page, "sort": "Id"})["data"]
    ]
    assert found == before[:10] + before[::-1][10:20]


def test_named_rows_change_to_given_values(client: Client) -> None:
    """Which rows change, and to what, can be said."""
    chosen = client.sandbox.rows(LIST)[5]
    client.sandbox.fault("shift", LIST, keys=[{"id": chosen["id"]}], values={"note": "Moved"})
    assert all(row["note"] != "Moved" for row in client.body(LIST, {"pageSize": 5_000})["data"])
    [moved] = [row for row in client.body(LIST, {"pageSize": 5_000})["data"] if row["note"] == "Moved"]
    assert moved == chosen | {"note": "Moved", "modifiedOn": moved["modifiedOn"]}
    assert moved["modifiedOn"] > chosen["modifiedOn"]


def test_many_things_happen_at_once(client: Client) -> None:
    """All faults that a request meets happen after it, each once."""
    before = read(client)
    client.sandbox.fault("delete-rows", LIST, count=1, times=0)
    client.sandbox.fault("insert-rows", LIST, count=2, times=0)
    client.body(LIST)
    client.sandbox.clear_faults()
    assert len(read(client)) == len(before) + 1


def test_a_report_loses_rows_of_the_stream_it_is_made_of(client: Client) -> None:
    """A row that is deleted after page 1 lets the first row of page 2 slip by."""
    reporting = Reporting(client.sandbox)
    name = f"report:{definitions.JOBS.id}"

    def page(number: int, size: int = 5) -> list[Any]:
        got = reporting.data(definitions.JOBS, {"page": number, "pageSize": size}, DateType=2, **OCTOBER)
        return list(got.json()["data"])

    everything = page(1, 1_000)
    client.sandbox.fault("delete-rows", name, of="jobs", keys=[{"id": everything[1][0]}])
    assert page(1) == everything[:5]
    assert page(2) == everything[6:11]
    client.sandbox.delete("jobs", keys=[{"id": row[0]} for row in everything])
    assert page(1) == []


def test_an_entry_loses_lines(client: Client) -> None:
    """A child that is deleted is gone below its parent."""
    sandbox = client.sandbox
    parent = {"journalEntryId": sandbox.rows("journal_entry_details")[0]["journalEntryId"]}
    before = client.body("journal_entry_details", path=parent)["data"]
    gone = sandbox.delete(
        "journal_entry_details", keys=[parent | {"debit": before[0]["debit"], "credit": before[0]["credit"]}]
    )
    assert client.body("journal_entry_details", path=parent)["data"] == before[len(gone["rows"]) :]


def test_a_feed_forgets_deleted_rows(client: Client) -> None:
    """A deleted row of a feed is not even shown as inactive, and below it nothing can be read."""
    sandbox = client.sandbox
    sandbox.set_limits(page_size=5_000)
    gone = requests.post(f"{sandbox.url}/_sandbox/delete", json={"stream": "customers", "count": 2}, timeout=9).json()
    keys = [key["id"] for key in gone["keys"]]
    assert len(keys) == 2
    assert {row["id"] for row in client.body("customers")["data"]}.isdisjoint(keys)
    assert client.ask("customer_notes", path={"customerId": keys[0]}).status_code == 404
