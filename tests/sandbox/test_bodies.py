"""Responses of the wrong shape, as the sandbox makes them, read over HTTP without the tap's code."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.reporting import definitions
from tests.sandbox.test_reports import OCTOBER, Reporting
from tests.support.sandbox_client import Client

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox

DEEP = "[" * 1_100 + "]" * 1_100
LITERALS = ("NaN", "Infinity", "-Infinity", "1e1000000000000000000", DEEP)


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """Get a token."""
    return Client(sandbox)


@pytest.mark.parametrize("content", [{}, [], None, {"title": "Invalid filter", "status": 400}, {"data": []}])
def test_a_body_can_be_anything(client: Client, content: Any) -> None:  # noqa: ANN401 - any JSON value
    """Status 200 and a body that is none of the documented ones."""
    client.sandbox.fault("content", "business_hours", content=content)
    response = client.ask("business_hours")
    assert (response.status_code, response.json()) == (200, content)
    assert "weekdays" in client.body("business_hours")


def test_envelopes_can_be_swapped(client: Client) -> None:
    """A record in an envelope, a bare array in one, and a page without one."""
    for stream in ("business_hours", "contact_preferences", "zones", "jobs"):
        right = client.body(stream)
        client.sandbox.fault("swap-envelope", stream)
        wrong = client.body(stream)
        if stream in {"zones", "jobs"}:
            assert wrong == right["data"]
        else:
            assert wrong == {"data": right if isinstance(right, list) else [right]}


def test_an_envelope_can_have_other_fields(client: Client) -> None:
    """No rows of forty, a feed's page without rows, and one with null."""
    glitch = {"data": [], "hasMore": False, "totalCount": 40}
    client.sandbox.fault("envelope", "zones", fields=glitch)
    assert client.body("zones") == {"page": 1, "pageSize": 50} | glitch
    client.sandbox.fault("envelope", "jobs", without=["data"])
    client.sandbox.fault("envelope", "jobs", fields={"data": None})
    assert client.body("jobs").keys() == {"hasMore", "continueFrom"}
    assert client.body("jobs")["data"] is None
    assert client.body("jobs")["data"]


@pytest.mark.parametrize("literal", LITERALS)
def test_a_value_can_be_no_json(client: Client, literal: str) -> None:
    """The text stands in every row as it was given: in pages, bare arrays, records and positional rows."""
    sandbox = client.sandbox
    for stream, field in (("zones", "name"), ("contact_preferences", "name"), ("business_hours", "sunday")):
        sandbox.fault("raw-field", stream, fields={field: literal})
        assert f'"{field}":{literal}' in client.ask(stream).text
    report = Reporting(sandbox).data(definitions.JOBS, DateType=2, **OCTOBER).json()
    sandbox.fault("raw-field", f"report:{definitions.JOBS.id}", fields={"Total": literal})
    text = Reporting(sandbox).data(definitions.JOBS, DateType=2, **OCTOBER).text
    assert text.count(literal) >= len(report["data"]) > 0
    assert [row[:6] for row in json.loads(text.replace(literal, "1"))["data"]] == [row[:6] for row in report["data"]]


def test_a_date_can_be_wrong_once(client: Client) -> None:
    """One response is dated ten years ahead; its body is the right one."""
    decade = 3_650 * 86_400
    right = client.ask("zones")
    client.sandbox.fault("wrong-date", "zones", seconds=decade)
    wrong, again = client.ask("zones"), client.ask("zones")
    apart = parsedate_to_datetime(wrong.headers["Date"]) - parsedate_to_datetime(right.headers["Date"])
    assert apart.total_seconds() == decade
    assert again.headers["Date"] == right.headers["Date"]
    assert wrong.content == right.content


@pytest.mark.parametrize("status", [403, 404, 409, 429])
def test_a_gateway_writes_errors_its_own_way(client: Client, status: int) -> None:
    """A gateway's body has `statusCode` and `message`, and may say to wait no time at all."""
    title = "Rate limit is exceeded. Try again in 4 seconds."
    client.sandbox.fault("status", "zones", status=status, body="gateway", title=title, headers={"Retry-After": "0"})
    response = client.ask("zones")
    assert (response.status_code, response.json()) == (status, {"statusCode": status, "message": title})
    assert response.headers["Retry-After"] == "0"


def test_a_storm_hits_all_parents(client: Client) -> None:
    """Every parent of a child gets the same error until the faults are cleared; then every one is there again."""
    parents = [{"customerId": row["id"]} for row in client.sandbox.rows("customers")[:5]]
    usual = [client.ask("customer_notes", path=parent).status_code for parent in parents]
    client.sandbox.fault("status", "customer_notes", status=404, body="gateway", times=0)
    assert {client.ask("customer_notes", path=parent).status_code for parent in parents} == {404}
    client.sandbox.clear_faults()
    assert [client.ask("customer_notes", path=parent).status_code for parent in parents] == usual


def test_a_response_can_have_no_content(client: Client) -> None:
    """204 has no body."""
    client.sandbox.fault("status", "zones", status=204, body="empty")
    response = client.ask("zones")
    assert (response.status_code, response.content) == (204, b"")


def test_large_pages_can_break(client: Client) -> None:
    """Pages of more rows than the server can send are cut short, others are not."""
    client.sandbox.fault("truncate", "zones", page_size_over=100, times=0)
    for size, breaks in ((100, False), (101, True), (5_000, True), (50, False)):
        text = client.ask("zones", {"pageSize": size}).text
        assert text.endswith("}") is not breaks


def test_a_fault_can_wait_for_a_page(client: Client) -> None:
    """Only the page that is named is refused, in the middle of a list."""
    client.sandbox.fault("status", "technician_shifts", page=2, status=403)
    codes = [client.ask("technician_shifts", {"page": page, "pageSize": 5}).status_code for page in (1, 3, 2, 2)]
    assert codes == [200, 200, 403, 200]


def test_tokens_can_go_round(client: Client) -> None:
    """After three tokens the first one comes again, and there is always more."""
    client.sandbox.fault("token-cycle", "jobs", times=0)
    tokens: list[str] = []
    for _ in range(7):
        body = client.body("jobs", {"from": tokens[-1]} if tokens else {})
        assert body["hasMore"] is True
        tokens.append(body["continueFrom"])
    assert tokens[:3] == tokens[3:6]
    assert len({*tokens}) == 3
