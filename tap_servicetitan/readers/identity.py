"""Which row of a list is which, and what each says: as hashes of the bytes that came."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec

from tap_servicetitan.api.pages import items_of
from tap_servicetitan.readers.joints import Row
from tap_servicetitan.records.making import dict_records

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_servicetitan.catalog.endpoint import Endpoint

_items = msgspec.json.Decoder(list[msgspec.Raw] | None)
_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


def identifier(endpoint: Endpoint) -> Callable[[bytes], list[Row]]:
    """Make what splits the array of a page into rows."""
    key_of = _made_key(endpoint) if endpoint.made_key else _plain_key(endpoint)

    def identify(data: bytes) -> list[Row]:
        return [Row(key_of(raw), hash(raw), raw) for raw in map(bytes, _items.decode(data) or ())]

    return identify


def _plain_key(endpoint: Endpoint) -> Callable[[bytes], int]:
    """Find the key in the row itself; a parent's part of it is the same in all rows of a list."""
    nothing = msgspec.Raw()
    fields: list[Any] = [(name, msgspec.Raw, nothing) for name in endpoint.key if not name.startswith("_")]
    decode = msgspec.json.Decoder(msgspec.defstruct("Key", fields)).decode

    def key_of(raw: bytes) -> int:
        try:
            found = msgspec.structs.astuple(decode(raw))
        except msgspec.ValidationError:
            return hash(raw)
        parts = tuple(bytes(one) for one in found)
        # What does not name itself is known by all that it says.
        return hash(parts) if any(parts) else hash(raw)

    return key_of


def _made_key(endpoint: Endpoint) -> Callable[[bytes], int]:
    def key_of(raw: bytes) -> int:
        found = dict_records(endpoint, items_of(b"[" + raw + b"]"), {}, itertools.count(1)).values(*endpoint.key)
        return hash(_encode(found)) if found else hash(raw)

    return key_of
