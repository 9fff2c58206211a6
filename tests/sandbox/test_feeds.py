"""The sandbox's export feeds keep their promises: every row once, in order, and tokens that are good for one feed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tap_servicetitan.sandbox.clock import MINUTE, ticks
from tap_servicetitan.sandbox.export import export_page
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.settings import Settings
from tap_servicetitan.sandbox.tenant import Tenant
from tests.support.sandbox_client import FEEDS, identity

Item = dict[str, Any]

SMALL = Settings(scale=0.02, requests_per_second=None, page_size=9)


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    """Share one tenant among the tests that look at one stream each."""
    return Tenant(SMALL)


def page(tenant: Tenant, stream: str, **query: str) -> Item:
    """Ask for a page without a socket."""
    body: Item = json.loads(bytes(export_page(tenant, FACTS[stream], query).body))
    return body


def drain(tenant: Tenant, stream: str, **query: str) -> tuple[list[Item], str]:
    """Follow the tokens to the end of a feed."""
    found: list[Item] = []
    while True:
        body = page(tenant, stream, **query)
        found += body["data"]
        query["from"] = body["continueFrom"]
        if not body["hasMore"]:
            return found, body["continueFrom"]


@pytest.mark.parametrize("stream", FEEDS)
def test_a_feed_gives_every_settled_row_once(stream: str, tenant: Tenant) -> None:
    """Following the tokens from the first page gives the truth, in order of change, and then nothing more."""
    given_rows, token = drain(tenant, stream, active="Any")
    by_key = sorted(given_rows, key=lambda item: str(identity(stream, item)))
    assert by_key == sorted(tenant.rows(stream, settled=True), key=lambda item: str(identity(stream, item)))
    stamps = [ticks(item["modifiedOn"]) for item in given_rows if item.get("modifiedOn")]
    assert stamps == sorted(stamps)
    again = page(tenant, stream, **{"from": token, "active": "Any"})
    assert again == {"hasMore": False, "continueFrom": token, "data": []}


class Client:
    """Follows the tokens of one feed and remembers what it was given."""

    def __init__(self, tenant: Tenant, stream: str) -> None:
        """Begin at the beginning."""
        self.tenant = tenant
        self.stream = stream
        self.token = ""
        self.seen: dict[tuple[Any, ...], int] = {}
        self.ages: list[int] = []

    def read(self, *, recent: bool) -> bool:
        """Read a page; tell whether there are more."""
        body = page(self.tenant, self.stream, **{"from": self.token, "includeRecentChanges": str(recent)})
        now = self.tenant.clock.now
        for item in body["data"]:
            version = (*identity(self.stream, item), item["modifiedOn"])
            if version in self.seen:
                self.ages.append(self.seen[version] - ticks(item["modifiedOn"]))
            self.seen[version] = now
        self.token = body["continueFrom"]
        return bool(body["hasMore"])

    def assert_nothing_lost(self, *, recent: bool) -> None:
        """Hold what was given against the truth."""
        while self.read(recent=recent):
            pass
        rows = self.tenant.rows(self.stream, settled=not recent)
        assert not {(*identity(self.stream, item), item["modifiedOn"]) for item in rows} - self.seen.keys()


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.sampled_from((0.0, 1.0, 60.0, 840.0, 900.0, 901.0, 7_200.0, 86_400.0))),
        st.tuples(st.just("touch"), st.integers(1, 25)),
        st.tuples(st.just("create"), st.integers(1, 12)),
        st.tuples(st.just("read"), st.integers(1, 8)),
    ),
    max_size=20,
)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(operations=OPERATIONS, modes=st.sampled_from(("never", "always", "mixed")))
def test_nothing_is_lost_whatever_happens(operations: list[tuple[str, Any]], modes: str) -> None:
    """A client that only follows tokens gets every row, and repeats only of rows that were recent when last seen."""
    tenant = Tenant(SMALL)
    client = Client(tenant, "jobs")
    for turn, (what, value) in enumerate(operations):
        recent = modes == "always" or (modes == "mixed" and turn % 2 == 0)
        match what:
            case "advance":
                tenant.advance(value)
            case "touch":
                tenant.touch("jobs", count=value)
            case "create":
                tenant.touch("jobs", create=value)
            case _:
                for _ in range(value):
                    client.read(recent=recent)
    client.assert_nothing_lost(recent=modes == "always")
    tenant.advance(900)
    client.assert_nothing_lost(recent=False)
    assert all(age < 15 * MINUTE for age in client.ages)
    assert modes != "never" or not client.ages


def test_recent_changes_come_again_until_they_are_settled() -> None:
    """With includeRecentChanges a change is there at once, and again, until its fifteen minutes are over."""
    tenant = Tenant(SMALL)
    _, token = drain(tenant, "jobs")
    touched = tenant.touch("jobs", count=3)["keys"]
    assert page(tenant, "jobs", **{"from": token})["data"] == []
    for _ in range(2):
        body = page(tenant, "jobs", **{"from": token, "includeRecentChanges": "true"})
        assert [{"id": item["id"]} for item in body["data"]] == sorted(touched, key=lambda key: key["id"])
        token = body["continueFrom"]
    tenant.advance(900)
    rows, token = drain(tenant, "jobs", **{"from": token, "includeRecentChanges": "true"})
    assert len(rows) >= 3
    # What the business itself has changed meanwhile is not settled yet.
    again = drain(tenant, "jobs", **{"from": token, "includeRecentChanges": "true"})[0]
    assert {key["id"] for key in touched}.isdisjoint(item["id"] for item in again)
    assert all(ticks(item["modifiedOn"]) > tenant.clock.now - 15 * MINUTE for item in again)


@pytest.mark.parametrize("form", ["{0}Z", "{0}+00:00", "{0} 00:00", "{0}"])
def test_a_date_begins_at_that_instant(form: str) -> None:
    """A date is inclusive, in whatever form it comes."""
    tenant = Tenant(SMALL)
    stamp = sorted(item["modifiedOn"] for item in tenant.rows("jobs", settled=True))[50]
    rows, _ = drain(tenant, "jobs", **{"from": form.format(stamp.rstrip("Z"))})
    assert len(rows) == sum(item["modifiedOn"] >= stamp for item in tenant.rows("jobs", settled=True)) == 50


def test_a_day_begins_at_midnight() -> None:
    """A date without a time is the beginning of that day, and an empty one the beginning of the feed."""
    tenant = Tenant(SMALL)
    whole, _ = drain(tenant, "jobs", **{"from": ""})
    late, _ = drain(tenant, "jobs", **{"from": "2026-09-01"})
    assert late == [item for item in whole if item["modifiedOn"] >= "2026-09-01"]
    assert drain(tenant, "jobs", **{"from": "2030-01-01"})[0] == []


def test_tokens_are_bound_and_can_be_revoked() -> None:
    """A token is taken by the feed that gave it, until it is revoked; nothing else is taken for one."""
    tenant = Tenant(SMALL)
    token = page(tenant, "jobs")["continueFrom"]
    for stream, start in (
        ("invoices", token),
        ("jobs", "made-up"),
        ("jobs", token[:-4] + "AAA="),
        ("jobs", "12345678"),
    ):
        assert page(tenant, stream, **{"from": start})["status"] == 400
    other = Tenant(Settings(scale=0.02, tenant_id="99"))
    assert page(other, "jobs", **{"from": token})["status"] == 400
    tenant.revoke_continuations("jobs")
    assert page(tenant, "jobs", **{"from": token})["status"] == 400
    assert drain(tenant, "jobs")[0]


def test_a_token_outlives_the_server() -> None:
    """A state file is still good after the sandbox was started anew."""
    token = page(Tenant(SMALL), "jobs")["continueFrom"]
    assert page(Tenant(SMALL), "jobs", **{"from": token})["data"]


def test_assignments_hide_inactive_rows_unless_asked() -> None:
    """The one feed with a filter, and the other parameter of its kind."""
    tenant = Tenant(SMALL)
    shown, _ = drain(tenant, "appointment_assignments")
    everything, _ = drain(tenant, "appointment_assignments", active="Any")
    hidden, _ = drain(tenant, "appointment_assignments", active="False")
    assert all(item["active"] for item in shown)
    assert hidden
    assert len(shown) + len(hidden) == len(everything)
    assert {item["active"] for item in drain(tenant, "appointments")[0]} == {True, False}
    assert drain(tenant, "jobs", modifiedFrom="2030-01-01", active="False")[0]


@pytest.mark.parametrize("stream", FEEDS)
def test_a_touch_alters_and_makes_just_what_it_says(stream: str, tenant: Tenant) -> None:
    """Touched rows differ from before and come last in the feed; new rows are new."""
    before = {identity(stream, item): item for item in tenant.rows(stream)}
    _, token = drain(tenant, stream, active="Any")
    touched = tenant.touch(stream, count=2, create=2)
    after = {identity(stream, item): item for item in tenant.rows(stream)}
    keys = [json.dumps(list(key.values()), sort_keys=True) for key in touched["keys"]]
    assert len(set(keys)) == 4
    for key in keys[:2]:
        assert {name for name in after[key] if after[key][name] != before[key][name]} - {"modifiedOn"}
    assert set(keys[2:]) == after.keys() - before.keys()
    tenant.advance(900)
    arrived = {identity(stream, item) for item in drain(tenant, stream, **{"from": token, "active": "Any"})[0]}
    assert set(keys) <= arrived
