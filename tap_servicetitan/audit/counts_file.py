"""A file of counts, for a warehouse that the audit cannot reach, and the SQL that makes it."""

from __future__ import annotations

import csv
import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_servicetitan.audit.lists import CREATED
from tap_servicetitan.audit.tables import Table
from tap_servicetitan.errors import FileError
from tap_servicetitan.state.timestamps import as_parameter, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from tap_servicetitan.audit.spans import Span
    from tap_servicetitan.audit.tables import Row

COLUMNS = ("stream", "until", "year", "month", "row_count")


@dataclasses.dataclass(frozen=True)
class CountsTable(Table):
    """The number of rows that were created in each month."""

    until: datetime
    """Up to when rows were counted."""
    months: Mapping[datetime, int]
    """By the first day of the month."""

    has_rows = False

    @override
    def count(self, date: str, span: Span, *, active_only: bool = False) -> int:
        is_after = [(month, count) for month, count in self.months.items() if not span.begin or month >= span.begin]
        return sum(count for month, count in is_after if not span.end or month < span.end)

    @override
    def first(self, date: str) -> datetime | None:
        return min(self.months, default=None)

    @override
    def rows(self, date: str, span: Span) -> Iterator[Row]:
        return iter(())

    @override
    def row(self, key: Mapping[str, Any]) -> Row | None:
        return None


def read_counts(path: Path) -> dict[str, CountsTable]:
    """Read the file: CSV with a line for each stream and month of creation.

    Raises:
        FileError: It is not such a file.
    """
    months: dict[str, dict[datetime, int]] = {}
    ends: dict[str, datetime] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, line in enumerate(csv.DictReader(file), 2):
                row = {(name or "").lower(): value for name, value in line.items()}
                try:
                    month = datetime(int(float(row["year"])), int(float(row["month"])), 1, tzinfo=UTC)
                    months.setdefault(row["stream"], {})[month] = int(row["row_count"])
                    end = parse(row["until"])
                except (KeyError, TypeError, ValueError):
                    end = None
                if end is None:
                    msg = f"{path}, line {number}: wanted {', '.join(COLUMNS)}; make the file with --print-sql"
                    raise FileError(msg)
                ends[row["stream"]] = end
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} cannot be read as CSV: {error}"
        raise FileError(msg) from None
    return {stream: CountsTable(ends[stream], found) for stream, found in months.items()}


def counting_sql(streams: Iterable[str], schema: str | None, until: datetime) -> str:
    """Write the SQL whose result, as CSV, is such a file; in what most databases understand."""
    return "\nUNION ALL\n".join(_counting(stream, schema, as_parameter(until)) for stream in streams) + "\n"


def _counting(stream: str, schema: str | None, until: str) -> str:
    table = ".".join(f'"{part}"' for part in (schema, stream) if part)
    year, month = (f'EXTRACT({part} FROM "{CREATED}")' for part in ("YEAR", "MONTH"))
    instant = until.removesuffix("Z").replace("T", " ")
    lines = (
        f"SELECT '{stream}' AS stream, '{until}' AS until, {year} AS year, {month} AS month, COUNT(*) AS row_count",
        f"""FROM {table} WHERE "{CREATED}" < TIMESTAMP '{instant}'""",
        f"GROUP BY {year}, {month}",
    )
    return "\n".join(lines)
