"""A page's bytes to RECORD lines, without a Python object for each value.

A row that fits the declared types, and has nothing that must be left out, is written with the very
bytes that came: they are checked, not rebuilt. Where fields are left out, the rest is copied.
The records equal those of the SDK's `pop_deselected_record_properties` and `conform_record_data_types`,
which change nothing else about values of the declared types. What does not fit is left to them.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections import deque
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tap_servicetitan.errors import NonConformingPageError
from tap_servicetitan.records.amounts import unquoted
from tap_servicetitan.records.declared import object_of
from tap_servicetitan.records.raw import NO_ZONE, OTHER_ZONE, compact, inner, members, read, with_members
from tap_servicetitan.records.shapes import encode, is_plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from tap_servicetitan.records.masking import Masking
    from tap_servicetitan.records.raw import Fields, Row
    from tap_servicetitan.records.shapes import Schema, Selects

MOST_UNDECLARED = 200
"""So many fields that are not declared are learned: whoever sends more of them uses values as names."""

_split = msgspec.json.Decoder(list[msgspec.Raw] | None)
# Only names are looked at, so a number may have any form.
_look = msgspec.json.Decoder(object, float_hook=str)


class Passthrough:
    """Reads the pages of one stream."""

    def __init__(
        self,
        stream: str,
        schema: Schema,
        *,
        is_selected: Selects = lambda _: True,
        required: Collection[str] = (),
        stamp: str | None = None,
    ) -> None:
        """Make the types that rows must have.

        Args:
            stream: The name for RECORD messages.
            schema: What the SDK conforms records to (``effective_schema``).
            is_selected: Whether the field at a breadcrumb is wanted (the SDK's ``mask.__getitem__``).
            required: Fields that each row must have, not null: those of the key that the tap does not add.
            stamp: The field that tells when a row changed, if there is one.

        Raises:
            NonConformingPageError: The schema is one for the SDK's path alone.
        """
        self._stream = stream
        self.stamp = stamp
        self._unquote = unquoted(schema)
        self._root = object_of(schema, stream, is_selected, required=required)
        self._takes_any_zone = False
        self._undeclared: set[str] = set()
        self._unreported: set[str] = set()
        self._compile()

    def mask(self, masking: Masking) -> None:
        """Leave out or hash personal data.

        Raises:
            NonConformingPageError: It is within what the schema does not declare.
        """
        self._root.mask(masking.tree)
        self._compile()

    def _compile(self) -> None:
        kind = self._root.strict()
        self._check = msgspec.json.Decoder(kind).decode
        names = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
        self._moment = operator.attrgetter(names[self.stamp]) if self.stamp in names else None
        self.copier = functools.cache(self._copier)

    def read(self, data: Row | list[msgspec.Raw]) -> Rows:
        """Check the rows of a page.

        Args:
            data: A JSON array of rows, or each row on a line of its own.

        Raises:
            NonConformingPageError: The page is one for the SDK's path.
        """
        try:
            rows = self._rows(data)
            if not self._takes_any_zone and any(map(OTHER_ZONE.search, rows if isinstance(data, list) else [data])):
                self._take_any_zone()
            try:
                moments = self._check_all(rows)
            except msgspec.ValidationError:
                has_no_zone = not self._takes_any_zone and any(map(NO_ZONE.search, rows))
                if has_no_zone:
                    self._take_any_zone()
                if not self._learn(rows) and not has_no_zone:
                    raise
                moments = self._check_all(rows)
        # Those of msgspec are ValueErrors too.
        except (ValueError, RecursionError) as error:
            msg = f"{self._stream}: {_plain(error)}"
            raise NonConformingPageError(msg) from None
        undeclared, self._unreported = frozenset(self._unreported), set()
        return Rows(self, rows, undeclared, moments)

    def _rows(self, data: Row | list[msgspec.Raw]) -> list[msgspec.Raw]:
        if isinstance(data, list):
            return [msgspec.Raw(self._unquote(bytes(row))) for row in data] if self._unquote else data
        text = compact(bytes(data))
        return _split.decode(self._unquote(text) if self._unquote else text) or []

    def _take_any_zone(self) -> None:
        """Rewrite all times from now on: this stream has some that are not in UTC, or do not say so."""
        self._takes_any_zone = True
        self._root.with_any_zone()
        self._compile()

    def _check_all(self, rows: Iterable[Row]) -> list[object]:
        """Check the rows, and give what is in the field of the stamp."""
        # One by one: the memory of a row serves the next, which takes half the time of all at once.
        checked = map(self._check, rows)
        return list(map(self._moment, checked)) if self._moment else list(deque(checked, maxlen=0))

    def _learn(self, rows: Iterable[Row]) -> bool:
        """Look for fields that are not declared, to pass over them from now on; False if there is nothing to learn."""
        found = {path: (owner, name) for row in rows for path, owner, name in self._root.undeclared(_look.decode(row))}
        known = self._undeclared | found.keys()
        if len(known) > MOST_UNDECLARED or not all(is_plain_name(name) for _, name in found.values()):
            return False
        for owner, name in found.values():
            owner.dropped.add(name)
        self._undeclared, self._unreported = known, self._unreported | found.keys()
        self._compile()
        return bool(found)

    def has(self, name: str) -> bool:
        """Tell whether records may have a field: it is declared and selected."""
        return name in self._root.fields

    def _copier(self, without: frozenset[str] = frozenset()) -> Callable[[Iterable[Row]], Iterable[Row]]:
        """Make what turns rows that were checked into records, without some of their fields."""
        kept = self._root.kept(without)
        if kept is msgspec.Raw:
            return iter
        # With the digits of numbers that become texts.
        decode = msgspec.json.Decoder(kept, float_hook=Decimal).decode
        rewrite = self._root.rewriter(without)
        if rewrite is None:
            return lambda rows: map(encode, map(decode, rows))
        return lambda rows: map(encode, map(rewrite, map(decode, rows)))

    def frame(self, time_extracted: datetime, version: int | None) -> tuple[bytes, bytes]:
        """Make what stands before and after the record in a line."""
        head = encode({"type": "RECORD", "stream": self._stream, "record": 0})
        tail = ({} if version is None else {"version": version}) | {"time_extracted": time_extracted.astimezone(UTC)}
        return head.removesuffix(b"0}"), b"," + members(tail) + b"}\n"


class Rows:
    """The rows of a page, checked."""

    def __init__(
        self, passthrough: Passthrough, raw: list[msgspec.Raw], undeclared: frozenset[str], moments: list[object]
    ) -> None:
        """Hold rows that were checked."""
        self._passthrough = passthrough
        self._moments = moments
        self.raw = raw
        """Each row as it came, on one line."""
        self.undeclared = undeclared
        """Fields that are not declared and came for the first time: ``a.b`` or ``items[].b``."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.raw)

    def values(self, *names: str) -> list[tuple[Any, ...]]:
        """Read some fields of each row, nested ones as ``a.b``; None where there is none."""
        paths = [name.split(".") for name in names]
        tops = tuple(dict.fromkeys(top for top, *_ in paths))
        found = read(self.raw, tops)
        if tops == names:
            return list(found)
        places = [(tops.index(top), rest) for top, *rest in paths]
        return [tuple(functools.reduce(inner, rest, row[at]) for at, rest in places) for row in found]

    def newest(self, name: str) -> list[str | None]:
        """Read a stamp of the rows that may be the newest: of those that are in the same microsecond, if that shows."""
        times = [one for one in self._moments if isinstance(one, datetime)] if name == self._passthrough.stamp else []
        try:
            last = max(times, default=None)
        except TypeError:
            # Some name their zone, and some do not.
            last = None
        if last is None:
            return self.texts(name)
        rows = [raw for raw, one in zip(self.raw, self._moments, strict=True) if one == last]
        return [value for (value,) in read(rows, (name,))]

    def written(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Write the records of some of the rows, without what the tap adds."""
        return iter(self._passthrough.copier()(rows))

    def texts(self, name: str) -> list[str | None]:
        """Read one field of each row; None where it is no text."""
        return [value if isinstance(value, str) else None for (value,) in read(self.raw, (name,))]

    def lines(
        self,
        time_extracted: datetime,
        *,
        version: int | None = None,
        added: Fields | None = None,
        each: Sequence[Fields] | None = None,
        keep: Iterable[object] | None = None,
    ) -> bytes:
        """Write the RECORD lines.

        Args:
            time_extracted: When the page came.
            version: The stream's version, if it has one.
            added: Fields for all records, at their end; a row that has one itself, not null, keeps its own.
            each: More of these, for each row its own.
            keep: For each row whether it is written; none after the last is. All unless given.
        """
        rows: Sequence[Row] = self.raw
        if keep is not None:
            keep = list(keep)
            rows = list(itertools.compress(rows, keep))
            each = None if each is None else list(itertools.compress(each, keep))
        if not rows:
            return b""
        plain = not added and each is None
        records = self._passthrough.copier()(rows) if plain else self._filled(rows, added or {}, each)
        head, tail = self._passthrough.frame(time_extracted, version)
        return b"".join((head, (tail + head).join(records), tail))

    def _filled(self, rows: Sequence[Row], added: Fields, each: Sequence[Fields] | None) -> Iterator[Row]:
        names = tuple(filter(self._passthrough.has, dict.fromkeys(itertools.chain(added, *(each or ())))))
        found = list(read(rows, names, msgspec.UNSET))
        if each is None and found.count((msgspec.UNSET,) * len(names)) == len(found):
            more = members({name: added[name] for name in names})
            return (with_members(record, more) for record in self._passthrough.copier()(rows))
        wanted = [added] * len(rows) if each is None else [{**added, **own} for own in each]
        return itertools.starmap(functools.partial(self._fill, names), zip(rows, found, wanted, strict=True))

    def _fill(self, names: tuple[str, ...], row: Row, found: tuple[object, ...], wanted: Fields) -> bytes:
        own = dict(zip(names, found, strict=True))
        lacking = {name: value for name, value in wanted.items() if own.get(name, False) in (None, msgspec.UNSET)}
        nulls = frozenset(name for name in lacking if own[name] is None)
        (record,) = self._passthrough.copier(nulls)((row,))
        return with_members(record, members(lacking))


def _plain(error: Exception) -> str:
    """Say what is wrong without repeating what came."""
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    return "nested too deep" if isinstance(error, RecursionError) else "not JSON in UTF-8"
