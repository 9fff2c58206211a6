"""Servers that do not keep to the documents: quirks of lists that last until they are cleared."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING, Any, TypeVar

from tap_servicetitan.sandbox.clock import SECOND
from tap_servicetitan.sandbox.options import made_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_servicetitan.sandbox.pages import Page
    from tap_servicetitan.sandbox.world import Row

T = TypeVar("T")

# So many rows have one whose changes are shown late.
_LATE_ONCE_IN = 3


@dataclasses.dataclass(slots=True, kw_only=True)
class Quirks:
    """How the lists, windows and reports of one stream, or of all, differ from the documents."""

    ignores: Sequence[str] = ()
    """Parameters that change nothing: ``sort``, ``page``, ``pageSize``, ``modifiedOnOrAfter``, ``includeTotal``…"""
    page_cap: int | None = None
    """A page has at most so many rows, whatever ``pageSize`` says, and the next one begins behind them."""
    row_limit: int | None = None
    """A query of positions has at most so many rows over all its pages, in place of the documented number."""
    echoes_requested: bool = False
    """The ``pageSize`` of a response is the requested one, not the one that was used."""
    shuffled: bool = False
    """Rows come in another order with each request."""
    reverse: bool = False
    """Rows come in the opposite order."""
    total_offset: int = 0
    """What ``totalCount`` is too high by; a negative number makes it too low."""
    total_always: bool = False
    """``totalCount`` is there without being requested."""
    without: Sequence[str] = ()
    """Fields of the envelope that are missing: ``hasMore``, ``totalCount``, ``pageSize``…"""
    late: float = 0.0
    """Seconds until a list shows the changes of every third row, whose stamps are then old already."""

    def query(self, query: Mapping[str, str]) -> dict[str, str]:
        """Drop the parameters that the server ignores."""
        return {name: value for name, value in query.items() if name not in self.ignores}

    def page(self, page: Page | None) -> Page | None:
        """Cut the size of a page."""
        if page is None or self.page_cap is None:
            return page
        return dataclasses.replace(page, size=min(page.size, self.page_cap))

    def arranged(self, rows: Sequence[T]) -> list[T]:
        """Put rows into another order."""
        if self.shuffled:
            return random.sample(list(rows), len(rows))
        return list(reversed(rows)) if self.reverse else list(rows)

    def visible(self, rows: Sequence[Row], now: int) -> list[Row]:
        """Take back the changes that the list does not show yet."""
        if not self.late:
            return list(rows)
        return [one for row in rows if (one := self._seen(row, now)) is not None]

    def _seen(self, row: Row, now: int) -> Row | None:
        if row.seed % _LATE_ONCE_IN:
            return row
        steps = [(at, changes) for at, changes in row.steps if at <= now - round(self.late * SECOND)]
        return dataclasses.replace(row, steps=steps) if steps else None

    def envelope(self, body: Mapping[str, Any], total: int, requested: int | None) -> dict[str, Any]:
        """Change the fields around the rows."""
        changed = dict(body)
        if self.total_always or (self.total_offset and body.get("totalCount") is not None):
            changed["totalCount"] = total + self.total_offset
        if self.echoes_requested and "pageSize" in changed:
            changed["pageSize"] = requested
        return {name: value for name, value in changed.items() if name not in self.without}


class AllQuirks:
    """The quirks of each stream; where a stream has none of its own, those for all streams."""

    def __init__(self) -> None:
        """Begin with a server that keeps to the documents."""
        self._known: dict[str | None, Quirks] = {}

    def set(self, stream: str | None = None, **options: Any) -> None:  # noqa: ANN401 - quirks as JSON
        """Set the quirks of a stream, in place of those it had."""
        self._known[stream] = made_of(Quirks, options)

    def of(self, stream: str) -> Quirks:
        """Return the quirks that a stream has."""
        return self._known.get(stream) or self._known.get(None) or Quirks()

    def listed(self) -> list[dict[str, Any]]:
        """List all quirks."""
        return [{"stream": stream} | dataclasses.asdict(quirks) for stream, quirks in self._known.items()]

    def clear(self, stream: str | None = None) -> None:
        """Keep to the documents again, for a stream or for all."""
        if stream is None:
            self._known.clear()
        self._known.pop(stream, None)
