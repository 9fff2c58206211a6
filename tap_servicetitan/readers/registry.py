"""What the kind of a row decides: the class of its stream, and the form of its bookmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.readers.children import ChildStream
from tap_servicetitan.readers.export import ExportStream
from tap_servicetitan.readers.lists import ListStream
from tap_servicetitan.readers.windows import WindowStream
from tap_servicetitan.state.bookmarks import child_from_state, date_from_state, from_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.catalog.endpoint import Endpoint, Kind
    from tap_servicetitan.sync.stream import ServiceTitanStream

KINDS: dict[Kind, type[ServiceTitanStream]] = {
    "export": ExportStream,
    "list": ListStream,
    "child": ChildStream,
    "window": WindowStream,
}


def stream_type(row: Endpoint) -> type[ServiceTitanStream]:
    """Make the SDK stream of a row: a class each, as the SDK expects."""
    return type(row.name, (KINDS[row.kind],), {"name": row.name, "row": row, "is_whole": is_whole(row)})


def is_whole(row: Endpoint) -> bool:
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
            return row.modified_since is None and (row.revisit == "always" or parent is None or is_whole(parent))


def check_state(row: Endpoint, state: Mapping[str, Any], tenant_id: str) -> None:
    """Refuse a state that a stream could not go on from, before anything is read.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark of this kind of stream.
    """
    match row.kind:
        case "export":
            from_state(row.name, state, tenant_id)
        case "list" | "window":
            date_from_state(row.name, state, tenant_id)
        case "child":
            bookmark = child_from_state(row.name, state, tenant_id)
            if parent := BY_NAME.get(row.parent or ""):
                check_state(parent, bookmark.parent, tenant_id)
