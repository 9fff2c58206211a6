"""The state that a run is given: whose it is, and whether streams can resume from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.api.replies import printable
from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.errors import StateError
from tap_servicetitan.readers.registry import check_state
from tap_servicetitan.state.report_bookmark import read_report_bookmark
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tap_servicetitan.settings.reports import ReportSettings

_MOST_NAMED = 20
"""Most new columns that are named."""


def checked_bookmarks(state: object, tenant_id: str, reports: Sequence[ReportSettings]) -> dict[str, Any]:
    """Give the bookmarks of a state, under the names that streams have here.

    Args:
        state: What was handed in.
        tenant_id: The tenant that is read.
        reports: The reports that the settings name.

    Raises:
        StateError: They cannot be used.
    """
    # A whole STATE message, or another tap's state, would else be taken for none: all would be read again.
    bookmarks = ({} if not state else state.get("bookmarks")) if isinstance(state, dict) else None
    if not isinstance(bookmarks, dict) or not all(isinstance(one, dict) for one in bookmarks.values()):
        msg = 'the state is not of the form {"bookmarks": {stream: {…}}}; give one that a tap for ServiceTitan wrote'
        raise StateError(msg)
    known = (
        {row.name for row in ENDPOINTS} | {row.meltanolabs_name for row in ENDPOINTS} | {one.stream for one in reports}
    )
    if bookmarks and not known & bookmarks.keys():
        msg = (
            f"the state is of another tap: it has bookmarks of {', '.join(sorted(bookmarks)[:3])}, and none of a "
            "stream of this one; give the state of this tap, or none for a first run"
        )
        raise StateError(msg)
    former = {row.name: bookmarks[row.meltanolabs_name] for row in ENDPOINTS if row.meltanolabs_name in bookmarks}
    # In a merged state both stand side by side, and this tap's own is the newer one.
    taken_over = {name: one for name, one in former.items() if "tenant_id" not in bookmarks.get(name, {})}
    found = bookmarks | taken_over
    for row in ENDPOINTS:
        if one := found.get(row.name):
            check_state(row, one, tenant_id)
    for report in reports:
        read_report_bookmark(report.stream, found.get(report.stream, {}), tenant_id)
    return found


def read_from_later(bookmarks: Mapping[str, Any], start: datetime | None) -> dict[str, str]:
    """Give the streams that were begun from a later start date than the one that is set, with that date."""
    found = {}
    for name, bookmark in bookmarks.items():
        begun = _begun(bookmark)
        moment = parse(begun) if begun else None
        if begun and moment and (start is None or start < moment):
            found[name] = begun
    return found


def new_columns(added: Mapping[str, Sequence[str]]) -> str | None:
    """Say which columns streams have gained since their last run, and how old rows get them; None if there are none.

    Args:
        added: The new columns of each stream.
    """
    found = [printable(f"{stream}.{column}") for stream, columns in added.items() for column in columns]
    if not found:
        return None
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return (
        f"New columns since the last run: {', '.join(found[:_MOST_NAMED])}{more}. Rows that were read before have none "
        "of them until they change; to fill them, read these streams once from their start "
        "(docs/reload.md#fill-a-new-column)"
    )


def _begun(bookmark: Mapping[str, Any]) -> str | None:
    """Give the start date that a bookmark, or the one of its parents, was begun with."""
    begun = bookmark.get("start_date") or _begun(bookmark.get("parent") or {}) if bookmark else None
    return begun if isinstance(begun, str) else None
