"""The audit of a tenant: stream by stream, up to what the warehouse can have by now."""

from __future__ import annotations

import dataclasses
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from tap_servicetitan.audit.compare import Comparison
from tap_servicetitan.audit.findings import Result
from tap_servicetitan.audit.lists import MODIFIED, AuditReader, NotAuditableError, audited_list
from tap_servicetitan.audit.spans import Span
from tap_servicetitan.audit.tables import SqlTable
from tap_servicetitan.records.factory import RecordFactory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from tap_servicetitan.audit.databases import Database
    from tap_servicetitan.audit.lists import AuditedList
    from tap_servicetitan.audit.tables import Table
    from tap_servicetitan.readers.source import Source
    from tap_servicetitan.session import Session

_SILENT = logging.getLogger("tap-servicetitan.audit")
_SILENT.setLevel(logging.CRITICAL)

MARGIN = timedelta(minutes=20)
"""What feeds hold back (15 minutes, documented), and a little more."""


def tables_of(database: Database, sources: Iterable[Source], tenant_id: str) -> dict[str, SqlTable]:
    """Find the tables that a database has of some streams."""
    found = {
        source.row.name: SqlTable.of(database, source.row.name, source.schema["properties"], tenant_id)
        for source in sources
    }
    return {name: table for name, table in found.items() if table}


def loaded_until(tables: Iterable[SqlTable]) -> datetime | None:
    """Return up to when a warehouse has what the API showed; None if it has no rows.

    It is the newest change that any table has, less what feeds hold back: what is later is for the next run.
    """
    newest = (table.newest(MODIFIED) for table in tables if MODIFIED in table.columns)
    last = max((moment for moment in newest if moment), default=None)
    return last - MARGIN if last else None


@dataclasses.dataclass(frozen=True)
class Audit:
    """Compares the streams of a tenant with a warehouse."""

    session: Session
    sources: Mapping[str, Source]
    """The streams, by name."""
    since: datetime | None
    """The earliest date of creation to compare; None: the start date of the settings, or all."""
    until: datetime

    def results(self, tables: Mapping[str, Table]) -> Iterator[Result]:
        """Compare stream by stream."""
        for name, source in self.sources.items():
            yield self._result(source, tables.get(name))

    def _result(self, source: Source, table: Table | None) -> Result:
        name = source.row.name
        try:
            audited = audited_list(source.row)
        except NotAuditableError as error:
            return Result(stream=name, note=str(error))
        if table is None:
            return Result(stream=name, note=f"{name} has no table in the warehouse")
        whole = Span(self._since(source), self.until)
        return Comparison(audited, self._reader(audited, source), table, source.schema["properties"], whole).run()

    def _since(self, source: Source) -> datetime | None:
        """Return from which date on the tap brings all rows of a stream."""
        applies = source.row.kind == "export" or source.row.start_date_applies
        dates = [self.since, self.session.settings.start_date if applies else None]
        return max((date for date in dates if date), default=None)

    def _reader(self, audited: AuditedList, source: Source) -> AuditReader:
        # What is odd about rows, the run has logged that loaded them.
        records = RecordFactory(
            row=audited.row,
            logger=_SILENT,
            masking=source.masking,
            columns=source.columns,
            schema=source.schema,
        )
        return AuditReader(self.session, audited.row, records)
