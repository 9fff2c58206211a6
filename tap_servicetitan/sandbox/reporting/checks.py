"""The parameters of a report run, checked as the API does: whatever is wrong is a bad request."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.reporting.values import values
from tap_servicetitan.sandbox.responses import HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.reporting.report import Parameter, Report
    from tap_servicetitan.sandbox.world import World


def read_parameters(report: Report, body: Any, world: World, now: int) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Read the parameters in the body of a request."""
    given = _parameters(body)
    known = {one.name: one for one in report.parameters}
    if given.keys() - known.keys() or {name for name, one in known.items() if one.required} - given.keys():
        raise HttpError(400)
    for name, value in given.items():
        _check(known[name], value, world, now)
    return given


def _parameters(body: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    try:
        return {one["name"]: one["value"] for one in body["parameters"] if one.get("value") is not None}
    except (AttributeError, KeyError, TypeError) as error:
        raise HttpError(400) from error


def _check(parameter: Parameter, value: Any, world: World, now: int) -> None:  # noqa: ANN401 - any JSON value
    if isinstance(value, list) is not parameter.many:
        raise HttpError(400)
    accepted = _accepted(parameter, world, now)
    for one in value if isinstance(value, list) else [value]:
        if not _FITS[parameter.kind](one) or (accepted and one not in accepted):
            raise HttpError(400)


def _accepted(parameter: Parameter, world: World, now: int) -> list[Any]:
    listed = values(world, parameter.dynamic, now) if parameter.dynamic else parameter.values
    return [value for value, *_ in listed]


def _is_date(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


_FITS: Mapping[str, Any] = {
    "String": lambda value: isinstance(value, str),
    "Number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "Date": _is_date,
    "Time": lambda value: isinstance(value, str),
}


def days(given: Mapping[str, Any]) -> int:
    """Count the days that are requested."""
    if not {"From", "To"} <= given.keys():
        return 1
    first, last = (date.fromisoformat(given[name]) for name in ("From", "To"))
    return (last - first).days + 1
