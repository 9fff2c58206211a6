"""The SDK's stream: a reader's pages as Singer messages."""

from __future__ import annotations

import functools
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL
from typing_extensions import override

from tap_servicetitan.errors import ForbiddenError, NotFoundError
from tap_servicetitan.records.records import PassthroughRecords
from tap_servicetitan.state.columns import COLUMNS, column_paths, columns_added, fingerprint
from tap_servicetitan.sync.encoding import message_line
from tap_servicetitan.sync.making import record_factory
from tap_servicetitan.sync.metrics import StreamMetrics
from tap_servicetitan.sync.sdk import SdkStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context
    from singer_sdk.singerlib.catalog import MetadataMapping

    from tap_servicetitan.readers.base import Page, Reader
    from tap_servicetitan.readers.source import Source
    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.records.records import Record, Records
    from tap_servicetitan.sync.sdk import BatchEncoding
    from tap_servicetitan.sync.writer import PageWriter


class SingerStream(SdkStream):
    """A stream that is read and written page by page; what is read, its source says."""

    passes_through = True
    """Whether records may be passed on as they came."""

    def __init__(self, tap: Tap, source: Source, writer: PageWriter) -> None:
        """Join a source and the output."""
        self.source = source
        self.row = source.row
        super().__init__(tap, name=source.row.name)
        self._writer = writer
        self.primary_keys = (*source.tenant_key, *self.row.key)
        self.replication_key = self.row.replication_key
        self.selected_by_default = self.row.selected
        # A feed without a timestamp is incremental too: it resumes from its token.
        self.forced_replication_method = REPLICATION_FULL_TABLE if source.is_full_table else REPLICATION_INCREMENTAL
        self.rows_written = 0
        self._fetched: Iterator[Page] | None = None
        self._batched: Page | None = None

    @functools.cached_property
    def reader(self) -> Reader:
        """Reads the stream's pages."""
        return self.source.reader(self._records)

    @property
    @override
    def schema(self) -> dict[str, Any]:
        return self.source.schema

    @property
    @override
    def effective_schema(self) -> dict[str, Any]:
        # A report's columns come and go as it is changed: not that of an older catalog.
        return self.schema if self.source.waits_for_rows else super().effective_schema

    @property
    @override
    def metadata(self) -> MetadataMapping:
        is_new = self.has_new_metadata
        found = super().metadata
        if is_new and not self.is_in_catalog:
            for name in self.row.secret:
                found[("properties", name)].selected_by_default = False
        return found

    @property
    def bookmark(self) -> dict[str, Any]:
        """What an earlier run left behind."""
        return dict(self.tap_state.get("bookmarks", {}).get(self.name) or {})

    @property
    def has_bookmark(self) -> bool:
        """Whether the stream was read before."""
        return bool(self.bookmark)

    @property
    def columns_added(self) -> list[str]:
        """The columns that the stream has gained since its last run, and that rows from before lack."""
        return columns_added(self._columns, self.bookmark.get(COLUMNS))

    @functools.cached_property
    def _columns(self) -> tuple[str, ...]:
        """The columns that rows from before may lack: none where all rows come again, or rows decide on columns."""
        if self.source.is_full_table or self.source.waits_for_rows:
            return ()
        return tuple(column_paths(self.effective_schema, self.mask.__getitem__))

    @functools.cached_property
    def _fingerprint(self) -> dict[str, str | None]:
        return {} if self.source.waits_for_rows else {COLUMNS: fingerprint(self._columns) or None}

    def _bookmark(self, page: Page) -> dict[str, Any] | None:
        """Give the bookmark that holds once a page is written."""
        return page.state and page.state | self._fingerprint

    @functools.cached_property
    def metrics(self) -> StreamMetrics:
        """What is measured of the stream."""
        return StreamMetrics(self.name, self.source.session.client.usage(self.name), is_routine=self.is_routine)

    @property
    def is_routine(self) -> bool:
        """Whether all rows come in each run, and this is not the first."""
        return self.source.is_full_table and self.has_bookmark

    def load(self) -> None:
        """Read and write the stream, from the first request on."""
        with self.metrics.measured():
            self.fetch_first_page()
            self.sync()

    def pages(self) -> Iterator[Page]:
        """Read the stream from its bookmark on."""
        full = self.replication_method == REPLICATION_FULL_TABLE
        return self.reader.read(self.source.starting_state(self.bookmark, full=full))

    def fetch_first_page(self) -> None:
        """Fetch the first page before the stream is announced, so that a stream that cannot be read is not.

        Where rows decide on the schema, the first page that has some: until then, there is only the bookmark to write.
        """
        pages = self.pages()
        held = list(itertools.islice(pages, 1))
        while self.source.waits_for_rows and held and not len(held[0].records):
            self._writer.write_page((), self.name, self._bookmark(held[0]))
            held = list(itertools.islice(pages, 1))
        self._fetched = itertools.chain(held, pages)
        if self.source.waits_for_rows:
            self.register_schema()

    @override
    def before_schema(self) -> None:
        # When the tap is only tried out (`--test`), nobody has fetched the page that decides on the schema.
        if self.source.waits_for_rows and self._fetched is None and self.ABORT_AT_RECORD_COUNT is not None:
            self.fetch_first_page()

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        for page in self.pages():
            yield from page.records.dicts()

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """None: the bookmark is not a time, and nothing may cap it."""

    @override
    def write_pages(self) -> None:
        for page in self._counted():
            self._write_page(page)
            # It is as large as what came, and need not be held until the next one has come.
            del page
        if self.rows_written:
            self._writer.write_held_state()
        self._activate_version()

    @override
    def records_for_batches(self) -> Iterator[Record]:
        for page in self._counted():
            yield from (message["record"] for one in page.records.dicts() for message in self.mapped(one))
            self._batched = page if page.state is not None else self._batched

    @override
    def write_batch(self, encoding: BatchEncoding, manifest: list[str]) -> None:
        self.write_batch_message(encoding, manifest)
        self._write_state_of_batches()

    @override
    def batches_written(self) -> None:
        self._write_state_of_batches()
        self._activate_version()

    def _write_state_of_batches(self) -> None:
        """Move the bookmark past the last page whose records are all in batches that were written."""
        if self._batched is not None:
            self._writer.write_page((), self.name, self._bookmark(self._batched))

    def _counted(self) -> Iterator[Page]:
        """Give all pages, and count their records once they are written."""
        pages, self._fetched = self._fetched or self.pages(), None
        for page in self._without_unreadable(pages):
            rows = len(page.records)
            yield page
            self.metrics.add_rows(rows)
            self.rows_written += rows
            del page

    def _without_unreadable(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Pass over a stream that cannot be read when it is only tried out (``--test``)."""
        try:
            yield from pages
        except (ForbiddenError, NotFoundError) as error:
            if self.ABORT_AT_RECORD_COUNT is None:
                raise
            self.logger.warning("%s", error)

    def _write_page(self, page: Page) -> None:
        limit = self.ABORT_AT_RECORD_COUNT
        if limit is not None and self.rows_written + len(page.records) > limit:
            rest = limit - self.rows_written
            first = page.records.kept([number < rest for number in range(len(page.records))])
            self._writer.write_page(self._lines(first, datetime.now(UTC)), self.name)
            self.stop_at_limit(limit)
        self._writer.write_page(self._lines(page.records, datetime.now(UTC)), self.name, self._bookmark(page))

    def _lines(self, found: Records, came: datetime) -> Iterator[bytes]:
        if isinstance(found, PassthroughRecords):
            yield found.lines(came, self.version)
        else:
            yield b"".join(message_line(message) for one in found.dicts() for message in self.mapped(one))

    def _activate_version(self) -> None:
        if self.reader.is_complete:
            self.write_version()

    @functools.cached_property
    def _records(self) -> RecordFactory:
        return record_factory(self, self.source, passes_through=self.passes_through)
