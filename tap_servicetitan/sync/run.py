"""A run: streams side by side, each for itself, and what became of them."""

from __future__ import annotations

import gc
import queue
import threading
import traceback
from typing import TYPE_CHECKING

from tap_servicetitan import stopping
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
from tap_servicetitan.sync.outcome import Outcome
from tap_servicetitan.sync.report import RunReport

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
        self._outcome = Outcome(session, self._selected, failed)
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
            Stopped: A signal ended the run.
        """
        if not self._outcome.total:
            self._log.warning("No stream is selected; select some in the catalog.")
            return
        if not gc.isenabled():
            # The command line starts without it. What is there by now stays, and need not be looked at.
            gc.freeze()
            gc.enable()
        report = RunReport(self._session)
        try:
            self._read_all()
            if self._fatal:
                raise self._fatal
            self._writer.write_held_state()
            self._conclude()
            report.result = "succeeded"
        except stopping.Stopped as stop:
            report.result = "stopped"
            self._conclude_early(stop.signal)
            raise
        except TapError as error:
            # Where single streams failed, each of them says why.
            report.error = None if self._outcome.failed and not self._fatal else str(error)
            raise
        finally:
            report.write(self._outcome.summaries())

    def _read_all(self) -> None:
        self._session.client.connect()
        for stream in self._selected:
            self._waiting.put(stream)
        with progress.shown(self._progress, self._log) as tick:
            self._work_side_by_side(tick)

    def _progress(self) -> progress.Progress:
        client, outcome = self._session.client, self._outcome
        return progress.Progress(
            streams=outcome.done,
            total=outcome.total,
            rows=outcome.rows,
            requests=client.sent.total(),
            reading=outcome.reading,
            waiting=client.waiting,
            waits=dict(self._session.waits),
        )

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
            self._outcome.begin(stream.name)
            try:
                self._read(stream)
            except ClosedError:
                return
            self._outcome.end(stream.name)
            if not self._session.client.accepted.is_set() and self._others_probe():
                return

    def _others_probe(self) -> bool:
        """Leave further asking to the other probes, as long as it is not known whether the tenant exists."""
        with self._lock:
            self._probing -= 1
            return self._probing > 0

    def _read(self, stream: SingerStream) -> None:
        try:
            stream.load()
        except (ForbiddenError, NotFoundError) as error:
            self._skip_or_fail(stream, error)
        except ClosedError:
            raise
        except (CredentialsError, OutputError) as error:
            self._end(error)
        except TapError as error:
            self._fail(stream, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the trouble of this stream alone
            self._fail(stream, describe_unexpected(stream.name, error))
        self._announce_skipped()

    def _skip_or_fail(self, stream: SingerStream, error: ForbiddenError | NotFoundError) -> None:
        """Skip a stream that was never granted; one that was read before, be it in this run, has failed."""
        if stream.has_bookmark or stream.rows_written:
            self._fail(stream, f"{error}. It was granted before: its bookmark stays where it is")
            return
        self._outcome.skip(stream.name, error)
        self._unannounced.put(stream.name)
        modules = {one.row.module for one in self._selected}
        if not self._session.client.accepted.is_set() and len(self._outcome.skipped) >= min(PROBES, len(modules)):
            self._end(RunError(self._outcome.unknown_tenant()))

    def _fail(self, stream: SingerStream, reason: str) -> None:
        self._outcome.failed[stream.name] = reason
        self._log.error("%s", reason)

    def _end(self, error: Exception) -> None:
        """Let all workers stop: the trouble is everybody's."""
        self._fatal = self._fatal or error
        self._stop()

    def _stop(self, wait: float | None = None) -> bool:
        """Let all workers stop, and tell whether the output ends with a whole line."""
        self._session.stopping.set()
        return self._writer.close(wait)

    def _announce_skipped(self) -> None:
        """Warn of skipped streams, as soon as it is known that the tenant exists."""
        while self._session.client.accepted.is_set():
            try:
                name = self._unannounced.get_nowait()
            except queue.Empty:
                return
            self._log.warning("Skipped %s", self._outcome.skipped[name])

    def _conclude(self) -> None:
        outcome = self._outcome
        summary.log_streams(outcome.summaries(), self._log)
        self._log.info(
            "%d streams read, %d skipped, %d failed; %d rows in %d requests",
            outcome.read,
            len(outcome.skipped),
            len(outcome.failed),
            outcome.rows,
            self._session.client.sent.total(),
        )
        if outcome.failed:
            raise RunError(outcome.table_of_failures())
        if not outcome.read:
            raise RunError(outcome.nothing_read())

    def _conclude_early(self, signal: str) -> None:
        """End at a signal: the page that is being written is written to its end, and the bookmarks held back."""
        is_complete = self._stop(stopping.WAIT)
        outcome = self._outcome
        summary.log_streams(outcome.summaries(), self._log)
        cut = "" if is_complete else "; the target has stopped reading, so the last line that it gets may be cut short"
        self._log.warning(
            "Ended by %s: %d of %d streams done, %d rows in %d requests%s. Run again with the last state to resume.",
            signal,
            outcome.done,
            outcome.total,
            outcome.rows,
            self._session.client.sent.total(),
            cut,
        )


def describe_unexpected(stream: str, error: Exception) -> str:
    """Say where an unforeseen error came up, without its text, which may hold a row."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{stream}: {type(error).__name__} in {frame.name}, line {frame.lineno}: a fault of the tap, please report it"
    )
