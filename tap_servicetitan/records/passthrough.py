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
from datetime import UTC, date, datetime
from decimal import Decimal
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

Schema: TypeAlias = dict[str, Any]
Row: TypeAlias = bytes | msgspec.Raw
Fields: TypeAlias = "Mapping[str, object]"
Selects: TypeAlias = "Callable[[tuple[str, ...]], bool]"
Type: TypeAlias = Any
"""A type made at run time, which no annotation can name."""

MOST_UNDECLARED = 200
"""So many fields that are not declared are learned: whoever sends more of them uses values as names."""

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_SCALARS: dict[str, Type] = {"boolean": bool, "integer": _Int64, "number": float, "string": str}
_DATES: dict[str, Type] = {"date": date, "date-time": datetime}

_split = msgspec.json.Decoder(list[msgspec.Raw] | None)
# Only names are looked at, so a number may have any form.
_look = msgspec.json.Decoder(object, float_hook=str)
_encode = msgspec.json.Encoder(decimal_format="number").encode


class MisfitError(Exception):
    """A page, or the schema itself, is not of the plain kind; the SDK's path takes what comes.

    The message names the field and what was wanted, never a value.
    """


class Direct:
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
            MisfitError: The schema is one for the SDK's path alone.
        """
        self._stream = stream
        self.stamp = stamp
        self._root = _object(schema, stream, is_selected, required=required)
        self._undeclared: set[str] = set()
        self._unreported: set[str] = set()
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
            MisfitError: The page is one for the SDK's path.
        """
        try:
            rows = data if isinstance(data, list) else _split.decode(_compact(bytes(data))) or []
            try:
                moments = self._check_all(rows)
            except msgspec.ValidationError:
                if not self._learn(rows):
                    raise
                moments = self._check_all(rows)
        # Those of msgspec are ValueErrors too.
        except (ValueError, RecursionError) as error:
            msg = f"{self._stream}: {_plain(error)}"
            raise MisfitError(msg) from None
        undeclared, self._unreported = frozenset(self._unreported), set()
        return Rows(self, rows, undeclared, moments)

    def _check_all(self, rows: Iterable[Row]) -> list[object]:
        """Check the rows, and give what is in the field of the stamp."""
        # One by one: the memory of a row serves the next, which takes half the time of all at once.
        checked = map(self._check, rows)
        return list(map(self._moment, checked)) if self._moment else list(deque(checked, maxlen=0))

    def _learn(self, rows: Iterable[Row]) -> bool:
        """Look for fields that are not declared, to pass over them from now on; False if there is nothing to learn."""
        found = {path: (owner, name) for row in rows for path, owner, name in self._root.undeclared(_look.decode(row))}
        known = self._undeclared | found.keys()
        if len(known) > MOST_UNDECLARED or not all(_is_plain(name) for _, name in found.values()):
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
        decode = msgspec.json.Decoder(kept).decode
        return lambda rows: map(_encode, map(decode, rows))

    def frame(self, time_extracted: datetime, version: int | None) -> tuple[bytes, bytes]:
        """Make what stands before and after the record in a line."""
        head = _encode({"type": "RECORD", "stream": self._stream, "record": 0})
        tail = ({} if version is None else {"version": version}) | {"time_extracted": time_extracted.astimezone(UTC)}
        return head.removesuffix(b"0}"), b"," + _members(tail) + b"}\n"


class Rows:
    """The rows of a page, checked."""

    def __init__(
        self, direct: Direct, raw: list[msgspec.Raw], undeclared: frozenset[str], moments: list[object]
    ) -> None:
        """Hold rows that were checked."""
        self._direct = direct
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
        found = _read(self.raw, tops)
        if tops == names:
            return list(found)
        places = [(tops.index(top), rest) for top, *rest in paths]
        return [tuple(functools.reduce(_inner, rest, row[at]) for at, rest in places) for row in found]

    def newest(self, name: str) -> list[str | None]:
        """Read a stamp of the rows that may be the newest: of those that are in the same microsecond, if that shows."""
        times = [one for one in self._moments if isinstance(one, datetime)] if name == self._direct.stamp else []
        try:
            last = max(times, default=None)
        except TypeError:
            # Some name their zone, and some do not.
            last = None
        if last is None:
            return self.texts(name)
        rows = [raw for raw, one in zip(self.raw, self._moments, strict=True) if one == last]
        return [value for (value,) in _read(rows, (name,))]

    def texts(self, name: str) -> list[str | None]:
        """Read one field of each row; None where it is no text."""
        return [value if isinstance(value, str) else None for (value,) in _read(self.raw, (name,))]

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
        records = self._direct.copier()(rows) if plain else self._filled(rows, added or {}, each)
        head, tail = self._direct.frame(time_extracted, version)
        return b"".join((head, (tail + head).join(records), tail))

    def _filled(self, rows: Sequence[Row], added: Fields, each: Sequence[Fields] | None) -> Iterator[Row]:
        names = tuple(filter(self._direct.has, dict.fromkeys(itertools.chain(added, *(each or ())))))
        found = list(_read(rows, names, msgspec.UNSET))
        if each is None and found.count((msgspec.UNSET,) * len(names)) == len(found):
            more = _members({name: added[name] for name in names})
            return (_with(record, more) for record in self._direct.copier()(rows))
        wanted = [added] * len(rows) if each is None else [{**added, **own} for own in each]
        return itertools.starmap(functools.partial(self._fill, names), zip(rows, found, wanted, strict=True))

    def _fill(self, names: tuple[str, ...], row: Row, found: tuple[object, ...], wanted: Fields) -> bytes:
        own = dict(zip(names, found, strict=True))
        lacking = {name: value for name, value in wanted.items() if own.get(name, False) in (None, msgspec.UNSET)}
        nulls = frozenset(name for name in lacking if own[name] is None)
        (record,) = self._direct.copier(nulls)((row,))
        return _with(record, _members(lacking))


class _Value:
    """What is declared of a value; of this one, that it is passed on as it came."""

    def __init__(self, kind: Type) -> None:
        """Hold the type that checks the value."""
        self.kind = kind

    def strict(self) -> Type:
        """Make the type that checks the value."""
        return self.kind

    def kept(self) -> Type:
        """Make the type that copies what records have of the value: raw bytes where they have all of it."""
        return msgspec.Raw

    def undeclared(self, value: object, path: str = "") -> Iterator[tuple[str, _Object, str]]:
        """Find the fields of a value that are not declared: their paths, where they lack, their names."""
        del value, path
        yield from ()


class _Array(_Value):
    """An array whose items may hold what records have not."""

    def __init__(self, item: _Value) -> None:
        """Hold what is declared of the items."""
        self.item = item

    def strict(self) -> Type:
        return GenericAlias(list, (self.item.strict() | None,))

    def kept(self) -> Type:
        kept = self.item.kept()
        return kept if kept is msgspec.Raw else GenericAlias(list, (kept | None,))

    def undeclared(self, value: object, path: str = "") -> Iterator[tuple[str, _Object, str]]:
        for item in value if isinstance(value, list) else ():
            yield from self.item.undeclared(item, f"{path}[]")


class _Object(_Value):
    """An object, of whose fields records may have but some."""

    def __init__(self, fields: dict[str, _Value], dropped: set[str], required: Collection[str]) -> None:
        """Hold what is declared of the fields."""
        self.fields = fields
        self.dropped = dropped
        """What may come, and is left out."""
        self.required = required

    def strict(self) -> Type:
        types = {name: one.strict() for name, one in self.fields.items()}
        wanted = [(name, kind) if name in self.required else (name, kind | None, None) for name, kind in types.items()]
        return _struct(*wanted, *((name, object, None) for name in sorted(self.dropped)), forbid_unknown_fields=True)

    def kept(self, without: frozenset[str] = frozenset()) -> Type:
        types = {name: one.kept() for name, one in self.fields.items() if name not in without}
        if not self.dropped and not without and all(kind is msgspec.Raw for kind in types.values()):
            return msgspec.Raw
        # Raw bytes may be those of a null.
        nullable = {name: kind if kind is msgspec.Raw else kind | None for name, kind in types.items()}
        return _struct(*((name, kind | msgspec.UnsetType, msgspec.UNSET) for name, kind in nullable.items()))

    def undeclared(self, value: object, path: str = "") -> Iterator[tuple[str, _Object, str]]:
        for name, inner in value.items() if isinstance(value, dict) else ():
            place = f"{path}.{name}" if path else name
            if name in self.fields:
                yield from self.fields[name].undeclared(inner, place)
            elif name not in self.dropped:
                yield place, self, name


def _object(
    schema: Schema,
    path: str,
    is_selected: Selects,
    breadcrumb: tuple[str, ...] = (),
    required: Collection[str] = (),
) -> _Object:
    if schema.get("additionalProperties"):
        raise _unfit(path, "takes fields beside those that are declared")
    crumbs = {name: (*breadcrumb, "properties", name) for name in schema["properties"]}
    selected = [name for name, crumb in crumbs.items() if is_selected(crumb)]
    fields = {
        name: _value(schema["properties"][name], f"{path}.{name}", is_selected, crumbs[name]) for name in selected
    }
    return _Object(fields, crumbs.keys() - fields.keys(), required)


def _value(schema: Schema, path: str, is_selected: Selects, breadcrumb: tuple[str, ...]) -> _Value:
    types = [one for one in _as_list(schema.get("type", ())) if one != "null"]
    if types == ["object"]:
        if schema.get("properties") or ("properties" in schema and not schema.get("additionalProperties")):
            return _object(schema, path, is_selected, breadcrumb)
        return _Value(dict[str, object])
    if types == ["array"]:
        return _array(schema.get("items", {}), path)
    if not types or not _SCALARS.keys() >= set(types):
        raise _unfit(path, f"is declared as {schema.get('type')!r}")
    dates = {"string": _DATES.get(schema.get("format", ""), str)}
    return _Value(functools.reduce(operator.or_, ((_SCALARS | dates)[one] for one in types)))


def _array(items: Schema, path: str) -> _Value:
    """The SDK takes fields out of objects in an array, but only undeclared ones, and not out of arrays in an array."""
    if not items or "array" in _as_list(items.get("type", ())):
        return _Value(list[object])
    return _Array(_value(items, f"{path}[]", lambda _: True, ()))


def _as_list(types: Any) -> list[str]:  # noqa: ANN401 - a text or a list of them
    return [types] if isinstance(types, str) else list(types)


def _unfit(path: str, reason: str) -> MisfitError:
    return MisfitError(f"{path}: {reason}, which only the SDK's path knows how to take")


def _is_plain(name: str) -> bool:
    """Tell whether a name is written without escapes, as the types made here need it."""
    return _encode(name)[1:-1] == name.encode()


def _struct(*fields: tuple[Any, ...], forbid_unknown_fields: bool = False) -> type[msgspec.Struct]:
    """Make a type for JSON objects; their names need not be names in Python."""
    names = [f"f{number}" for number in range(len(fields))]
    return msgspec.defstruct(
        "Fields",
        [(own, *rest) for own, (_, *rest) in zip(names, fields, strict=True)],
        rename={own: name for own, (name, *_) in zip(names, fields, strict=True)},
        forbid_unknown_fields=forbid_unknown_fields,
        kw_only=True,
        # JSON has no cycles.
        gc=False,
    )


@functools.lru_cache(maxsize=1_000)
def _reader(names: tuple[str, ...], missing: object) -> Callable[[Row], msgspec.Struct]:
    kind = _struct(*((name, object, missing) for name in names))
    return msgspec.json.Decoder(kind, float_hook=Decimal).decode


def _read(rows: Iterable[Row], names: tuple[str, ...], missing: object = None) -> Iterator[tuple[Any, ...]]:
    return map(msgspec.structs.astuple, map(_reader(names, missing), rows))


def _inner(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _compact(data: bytes) -> bytes:
    """Write JSON on one line."""
    return msgspec.json.format(data, indent=-1) if b"\n" in data or b"\r" in data else data


def _members(fields: Fields) -> bytes:
    """Write what stands between the braces of an object."""
    return _encode(fields)[1:-1]


def _with(record: Row, members: bytes) -> bytes:
    """Add members to a record, at its end."""
    begun = bytes(record)[:-1].rstrip()
    return b"".join((begun, b"," if members and begun != b"{" else b"", members, b"}"))


def _plain(error: Exception) -> str:
    """Say what is wrong without repeating what came."""
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    return "nested too deep" if isinstance(error, RecursionError) else "not JSON in UTF-8"
