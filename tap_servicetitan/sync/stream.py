"""What all streams have in common: how a page is asked for, and how it is written."""

from __future__ import annotations

import abc
import dataclasses
import functools
import itertools
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers._util import utc_now
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL
from typing_extensions import override

from tap_servicetitan.api.client import ForbiddenError, NotFoundError, Question
from tap_servicetitan.api.pages import EndlessFeedError, UnexpectedBodyError, UnreadableBodyError, items_of
from tap_servicetitan.catalog.schema import stream_facts, stream_schema
from tap_servicetitan.records.coerce import Mender
from tap_servicetitan.records.columns import TENANT, TENANT_SCHEMA, added_columns
from tap_servicetitan.records.passthrough import Direct, MisfitError
from tap_servicetitan.records.records import DictRecords, DirectRecords, dict_records, direct_records
from tap_servicetitan.state.timestamps import parse
from tap_servicetitan.sync.writer import line

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
    from datetime import datetime

    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context
    from singer_sdk.singerlib.catalog import MetadataMapping

    from tap_servicetitan.api.client import Answer
    from tap_servicetitan.api.pages import Items
    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.records.columns import AddedColumn
    from tap_servicetitan.records.passthrough import Rows
    from tap_servicetitan.records.records import Record, Records
    from tap_servicetitan.tap import TapServiceTitan

State = dict[str, Any]


class StreamError(Exception):
    """A stream cannot be read on; the message names it and says what to do."""


NONE = DictRecords()

_UNDECLARED = (
    "%s: the API sends this field, which the schema does not have; it is left out. "
    "Update the tap; if it is the newest, report the field there"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """The unit of work: records, and the stream's state that holds once they are written, if it moves."""

    records: Records = NONE
    state: State | None = None


class ServiceTitanStream(Stream, abc.ABC):
    """A stream that is read and written page by page."""

    row: Endpoint
    passes_through = True
    """Whether records may be passed on as they came."""
    for_children = False
    """Whether records are read for their children's sake alone, and not written."""
    is_whole: bool
    """Whether each run brings all rows, so that a row which is gone can be told."""
    _tap: TapServiceTitan

    def __init__(self, tap: TapServiceTitan) -> None:
        """Join the tap's session and output."""
        super().__init__(tap)
        self.primary_keys = (*self._tenant_key, *self.row.key)
        self.replication_key = self.row.replication_key
        self.selected_by_default = self.row.selected
        # A feed without a stamp is incremental too: it goes on from its token.
        self.forced_replication_method = REPLICATION_FULL_TABLE if self.is_whole else REPLICATION_INCREMENTAL
        self.rows_written = 0
        self.repeats = 0
        """Rows that came again and were left out."""
        self.newest: str | None = None
        """When the newest row changed that was ever seen, if rows tell."""
        self._begun: Iterator[Page] | None = None
        self._batched: Page | None = None
        self._version: int | None = None
        self._told: set[str] = set()
        self.is_complete = True
        """Whether the reading so far has missed nothing: then rows that did not come are gone."""

    @abc.abstractmethod
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Read on from a state of this stream; from an empty one, all there is."""

    def begin(self) -> None:
        """Ask for the first page, so that a stream that cannot be read fails before it is announced."""
        pages = self.pages()
        self._begun = itertools.chain(list(itertools.islice(pages, 1)), pages)

    def pages(self) -> Iterator[Page]:
        """Read the stream from its bookmark on."""
        full = self.replication_method == REPLICATION_FULL_TABLE
        return self.read({} if full else self.tap_state.get("bookmarks", {}).get(self.name, {}))

    def ask(
        self, params: Mapping[str, str], read: Callable[[bytes], Answer], values: Mapping[str, Any] | None = None
    ) -> Answer:
        """Ask the stream's endpoint.

        Args:
            params: The query, without what every request carries.
            read: Makes a page of the body.
            values: What the path's placeholders stand for.

        Raises:
            ApiError: The API does not give it.
            StreamError: What it gives is not what it should be.
        """
        question = Question(
            stream=self.name,
            path=self.row.url,
            values=values or {},
            params=self.row.query | dict(params),
            method=self.row.method,
            scope=self.scope,
        )
        try:
            return self._tap.client.ask(question, read)
        except (UnexpectedBodyError, EndlessFeedError) as error:
            msg = f"{self.name}: {error}; the bookmark stays where it is, report this answer to ServiceTitan"
            raise StreamError(msg) from None

    def records(
        self, data: Items, added: Mapping[str, Any] | None = None, line: Iterator[int] | None = None
    ) -> Records:
        """Give the records in the items of a page.

        Args:
            data: The items, in JSON.
            added: Fields that the tap knows, such as the parent's id.
            line: Numbers the records, where that is their key.

        Raises:
            StreamError: The items are not what they should be.
        """
        added, line = self.tenant | dict(added or {}), line or itertools.count(1)
        rows = self._checked(data)
        if rows is not None and self._is_plain:
            return direct_records(self.row, rows, added, line, self._wanted_columns)
        try:
            found = dict_records(self.row, items_of(data), added, line, self._wanted_columns)
        except (UnexpectedBodyError, UnreadableBodyError) as error:
            msg = f"{self.name}: {error}; the bookmark stays where it is, report this answer to ServiceTitan"
            raise StreamError(msg) from None
        return found if rows is not None or self.for_children else self._mended(found)

    def _checked(self, data: Items) -> Rows | None:
        """Give the rows of a page if all of them fit what is declared."""
        if self._direct is None:
            return None
        try:
            rows = self._direct.read(data)
        except MisfitError as error:
            if "" not in self._told:
                self._told.add("")
                self.logger.info("%s; pages like this one take a slower way, and nothing of them is lost", error)
            return None
        if self._is_plain:
            for name in sorted(rows.undeclared):
                self._tell_once(_UNDECLARED, name)
        return rows

    def _mended(self, found: DictRecords) -> DictRecords:
        """Make records fit the schema, and tell of each field once in which something did not."""
        mended = DictRecords(self._mender.mended(found.dicts()))
        for name in self._mender.counts:
            self._tell_once("%s: a value is not of the type that is declared; what is emitted: docs/odd-data.md", name)
        for name in sorted(self._mender.undeclared):
            self._tell_once(_UNDECLARED, name)
        if self._mender.keyless:
            self._tell_once("%s: a record without it is left out", "the key")
        return mended

    @functools.cached_property
    def _mender(self) -> Mender:
        return Mender(self.schema)

    @functools.cached_property
    def _direct(self) -> Direct | None:
        """What checks rows, and passes them through; None where records are not the rows themselves."""
        if self.for_children or self.row.nested_records or self.row.scalar:
            return None
        added = {"_key", "_line", "tenantId", *self.row.links, *self.row.copied_fields, *(self._window_fields)}
        try:
            return Direct(
                self.name,
                self.effective_schema,
                is_selected=self.mask.__getitem__,
                required=[name for name in self.row.key if name not in added],
                stamp=self.row.replication_key,
            )
        except MisfitError:
            return None

    @property
    def _window_fields(self) -> Iterable[str]:
        return self.row.window.fields if self.row.window else ()

    @functools.cached_property
    def _is_plain(self) -> bool:
        """Whether records are written as they are: no map, no flattening, no batch and no limit looks into them."""
        return (
            self.passes_through
            and self.ABORT_AT_RECORD_COUNT is None
            and self.get_batch_config(self.config) is None
            and not self.config.get("flattening_enabled")
            and [type(one) for one in self.stream_maps] == [SameRecordTransform]
        )

    def _tell_once(self, message: str, field: str) -> None:
        if field not in self._told:
            self._told.add(field)
            self.logger.warning(message, f"{self.name}.{field}")

    def now(self) -> datetime:
        """Tell the time by the API's clock."""
        return self._tap.client.now()

    @property
    def start_date(self) -> datetime | None:
        """The time from which rows are wanted; None: from the first."""
        given = self.config.get("start_date")
        return parse(given) if given else None

    @property
    def has_bookmark(self) -> bool:
        """Whether the stream was read before."""
        return bool(self.tap_state.get("bookmarks", {}).get(self.name))

    @property
    @override
    def schema(self) -> dict[str, Any]:
        return self._whole_schema

    @functools.cached_property
    def _whole_schema(self) -> dict[str, Any]:
        return self.widened(stream_schema(self.row))

    @functools.cached_property
    def tenant(self) -> dict[str, int]:
        """The field of every record that tells the tenant, if the settings ask for it."""
        return {name: int(self._tap.tenant_id) for name in self._tenant_key}

    @functools.cached_property
    def _tenant_key(self) -> tuple[str, ...]:
        return (TENANT,) if self._tap.config.get("tenant_column") else ()

    @functools.cached_property
    def _made_columns(self) -> tuple[AddedColumn, ...]:
        return added_columns(self.row, stream_schema(self.row)["properties"], self._tap.config)

    def widened(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Give a schema with the columns that the settings ask for; the very same one if they ask for none."""
        if not self._tenant_key and not self._made_columns:
            return schema
        made = {one.name: one.schema for one in self._made_columns}
        properties = schema["properties"] | made | dict.fromkeys(self._tenant_key, TENANT_SCHEMA)
        return schema | {"properties": properties, "required": [*self._tenant_key, *schema["required"]]}

    @functools.cached_property
    def _wanted_columns(self) -> tuple[AddedColumn, ...]:
        """The columns to make; a catalog that is older than the setting does not have them."""
        return tuple(one for one in self._made_columns if one.name in self.effective_schema["properties"])

    @property
    def scope(self) -> str:
        """The API scope that the stream needs."""
        return str(stream_facts(self.row)["scope"])

    @property
    @override
    def metadata(self) -> MetadataMapping:
        is_new = self._metadata is None
        found = super().metadata
        if is_new and not (self._tap_input_catalog and self._tap_input_catalog.get_stream(self.name)):
            for name in self.row.secret:
                found[("properties", name)].selected_by_default = False
        return found

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        for page in self.pages():
            yield from page.records.dicts()

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """None: the bookmark is not a time, and nothing may cap it."""

    # The SDK knows no pages: its own loop writes records one by one and a STATE message every
    # 10,000 records, wherever a page ends. These overrides of private methods make a page, the
    # bookmark's advance and its STATE message one piece of output; tests/streams/test_sdk_path.py
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
                        message.record
                        for one in page.records.dicts()
                        for message in self._generate_record_messages(one)
                    )
                    self._batched = page if page.state is not None else self._batched
                counter.increment(len(page.records))
                self.rows_written += len(page.records)
                # It is as large as what came, and need not be held until the next one has come.
                del page
        if write_messages:
            self._activate_version()

    @override
    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        with self.get_batch_counter() as counter:
            for encoding, manifest in self.get_batches(batch_config, context):
                with self._tap.message_writer.lock:
                    self._write_batch_message(encoding=encoding, manifest=manifest)
                    self._write_batched()
                counter.increment()
            self._write_batched()
        self._activate_version()

    def _write_batched(self) -> None:
        """Move the bookmark past the last page whose records are all in batches that were written."""
        with self._tap.message_writer.lock:
            if self._batched is not None:
                self._write(self._advance(self._batched))

    # The SDK writes ACTIVATE_VERSION before the records. By then a target would take all rows of earlier
    # versions for gone, also when the reading breaks off. So it is held back until all rows are out.
    @override
    def _write_activate_version_message(self, full_table_version: int) -> None:
        self._version = full_table_version

    def _activate_version(self) -> None:
        if self._version is not None and self.is_complete:
            super()._write_activate_version_message(self._version)

    def _write_page(self, page: Page) -> None:
        limit = self.ABORT_AT_RECORD_COUNT
        if limit is not None and self.rows_written + len(page.records) > limit:
            rest = limit - self.rows_written
            first = page.records.kept([number < rest for number in range(len(page.records))])
            self._write(self._lines(first, utc_now()))
            self._check_max_record_limit(limit)
        came = utc_now()
        with self._tap.message_writer.lock:
            # Lines are made when it is their turn, so that no more than one page's are held.
            if chunks := [one for one in (self._lines(page.records, came), self._advance(page)) if one]:
                self._write(*chunks)

    def _lines(self, found: Records, came: datetime) -> bytes:
        if isinstance(found, DirectRecords):
            return found.lines(came, self._stream_version)
        return b"".join(
            line(message.to_dict()) for one in found.dicts() for message in self._generate_record_messages(one)
        )

    def _write(self, *lines: bytes) -> None:
        self._tap.message_writer.write(*lines)

    def _advance(self, page: Page) -> bytes:
        """Move the bookmark past a page; the caller holds the output's lock. Returns the STATE line."""
        if page.state is None:
            return b""
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
