"""A report as the source of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_servicetitan.catalog.personal_data import personal_data
from tap_servicetitan.readers.source import Source
from tap_servicetitan.records.columns import widened
from tap_servicetitan.records.masking import masking
from tap_servicetitan.reports.columns import MISFITS
from tap_servicetitan.reports.reader import ReportReader
from tap_servicetitan.reports.runs import REPORTS_SCOPE
from tap_servicetitan.reports.table import ReportTable

if TYPE_CHECKING:
    from tap_servicetitan.catalog.personal_data import Kind
    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.reports.api import ReportApi
    from tap_servicetitan.reports.description import Report
    from tap_servicetitan.session import Session
    from tap_servicetitan.settings.reports import ReportSettings


class ReportSource(Source):
    """A report: the first rows decide which of its columns are texts, whatever it declares."""

    waits_for_rows = True

    def __init__(self, session: Session, api: ReportApi, settings: ReportSettings, report: Report) -> None:
        """Find the columns that the settings name.

        Raises:
            ReportError: The report does not have one of them.
        """
        self._api = api
        self._table = ReportTable(settings, report)
        self.session, self.row = session, self._table.row
        self.is_full_table = settings.window is None
        self.masking = masking(self._personal_fields(), self._table.schema, session.settings)

    def _personal_fields(self) -> dict[str, Kind]:
        """Find the personal columns by their names, and give the place of their misfits too."""
        if self.session.settings.personal_data == "keep":
            return {}
        known = personal_data().reports
        found = {one.name: known.kind(one.words, is_text=one.kind == "text") for one in self._table.columns}
        # A target needs the key as it is: whoever names a column of it decides.
        fields = {name: kind for name, kind in found.items() if kind and name not in self.row.key}
        return fields | {f"{MISFITS}.{name}": kind for name, kind in fields.items()}

    @property
    @override
    def schema(self) -> dict[str, Any]:
        schema = self._table.schema
        return widened(self.masking.schema(schema) if self.masking else schema, self.tenant_key, ())

    @property
    @override
    def scope(self) -> str:
        return REPORTS_SCOPE

    @override
    def starting_state(self, bookmark: dict[str, Any], *, full: bool) -> dict[str, Any]:
        # What is in the table stays there, even where all rows come again.
        kept = ("tenant_id", "column_types", "loaded_to")
        return {name: one for name, one in bookmark.items() if name in kept} if full else bookmark

    @override
    def reader(self, records: RecordFactory) -> ReportReader:
        return ReportReader(self.session, self._api, self._table, records)
