"""Which properties the records of a stream have that its SCHEMA message does not name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What msgspec takes in the name of a field.
_PLAIN = re.compile(r'[^\\"\x00-\x1f]*')

_names = msgspec.json.Decoder(dict[str, msgspec.Raw])


def unnamed(records: Sequence[bytes], known: Iterable[str]) -> list[str]:
    """List the properties of some records that are not known, in the order in which they come."""
    properties = dict.fromkeys(known)
    found: list[str] = []
    decoder = _strict_decoder(properties)
    for record in records:
        try:
            decoder.decode(record)
        except msgspec.ValidationError:
            new = [name for name in _names.decode(record) if name not in properties]
            if new:
                found += new
                properties |= dict.fromkeys(new)
                decoder = _strict_decoder(properties)
    return found


def _strict_decoder(properties: Iterable[str]) -> msgspec.json.Decoder[msgspec.Struct]:
    """Make a decoder that refuses any other property: far faster than a look at the names of each record."""
    names = {f"field_{number}": name for number, name in enumerate(filter(_PLAIN.fullmatch, properties))}
    fields = [(field, msgspec.Raw, msgspec.Raw()) for field in names]
    return msgspec.json.Decoder(msgspec.defstruct("Record", fields, rename=names, forbid_unknown_fields=True, gc=False))
