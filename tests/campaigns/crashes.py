"""The crash campaign: the tap is ended at random bytes of its output, again and again, and resumed as a target would.

What the target has is what it read before the end; the state it hands to the next run is the last one
that it read. After a last run that nobody disturbs, its rows are compared with the sandbox's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import random
import signal
import subprocess
import tempfile
import threading
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.sync.writer import STATE_SHARE
from tests.campaigns import reports
from tests.campaigns.bench import PAGE
from tests.campaigns.figures import Report, table
from tests.support.running import Message, command_line, run, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

End = Literal["SIGKILL", "SIGTERM", "closed pipe"]

FEEDS = ("invoices", "jobs", "invoice_items", "appointments", "customers", "job_history", "technician_ratings")
"""Feeds with many pages or long rows, and two with keys of their own."""

OTHERS = (
    *("non_job_timesheets", "payrolls", "contacts", "booking_contacts", "location_findings", "attributed_leads"),
    reports.WINDOWED,
)
"""Lists, children of a feed, windows, and a custom report."""

LONGEST_RUN = 120
"""Seconds after which a run is taken for stuck."""

ENDS: tuple[End, ...] = ("SIGKILL", "SIGTERM", "closed pipe")

CODES: dict[End, int] = {"SIGKILL": -signal.SIGKILL, "SIGTERM": 128 + signal.SIGTERM, "closed pipe": 1}


@dataclasses.dataclass
class Figures:
    """What some kills came to."""

    kills: int = 0
    rows: int = 0
    lost: int = 0
    again: int = 0
    """Rows that were read again, of all streams."""
    most_again: int = 0
    """Most rows of feeds that one kill left in doubt."""
    wrong: int = 0
    """Rows that came again though a STATE covered them, more than a page in doubt, wrong exit codes, tracebacks."""

    def __add__(self, other: Figures) -> Figures:
        """Take two together."""
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        total = Figures(*(one + another for one, another in pairs))
        total.most_again = max(self.most_again, other.most_again)
        return total

    @property
    def is_clean(self) -> bool:
        """Whether nothing is missing and nothing came again that did not have to."""
        return not (self.lost or self.wrong)


class Target:
    """What a target has after some runs, of each of which it may have seen only the beginning."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Begin with nothing."""
        self._sandbox = sandbox
        self.rows: dict[str, list[Message]] = defaultdict(list)
        self.state: Message | None = None
        self.covered: dict[str, int] = {}
        """How many rows of each stream came before the last STATE that moved its bookmark."""
        self.doubtful: Counter[tuple[str, str]] = Counter()
        """Rows that no STATE covered when a run ended, and those that every run brings: they have to come again."""

    def take(self, output: bytes) -> dict[str, list[Message]]:
        """Read the complete lines of a run's output; give the rows that are in doubt after it."""
        for line in output.split(b"\n")[:-1]:
            message = json.loads(line, parse_float=Decimal)
            if message["type"] == "RECORD":
                self.rows[message["stream"]].append(message["record"])
            elif message["type"] == "STATE":
                self._cover(message["value"])
        doubt = {stream: rows[self.covered.get(stream, 0) :] for stream, rows in self.rows.items()}
        self.doubtful.update((stream, text) for stream, rows in doubt.items() for text in texts(rows))
        covered = self.rows[reports.WINDOWED][: self.covered.get(reports.WINDOWED, 0)]
        of_today = texts(one for one in covered if reports.is_of_today(self._sandbox, one))
        self.doubtful.update((reports.WINDOWED, text) for text in {*of_today})
        self.covered = {stream: len(rows) for stream, rows in self.rows.items()}
        return {stream: rows for stream, rows in doubt.items() if rows}

    def _cover(self, state: Message) -> None:
        before = (self.state or {}).get("bookmarks", {})
        for stream, bookmark in state["bookmarks"].items():
            if bookmark != before.get(stream):
                self.covered[stream] = len(self.rows[stream])
        self.state = state

    def newest(self, stream: str) -> list[Message]:
        """Give the last version of each row."""
        key = (reports.key(stream),) if stream in reports.REPORTS else BY_NAME[stream].key
        return list({tuple(row[name] for name in key): row for row in self.rows[stream]}.values())

    def repeated(self) -> Counter[tuple[str, str]]:
        """Count how often each row came again unchanged."""
        every = Counter((stream, text) for stream, rows in self.rows.items() for text in texts(rows))
        return every - Counter(every.keys())


@dataclasses.dataclass(frozen=True)
class Case:
    """A chain of runs, each of which is ended but the last."""

    end: End
    concurrency: int
    recent: bool
    streams: tuple[str, ...] = FEEDS

    @property
    def name(self) -> str:
        """Say it in the table."""
        kinds = "feeds" if self.streams == FEEDS else "lists, children, windows, a report"
        return f"{self.end}, concurrency {self.concurrency}, {'recent' if self.recent else 'settled'} changes, {kinds}"

    def run(self, sandbox: Sandbox, folder: Path, kills: int, seed: int) -> Figures:
        """Run it."""
        dice = random.Random(f"{self.name} {seed}")  # noqa: S311 - the same bytes in every campaign
        config = sandbox.config | {
            "concurrency": self.concurrency,
            "include_recent_changes": self.recent,
            "requests_per_second": 10_000,
        }
        config |= reports.settings(self.streams)
        chosen = reports.catalog(reports.entries(config), self.streams)
        (folder / "catalog.json").write_text(json.dumps(chosen))
        size = len(run(config, catalog=chosen).raw)
        target, figures = Target(sandbox), Figures()
        for _ in range(kills):
            if self.recent:
                # These come with every request from now on, and belong into the target once.
                sandbox.touch("jobs", 3, create=1)
                sandbox.touch("customers", 2)
            output, code, log = self._ended(folder, config, target.state, dice.randrange(1, 2 * size // kills))
            figures.kills += code != 0
            figures.wrong += code not in self._codes(log) or b"Traceback" in log
            doubt = {stream: rows for stream, rows in target.take(output).items() if stream in FEEDS}
            figures.wrong += not (_are_of_pages(doubt, self.concurrency) or _are_worth_no_state(doubt, target.state))
            figures.most_again = max(figures.most_again, sum(map(len, doubt.values())))
        with self._started(folder, config, target.state) as process:
            target.take(_read(process))
        figures.wrong += process.returncode != 0
        return figures + self._compared(sandbox, target)

    def _codes(self, log: bytes) -> set[int]:
        """Give the exit codes that are right: 0 for a run that was through before it was ended."""
        # Python takes its handlers down before its process is gone, so that a signal may still end what is through.
        late = {-signal.SIGTERM} if self.end == "SIGTERM" and b" streams read, " in log else set()
        return {0, CODES[self.end]} | late

    def _compared(self, sandbox: Sandbox, target: Target) -> Figures:
        figures = Figures()
        for stream in self.streams:
            wanted = Counter(texts(reports.truth(sandbox, stream)))
            found = Counter(texts(reports.rows_of(stream, target.newest(stream))))
            figures.rows += wanted.total()
            figures.lost += (wanted - found).total()
            figures.wrong += (found - wanted).total()
        repeated = target.repeated()
        figures.again = repeated.total()
        figures.wrong += (repeated - target.doubtful).total()
        return figures

    def _ended(self, folder: Path, config: Message, state: Message | None, size: int) -> tuple[bytes, int, bytes]:
        """Run the tap and end it once the target has read so many bytes; give what it read, the code, and the log."""
        with self._started(folder, config, state) as process:
            output = _read(process, size)
            if self.end == "SIGKILL":
                process.kill()
            elif self.end == "SIGTERM":
                process.terminate()
                output += _read(process)
            elif process.stdout:
                process.stdout.close()
        return output, process.returncode, (folder / "log").read_bytes()

    @contextlib.contextmanager
    def _started(self, folder: Path, config: Message, state: Message | None) -> Iterator[subprocess.Popen[bytes]]:
        """Run the tap's command line; neither a stuck run nor that of a campaign that broke off goes on."""
        command = command_line(folder, config, "--catalog", str(folder / "catalog.json"), state=state)
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process,  # noqa: S603 - our own command
        ):
            watchdog = threading.Timer(LONGEST_RUN, process.kill)
            watchdog.start()
            try:
                yield process
                process.wait()
            except BaseException:
                process.kill()
                raise
            finally:
                watchdog.cancel()


def _read(process: subprocess.Popen[bytes], size: int = -1) -> bytes:
    return process.stdout.read(size) if process.stdout else b""


def _are_of_pages(rows: dict[str, list[Message]], concurrency: int) -> bool:
    """Tell whether rows may be of a page for each stream in flight. The items of job_history are jobs, not its rows."""
    items = [{row["jobId"] for row in found} if stream == "job_history" else found for stream, found in rows.items()]
    return len(items) <= concurrency and all(len(found) <= PAGE for found in items)


def _are_worth_no_state(rows: dict[str, list[Message]], state: Message | None) -> bool:
    """Tell whether so few bytes came since the last STATE that one more would be over its share of the output.

    A state of all feeds has some ten thousand bytes, and with recent changes it holds what was written lately besides.
    """
    came = sum(len(text) + ENVELOPE for found in rows.values() for text in texts(found))
    return came <= STATE_SHARE * len(json.dumps(state)) + PAGE * LARGEST_ROW


CASES: tuple[Case, ...] = (
    *(Case(end, concurrency, recent) for end, concurrency, recent in itertools.product(ENDS, (1, 8), (False, True))),
    *(Case(end, 8, recent=False, streams=OTHERS) for end in ENDS),
)

ENVELOPE, LARGEST_ROW = 120, 5_000
"""Bytes of a RECORD line beside the record, and of a large record, about."""

COLUMNS = ("kills", "rows", "rows lost", "rows read again", "most in doubt at a kill, of feeds", "wrong")


def report(*, long: bool) -> Report:
    """Run the campaign."""
    kills, rounds, scale = (12, 3, 0.05) if long else (2, 1, 0.02)
    every = [(case.name, _rounds(case, kills, rounds, scale)) for case in CASES]
    total = sum((one for _, one in every), Figures())
    rows = [(name, *dataclasses.astuple(one)) for name, one in [*every, ("total", total)]]
    return Report((table(f"Kills; a page has {PAGE} rows", ("end", *COLUMNS), rows),), total.is_clean)


def _rounds(case: Case, kills: int, rounds: int, scale: float) -> Figures:
    figures = Figures()
    for seed in range(1, rounds + 1):
        with tempfile.TemporaryDirectory() as name, serve(seed=seed, scale=scale, page_size=PAGE) as sandbox:
            figures += case.run(sandbox, Path(name), kills, seed)
    return figures
