"""The items of a page as the records of a stream: as dicts, or as bytes that are passed through."""

from __future__ import annotations

import abc
import functools
import hashlib
import itertools
from typing import TYPE_CHECKING, Any

import msgspec
from typing_extensions import override

from tap_servicetitan.api.pages import items_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.json_type import Json
    from tap_servicetitan.records.columns import AddedColumn
    from tap_servicetitan.records.passthrough import Rows

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode

Record = dict[str, Any]


class Records(abc.ABC):
    """Records of one page, in order."""

    @abc.abstractmethod
    def __len__(self) -> int:
        """Count the records."""

    @abc.abstractmethod
    def values(self, *names: str) -> list[tuple[Any, ...]]:
        """Give some fields of each record; None where there is none."""

    @abc.abstractmethod
    def content(self, number: int) -> bytes:
        """Give a record as bytes: equal bytes, equal records."""

    @abc.abstractmethod
    def kept(self, which: Sequence[bool]) -> Records:
        """Leave out records; `which` tells for each whether it stays."""

    @abc.abstractmethod
    def dicts(self) -> list[Record]:
        """Give each record with all its fields."""

    def newest(self, name: str) -> list[str | None]:
        """Give one field, a stamp, of those records among which is the newest."""
        return self.texts(name)

    def texts(self, name: str) -> list[str | None]:
        """Give one field of each record; None where it is no text."""
        return [value if isinstance(value, str) else None for (value,) in self.values(name)]


class DictRecords(Records):
    """Records that are dicts."""

    def __init__(self, found: Iterable[Record] = ()) -> None:
        """Hold records."""
        self._found = list(found)

    @override
    def __len__(self) -> int:
        return len(self._found)

    @override
    def values(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(one.get(name) for name in names) for one in self._found]

    @override
    def content(self, number: int) -> bytes:
        return _encode(self._found[number])

    @override
    def kept(self, which: Sequence[bool]) -> Records:
        return DictRecords(itertools.compress(self._found, which))

    @override
    def dicts(self) -> list[Record]:
        return self._found


class PassthroughRecords(Records):
    """Records that are passed through as they came, with the fields that the tap adds."""

    def __init__(self, rows: Rows, added: Mapping[str, Any], each: Sequence[Record]) -> None:
        """Hold rows that were checked.

        Args:
            rows: The rows of the page.
            added: Fields of all records that the tap knows.
            each: Fields that the tap makes for each record.
        """
        self._rows, self._added, self._each = rows, dict(added), each
        self._keep: list[bool] | None = None
        """Which rows are records still; all unless given."""

    @override
    def __len__(self) -> int:
        return len(self._rows) if self._keep is None else sum(self._keep)

    @override
    def values(self, *names: str) -> list[tuple[Any, ...]]:
        found = self._rows.values(*names)
        if self._added or self._each:
            found = [
                tuple(more.get(name) if value is None else value for name, value in zip(names, one, strict=True))
                for one, more in zip(found, self._more(), strict=False)
            ]
        return found if self._keep is None else list(itertools.compress(found, self._keep))

    @override
    def newest(self, name: str) -> list[str | None]:
        if self._keep is not None or self._each or name in self._added:
            return self.texts(name)
        found = self._rows.newest(name)
        # The rows were checked by a reader that takes "t" and "z" for "T" and "Z", and others do not.
        return found if all(one and one.isupper() for one in found) else self.texts(name)

    @override
    def content(self, number: int) -> bytes:
        # Not the bytes as they came: a page that takes the other way next time has to give the same.
        raw, more = self._pairs[number]
        return _encode(_filled(items_of(b"[" + bytes(raw) + b"]")[0], more))

    @functools.cached_property
    def _pairs(self) -> list[tuple[msgspec.Raw, Record]]:
        found = zip(self._rows.raw, self._more(), strict=False)
        return list(found if self._keep is None else itertools.compress(found, self._keep))

    @override
    def kept(self, which: Sequence[bool]) -> Records:
        chosen = iter(which)
        fewer = PassthroughRecords(self._rows, self._added, self._each)
        fewer._keep = [before and next(chosen) for before in self._keep or [True] * len(self._rows)]
        return fewer

    @override
    def dicts(self) -> list[Record]:
        found = items_of(b"[" + b",".join(bytes(raw) for raw, _ in self._pairs) + b"]")
        return [_filled(one, more) for one, (_, more) in zip(found, self._pairs, strict=True)]

    def _more(self) -> Iterator[Record]:
        return (self._added | own for own in self._each) if self._each else itertools.repeat(self._added)

    def lines(self, time_extracted: datetime, version: int | None) -> bytes:
        """Write the RECORD lines."""
        return self._rows.lines(
            time_extracted, version=version, added=self._added, each=self._each or None, keep=self._keep
        )


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
            _filled(record, {**added, **{name: _within(record, path) for name, path in row.copied_fields.items()}})
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


def _filled(record: Record, added: Mapping[str, Any]) -> Record:
    for name, value in added.items():
        if record.get(name) is None:
            record[name] = value
    return record


def _made(choices: Sequence[Sequence[str]], value: Callable[[str], Any]) -> str:
    """Hash what identifies a record; the same in every run."""
    for paths in choices:
        parts = [value(path) for path in paths]
        if None not in parts:
            break
    return hashlib.sha256(_encode([_ordered(part) for part in parts])).hexdigest()


def _within(record: Record, path: str) -> Json:
    name, _, rest = path.partition(".")
    found = record.get(name)
    if not rest:
        return found
    return _within(found, rest) if isinstance(found, dict) else None


def _ordered(part: object) -> object:
    """Put a list into an order of its own: the API promises none."""
    return sorted(part, key=_encode) if isinstance(part, list) else part
