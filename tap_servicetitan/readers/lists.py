"""Lists: what is read page by page, or in one piece."""

from __future__ import annotations

import abc
import functools
import itertools
from typing import TYPE_CHECKING, Any

import msgspec
from typing_extensions import override

from tap_servicetitan.api.client import ForbiddenError, NotFoundError
from tap_servicetitan.api.pages import ListPage, items_of, number_of_items, read_list
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.records.records import DictRecords, dict_records
from tap_servicetitan.state.bookmarks import LIST_OVERLAP, DateBookmark, date_from_state
from tap_servicetitan.state.dedup import Recent
from tap_servicetitan.state.timestamps import as_parameter, latest, minus, sortable
from tap_servicetitan.sync.stream import Page, ServiceTitanStream, StreamError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tap_servicetitan.records.records import Records

MOST_EMPTY_PAGES = 20
"""So many pages without an item, one after the other, are taken for a list that never ends."""

MOST_READINGS = 3
"""How often a list is read whose rows move between its pages."""

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


class ListedStream(ServiceTitanStream, abc.ABC):
    """A stream whose endpoint is read by page numbers, or in one piece."""

    came_short = False
    """Whether rows may have been missed because they moved: then the bookmark stays, and the next run reads them."""

    def items(self, params: Mapping[str, str], values: Mapping[str, Any] | None = None) -> Iterator[bytes]:
        """Read a list from its first page to its last, in each of the row's passes: the array of each page.

        In a list that the API does not sort by id, rows move between the pages while it is read.
        There, rows that came before are left out, and a list that came short is read again.
        Numbered lines have no key to tell them by; they stand still unless their parent changes.
        """
        for asked in self.row.each_pass:
            if self._sort or self.row.page_size is None or "_line" in self.row.key:
                for page in self._in_order(dict(params) | asked | self._sort, values):
                    yield page.data
            else:
                yield from self._all_that_move(dict(params) | asked, values)

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
            page = self._ask(params, values, number)
            is_repeat = bool(before) and page.data == before and number_of_items(page.data) > 0
            if not is_repeat:
                yield page
            if not page.more:
                return
            empty = 0 if number_of_items(page.data) else empty + 1
            number, before = number + 1, page.data
            if is_repeat or empty >= MOST_EMPTY_PAGES:
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
        for _ in range(MOST_READINGS):
            before = len(seen)
            for page in self._in_order(dict(params) | counted, values):
                total = page.total
                if not page.more and not seen:
                    # One page is one moment: nothing can have moved.
                    yield page.data
                    return
                yield self._news(page.data, seen)
            # Where the API does not tell how many there are, a reading that brings no other row tells it.
            if len(seen) >= total if total is not None else len(seen) == before:
                return
        self.is_complete, self.came_short = False, True
        self.logger.warning(
            "%s: rows moved while the list was read %d times; %d of %s came. The next run reads it again.",
            self.name,
            MOST_READINGS,
            len(seen),
            total if total is not None else "an unknown number",
        )

    def _news(self, data: bytes, seen: dict[bytes, int]) -> bytes:
        """Leave out the items that came before and are the same, and remember the others."""
        items = [item for item in items_of(data) if isinstance(item, dict)]
        # Not the items themselves: those are to stay as they came.
        keys = dict_records(self.row, [dict(item) for item in items], {}, itertools.count(1)).values(*self.row.key)
        return _encode([item for item, key in zip(items, keys, strict=True) if _is_news(item, _encode(key), seen)])

    def _ask(self, params: Mapping[str, str], values: Mapping[str, Any] | None, number: int) -> ListPage:
        size = self.row.page_size
        paging = {"page": str(number), "pageSize": str(size)} if size else {}
        return self.ask(dict(params) | paging, lambda body: read_list(body, self.row.records, size), values)

    @functools.cached_property
    def parent(self) -> ServiceTitanStream | None:
        """The stream whose records fill the placeholders; None if a setting lists them, or there are none.

        It is one of its own: the tap's may be read at the same time, for its own sake or another child's.
        """
        found = self._tap.streams.get(self.row.parent or "")
        if not isinstance(found, ServiceTitanStream):
            return None
        own = type(found)(self._tap)
        own.for_children = True
        return own

    def parent_records(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Read the parents on from a state of theirs, or take their ids from the setting that lists them."""
        if self.parent is None:
            yield Page(DictRecords({"id": one} for one in self.config.get(self.row.parent or "") or ()))
            return
        try:
            yield from self.parent.read(state)
        except (ForbiddenError, NotFoundError) as error:
            # Told in terms of the parent, so that the scope that is missing is named.
            msg = f"{self.name}: its parents cannot be read: {error}"
            raise type(error)(msg) from None

    @property
    def may_go_on(self) -> bool:
        """Whether the bookmark may move: no row was missed, neither here nor among the parents."""
        return not self.came_short and (not isinstance(self.parent, ListedStream) or self.parent.may_go_on)

    @property
    def known(self) -> dict[str, Any]:
        """Fields of every record that the tap knows: the tenant, where it is the key."""
        return {"tenantId": int(self._tap.tenant_id)} if "tenantId" in self.row.key else {}

    def stamps(self, found: Records) -> list[str | None]:
        """Tell when each record changed; where that is null, when it was made."""
        changed = found.texts(self.row.replication_key or "")
        if None not in changed:
            return changed
        return [one or made for one, made in zip(changed, found.texts("createdOn"), strict=True)]


def _is_news(item: Any, key: bytes, seen: dict[bytes, int]) -> bool:  # noqa: ANN401 - any JSON value
    content = hash(_encode(item))
    is_news = seen.get(key) != content
    seen[key] = content
    return is_news


class ListStream(ListedStream):
    """A list of the tenant."""

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = date_from_state(self.name, state, self._tap.tenant_id)
        began = self.now()
        sieve = Sieve(bookmark.recent)
        mark = bookmark.mark
        for data in self.items(self._since(bookmark)):
            found = self.records(data, self.known)
            if self.row.modified_since:
                found, mark = sieve.sifted(self, found, mark)
                self.newest = mark
            yield Page(found)
        done = bookmark if self.came_short else self._finished(mark, began, sieve)
        yield Page(state=done.to_state(self._tap.tenant_id, self.row.replication_key))

    def _since(self, bookmark: DateBookmark) -> dict[str, str]:
        """Ask for what changed; where nothing was read before, from the start date on if rows grow old."""
        moment = bookmark.since(self.now()) or (self.start_date if self.row.start_date_applies else None)
        return {self.row.modified_since: as_parameter(moment)} if self.row.modified_since and moment else {}

    def _finished(self, mark: str | None, began: datetime, sieve: Sieve) -> DateBookmark:
        """Give the bookmark of a list that was read to its end.

        It is never ahead of the time when reading began: what changed meanwhile may be on a page that was read before.
        """
        if self.row.modified_since is None:
            return DateBookmark()
        ceiling = as_parameter(began - LIST_OVERLAP)
        if mark is not None and latest((mark, ceiling)) == mark:
            mark = ceiling
        return DateBookmark(mark=mark, recent=sieve.remembered(mark))


class Sieve:
    """Leaves out records that the last run wrote already: the overlap brings them again.

    Only what is the same in every field is left out, so that nothing is lost where a stamp does not tell a change.
    """

    def __init__(self, recent: tuple[str, ...]) -> None:
        """Start from what the last run left behind."""
        self._recent = Recent(recent, by_content=True)
        self._resumed = bool(recent)

    def sifted(self, stream: ListedStream, found: Records, mark: str | None) -> tuple[Records, str | None]:
        """Give the records that are new, and the highest stamp so far; remember those near it."""
        stamps = stream.stamps(found)
        mark = latest([mark, *stamps])
        horizon = minus(mark, 2 * LIST_OVERLAP) if mark else None
        keys = found.values(*stream.row.key)
        which = [
            self._is_old(stamp, horizon) or self._recent.is_new(key, stamp, functools.partial(found.content, number))
            for number, (key, stamp) in enumerate(zip(keys, stamps, strict=True))
        ]
        self._recent.forget(mark, 2 * LIST_OVERLAP)
        stream.repeats += which.count(False)
        return found.kept(which), mark

    def _is_old(self, stamp: str | None, horizon: str | None) -> bool:
        """Tell whether a record of a first reading is so old that it can never come again."""
        text = sortable(stamp) if horizon and not self._resumed else None
        return text is not None and horizon is not None and text < horizon

    def remembered(self, mark: str | None) -> tuple[str, ...]:
        """List what the next run has to know."""
        self._recent.forget(mark, LIST_OVERLAP)
        return tuple(self._recent.entries())
