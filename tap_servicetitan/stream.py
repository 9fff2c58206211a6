"""The kinds of reading: a row of the table becomes an SDK stream."""

from __future__ import annotations

import abc
import dataclasses
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL
from typing_extensions import override

from tap_servicetitan.bookmark import RECENT_REACH, Bookmark, from_state
from tap_servicetitan.http import ForbiddenError, NotFoundError, RejectedError
from tap_servicetitan.output import line
from tap_servicetitan.paging import EndlessFeedError, ExportPage, UnexpectedBodyError, read_export
from tap_servicetitan.recent import Recent
from tap_servicetitan.records import Record, records
from tap_servicetitan.schema import stream_facts, stream_schema
from tap_servicetitan.stamps import as_parameter, latest, parse

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context

    from tap_servicetitan.endpoint import Endpoint, Kind
    from tap_servicetitan.tap import TapServiceTitan


class StreamError(Exception):
    """A stream cannot be read on; the message names it and says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """The unit of work: records, and the stream's state that holds once they are written."""

    records: list[Record]
    state: dict[str, Any]


class ServiceTitanStream(Stream, abc.ABC):
    """A stream that is read and written page by page."""

    row: Endpoint
    _tap: TapServiceTitan

    def __init__(self, tap: TapServiceTitan) -> None:
        """Join the tap's session and output."""
        super().__init__(tap)
        self.primary_keys = self.row.key
        self.replication_key = self.row.cursor
        # A feed without a stamp is incremental too: it goes on from its token.
        self.forced_replication_method = REPLICATION_INCREMENTAL
        self.rows_written = 0
        self._begun: Iterator[Page] | None = None
        self._batched: Page | None = None

    @abc.abstractmethod
    def pages(self) -> Iterator[Page]:
        """Read the stream from its bookmark on."""

    def begin(self) -> None:
        """Ask for the first page, so that a stream that cannot be read fails before it is announced."""
        pages = self.pages()
        self._begun = itertools.chain(list(itertools.islice(pages, 1)), pages)

    @property
    def has_bookmark(self) -> bool:
        """Whether the stream was read before."""
        return bool(self.tap_state.get("bookmarks", {}).get(self.name))

    @property
    @override
    def schema(self) -> dict[str, Any]:
        return stream_schema(self.row)

    @property
    def scope(self) -> str:
        """The API scope that the stream needs."""
        return str(stream_facts(self.row)["scope"])

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        for page in self.pages():
            yield from page.records

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """None: the bookmark is not a time, and nothing may cap it."""

    # The SDK knows no pages: its own loop writes records one by one and a STATE message every
    # 10,000 records, wherever a page ends. These overrides of private methods make a page, the
    # bookmark's advance and its STATE message one piece of output; tests/test_sdk_path.py
    # compares the records with those of the SDK's loop.

    @override
    def _sync_records(self, context: Context | None = None, *, write_messages: bool = True) -> Generator[Record]:
        pages, self._begun = self._begun or self.pages(), None
        with self.get_record_counter() as counter, self.get_sync_timer():
            for page in self._readable(pages):
                if write_messages:
                    self._write_page(page)
                else:
                    yield from (
                        message.record for one in page.records for message in self._generate_record_messages(one)
                    )
                    self._batched = page
                counter.increment(len(page.records))
                self.rows_written += len(page.records)

    @override
    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        with self.get_batch_counter() as counter:
            for encoding, manifest in self.get_batches(batch_config, context):
                with self._tap.message_writer.lock:
                    self._write_batch_message(encoding=encoding, manifest=manifest)
                    self._write_batched()
                counter.increment()
            self._write_batched()

    def _write_batched(self) -> None:
        """Move the bookmark past the last page whose records are all in batches that were written."""
        with self._tap.message_writer.lock:
            if self._batched is not None:
                self._write(self._advance(self._batched))

    def _write_page(self, page: Page) -> None:
        limit = self.ABORT_AT_RECORD_COUNT
        if limit is not None and self.rows_written + len(page.records) > limit:
            self._write(self._lines(page.records[: limit - self.rows_written]))
            self._check_max_record_limit(limit)
        lines = self._lines(page.records)
        with self._tap.message_writer.lock:
            self._write(lines + self._advance(page))

    def _lines(self, found: Iterable[Record]) -> bytes:
        return b"".join(line(message.to_dict()) for one in found for message in self._generate_record_messages(one))

    def _write(self, lines: bytes) -> None:
        self._tap.message_writer.write(lines)

    def _advance(self, page: Page) -> bytes:
        """Move the bookmark past a page; the caller holds the output's lock. Returns the STATE line."""
        self.tap_state.setdefault("bookmarks", {})[self.name] = page.state
        self.state_manager.is_flushed = False
        return line({"type": "STATE", "value": self.tap_state})

    def _readable(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Pass over a stream that cannot be read when it is only tried out (``--test``)."""
        try:
            yield from pages
        except (ForbiddenError, NotFoundError) as error:
            if self.ABORT_AT_RECORD_COUNT is None:
                raise
            self.logger.warning("%s", error)


class ExportStream(ServiceTitanStream):
    """A data export feed, resumed by its ``continueFrom`` token."""

    @override
    def pages(self) -> Iterator[Page]:
        bookmark = self._bookmark()
        recent = Recent(bookmark.recent) if self.config["include_recent_changes"] else None
        token, start = bookmark.token, self._start(bookmark)
        more = recoverable = True
        while more:
            try:
                answer = self._ask(token, start)
            except RejectedError as error:
                if token is None or not recoverable:
                    raise
                token, start, recoverable = None, self._start(bookmark), False
                self._announce_recovery(error, start)
                continue
            token, more = answer.token, answer.more
            page, bookmark = self._page(answer, bookmark, recent)
            yield page

    def _ask(self, token: str | None, start: str | None) -> ExportPage:
        params = dict(self.row.params)
        if source := token or start:
            params["from"] = source
        if self.config["include_recent_changes"]:
            params["includeRecentChanges"] = "true"
        try:
            return self._tap.client.get(
                self.name, self.row.url, params, lambda body: read_export(body, token), scope=self.scope
            )
        except (UnexpectedBodyError, EndlessFeedError) as error:
            msg = f"{self.name}: {error}; the bookmark stays where it is, report this answer to ServiceTitan"
            raise StreamError(msg) from None

    def _page(self, answer: ExportPage, bookmark: Bookmark, recent: Recent | None) -> tuple[Page, Bookmark]:
        found = list(records(self.row, answer.items))
        mark = latest(_text(one.get(self.row.cursor)) for one in found) if self.row.cursor else None
        if recent is not None:
            # By modifiedOn alone: where a row has just createdOn, that does not move when the row changes.
            found = [one for one in found if recent.is_new(self._key(one), _text(one.get("modifiedOn")), one)]
        bookmark = bookmark.advance(answer.token, mark, datetime.now(UTC), at_end=not answer.more)
        if recent is not None:
            recent.forget(bookmark.horizon, RECENT_REACH)
            bookmark = dataclasses.replace(bookmark, recent=tuple(recent.entries()))
        return Page(found, bookmark.to_state(self._tap.tenant_id, self.row.cursor)), bookmark

    def _bookmark(self) -> Bookmark:
        if self.replication_method == REPLICATION_FULL_TABLE:
            return Bookmark()
        return from_state(self.name, self.tap_state.get("bookmarks", {}).get(self.name, {}), self._tap.tenant_id)

    def _start(self, bookmark: Bookmark) -> str | None:
        """Tell the date to ask for where no token serves; None: the first record."""
        start_date = self.config.get("start_date")
        first = parse(start_date) if start_date else None
        return bookmark.start_again(datetime.now(UTC)) or (as_parameter(first) if first else None)

    def _announce_recovery(self, error: RejectedError, start: str | None) -> None:
        self.logger.warning(
            "%s: its bookmark is no longer taken. All that changed since %s is read again; nothing is lost.",
            error,
            start or "the first record",
        )

    def _key(self, record: Record) -> tuple[Any, ...]:
        return tuple(record.get(name) for name in self.row.key)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


KINDS: dict[Kind, type[ServiceTitanStream]] = {"export": ExportStream}


def stream_type(row: Endpoint) -> type[ServiceTitanStream]:
    """Make the SDK stream of a row: a class each, because the SDK links children to parents by class."""
    return type(row.name, (KINDS[row.kind],), {"name": row.name, "row": row})
