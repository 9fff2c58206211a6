"""Windows of reports from run to run, against the sandbox: rows that move, that go, and days that are added."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.reports import reading
from tap_servicetitan.sandbox.reporting import definitions
from tests.support.paths import ROOT
from tests.support.reporting import TECHNICIANS, config, entry, jobs, read, windows_asked

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox
    from tests.support.running import Message

DAY = 86_400.0
QUERIES = re.findall(r"^```sql\n(.*?)^```", (ROOT / "docs" / "reports.md").read_text(), re.DOTALL | re.MULTILINE)
"""The documented ways to leave out the rows that are gone: of a report with windows, and of one without."""


class Table:
    """What a target has of a stream: rows by key, the last version of each."""

    def __init__(self, name: str) -> None:
        """Begin with nothing."""
        self._name = name
        self._rows: dict[tuple[Any, ...], Message] = {}

    def take(self, messages: list[Message]) -> None:
        """Load a run's output."""
        [key] = {tuple(one["key_properties"]) for one in messages if one["type"] == "SCHEMA"} or {()}
        for one in messages:
            if one["type"] == "RECORD":
                assert all(one["record"][name] is not None for name in key)
                self._rows[tuple(one["record"][name] for name in key)] = one["record"]

    def __len__(self) -> int:
        """Count what was ever loaded."""
        return len(self._rows)

    def there(self, query: str, column: str) -> list[Any]:
        """Give a column of the rows that are still there, by a documented query."""
        database = sqlite3.connect(":memory:")
        names = [*next(iter(self._rows.values()))]
        database.execute(f"CREATE TABLE {self._name} ({', '.join(names)})")
        for row in self._rows.values():
            values = [str(row[name]) if isinstance(row[name], dict) else row[name] for name in names]
            marks = ", ".join("?" * len(names))
            database.execute(f"INSERT INTO {self._name} VALUES ({marks})", [_plain(one) for one in values])  # noqa: S608 - our own names
        cursor = database.execute(query)
        place = [one[0] for one in cursor.description].index(column)
        return sorted(row[place] for row in cursor)


def _plain(value: object) -> object:
    return value if isinstance(value, int | str | None) else float(str(value))


def completed(sandbox: Sandbox) -> list[int]:
    """List the jobs that were completed."""
    return sorted(row["id"] for row in sandbox.rows("jobs") if row["completedOn"])


def receivables(**more: object) -> Message:
    """Read what is open at the end of each day, by business unit."""
    return entry(
        definitions.RECEIVABLES,
        stream_name="receivables",
        window={"from": "AsOf", "start": "2026-10-20", "look_back_days": 0},
        key_properties=["BusinessUnit", "_window_from"],
        **more,
    )


def days_asked(sandbox: Sandbox) -> list[str]:
    """List the days that receivables were requested of, each once."""
    asked = sandbox.requests(f"report:{definitions.RECEIVABLES.id}")
    return list(dict.fromkeys(one["query"]["AsOf"] for one in asked))


def test_what_is_not_proven_is_read_again(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day whose rows move while its pages are read holds the mark back, and it alone is read again."""
    monkeypatch.setattr(reading, "PAGE_SIZE", 3)
    name, settings = f"report:{definitions.RECEIVABLES.id}", config(sandbox, receivables())
    sandbox.set_quirks(name, shuffled=True)
    first = read(settings, "receivables")
    assert first.error is None
    marks = first.bookmarks["receivables"]
    incomplete = marks["incomplete_windows"]
    # Of thirteen days, some; a few may agree by chance.
    assert len(incomplete) > 2
    before = date.fromisoformat(incomplete[0]) - timedelta(days=1)
    assert (marks["read_to"], marks["caught_up_to"]) == (before.isoformat(), "2026-10-31")
    sandbox.clear_quirks()
    sandbox.forget_requests()
    sandbox.advance(DAY)
    second = read(settings, "receivables", state=first.state)
    assert days_asked(sandbox) == sorted({*incomplete, "2026-11-01", "2026-11-02"})
    marks = second.bookmarks["receivables"]
    assert (marks["read_to"], marks["caught_up_to"], marks["incomplete_windows"]) == ("2026-11-01", "2026-11-01", [])
    sandbox.forget_requests()
    read(settings, "receivables", state=second.state)
    assert days_asked(sandbox) == ["2026-11-02"]


@pytest.mark.parametrize("keyed", [True, False])
def test_a_window_that_loses_rows(sandbox: Sandbox, *, keyed: bool) -> None:
    """Rows of windows that became shorter or empty are found by the documented query, and no other."""
    chosen = jobs(look_back_days=90) | ({"key_properties": ["Job ID"]} if keyed else {})
    settings, table = config(sandbox, chosen), Table("jobs_completed")
    first = read(settings, "job_report")
    table.take(first.messages)
    assert table.there(QUERIES[0], "job_id") == completed(sandbox)
    late = [row for row in sandbox.rows("jobs") if (row["completedOn"] or "") > "2026-08-28T12"]
    # All of the last window but one, and one row of the one before.
    emptied = [row["id"] for row in late if row["completedOn"] < "2026-10-27T12"]
    shortened = [row["id"] for row in sandbox.rows("jobs") if "2026-08-01" < (row["completedOn"] or "") < "2026-08-27"]
    sandbox.delete("jobs", keys=[{"id": one} for one in (*emptied, shortened[0])])
    sandbox.advance(60)
    second = read(settings, "job_report", state=first.state)
    table.take(second.messages)
    assert emptied
    assert table.there(QUERIES[0], "job_id") == completed(sandbox)
    assert sum(row["_end_marker"] for row in second.records["job_report"]) == 1
    assert len(table) > len(completed(sandbox)) + len(emptied)
    sandbox.touch("jobs", 1, keys=[{"id": shortened[1]}], values={"completedOn": "2026-09-15T12:00:00Z"})
    sandbox.advance(60)
    table.take(read(settings, "job_report", state=second.state).messages)
    assert table.there(QUERIES[0], "job_id") == completed(sandbox)


def test_a_report_that_loses_all_rows(sandbox: Sandbox) -> None:
    """A snapshot without rows says so once there were some, and never in a first run."""
    for keyed in ({}, {"key_properties": ["Technician ID"]}):
        settings, table = config(sandbox, TECHNICIANS | keyed), Table("technician_scorecard")
        technicians = [row["id"] for row in sandbox.rows("technicians")]
        first = read(settings, "scorecard")
        table.take(first.messages)
        sandbox.fault("envelope", f"report:{definitions.TECHNICIANS.id}", fields={"data": []})
        sandbox.advance(60)
        second = read(settings, "scorecard", state=first.state)
        table.take(second.messages)
        assert table.there(QUERIES[1], "technician_id") == []
        assert [row["_end_marker"] for row in second.records["scorecard"]] == [True]
        sandbox.advance(60)
        table.take(read(settings, "scorecard", state=second.state).messages)
        assert table.there(QUERIES[1], "technician_id") == sorted(technicians)
        sandbox.fault("envelope", f"report:{definitions.TECHNICIANS.id}", fields={"data": []})
        assert read(settings, "scorecard").records["scorecard"] == []


@pytest.mark.parametrize("keyed", [True, False])
def test_an_earlier_start(sandbox: Sandbox, caplog: pytest.LogCaptureFixture, *, keyed: bool) -> None:
    """Where reading is to begin earlier, the days before come, a line says so, and nothing between is read again."""
    more = {"key_properties": ["Job ID"]} if keyed else {}
    late = config(sandbox, jobs(start="2026-06-29") | more)
    early = config(sandbox, jobs(start="2026-03-01") | more)
    first = read(late, "job_report")
    sandbox.forget_requests()
    second = read(early, "job_report", state=first.state)
    assert second.error is None
    assert [one[0] for one in windows_asked(sandbox, definitions.JOBS)] == [
        *("2026-03-01", "2026-04-30", "2026-08-28", "2026-10-27")
    ]
    rows = {row["job_id"] for output in (first, second) for row in output.records["job_report"]}
    assert rows == {*completed(sandbox)}
    assert "job_report: window.start was 2026-06-29 and is 2026-03-01: the days between are read too" in caplog.text


def test_a_start_that_is_to_come(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """By the API's clock nothing can be read yet, which a line says; the bookmark does not move."""
    output = read(config(sandbox, jobs(start="2026-11-15")), "job_report")
    assert output.error is None
    assert "job_report: window.start, 2026-11-15, is a day to come: nothing is read yet" in caplog.text
    assert sandbox.requests(f"report:{definitions.JOBS.id}") == []
    assert all("job_report" not in one["value"]["bookmarks"] for one in output.messages if one["type"] == "STATE")
