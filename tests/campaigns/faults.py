"""The fault campaign: everything that can go wrong between the tap and the API, at every position.

Singly, each fault hits the first, a middle and the last request of a feed, a list, a child stream, a stream
of windows and a custom report, the sign-in, and what describes the report; then in random mixtures over many
streams read side by side.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import random
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.campaigns import reports
from tests.campaigns.bench import CLOSED_PORT, PAGE, Network, Stopwatch, no_waiting
from tests.campaigns.figures import Figures, Report, table
from tests.support.running import LASTING, Message, Output, run
from tests.support.short_pages import short_pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Said = dict[str, Any]
"""A fault, as the sandbox is told of it, or as the network is."""

EARLY: Said = {"kind": "status", "status": 401}

KINDS: Mapping[str, Said] = {
    "408": {"kind": "status", "status": 408},
    "429, header": {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    "429, decimal header": {"kind": "status", "status": 429, "headers": {"Retry-After": "7.5"}},
    "429, title only": {"kind": "status", "status": 429, "title": "Rate limit is exceeded. Try again in 50 seconds."},
    "429, bare": {"kind": "status", "status": 429, "title": "Slow down"},
    "500": {"kind": "status", "status": 500},
    "502, HTML": {"kind": "status", "status": 502, "body": "html"},
    "503, empty": {"kind": "status", "status": 503, "body": "empty"},
    "200, HTML": {"kind": "html"},
    "200, empty": {"kind": "empty"},
    "200, JSON cut short": {"kind": "truncate"},
    "reset before the answer": {"kind": "reset", "where": "start"},
    "reset in the headers": {"kind": "reset", "where": "headers"},
    "reset in the body": {"kind": "reset", "where": "body"},
    "reset after the body": {"kind": "reset", "where": "end"},
    "slow, within the time-out": {"kind": "slow", "seconds": 0.05},
    "slow, beyond the time-out": {"kind": "slow", "seconds": 1.2},
    "401, token ended early": EARLY,
    "host name not found": {"network": "name"},
    "connection refused": {"network": "refused"},
}

PLACES: Mapping[str, str] = {
    "feed": "invoice_items",
    "list": "non_job_timesheets",
    "child": "location_finding_details",
    "windows": "attributed_leads",
    "report": reports.WINDOWED,
}
"""A stream of each kind of reading, with many pages."""

MIXED = (
    "appointments", "customers", "estimates", "invoice_items", "invoices", "job_history", "jobs", "payments",
    "contacts", "contact_methods", "non_job_timesheets", "payrolls", "submissions", "technician_shifts",
    "booking_contacts", "contact_relationships", "location_finding_details", "lead_notes",
    "attributed_leads", "campaign_performance", *reports.REPORTS,
)  # fmt: skip
"""Streams of all kinds of reading for a mixture, in the short campaign."""

EVERY = (*LASTING, *reports.REPORTS)
"""All streams, for some mixtures of the long one."""

HITS = 3
"""How often a fault comes in a row. A mixture has at most three of them for a stream, and the tap tries 12 times."""

DESCRIBING_HITS = 2
"""How often it does where a report is described: that is tried three times, so as not to hold up all other streams."""

ONCE = frozenset(
    {
        *("401, token ended early", "slow, within the time-out", "slow, beyond the time-out"),
        "reset after the body",
    }
)
"""What comes once: a second 401 would say that the token is not the reason; slow answers would only take longer.

A reset behind a whole body costs no second try, so there is none for another to hit.
"""

TIMEOUT = 0.6
"""Seconds that the tap waits for an answer; the sandbox gives one in a few milliseconds."""


@dataclasses.dataclass
class Lab:
    """A sandbox, the network before it, and a clock that does not wait."""

    sandbox: Sandbox
    network: Network
    watch: Stopwatch
    config: Message
    reports: list[Message]
    """The catalog's entries of the reports, which are not to be discovered while something goes wrong."""

    def run(self, *streams: str, state: Message | None = None, **settings: Any) -> Output:  # noqa: ANN401 - any setting
        """Run the tap in this process."""
        config = self.config | reports.settings(streams) | settings
        return run(config, catalog=reports.catalog(self.reports, streams), state=state)

    def requests(self, stream: str) -> int:
        """Count the requests that a stream takes when nothing goes wrong."""
        self.sandbox.forget_requests()
        self.run(stream)
        return len(self.sandbox.requests(reports.asked(stream)))

    def add(self, said: Said, stream: str, skip: int, times: int) -> None:
        """Let something go wrong. A connection is asked for anew only where the last one was broken."""
        if "network" in said:
            self.network.fail(said["network"], skip=0 if stream == "token" else 1, times=times)
            if stream != "token":
                self.sandbox.fault("reset", stream, skip=skip)
        else:
            self.sandbox.fault(**said, stream=stream, skip=skip, times=times)

    def left(self) -> int:
        """Count the faults that did not come, and forget them."""
        left: int = sum(one["times"] for one in self.sandbox.faults) + max(0, self.network.times)
        self.sandbox.clear_faults()
        self.network.times = 0
        return left


@contextlib.contextmanager
def lab(seed: int = 1, scale: float = 0.02) -> Iterator[Lab]:
    """Set everything up."""
    with serve(seed=seed, scale=scale, page_size=PAGE) as sandbox, short_pages(PAGE), no_waiting() as watch:
        port = urlsplit(sandbox.url).port or 0
        with Network(port).installed() as network:
            config = sandbox.config | {"requests_per_second": 10_000, "request_timeout": TIMEOUT}
            yield Lab(sandbox, network, watch, config, reports.entries(config))


def singly(here: Lab) -> Iterator[tuple[str, Figures]]:
    """Let each fault come alone, at each position of a stream of each kind, at the sign-in, and at a description."""
    lengths = {stream: here.requests(stream) for stream in PLACES.values()}
    for name, said in KINDS.items():
        figures = Figures()
        for stream, length in lengths.items():
            for skip in (0, length // 2, length - 1):
                figures += _single(here, name, reports.asked(stream), stream, skip)
            if said != EARLY:
                # There, it would say that the credentials are wrong.
                figures += _single(here, name, "token", stream, 0)
        figures += _single(here, name, reports.DESCRIPTION, reports.WINDOWED, 0)
        yield name, figures


def _single(here: Lab, name: str, hit: str, stream: str, skip: int) -> Figures:
    said, begun = KINDS[name], here.watch.slept
    times = 1 if name in ONCE else DESCRIBING_HITS if hit == reports.DESCRIPTION else HITS
    here.add(said, hit, skip, times)
    planned = times + (1 if "network" in said and hit != "token" else 0)
    output = here.run(stream)
    figures = Figures(runs=1, faults=planned - (left := here.left()), waited=here.watch.slept - begun)
    figures.failed = int(output.error is not None or left > 0)
    figures.compare(here.sandbox, output.records, [stream])
    return figures


def mixture(here: Lab, seed: int, streams: tuple[str, ...], size: int) -> Figures:
    """Let many faults come at random positions of many streams that are read side by side."""
    dice = random.Random(seed)  # noqa: S311 - the same mixture in every run
    planned, begun = 0, here.watch.slept
    for name, stream in _drawn(dice, streams, size):
        times = 1 if name in ONCE else dice.randint(1, HITS)
        hit, skip = reports.asked(stream), dice.choice((0, 0, 1, 2, 5, 9))
        here.sandbox.fault(**KINDS[name], stream=hit, skip=skip, times=times)
        planned += times
    here.network.fail(dice.choice(("name", "refused")), skip=dice.randrange(4), times=HITS)
    planned += HITS
    recent = bool(seed % 2)
    output = here.run(*streams, concurrency=8, include_recent_changes=recent)
    figures = Figures(runs=1, faults=planned - here.left(), waited=here.watch.slept - begun)
    figures.failed = int(output.error is not None)
    figures.compare(here.sandbox, output.records, streams)
    return figures


def _drawn(dice: random.Random, streams: tuple[str, ...], size: int) -> Iterator[tuple[str, str]]:
    """Draw faults, at most three for a stream and one of them a 401; one at the sign-in."""
    passing = [name for name, said in KINDS.items() if "network" not in said and said != EARLY]
    places = dice.sample([*streams, *streams], min(size, 2 * len(streams)))
    yield from ((dice.choice(passing), stream) for stream in places)
    yield from (("401, token ended early", stream) for stream in dice.sample(streams, len(streams) // 4))
    yield dice.choice(passing), "token"


LASTING_FAULTS: Mapping[str, tuple[Said, Said]] = {
    "the sign-in fails": ({}, {"kind": "status", "status": 503, "stream": "token"}),
    "all answers are 500": ({}, {"kind": "status", "status": 500}),
    "one stream's answers are 500": ({}, {"kind": "status", "status": 500, "stream": "invoices"}),
    "one stream's answers never come": ({}, {"kind": "slow", "seconds": 1.2, "stream": "contacts"}),
    "a report cannot be run": ({}, {"kind": "status", "status": 500, "stream": reports.asked(reports.WINDOWED)}),
    "a report is not described": ({}, {"kind": "status", "status": 500, "stream": reports.DESCRIPTION}),
    "nobody listens at api_url": ({"api_url": f"http://127.0.0.1:{CLOSED_PORT}"}, {}),
    "nobody listens at auth_url": ({"auth_url": f"http://127.0.0.1:{CLOSED_PORT}/connect/token"}, {}),
    "the name in api_url does not exist": ({"api_url": "https://api.servicetitan.invalid"}, {}),
}
"""What does not pass: settings, and a fault."""


def lastingly(here: Lab, settings: Said, said: Said) -> Figures:
    """Let a fault stay for a whole run, which fails; after the next one, every row is there, each once."""
    streams = ("invoices", "jobs", "invoice_items", "contacts", reports.WINDOWED)
    begun = here.watch.slept
    here.sandbox.forget_requests()
    if said:
        here.sandbox.fault(**said, times=10_000)
    first = here.run(*streams, **settings)
    figures = Figures(runs=2, waited=here.watch.slept - begun, failed=int(first.error is None))
    figures.faults = len(here.sandbox.requests(said.get("stream"))) if said else 0
    here.left()
    known = [one for one in first.messages if one["type"] == "STATE"]
    second = here.run(*streams, state=known[-1]["value"] if known else None)
    figures.failed += int(second.error is not None)
    written = {stream: first.records[stream] + _news(here, second, first, stream) for stream in streams}
    figures.compare(here.sandbox, written, streams)
    return figures


def _news(here: Lab, output: Output, before: Output, stream: str) -> list[Message]:
    """Give the records of a run, without those that it has to bring once more."""
    known = before.records[stream]
    return [one for one in output.records[stream] if not (reports.is_of_today(here.sandbox, one) and one in known)]


COLUMNS = ("runs", "faults injected", "rows", "rows lost", "rows repeated", "ended wrongly", "seconds waited")


def report(*, long: bool) -> Report:
    """Run the campaign."""
    with lab() as here:
        single = [*singly(here)]
        staying = [(name, lastingly(here, *said)) for name, said in LASTING_FAULTS.items()]
        if not long:
            mixed = [(f"seed {seed}", mixture(here, seed, MIXED, 30)) for seed in range(2)]
    if long:
        mixed = [*_long_mixtures()]
    every = [figures for _, figures in itertools.chain(single, staying, mixed)]
    tables = (
        _table("Faults one by one: at the first, a middle and the last request, the sign-in, a description", single),
        _table("Faults that stay for a run, which is to fail; and the run after it", staying),
        _table("Random mixtures, 8 streams side by side", mixed),
    )
    return Report(tables, all(figures.is_clean for figures in every))


def _long_mixtures() -> Iterator[tuple[str, Figures]]:
    """Mix faults over the streams of several tenants; every fourth mixture is over all streams."""
    for tenant in range(4):
        some = Figures()
        every = Figures()
        with lab(seed=tenant + 1) as here:
            for seed in range(16 * tenant, 16 * (tenant + 1)):
                if seed % 4:
                    some += mixture(here, seed, MIXED, 30)
                else:
                    every += mixture(here, seed, EVERY, 150)
        yield f"tenant {tenant + 1}, {len(MIXED)} streams", some
        yield f"tenant {tenant + 1}, {len(EVERY)} streams", every


def _table(title: str, figures: Iterable[tuple[str, Figures]]) -> str:
    figures = [*figures]
    total = sum((one for _, one in figures), Figures())
    rows = [
        (name, one.runs, one.faults, one.rows, one.lost, one.repeated, one.failed, f"{one.waited:,.0f}")
        for name, one in [*figures, ("total", total)]
    ]
    return table(title, ("fault", *COLUMNS), rows)
