"""Pages of a report's stream: rows as records of columns whose types are decided once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.errors import StreamError
from tap_servicetitan.readers.base import Page
from tap_servicetitan.records.records import DictRecords
from tap_servicetitan.records.shapes import json_text
from tap_servicetitan.reports.columns import KEY, MISFITS, decided
from tap_servicetitan.reports.rows import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.reports.rows import Rows
    from tap_servicetitan.reports.table import ReportTable
    from tap_servicetitan.reports.windows import Days


class PageMaker:
    """Makes the pages of one reading."""

    def __init__(self, table: ReportTable, records: RecordFactory, types: Mapping[str, str], run_at: str) -> None:
        """Prepare to make pages.

        Args:
            table: What the report is loaded into.
            records: Logs what is odd about rows.
            types: The type of each column that an earlier run has written.
            run_at: When this reading began.
        """
        self._table, self._records, self._known, self._run_at = table, records, dict(types), run_at
        self._writer: Writer | None = None
        table.learn(types)

    @property
    def types(self) -> tuple[tuple[str, str], ...]:
        """The type of each column that was written."""
        written = {one.name: one.kind for one in self._table.columns} if self._writer else {}
        return tuple((self._known | written).items())

    def make(self, rows: Rows, window: Days | None, piece: Days | None, before: int) -> Page:
        """Make a page.

        Args:
            rows: The rows.
            window: The window that they are of, if the report is read by windows.
            piece: The part of the window that was requested at once.
            before: How many rows of the window came before.
        """
        if not len(rows):
            return Page()
        writer = self._writer = self._writer or self._decided(rows)
        for name in rows.undeclared:
            self._records.warn_once(
                "%s: this column came, and is not in the report's description; it is left out", name
            )
        found = list(writer.records(rows, window, piece, before))
        for name in writer.misfits:
            self._records.warn_once(f"%s: values that are not of its type are in {MISFITS} instead", name)
        if KEY not in self._table.row.key:
            self._check_keys(found)
        return self._page(found)

    def end_marker(self, window: Days | None, piece: Days | None) -> Page:
        """Say that there are no rows any more, where there may have been some; none, if no row was ever written."""
        if not self.types:
            return Page()
        writer = self._writer = self._writer or self._decided(None)
        return self._page([writer.end_marker(window, piece, self._table.row.key)])

    def _page(self, found: list[dict[str, Any]]) -> Page:
        masked = self._records.masked(DictRecords({**one, **self._records.tenant} for one in found)).dicts()
        return Page(DictRecords(one | {MISFITS: one[MISFITS] and json_text(one[MISFITS])} for one in masked))

    def _decided(self, rows: Rows | None) -> Writer:
        """Decide by the first rows which columns are texts or times, unless it was decided in an earlier run."""
        table = self._table
        found = decided(table.columns, list(rows.values()) if rows else ())
        for name in (one for one, kind in found.items() if kind == "text" and one not in self._known):
            self._records.warn_once("%s: its values are not of the type that is declared; it is a column of text", name)
        table.learn({**found, **self._known})
        return Writer(table.columns, table.settings.id, self._run_at, makes_key=KEY in table.row.key)

    def _check_keys(self, found: list[dict[str, Any]]) -> None:
        key = self._table.row.key
        keys = [tuple(one[name] for name in key) for one in found]
        if any(None in one for one in keys):
            names = [name for name in key if any(one[name] is None for one in found)]
            msg = (
                f"{self._table.row.name}: a row has no value in the key {', '.join(names)}; choose other key_properties"
            )
            raise StreamError(msg)
        if len({*map(str, keys)}) < len(keys):
            self._records.warn_once(
                "%s: rows of one request have the same, and replace each other; add to it what tells them apart",
                "key_properties",
            )
