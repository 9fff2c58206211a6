"""What became of the tenants in a run: rows, freshness, failures."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from many_tenants import ledger

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from many_tenants.tenants import Load


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The report on one tenant, or on one group of its streams."""

    name: str
    attempts: int
    rows: int
    seconds: float | None
    cpu_seconds: float | None
    age: dt.timedelta | None
    """How long ago the last good run began: what changed before it is in the warehouse."""
    failure: str | None


def lines(run: str, loads: Iterable[Load]) -> list[Line]:
    """Look up what became of the loads of a run."""
    return [
        Line(
            name=load.name,
            attempts=last.attempt or 0,
            rows=last.rows or 0,
            seconds=(last.ended - last.began).total_seconds() if last.ended else None,
            cpu_seconds=last.cpu_seconds,
            age=last.age,
            failure=_failure(last.began, last.ended, last.failure),
        )
        for load, last in ledger.last_tries(run, loads)
    ]


def _failure(began: dt.datetime | None, ended: dt.datetime | None, failure: str | None) -> str | None:
    if began is None:
        return "it was not begun"
    if ended is None:
        return "it was killed, or took too long"
    return failure


def table(report: Sequence[Line]) -> str:
    """Write the report as a table, failures first, and the reasons below it."""
    ordered = sorted(report, key=lambda line: (line.failure is None, line.name))
    cells = [("tenant", "tries", "rows", "seconds", "CPU", "fresh until", "")]
    cells += [
        (
            line.name,
            str(line.attempts),
            f"{line.rows:,}",
            "-" if line.seconds is None else f"{line.seconds:.0f}",
            "-" if line.cpu_seconds is None else f"{line.cpu_seconds:.1f}",
            "never loaded" if line.age is None else f"{line.age.total_seconds() / 60:.0f} min ago",
            "FAILED" if line.failure else "",
        )
        for line in ordered
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    drawn = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in cells
    ]
    reasons = [f"{line.name}: {line.failure}" for line in ordered if line.failure]
    return "\n".join(line.rstrip() for line in [*drawn, *reasons, summary(report)])


def summary(report: Sequence[Line]) -> str:
    """Say in one line how many failed, and name them."""
    names = failed(report)
    return f"{len(names)} of {len(report)} failed{': ' if names else ''}{', '.join(names)}"


def failed(report: Iterable[Line]) -> list[str]:
    """Name what failed."""
    return sorted(line.name for line in report if line.failure)
