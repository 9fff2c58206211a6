"""The command ``tap-servicetitan-reports``: which reports there are, and what to write into the settings for one."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from tap_servicetitan import terminal
from tap_servicetitan.catalog.report_presets import PRESETS
from tap_servicetitan.cli.common import CONFIG, run_command, tap_of_files
from tap_servicetitan.errors import ForbiddenError
from tap_servicetitan.reports.columns import columns_of
from tap_servicetitan.settings.reports import CUSTOM_REPORTS, USUAL_DAYS, USUAL_LOOK_BACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_servicetitan.json_type import Json
    from tap_servicetitan.reports.api import ReportApi
    from tap_servicetitan.reports.description import Parameter, Report, Value

_WHO = "tap-servicetitan-reports"
_SPANS = (("From", "To"), ("StartDate", "EndDate"), ("DateFrom", "DateTo"))


@click.command()
@CONFIG
@click.argument("category", required=False)
@click.argument("report", metavar="[ID]", required=False, type=int)
@click.option(
    "--presets",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, chosen: _list_presets(context) if chosen else None,
    help="List the presets: reports of ServiceTitan's own that are ready to be read.",
)
def command(config: tuple[str, ...], category: str | None, report: int | None) -> None:
    """Find reports for the setting custom_reports: categories, the reports of one, or one report."""
    # What the setting says may be what somebody is about to fix.
    api = tap_of_files(config, without=[CUSTOM_REPORTS], setup_mapper=False).reporting
    sys.stdout.writelines(f"{line}\n" for line in _lines(api, category, report))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    return run_command(command, arguments)


def _lines(api: ReportApi, category: str | None, identity: int | None) -> Iterator[str]:
    if category is None:
        yield from _table(("category", "name"), [(one["id"], one["name"]) for one in api.categories(_WHO)])
    elif identity is None:
        rows = [(one["id"], one["name"], one.get("description") or "") for one in api.listed(_WHO, category)]
        yield from _table(("id", "name", "description"), rows)
    else:
        report = api.report(_WHO, category, identity)
        yield from _report(report, {one.name: _accepted(api, one) for one in report.parameters})
        yield from ("", "To read it, add to the settings:", "")
        yield json.dumps({CUSTOM_REPORTS: [_settings(report, category, identity)]}, indent=2, ensure_ascii=False)


def _list_presets(context: click.Context) -> None:
    sys.stdout.writelines(f"{line}\n" for line in _presets())
    # No settings are needed for them.
    context.exit()


def _presets() -> Iterator[str]:
    rows = [(one.name, one.category, one.id, one.report, f"{one.days} d", ", ".join(one.key)) for one in PRESETS]
    yield from _table(("preset", "category", "id", "report", "window", "key"), rows)
    yield from ("", "To read one, add to the settings:", "")
    example = {CUSTOM_REPORTS: [{"preset": "business_unit_revenue", "start": "2025-01-01"}]}
    yield json.dumps(example, indent=2)


def _accepted(api: ReportApi, parameter: Parameter) -> list[Value]:
    try:
        return api.accepted(_WHO, parameter)
    except ForbiddenError as error:
        return [("?", str(error))]


def _report(report: Report, accepted: dict[str, list[Value]]) -> Iterator[str]:
    yield f"{report.name}: {report.description}" if report.description else report.name
    yield from ("", "Parameters:")
    for one in report.parameters:
        kind = f"list of {one.data_type}" if one.is_array else one.data_type
        yield f"  {one.name} ({one.label or one.name}): {kind}, {'required' if one.is_required else 'optional'}"
        yield from (f"    {json.dumps(key, ensure_ascii=False)}  {name}" for key, name in accepted[one.name])
    yield from ("", "Columns:")
    rows = [(one.name, one.field.data_type, one.field.label or one.field.name) for one in columns_of(report)]
    yield from (f"  {line}" for line in _table(("column", "declared type", "in the report"), rows))


def _settings(report: Report, category: str, identity: int) -> dict[str, Any]:
    """Write the settings of a report: what it requires, and a window where it has a span of days."""
    days = [one.name for one in report.parameters if one.data_type == "Date"]
    # A single one is the day that a report is as of.
    span = next((pair for pair in _SPANS if set(days) >= set(pair)), tuple(days) if len(days) == 1 else ())
    required = [one for one in report.parameters if one.is_required and one.name not in span]
    found: dict[str, Any] = {
        "category": category,
        "id": identity,
        "parameters": {one.name: _example(one) for one in required},
    }
    if span:
        window = dict(zip(("from", "to"), span, strict=False)) | ({"days": USUAL_DAYS} if len(span) > 1 else {})
        found["window"] = window | {"look_back_days": USUAL_LOOK_BACK, "start": "2025-01-01"}
    return found


def _example(parameter: Parameter) -> Json:
    value = (
        parameter.values[0][0]
        if parameter.values
        else {"Date": "2025-01-01", "Boolean": True}.get(parameter.data_type, "…")
    )
    return [value] if parameter.is_array else value


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    return terminal.table_lines(head, [[*map(str, row)] for row in rows], file=sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
