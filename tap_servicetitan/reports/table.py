"""A report's columns as they are loaded: their types are decided by the first rows, and then stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tap_servicetitan.catalog.endpoint import Endpoint
from tap_servicetitan.catalog.rows import module
from tap_servicetitan.reports.columns import (
    KEY,
    RUN_AT,
    WINDOW_FROM,
    columns_of,
    find_columns,
    report_schema,
    with_kinds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.reports.description import Report
    from tap_servicetitan.settings.reports import ReportSettings


class ReportTable:
    """What a report is loaded into."""

    def __init__(self, settings: ReportSettings, report: Report) -> None:
        """Begin with the types that the report declares.

        Raises:
            ReportError: The settings name a column that the report does not have.
        """
        self.settings, self.report = settings, report
        self.columns = columns_of(report)
        self._texts = find_columns(self.columns, settings.text_columns, "text_columns")
        key = tuple(find_columns(self.columns, settings.key, "key_properties")) or (KEY,)
        self.row = _row(settings, key)
        self.learn({})

    def learn(self, kinds: Mapping[str, str]) -> None:
        """Decide the types of columns, and with them the schema."""
        self.columns = with_kinds(self.columns, kinds, self._texts)
        # Targets round a time in a key, or refuse it.
        times = [one.name for one in self.columns if one.kind == "time" and one.name in self.row.key]
        self.columns = with_kinds(self.columns, {}, times)
        title = f"{self.report.name}: report {self.settings.id} of the category {self.settings.category}"
        is_windowed = self.settings.window is not None
        self.schema: dict[str, Any] = report_schema(title, self.columns, self.row.key, is_windowed=is_windowed)


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
