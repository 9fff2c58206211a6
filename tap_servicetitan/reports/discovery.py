"""The streams of the reports that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from tap_servicetitan.api.client import ApiError, CredentialsError
from tap_servicetitan.api.pages import UnexpectedBodyError
from tap_servicetitan.catalog.endpoint import Endpoint
from tap_servicetitan.catalog.rows import module
from tap_servicetitan.reports.columns import KEY, RUN_AT, WINDOW_FROM, columns_of, find_columns
from tap_servicetitan.reports.description import ReportError
from tap_servicetitan.reports.settings import SETTING, read_reports
from tap_servicetitan.reports.stream import ReportStream

if TYPE_CHECKING:
    from tap_servicetitan.reports.settings import ReportSettings
    from tap_servicetitan.tap import TapServiceTitan


def report_streams(tap: TapServiceTitan) -> list[ReportStream]:
    """Make the streams of the reports that the settings name; each that cannot be made is told, and left out."""
    if not tap.config.get(SETTING):
        return []
    if tap.faults:
        why = "; ".join(fault.partition(":")[0] for fault in tap.faults)
        tap.logger.warning("%s: left out, because what reports hold is asked for with credentials: %s", SETTING, why)
    wanted = [] if tap.faults else read_reports(tap.config)[0]
    found = []
    for number, one in enumerate(wanted):
        if tap.is_deselected(one.stream):
            continue
        try:
            found.append(_stream(tap, one))
        except CredentialsError as error:
            # All the others would fail alike.
            tap.broken_reports |= {other.stream: str(error) for other in wanted[number:]}
            tap.logger.warning("%s: left out: %s", SETTING, error)
            break
        except (ApiError, UnexpectedBodyError, ReportError) as error:
            why = str(error) if isinstance(error, ApiError) else f"{one.stream}: {error}"
            tap.broken_reports[one.stream] = why
            tap.logger.warning("Left out %s", why)
    return found


def _stream(tap: TapServiceTitan, settings: ReportSettings) -> ReportStream:
    report = tap.reporting.report(settings.stream, settings.category, settings.id)
    columns = columns_of(report)
    find_columns(columns, settings.text_columns, "text_columns")
    key = tuple(find_columns(columns, settings.key, "key_properties")) or (KEY,)
    facts = {"name": settings.stream, "row": _row(settings, key), "settings": settings, "report": report}
    made: type[ReportStream] = type(settings.stream, (ReportStream,), facts | {"is_whole": settings.window is None})
    return made(tap)


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
