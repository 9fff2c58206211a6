"""Streams whose endpoint is asked once for each record of another stream, or for some of them at once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from typing_extensions import override

from tap_servicetitan.errors import ConflictError, NotFoundError, UnroutedError
from tap_servicetitan.readers.base import Page
from tap_servicetitan.readers.lists import PagedReader
from tap_servicetitan.readers.repeats import OverlapFilter
from tap_servicetitan.readers.silence import Silence
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

    _silence: Silence

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = self._begun_visit(read_child_bookmark(self.name, state, self.session.tenant_id))
        overlap, mark, last = OverlapFilter(bookmark.recent), bookmark.last_full_visit, None
        self._silence = Silence(self.name, bookmark.answered_parents, self._answers)
        for parents in self.parent_pages(bookmark.parent or {}):
            for read in self._of(parents.records.dicts(), bookmark):
                found, mark = overlap.filtered(self, read, mark) if self.row.modified_since else (read, mark)
                self.newest = latest([self.newest, *read.texts(self.row.replication_key or "")])
                yield Page(found)
            if parents.state is not None and self.may_advance and self._silence.is_believed():
                bookmark = replace(bookmark, parent=parents.state, answered_parents=self._silence.witnesses)
                last = bookmark.to_state(self.session.tenant_id)
                yield Page(state=last)
        # Whoever was missed among the parents has rows that did not come.
        self.is_complete = self.is_complete and (self.parent is None or self.parent.is_complete)
        if not self._silence.is_believed():
            self.is_complete = False
            self.logger.warning(
                "%s: all %d parents answered 404 or 409, and the next run requests them again; if the "
                "tenant does not have this module, deselect the stream",
                self.name,
                self._silence.count,
            )
            return
        if self._silence.count:
            self.logger.info("%s: %d parents gave nothing (404 or 409)", self.name, self._silence.count)
        if self.may_advance and (done := self._ended(bookmark, overlap).to_state(self.session.tenant_id)) != last:
            yield Page(state=done)

    def _answers(self, values: Mapping[str, Any]) -> bool:
        """Ask for what a parent has, and tell whether the API answers."""
        try:
            next(self.items({}, values), None)
        except (ConflictError, NotFoundError) as error:
            if isinstance(error, UnroutedError):
                raise
            return False
        return True

    def _begun_visit(self, bookmark: ChildBookmark) -> ChildBookmark:
        """Go back to the first parent where it is time to visit all of them; a visit that broke off goes on."""
        if bookmark.full_visit_began:
            return bookmark
        began = self.session.now()
        due = self.row.revisit == "always" or (self.row.revisit == "weekly" and bookmark.is_due(began))
        return replace(bookmark, parent=None, full_visit_began=as_parameter(began)) if due else bookmark

    def _ended(self, bookmark: ChildBookmark, overlap: OverlapFilter) -> ChildBookmark:
        swept = bookmark.full_visit_began or bookmark.last_full_visit
        recent = overlap.remembered(swept) if self.row.modified_since else ()
        return replace(
            bookmark,
            last_full_visit=swept,
            full_visit_began=None,
            recent=recent,
            answered_parents=self._silence.witnesses,
            parent_ids=self.listed_parents,
        )

    def _of(self, parents: Iterable[Record], bookmark: ChildBookmark) -> Iterator[Records]:
        """Read what some parents have."""
        for params, values in self._requests(parents, bookmark):
            line = itertools.count(1)
            try:
                for data in self.items(params, values):
                    yield self.records.make(data, self.known | values, line)
            except (ConflictError, NotFoundError) as error:
                if isinstance(error, UnroutedError) or not values:
                    raise
                # A parent that has none of it, or that is in a state in which the API tells nothing of it.
                self._silence.gave_nothing(values)
                self.is_complete = self.is_complete and isinstance(error, NotFoundError)
            else:
                if values:
                    self._silence.answered(values)
                if self.records.end_fields and not self.is_incomplete:
                    # As another line, which a longer answer replaces later.
                    yield self.records.ends([self.known | values | {"_line": next(line)}])

    def _requests(
        self, parents: Iterable[Record], bookmark: ChildBookmark
    ) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
        """Give the parameters and the placeholders' values of each request for some parents."""
        wanted = [one for one in parents if self._is_wanted(one)]
        since = bookmark.since(self.session.now())
        if self.row.ids:
            for start in range(0, len(wanted), MOST_IDS):
                ids = ",".join(str(one[self.row.id_field]) for one in wanted[start : start + MOST_IDS])
                yield {self.row.ids: ids}, {}
            return
        for one in wanted:
            values = {name: one.get(field) for name, field in self.row.links.items()}
            # A parent that does not name it has none.
            if None not in values.values():
                is_new = self.parent is None and one["id"] not in bookmark.parent_ids
                yield {} if is_new else self._since(one, since), values

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
