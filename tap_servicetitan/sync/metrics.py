"""The SDK's metrics of a stream, with its names and tags."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING

from singer_sdk.metrics import Metric, Point, Status, Tag, get_metrics_logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_servicetitan.api.usage import Usage

EVERY = 60.0
"""Seconds after which the counters of a long stream are logged and begin anew, as the SDK's do."""


class StreamMetrics:
    """Logs how long a stream takes, its records and its requests.

    Without news they are logged at DEBUG, because most runs bring nothing new of most streams.
    """

    def __init__(self, stream: str, usage: Usage, *, is_routine: bool) -> None:
        """Begin with nothing.

        Args:
            stream: Its name.
            usage: Its requests.
            is_routine: The stream brings the same rows each time, which is no news.
        """
        self._is_routine = is_routine
        self._tags = {Tag.STREAM.value: stream}
        self._usage = usage
        self._rows = self._requests = 0
        self._level = logging.DEBUG
        self._logged_at = time.monotonic()
        self.seconds = 0.0
        """How long the stream has taken, from before its first request."""

    @contextlib.contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the stream until the block ends."""
        began = self._logged_at = time.monotonic()
        status = Status.FAILED
        try:
            yield
            status = Status.SUCCEEDED
        finally:
            self.seconds = time.monotonic() - began
            self._log_requests()
            self._log_counters()
            self._log("timer", Metric.SYNC_DURATION, self.seconds, {Tag.STATUS.value: status.value})

    def add_rows(self, count: int) -> None:
        """Count rows that were written."""
        self._rows += count
        if count and not self._is_routine:
            self._level = logging.INFO
        self._log_requests()
        if time.monotonic() - self._logged_at > EVERY:
            self._log_counters()

    def _log_requests(self) -> None:
        while self._usage.recent:
            sent = self._usage.recent.popleft()
            self._requests += 1
            status = Status.SUCCEEDED if sent.succeeded else Status.FAILED
            tags: dict[str, str | int] = {Tag.ENDPOINT.value: sent.endpoint, Tag.STATUS.value: status.value}
            if sent.status is not None:
                tags[Tag.HTTP_STATUS_CODE.value] = sent.status
            self._log("timer", Metric.HTTP_REQUEST_DURATION, sent.seconds, tags)

    def _log_counters(self) -> None:
        # Of all streams with rows: whoever adds the counts up gets what was written.
        level = logging.INFO if self._rows else logging.DEBUG
        self._log("counter", Metric.RECORD_COUNT, self._rows, level=level)
        self._log("counter", Metric.HTTP_REQUEST_COUNT, self._requests)
        self._rows = self._requests = 0
        self._logged_at = time.monotonic()

    def _log(
        self, kind: str, metric: Metric, value: float, tags: Mapping[str, str | int] | None = None, level: int = 0
    ) -> None:
        point = Point(kind, metric, value, {**self._tags, **(tags or {})})
        get_metrics_logger().log(level or self._level, "METRIC: %s", point)
