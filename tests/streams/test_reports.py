"""Reports as streams, against the sandbox: what comes, what is asked, what is remembered, and what fails alone."""

from __future__ import annotations

import gzip
import json
import logging
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tap_servicetitan.errors import CredentialsError, RunError, StateError, StreamError
from tap_servicetitan.readers.joints import OVERLAP, next_page
from tap_servicetitan.reports import reading
from tap_servicetitan.sandbox.reporting import definitions
from tap_servicetitan.state.report_bookmark import read_report_bookmark
from tap_servicetitan.tap import TapServiceTitan
from tests.support.reporting import (
    NO_WAIT,
    SPAN,
    TECHNICIANS,
    catalog,
    config,
    entry,
    jobs,
    read,
    schema,
    windows_asked,
)
from tests.support.running import Message, command_line, run, run_command
from tests.support.waiting import OwnClock, until

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox

DAY = 86_400.0
DATA = {one.name: f"report:{one.id}" for one in definitions.REPORTS}
INVOICES = entry(definitions.INVOICES, stream_name="invoice_export", window=SPAN | {"days": 60, "start": "2026-03-01"})
WINDOWS = [
    ("2026-03-01", "2026-04-29"),
    ("2026-04-30", "2026-06-28"),
    ("2026-06-29", "2026-08-27"),
    ("2026-08-28", "2026-10-26"),
    ("2026-10-27", "2026-11-01"),
]
"""The windows of `jobs()` up to the day on which the sandbox's clock stands."""


def completed(sandbox: Sandbox) -> list[int]:
    """List the jobs that were completed."""
    return sorted(row["id"] for row in sandbox.rows("jobs") if row["completedOn"])


def newest(records: list[Message], *key: str) -> list[Message]:
    """Keep the last version of each row, as a target does."""
    return list({tuple(row[name] for name in key): row for row in records}.values())


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> int:
    """Read reports in pages of 7 rows."""
    monkeypatch.setattr(reading, "PAGE_SIZE", 7)
    return 7


@pytest.fixture
def some_rows(monkeypatch: pytest.MonkeyPatch) -> int:
    """Read reports in pages of 30 rows."""
    monkeypatch.setattr(reading, "PAGE_SIZE", 30)
    return 30


# What comes.


@pytest.mark.parametrize(("mode", "more"), [("auto", {}), ("synchronous", {"includeTotal": "true"})])
def test_a_snapshot_brings_all_of_a_report(sandbox: Sandbox, mode: str, more: Message) -> None:
    """Each run brings each row once, with the report's id, a run stamp and a key made of its place."""
    output = read(config(sandbox, TECHNICIANS, report_mode=mode), "scorecard")
    assert output.error is None
    rows = output.records["scorecard"]
    assert [row["technician_id"] for row in rows] == [row["id"] for row in sandbox.rows("technicians")]
    assert [row["_key"] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert {(row["_report_id"], row["_run_at"]) for row in rows} == {(definitions.TECHNICIANS.id, sandbox.now)}
    [request] = sandbox.requests(DATA["Technician Scorecard"])
    assert request["query"] == {"page": "1", "pageSize": "25000"} | more


def test_windows_bring_each_row_once(sandbox: Sandbox) -> None:
    """Windows are asked for in order, without an overlap, in plain dates; each row tells which it is of."""
    output = read(config(sandbox, jobs()), "job_report")
    assert output.error is None
    rows = output.records["job_report"]
    assert windows_asked(sandbox, definitions.JOBS) == WINDOWS
    assert sorted(row["job_id"] for row in rows) == completed(sandbox)
    assert {(row["_window_from"], row["_window_to"]) for row in rows} <= set(WINDOWS)
    assert all(row["_window_from"] <= row["completed_date"][:10] <= row["_window_to"] for row in rows)
    assert len({row["_key"] for row in rows}) == len(rows)
    assert min(row["_key"] for row in rows).startswith("2026-03-01/")
    states = [one["value"]["bookmarks"]["job_report"] for one in output.messages if one["type"] == "STATE"]
    assert [one["resume_from"] for one in states] == [
        "2026-04-30",
        "2026-06-29",
        "2026-08-28",
        "2026-10-27",
        "2026-11-02",
        None,
    ]


def test_sums_of_windows_add_up(sandbox: Sandbox) -> None:
    """An aggregated report read by windows gives sums that count nothing twice."""
    window = SPAN | {"days": 30, "start": "2026-01-01"}
    report = entry(definitions.REVENUE, key_properties=["BusinessUnit", "_window_from"], window=window)
    rows = read(config(sandbox, report), name := f"report_{definitions.REVENUE.id}").records[name]
    assert sum(row["completed_jobs"] for row in rows) == len(completed(sandbox))
    total = sum(Decimal(str(row["total"])) for row in sandbox.rows("jobs") if row["completedOn"])
    assert sum(row["completed_revenue"] for row in rows) == total
    assert "_key" not in rows[0]


def test_a_report_as_of_a_day_is_read_day_by_day(sandbox: Sandbox) -> None:
    """With one date parameter, a window is a day; the MeltanoLabs tap's words say it too, and its state goes on."""
    ours = entry(definitions.RECEIVABLES, stream_name="a", window={"from": "AsOf", "start": "2026-10-29"})
    theirs = {
        "report_category": "accounting",
        "report_id": str(definitions.RECEIVABLES.id),
        "report_name": "b",
        "parameters": [{"name": "AsOf", "value": "2026-10-29"}],
        "backfill_date_parameter": "AsOf",
    }
    settings = config(sandbox, ours, theirs)
    output = read(settings, "a", "custom_report_b")
    found = {name: Counter(row["_window_from"] for row in rows) for name, rows in output.records.items()}
    assert found["a"] == found["custom_report_b"]
    assert sorted(found["a"]) == ["2026-10-29", "2026-10-30", "2026-10-31", "2026-11-01"]
    theirs_before = {"replication_key": "AsOf", "replication_key_value": "2026-10-31T00:00:00-00:00"}
    again = read(settings, "custom_report_b", state={"bookmarks": {"custom_report_b": theirs_before}})
    assert {row["_window_from"] for row in again.records["custom_report_b"]} == {"2026-10-31", "2026-11-01"}


@pytest.mark.parametrize("mode", ["auto", "synchronous"])
def test_pages_are_asked_for_in_the_query(sandbox: Sandbox, some_rows: int, mode: str) -> None:
    """A long report is read page by page, and numbered on; each page begins with rows of the one before it."""
    settings = config(sandbox, jobs(days=400), TECHNICIANS, report_mode=mode)
    output = read(settings, "job_report", "scorecard")
    rows = output.records["job_report"]
    assert [row["_key"] for row in rows] == [f"2026-03-01/{number}" for number in range(1, len(rows) + 1)]
    assert sorted(row["job_id"] for row in rows) == completed(sandbox)
    queries = [one["query"] for one in sandbox.requests(DATA["Jobs"])]
    pages = [((int(one["page"]) - 1) * (size := int(one["pageSize"])), size) for one in queries]
    ends = [begin + size for begin, size in pages]
    assert pages[0] == (0, some_rows)
    assert all(begin < end for (begin, _), end in zip(pages[1:], ends, strict=False))
    assert ends[-2] < len(rows) <= ends[-1]


def test_pages_of_usual_size_cost_no_more_runs() -> None:
    """Three pages of the most rows reach nearly as far as three without an overlap."""
    end = reading.PAGE_SIZE
    for _ in range(2):
        choice = next_page(end, reading.PAGE_SIZE, OVERLAP)
        assert choice
        end = choice.number * choice.size
    assert end > 3 * reading.PAGE_SIZE - 20


def test_columns_are_typed_as_far_as_it_holds(sandbox: Sandbox) -> None:
    """What the first rows give the lie to is text from the start; what comes later stands beside its row; all fits."""
    output = read(config(sandbox, INVOICES), "invoice_export")
    announced = schema(output, "invoice_export")
    types = {name: one["type"][0] for name, one in announced["properties"].items()}
    assert types["invoice_number"] == types["due_date"] == "string"
    assert types["balance"] == types["total"] == types["order_"] == types["rating"] == "number"
    assert types["paid"] == "boolean"
    assert {"total_2", "c_1st_item", "grosse", "hours_sold"} <= types.keys()
    assert announced["properties"]["total_2"]["description"] == "Total (Text) (total)"
    validator = jsonschema.Draft202012Validator(announced)
    rows = output.records["invoice_export"]
    for row in json.loads(json.dumps(rows, default=float)):
        validator.validate(row)
    by_number = {row["invoice_number"]: row for row in rows}
    for invoice in sandbox.rows("invoices"):
        row = by_number[f"INV-{invoice['id']}"]
        assert (row["balance"], row["total_2"]) == (Decimal(invoice["balance"]), f"${invoice['total']}")
        is_late = row["_misfits"] is not None and "rating" in row["_misfits"]
        assert row["_misfits"] in (None, '{"paid":"Partial"}', '{"rating":"n/a"}')
        assert row["rating"] is None if is_late else row["rating"] is not None
        assert row["grosse"] is None
    assert any(row["_misfits"] == '{"rating":"n/a"}' for row in rows)


def test_columns_that_are_to_be_text(sandbox: Sandbox) -> None:
    """A column that lies late can be made text by the settings, and then has all its values."""
    output = read(config(sandbox, INVOICES | {"text_columns": ["Rating", "Paid?"]}), "invoice_export")
    rows = output.records["invoice_export"]
    assert {row["rating"] for row in rows} == {"0", "1", "2", "3", "4", "n/a"}
    assert {row["paid"] for row in rows} == {"true", "Partial"}
    assert {row["_misfits"] for row in rows} == {None}


def test_types_hold_from_run_to_run(sandbox: Sandbox) -> None:
    """The type that a column was first written with stays, whatever the first rows of a later run are."""
    settings = config(sandbox, INVOICES | {"window": INVOICES["window"] | {"look_back_days": 0}})
    first = read(settings, "invoice_export")
    sandbox.advance(40 * DAY)
    second = read(settings, "invoice_export", state=first.state)
    assert schema(second, "invoice_export") == schema(first, "invoice_export")
    assert any(row["_misfits"] == '{"rating":"n/a"}' for row in second.records["invoice_export"])


def test_deselected_columns_are_left_out(sandbox: Sandbox) -> None:
    """A catalog chooses columns of a report as of any stream, also when a column's type was decided later."""
    settings = config(sandbox, INVOICES)
    chosen = catalog(settings, "invoice_export")
    [stream] = [one for one in chosen["streams"] if one["stream"] == "invoice_export"]
    for one in stream["metadata"]:
        if one["breadcrumb"] in (["properties", "due_date"], ["properties", "_misfits"]):
            one["metadata"]["selected"] = False
    output = run(settings, catalog=chosen)
    assert not {"due_date", "_misfits"} & schema(output, "invoice_export")["properties"].keys()
    assert not {"due_date", "_misfits"} & output.records["invoice_export"][0].keys()
    assert schema(output, "invoice_export")["properties"]["invoice_number"]["type"] == ["string", "null"]


# What is remembered.


def test_running_again_replaces(sandbox: Sandbox) -> None:
    """The next run reads the days to look back to and those since, in the same windows and with the same keys."""
    settings = config(sandbox, jobs(), TECHNICIANS)
    first = read(settings, "job_report", "scorecard")
    sandbox.advance(10 * DAY)
    sandbox.forget_requests()
    second = read(settings, "job_report", "scorecard", state=first.state)
    assert windows_asked(sandbox, definitions.JOBS) == [WINDOWS[-2], ("2026-10-27", "2026-11-11")]
    rows = newest(first.records["job_report"] + second.records["job_report"], "_key")
    assert sorted(row["job_id"] for row in rows) == completed(sandbox)
    assert len(newest(first.records["scorecard"] + second.records["scorecard"], "_key")) == len(
        sandbox.rows("technicians")
    )


def test_what_changed_within_the_look_back_comes_again(sandbox: Sandbox) -> None:
    """Keys of the report's own replace rows wherever they have moved."""
    settings = config(sandbox, jobs() | {"key_properties": ["Job ID"]})
    first = read(settings, "job_report")
    late = [row["id"] for row in sandbox.rows("jobs") if (row["completedOn"] or "") > "2026-10-20"]
    sandbox.touch("jobs", keys=[{"id": one} for one in late], values={"total": 12_345})
    second = read(settings, "job_report", state=first.state)
    rows = newest(first.records["job_report"] + second.records["job_report"], "job_id")
    assert late
    assert {row["job_id"] for row in rows if row["total"] == 12_345} == set(late)
    assert sorted(row["job_id"] for row in rows) == completed(sandbox)


def test_a_run_that_breaks_off_between_windows_goes_on_there(sandbox: Sandbox, impatient: None) -> None:
    """Each window is bookmarked; the next run begins with the one that failed, and forgets nothing to read again."""
    del impatient
    settings = config(sandbox, jobs(look_back_days=60))
    before = read(settings, "job_report").state
    sandbox.advance(DAY)
    # Read again are the last three windows; the second one fails.
    sandbox.fault("status", DATA["Jobs"], skip=1, times=0, status=403)
    broken = read(settings, "job_report", state=before)
    assert isinstance(broken.error, RunError)
    assert broken.bookmarks["job_report"]["read_to"] == "2026-10-31"
    assert broken.bookmarks["job_report"]["resume_from"] == "2026-10-27"
    sandbox.clear_faults()
    sandbox.forget_requests()
    sandbox.advance(30 * DAY)
    resumed = read(settings, "job_report", state=broken.state)
    assert windows_asked(sandbox, definitions.JOBS) == [("2026-10-27", "2026-12-02")]
    # As if it had ended when it began: what changed meanwhile is still read again.
    assert resumed.bookmarks["job_report"]["read_to"] == "2026-11-01"
    assert resumed.bookmarks["job_report"]["resume_from"] is None


def test_a_killed_run_goes_on_at_the_next_window(sandbox: Sandbox, tmp_path: Path) -> None:
    """A kill between two windows leaves a state from which the next run asks for the second one."""
    sandbox.fault("slow", DATA["Jobs"], skip=3, times=0, seconds=60)
    settings = config(sandbox, jobs())
    chosen = tmp_path / "catalog.json"
    chosen.write_text(json.dumps(catalog(settings, "job_report")))
    state: Message = {}
    written: list[Message] = []
    command = command_line(tmp_path, settings, "--catalog", str(chosen))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:  # noqa: S603 - our own command
        assert tap.stdout
        for line in tap.stdout:
            message = json.loads(line, parse_float=Decimal)
            written += [message["record"]] if message["type"] == "RECORD" else []
            state = message["value"] if message["type"] == "STATE" else state
            if state.get("bookmarks", {}).get("job_report", {}).get("resume_from") == "2026-08-28":
                # The request of the next window hangs in the sandbox: it must be in the log before that is cleared.
                until(lambda: len(sandbox.requests(DATA["Jobs"])) > len(WINDOWS[:3]))
                tap.kill()
                break
    sandbox.clear_faults()
    sandbox.forget_requests()
    rest = run_command(tmp_path, settings, "--catalog", str(chosen), state=state)
    assert rest.code == 0
    assert windows_asked(sandbox, definitions.JOBS) == WINDOWS[3:]
    assert sorted(row["job_id"] for row in written + rest.records["job_report"]) == completed(sandbox)


def test_the_whole_report_again(sandbox: Sandbox) -> None:
    """With FULL_TABLE in the catalog, all windows are read, whatever the bookmark is."""
    settings = config(sandbox, jobs())
    first = read(settings, "job_report")
    chosen = catalog(settings, "job_report")
    [stream] = [one for one in chosen["streams"] if one["stream"] == "job_report"]
    stream["replication_method"] = "FULL_TABLE"
    sandbox.forget_requests()
    assert run(settings, catalog=chosen, state=first.state).error is None
    assert windows_asked(sandbox, definitions.JOBS) == WINDOWS


def test_rows_of_a_snapshot_that_are_gone_can_be_told(sandbox: Sandbox) -> None:
    """Where targets are to hear of it, a snapshot has a version, which counts once all its rows are written."""
    settings = config(sandbox, TECHNICIANS, emit_activate_version_messages=True)
    messages = read(settings, "scorecard").messages
    kinds = [one["type"] for one in messages if one["type"] != "STATE"]
    assert kinds == ["SCHEMA", *["RECORD"] * len(sandbox.rows("technicians")), "ACTIVATE_VERSION"]


def test_windows_that_are_cut_otherwise_would_not_replace(sandbox: Sandbox) -> None:
    """Other windows are refused where keys are made of them, and taken where the report has keys of its own."""
    state = read(config(sandbox, jobs()), "job_report").state
    refused = read(config(sandbox, jobs(days=30)), "job_report", state=state)
    assert "were 2026-03-01/60 and are to be 2026-03-01/30" in str(refused.error)
    keyed = jobs(days=30) | {"key_properties": ["JobId"]}
    assert read(config(sandbox, keyed), "job_report", state=state).error is None


def test_the_bookmark_of_another_tenant_is_refused(sandbox: Sandbox) -> None:
    """A state with a report of another tenant ends the run before anything is asked for."""
    settings = config(sandbox, jobs())
    state = read(settings, "job_report").state
    state["bookmarks"]["job_report"]["tenant_id"] = "7"
    with pytest.raises(StateError, match="job_report: the state has a bookmark of tenant 7"):
        TapServiceTitan(config=settings, catalog=catalog(settings, "job_report"), state=state)


# What goes wrong.


def test_a_broken_report_is_left_out_of_discovery(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Each report that cannot be described is one line; the others, and all other streams, are listed."""
    wrong = [
        {"category": "operations", "id": 1},
        {"category": "nowhere", "id": definitions.JOBS.id, "stream_name": "b"},
        TECHNICIANS | {"stream_name": "c", "key_properties": ["Nobody"]},
    ]
    names = TapServiceTitan(config=config(sandbox, *wrong, jobs()), setup_mapper=False).streams.keys()
    assert "job_report" in names
    assert len(names) > 170
    assert not {"report_1", "b", "c"} & names
    lines = [one for one in caplog.messages if one.startswith("Left out")]
    assert len(lines) == 3
    assert "report_1: 404 Not Found" in lines[0]
    assert "there is no report 1 in the category operations: the command tap-servicetitan-reports lists" in lines[0]
    assert "b: 404 Not Found 'There is no such report with the category' (trace id" in lines[1]
    assert lines[2].startswith("Left out c: key_properties names Nobody, which is no column of the report; it has")


def test_without_credentials_the_other_streams_are_listed(caplog: pytest.LogCaptureFixture) -> None:
    """Discovery needs no credentials for anything but reports, and says so."""
    settings = {"custom_reports": [{"category": "operations", "id": 1}]}
    found = TapServiceTitan(config=settings, validate_config=False, setup_mapper=False).catalog_dict
    assert len(found["streams"]) > 170
    [line] = [one for one in caplog.messages if "custom_reports" in one]
    assert "needs credentials: client_id is missing; client_secret is missing" in line


def test_wrong_credentials_are_one_sentence(sandbox: Sandbox) -> None:
    """With reports as without, wrong credentials end the run before anything is written."""
    chosen = catalog(config(sandbox, jobs()), "job_report", "jobs")
    output = run(config(sandbox, jobs(), client_secret="wrong"), catalog=chosen)  # noqa: S106 - no secret
    assert isinstance(output.error, CredentialsError)
    assert output.raw == b""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        pytest.param({"id": 7}, "there is no report 7 in the category operations", id="id"),
        pytest.param(
            {"category": "none"}, f"there is no report {definitions.JOBS.id} in the category none", id="category"
        ),
        pytest.param(
            {"parameters": {}},
            "parameter DateType is required, and the settings do not have it; accepted",
            id="missing",
        ),
        pytest.param(
            {"parameters": {"DateType": 9}}, "parameter DateType has the value '9'; accepted are 1 (Job", id="value"
        ),
        pytest.param(
            {"parameters": {"DateType": 1, "Unit": 1}}, "parameter Unit is not one of the report's", id="unknown"
        ),
        pytest.param(
            {"parameters": {"DateType": 1, "BusinessUnitIds": "Nowhere"}},
            "(Plumbing - Service)",
            id="value of a dynamic set",
        ),
    ],
)
def test_a_wrong_report_fails_alone(sandbox: Sandbox, tmp_path: Path, wrong: Message, words: str) -> None:
    """A wrong id, category or parameter is one sentence and exit code 1, and nothing of the report is asked for."""
    settings = config(sandbox, jobs() | wrong, TECHNICIANS)
    chosen = catalog(settings, "job_report", "scorecard", "payment_terms")
    (tmp_path / "catalog.json").write_text(json.dumps(chosen))
    output = run_command(tmp_path, settings, "--catalog", str(tmp_path / "catalog.json"))
    assert output.code == 1
    assert output.counts.keys() == {"scorecard", "payment_terms"}
    assert words in output.log
    assert "1 of 3 streams failed" in output.log
    assert "Traceback" not in output.log
    assert sandbox.requests(DATA["Jobs"]) == []


def test_a_report_that_fails_later_fails_alone(sandbox: Sandbox, impatient: None) -> None:
    """Trouble with the data of one report is its own: the scope, the server, an answer that is none."""
    del impatient
    settings = config(sandbox, jobs(), TECHNICIANS)
    for kind, words in (
        ({"status": 403}, "grant the app the scope tn.rpr.reports:r"),
        ({"status": 404}, "there is no such report (any more)"),
        ({"status": 400}, "the API rejects the report's parameters"),
        ({"status": 500}, "500 Internal Server Error"),
    ):
        sandbox.fault("status", DATA["Jobs"], times=0, **kind)
        output = read(settings, "job_report", "scorecard")
        sandbox.clear_faults()
        assert words in str(output.error)
        assert isinstance(output.error, RunError)
        assert set(output.records) == {"scorecard"}


def test_a_deselected_report_costs_nothing(sandbox: Sandbox) -> None:
    """A report that the catalog leaves out is not even described, be it broken or not."""
    settings = config(sandbox, jobs(), TECHNICIANS)
    chosen = catalog(settings, "scorecard", deselected=("job_report",))
    sandbox.forget_requests()
    assert run(settings | {"custom_reports": [jobs() | {"id": 1}, TECHNICIANS]}, catalog=chosen).error is None
    assert {one["stream"] for one in sandbox.requests()} == {
        "token",
        f"report-metadata:{definitions.TECHNICIANS.id}",
        DATA["Technician Scorecard"],
    }


def test_a_run_describes_each_report_once(sandbox: Sandbox) -> None:
    """Two streams of one report share its description, and the sets of values are asked for once."""
    units = {"parameters": {"DateType": 1, "BusinessUnitIds": ["Commercial", "HVAC - Install"]}}
    settings = config(sandbox, jobs() | units, jobs() | units | {"stream_name": "other"})
    chosen = catalog(settings, "job_report", "other")
    sandbox.forget_requests()
    output = run(settings, catalog=chosen)
    assert output.counts.keys() == {"job_report", "other"}
    assert {row["business_unit"] for row in output.records["other"]} == {"Commercial", "HVAC - Install"}
    asked = Counter(one["stream"] for one in sandbox.requests() if one["method"] == "GET")
    assert set(asked.values()) == {1}


def test_values_that_cannot_be_checked_are_sent(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """An app without the scope of dynamic sets reads reports all the same."""
    sandbox._order(  # noqa: SLF001 - a scope that no stream has
        lambda tenant, _: tenant.revoked_scopes.add("tn.rpr.dynamicvaluesets:r")
    )
    unit = sandbox.rows("business_units")[0]["id"]
    settings = config(sandbox, jobs() | {"parameters": {"DateType": 1, "BusinessUnitIds": [unit]}})
    assert read(settings, "job_report").counts["job_report"] > 0
    assert "grant the app the scope tn.rpr.dynamicvaluesets:r" in caplog.text


# Limits.


def test_the_limit_of_a_report_is_honoured(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Between two runs of a report there is as long a wait as the limit has it, which is told before it begins."""
    sandbox.set_limits(report_interval=0.3)
    settings = config(sandbox, jobs(), TECHNICIANS, report_runs_per_minute=1)
    # A minute takes 0.6 s, so that runs are as far apart as the sandbox wants it.
    with caplog.at_level(logging.INFO), OwnClock(pace=0.01).of_turns():
        output = read(settings, "job_report", "scorecard")
    assert output.error is None
    assert windows_asked(sandbox, definitions.JOBS) == WINDOWS
    assert {one["status"] for one in sandbox.requests(DATA["Jobs"])} == {200}
    waits = [one for one in caplog.messages if one.startswith("job_report: waits")]
    assert waits == ["job_report: waits 60.0 s, because of report_runs_per_minute"] * (len(WINDOWS) - 1)


def test_a_refused_run_waits_as_long_as_the_api_says(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Where another program ran the report just now, the wait is that of the title, and holds up no other stream."""
    sandbox.set_limits(report_interval=1)
    output = read(config(sandbox, jobs(start="2026-08-01"), TECHNICIANS), "job_report", "scorecard")
    assert output.error is None
    refused = [one for one in sandbox.requests() if one["status"] == 429]
    assert {one["stream"] for one in refused} == {DATA["Jobs"]}
    assert "429 Too Many Requests 'Rate limit is exceeded. Try again in 1 seconds.'" in caplog.text
    assert sorted(row["job_id"] for row in output.records["job_report"])


def test_maintenance_is_waited_for(sandbox: Sandbox, impatient: None) -> None:
    """A 409 passes: the same page is asked for again."""
    del impatient
    sandbox.fault("status", DATA["Jobs"], skip=1, times=4, status=409)
    sandbox.fault("status", f"report-metadata:{definitions.JOBS.id}", status=409)
    sandbox.fault("truncate", DATA["Jobs"], skip=3)
    output = read(config(sandbox, jobs()), "job_report")
    assert output.error is None
    assert windows_asked(sandbox, definitions.JOBS)[-1] == WINDOWS[-1]
    assert sorted(row["job_id"] for row in output.records["job_report"]) == completed(sandbox)


def test_a_window_that_is_too_long_is_halved(sandbox: Sandbox, impatient: None) -> None:
    """What the server cannot give at once is asked for in parts, and read again in the same parts."""
    del impatient
    sandbox.set_limits(report_days=20)
    settings = config(sandbox, jobs(), report_mode="synchronous")
    first = read(settings, "job_report")
    assert first.error is None
    given = windows_asked(sandbox, definitions.JOBS)
    assert given[0] == ("2026-03-01", "2026-03-15")
    rows = first.records["job_report"]
    assert sorted(row["job_id"] for row in rows) == completed(sandbox)
    assert len({row["_key"] for row in rows}) == len(rows)
    # Three tries at 60 days and at 30; what was too much is not tried with the windows after that.
    assert [one["status"] for one in sandbox.requests(DATA["Jobs"])].count(500) == 6
    sandbox.forget_requests()
    second = read(settings, "job_report", state=first.state)
    again = windows_asked(sandbox, definitions.JOBS)
    assert {one["status"] for one in sandbox.requests(DATA["Jobs"])} == {200}
    assert again == [one for one in given if one[0] >= "2026-08-28"]
    assert len(newest(rows + second.records["job_report"], "_key")) == len(rows)


def test_a_day_that_is_too_much_fails(sandbox: Sandbox, impatient: None) -> None:
    """A window is halved down to a day; when that fails too, the stream does, and its bookmark stays."""
    del impatient
    sandbox.fault("status", DATA["Jobs"], times=0, status=504)
    output = read(config(sandbox, jobs()), "job_report")
    assert "504 Gateway" in str(output.error)
    assert [one["query"]["To"] for one in sandbox.requests(DATA["Jobs"])][-1] == "2026-03-01"


def test_a_key_must_tell_rows_apart(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A key that is null fails the stream, since no target could hold the row; one that repeats is warned of."""
    by_created = jobs() | {"parameters": {"DateType": 1}}
    null = read(config(sandbox, by_created | {"key_properties": ["CompletedDate"]}), "job_report")
    assert "job_report: a row has no value in the key completed_date; choose other key_properties" in str(null.error)
    twice = read(config(sandbox, jobs() | {"key_properties": ["BusinessUnit"]}), "job_report")
    assert twice.error is None
    assert "job_report.key_properties: rows of one request have the same" in caplog.text


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("mode", ["auto", "synchronous"])
def test_no_row_slips_by_between_pages(sandbox: Sandbox, some_rows: int, mode: str, *, keyed: bool) -> None:
    """A row that is deleted after it was read moves the others up: they come all the same."""
    chosen = jobs(days=400) | ({"key_properties": ["Job ID"]} if keyed else {})
    gone = next(row["id"] for row in sandbox.rows("jobs") if row["completedOn"])
    sandbox.fault("delete-rows", DATA["Jobs"], page=1, of="jobs", keys=[{"id": gone}], times=1)
    output = read(config(sandbox, chosen, report_mode=mode), "job_report")
    assert output.error is None
    assert len(completed(sandbox)) > 2 * some_rows
    assert {row["job_id"] for row in output.records["job_report"]} - {gone} == {*completed(sandbox)}
    if not keyed:
        assert [row["job_id"] for row in output.records["job_report"]].count(gone) == 0
    assert output.bookmarks["job_report"]["read_to"] == "2026-10-31"


def test_windows_whose_rows_move_are_read_in_parts(
    sandbox: Sandbox, few_rows: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Where pages never join, a window is requested in parts, until each comes in one page: that is one moment."""
    sandbox.set_quirks(DATA["Jobs"], shuffled=True)
    output = read(config(sandbox, jobs()), "job_report")
    assert output.error is None
    rows = output.records["job_report"]
    assert sorted(row["job_id"] for row in rows) == completed(sandbox)
    assert len({row["_key"] for row in rows}) == len(rows)
    assert max(Counter((row["_window_from"], row["_window_to"]) for row in rows).values()) <= few_rows
    assert "moved while its pages were read; it is requested in two parts" in caplog.text


def test_rows_that_move_between_pages_are_noticed(
    sandbox: Sandbox, few_rows: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Where it cannot be proven that all rows came, the log says so, and nothing is final."""
    sandbox.set_quirks(DATA["Technician Scorecard"], shuffled=True)
    settings = config(sandbox, TECHNICIANS, emit_activate_version_messages=True)
    assert len(sandbox.rows("technicians")) > few_rows
    output = read(settings, "scorecard")
    assert "scorecard: it cannot be proven that all rows of the report came" in caplog.text
    assert len(output.records["scorecard"]) == len(sandbox.rows("technicians"))
    assert [one for one in output.messages if one["type"] == "ACTIVATE_VERSION"] == []


def test_a_total_that_is_always_wrong_costs_a_few_runs(sandbox: Sandbox) -> None:
    """Where the API counts a row that there is not, the report is read until two readings agree."""
    sandbox.set_quirks(DATA["Technician Scorecard"], total_offset=1)
    output = read(
        config(sandbox, TECHNICIANS, emit_activate_version_messages=True, report_mode="synchronous"), "scorecard"
    )
    assert len(output.records["scorecard"]) == len(sandbox.rows("technicians"))
    assert "ACTIVATE_VERSION" in {one["type"] for one in output.messages}
    assert len(sandbox.requests(DATA["Technician Scorecard"])) <= 4


def test_no_reports_cost_nothing(sandbox: Sandbox) -> None:
    """Without reports in the settings, nothing of them is asked for."""
    assert run(sandbox.config, "payment_terms").error is None
    assert {one["stream"] for one in sandbox.requests()} == {"token", "payment_terms"}


def test_no_message_has_a_row(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Neither rows nor misfits stand in the log."""
    with caplog.at_level(logging.DEBUG):
        output = read(config(sandbox, INVOICES, TECHNICIANS), "invoice_export", "scorecard")
    for row in output.records["invoice_export"][:5] + output.records["scorecard"]:
        for name in ("invoice_number", "total_2", "email"):
            assert row.get(name) is None or row[name] not in caplog.text
    assert "Partial" not in caplog.text
    assert NO_WAIT


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"read_to": "yesterday"}, id="no day"),
        pytest.param({"column_types": ["text"]}, id="no types"),
        pytest.param({"window_splits": "2026-01-01"}, id="no list"),
        pytest.param({"tenant_id": 7}, id="another tenant"),
    ],
)
def test_what_is_no_bookmark_of_a_report(state: Message) -> None:
    """A state that the stream could not go on from is refused in terms of the stream."""
    with pytest.raises(StateError, match="job_report: the state"):
        read_report_bookmark("job_report", state, "4242")


def test_maps_and_batches_take_reports(sandbox: Sandbox, tmp_path: Path) -> None:
    """A report goes through the SDK's stream maps and batches as any stream does, in the types that were decided."""
    maps = {"invoice_export": {"_key": "_key", "number": "invoice_number.lower()", "__else__": None}}
    mapped = read(config(sandbox, INVOICES, stream_maps=maps), "invoice_export")
    assert mapped.error is None
    assert {row["number"] for row in mapped.records["invoice_export"]} >= {
        f"inv-{row['id']}" for row in sandbox.rows("invoices")
    }
    batches = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": {"root": tmp_path.as_uri()}}
    batched = read(config(sandbox, INVOICES, batch_config=batches), "invoice_export")
    assert batched.error is None
    files = [
        Path(one.removeprefix("file://")) for m in batched.messages if m["type"] == "BATCH" for one in m["manifest"]
    ]
    assert sum(len(gzip.decompress(file.read_bytes()).splitlines()) for file in files) == len(sandbox.rows("invoices"))
    assert batched.bookmarks["invoice_export"]["read_to"] == "2026-10-31"


def test_trying_a_report_out(sandbox: Sandbox) -> None:
    """With --test, a report that can be read passes, and one that cannot is told."""
    settings = config(sandbox, jobs())
    assert tried_out(settings)
    with pytest.raises(StreamError, match="job_report: parameter DateType is required"):
        tried_out(config(sandbox, jobs() | {"parameters": {}}))


def tried_out(settings: Message) -> bool:
    """Try the stream of jobs out, and no other."""
    tap = TapServiceTitan(config=settings, catalog=catalog(settings, "job_report"))
    return tap.run_sync_dry_run(streams=[tap.streams["job_report"]])
