"""Values coerced to the type that is declared of them: a target takes what its column takes.

The rule, for a value that comes where another type is declared:

- where text is declared, the value becomes its text: a number its digits, an object or array its JSON; where the schema
  says that it may be of any type (`contentMediaType`), this is no mismatch;
- where a number is declared, a text of digits becomes the number, and a boolean does not; an integer may come as 1.0;
- where a boolean is declared, "true" and "false", 0 and 1 become the boolean;
- where a date is declared, a time becomes its date; where a time is declared, a date becomes its midnight, and a time
  in another form the usual one;
- all else becomes null. "Infinity" and "NaN" are no numbers, nor is what a double or 64 bits cannot hold.

A record whose key cannot be made to fit is left out: no target could hold it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from tap_servicetitan.state.timestamps import parse, utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_servicetitan.json_type import Json

Schema: TypeAlias = dict[str, Any]
Record: TypeAlias = dict[str, Any]

MOST_UNDECLARED = 200
"""So many fields that are not declared are named; the others are left out silently."""

_INT64 = 2**63
_DOUBLE = sys.float_info.max
_MOMENTS = {
    "date": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "date-time": re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII),
}
_DIGITS = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_write = msgspec.json.Encoder(decimal_format="number").encode


class Coercer:
    """Makes the records of a stream fit its schema, and counts what did not."""

    def __init__(self, schema: Schema) -> None:
        """Take what is declared."""
        self._schema = schema
        self.counts: Counter[str] = Counter()
        """How often a value did not fit, by field: ``a.b`` or ``items[].b``."""
        self.undeclared: set[str] = set()
        """Fields that the schema does not have; they are left out."""
        self.keyless = 0
        """How many records were left out for want of a key."""

    def coerced(self, records: Iterable[Record]) -> Iterator[Record]:
        """Give records that fit."""
        for record in records:
            found = self._members(record, self._schema, "")
            if any(found.get(name) is None for name in self._schema.get("required", ())):
                self.keyless += 1
            else:
                yield found

    def _members(self, value: Record, schema: Schema, path: str) -> Record:
        declared = schema.get("properties", {})
        if schema.get("additionalProperties"):
            return value
        unknown = [f"{path}.{name}" if path else name for name in value if name not in declared]
        # Whoever sends more of them uses values as names.
        self.undeclared.update(unknown[: max(0, MOST_UNDECLARED - len(self.undeclared))])
        return {
            name: self._value(one, declared[name], f"{path}.{name}" if path else name)
            for name, one in value.items()
            if name in declared
        }

    def _value(self, value: Json, schema: Schema, path: str) -> Json:
        if value is None:
            return None
        types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if "contentMediaType" in schema:
            # It comes as another type than it is declared with.
            made = (_text if "string" in types else _number)(value, None)
            value = value if made is None else made
        if isinstance(value, dict) and "object" in types:
            return self._members(value, schema, path)
        if isinstance(value, list) and "array" in types:
            items = schema.get("items")
            return [self._value(one, items, f"{path}[]") for one in value] if items else value
        if any(_fits(value, kind, schema.get("format")) for kind in types):
            return utc(value) if schema.get("format") == "date-time" else value
        self.counts[path] += 1
        return next((found for kind in types if (found := _made(value, kind, schema.get("format"))) is not None), None)


def _fits(value: object, kind: str, format_: str | None) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    match kind:
        case "integer":
            return isinstance(value, int) and -_INT64 <= value < _INT64
        case "number":
            return isinstance(value, int | float | Decimal) and _is_bounded(value)
        case "string":
            return isinstance(value, str) and (format_ is None or _is_moment(value, format_))
    return False


def _is_bounded(number: float | Decimal) -> bool:
    """Tell whether a number is one that a double holds."""
    if isinstance(number, Decimal) and not number.is_finite():
        return False
    return -_DOUBLE <= number <= _DOUBLE


def _is_moment(text: str, format_: str) -> bool:
    if not _MOMENTS[format_].fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _made(value: object, kind: str, format_: str | None) -> object:
    """Make a value of a type, if there is a plain way; else None."""
    make = _MAKERS.get(kind)
    return make(value, format_) if make else None


def _boolean(value: object, _: str | None) -> bool | None:
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())


def _number(value: object, _: str | None) -> Decimal | None:
    if not isinstance(value, str) or not _DIGITS.fullmatch(text := value.strip()):
        return None
    number = Decimal(text)
    return number if _is_bounded(number) else None


def _integer(value: object, _: str | None) -> int | None:
    number = value if isinstance(value, Decimal | float) else _number(value, None)
    # The bounds first: to write out 1e999999999 takes longer than anybody waits.
    if number is None or not _is_bounded(number) or not -_INT64 <= number < _INT64:
        return None
    return int(number) if number == int(number) else None


def _text(value: object, format_: str | None) -> str | None:
    if format_ is None:
        return value if isinstance(value, str) else _write(value).decode()
    if not isinstance(value, str):
        return None
    if format_ == "date-time":
        return utc(value)
    moment = parse(value)
    return moment.date().isoformat() if moment else None


_MAKERS: dict[str, Callable[[object, str | None], object]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "string": _text,
}
