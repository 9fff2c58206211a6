"""What became of the streams of a run, and what is said of it at the end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tap_servicetitan.errors import ForbiddenError
from tap_servicetitan.sync.summary import StreamSummary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_servicetitan.errors import NotFoundError
    from tap_servicetitan.session import Session
    from tap_servicetitan.sync.stream import SingerStream
    from tap_servicetitan.sync.summary import Result


class Outcome:
    """Keeps which streams are being read, which are done, and why some were not read; safe to share between threads."""

    def __init__(self, session: Session, streams: Sequence[SingerStream], failed: Mapping[str, str]) -> None:
        """Begin with streams that could not even be made.

        Args:
            session: The tenant.
            streams: What is read.
            failed: Streams that could not be made, and why.
        """
        self._session = session
        self._streams = streams
        self._lock = threading.Lock()
        self._reading: dict[str, None] = {}
        self._done: set[str] = {*failed}
        self.failed = dict(failed)
        """Why streams failed, by name."""
        self.skipped: dict[str, str] = {}
        """Why streams were skipped, by name."""
        self._ungranted: set[str] = set()

    @property
    def total(self) -> int:
        """How many streams there are."""
        return len({one.name for one in self._streams} | self.failed.keys())

    @property
    def done(self) -> int:
        """How many streams are done, however they ended."""
        return len(self._done)

    @property
    def read(self) -> int:
        """How many streams were read to their end."""
        return len(self._done - self.failed.keys() - self.skipped.keys())

    @property
    def rows(self) -> int:
        """How many rows were written."""
        return sum(stream.rows_written for stream in self._streams)

    @property
    def reading(self) -> tuple[str, ...]:
        """Which streams are being read."""
        with self._lock:
            return tuple(self._reading)

    def begin(self, stream: str) -> None:
        """Take note that a stream is being read."""
        with self._lock:
            self._reading[stream] = None

    def end(self, stream: str) -> None:
        """Take note that a stream is done."""
        with self._lock:
            del self._reading[stream]
            self._done.add(stream)

    def skip(self, stream: str, error: ForbiddenError | NotFoundError) -> None:
        """Take note that a stream cannot be read, which is no failure."""
        self.skipped[stream] = str(error)
        if isinstance(error, ForbiddenError):
            self._ungranted.add(stream)

    def summaries(self) -> list[StreamSummary]:
        """Say what became of each stream that was begun, in the order of their names."""
        begun = [one for one in self._streams if one.name in self._done or one.name in self.reading]
        return [self._summary(one) for one in sorted(begun, key=lambda one: one.name)]

    def _summary(self, stream: SingerStream) -> StreamSummary:
        usage = self._session.client.usage(stream.name)
        return StreamSummary(
            stream=stream.name,
            result=self._result(stream.name),
            is_routine=stream.is_routine,
            reason=self.failed.get(stream.name) or self.skipped.get(stream.name),
            rows=stream.rows_written,
            repeats=stream.reader.repeats,
            newest=stream.reader.newest,
            left_out=stream.reader.records.left_out,
            undeclared=tuple(sorted(stream.reader.records.undeclared)),
            requests=usage.requests,
            failed_requests=usage.failed,
            size=usage.size,
            request_seconds=usage.seconds,
            waited_seconds=usage.waited,
            seconds=stream.metrics.seconds,
        )

    def _result(self, stream: str) -> Result:
        if stream not in self._done:
            return "stopped"
        return "failed" if stream in self.failed else "skipped" if stream in self.skipped else "read"

    def nothing_read(self) -> str:
        """Say in one line why no stream could be read: it is all that Meltano shows of a test of the settings."""
        if len(self.skipped) == 1:
            return next(iter(self.skipped.values()))
        scopes = sorted({one.source.scope for one in self._streams if one.name in self._ungranted})
        lacking = f" For {len(self._ungranted)} the app lacks scopes: {', '.join(scopes)}." if scopes else ""
        missing = len(self.skipped) - len(self._ungranted)
        modules = f" Of {missing} the tenant does not have the module." if missing else ""
        return f"None of the {len(self._streams)} selected streams could be read.{lacking}{modules}"

    def unknown_tenant(self) -> str:
        """Say that there is no such tenant."""
        settings = self._session.settings
        return (
            f"tenant {settings.tenant_id}: every module that was requested answered 404 ({', '.join(self.skipped)}); "
            f"there is no such tenant in the environment {settings.environment}, or no such API: "
            "check tenant_id and environment, st_app_key and api_url"
        )

    def table_of_failures(self) -> str:
        """List the failed streams with their reasons."""
        width = max(map(len, self.failed))
        rows = [f"  {name:{width}}  {reason}" for name, reason in sorted(self.failed.items())]
        head = f"{len(rows)} of {self.total} streams failed; their bookmarks stay where they were:"
        return "\n".join([head, *rows])
