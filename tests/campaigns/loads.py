"""The campaign of loads: the tap, the DuckDB loader or both are killed at random moments, again and again.

After each kill, no table of the file may hold a key twice, nor miss a row that it had; after a last run that nobody
disturbs, the file holds all rows of the sandbox with all their values.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.campaigns.bench import PAGE
from tests.campaigns.figures import Report, table
from tests.campaigns.forks import VICTIMS, Order
from tests.support.running import catalog_of, truth
from tests.support.tables import assert_equal, in_duckdb, loadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.running import Message

STREAMS = (
    *("invoices", "jobs", "invoice_items", "appointments", "customers", "job_history", "technician_ratings"),
    *("non_job_timesheets", "payrolls", "contacts", "booking_contacts", "location_findings", "attributed_leads"),
)
"""Feeds, lists, children and windows."""

BUFFER = 100_000
"""Bytes after which the loader commits, so that a run of a small tenant has many commits."""

LONGEST_WAIT = 200
"""Steps of so many minutes in which the tenant has to rest once."""

MINUTES = 16 * 60
"""In seconds; the API holds changes of the last 15 minutes back."""


@dataclasses.dataclass
class Figures:
    """What some kills came to."""

    runs: int = 0
    kills: int = 0
    commits: int = 0
    """Kills after which the file had another state than before, so that they fell between commits."""
    rows: int = 0
    """Rows compared at the ends."""
    twice: int = 0
    """Keys that were there more than once at any moment."""
    lost: int = 0
    """Rows that were gone after a run, and tables that differ from the sandbox at the end."""
    failed: int = 0
    """Undisturbed runs that did not end with 0, and tracebacks."""

    def __add__(self, other: Figures) -> Figures:
        """Take two together."""
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return Figures(*(one + another for one, another in pairs))

    @property
    def is_clean(self) -> bool:
        """Whether nothing is missing or there twice, and all ended as it should."""
        return not (self.twice or self.lost or self.failed)


@dataclasses.dataclass
class Chain:
    """Runs into one file, each of which is killed but the last."""

    sandbox: Sandbox
    folder: Path
    forks: subprocess.Popen[str]
    figures: Figures = dataclasses.field(default_factory=Figures)
    seconds: float = 0.0
    """How long the victim ran when it was not killed."""

    def __post_init__(self) -> None:
        """Write the tap's input files."""
        self.file = self.folder / "out.duckdb"
        self.log = self.folder / "log"
        config = self.sandbox.config | {"requests_per_second": 10_000}
        for name, content in (("config", config), ("catalog", catalog_of(*STREAMS))):
            (self.folder / f"{name}.json").write_text(json.dumps(content))

    def run(self, victim: str = "", after: float = 0.0) -> Message:
        """Run both once."""
        arguments = [f"--{name}={self.folder / name}.json" for name in ("config", "catalog")]
        if state := self.state():
            (self.folder / "state.json").write_text(state)
            arguments.append(f"--state={self.folder / 'state.json'}")
        order = Order(
            tap=arguments,
            loader=["--path", str(self.file)],
            log=str(self.log),
            buffer=BUFFER,
            victim=victim,
            after=after,
        )
        assert self.forks.stdin
        assert self.forks.stdout
        self.forks.stdin.write(json.dumps(dataclasses.asdict(order)) + "\n")
        self.forks.stdin.flush()
        done: Message = json.loads(self.forks.stdout.readline())
        self.figures.runs += 1
        return done

    def state(self) -> str:
        """Give the state in the file."""
        with contextlib.suppress(duckdb.Error), self.opened() as db:
            row = db.execute("SELECT state FROM _singer_state").fetchone()
            return str(row[0]) if row else ""
        return ""

    def opened(self) -> duckdb.DuckDBPyConnection:
        """Open the file for reading."""
        return duckdb.connect(self.file, read_only=True)

    def keys(self) -> dict[str, list[tuple[Any, ...]]]:
        """Give the keys of all rows."""
        if not self.file.exists():
            return {}
        with self.opened() as db:
            there = {name for (name,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
            return {
                stream: db.execute(
                    f"SELECT {', '.join(BY_NAME[stream].key)} FROM {stream}"  # noqa: S608 - names of the table
                ).fetchall()
                for stream in STREAMS
                if stream in there
            }

    def kill(self, victim: str, dice: random.Random) -> None:
        """Run and kill at some moment, and look at the file."""
        before, state = self.keys(), self.state()
        done = self.run(victim, dice.uniform(0, self.seconds))
        if not done["is_killed"]:
            self.seconds = done["seconds"][VICTIMS[victim][0]]
        now = self.keys()
        self.figures.kills += bool(done["is_killed"])
        self.figures.commits += bool(done["is_killed"]) and self.state() != state
        self.figures.twice += sum(len(keys) - len({*keys}) for keys in now.values())
        self.figures.lost += sum(len({*keys} - {*now.get(stream, ())}) for stream, keys in before.items())

    def compare(self) -> None:
        """Compare all rows with those of the sandbox."""
        found = in_duckdb(self.file)
        for stream in STREAMS:
            properties = stream_schema(BY_NAME[stream])["properties"]
            wanted = [loadable(properties, row) for row in truth(self.sandbox, stream)]
            self.figures.rows += len(wanted)
            try:
                assert_equal(stream, BY_NAME[stream].key, found[stream], wanted)
            except (AssertionError, KeyError) as error:
                self.figures.lost += 1
                print(error, file=sys.stderr)  # noqa: T201 - says what is lost


@contextlib.contextmanager
def forks() -> Iterator[subprocess.Popen[str]]:
    """Start the process that forks."""
    command = [sys.executable, "-m", "tests.campaigns.forks"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            yield process
        finally:
            process.kill()


def chain(process: subprocess.Popen[str], victim: str, kills: int, seed: int) -> Figures:
    """Kill so many runs, let the last one end, and compare; the tenant goes on working in between."""
    dice = random.Random(f"{victim} {seed}")  # noqa: S311 - the same moments in every campaign
    with serve(seed=1, scale=0.02, page_size=PAGE) as sandbox, tempfile.TemporaryDirectory() as name:
        one = Chain(sandbox, Path(name), process)
        whole = one.run()
        one.figures.failed += {*whole["codes"].values()} != {0}
        one.seconds = whole["seconds"][VICTIMS[victim][0]]
        one.file.unlink()
        for number in range(kills):
            one.kill(victim, dice)
            if number % 4 == 3:
                for stream in ("jobs", "invoices", "customers", "non_job_timesheets"):
                    sandbox.touch(stream, 30, create=5)
                sandbox.advance(MINUTES)
        _settle(sandbox)
        last = one.run()
        one.figures.failed += {*last["codes"].values()} != {0}
        one.figures.failed += one.log.read_text().count("Traceback")
        one.figures.twice += sum(len(keys) - len({*keys}) for keys in one.keys().values())
        one.compare()
        return one.figures


def _settle(sandbox: Sandbox) -> None:
    """Let time pass until the API shows all changes; meanwhile the tenant makes more."""
    feeds = [stream for stream in STREAMS if BY_NAME[stream].kind == "export"]
    for _ in range(LONGEST_WAIT):
        sandbox.advance(MINUTES)
        if all(sandbox.rows(stream, settled=True) == sandbox.rows(stream) for stream in feeds):
            return
    msg = "the tenant never rests"
    raise RuntimeError(msg)


COLUMNS = ("runs", "kills", "of them after a commit", "rows compared", "keys twice", "lost or wrong", "failed")


def report(*, long: bool) -> Report:
    """Run the campaign."""
    kills, rounds = (16, 6) if long else (4, 1)
    found = []
    for victim in VICTIMS:
        with forks() as process:
            found.append((victim, sum((chain(process, victim, kills, seed) for seed in range(rounds)), Figures())))
    total = sum((one for _, one in found), Figures())
    rows = [(name, *dataclasses.astuple(one)) for name, one in [*found, ("total", total)]]
    return Report((table("SIGKILL while a tenant is loaded into DuckDB", ("killed", *COLUMNS), rows),), total.is_clean)
