"""Figures of a campaign, and the tables that they are printed in."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from tests.campaigns.reports import rows_of, truth
from tests.support.running import texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_servicetitan.sandbox.server import Sandbox
    from tests.support.running import Message


@dataclasses.dataclass
class Figures:
    """What some runs came to."""

    runs: int = 0
    faults: int = 0
    """How many requests were answered wrongly, or not at all."""
    rows: int = 0
    """How many rows the sandbox had."""
    lost: int = 0
    repeated: int = 0
    """Rows that came more often than the sandbox has them, or with other values."""
    waited: float = 0.0
    """Seconds that the tap would have waited between tries."""
    failed: int = 0
    """Runs that did not end as they should."""

    def __add__(self, other: Figures) -> Figures:
        """Take two together."""
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return Figures(*(one + another for one, another in pairs))

    def compare(self, sandbox: Sandbox, written: Mapping[str, Iterable[Message]], streams: Iterable[str]) -> None:
        """Compare the rows that were written, all of them, with those of the sandbox."""
        for stream in streams:
            wanted = Counter(texts(truth(sandbox, stream)))
            found = Counter(texts(rows_of(stream, written.get(stream, ()))))
            self.rows += wanted.total()
            self.lost += (wanted - found).total()
            self.repeated += (found - wanted).total()

    @property
    def is_clean(self) -> bool:
        """Whether every row came, each once, and each run ended as it should."""
        return not (self.lost or self.repeated or self.failed)


@dataclasses.dataclass(frozen=True)
class Report:
    """Tables to print, and whether all is as it should be."""

    tables: tuple[str, ...]
    is_clean: bool

    def __str__(self) -> str:
        """Write all tables."""
        return "\n\n".join(self.tables)


def table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Write a table as text that Markdown takes too; numbers stand to the right."""
    cells = [columns, *(tuple(map(_cell, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    head, *rest = [
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |" for row in cells
    ]
    rule = f"|{'-' * (widths[0] + 2)}|" + "".join(f"{'-' * (width + 1)}:|" for width in widths[1:])
    return "\n".join([f"### {title}", "", head, rule, *rest])


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
