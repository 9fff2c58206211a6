"""Objects of JSON in bytes: some of their fields read, and members added."""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from tap_servicetitan.records.shapes import encode, struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Row: TypeAlias = bytes | msgspec.Raw
Fields: TypeAlias = "Mapping[str, object]"

# Both begin with what is rare in a page, and so are found at the speed of memchr. A time within a text may be found
# too, which costs but time.
OTHER_ZONE = re.compile(
    rb"""-\d\d(?<="\d{4}-\d\d-\d\d)
    (?:(?<="0001-01-01)|T\d\d:\d\d:\d\d(?:\.\d+)?[^Z.\d"]|[t\ ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-][\d:]+)")""",
    re.VERBOSE,
)
"""Finds a time that names another zone than UTC, is written in another way than usual, or stands for none."""
NO_ZONE = re.compile(rb'-\d\d(?<="\d{4}-\d\d-\d\d)[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?"')
"""Finds a time that names no zone."""


@functools.lru_cache(maxsize=1_000)
def _reader(names: tuple[str, ...], missing: object) -> Callable[[Row], msgspec.Struct]:
    kind = struct(*((name, object, missing) for name in names))
    return msgspec.json.Decoder(kind, float_hook=Decimal).decode


def read(rows: Iterable[Row], names: tuple[str, ...], missing: object = None) -> Iterator[tuple[Any, ...]]:
    """Read some fields of each row."""
    return map(msgspec.structs.astuple, map(_reader(names, missing), rows))


def inner(value: object, name: str) -> object:
    """Give a field of what may be an object."""
    return value.get(name) if isinstance(value, dict) else None


def compact(data: bytes) -> bytes:
    """Write JSON on one line."""
    return msgspec.json.format(data, indent=-1) if b"\n" in data or b"\r" in data else data


def members(fields: Fields) -> bytes:
    """Write what stands between the braces of an object."""
    return encode(fields)[1:-1]


def with_members(record: Row, more: bytes) -> bytes:
    """Add what `members` wrote to a record, at its end."""
    begun = bytes(record)[:-1].rstrip()
    return b"".join((begun, b"," if more and begun != b"{" else b"", more, b"}"))
