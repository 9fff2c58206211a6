"""Lists: what is read page by page, or in one piece."""

from __future__ import annotations

import abc
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_servicetitan.api.pages import ListPage, read_list
from tap_servicetitan.catalog.endpoint import BODY
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.errors import EndlessFeedError, ForbiddenError, NotFoundError, OverloadError, StreamError
from tap_servicetitan.readers.base import Page, Reader
from tap_servicetitan.readers.bodies import read_record
from tap_servicetitan.readers.identity import identifier
from tap_servicetitan.readers.paging import SMALLEST_PAGE, Walk
from tap_servicetitan.readers.repeats import OverlapFilter
from tap_servicetitan.records.records import DictRecords
from tap_servicetitan.state.bookmarks import LIST_OVERLAP, DateBookmark, read_date_bookmark
from tap_servicetitan.state.timestamps import as_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.session import Session

TRIES_OF_A_SIZE = 3
"""How often a page may fail before it is tried whether a smaller one comes."""


class PagedReader(Reader, abc.ABC):
    """Reads an endpoint by page numbers, or in one piece."""

    def __init__(self, session: Session, row: Endpoint, records: RecordFactory, parent: Reader | None = None) -> None:
        """Prepare to read.

        Args:
            session: The tenant.
            row: The endpoint.
            records: Makes its records.
            parent: Reads the rows that fill the placeholders; None if a setting lists them, or there are none.
        """
        super().__init__(session, row, records)
        self.parent = parent
        self._identify = identifier(row)
        self._size = row.page_size or 0
        self._joins = True

    is_incomplete = False
    """Whether rows may have been missed because they moved: then the bookmark stays, and the next run reads them."""

    def items(self, params: Mapping[str, object], values: Mapping[str, Any] | None = None) -> Iterator[bytes]:
        """Read a list from its first page to its last, in each of the row's passes: the array of each page.

        Rows that came before in the same pass, and did not change, are left out.
        """
        for params_of_pass in self.row.each_pass:
            if self.row.page_size is None:
                yield self.fetch_page(dict(params) | params_of_pass, values).data
            else:
                yield from self._walk(dict(params) | params_of_pass | self._sort | self._counted, values)

    def _walk(self, params: Mapping[str, object], values: Mapping[str, Any] | None) -> Iterator[bytes]:
        walk = Walk(
            lambda number, size: self._fetch_sized(params, values, number, size),
            self._identify,
            self._size,
            joins=self._joins,
            numbered="_line" in self.row.key,
        )
        try:
            yield from walk.pages()
        except EndlessFeedError as error:
            msg = f"{self.name}: {error}; the bookmark stays where it is, report this answer to ServiceTitan"
            raise StreamError(msg) from None
        if walk.size < self._size:
            self.logger.warning(
                "%s: pages of %d rows fail; for the rest of this run they have %d", self.name, self._size, walk.size
            )
        self._size, self._joins = walk.size, walk.joins
        if not walk.is_complete:
            self.is_complete, self.is_incomplete = False, True
            self.logger.warning(
                "%s: it cannot be proven that all rows of the list came: rows move while it is read, or the API counts "
                "others than it sends (%d came, it counts %s). The bookmark stays, and the next run reads it again.",
                self.name,
                walk.read,
                "none" if walk.total is None else walk.total,
            )

    @property
    def _sort(self) -> dict[str, str]:
        """The parameter that puts rows in an order that does not change while they are read."""
        known = stream_facts(self.row)
        if self.row.params.keys() & {"sort", "orderBy"}:
            return {name: value for name, value in self.row.params.items() if name in {"sort", "orderBy"}}
        return {"sort": known["sort"]} if "sort" in known else {}

    @property
    def _counted(self) -> dict[str, str]:
        """The parameter that makes the API count the rows."""
        return {"includeTotal": "true"} if "includeTotal" in stream_facts(self.row)["parameters"] else {}

    def _fetch_sized(
        self, params: Mapping[str, object], values: Mapping[str, Any] | None, number: int, size: int
    ) -> ListPage:
        """Fetch a page; where it keeps failing, find out whether its size is the reason.

        Raises:
            OverloadError: It is: smaller pages come.
        """
        wanted = self._paged(params, number, size)
        if size <= SMALLEST_PAGE:
            return self.fetch_page(wanted, values)
        try:
            return self.fetch_page(wanted, values, TRIES_OF_A_SIZE)
        except OverloadError:
            # With all retries, until the server is up again.
            self.fetch_page(self._paged(params, 1, SMALLEST_PAGE), values)
        return self.fetch_page(wanted, values, TRIES_OF_A_SIZE)

    def _paged(self, params: Mapping[str, object], number: int, size: int) -> dict[str, object]:
        number_name, size_name = self.row.page_parameters
        return dict(params) | {number_name: number - 1 + self.row.first_page, size_name: size}

    def fetch_page(
        self, params: Mapping[str, object], values: Mapping[str, Any] | None, max_server_errors: int | None = None
    ) -> ListPage:
        """Fetch a page of what the path's placeholders stand for, if there are any."""
        return self.fetch(params, self._read, values, max_server_errors)

    def _read(self, body: bytes) -> ListPage:
        if self.row.records == BODY:
            return read_record(body, self.row, self.records.warn_of_loss)
        return read_list(body, self.row.records, self.row.page_size, self.records.warn_of_loss)

    def parent_pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Read the parents from a state of theirs on, or take their ids from the setting that lists them."""
        if self.parent is None:
            yield Page(DictRecords({"id": one} for one in self.listed_parents))
            return
        try:
            yield from self.parent.read(state)
        except (ForbiddenError, NotFoundError) as error:
            # In terms of the parent, so that the scope that is missing is named.
            msg = f"{self.name}: its parents cannot be read: {error}"
            raise type(error)(msg) from None

    @property
    def listed_parents(self) -> tuple[str, ...]:
        """The ids of the parents, where a setting lists them."""
        return self.settings.ids_listed_in(self.row.parent or "") if self.parent is None else ()

    @property
    def may_advance(self) -> bool:
        """Whether the bookmark may move: no row was missed, neither here nor among the parents."""
        return not self.is_incomplete and (not isinstance(self.parent, PagedReader) or self.parent.may_advance)

    @property
    def known(self) -> dict[str, Any]:
        """Fields of every record that the tap knows: the tenant, where it is the key."""
        return {"tenantId": int(self.session.tenant_id)} if "tenantId" in self.row.key else {}


class ListReader(PagedReader):
    """A list of the tenant."""

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = read_date_bookmark(self.name, state, self.session.tenant_id)
        began = self.session.now()
        reach = timedelta(hours=self.settings.list_overlap_hours)
        overlap = OverlapFilter(bookmark.recent, as_parameter(began), reach)
        for data in self.items(self._since(bookmark)):
            began = min(began, self.session.now())
            overlap.began = as_parameter(began)
            found = self.records.make(data, self.known)
            if self.row.modified_since:
                found, self.newest = overlap.filtered(self, found, self.newest)
            yield Page(found)
        # Only a response tells the API's time; until then it was this machine's, which may be ahead.
        began = min(began, self.session.now())
        done = bookmark if self.is_incomplete else self._finished(began, reach, overlap, bookmark)
        yield Page(state=done.to_state(self.session.tenant_id, self.row.replication_key))

    def _since(self, bookmark: DateBookmark) -> dict[str, str]:
        """Ask for what changed; where nothing was read before, from the start date on if rows grow old."""
        moment = bookmark.since(self.session.now()) or (
            self.settings.start_date if self.row.start_date_applies else None
        )
        return {self.row.modified_since: as_parameter(moment)} if self.row.modified_since and moment else {}

    def _finished(
        self, began: datetime, reach: timedelta, overlap: OverlapFilter, before: DateBookmark
    ) -> DateBookmark:
        """Give the bookmark of a list that was read to its end.

        It is the time when reading began, less the overlap: what is changed meanwhile may be on a page that was read
        before, and a change may show late. That the newest row is older says nothing of such changes.
        """
        if self.row.modified_since is None:
            return DateBookmark()
        first = self.settings.start_parameter if self.row.start_date_applies else None
        start = before.start_date if before.mark else first
        # The bookmark's own reading goes back by LIST_OVERLAP.
        mark = as_parameter(began - max(reach - LIST_OVERLAP, timedelta()))
        return DateBookmark(mark=mark, start_date=start, recent=overlap.remembered(mark))
