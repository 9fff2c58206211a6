"""Bodies that are records themselves: told from errors, envelopes and nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tap_servicetitan.api.pages import ListPage, Lost, read_list
from tap_servicetitan.catalog.endpoint import BODY
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.errors import UnexpectedBodyError

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_servicetitan.catalog.endpoint import Endpoint

ERROR_FIELDS = frozenset({"error", "errors", "traceId", "statusCode"})
"""Fields that the API's errors have, and those of gateways."""

_ENVELOPE = "data"

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_record(body: bytes, endpoint: Endpoint, lost: Lost = None) -> ListPage:
    """Read a body that is a record, or an array of them.

    Raises:
        UnreadableBodyError: The body is not JSON.
        UnexpectedBodyError: It is something else.
    """
    page = read_list(body, BODY, None, lost)
    declared = stream_facts(endpoint)["properties"].keys()
    found = page.data[1:-1]
    if body.lstrip().startswith(b"[") or not found.startswith(b"{"):
        return page
    members = _members.decode(found)
    if _ENVELOPE in members and _ENVELOPE not in declared and not endpoint.scalar:
        return read_record(bytes(members[_ENVELOPE]), endpoint, lost)
    if endpoint.scalar or not _is_record(members, declared):
        msg = f"wanted an object with fields of {endpoint.name}: it has none, or those of an error"
        raise UnexpectedBodyError(msg)
    return page


def _is_record(found: Collection[str], declared: Collection[str]) -> bool:
    """Tell whether an object has a declared field, and none that only an error has."""
    names = set(found)
    return bool(names & set(declared)) and not (ERROR_FIELDS - set(declared)) & names
