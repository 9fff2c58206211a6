"""The campaign of moves: rows are deleted, made and changed while lists, children, windows and reports are read.

A table is kept as a target does that replaces rows by key and heeds ACTIVATE_VERSION. After the last run, which nobody
disturbs, it has to have every row that the sandbox has, with all its values. A row that is deleted stays where the API
cannot tell (docs/deletes.md), and is counted.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.readers.registry import is_full_table
from tap_servicetitan.sandbox.server import serve
from tests.campaigns import reports
from tests.campaigns.bench import PAGE, no_waiting
from tests.campaigns.figures import Figures, Report, table
from tests.support.running import run, texts
from tests.support.short_pages import short_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_servicetitan.sandbox.server import Sandbox
    from tests.support.running import Message, Output

STREAMS = {
    "lists that go on from a date": ("contacts", "non_job_timesheets", "zones"),
    "lists that are read whole": ("contact_preferences", "payment_types", "credit_memo_items"),
    "children": ("job_attachments", "journal_entry_details", "membership_type_discounts", "scheduler_sessions"),
    "windows": ("attributed_leads", "campaign_performance", "campaign_cost_summaries"),
    "reports": reports.REPORTS,
}
"""Several streams of each kind of reading."""

OF = {
    "job_attachments": "jobs",
    "journal_entry_details": "journal_entries",
    reports.WINDOWED: "jobs",
    "membership_type_discounts": "membership_types",
    "scheduler_sessions": "schedulers",
    reports.WHOLE: "technicians",
}
"""Whose rows move besides: parents, and what reports are made of."""

ONLY_WITH_PARENT = {*reports.REPORTS, "journal_entry_details"}
"""Rows that are made of others, and lines, which come and go with their entry: its date tells that they changed."""

SUMS = ("campaign_performance", "campaign_cost_summaries")
"""Of which there are no rows to move; what they are sums of moves with the days."""

ROUNDS = 4
"""So many runs are disturbed before the last one, which is not."""

WEEK = 8 * 86_400.0
"""So that all parents are visited again, and nothing is too young to be shown."""


class Table:
    """What a target has of some streams."""

    def __init__(self) -> None:
        """Begin without a row."""
        self._rows: dict[str, dict[tuple[Any, ...], tuple[Any, Message]]] = {}
        self._loads = 0

    def load(self, output: Output) -> None:
        """Load a run."""
        keys: dict[str, list[str]] = {}
        # A version is the second in which a run began, and here several begin in one.
        self._loads += 1
        for message in output.messages:
            stream = message.get("stream", "")
            rows = self._rows.setdefault(stream, {})
            match message["type"]:
                case "SCHEMA":
                    keys[stream] = message["key_properties"]
                case "RECORD":
                    key = tuple(message["record"][name] for name in keys[stream])
                    rows[key] = ((self._loads, message.get("version")), message["record"])
                case "ACTIVATE_VERSION":
                    came = (self._loads, message["version"])
                    self._rows[stream] = {key: one for key, one in rows.items() if one[0] == came}

    def rows(self, stream: str) -> list[Message]:
        """List the rows of a stream; those of a parent that are behind its end marker are gone."""
        rows = [row for _, row in self._rows.get(stream, {}).values()]
        ends: dict[Any, int] = {}
        for row in rows:
            if row.get("_end_marker") and "_line" in row:
                parent = row["journalEntryId"]
                ends[parent] = min(row["_line"], ends.get(parent, row["_line"]))
        if not ends:
            return reports.rows_of(stream, rows)
        return [row for row in rows if row["_line"] <= ends[row["journalEntryId"]]]


def _disturb(sandbox: Sandbox, dice: random.Random, stream: str) -> int:
    """Let rows move while a stream is read, behind some of its requests."""
    count = 0 if stream in SUMS else dice.randint(1, 4)
    for _ in range(count):
        of = OF[stream] if stream in ONLY_WITH_PARENT else dice.choice([None, OF.get(stream)])
        kind = dice.choice(("delete-rows", "insert-rows", "shift"))
        side = {"side": "unread"} if dice.random() < 0.3 else {}
        said = {"seed": dice.randrange(1_000), "count": dice.randint(1, 5), "skip": dice.choice((0, 0, 1, 2, 5))}
        sandbox.fault(kind, reports.asked(stream), **said, **side, **({"of": of} if of else {}))
    return count


def campaign(seed: int, streams: tuple[str, ...]) -> tuple[Figures, int]:
    """Disturb some runs, and compare after one that is not; the number is that of rows that only the table has."""
    dice = random.Random(seed)  # noqa: S311 - the same in every run
    figures, kept, state, left = Figures(), Table(), None, 0
    with serve(seed=seed + 1, scale=0.02, page_size=PAGE) as sandbox, short_pages(PAGE), no_waiting():
        config = sandbox.config | {"requests_per_second": 10_000, "emit_activate_version_messages": True}
        config |= reports.settings(streams)
        if not any(stream in BY_NAME and BY_NAME[stream].kind == "child" for stream in streams):
            # Windows begin there: of ten years, most would be empty.
            config |= {"start_date": "2026-09-01"}
        config |= {"concurrency": 4}
        chosen = reports.catalog(reports.entries(config) if set(streams) & {*reports.REPORTS} else [], streams)
        for number in range(ROUNDS + 1):
            if number < ROUNDS:
                figures.faults += sum(_disturb(sandbox, dice, stream) for stream in streams)
            else:
                sandbox.clear_faults()
                sandbox.advance(WEEK)
            output = run(config, catalog=chosen, state=state)
            figures.runs += 1
            figures.failed += int(output.error is not None)
            kept.load(output)
            state = output.state or state
            figures.faults -= len(sandbox.faults)
            sandbox.clear_faults()
            if number < ROUNDS:
                sandbox.advance(3_600.0)
        for stream in streams:
            wanted = Counter(texts(_by_key(_due(sandbox, stream), stream)))
            found = Counter(texts(kept.rows(stream)))
            figures.rows += wanted.total()
            figures.lost += (wanted - found).total()
            left += (found - wanted).total()
            if stream in BY_NAME and is_full_table(BY_NAME[stream]):
                figures.repeated += (found - wanted).total()
    return figures, left


def _due(sandbox: Sandbox, stream: str) -> list[Message]:
    """Give the rows that a table has to have: none before the start date, none below a parent that is gone."""
    rows, row = reports.truth(sandbox, stream), BY_NAME.get(stream)
    if row is not None and row.kind == "child":
        there = {tuple(str(one[field]) for field in row.links.values()) for one in sandbox.rows(row.parent or "")}
        return [one for one in rows if tuple(str(one[name]) for name in row.links) in there]
    if row is None or not (row.start_date_applies or row.window):
        return rows
    return [one for one in rows if str(one[row.replication_key or ""]) >= "2026-09-01"]


def _by_key(rows: list[Message], stream: str) -> list[Message]:
    """Leave out rows that the sandbox made with the key of another one: a table has the last of them."""
    key = BY_NAME[stream].key if stream in BY_NAME else (reports.key(stream),)
    return [*{tuple(row[name] for name in key): row for row in rows}.values()]


def _all(seeds: range) -> Iterator[tuple[str, Figures, int]]:
    for kind, streams in STREAMS.items():
        total, left = Figures(), 0
        for seed in seeds:
            figures, more = campaign(seed, streams)
            total, left = total + figures, left + more
        yield kind, total, left


def report(*, long: bool) -> Report:
    """Run the campaign."""
    found = [*_all(range(12 if long else 2))]
    total = sum((figures for _, figures, _ in found), Figures())
    rows = [
        (name, one.runs, one.faults, one.rows, one.lost, one.repeated, left, one.failed)
        for name, one, left in [*found, ("total", total, sum(left for *_, left in found))]
    ]
    columns = ("what", "runs", "moves", "rows", "rows lost", "rows wrong", "deleted rows left", "ended wrongly")
    return Report((table("Rows that move while they are read", columns, rows),), total.is_clean)
