"""The items of a page made into the records of a stream, as its row of the table says."""

from __future__ import annotations

import functools
import hashlib
import itertools
from typing import TYPE_CHECKING, Any

from tap_servicetitan.records.records import DictRecords, PassthroughRecords, encode, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.json_type import Json
    from tap_servicetitan.records.columns import AddedColumn
    from tap_servicetitan.records.passthrough import Rows
    from tap_servicetitan.records.records import Record


def passthrough_records(
    row: Endpoint,
    rows: Rows,
    added: Mapping[str, Any],
    line: Iterator[int],
    columns: Sequence[AddedColumn] = (),
) -> PassthroughRecords:
    """Give the records in rows that were checked. The row of the table explodes nothing, and its bodies are objects."""
    if not row.copied_fields and not row.made_key and not columns and "_line" not in row.key:
        return PassthroughRecords(rows, added, ())
    made: list[Record] = [{} for _ in range(len(rows))]
    for name, path in row.copied_fields.items():
        for one, (value,) in zip(made, rows.values(path), strict=True):
            one[name] = value
    if row.made_key:
        paths = tuple(dict.fromkeys(itertools.chain(*row.made_key)))
        for one, values in zip(made, rows.values(*paths), strict=True):
            known = {
                path: added.get(path) if value is None else value for path, value in zip(paths, values, strict=True)
            }
            one["_key"] = _made(row.made_key, known.__getitem__)
    if "_line" in row.key:
        for one in made:
            one["_line"] = next(line)
    for column in columns:
        for one, values in zip(made, rows.values(*column.reads), strict=True):
            one[column.name] = column.make(*values)
    return PassthroughRecords(rows, added, made)


def dict_records(
    row: Endpoint,
    items: Iterable[Any],
    added: Mapping[str, Any],
    line: Iterator[int],
    columns: Sequence[AddedColumn] = (),
) -> DictRecords:
    """Give the records in the items of a page. What is no object holds no fields, and is passed over.

    Args:
        row: The stream's row of the table.
        items: What the API sent.
        added: Fields that the tap knows, such as the parent's id; a record keeps what it says of them itself.
        line: Numbers the records, where that is their key.
        columns: What the settings ask for beside.
    """
    return DictRecords(_records(row, items, added, line, columns))


def _records(
    row: Endpoint,
    items: Iterable[Any],
    added: Mapping[str, Any],
    line: Iterator[int],
    columns: Sequence[AddedColumn],
) -> Iterator[Record]:
    for item in items:
        for record in _exploded(item, row):
            filled(record, {**added, **{name: _within(record, path) for name, path in row.copied_fields.items()}})
            if row.made_key:
                record["_key"] = _made(row.made_key, functools.partial(_within, record))
            if "_line" in row.key:
                record["_line"] = next(line)
            for column in columns:
                record[column.name] = column.make(*(record.get(name) for name in column.reads))
            yield record


def _exploded(item: object, row: Endpoint) -> Iterator[Record]:
    if row.scalar:
        yield {row.scalar: item}
    elif isinstance(item, dict):
        if row.nested_records is None:
            yield item
            return
        rest = {name: value for name, value in item.items() if name != row.nested_records}
        entries = item.get(row.nested_records)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                yield rest | entry


def _made(choices: Sequence[Sequence[str]], value: Callable[[str], Any]) -> str:
    """Hash what identifies a record; the same in every run."""
    for paths in choices:
        parts = [value(path) for path in paths]
        if None not in parts:
            break
    return hashlib.sha256(encode([_ordered(part) for part in parts])).hexdigest()


def _within(record: Record, path: str) -> Json:
    name, _, rest = path.partition(".")
    found = record.get(name)
    if not rest:
        return found
    return _within(found, rest) if isinstance(found, dict) else None


def _ordered(part: object) -> object:
    """Put a list into an order of its own: the API promises none."""
    return sorted(part, key=encode) if isinstance(part, list) else part
