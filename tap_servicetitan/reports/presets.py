"""Finds the report of a preset at a tenant, which may have it by another id, under another name, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.errors import NotFoundError, ReportError

if TYPE_CHECKING:
    from tap_servicetitan.catalog.report_presets import Preset
    from tap_servicetitan.reports.api import ReportApi
    from tap_servicetitan.reports.description import Report

_MOST_LISTED = 20
"""How many of a category's reports a message names."""


def find(api: ReportApi, who: str, preset: Preset) -> tuple[int, Report]:
    """Find a report by its id, or else by its name in its category; its columns have to be those that are known.

    Raises:
        ReportError: The tenant does not have it.
        ApiError: The API does not say.
    """
    try:
        found = api.report(who, preset.category, preset.id)
    except NotFoundError:
        found = None
    # A tenant may have given it another name.
    if found and not _missing(found, preset):
        return preset.id, found
    listed = api.listed(who, preset.category)
    for one in listed:
        if preset.is_known_as(str(one.get("name", ""))) and (other := int(one["id"])) != preset.id:
            candidate = api.report(who, preset.category, other)
            if not _missing(candidate, preset):
                return other, candidate
    named = ", ".join(f"{one.get('id')} {one.get('name')}" for one in listed[:_MOST_LISTED]) or "no report"
    msg = (
        f"{_state_of(found, preset)}; the category {preset.category} has {named}: name the right one with id beside "
        "preset, or leave it out"
    )
    raise ReportError(msg)


def _missing(report: Report, preset: Preset) -> list[str]:
    """List the columns and parameters that a report lacks."""
    window = preset.settings["window"]
    parameters = {*preset.parameters, window["from"], window["to"]} - {one.name for one in report.parameters}
    return [*sorted(parameters), *sorted({*preset.columns} - {one.name for one in report.fields})]


def _state_of(found: Report | None, preset: Preset) -> str:
    what = f"the preset {preset.name} is report {preset.id}, {preset.report}"
    if found is None:
        return f"{what}, which this tenant does not have with its columns, by this id or name"
    missing = ", ".join(_missing(found, preset))
    return f"{what}, and at this tenant report {preset.id} is {found.name} and lacks {missing}"
