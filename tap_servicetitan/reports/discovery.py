"""The reports that the settings name, as sources of streams."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tap_servicetitan.catalog.report_presets import BY_NAME
from tap_servicetitan.errors import ApiError, CredentialsError, ReportError, UnexpectedBodyError
from tap_servicetitan.reports.presets import find
from tap_servicetitan.reports.source import ReportSource

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_servicetitan.reports.api import ReportApi
    from tap_servicetitan.session import Session
    from tap_servicetitan.settings.reports import ReportSettings


def report_sources(
    session: Session, api: ReportApi, deselected: Collection[str], broken: dict[str, str]
) -> list[ReportSource]:
    """Describe the reports that the settings name; each that cannot be described is logged, and left out.

    Args:
        session: The tenant.
        api: Describes reports.
        deselected: Streams that are not to be read.
        broken: Takes why a report is left out, by stream.
    """
    wanted = [one for one in session.settings.custom_reports if one.stream not in deselected]
    found = []
    for number, one in enumerate(wanted):
        try:
            found.append(_source(session, api, one))
        except CredentialsError as error:
            # All the others would fail alike.
            broken |= {other.stream: str(error) for other in wanted[number:]}
            session.logger.warning("custom_reports: left out: %s", error)
            break
        except (ApiError, UnexpectedBodyError, ReportError) as error:
            why = str(error) if isinstance(error, ApiError) else f"{one.stream}: {error}"
            broken[one.stream] = why
            session.logger.warning("Left out %s", why)
    return found


def _source(session: Session, api: ReportApi, settings: ReportSettings) -> ReportSource:
    if settings.preset is None:
        return ReportSource(session, api, settings, api.report(settings.stream, settings.category, settings.id))
    preset = BY_NAME[settings.preset]
    identity, report = find(api, settings.stream, preset)
    if identity != preset.id or not preset.is_known_as(report.name):
        session.logger.warning(
            "%s: report %d (%s) of this tenant is taken for the preset %s, which is %d (%s) elsewhere",
            settings.stream,
            identity,
            report.name,
            preset.name,
            preset.id,
            preset.report,
        )
    return ReportSource(session, api, dataclasses.replace(settings, id=identity), report)
