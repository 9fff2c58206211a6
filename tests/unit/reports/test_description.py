"""The parameters of a report, against its own description, and the settings that name it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.report_presets import PRESETS
from tap_servicetitan.errors import ReportError, UnexpectedBodyError
from tap_servicetitan.reports.description import Parameter, Report, checked, read_metadata
from tap_servicetitan.sandbox.reporting import definitions
from tap_servicetitan.sandbox.responses import json_response
from tap_servicetitan.settings.reports import ReportSettings, WindowSettings, read_reports
from tap_servicetitan.settings.validation import faults
from tests.unit.test_settings import GOOD, SCHEMA

JOBS: Report = read_metadata(bytes(json_response(definitions.JOBS.description_body("2026-01-01T00:00:00Z")).body))
UNITS = [(7, "Plumbing"), (8, "HVAC")]


def accepted(parameter: Parameter) -> list[tuple[Any, str]]:
    """List the values that a parameter accepts, as the API would."""
    return UNITS if parameter.dynamic_set else parameter.values


def ask(days: tuple[str, ...] = ("From", "To"), **given: Any) -> dict[str, Any]:  # noqa: ANN401 - any value
    """Check parameters against the report of jobs."""
    return checked(JOBS, given, days, accepted)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param({"DateType": 2}, {"DateType": 2}, id="as the API has it"),
        pytest.param({"DateType": "2"}, {"DateType": 2}, id="a number as text"),
        pytest.param({"DateType": "job completion date"}, {"DateType": 2}, id="as the screen names it"),
        pytest.param({"BusinessUnitIds": [7, "HVAC"]}, {"BusinessUnitIds": [7, 8]}, id="a list of a dynamic set"),
        pytest.param({"BusinessUnitIds": 8}, {"BusinessUnitIds": [8]}, id="one for a list"),
        pytest.param({"IncludeNoCharge": "True"}, {"IncludeNoCharge": True}, id="a boolean as text"),
    ],
)
def test_parameters_become_what_the_api_takes(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Values are sent in the type, and as the key, that the report's description asks for."""
    assert ask(**{"DateType": 1} | given) == {"DateType": 1} | wanted


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({}, ["DateType is required", "1 (Job Creation Date), 2 (Job Completion Date)"], id="missing"),
        pytest.param({"DateType": 3}, ["DateType has the value '3'", "accepted are 1 (Job Creation Date)"], id="value"),
        pytest.param({"DateType": [1]}, ["DateType is a list"], id="list for one"),
        pytest.param(
            {"DateType": 1, "BusinessUnitIds": [9]},
            ["BusinessUnitIds has the value '9'", "accepted are 7 (Plumbing), 8 (HVAC)"],
            id="value of a dynamic set",
        ),
        pytest.param(
            {"DateType": 1, "Datetype": 1},
            ["Datetype is not one of the report's (did you mean DateType?)", "it takes DateType, From, To"],
            id="unknown",
        ),
        pytest.param({"DateType": 1, "IncludeNoCharge": "yes"}, ["takes a value true or false"], id="boolean"),
        pytest.param({"DateType": 1, "From": "2026-01-01"}, ["From is set, and the window sets it too"], id="twice"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_accepted(given: dict[str, Any], words: list[str]) -> None:
    """A missing, unknown or wrong parameter is named together with what would be right."""
    with pytest.raises(ReportError) as caught:
        ask(**given)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        pytest.param(("Fromm", "To"), ["Fromm is not one of the report's (did you mean From?)"], id="unknown"),
        pytest.param(("DateType", "To"), ["DateType of the window is a Number", "those are From, To"], id="no date"),
    ],
)
def test_a_window_goes_into_dates(days: tuple[str, ...], words: list[str]) -> None:
    """The parameters of a window are the report's, and dates."""
    with pytest.raises(ReportError) as caught:
        ask(days, DateType=1)
    assert all(word in str(caught.value) for word in words)


def test_days_without_a_window_are_parameters() -> None:
    """A fixed span is a snapshot of it; what is no date is told."""
    assert ask((), DateType=1, From="2026-01-01", To=" 2026-01-31 ")["To"] == "2026-01-31"
    with pytest.raises(ReportError, match=r"From has the value '1\.1\.26', and takes a date such as 2024-01-31"):
        ask((), DateType=1, From="1.1.26", To="2026-01-31")


def test_long_lists_of_values_are_cut() -> None:
    """A message does not list hundreds of technicians."""
    many = [(number, f"Somebody {number}") for number in range(100)]
    with pytest.raises(ReportError, match="and 70 more, which tap-servicetitan-reports lists"):
        checked(
            JOBS, {"DateType": 1, "BusinessUnitIds": [-1]}, ("From", "To"), lambda one: many if one.is_array else []
        )


@pytest.mark.parametrize("body", [b"[]", b'{"name": "A"}', b'{"name": "A", "parameters": [{}], "fields": []}'])
def test_what_is_no_description(body: bytes) -> None:
    """An answer that describes no report is told as such."""
    with pytest.raises(UnexpectedBodyError, match="the description of a report"):
        read_metadata(body)


WINDOW = WindowSettings(start="From", end="To", days=30, look_back=7, first=date(2025, 1, 1))
PLAIN = ReportSettings(
    category="operations", id=12, stream="report_12", parameters={}, key=(), text_columns=(), window=None
)


def settings(**changes: Any) -> ReportSettings:  # noqa: ANN401 - any field
    """Write down what settings mean."""
    return ReportSettings(**{name: getattr(PLAIN, name) for name in PLAIN.__slots__} | changes)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param({"category": "operations", "id": 12}, settings(), id="the least"),
        pytest.param({"category": "operations", "id": "12", "stream_name": "x"}, settings(stream="x"), id="named"),
        pytest.param(
            {
                "category": "operations",
                "id": 12,
                "parameters": [{"name": "A", "value": [1]}, {"name": "B", "value": None}],
            },
            settings(parameters={"A": [1]}),
            id="parameters as pairs",
        ),
        pytest.param(
            {
                "category": "operations",
                "id": 12,
                "key_properties": ["Job ID"],
                "text_columns": ["Zip"],
                "window": {"from": "From", "to": "To", "start": "2025-01-01"},
            },
            settings(key=("Job ID",), text_columns=("Zip",), window=WINDOW),
            id="a window",
        ),
        pytest.param(
            {
                "report_category": "operations",
                "report_id": "12",
                "report_name": "My Report",
                "parameters": [{"name": "AsOf", "value": "2025-01-01"}, {"name": "B", "value": "x"}],
                "backfill_date_parameter": "AsOf",
                "lookback_window_days": 3,
            },
            settings(
                stream="custom_report_my_report",
                parameters={"B": "x"},
                window=WindowSettings(start="AsOf", end=None, days=1, look_back=3, first=date(2025, 1, 1)),
            ),
            id="in the words of the MeltanoLabs tap",
        ),
    ],
)
def test_settings_of_a_report(given: dict[str, Any], wanted: ReportSettings) -> None:
    """A report is named in our words or in those of the existing tap."""
    assert faults(GOOD | {"custom_reports": [given]}, SCHEMA) == []
    assert read_reports({"custom_reports": [given]}) == ([wanted], [])


REVENUE = ReportSettings(
    category="business-unit-dashboard",
    id=175,
    stream="business_unit_revenue",
    parameters={},
    key=("Name", "_window_from"),
    text_columns=(),
    window=WindowSettings(start="From", end="To", days=1, look_back=7, first=date(2025, 1, 1)),
    preset="business_unit_revenue",
)


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        pytest.param({}, {}, id="as it is"),
        pytest.param({"stream_name": "x"}, {"stream": "x"}, id="named"),
        pytest.param({"id": 9}, {"id": 9, "preset": None}, id="the report is named"),
        pytest.param({"parameters": {"A": 1}}, {"parameters": {"A": 1}}, id="parameters"),
        pytest.param(
            {"window": {"days": 30}},
            {"window": WindowSettings(start="From", end="To", days=30, look_back=7, first=date(2025, 1, 1))},
            id="longer windows",
        ),
    ],
)
def test_a_preset_stands_for_settings(given: dict[str, Any], changes: dict[str, Any]) -> None:
    """What a preset stands for, the settings can replace."""
    entry = {"preset": "business_unit_revenue", "start": "2025-01-01"} | given
    wanted = ReportSettings(**{name: getattr(REVENUE, name) for name in REVENUE.__slots__} | changes)
    assert faults(GOOD | {"custom_reports": [entry]}, SCHEMA) == []
    assert read_reports({"custom_reports": [entry]}) == ([wanted], [])


def test_presets_are_reports_of_their_own() -> None:
    """Each has a name, an id and a window of one day where it has sums; its key is among its columns."""
    assert len({one.name for one in PRESETS}) == len({one.id for one in PRESETS}) == len(PRESETS)
    for one in PRESETS:
        assert {*one.key} <= {*one.columns, "_window_from"}
        assert ("_window_from" in one.key) == (one.days == 1)
        assert one.name not in BY_NAME


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        pytest.param(
            {"id": 1}, "custom_reports.0: category is missing; the command tap-servicetitan-reports", id="category"
        ),
        pytest.param(
            {"preset": "business_unit_revenues", "start": "2025-01-01"},
            "custom_reports.0.preset: there is no business_unit_revenues; did you mean business_unit_revenue? The comm",
            id="preset",
        ),
        pytest.param({"preset": "labor_cost"}, "custom_reports.0.window.start is missing", id="preset without start"),
        pytest.param(
            {"category": "a", "id": 1, "start": "2025-01-01"},
            "custom_reports.0.start belongs into the",
            id="start alone",
        ),
        pytest.param({"category": "a"}, "custom_reports.0: id is missing; the command", id="no id"),
        pytest.param({"category": "a", "id": "x1"}, "custom_reports.0.id must be a number", id="id"),
        pytest.param({"category": "a", "id": 1.5}, "custom_reports.0.id must be of type integer or string", id="type"),
        pytest.param(
            {"category": "a", "id": 1, "stream_name": "Jobs"},
            "custom_reports.0.stream_name must be of small",
            id="name",
        ),
        pytest.param(
            {"category": "a", "id": 1, "stream_name": "jobs"},
            "custom_reports.0.stream_name: there is a stream jobs already",
            id="name of another stream",
        ),
        pytest.param(
            {"category": "a", "id": 1, "parameter": {}},
            "custom_reports.0.parameter is not known; did you mean parameters?",
            id="word",
        ),
        pytest.param(
            {"category": "a", "id": 1, "parameters": ["x"]}, "custom_reports.0.parameters must be of", id="form"
        ),
        pytest.param(
            {"category": "a", "id": 1, "window": {"to": "To", "start": "2025-01-01"}},
            "custom_reports.0.window.from is missing",
            id="window without beginning",
        ),
        pytest.param(
            {"category": "a", "id": 1, "window": {"from": "From", "to": "To"}},
            "custom_reports.0.window.start is missing",
            id="window without start",
        ),
        pytest.param(
            {"category": "a", "id": 1, "window": {"from": "From", "to": "To", "start": "soon"}},
            "custom_reports.0.window.start must be a date",
            id="start",
        ),
        pytest.param(
            {"category": "a", "id": 1, "window": {"from": "From", "to": "To", "start": "2062-01-01"}},
            "custom_reports.0.window.start must not lie in the future, as '2062-01-01' does",
            id="start to come",
        ),
        pytest.param(
            {"category": "a", "id": 1, "window": {"from": "AsOf", "days": 7, "start": "2025-01-01"}},
            "custom_reports.0.window.days must be 1",
            id="long window of a single day",
        ),
        pytest.param(
            {"category": "a", "id": 1, "window": {"from": "From", "to": "To", "days": 0, "start": "2025-01-01"}},
            "custom_reports.0.window.days must be at least 1, not 0",
            id="no days",
        ),
    ],
)
def test_faults_in_the_settings_of_a_report(given: dict[str, Any], fault: str) -> None:
    """A wrong setting is one line that says which report's it is."""
    [found] = faults(GOOD | {"custom_reports": [given]}, SCHEMA)
    assert found.startswith(fault)


def test_two_streams_need_two_names() -> None:
    """The same report with other parameters is another stream, which has to be named."""
    same = {"category": "a", "id": 1}
    [fault] = faults(GOOD | {"custom_reports": [same, same | {"parameters": {"A": 1}}]}, SCHEMA)
    assert fault == "custom_reports.1: a report before it is named report_1 too; give one of them a stream_name"


def test_the_start_date_is_where_windows_begin_unless_they_say() -> None:
    """A window without a start of its own begins at the tap's start date."""
    window = {"from": "From", "to": "To"}
    [found], _ = read_reports(
        {"start_date": "2025-01-01T00:00:00Z", "custom_reports": [{"category": "a", "id": 1, "window": window}]}
    )
    assert found.window == WINDOW
