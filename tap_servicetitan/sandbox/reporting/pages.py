"""Pages of reports and of sets of values."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.responses import HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_servicetitan.sandbox.quirks import Quirks

_MOST = 25_000


@dataclasses.dataclass(frozen=True, slots=True)
class ReportPage:
    """A page of a report, as it is requested."""

    number: int
    size: int
    requested_size: int
    total_wanted: bool

    def body(self, rows: Sequence[Any], fields: Sequence[Any], quirks: Quirks) -> dict[str, Any]:
        """Return the rows of the page, with the fields around them."""
        begin, end = (self.number - 1) * self.size, self.number * self.size
        rows = quirks.arranged(rows)
        around = {
            "page": self.number,
            "pageSize": self.size,
            "hasMore": end < len(rows),
            "totalCount": len(rows) if self.total_wanted else None,
        }
        return quirks.envelope(around, len(rows), self.requested_size) | {"data": rows[begin:end], "fields": fields}


def requested_report_page(query: Mapping[str, str], usual: int, quirks: Quirks) -> ReportPage:
    """Read which page of a report is requested."""
    query = quirks.query(query)
    try:
        number, size = int(query.get("page", 1)), int(query.get("pageSize", usual))
    except ValueError as error:
        raise HttpError(400) from error
    if number < 1 or not 1 <= size <= _MOST:
        raise HttpError(400)
    is_counted = query.get("includeTotal", "").lower() == "true"
    return ReportPage(number, min(size, quirks.page_cap or size), size, is_counted)
