"""A run: streams side by side, each for itself, and what became of them."""

from __future__ import annotations

import gc
import queue
import threading
import traceback
from typing import TYPE_CHECKING

from tap_servicetitan.errors import (
    ClosedError,
    CredentialsError,
    ForbiddenError,
    NotFoundError,
    OutputError,
    RunError,
    TapError,
)
from tap_servicetitan.sync import progress, summary
from tap_servicetitan.sync.order import PROBES, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tap_servicetitan.session import Session
    from tap_servicetitan.sync.stream import SingerStream
    from tap_servicetitan.sync.writer import PageWriter

PROBES_AT_ONCE = 4
"""How many streams are begun before the API has accepted one request: all of them would be many refusals at once."""


class Run:
    """Reads streams, a few at a time."""

    def __init__(
        self, session: Session, streams: Iterable[SingerStream], writer: PageWriter, failed: Mapping[str, str]
    ) -> None:
        """Prepare to read.

        Args:
            session: The tenant.
            streams: What to read.
            writer: Where to.
            failed: Streams that could not be made, and why; logged already.
        """
        self._session = session
        self._writer = writer
        self._log = session.logger
        self._selected = in_order(streams)
        self._waiting: queue.SimpleQueue[SingerStream] = queue.SimpleQueue()
        self._failed = dict(failed)
        self._total = len(self._selected) + len(self._failed)
        self._skipped: dict[str, str] = {}
        self._ungranted: set[str] = set()
        self._reading: dict[str, None] = {}
        self._done = len(self._failed)
        self._unannounced: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._fatal: Exception | None = None
        self._lock = threading.Lock()
        self._probing = 0

    def all(self) -> None:
        """Read all selected streams.

        Raises:
            CredentialsError: Nobody can be served with these credentials.
            OutputError: Nobody reads the output any more.
            RunError: Streams failed, or none could be read.
        """
        if not self._total:
            self._log.warning("No stream is selected; select some in the catalog.")
            return
        if not gc.isenabled():
            # The command line starts without it. What is there by now stays, and need not be looked at.
            gc.freeze()
            gc.enable()
        self._session.client.connect()
        for stream in self._selected:
            self._waiting.put(stream)
        try:
            with progress.shown(self._progress, self._log) as tick:
                self._work_side_by_side(tick)
        except BaseException:
            # A signal: what is being written is written to its end, and nothing after it.
            self._stop()
            raise
        if self._fatal:
            raise self._fatal
        self._conclude()

    def _progress(self) -> progress.Progress:
        client = self._session.client
        with self._lock:
            reading = tuple(self._reading)
        return progress.Progress(
            streams=self._done,
            total=self._total,
            rows=self._rows,
            requests=client.sent.total(),
            reading=reading,
            waiting=client.waiting,
            waits=dict(self._session.waits),
        )

    @property
    def _rows(self) -> int:
        return sum(stream.rows_written for stream in self._selected)

    def _work_side_by_side(self, tick: Callable[[], None]) -> None:
        """Read with a few workers until the API has accepted one request, then with all."""
        wanted = min(self._session.settings.concurrency, len(self._selected))
        self._probing = min(wanted, PROBES_AT_ONCE)
        workers = [self._worker() for _ in range(self._probing)]
        while not self._session.client.accepted.wait(0.1) and any(worker.is_alive() for worker in workers):
            tick()
        if not self._fatal:
            workers += [self._worker() for _ in range(wanted - sum(worker.is_alive() for worker in workers))]
        for worker in workers:
            while worker.is_alive():
                worker.join(0.25)
                tick()

    def _worker(self) -> threading.Thread:
        # A daemon, because after a signal nobody waits for an answer of the API.
        thread = threading.Thread(target=self._work, daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        while not self._fatal:
            try:
                stream = self._waiting.get_nowait()
            except queue.Empty:
                return
            with self._lock:
                self._reading[stream.name] = None
            self._read(stream)
            with self._lock:
                del self._reading[stream.name]
                self._done += 1
            if not self._session.client.accepted.is_set() and self._others_probe():
                return

    def _others_probe(self) -> bool:
        """Leave further asking to the other probes, as long as it is not known whether the tenant exists."""
        with self._lock:
            self._probing -= 1
            return self._probing > 0

    def _read(self, stream: SingerStream) -> None:
        try:
            stream.fetch_first_page()
            stream.sync()
        except (ForbiddenError, NotFoundError) as error:
            self._skip_or_fail(stream, error)
        except ClosedError:
            pass
        except (CredentialsError, OutputError) as error:
            self._end(error)
        except TapError as error:
            self._fail(stream, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the trouble of this stream alone
            self._fail(stream, describe_unexpected(stream.name, error))
        self._announce_skipped()

    def _skip_or_fail(self, stream: SingerStream, error: ForbiddenError | NotFoundError) -> None:
        """Skip a stream that was never granted; one that was read before has failed."""
        if stream.has_bookmark:
            self._fail(stream, f"{error}. It was granted before: its bookmark stays where it is")
            return
        self._skipped[stream.name] = str(error)
        if isinstance(error, ForbiddenError):
            self._ungranted.add(stream.name)
        self._unannounced.put(stream.name)
        modules = {one.row.module for one in self._selected}
        if not self._session.client.accepted.is_set() and len(self._skipped) >= min(PROBES, len(modules)):
            self._end(RunError(self._unknown_tenant()))

    def _fail(self, stream: SingerStream, reason: str) -> None:
        self._failed[stream.name] = reason
        self._log.error("%s", reason)

    def _end(self, error: Exception) -> None:
        """Let all workers stop: the trouble is everybody's."""
        self._fatal = self._fatal or error
        self._stop()

    def _stop(self) -> None:
        self._session.stopping.set()
        self._writer.close()

    def _announce_skipped(self) -> None:
        """Warn of skipped streams, as soon as it is known that the tenant exists."""
        while self._session.client.accepted.is_set():
            try:
                name = self._unannounced.get_nowait()
            except queue.Empty:
                return
            self._log.warning("Skipped %s", self._skipped[name])

    def _conclude(self) -> None:
        requests = self._session.client.sent
        summary.log_streams((self._summary(stream, requests[stream.name]) for stream in self._selected), self._log)
        read = self._total - len(self._skipped) - len(self._failed)
        self._log.info(
            "%d streams read, %d skipped, %d failed; %d rows in %d requests",
            read,
            len(self._skipped),
            len(self._failed),
            self._rows,
            requests.total(),
        )
        if self._failed:
            raise RunError(self._table_of_failures())
        if not read:
            raise RunError(self._nothing_read())

    def _summary(self, stream: SingerStream, requests: int) -> summary.StreamSummary:
        return summary.StreamSummary(
            stream=stream.name,
            result="failed" if stream.name in self._failed else "skipped" if stream.name in self._skipped else "read",
            rows=stream.rows_written,
            requests=requests,
            repeats=stream.reader.repeats,
            newest=stream.reader.newest,
        )

    def _nothing_read(self) -> str:
        """Say in one line why: it is all that Meltano shows of a test of the settings."""
        if len(self._skipped) == 1:
            return next(iter(self._skipped.values()))
        scopes = sorted({one.source.scope for one in self._selected if one.name in self._ungranted})
        lacking = f" For {len(self._ungranted)} the app lacks scopes: {', '.join(scopes)}." if scopes else ""
        missing = len(self._skipped) - len(self._ungranted)
        modules = f" Of {missing} the tenant does not have the module." if missing else ""
        return f"None of the {len(self._selected)} selected streams could be read.{lacking}{modules}"

    def _unknown_tenant(self) -> str:
        settings = self._session.settings
        return (
            f"tenant {settings.tenant_id}: every module that was requested answered 404 ({', '.join(self._skipped)}); "
            f"there is no such tenant in the environment {settings.environment}, check tenant_id and environment"
        )

    def _table_of_failures(self) -> str:
        width = max(map(len, self._failed))
        rows = [f"  {name:{width}}  {reason}" for name, reason in sorted(self._failed.items())]
        head = f"{len(rows)} of {self._total} streams failed; their bookmarks stay where they were:"
        return "\n".join([head, *rows])


def describe_unexpected(stream: str, error: Exception) -> str:
    """Say where an unforeseen error came up, without its text, which may hold a row."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{stream}: {type(error).__name__} in {frame.name}, line {frame.lineno}: a fault of the tap, please report it"
    )
