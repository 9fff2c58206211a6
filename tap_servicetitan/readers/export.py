"""Data export feeds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_servicetitan.api.client import RejectedError
from tap_servicetitan.api.pages import ExportPage, number_of_items, read_export
from tap_servicetitan.state.bookmarks import RECENT_REACH, Bookmark, from_state
from tap_servicetitan.state.dedup import Recent
from tap_servicetitan.state.timestamps import as_parameter, latest
from tap_servicetitan.sync.stream import Page, ServiceTitanStream, StreamError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


MOST_EMPTY_PAGES = 500
"""So many pages without a row, one after the other, are taken for a feed that never ends."""


class ExportStream(ServiceTitanStream):
    """A data export feed, resumed by its ``continueFrom`` token."""

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = from_state(self.name, state, self._tap.tenant_id)
        recent = Recent(bookmark.recent) if self.config["include_recent_changes"] else None
        token, start = bookmark.token, self._start(bookmark)
        more = recoverable = True
        empty = 0
        while more:
            try:
                answer = self._ask(token, start)
            except RejectedError:
                if token is None or not recoverable:
                    raise
                token, start, recoverable = None, self._start(bookmark), False
                self._announce_recovery(start)
                continue
            token, more = answer.token, answer.more
            empty = 0 if number_of_items(answer.data) else empty + 1
            if more and empty >= MOST_EMPTY_PAGES:
                msg = (
                    f"{self.name}: {empty} pages in a row have no row, and hasMore is true; run again to go on from "
                    "there, and if it stays, report this to ServiceTitan"
                )
                raise StreamError(msg)
            page, bookmark = self._page(answer, bookmark, recent)
            # What came is large: nothing of it is held until the next page has come.
            del answer
            yield page
            del page

    def _ask(self, token: str | None, start: str | None) -> ExportPage:
        params = {}
        if source := token or start:
            params["from"] = source
        if self.config["include_recent_changes"]:
            params["includeRecentChanges"] = "true"
        return self.ask(params, lambda body: read_export(body, token))

    def _page(self, answer: ExportPage, bookmark: Bookmark, recent: Recent | None) -> tuple[Page, Bookmark]:
        found = self.records(answer.data)
        mark = latest(found.newest(self.row.replication_key)) if self.row.replication_key else None
        if recent is not None:
            # By modifiedOn alone: where a row has just createdOn, that does not move when the row changes.
            came, found = len(found), recent.sifted(found, self.row.key, found.texts("modifiedOn"))
            self.repeats += came - len(found)
        bookmark = bookmark.advance(answer.token, mark, self.now(), at_end=not answer.more)
        self.newest = bookmark.mark
        if recent is not None:
            recent.forget(bookmark.horizon, RECENT_REACH)
            bookmark = dataclasses.replace(bookmark, recent=tuple(recent.entries()))
        return Page(found, bookmark.to_state(self._tap.tenant_id, self.row.replication_key)), bookmark

    def _start(self, bookmark: Bookmark) -> str | None:
        """Tell the date to ask for where no token serves; None: the first record."""
        first = self.start_date
        return bookmark.start_again(self.now()) or (as_parameter(first) if first else None)

    def _announce_recovery(self, start: str | None) -> None:
        self.logger.warning(
            "%s: ServiceTitan no longer takes its bookmark. All that changed since %s is read again; some rows may "
            "come twice, and none is lost.",
            self.name,
            start or "the first record",
        )
