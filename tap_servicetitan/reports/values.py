"""Values of a report, each turned into one of its column's type without losing anything of it."""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tap_servicetitan.errors import TypeMismatchError
from tap_servicetitan.state.timestamps import parse, utc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_servicetitan.json_type import Json

Kind = Literal["number", "boolean", "date", "time", "text"]

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_MIDNIGHT = re.compile(r"\d{4}-\d\d-\d\d([T ]00:00(:00(\.0+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


def as_text(value: Json) -> str | None:
    """Write any value as text; null stays null."""
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.Encoder(decimal_format="number").encode(value).decode()


def _empty_is_null(fit: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(fit)
    def fitted(value: Json) -> Json:
        return None if value is None or value == "" else fit(value)

    return fitted


@_empty_is_null
def _as_number(value: Json) -> Json:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        # Not of a text such as 00123: its zeros would be lost.
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        raise TypeMismatchError
    return value


@_empty_is_null
def _as_boolean(value: Json) -> bool:
    found = value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower())
    if found is None:
        raise TypeMismatchError
    return found


@_empty_is_null
def _as_date(value: Json) -> str | None:
    """Take the day, which the API writes as a midnight of the tenant."""
    if not isinstance(value, str) or not _MIDNIGHT.fullmatch(value) or parse(value) is None:
        raise TypeMismatchError
    return None if value.startswith("0001-01-01") else value[: len("2026-11-28")]


@_empty_is_null
def _as_time(value: Json) -> str | None:
    if not isinstance(value, str) or not _DATE.fullmatch(value) or parse(value) is None:
        raise TypeMismatchError
    return utc(value)


FITS: Mapping[Kind, Callable[[Any], Any]] = {
    "number": _as_number,
    "boolean": _as_boolean,
    "date": _as_date,
    "time": _as_time,
    "text": as_text,
}
"""What turns a value into one of each type, or raises a misfit."""
