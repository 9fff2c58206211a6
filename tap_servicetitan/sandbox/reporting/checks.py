"""What a report is told, checked as the API does: whatever is wrong is a bad request."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.answers import RefusalError
from tap_servicetitan.sandbox.reporting.figures import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.reporting.definitions import Parameter, Report
    from tap_servicetitan.sandbox.world import World


def told(report: Report, body: Any, world: World, now: int) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Read the parameters in the body of a request."""
    said = _said(body)
    known = {one.name: one for one in report.parameters}
    if said.keys() - known.keys() or {name for name, one in known.items() if one.required} - said.keys():
        raise RefusalError(400)
    for name, value in said.items():
        _check(known[name], value, world, now)
    return said


def _said(body: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    try:
        return {one["name"]: one["value"] for one in body["parameters"] if one.get("value") is not None}
    except (AttributeError, KeyError, TypeError) as error:
        raise RefusalError(400) from error


def _check(parameter: Parameter, value: Any, world: World, now: int) -> None:  # noqa: ANN401 - any JSON value
    if isinstance(value, list) is not parameter.many:
        raise RefusalError(400)
    accepted = _accepted(parameter, world, now)
    for one in value if isinstance(value, list) else [value]:
        if not _FITS[parameter.kind](one) or (accepted and one not in accepted):
            raise RefusalError(400)


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


def days(said: Mapping[str, Any]) -> int:
    """Count the days that are asked for."""
    if not {"From", "To"} <= said.keys():
        return 1
    first, last = (date.fromisoformat(said[name]) for name in ("From", "To"))
    return (last - first).days + 1
