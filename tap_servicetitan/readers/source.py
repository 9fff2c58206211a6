"""What a stream is read from: its schema, and the reader of its rows."""

from __future__ import annotations

import abc
import functools
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_servicetitan.catalog.personal_data import personal_data
from tap_servicetitan.catalog.schema import stream_facts, stream_schema
from tap_servicetitan.readers.registry import is_full_table, reader_of
from tap_servicetitan.records.columns import added_columns, tenant_key, widened
from tap_servicetitan.records.masking import masking

if TYPE_CHECKING:
    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.readers.base import Reader
    from tap_servicetitan.records.columns import AddedColumn
    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.records.masking import Masking
    from tap_servicetitan.session import Session


class Source(abc.ABC):
    """A stream's row of the table or report, with what the settings add to it."""

    row: Endpoint
    session: Session
    is_full_table: bool
    """Whether each run brings all rows, so that a row which is gone can be told."""
    columns: tuple[AddedColumn, ...] = ()
    """Columns that the settings ask for."""
    masking: Masking | None = None
    """Leaves out or hashes personal data, if the settings ask for it."""
    waits_for_rows = False
    """Whether the first rows decide on the schema."""

    @property
    @abc.abstractmethod
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the records."""

    @property
    @abc.abstractmethod
    def scope(self) -> str:
        """The API scope that the stream needs."""

    @abc.abstractmethod
    def reader(self, records: RecordFactory) -> Reader:
        """Make a reader."""

    def starting_state(self, bookmark: dict[str, Any], *, full: bool) -> dict[str, Any]:
        """Give what a reading starts from.

        Args:
            bookmark: What an earlier run left behind.
            full: Everything is to be read.
        """
        return {} if full else bookmark

    @functools.cached_property
    def tenant_key(self) -> tuple[str, ...]:
        """The column that names the tenant, if the settings ask for it."""
        return tenant_key(self.session.settings)


class EndpointSource(Source):
    """A row of the table."""

    def __init__(self, session: Session, row: Endpoint) -> None:
        """Find out what the settings add."""
        self.session, self.row = session, row
        self.is_full_table = is_full_table(row)

    @functools.cached_property
    def columns(self) -> tuple[AddedColumn, ...]:  # type: ignore[override]  # made when it is needed
        """Columns that the settings ask for, but none that is made of personal data."""
        found = added_columns(self.row, stream_schema(self.row)["properties"], self.session.settings)
        return tuple(one for one in found if not (self.masking and self.masking.hides(one.reads)))

    @functools.cached_property
    def masking(self) -> Masking | None:  # type: ignore[override]  # made when it is needed
        """Leaves out or hashes personal data, if the settings ask for it."""
        if self.session.settings.personal_data == "keep":
            return None
        return masking(personal_data().fields(self.row.name), stream_schema(self.row), self.session.settings)

    @functools.cached_property
    @override
    def schema(self) -> dict[str, Any]:
        schema = stream_schema(self.row)
        return widened(self.masking.schema(schema) if self.masking else schema, self.tenant_key, self.columns)

    @property
    @override
    def scope(self) -> str:
        return str(stream_facts(self.row)["scope"])

    @override
    def starting_state(self, bookmark: dict[str, Any], *, full: bool) -> dict[str, Any]:
        # Whether the endpoint answers is told by those that did, even where all rows come again.
        kept = ("tenant_id", "answered_parents")
        return {name: one for name, one in bookmark.items() if name in kept} if full else bookmark

    @override
    def reader(self, records: RecordFactory) -> Reader:
        return reader_of(self.session, self.row, records)
