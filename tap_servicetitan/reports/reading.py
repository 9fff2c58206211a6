"""One reading of a report, or of some of its days: page by page, with a proof that no row is missing.

Pages overlap as those of lists do, which costs no more runs. A report of one page is complete by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tap_servicetitan.api.pages import items_of
from tap_servicetitan.errors import OverloadError, StreamError
from tap_servicetitan.readers.joints import Row
from tap_servicetitan.readers.paging import Walk
from tap_servicetitan.reports.rows import Rows, places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_servicetitan.api.pages import ListPage
    from tap_servicetitan.api.report_pages import ReportPage
    from tap_servicetitan.reports.columns import Column

PAGE_SIZE = 25_000
"""Rows of a page: the most that the API gives, because each page counts as a run."""

_items = msgspec.json.Decoder(list[msgspec.Raw] | None)
_values = msgspec.json.Decoder(list[msgspec.Raw])


class _OverloadError(Exception):
    """The server failed at a page. Smaller ones would not help: it is the run of the report that takes long."""

    def __init__(self, error: OverloadError) -> None:
        super().__init__()
        self.error = error


class Reading:
    """One reading."""

    def __init__(
        self,
        who: str,
        fetch: Callable[[int, int], ReportPage],
        columns: Sequence[Column],
        key: Sequence[str],
        *,
        joins: bool,
    ) -> None:
        """Prepare to read.

        Args:
            who: Named in messages.
            fetch: Fetches the page of a number and a size.
            columns: Those of the stream.
            key: The columns of the report that tell rows apart; none if their place does.
            joins: Whether the server honours page sizes, as far as is known.
        """
        self._who, self._fetch, self._columns = who, fetch, columns
        self._key = [column for column in columns if column.name in key]
        self._names: list[str] = []
        self.is_held = not self._key
        """Whether rows come all together, once it is known whether the reading is complete."""
        self.walk = Walk(self._page, self._identify, PAGE_SIZE, joins=joins, numbered=self.is_held)

    def rows(self) -> Iterator[Rows]:
        """Give the rows of each page; those that changed while they were read come again.

        Raises:
            OverloadError: The server fails at this report.
            UnexpectedBodyError: Reading on would never end.
        """
        try:
            for data in self.walk.pages():
                yield Rows(self._names, items_of(data), self._columns)
        except _OverloadError as overload:
            raise overload.error from None

    def _page(self, number: int, size: int) -> ListPage:
        try:
            found = self._fetch(number, size)
        except OverloadError as error:
            raise _OverloadError(error) from None
        if self._names and found.names != self._names:
            msg = f"{self._who}: the report got other columns while it was read; the bookmark is unharmed: run again"
            raise StreamError(msg)
        self._names = found.names
        return found.page

    def _identify(self, data: bytes) -> list[Row]:
        wanted = [place for place in places(self._names, self._key) if place is not None]
        return [Row(_key_of(raw, wanted), hash(raw), raw) for raw in map(bytes, _items.decode(data) or ())]


def _key_of(raw: bytes, wanted: Sequence[int]) -> int:
    if not wanted:
        return hash(raw)
    values = _values.decode(raw)
    return hash(tuple(bytes(values[place]) for place in wanted))
