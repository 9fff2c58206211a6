"""The items of a page as the records of a stream: as dicts, or as bytes that are passed through."""

from __future__ import annotations

import abc
import functools
import itertools
from typing import TYPE_CHECKING, Any

import msgspec
from typing_extensions import override

from tap_servicetitan.api.pages import items_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_servicetitan.records.passthrough import Rows

encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
"""Writes equal bytes for equal values."""

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
        return encode(self._found[number])

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
        (record,) = self._dicts([(raw, more)])
        return encode(record)

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
        return self._dicts(self._pairs)

    def _dicts(self, pairs: Sequence[tuple[msgspec.Raw, Record]]) -> list[Record]:
        found = items_of(b"[" + b",".join(map(bytes, self._rows.written(raw for raw, _ in pairs))) + b"]")
        return [filled(one, more) for one, (_, more) in zip(found, pairs, strict=True)]

    def _more(self) -> Iterator[Record]:
        return (self._added | own for own in self._each) if self._each else itertools.repeat(self._added)

    def lines(self, time_extracted: datetime, version: int | None) -> bytes:
        """Write the RECORD lines."""
        return self._rows.lines(
            time_extracted, version=version, added=self._added, each=self._each or None, keep=self._keep
        )


def filled(record: Record, added: Mapping[str, Any]) -> Record:
    """Add fields that a record does not have itself."""
    for name, value in added.items():
        if record.get(name) is None:
            record[name] = value
    return record
