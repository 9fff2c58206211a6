"""A state from which the next run brings what is missing or stale, and marks on the rows that vanished."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tap_servicetitan.state.bookmarks import FeedBookmark
from tap_servicetitan.state.columns import COLUMNS
from tap_servicetitan.state.timestamps import sortable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from tap_servicetitan.audit.findings import Result
    from tap_servicetitan.audit.tables import SqlTable
    from tap_servicetitan.catalog.endpoint import Endpoint


def repaired_state(
    state: Mapping[str, Any], results: Iterable[Result], rows: Mapping[str, Endpoint], tenant_id: str
) -> dict[str, Any]:
    """Change the bookmarks of streams that lack rows: a feed to the date of the oldest one, a list to its start."""
    new = copy.deepcopy(dict(state))
    bookmarks = new.setdefault("bookmarks", {})
    for result in results:
        lacking = [one for one in result.differences if one.kind != "vanished"]
        if not lacking:
            continue
        row = rows[result.stream]
        dates = [date for one in lacking if (date := one.modified or one.created)]
        old = bookmarks.pop(result.stream, None) or {}
        if row.kind == "export" and len(dates) == len(lacking):
            oldest = min(dates, key=lambda date: sortable(date) or "")
            feed = FeedBookmark(mark=oldest, at_end=True)
            bookmarks[result.stream] = feed.to_state(tenant_id, row.replication_key) | {COLUMNS: old.get(COLUMNS)}
    return new


def mark_vanished(results: Iterable[Result], tables: Mapping[str, SqlTable], now: datetime) -> list[str]:
    """Mark the rows that vanished as deleted; return the streams whose tables have no column for that."""
    unmarked = []
    for result in results:
        keys = [one.key for one in result.differences if one.kind == "vanished"]
        if keys and not tables[result.stream].mark_deleted(keys, now):
            unmarked.append(result.stream)
    return unmarked
