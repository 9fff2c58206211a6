"""Lists: what is read page by page, or in one piece."""

from __future__ import annotations

import abc
import itertools
from typing import TYPE_CHECKING, Any

import msgspec
from typing_extensions import override

from tap_servicetitan.api.pages import ListPage, items_of, number_of_items, read_list
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.errors import ForbiddenError, NotFoundError, StreamError
from tap_servicetitan.readers.base import Page, Reader
from tap_servicetitan.readers.repeats import OverlapFilter
from tap_servicetitan.records.records import DictRecords, dict_records
from tap_servicetitan.state.bookmarks import LIST_OVERLAP, DateBookmark, read_date_bookmark
from tap_servicetitan.state.timestamps import as_parameter, latest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.session import Session

MAX_EMPTY_PAGES = 20
"""Maximum consecutive empty pages before giving up."""

MAX_READINGS = 3
"""How often a list is read whose rows move between its pages."""

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


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

    is_incomplete = False
    """Whether rows may have been missed because they moved: then the bookmark stays, and the next run reads them."""

    def items(self, params: Mapping[str, str], values: Mapping[str, Any] | None = None) -> Iterator[bytes]:
        """Read a list from its first page to its last, in each of the row's passes: the array of each page.

        In a list that the API does not sort by id, rows move between the pages while it is read.
        There, rows that came before are left out, and a list that came short is read again.
        Numbered lines have no key to tell them by; they stand still unless their parent changes.
        """
        for params_of_pass in self.row.each_pass:
            if self._sort or self.row.page_size is None or "_line" in self.row.key:
                for page in self._in_order(dict(params) | params_of_pass | self._sort, values):
                    yield page.data
            else:
                yield from self._all_that_move(dict(params) | params_of_pass, values)

    @property
    def _sort(self) -> dict[str, str]:
        """The parameter that puts rows in an order that does not change while they are read."""
        known = stream_facts(self.row)
        if self.row.params.keys() & {"sort", "orderBy"}:
            return {name: value for name, value in self.row.params.items() if name in {"sort", "orderBy"}}
        return {"sort": known["sort"]} if "sort" in known else {}

    def _in_order(self, params: Mapping[str, str], values: Mapping[str, Any] | None) -> Iterator[ListPage]:
        number, empty, before = self.row.first_page, 0, b""
        while True:
            page = self._fetch(params, values, number)
            is_repeat = bool(before) and page.data == before and number_of_items(page.data) > 0
            if not is_repeat:
                yield page
            if not page.more:
                return
            empty = 0 if number_of_items(page.data) else empty + 1
            number, before = number + 1, page.data
            if is_repeat or empty >= MAX_EMPTY_PAGES:
                what = "a page is the same as the one before" if is_repeat else f"{empty} pages in a row have no item"
                msg = (
                    f"{self.name}: {what}, and hasMore is true; asking on never ends; "
                    "the bookmark stays where it is, report this answer to ServiceTitan"
                )
                raise StreamError(msg)

    def _all_that_move(self, params: Mapping[str, str], values: Mapping[str, Any] | None) -> Iterator[bytes]:
        seen: dict[bytes, int] = {}
        counted = {"includeTotal": "true"} if "includeTotal" in stream_facts(self.row)["parameters"] else {}
        total: int | None = None
        for _ in range(MAX_READINGS):
            before = len(seen)
            for page in self._in_order(dict(params) | counted, values):
                total = page.total
                if not page.more and not seen:
                    # One page is one moment: nothing can have moved.
                    yield page.data
                    return
                yield self._unseen(page.data, seen)
            # Where the API does not tell how many there are, a reading that brings no other row tells it.
            if len(seen) >= total if total is not None else len(seen) == before:
                return
        self.is_complete, self.is_incomplete = False, True
        self.logger.warning(
            "%s: rows moved while the list was read %d times; %d of %s came. The next run reads it again.",
            self.name,
            MAX_READINGS,
            len(seen),
            total if total is not None else "an unknown number",
        )

    def _unseen(self, data: bytes, seen: dict[bytes, int]) -> bytes:
        """Leave out the items that came before and are the same, and remember the others."""
        items = [item for item in items_of(data) if isinstance(item, dict)]
        # Not the items themselves: those are to stay as they came.
        keys = dict_records(self.row, [dict(item) for item in items], {}, itertools.count(1)).values(*self.row.key)
        return _encode([item for item, key in zip(items, keys, strict=True) if _is_unseen(item, _encode(key), seen)])

    def _fetch(self, params: Mapping[str, str], values: Mapping[str, Any] | None, number: int) -> ListPage:
        size = self.row.page_size
        paging = {"page": str(number), "pageSize": str(size)} if size else {}
        return self.fetch(dict(params) | paging, lambda body: read_list(body, self.row.records, size), values)

    def parent_pages(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Read the parents from a state of theirs on, or take their ids from the setting that lists them."""
        if self.parent is None:
            yield Page(DictRecords({"id": one} for one in self.settings.ids_listed_in(self.row.parent or "")))
            return
        try:
            yield from self.parent.read(state)
        except (ForbiddenError, NotFoundError) as error:
            # In terms of the parent, so that the scope that is missing is named.
            msg = f"{self.name}: its parents cannot be read: {error}"
            raise type(error)(msg) from None

    @property
    def may_advance(self) -> bool:
        """Whether the bookmark may move: no row was missed, neither here nor among the parents."""
        return not self.is_incomplete and (not isinstance(self.parent, PagedReader) or self.parent.may_advance)

    @property
    def known(self) -> dict[str, Any]:
        """Fields of every record that the tap knows: the tenant, where it is the key."""
        return {"tenantId": int(self.session.tenant_id)} if "tenantId" in self.row.key else {}


def _is_unseen(item: Any, key: bytes, seen: dict[bytes, int]) -> bool:  # noqa: ANN401 - any JSON value
    content = hash(_encode(item))
    is_unseen = seen.get(key) != content
    seen[key] = content
    return is_unseen


class ListReader(PagedReader):
    """A list of the tenant."""

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = read_date_bookmark(self.name, state, self.session.tenant_id)
        began = self.session.now()
        overlap = OverlapFilter(bookmark.recent)
        mark = bookmark.mark
        for data in self.items(self._since(bookmark)):
            found = self.records.make(data, self.known)
            if self.row.modified_since:
                found, mark = overlap.filtered(self, found, mark)
                self.newest = mark
            yield Page(found)
        done = bookmark if self.is_incomplete else self._finished(mark, began, overlap)
        yield Page(state=done.to_state(self.session.tenant_id, self.row.replication_key))

    def _since(self, bookmark: DateBookmark) -> dict[str, str]:
        """Ask for what changed; where nothing was read before, from the start date on if rows grow old."""
        moment = bookmark.since(self.session.now()) or (
            self.settings.start_date if self.row.start_date_applies else None
        )
        return {self.row.modified_since: as_parameter(moment)} if self.row.modified_since and moment else {}

    def _finished(self, mark: str | None, began: datetime, overlap: OverlapFilter) -> DateBookmark:
        """Give the bookmark of a list that was read to its end.

        It is never ahead of the time when reading began: what changed meanwhile may be on a page that was read before.
        """
        if self.row.modified_since is None:
            return DateBookmark()
        ceiling = as_parameter(began - LIST_OVERLAP)
        if mark is not None and latest((mark, ceiling)) == mark:
            mark = ceiling
        return DateBookmark(mark=mark, recent=overlap.remembered(mark))
