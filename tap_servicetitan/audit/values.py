"""Values of the API and of a warehouse, in one form, so that they can be compared."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tap_servicetitan.audit.lists import CREATED, MODIFIED
from tap_servicetitan.audit.tables import as_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Row = dict[str, Any]

DATES = {CREATED, MODIFIED}
"""Fields that are times, also where they are part of a key."""


def key_of(row: Mapping[str, Any], key: Iterable[str]) -> tuple[str, ...]:
    """Give the key of a row; as texts, for a warehouse may hold a number as a text, and a text as a time."""
    return tuple(str(as_moment(row[name]) if name in DATES else row[name]) for name in key)


def differing(of_api: Mapping[str, Any], of_warehouse: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Name the fields that both have, and that differ."""
    shared = of_api.keys() & of_warehouse.keys() & schema.keys()
    return sorted(name for name in shared if not _equal(of_api[name], of_warehouse[name], schema[name]))


def _equal(left: object, right: object, schema: Mapping[str, Any]) -> bool:
    return _plain(left, schema) == _plain(right, schema)


def _plain(value: Any, schema: Mapping[str, Any]) -> object:  # noqa: ANN401 - any value of a database
    """Write a value in the form that all databases agree on."""
    if value is None:
        return None
    kind = schema.get("format") or schema["type"][0]
    return _FORMS.get(kind, _text)(value)


def _text(value: object) -> str:
    # Most databases refuse it in a text.
    return str(value).replace("\0", "")


def _date(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)[:10]


def _boolean(value: object) -> bool:
    return str(value).lower() in {"true", "1", "t"}


def _number(value: object) -> object:
    # As a double: that is what most warehouses make of a number.
    try:
        return float(str(value))
    except ValueError:
        return str(value)


def _structure(value: Any) -> object:  # noqa: ANN401 - any JSON value
    """Write what is nested without what databases change: the kinds of numbers, and the order of fields."""
    match value:
        case dict():
            return {name: _structure(one) for name, one in value.items() if one is not None}
        case list():
            return [_structure(one) for one in value]
        case bool() | None:
            return value
        case int() | float() | Decimal():
            return float(value)
    return _text(value)


def _nested(value: object) -> object:
    return _structure(json.loads(value) if isinstance(value, str) else value)


_FORMS: Mapping[str, Callable[[Any], object]] = {
    "date-time": as_moment,
    "date": _date,
    "number": _number,
    "integer": _number,
    "boolean": _boolean,
    "object": _nested,
    "array": _nested,
}
