"""A report as the source of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from typing_extensions import override

from tap_servicetitan.catalog.endpoint import Endpoint
from tap_servicetitan.catalog.rows import module
from tap_servicetitan.readers.source import Source
from tap_servicetitan.records.columns import widened
from tap_servicetitan.reports.api import REPORTS_SCOPE
from tap_servicetitan.reports.columns import (
    KEY,
    RUN_AT,
    WINDOW_FROM,
    columns_of,
    find_columns,
    report_schema,
    with_kinds,
)
from tap_servicetitan.reports.reader import ReportReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.records.factory import RecordFactory
    from tap_servicetitan.reports.api import ReportApi
    from tap_servicetitan.reports.description import Report
    from tap_servicetitan.session import Session
    from tap_servicetitan.settings.reports import ReportSettings


class ReportSource(Source):
    """A report: the first rows decide which of its columns are texts, whatever it declares."""

    waits_for_rows = True

    def __init__(self, session: Session, api: ReportApi, settings: ReportSettings, report: Report) -> None:
        """Begin with the types that the report declares.

        Raises:
            ReportError: The settings name a column that the report does not have.
        """
        self.session, self.api, self.settings, self.report = session, api, settings, report
        self.columns_of_report = columns_of(report)
        self._texts = find_columns(self.columns_of_report, settings.text_columns, "text_columns")
        key = tuple(find_columns(self.columns_of_report, settings.key, "key_properties")) or (KEY,)
        self.row = _row(settings, key)
        self.is_full_table = settings.window is None
        self.learn({})

    def learn(self, kinds: Mapping[str, str]) -> None:
        """Decide the types of columns, and with them the schema."""
        self.columns_of_report = with_kinds(self.columns_of_report, kinds, self._texts)
        title = f"{self.report.name}: report {self.settings.id} of the category {self.settings.category}"
        self._schema = report_schema(
            title, self.columns_of_report, self.row.key, is_windowed=self.settings.window is not None
        )

    @property
    @override
    def schema(self) -> dict[str, Any]:
        return widened(self._schema, self.tenant_key, ())

    @property
    @override
    def scope(self) -> str:
        return REPORTS_SCOPE

    @override
    def starting_state(self, bookmark: dict[str, Any], *, full: bool) -> dict[str, Any]:
        # The types of columns stay as they were loaded, even where all rows come again.
        kept = ("tenant_id", "kinds")
        return {name: one for name, one in bookmark.items() if name in kept} if full else bookmark

    @override
    def reader(self, records: RecordFactory) -> ReportReader:
        return ReportReader(self, records)


def _row(settings: ReportSettings, key: tuple[str, ...]) -> Endpoint:
    """Say of a report what the table says of other streams."""
    row = Endpoint(
        name=settings.stream,
        kind="list",
        path=f"report-category/{quote(settings.category, safe='')}/reports/{settings.id}/data",
        method="POST",
        key=key,
        replication_key=RUN_AT if settings.window else None,
        made_key=((WINDOW_FROM,),) if KEY in key else (),
    )
    return module("reporting", "/reporting/v2", row)[0]
