"""The setting that names reports: what it may say, and what is said of a wrong one."""

from __future__ import annotations

import dataclasses
import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.report_presets import BY_NAME as PRESETS
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

CUSTOM_REPORTS = "custom_reports"

USUAL_DAYS = 30
"""The length of a window, where nothing is said: a month of rows is what most reports give within the time limit."""

USUAL_LOOK_BACK = 7

_texts = th.ArrayType(th.StringType(nullable=False, min_length=1))
_identity = th.CustomType({"type": ["integer", "string"]})

REPORTS = th.ArrayType(
    th.ObjectType(
        th.Property("preset", th.StringType, description="A report that ServiceTitan has built, by a name of the tap."),
        th.Property("start", th.StringType, description="First day to read of a preset."),
        th.Property("category", th.StringType, description="Id of the report's category."),
        th.Property("id", _identity, description="Id of the report."),
        th.Property("stream_name", th.StringType, description="Name of the stream; report_<id> unless given."),
        th.Property(
            "parameters",
            th.CustomType({"type": ["object", "array", "null"]}),
            description="Values by parameter name: a value, or a list of them.",
        ),
        th.Property("key_properties", _texts, description="Columns that tell rows apart."),
        th.Property("text_columns", _texts, description="Columns to write as text, whatever their declared type."),
        th.Property(
            "window",
            th.ObjectType(
                th.Property("from", th.StringType, description="Parameter that a window's first day goes into."),
                th.Property("to", th.StringType, description="Parameter that a window's last day goes into."),
                th.Property("days", th.IntegerType(minimum=1), description="Length of a window."),
                th.Property("look_back_days", th.IntegerType(minimum=0), description="Days that are read again."),
                th.Property("start", th.StringType, description="First day to read."),
            ),
            description="Reads the report by days, where it has parameters for them.",
        ),
        th.Property("report_category", th.StringType, description="The same as category."),
        th.Property("report_id", _identity, description="The same as id."),
        th.Property("report_name", th.StringType, description="Names the stream custom_report_<name>."),
        th.Property("backfill_date_parameter", th.StringType, description="The same as a window of one day."),
        th.Property("lookback_window_days", th.IntegerType(minimum=0), description="The same as look_back_days."),
    )
)
"""The setting's JSON Schema. The last five are words of the MeltanoLabs tap."""

_KNOWN = tuple(REPORTS.type_dict["items"]["properties"])
_OF_WINDOW = ("from", "to", "days", "look_back_days", "start")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WindowSettings:
    """How a report is read by days."""

    start: str
    """The parameter that a window's first day goes into."""
    end: str | None
    """The parameter that its last day goes into; None if the report takes a single day."""
    days: int
    look_back: int
    first: date


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """A report that is to be read as a stream."""

    category: str
    id: int
    stream: str
    parameters: Mapping[str, Any]
    key: tuple[str, ...]
    """Columns that tell rows apart, by any of their names; none if the tap is to make a key."""
    text_columns: tuple[str, ...]
    window: WindowSettings | None
    preset: str | None = None
    """What is known of the report, and has to be found; None if the settings name the report itself."""


def read_reports(config: Mapping[str, Any]) -> tuple[list[ReportSettings], list[str]]:
    """Read the reports that the settings name, and say what is wrong with those that cannot be read."""
    found: list[ReportSettings] = []
    faults: list[str] = []
    for number, entry in enumerate(config.get(CUSTOM_REPORTS) or ()):
        where = f"{CUSTOM_REPORTS}.{number}"
        given = _with_preset({name: value for name, value in entry.items() if value is not None})
        if wrong := list(_faults(given, config)):
            faults += [f"{where}{fault}" for fault in wrong]
            continue
        report = _report(given, config)
        if report.stream in BY_NAME:
            faults.append(f"{where}.stream_name: there is a stream {report.stream} already; give it another one")
        elif report.stream in {one.stream for one in found}:
            faults.append(f"{where}: a report before it is named {report.stream} too; give one of them a stream_name")
        else:
            found.append(report)
    return found, faults


def _with_preset(given: dict[str, Any]) -> dict[str, Any]:
    """Fill in what a preset stands for, and the settings do not say."""
    preset = PRESETS.get(given.get("preset", ""))
    if preset is None:
        return given
    usual = preset.settings
    start = {"start": given["start"]} if "start" in given else {}
    window = (
        usual["window"] | start | {name: value for name, value in given.get("window", {}).items() if value is not None}
    )
    named = {name: value for name, value in given.items() if name not in {"preset", "start"}}
    # Who names the report itself need not have it looked for.
    marked = {} if named.keys() & {"id", "report_id"} else {"preset": preset.name}
    return usual | named | {"window": window} | marked


def _faults(given: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(given, _KNOWN, "")
    if "preset" in given and given["preset"] not in PRESETS:
        near = difflib.get_close_matches(given["preset"], PRESETS, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        yield f".preset: there is no {given['preset']}{hint} The command tap-servicetitan-reports --presets lists them"
        return
    if "start" in given:
        yield ".start belongs into the window, .window.start, where there is no preset"
    for name in ("category", "id"):
        if given.get(name, given.get(f"report_{name}")) in (None, ""):
            yield f": {name} is missing; the command tap-servicetitan-reports lists what there is"
    if not re.fullmatch(r"\d+", str(given.get("id", given.get("report_id", 0)))):
        yield ".id must be a number, as it stands in the report's address"
    if not _NAME.fullmatch(stream := _stream(given)):
        yield f".stream_name must be of small letters, digits and single underscores, not {stream!r}"
    try:
        _parameters(given)
    except (AttributeError, KeyError, TypeError):
        yield '.parameters must be of the form {"name": value} or [{"name": …, "value": …}]'
    else:
        yield from _faults_of_window(given, config)


def _unknown(given: Mapping[str, Any], known: tuple[str, ...], where: str) -> Iterator[str]:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            yield f"{where}.{name} is not known; " + (f"did you mean {near[0]}?" if near else "remove it")


def _faults_of_window(given: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    window = _window(given)
    if window is None:
        return
    yield from _unknown(window, _OF_WINDOW, ".window")
    if not window.get("from"):
        yield ".window.from is missing: the parameter that a window's first day goes into"
    if "to" not in window and window.get("days", 1) != 1:
        yield ".window.days must be 1 where there is no parameter for a last day, .window.to"
    start = window.get("start", config.get("start_date"))
    if start is None:
        yield ".window.start is missing: the first day to read, such as 2024-01-01"
    elif (day := _day(start)) is None:
        yield f".window.start must be a date such as 2024-01-01, not {start!r}"
    elif day > datetime.now(UTC).date() + timedelta(days=1):
        yield f".window.start must not lie in the future, as {start!r} does"


def _report(given: Mapping[str, Any], config: Mapping[str, Any]) -> ReportSettings:
    parameters, window = _parameters(given), _window(given)
    if window is not None and "window" not in given:
        # What was its value is where reading starts.
        parameters.pop(window["from"], None)
    return ReportSettings(
        category=given.get("category", given.get("report_category", "")),
        id=int(given.get("id", given.get("report_id", 0))),
        stream=_stream(given),
        parameters=parameters,
        key=tuple(given.get("key_properties", ())),
        text_columns=tuple(given.get("text_columns", ())),
        window=_window_settings(window, config) if window is not None else None,
        preset=given.get("preset"),
    )


def _window_settings(window: Mapping[str, Any], config: Mapping[str, Any]) -> WindowSettings:
    first = _day(window.get("start", config.get("start_date")))
    assert first is not None  # noqa: S101 - checked before
    return WindowSettings(
        start=window["from"],
        end=window.get("to"),
        days=window.get("days", USUAL_DAYS) if "to" in window else 1,
        look_back=window.get("look_back_days", USUAL_LOOK_BACK),
        first=first,
    )


def _window(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give what is said of a window, here or in the words of the MeltanoLabs tap."""
    if "window" in given:
        return {name: value for name, value in given["window"].items() if value is not None}
    name = given.get("backfill_date_parameter")
    if name is None:
        return None
    start = {"start": _parameters(given)[name]} if name in _parameters(given) else {}
    return {"from": name, "days": 1, "look_back_days": given.get("lookback_window_days", 0)} | start


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    said = given.get("parameters", {})
    pairs = said.items() if isinstance(said, dict) else [(str(one["name"]), one["value"]) for one in said]
    return {name: value for name, value in pairs if value is not None}


def _stream(given: Mapping[str, Any]) -> str:
    if "stream_name" in given:
        return str(given["stream_name"])
    if "report_name" in given:
        return "custom_report_" + re.sub(r"[^a-z0-9]+", "_", given["report_name"].lower()).strip("_")
    return f"report_{given.get('id', given.get('report_id', 0))}"


def _day(text: object) -> date | None:
    moment = parse(text) if isinstance(text, str) else None
    return moment.date() if moment else None
