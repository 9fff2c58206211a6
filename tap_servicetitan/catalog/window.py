"""How a resource is read that takes a span of time."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


def no_names() -> Any:  # noqa: ANN401 - the type of a field's default is the field's
    """Make the default of a field that maps names: a dataclass takes no mapping as it is."""
    return dataclasses.field(default_factory=lambda: MappingProxyType({}))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The spans of time that a resource is read by, one after the other."""

    start: str
    """The parameter that takes a span's start."""

    end: str
    """The parameter that takes a span's end."""

    unit: Literal["day", "month"]
    """How long a span is."""

    closed: bool = False
    """The end is the span's last second. Right for sums, of which the next midnight could count into two spans."""

    fields: Mapping[str, Literal["start", "end"]] = no_names()
    """Properties that hold the days of a span's ends: targets round a time in a key, or refuse it."""

    look_back: int = 0
    """How many spans before the bookmark are read again, because their figures still change."""

    ahead: int = 0
    """How many spans from today on are read, and none before: figures of the future have no past."""

    begins: str = "2015-01-01"
    """The day that reading begins with unless a start date is later: there can be nothing before it."""

    delay: int = 0
    """How many days old a span must be before it is read: the API does not return younger rows."""

    max_rows: int | None = None
    """The most rows that one query returns, over all its pages; a query that reaches it has to be split."""

    sparse: bool = False
    """An empty response for a long span means that all spans within it are empty and need no request."""


AD_DAYS = Window(
    start="fromUtc", end="toUtc", unit="day", closed=True, fields={"date": "start"}, look_back=7, sparse=True
)
"""The days of ad figures. Ad platforms correct theirs for some days."""

COST_MONTHS = Window(
    start="from", end="to", unit="month", closed=True, fields={"from": "start", "to": "end"}, look_back=1
)
"""The months of sums of costs."""

SESSION_MONTHS = Window(
    start="sessionCreatedOnOrAfter",
    end="sessionCreatedBefore",
    unit="month",
    fields={"sessionCreatedOnOrAfter": "start", "sessionCreatedBefore": "end"},
    look_back=1,
)
"""The months of sums over sessions; their end is the next one's beginning, as the parameter's name says."""

FLEET_DAYS = Window(start="startTime", end="endTime", unit="day", begins="2025-01-01", delay=7, max_rows=10_000)
"""The days of vehicles: at most 24 hours and 10,000 rows per query, and nothing younger than a week.

The API appeared in mid-2026. A query cannot span more than a day, so that each year without rows costs 365 of them.
"""
