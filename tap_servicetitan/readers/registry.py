"""What the kind of a row decides: its reader, and the form of its bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.readers.children import ChildReader
from tap_servicetitan.readers.export import ExportReader
from tap_servicetitan.readers.fleet import FleetReader
from tap_servicetitan.readers.lists import ListReader
from tap_servicetitan.readers.windows import WindowReader
from tap_servicetitan.records.factory import parent_records
from tap_servicetitan.state.bookmarks import read_child_bookmark, read_date_bookmark, read_feed_bookmark
from tap_servicetitan.state.fleet_bookmark import read_fleet_bookmark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.readers.base import Reader
    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.session import Session


def reader_of(session: Session, row: Endpoint, records: RecordFactory) -> Reader:
    """Make the reader of a row. A child has a reader of its parents for itself: their rows are not written."""
    if row.kind == "export":
        return ExportReader(session, row, records)
    parent_row = BY_NAME.get(row.parent or "")
    parent = reader_of(session, parent_row, parent_records(parent_row, session.logger)) if parent_row else None
    match row.kind:
        case "list":
            return ListReader(session, row, records, parent)
        case "child":
            return ChildReader(session, row, records, parent)
        case _ if row.ids:
            return FleetReader(session, row, records, parent)
        case _:
            return WindowReader(session, row, records, parent)


def is_full_table(row: Endpoint) -> bool:
    """Tell whether each run brings all rows of a stream."""
    match row.kind:
        case "export":
            return False
        case "window":
            return row.window is not None and bool(row.window.ahead)
        case "list":
            return row.modified_since is None
        case "child":
            parent = BY_NAME.get(row.parent or "")
            return row.modified_since is None and (row.revisit == "always" or parent is None or is_full_table(parent))


def check_state(row: Endpoint, state: Mapping[str, Any], tenant_id: str) -> None:
    """Refuse a state that a stream could not resume from, before anything is read.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark of this kind of stream.
    """
    match row.kind:
        case "export":
            read_feed_bookmark(row.name, state, tenant_id)
        case "window" if row.ids:
            read_fleet_bookmark(row.name, state, tenant_id)
        case "list" | "window":
            read_date_bookmark(row.name, state, tenant_id)
        case "child":
            bookmark = read_child_bookmark(row.name, state, tenant_id)
            if parent := BY_NAME.get(row.parent or ""):
                check_state(parent, bookmark.parent or {}, tenant_id)
