"""Items of a page to the records of a stream."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_servicetitan.endpoint import Endpoint, MadeKey

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode

Record = dict[str, Any]


def records(row: Endpoint, items: Iterable[Any]) -> Iterator[Record]:
    """Give the records in the items of a page. What is no object holds no fields, and is passed over."""
    for item in items:
        if not isinstance(item, dict):
            continue
        for record in _exploded(item, row.explode) if row.explode else (item,):
            if row.made_key:
                record["_key"] = _made(record, row.made_key)
            yield record


def _exploded(item: Record, field: str) -> Iterator[Record]:
    rest = {name: value for name, value in item.items() if name != field}
    entries = item.get(field)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield rest | entry


def _made(record: Record, key: MadeKey) -> str:
    """Hash what identifies a record; the same in every run."""
    own = record.get(key.field)
    parts = [own] if own is not None else [record.get(name) for name in key.fallback]
    return hashlib.sha256(_encode(parts)).hexdigest()
