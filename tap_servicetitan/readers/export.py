"""Data export feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from typing_extensions import override

from tap_servicetitan.api.pages import ExportPage, number_of_items, read_export
from tap_servicetitan.errors import NotFoundError, RejectedError, StreamError
from tap_servicetitan.readers.base import Page, Reader
from tap_servicetitan.readers.repeats import without_repeats
from tap_servicetitan.state.bookmarks import RECENT_REACH, FeedBookmark, read_feed_bookmark
from tap_servicetitan.state.dedup import Recent
from tap_servicetitan.state.timestamps import latest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_EMPTY_PAGES = 500
"""Maximum consecutive empty pages before giving up."""


class ExportReader(Reader):
    """A data export feed, resumed by its ``continueFrom`` token."""

    @override
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        bookmark = read_feed_bookmark(self.name, state, self.session.tenant_id)
        if bookmark.token is None and bookmark.mark is None:
            bookmark = replace(bookmark, start_date=self.settings.start_parameter)
        recent = Recent(bookmark.recent, in_stretches=True) if self.settings.include_recent_changes else None
        token, start = bookmark.token, self._start(bookmark)
        more = recoverable = True
        empty, tokens = 0, {hash(token)}
        while more:
            try:
                fetched = self._fetch_surely(token, start)
            except (RejectedError, NotFoundError):
                if token is None or not recoverable:
                    raise
                token, start, recoverable = None, self._start(bookmark), False
                # The feed starts over, and its tokens come again.
                tokens.clear()
                self._announce_recovery(start)
                continue
            token, more = fetched.token, fetched.more
            if more and hash(token) in tokens:
                msg = (
                    f"{self.name}: the feed's tokens go round in a circle, and hasMore is true; reading on never ends; "
                    "the bookmark stays where it is, report this to ServiceTitan"
                )
                raise StreamError(msg)
            tokens.add(hash(token))
            empty = 0 if number_of_items(fetched.data) else empty + 1
            if more and empty >= MAX_EMPTY_PAGES:
                msg = (
                    f"{self.name}: {empty} pages in a row have no row, and hasMore is true; run again to resume from "
                    "there, and if it stays, report this to ServiceTitan"
                )
                raise StreamError(msg)
            page, bookmark = self._page(fetched, bookmark, recent)
            # What came is large: nothing of it is held until the next page has come.
            del fetched
            yield page
            del page

    def _fetch_surely(self, token: str | None, start: str | None) -> ExportPage:
        """Fetch a page; a token that is refused is tried once more, for without it the feed starts over."""
        try:
            return self._fetch(token, start)
        except (RejectedError, NotFoundError):
            if token is None:
                raise
            return self._fetch(token, start)

    def _fetch(self, token: str | None, start: str | None) -> ExportPage:
        params = {}
        if source := token or start:
            params["from"] = source
        if self.settings.include_recent_changes:
            params["includeRecentChanges"] = "true"
        return self.fetch(params, lambda body: read_export(body, token, self.records.warn_of_loss))

    def _page(self, fetched: ExportPage, bookmark: FeedBookmark, recent: Recent | None) -> tuple[Page, FeedBookmark]:
        found = self.records.make(fetched.data)
        mark = latest(found.newest(self.row.replication_key)) if self.row.replication_key else None
        if recent is not None:
            # By modifiedOn alone: where a row has just createdOn, that does not move when the row changes.
            came, found = len(found), without_repeats(recent, found, self.row.key, found.texts("modifiedOn"))
            self.repeats += came - len(found)
        bookmark = bookmark.advance(fetched.token, mark, self.session.now(), at_end=not fetched.more)
        self.newest = bookmark.mark
        if recent is not None:
            recent.forget(bookmark.horizon, RECENT_REACH)
            bookmark = replace(bookmark, recent=tuple(recent.entries()))
        return Page(found, bookmark.to_state(self.session.tenant_id, self.row.replication_key)), bookmark

    def _start(self, bookmark: FeedBookmark) -> str | None:
        """Give the date to start from where there is no usable token; None: the first record."""
        return bookmark.start_again(self.session.now()) or self.settings.start_parameter

    def _announce_recovery(self, start: str | None) -> None:
        self.logger.warning(
            "%s: ServiceTitan no longer takes its bookmark. All that changed since %s is read again; some rows may "
            "come twice, and none is lost.",
            self.name,
            start or "the first record",
        )
