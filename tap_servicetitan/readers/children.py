"""Streams whose endpoint is asked once for each record of another stream, or for some of them at once."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_servicetitan.errors import ConflictError, NotFoundError
from tap_servicetitan.readers.base import Page
from tap_servicetitan.readers.lists import PagedReader
from tap_servicetitan.readers.repeats import OverlapFilter
from tap_servicetitan.state.bookmarks import ChildBookmark, read_child_bookmark
from tap_servicetitan.state.timestamps import as_parameter, latest, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from tap_servicetitan.records.records import Record, Records
MOST_IDS = 50
"""How many ids a request may name (documented)."""


class ChildReader(PagedReader):
    """A list that each record of another stream has.

    It walks through its parents by itself, with a bookmark of its own of their endpoint. So the
    parent stream is read as if it had no children, and a child that is selected later starts
    with the first parent.
    """

    _asked = _silent = 0

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = self._begun_visit(read_child_bookmark(self.name, state, self.session.tenant_id))
        overlap, mark, last = OverlapFilter(bookmark.recent), bookmark.swept_on, None
        self._asked = self._silent = 0
        for parents in self.parent_pages(bookmark.parent):
            for read in self._of(parents.records.dicts(), bookmark):
                found, mark = overlap.filtered(self, read, mark) if self.row.modified_since else (read, mark)
                self.newest = latest([self.newest, *read.texts(self.row.replication_key or "")])
                yield Page(found)
            if parents.state is not None and self.may_advance:
                bookmark = dataclasses.replace(bookmark, parent=parents.state)
                last = bookmark.to_state(self.session.tenant_id)
                yield Page(state=last)
        bookmark = self._ended(bookmark, overlap)
        if self._silent and self._silent == self._asked:
            self.logger.warning(
                "%s: all %d parents that were asked answered 404 or 409; if the tenant does not have this module, "
                "deselect the stream",
                self.name,
                self._silent,
            )
        elif self._silent:
            self.logger.info("%s: %d parents gave nothing (404 or 409)", self.name, self._silent)
        # Whoever was missed among the parents has rows that did not come.
        self.is_complete = self.is_complete and (self.parent is None or self.parent.is_complete)
        if self.may_advance and (done := bookmark.to_state(self.session.tenant_id)) != last:
            yield Page(state=done)

    def _begun_visit(self, bookmark: ChildBookmark) -> ChildBookmark:
        """Go back to the first parent where it is time to visit all of them; a visit that broke off goes on."""
        if bookmark.sweep_began:
            return bookmark
        began = self.session.now()
        due = self.row.revisit == "always" or (self.row.revisit == "weekly" and bookmark.is_due(began))
        return dataclasses.replace(bookmark, parent={}, sweep_began=as_parameter(began)) if due else bookmark

    def _ended(self, bookmark: ChildBookmark, overlap: OverlapFilter) -> ChildBookmark:
        swept = bookmark.sweep_began or bookmark.swept_on
        recent = overlap.remembered(swept) if self.row.modified_since else ()
        return dataclasses.replace(bookmark, swept_on=swept, sweep_began=None, recent=recent)

    def _of(self, parents: Iterable[Record], bookmark: ChildBookmark) -> Iterator[Records]:
        """Read what some parents have."""
        for params, values in self._requests(parents, bookmark.since):
            line = itertools.count(1)
            self._asked += 1
            try:
                for data in self.items(params, values):
                    yield self.records.make(data, self.known | values, line)
            except (ConflictError, NotFoundError) as error:
                # A parent that has none of it, or that is in a state in which the API tells nothing of it.
                self._silent += 1
                self.is_complete = self.is_complete and isinstance(error, NotFoundError)

    def _requests(
        self, parents: Iterable[Record], since: datetime | None
    ) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
        """Give the parameters and the placeholders' values of each request for some parents."""
        wanted = [one for one in parents if self._is_wanted(one)]
        if self.row.ids:
            for start in range(0, len(wanted), MOST_IDS):
                ids = ",".join(str(one["id"]) for one in wanted[start : start + MOST_IDS])
                yield {self.row.ids: ids}, {}
            return
        for one in wanted:
            values = {name: one.get(field) for name, field in self.row.links.items()}
            # A parent that does not name it has none.
            if None not in values.values():
                yield self._since(one, since), values

    def _since(self, parent: Record, since: datetime | None) -> dict[str, str]:
        """Ask for what changed since all parents were visited.

        A parent that changed itself may tell what it kept back before, as a customer does that is active again.
        """
        if self.row.modified_since is None or since is None:
            return {}
        changed = parse(str(parent.get("modifiedOn") or "")) if self.row.revisit == "weekly" else None
        return {} if changed and changed >= since else {self.row.modified_since: as_parameter(since)}

    def _is_wanted(self, parent: Record) -> bool:
        if self.row.only is None:
            return True
        field, value = self.row.only
        return bool(parent.get(field) == value)
