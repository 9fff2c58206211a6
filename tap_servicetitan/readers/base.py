"""What all readers have in common: a request for a page, and pages of records in order."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from tap_servicetitan.api.request import Request
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.errors import StreamError, UnexpectedBodyError
from tap_servicetitan.records.records import DictRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.records.records import Records
    from tap_servicetitan.session import Session

T = TypeVar("T")

NO_RECORDS = DictRecords()


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """The unit of work: records, and the stream's state once they are written, if it moves."""

    records: Records = NO_RECORDS
    state: dict[str, Any] | None = None


class Reader(abc.ABC):
    """Reads one endpoint page by page."""

    def __init__(self, session: Session, row: Endpoint, records: RecordFactory) -> None:
        """Prepare to read; nothing is sent yet."""
        self.session = session
        self.settings = session.settings
        self.logger = session.logger.getChild(row.name)
        self.row = row
        self.records = records
        self.repeats = 0
        """Rows that came again and were left out."""
        self.newest: str | None = None
        """When the newest row changed that was ever seen, if rows say it."""
        self.is_complete = True
        """Whether the reading so far has missed nothing: then rows that did not come are gone."""

    @abc.abstractmethod
    def read(self, state: Mapping[str, Any]) -> Iterator[Page]:
        """Read from a state of this stream on; from an empty one, all there is."""

    @property
    def name(self) -> str:
        """The stream, for messages."""
        return self.row.name

    def fetch(
        self,
        params: Mapping[str, object],
        read: Callable[[bytes], T],
        path_values: Mapping[str, Any] | None = None,
        max_server_errors: int | None = None,
    ) -> T:
        """Fetch a page of the endpoint.

        Args:
            params: The query, without what every request carries.
            read: Makes a page of the body.
            path_values: What the path's placeholders stand for.
            max_server_errors: How many server errors to accept, where that is fewer than the number of tries.

        Raises:
            OverloadError: The server failed too often.
            ApiError: The API does not return it.
            StreamError: What it returns is not what it should be.
        """
        request = Request(
            stream=self.name,
            path=self.row.url,
            path_values=path_values or {},
            params=self.row.query | dict(params),
            method=self.row.method,
            scope=stream_facts(self.row)["scope"],
            max_server_errors=max_server_errors,
        )
        try:
            return self.session.client.fetch(request, read)
        except UnexpectedBodyError as error:
            msg = f"{self.name}: {error}; the bookmark stays where it is, report this answer to ServiceTitan"
            raise StreamError(msg) from None
