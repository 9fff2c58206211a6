"""The rows of a report as records."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

from tap_servicetitan.errors import TypeMismatchError
from tap_servicetitan.reports.columns import END_MARKER, KEY, MISFITS, REPORT_ID, RUN_AT, WINDOW_FROM, WINDOW_TO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_servicetitan.reports.columns import Column
    from tap_servicetitan.reports.values import Kind
    from tap_servicetitan.reports.windows import Days

Record = dict[str, Any]


class Rows:
    """Rows that came together, with a value for each of the stream's columns."""

    def __init__(self, names: Sequence[str], rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> None:
        """Find where in the rows the columns stand: the report may have been changed since it was described.

        Args:
            names: Of the columns that came.
            rows: A value for each of them.
            columns: The stream's.
        """
        self._rows = rows
        self._places = places(names, columns)
        self.undeclared = sorted({name for name, _ in set(_numbered(names)) - set(_names(columns))})
        """Columns that came, and are not the stream's."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def values(self) -> Iterator[list[Any]]:
        """Give the values of each row; null for what did not come."""
        for row in self._rows:
            yield [None if place is None else row[place] for place in self._places]


def places(names: Sequence[str], columns: Sequence[Column]) -> list[int | None]:
    """Find each of the stream's columns among those that came; None for one that did not."""
    sent = {one: place for place, one in enumerate(_numbered(names))}
    return [sent.get(one) for one in _names(columns)]


def _names(columns: Sequence[Column]) -> list[tuple[str, int]]:
    return list(_numbered([column.field.name for column in columns]))


def _numbered(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Tell columns of the same name apart."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name, seen[name]


def _days(piece: Days | None) -> Record:
    return {WINDOW_FROM: piece.first.isoformat(), WINDOW_TO: piece.last.isoformat()} if piece else {}


def _made_key(window: Days | None, number: int) -> str:
    return f"{window.first.isoformat()}/{number}" if window else str(number)


def _no_key(kind: Kind, first: date | None) -> float | str | bool:
    """Give a value of a key column that no row has, and that is another one for each part of a report."""
    match kind:
        case "number":
            return -int(first.strftime("%Y%m%d")) if first else -1
        case "date":
            return f"{first or date.min}"
        case "boolean":
            return False
        case _:
            return f"{END_MARKER} {first}" if first else END_MARKER


class Writer:
    """Makes records of rows."""

    def __init__(self, columns: Sequence[Column], report: int, run_at: str, *, makes_key: bool) -> None:
        """Prepare what is the same in all records."""
        self._all = columns
        self._columns = [(column.name, column.fit) for column in columns]
        self._own = {REPORT_ID: report, RUN_AT: run_at}
        self._makes_key = makes_key
        self.misfits: Counter[str] = Counter()
        """How many values were not of their column's type."""

    def records(self, rows: Rows, window: Days | None, piece: Days | None, before: int) -> Iterator[Record]:
        """Make the records of a page.

        Args:
            rows: The rows.
            window: The window that they are of, if the report is read by windows.
            piece: The part of the window that was asked for at once.
            before: How many rows of the window came before.
        """
        own = self._own | _days(piece) | {END_MARKER: False}
        for number, values in enumerate(rows.values(), before + 1):
            record = self._record(values) | own
            if self._makes_key:
                record[KEY] = _made_key(window, number)
            yield record

    def end_marker(self, window: Days | None, piece: Days | None, key: Sequence[str]) -> Record:
        """Make the record that says that there are no rows any more, with a key that no row has."""
        first = piece.first if piece else None
        record = dict.fromkeys(name for name, _ in self._columns) | {MISFITS: None}
        record |= {column.name: _no_key(column.kind, first) for column in self._all if column.name in key}
        if self._makes_key:
            record[KEY] = _made_key(window, 0)
        return record | self._own | _days(piece) | {END_MARKER: True}

    def _record(self, values: Sequence[Any]) -> Record:
        record: Record = {}
        misfits: Record = {}
        for (name, fit), value in zip(self._columns, values, strict=True):
            try:
                record[name] = fit(value)
            except TypeMismatchError:
                record[name], misfits[name] = None, value
        self.misfits.update(misfits.keys())
        return record | {MISFITS: misfits or None}
