"""Which columns a stream has gained since its last run."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.state.columns import column_paths, columns_added, fingerprint

SCHEMA = {
    "properties": {
        "id": {"type": "integer"},
        "address": {"properties": {"street": {}, "unit": {"properties": {"floor": {}}}}},
        "items": {"items": {"properties": {"sku": {}, "codes": {"items": {"type": "string"}}}}},
    }
}
PATHS = [
    *("id", "address", "address.street", "address.unit", "address.unit.floor"),
    *("items", "items[].sku", "items[].codes"),
]


def test_columns_are_listed_with_what_is_in_them() -> None:
    """Objects and the objects of arrays are gone into; what is not selected is left out, with all in it."""
    assert [*column_paths(SCHEMA, lambda _: True)] == PATHS
    off = {("properties", "items"), ("properties", "address", "properties", "street")}
    assert [*column_paths(SCHEMA, lambda crumb: crumb not in off)] == [
        *("id", "address", "address.unit", "address.unit.floor"),
    ]


@settings(deadline=None, derandomize=True)
@given(before=st.sets(st.sampled_from(PATHS)), after=st.permutations(PATHS))
def test_what_was_not_there_is_new(before: set[str], after: list[str]) -> None:
    """New is what was not there, in whatever order columns stand; what is within a new column goes without saying."""
    after.sort(key=len)
    new = {one for one in after if one not in before}
    wanted = [one for one in after if one in new and not any(one.startswith((f"{up}.", f"{up}[")) for up in new)]
    assert columns_added(after, fingerprint(before)) == (wanted if before else [])
    assert columns_added(after, fingerprint(reversed(after))) == []
    assert columns_added(before, fingerprint(after)) == []


def test_without_a_memory_nothing_is_new() -> None:
    """A state of another version or tap does not tell which columns there were."""
    unknown: tuple[object, ...] = (None, "", 5, {}, [])
    assert [columns_added(PATHS, one) for one in unknown] == [[]] * len(unknown)


def test_all_columns_of_all_streams_are_told_apart_in_little_room() -> None:
    """No stream's columns are taken for each other, and those of all take two hundredths of a state at the most."""
    paths = {row.name: [*column_paths(stream_schema(row), lambda _: True)] for row in ENDPOINTS}
    same = {name: len(found) - len(fingerprint(found)) // 3 for name, found in paths.items()}
    assert sum(same.values()) <= 1
    assert sum(len(fingerprint(found)) for found in paths.values()) < 20_000
