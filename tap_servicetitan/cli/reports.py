"""The command ``tap-servicetitan-reports``: which reports there are, and what to write into the settings for one."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from tap_servicetitan.api.client import ApiError, ForbiddenError
from tap_servicetitan.api.pages import UnexpectedBodyError
from tap_servicetitan.reports.columns import columns_of
from tap_servicetitan.reports.settings import SETTING, USUAL_DAYS, USUAL_LOOK_BACK
from tap_servicetitan.settings import SettingsError
from tap_servicetitan.tap import TapServiceTitan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_servicetitan.reports.api import ReportApi
    from tap_servicetitan.reports.description import Parameter, Report, Value

_WHO = "tap-servicetitan-reports"
_SPANS = (("From", "To"), ("StartDate", "EndDate"), ("DateFrom", "DateTo"))


def main(arguments: Sequence[str] | None = None) -> int:
    """List categories, the reports of one, or what one report takes and gives."""
    said = _parser().parse_args(arguments)
    try:
        sys.stdout.writelines(f"{line}\n" for line in _lines(_api(said.config), said))
    except SettingsError as error:
        return _give_up("\n".join(error.errors))
    except (ApiError, UnexpectedBodyError, OSError, ValueError) as error:
        return _give_up(str(error))
    return 0


def _give_up(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_WHO,
        description="Find reports for the setting custom_reports: categories, the reports of one, or one report.",
    )
    parser.add_argument(
        "--config", action="append", required=True, help="the tap's settings, a JSON file, or ENV for the environment"
    )
    parser.add_argument("category", nargs="?", help="id of a category, to list its reports")
    parser.add_argument("id", nargs="?", type=int, help="id of a report, to show its parameters and columns")
    return parser


def _api(sources: Iterable[str]) -> ReportApi:
    # What is there of reports may be what somebody is about to mend.
    return TapServiceTitan.of_files(sources, without=[SETTING], setup_mapper=False).reporting


def _lines(api: ReportApi, said: argparse.Namespace) -> Iterator[str]:
    if said.category is None:
        yield from _table(("category", "name"), [(one["id"], one["name"]) for one in api.categories(_WHO)])
    elif said.id is None:
        rows = [(one["id"], one["name"], one.get("description") or "") for one in api.listed(_WHO, said.category)]
        yield from _table(("id", "name", "description"), rows)
    else:
        report = api.report(_WHO, said.category, said.id)
        yield from _report(report, {one.name: _accepted(api, one) for one in report.parameters})
        yield from ("", "To read it, add to the settings:", "")
        yield json.dumps({SETTING: [_settings(report, said.category, said.id)]}, indent=2, ensure_ascii=False)


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


def _example(parameter: Parameter) -> Any:  # noqa: ANN401 - any JSON value
    value = (
        parameter.values[0][0]
        if parameter.values
        else {"Date": "2025-01-01", "Boolean": True}.get(parameter.data_type, "…")
    )
    return [value] if parameter.is_array else value


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    lines = [[str(one) for one in line] for line in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(f"{one:{width}}" for one, width in zip(line, widths, strict=True)).rstrip()


if __name__ == "__main__":
    sys.exit(main())
