"""What a report says of itself, and whether it can be asked as the settings have it."""

from __future__ import annotations

import difflib
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from tap_servicetitan.api.pages import read_as
from tap_servicetitan.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from tap_servicetitan.json_type import Json

Value = tuple[Any, str]
"""A value that a parameter accepts, and its name."""

MOST_LISTED = 30
"""So many accepted values stand in a message; the command lists all."""

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


class _Accepted(msgspec.Struct, rename="camel"):
    dynamic_set_id: str | None = None
    values: list[list[Any]] | None = None


class Parameter(msgspec.Struct, rename="camel"):
    """What a report wants to be told."""

    name: str
    label: str | None = None
    data_type: str = "String"
    is_array: bool = False
    is_required: bool = False
    accept_values: _Accepted | None = None

    @property
    def dynamic_set(self) -> str | None:
        """The set of values that is accepted, where it has to be asked for."""
        return self.accept_values.dynamic_set_id if self.accept_values else None

    @property
    def values(self) -> list[Value]:
        """The values that are accepted, where the report lists them; none if it does not."""
        return as_values(self.accept_values.values or []) if self.accept_values else []


class Field(msgspec.Struct, rename="camel"):
    """A column of a report."""

    name: str
    label: str | None = None
    data_type: str = "String"


class Report(msgspec.Struct):
    """A report's own description."""

    name: str
    parameters: list[Parameter]
    fields: list[Field]
    description: str | None = None


_report = msgspec.json.Decoder(Report)


def read_metadata(body: bytes) -> Report:
    """Read a report's description.

    Raises:
        UnreadableBodyError: The body is not JSON.
        UnexpectedBodyError: The body is not a description.
    """
    return read_as(body, _report.decode, "the description of a report {name, parameters, fields}")


def as_values(rows: Sequence[Sequence[Any]]) -> list[Value]:
    """Read rows of a key and a name; some have no name."""
    return [(row[0], str(row[1] if len(row) > 1 else row[0])) for row in rows if row]


def checked(
    report: Report,
    given: Mapping[str, Any],
    days: Collection[str],
    accepted: Callable[[Parameter], Sequence[Value]],
) -> dict[str, Any]:
    """Give the parameters as the API takes them.

    Args:
        report: The report's own description.
        given: What the settings say.
        days: The parameters that a window's days go into.
        accepted: Lists the values that a parameter accepts; any if there are none.

    Raises:
        ReportError: A parameter is missing, not known, or not of the values that are accepted.
    """
    known = {one.name: one for one in report.parameters}
    faults = [*_unknown({**given, **dict.fromkeys(days)}, known), *_faults_of_days(given, days, known)]
    found: dict[str, Any] = {}
    for name, parameter in known.items():
        if name in given and name not in days:
            try:
                found[name] = _converted(parameter, given[name], accepted(parameter))
            except ValueError as error:
                faults.append(f"parameter {name} {error}")
        elif parameter.is_required and name not in days:
            faults.append(
                f"parameter {name} is required, and the settings do not have it{_listed(accepted(parameter))}"
            )
    if faults:
        raise ReportError("; ".join(faults))
    return found


def _unknown(given: Collection[str], known: Mapping[str, Parameter]) -> Iterator[str]:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            yield f"parameter {name} is not one of the report's{hint}; it takes {', '.join(known) or 'none'}"


def _faults_of_days(given: Mapping[str, Any], days: Collection[str], known: Mapping[str, Parameter]) -> Iterator[str]:
    for name in days:
        if name in given:
            yield f"parameter {name} is set, and the window sets it too; leave it out of the parameters"
        if name in known and known[name].data_type != "Date":
            dates = [one.name for one in known.values() if one.data_type == "Date"]
            kind = known[name].data_type
            yield f"parameter {name} of the window is a {kind}, not a Date; those are {', '.join(dates) or 'none'}"


def _converted(parameter: Parameter, given: Json, accepted: Sequence[Value]) -> Json:
    if isinstance(given, list) and not parameter.is_array:
        msg = "is a list, and the report takes a single value"
        raise ValueError(msg)
    if not parameter.is_array:
        return _one(parameter, given, accepted)
    # A single value stands for a list of one.
    return [_one(parameter, one, accepted) for one in (given if isinstance(given, list) else [given])]


def _one(parameter: Parameter, given: Json, accepted: Sequence[Value]) -> Json:
    if accepted:
        text = _text(given)
        by_key = [key for key, _ in accepted if _text(key) == text]
        # Or as the screens name it.
        by_name = [key for key, name in accepted if name.lower() == text.lower()]
        if found := by_key or by_name:
            return found[0]
        msg = f"has the value {_text(given)!r}{_listed(accepted)}"
        raise ValueError(msg)
    convert: Callable[[Any], Any] = _TYPES.get(parameter.data_type, _text)
    value = convert(given)
    if value is None:
        msg = f"has the value {_text(given)!r}, and takes a {_WANTED[parameter.data_type]}"
        raise ValueError(msg)
    return value


def _number(given: Json) -> float | int | None:
    if isinstance(given, str) and _NUMBER.fullmatch(given.strip()):
        return float(given) if "." in given else int(given)
    return given if isinstance(given, int | float) and not isinstance(given, bool) else None


def _boolean(given: Json) -> bool | None:
    return {"true": True, "false": False}.get(_text(given).strip().lower())


def _date(given: Json) -> str | None:
    try:
        return date.fromisoformat(given.strip()).isoformat()
    except (AttributeError, ValueError):
        return None


_TYPES: Mapping[str, Callable[[Any], Any]] = {"Number": _number, "Boolean": _boolean, "Date": _date}
_WANTED = {"Number": "number", "Boolean": "value true or false", "Date": "date such as 2024-01-31"}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _listed(values: Sequence[Value]) -> str:
    """Say which values are accepted, as the end of a sentence."""
    if not values:
        return ""
    shown = ", ".join(f"{_text(key)} ({name})" if name != _text(key) else name for key, name in values[:MOST_LISTED])
    rest = len(values) - MOST_LISTED
    more = f" and {rest} more, which tap-servicetitan-reports lists" if rest > 0 else ""
    return f"; accepted are {shown}{more}"
