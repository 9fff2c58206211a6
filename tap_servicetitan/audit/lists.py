"""Which list of the API each stream is compared with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tap_servicetitan.catalog.rows import PAGE_SIZE
from tap_servicetitan.catalog.schema import stream_facts, stream_schema
from tap_servicetitan.catalog.twins import twins
from tap_servicetitan.errors import TapError
from tap_servicetitan.readers.lists import ListReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.records.records import Record

MADE_KEYS = {"_key", "_line"}
CREATED, MODIFIED = "createdOn", "modifiedOn"


class NotAuditableError(TapError):
    """A stream cannot be compared; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AuditedList:
    """A list of the API that has the rows of a stream."""

    row: Endpoint
    """The list, as if it were a row of the table."""
    is_dated: bool
    """Whether its rows are counted by their date of creation."""
    is_stamped: bool
    """Whether its rows are counted by the time of their last change."""
    may_hide_inactive: bool
    """Whether it cannot be told to include inactive rows, and nobody knows whether it does."""
    may_hide_deleted: bool
    """Whether rows that a feed marks inactive because they were deleted need not be in it."""

    @property
    def stream(self) -> str:
        """The stream."""
        return self.row.name

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that tell one row from another, as the API has them; none where the tap makes the key."""
        return () if MADE_KEYS & {*self.row.key} else self.row.key


def audited_list(row: Endpoint) -> AuditedList:
    """Find the list to compare a stream with.

    Raises:
        NotAuditableError: There is none.
    """
    if row.kind in {"child", "window"}:
        why = {"child": "is read below each parent", "window": "has figures by span of time"}[row.kind]
        msg = f"{row.name} {why}; the API has no list that counts its rows"
        raise NotAuditableError(msg)
    columns = stream_schema(row)["properties"]
    facts = stream_facts(row)
    parameters = facts["parameters"]
    is_feed = row.kind == "export"
    if is_feed:
        twin = twins().get(row.name)
        if twin is None:
            msg = f"{row.name} is an export feed, and the API has no list that counts its rows"
            raise NotAuditableError(msg)
        parameters = twin.parameters
        row = dataclasses.replace(
            row,
            kind="list",
            path=twin.path.removeprefix(row.base),
            params={"includeTotal": "true"} | ({"sort": twin.sort} if twin.sort else {}),
            inactive=twin.inactive,
            page_size=PAGE_SIZE,
        )
        may_hide = twin.inactive is None
    else:
        row = dataclasses.replace(row, modified_since=None, start_date_applies=False)
        may_hide = False
    counts = "includeTotal" in parameters
    return AuditedList(
        row=row,
        is_dated=counts and {"createdOnOrAfter", "createdBefore"} <= {*parameters} and CREATED in columns,
        is_stamped=counts and {"modifiedOnOrAfter", "modifiedBefore"} <= {*parameters} and MODIFIED in columns,
        may_hide_inactive=may_hide,
        may_hide_deleted=is_feed,
    )


class AuditReader(ListReader):
    """Counts the rows of a list, or reads them."""

    def count(self, params: Mapping[str, str]) -> int:
        """Count the rows that some filters let through: a request for each pass of the list.

        Raises:
            NotAuditableError: The API does not say how many there are.
        """
        total = 0
        for each in self.row.each_pass:
            found = self.fetch_page(self._paged({**params, **each, **self._counted}, 1, 1), None).total
            if found is None:
                msg = f"{self.name}: the API does not say how many rows the list has"
                raise NotAuditableError(msg)
            total += found
        return total

    def rows(self, params: Mapping[str, str]) -> Iterator[Record]:
        """Read the rows that some filters let through."""
        for data in self.items(params):
            yield from self.records.make(data, self.known).dicts()
