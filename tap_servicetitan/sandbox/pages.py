"""Pages of lists: which one is requested, and the envelope that a module puts around it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.responses import HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_servicetitan.sandbox.facts import Facts

_USUAL_SIZE = 50
_LARGEST = 5_000
# Documented, or reported by public clients.
_SMALLER: Mapping[str, int] = {
    "intacct_business_unit_mappings": 500,
    "journal_entries": 500,
    "journal_entry_details": 500,
    "journal_entry_summaries": 500,
    "return_types": 500,
    "submissions": 500,
}
_FROM_ZERO = frozenset({"intacct_business_unit_mappings"})
_WITH_TOTAL = frozenset({"fleet_events", "fleet_gps"})


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, as it is requested."""

    number: int
    size: int
    first: int
    total_wanted: bool

    @property
    def begin(self) -> int:
        """How many rows stand on earlier pages."""
        return (self.number - self.first) * self.size

    @property
    def end(self) -> int:
        """How many rows stand on earlier pages and on this one."""
        return self.begin + self.size


def requested_page(facts: Facts, query: Mapping[str, str]) -> Page | None:
    """Read which page is requested; None where a list has no pages."""
    number_name, size_name = facts.row.page_parameters
    if size_name not in facts.parameters:
        return None
    first = 0 if facts.row.name in _FROM_ZERO else 1
    number = _whole_number(query, number_name, first)
    size = _whole_number(query, size_name, _USUAL_SIZE)
    if number < first or not 1 <= size <= _SMALLER.get(facts.row.name, _LARGEST):
        raise HttpError(400)
    requested = "includeTotal" in facts.parameters and query.get("includeTotal", "").lower() == "true"
    total_wanted = requested or facts.row.name in _WITH_TOTAL
    return Page(number, size, first, total_wanted)


def _whole_number(query: Mapping[str, str], name: str, usual: int) -> int:
    try:
        return int(query.get(name, usual))
    except ValueError as error:
        raise HttpError(400) from error


def envelope(facts: Facts, page: Page | None, data: Sequence[Any], *, has_more: bool, total: int) -> dict[str, Any]:
    """Put the fields around the rows that the module has, and no others."""
    known: dict[str, Any] = {
        "page": page.number if page else 1,
        "pageSize": page.size if page else max(total, 1),
        "hasMore": has_more,
        "totalCount": total if page and page.total_wanted else None,
        facts.row.records: data,
    }
    return {name: known.get(name) for name in facts.envelope}


class EmptyPages:
    """Pages without rows that a fault put between the others, so that later ones have moved on by one."""

    def __init__(self) -> None:
        """Begin with none."""
        self._at: dict[tuple[str, ...], int] = {}

    def place(self, which: tuple[str, ...], page: Page, *, empty: bool) -> tuple[int, int]:
        """Return which rows of a list stand on a page."""
        if empty:
            self._at[which] = page.number
            return page.begin, page.begin
        before = self._at.get(which)
        if before is not None and page.number <= before:
            # The list is read from its beginning, or this page is requested once more.
            del self._at[which]
        moved = page.size if before is not None and page.number > before else 0
        return page.begin - moved, page.end - moved
