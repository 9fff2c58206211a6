"""Rows of the sandbox can be altered and made on demand, whatever they belong to."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.settings import Settings
from tap_servicetitan.sandbox.tenant import Tenant
from tests.support.sandbox_client import FEEDS, STREAMS, identity

SMALL = Settings(scale=0.02, requests_per_second=None, page_size=9)


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    """Share one tenant among the tests that look at one stream each."""
    return Tenant(SMALL)


# Streams that are no rows of their own, with what is said to somebody who would touch them.
NOT_TOUCHED = {"task_management_data": "task_types"} | {
    stream: "touch the rows" for stream in STREAMS if BY_NAME[stream].kind == "window" and stream != "attributed_leads"
}
# One row for each tenant.
SINGLE = {stream for stream in STREAMS if BY_NAME[stream].kind == "list" and "tenantId" in BY_NAME[stream].key}


@pytest.mark.parametrize("stream", sorted({*STREAMS} - {*FEEDS} - NOT_TOUCHED.keys()))
def test_rows_of_lists_can_be_touched_too(stream: str, tenant: Tenant) -> None:
    """Touched rows of a list or below a parent differ from before, with the same key, and new rows are new."""
    before = Counter(identity(stream, item) for item in tenant.rows(stream))
    made = 0 if stream in SINGLE else 2
    touched = tenant.touch(stream, count=2, create=made)
    after = Counter(identity(stream, item) for item in tenant.rows(stream))
    count = len(touched["rows"]) - made
    assert count == min(2, before.total())
    assert after.total() == before.total() + made
    if "_line" not in BY_NAME[stream].key:
        keys = [json.dumps(list(key.values()), sort_keys=True) for key in touched["keys"]]
        assert {*keys[:count]} <= before.keys()
        assert {*keys[count:]} == after.keys() - before.keys()
        again = tenant.touch(stream, keys=touched["keys"][:1])
        assert again["rows"] != touched["rows"][:1]


@pytest.mark.parametrize(("stream", "advice"), sorted(NOT_TOUCHED.items()))
def test_what_is_no_row_cannot_be_touched(stream: str, advice: str, tenant: Tenant) -> None:
    """Sums and what is put together have no rows: the error says what to touch."""
    with pytest.raises(ValueError, match=advice):
        tenant.touch(stream, count=1)


def test_a_row_to_be_is_given_its_values(tenant: Tenant) -> None:
    """Values that are given are those that the row has afterwards, in a list as below a parent."""
    [task] = tenant.touch("tasks", count=1, values={"name": "Mend the sign"})["rows"]
    assert task["name"] == "Mend the sign"
    [note] = tenant.touch("customer_notes", keys=[{"id": tenant.rows("customer_notes")[0]["id"]}])["rows"]
    assert "customerId" in note
