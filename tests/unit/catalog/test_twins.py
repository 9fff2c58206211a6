"""The lists that feeds are compared with."""

from __future__ import annotations

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.twins import twins

NEEDED = {"includeTotal", "createdOnOrAfter", "createdBefore", "page", "pageSize"}


def test_twins_belong_to_feeds_and_can_count() -> None:
    """Each is of a feed, below its module, no feed itself, and has the parameters that the audit sends."""
    feeds = {row.url for row in ENDPOINTS if row.kind == "export"}
    assert twins()
    for name, twin in twins().items():
        row = BY_NAME[name]
        assert row.kind == "export"
        assert twin.path.startswith(row.base)
        assert twin.path not in feeds
        assert {*twin.parameters} >= NEEDED
        switch = (twin.inactive or "").partition("=")[0]
        assert not switch or switch in twin.parameters


def test_a_twin_that_can_show_inactive_rows_is_told_to() -> None:
    """Lists leave inactive rows out by default; a switch that is there is used."""
    for name, twin in twins().items():
        has_switch = bool({"active", "activeState", "activeOnly"} & {*twin.parameters})
        assert has_switch is bool(twin.inactive), name
