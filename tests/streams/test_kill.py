"""The command line, ended in the middle: whatever the moment, the next run goes on without a gap."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import threading
from collections import Counter, defaultdict
from decimal import Decimal
from typing import IO, TYPE_CHECKING

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.sync.writer import STATE_SHARE
from tests.support.running import FEEDS, Message, catalog_file, command_line, texts, truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.long

PAGE = 20
KILLS = 6
MOST_BYTES = 900_000
"""Of the output that is read before a kill. A whole run writes some four times as many."""

LARGE = ("invoices", "jobs", "invoice_items", "appointments", "job_timesheets")
"""Streams with many rows, or long ones."""

LONGEST_RUN = 120
"""Seconds after which a run is taken for stuck."""


class Target:
    """What a target has after some runs, of each of which it may have seen only the beginning."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rows: dict[str, list[Message]] = defaultdict(list)
        self.state: Message | None = None
        self.in_doubt: dict[str, list[Message]] = {}
        """Rows that came after the last STATE: they have to come again."""

    def take(self, output: bytes) -> None:
        """Read the complete lines of a run's output."""
        self.in_doubt = defaultdict(list)
        for line in output.split(b"\n")[:-1]:
            message = json.loads(line, parse_float=Decimal)
            if message["type"] == "RECORD":
                self.rows[message["stream"]].append(message["record"])
                self.in_doubt[message["stream"]].append(message["record"])
            elif message["type"] == "STATE":
                self.state = message["value"]
                self.in_doubt.clear()

    def newest(self, stream: str) -> list[Message]:
        """Give the last version of each row."""
        return list({tuple(row[name] for name in BY_NAME[stream].key): row for row in self.rows[stream]}.values())

    def repeated(self) -> Counter[tuple[str, str]]:
        """Count how often each row came again unchanged."""
        every = Counter((stream, text) for stream, rows in self.rows.items() for text in texts(rows))
        return every - Counter(every.keys())


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant whose feeds have many pages; its clock stands still."""
    with serve(seed=1, scale=0.02, page_size=PAGE) as running:
        running.config["requests_per_second"] = 10_000
        yield running


@contextlib.contextmanager
def started(
    folder: Path, config: Message, *options: str, state: Message | None = None, errors: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the tap with a pipe to read its output from; neither a stuck run nor that of a failed test goes on."""
    command = command_line(folder, config, *options, state=state)
    log = errors or subprocess.DEVNULL
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:  # noqa: S603 - our own command
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


def read(process: subprocess.Popen[bytes], size: int = -1) -> bytes:
    """Read so many bytes of the output, or all, and less only if it ends before."""
    assert process.stdout
    return process.stdout.read(size)


ENVELOPE = 120
"""Bytes of a RECORD line beside the record, about."""

LARGEST_ROW = 5_000


def are_of_one_page(rows: dict[str, list[Message]]) -> bool:
    """Tell whether rows may have come with one page. The items of job_history are jobs, and its rows their events."""
    items = [
        [row["jobId"] for row in found] if stream == "job_history" else range(len(found))
        for stream, found in rows.items()
    ]
    return len(items) <= 1 and all(len(set(found)) <= PAGE for found in items)


def are_worth_no_state(target: Target) -> bool:
    """Tell whether so few bytes came since the last STATE that one more would be over a tenth of the output.

    A state of all feeds has some ten thousand bytes, and with recent changes it holds what was written lately besides.
    """
    came = sum(len(text) + ENVELOPE for rows in target.in_doubt.values() for text in texts(rows))
    return came <= STATE_SHARE * len(json.dumps(target.state)) + PAGE * LARGEST_ROW


@pytest.mark.parametrize("recent", [False, True], ids=["settled changes", "recent changes"])
@pytest.mark.parametrize("concurrency", [1, 8], ids="concurrency {}".format)
def test_killed_at_any_byte(sandbox: Sandbox, tmp_path: Path, concurrency: int, *, recent: bool) -> None:
    """However often a run is killed, nothing is missing in the end, and only what no STATE covered comes again."""
    dice = random.Random(f"{concurrency} {recent}")  # noqa: S311 - the same bytes in every test run
    config = sandbox.config | {"concurrency": concurrency, "include_recent_changes": recent}
    feeds = ("--catalog", catalog_file(tmp_path, *FEEDS))
    target = Target()
    doubtful: Counter[tuple[str, str]] = Counter()
    for _ in range(KILLS):
        if recent:
            # These come with every request from now on, and belong into the target once.
            sandbox.touch("jobs", 3, create=1)
            sandbox.touch("customers", 2)
        with started(tmp_path, config, *feeds, state=target.state) as process:
            output = read(process, dice.randrange(1, MOST_BYTES))
            process.kill()
        target.take(output)
        assert are_of_one_page(target.in_doubt) or are_worth_no_state(target)
        doubtful.update((stream, text) for stream, rows in target.in_doubt.items() for text in texts(rows))
    with started(tmp_path, config, *feeds, state=target.state) as process:
        target.take(read(process))
    assert process.returncode == 0
    for stream in FEEDS:
        assert texts(target.newest(stream)) == texts(truth(sandbox, stream)), stream
    assert target.repeated() <= doubtful
    assert doubtful


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("concurrency", [1, 8], ids="concurrency {}".format)
def test_ended_by_a_signal(tmp_path: Path, concurrency: int, number: signal.Signals, code: int) -> None:
    """A signal ends the run after a whole page, and the next run brings just the rest."""
    options = ("--catalog", catalog_file(tmp_path, *LARGE))
    target = Target()
    # The first page is larger than this and a pipe together: the signal comes when half of it is written.
    with serve(seed=1, scale=0.1, page_size=400) as sandbox:
        config = sandbox.config | {"concurrency": concurrency, "requests_per_second": 10_000}
        with started(tmp_path, config, *options) as process:
            output = read(process, 100_000)
            process.send_signal(number)
            output += read(process)
        assert process.returncode == code
        assert output.endswith(b"\n")
        target.take(output)
        assert target.in_doubt == {}
        wanted = {stream: texts(truth(sandbox, stream)) for stream in LARGE}
        assert sum(map(len, target.rows.values())) < sum(map(len, wanted.values()))
        with started(tmp_path, config, *options, state=target.state) as process:
            target.take(read(process))
    assert process.returncode == 0
    assert {stream: texts(rows) for stream, rows in target.rows.items()} == wanted


@pytest.mark.parametrize(
    ("streams", "size"),
    [
        pytest.param([*BY_NAME], 0, id="at once"),
        pytest.param([*BY_NAME], 300_000, id="in the middle"),
        pytest.param(["timesheet_codes"], 0, id="at once, with little to write"),
    ],
)
@pytest.mark.parametrize("concurrency", [1, 8], ids="concurrency {}".format)
def test_the_target_goes_away(
    sandbox: Sandbox, tmp_path: Path, concurrency: int, streams: list[str], size: int
) -> None:
    """When nobody reads the output any more, the run ends with 1 and says so once, in a sentence."""
    catalog, errors = catalog_file(tmp_path, *streams), tmp_path / "errors"
    config = sandbox.config | {"concurrency": concurrency}
    with (
        errors.open("wb") as log,
        started(tmp_path, config, "--catalog", catalog, errors=log) as process,
    ):
        assert len(read(process, size)) == size
        assert process.stdout
        process.stdout.close()
    assert process.returncode == 1
    said = errors.read_text()
    assert said.count("the target closed the pipe") == 1
    assert "the target closed the pipe" in said.splitlines()[-1]
    for word in ("Traceback", "BrokenPipe", "Exception ignored"):
        assert word not in said
