"""A run: streams side by side, each for itself, and what became of them."""

from __future__ import annotations

import gc
import queue
import threading
import traceback
from typing import TYPE_CHECKING

from tap_servicetitan.api.client import ApiError, CredentialsError, ForbiddenError, NotFoundError
from tap_servicetitan.state.bookmarks import StateError
from tap_servicetitan.sync import progress, summary
from tap_servicetitan.sync.stream import StreamError
from tap_servicetitan.sync.writer import ClosedError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_servicetitan.sync.stream import ServiceTitanStream
    from tap_servicetitan.tap import TapServiceTitan

SCOUTS = 3
"""How many modules have to be missing before the tenant is taken for unknown."""


SCOUTS_AT_ONCE = 4
"""How many streams are begun before the API has accepted one request: all of them would be many refusals at once."""


class RunError(Exception):
    """The run did not bring all that was selected; the message says what is missing and why."""


class Run:
    """Reads the selected streams of a tap, a few at a time."""

    def __init__(self, tap: TapServiceTitan) -> None:
        """Prepare to read what the tap's catalog selects."""
        self._tap = tap
        self._log = tap.logger
        self._selected = _in_order(tap.selected_streams)
        self._waiting: queue.SimpleQueue[ServiceTitanStream] = queue.SimpleQueue()
        # Told already, when it was found that they cannot be made.
        self._failed: dict[str, str] = dict(tap.broken_reports)
        self._total = len(self._selected) + len(self._failed)
        self._skipped: dict[str, str] = {}
        self._ungranted: set[str] = set()
        self._reading: dict[str, None] = {}
        self._done = len(self._failed)
        self._unannounced: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._fatal: Exception | None = None
        self._lock = threading.Lock()
        self._scouting = 0

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
        self._tap.client.connect()
        for stream in self._selected:
            self._waiting.put(stream)
        try:
            with progress.shown(self._tally, self._log) as tick:
                self._work_side_by_side(tick)
        except BaseException:
            # A signal: what is being written is written to its end, and nothing after it.
            self._tap.message_writer.close()
            raise
        if self._fatal:
            raise self._fatal
        self._conclude()

    def _tally(self) -> progress.Tally:
        client = self._tap.client
        with self._lock:
            reading = tuple(self._reading)
        return progress.Tally(
            streams=self._done,
            total=self._total,
            rows=self._rows,
            requests=client.sent.total(),
            reading=reading,
            waiting=client.waiting,
        )

    @property
    def _rows(self) -> int:
        return sum(stream.rows_written for stream in self._selected)

    def _work_side_by_side(self, tick: Callable[[], None]) -> None:
        """Read with a few workers until the API has accepted one request, then with all."""
        wanted = min(self._tap.config["concurrency"], len(self._selected))
        self._scouting = min(wanted, SCOUTS_AT_ONCE)
        workers = [self._worker() for _ in range(self._scouting)]
        while not self._tap.client.accepted.wait(0.1) and any(worker.is_alive() for worker in workers):
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
            if not self._tap.client.accepted.is_set() and self._others_scout():
                return

    def _others_scout(self) -> bool:
        """Leave further asking to the other scouts, as long as it is not known whether the tenant exists."""
        with self._lock:
            self._scouting -= 1
            return self._scouting > 0

    def _read(self, stream: ServiceTitanStream) -> None:
        try:
            stream.begin()
            stream.sync()
        except (ForbiddenError, NotFoundError) as error:
            self._miss(stream, error)
        except ClosedError:
            pass
        except (CredentialsError, OutputError) as error:
            self._end(error)
        except (ApiError, StreamError, StateError) as error:
            self._fail(stream, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the trouble of this stream alone
            self._fail(stream, place(stream.name, error))
        self._announce_skipped()

    def _miss(self, stream: ServiceTitanStream, error: ForbiddenError | NotFoundError) -> None:
        """Skip a stream that was never granted; one that was read before has failed."""
        if stream.has_bookmark:
            self._fail(stream, f"{error}. It was granted before: its bookmark stays where it is")
            return
        self._skipped[stream.name] = str(error)
        if isinstance(error, ForbiddenError):
            self._ungranted.add(stream.name)
        self._unannounced.put(stream.name)
        modules = {one.row.module for one in self._selected}
        if not self._tap.client.accepted.is_set() and len(self._skipped) >= min(SCOUTS, len(modules)):
            self._end(RunError(self._unknown_tenant()))

    def _fail(self, stream: ServiceTitanStream, reason: str) -> None:
        self._failed[stream.name] = reason
        self._log.error("%s", reason)

    def _end(self, error: Exception) -> None:
        """Let all workers stop: the trouble is everybody's."""
        self._fatal = self._fatal or error
        self._tap.message_writer.close()

    def _announce_skipped(self) -> None:
        """Warn of skipped streams, as soon as it is known that the tenant exists."""
        while self._tap.client.accepted.is_set():
            try:
                name = self._unannounced.get_nowait()
            except queue.Empty:
                return
            self._log.warning("Skipped %s", self._skipped[name])

    def _conclude(self) -> None:
        requests = self._tap.client.sent
        summary.tell((self._summary(stream, requests[stream.name]) for stream in self._selected), self._log)
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

    def _summary(self, stream: ServiceTitanStream, requests: int) -> summary.StreamSummary:
        return summary.StreamSummary(
            stream=stream.name,
            result="failed" if stream.name in self._failed else "skipped" if stream.name in self._skipped else "read",
            rows=stream.rows_written,
            requests=requests,
            repeats=stream.repeats,
            newest=stream.newest,
        )

    def _nothing_read(self) -> str:
        """Say in one line why: it is all that Meltano shows of a test of the settings."""
        if len(self._skipped) == 1:
            return next(iter(self._skipped.values()))
        scopes = sorted({one.scope for one in self._selected if one.name in self._ungranted})
        lacking = f" For {len(self._ungranted)} the app lacks scopes: {', '.join(scopes)}." if scopes else ""
        missing = len(self._skipped) - len(self._ungranted)
        modules = f" Of {missing} the tenant does not have the module." if missing else ""
        return f"None of the {len(self._selected)} selected streams could be read.{lacking}{modules}"

    def _unknown_tenant(self) -> str:
        config = self._tap.config
        return (
            f"tenant {config['tenant_id']}: every module that was asked answered 404 ({', '.join(self._skipped)}); "
            f"there is no such tenant in the environment {config['environment']}, check tenant_id and environment"
        )

    def _table_of_failures(self) -> str:
        width = max(map(len, self._failed))
        rows = [f"  {name:{width}}  {reason}" for name, reason in sorted(self._failed.items())]
        head = f"{len(rows)} of {self._total} streams failed; their bookmarks stay where they were:"
        return "\n".join([head, *rows])


def _in_order(streams: Iterable[ServiceTitanStream]) -> list[ServiceTitanStream]:
    """Put the streams that take longest first, so that no worker is left alone with one at the end.

    Before them come streams of different modules: if none of those exists, neither does the
    tenant. Children stand behind their parents.
    """
    by_length = _longest_first(list(streams))
    scouts = list({one.row.module: one for one in reversed(by_length) if one.row.kind != "child"}.values())[:SCOUTS]
    return scouts + [one for one in by_length if one not in scouts]


def _longest_first(streams: list[ServiceTitanStream]) -> list[ServiceTitanStream]:
    parents = {one.row.parent for one in streams}

    def rank(stream: ServiceTitanStream) -> tuple[int, bool]:
        row = stream.row
        if row.kind == "child":
            # A request for each parent. Behind a parent that is a child itself.
            first = 2 if row.name in parents else 3
        else:
            first = 1 if row.large or row.name in parents else 4
        # What was never read has all its history to bring.
        return first, stream.has_bookmark

    return sorted(streams, key=rank)


def place(stream: str, error: Exception) -> str:
    """Say where an unforeseen error came up, without its text, which may hold a row."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{stream}: {type(error).__name__} in {frame.name}, line {frame.lineno}: a fault of the tap, please report it"
    )
