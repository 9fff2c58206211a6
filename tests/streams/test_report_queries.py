"""Asynchronous reports, against the sandbox: rows that come at once, later or never, and a run that ends meanwhile."""

from __future__ import annotations

import json
import logging
import re
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
import requests

from tap_servicetitan.errors import RunError
from tap_servicetitan.reports import reading, runs
from tap_servicetitan.sandbox.reporting import definitions
from tap_servicetitan.sync import progress
from tests.support.reporting import TECHNICIANS, catalog, config, jobs, read, windows_asked
from tests.support.running import Message, command_line, run_command
from tests.support.waiting import OwnClock, until

if TYPE_CHECKING:
    from pathlib import Path

    from tap_servicetitan.sandbox.server import Sandbox

RUNS, POLLS, CANCELS = (f"{kind}:{definitions.JOBS.id}" for kind in ("report", "report-poll", "report-cancel"))
CARD = definitions.TECHNICIANS.id
WINDOWS = 5
"""How many windows `jobs()` has."""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll at once."""
    monkeypatch.setattr(runs, "FIRST_POLL", 0.001)
    monkeypatch.setattr(runs, "LONGEST_POLL", 0.01)


def completed(sandbox: Sandbox) -> list[int]:
    """List the jobs that were completed."""
    return sorted(row["id"] for row in sandbox.rows("jobs") if row["completedOn"])


def ids(rows: list[Message]) -> list[int]:
    """List the jobs of some rows."""
    return sorted(row["job_id"] for row in rows)


@pytest.mark.parametrize("pascal_case", [False, True])
@pytest.mark.parametrize("ready_after", [0, 1, 4])
def test_rows_come_at_once_or_later(sandbox: Sandbox, ready_after: int, *, pascal_case: bool) -> None:
    """However the rows come, and however fields are written, each comes once."""
    sandbox.set_report_queries(ready_after=ready_after, pascal_case=pascal_case)
    output = read(config(sandbox, jobs()), "job_report")
    assert output.error is None
    assert ids(output.records["job_report"]) == completed(sandbox)
    assert len(sandbox.requests(RUNS)) == WINDOWS
    assert all(one["path"].endswith("/data/query") for one in sandbox.requests(RUNS))
    assert len(sandbox.requests(POLLS)) == WINDOWS * ready_after
    assert sandbox.requests(CANCELS) == []
    assert "token" not in json.dumps(output.state)


def test_pages_are_queries_of_their_own(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages follow each other by `hasMore` alone, in whatever letters, and whether a token came first or not."""
    monkeypatch.setattr(reading, "PAGE_SIZE", 34)
    sandbox.set_report_queries(ready_after=2, pascal_case=True)
    output = read(config(sandbox, jobs(days=400)), "job_report")
    assert ids(output.records["job_report"]) == completed(sandbox)
    assert [one["query"]["page"] for one in sandbox.requests(RUNS)] == ["1", "2", "3"]
    assert len({one["token"] for one in sandbox.report_queries}) == 3


def test_a_report_that_fails_synchronously_is_read(sandbox: Sandbox) -> None:
    """What takes longer than the server waits at any length comes asynchronously, in whole windows."""
    sandbox.set_limits(report_days=0)
    sandbox.set_report_queries(ready_after=3)
    output = read(config(sandbox, jobs()), "job_report")
    assert output.error is None
    assert ids(output.records["job_report"]) == completed(sandbox)
    assert windows_asked(sandbox, definitions.JOBS) == []
    assert len(sandbox.requests(RUNS)) == WINDOWS


def test_windows_are_halved_where_a_query_fails(sandbox: Sandbox, impatient: None) -> None:
    """A query that fails while it runs covers too many days: it is cancelled, and fewer are requested at once."""
    del impatient
    sandbox.set_report_queries(ready_after=1, days=20)
    output = read(config(sandbox, jobs()), "job_report")
    assert output.error is None
    assert ids(output.records["job_report"]) == completed(sandbox)
    assert len({row["_key"] for row in output.records["job_report"]}) == len(output.records["job_report"])
    failed = {one["path"] for one in sandbox.requests(POLLS) if one["status"] == 500}
    assert {one["path"] for one in sandbox.requests(CANCELS)} == failed
    assert len(failed) == 2


def test_polls_are_no_runs(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """However often a report is polled, it has had one run, and need not wait for a second one."""
    sandbox.set_report_queries(ready_after=20)
    with caplog.at_level(logging.INFO):
        output = read(config(sandbox, TECHNICIANS, report_runs_per_minute=1), "scorecard")
    assert output.error is None
    assert len(sandbox.requests(f"report-poll:{CARD}")) == 20
    assert "report_runs_per_minute" not in caplog.text


def test_a_report_that_is_never_ready(sandbox: Sandbox) -> None:
    """After the time that the settings give it, a report has failed, is cancelled once, and the others are read."""
    sandbox.set_report_queries(ready_after=None)
    output = read(config(sandbox, TECHNICIANS, report_timeout=0.2), "scorecard", "payment_terms")
    assert isinstance(output.error, RunError)
    assert re.search(
        rf"scorecard: report {CARD} \(all of it\) was not ready 0 s after it was started", str(output.error)
    )
    assert "raise report_timeout" in str(output.error)
    assert output.counts.keys() == {"payment_terms"}
    assert len(sandbox.requests(f"report:{CARD}")) == 1
    assert [one["status"] for one in sandbox.requests(f"report-cancel:{CARD}")] == [200]
    assert [one["status"] for one in sandbox.report_queries] == ["Canceled"]


def test_cancelling_may_be_refused(sandbox: Sandbox) -> None:
    """Without the scope to cancel, nothing is different."""
    requests.post(f"{sandbox.url}/_sandbox/scopes", json={"scope": "tn.rpr.reports:w"}, timeout=9).raise_for_status()
    sandbox.set_report_queries(ready_after=None)
    output = read(config(sandbox, TECHNICIANS, report_timeout=0.1), "scorecard")
    assert [one["status"] for one in sandbox.requests(f"report-cancel:{CARD}")] == [403]
    assert "was not ready" in str(output.error)
    assert "403" not in str(output.error)


@pytest.mark.parametrize("status", [429, 503])
def test_a_poll_can_fail(sandbox: Sandbox, impatient: None, status: int) -> None:
    """Trouble with a poll passes: the run goes on, and is polled again."""
    del impatient
    sandbox.set_report_queries(ready_after=2)
    sandbox.fault("status", POLLS, times=2, status=status)
    output = read(config(sandbox, jobs(start="2026-10-01")), "job_report")
    assert output.error is None
    assert [one["status"] for one in sandbox.requests(POLLS)] == [status, status, 202, 200]
    assert len(sandbox.requests(RUNS)) == 1


def test_a_slot_is_waited_for(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the tenant has too many reports running, a report waits as long as the API says."""
    sandbox.set_report_queries(ready_after=None, slots=1)
    monkeypatch.setattr(runs, "LONGEST_POLL", 0.2)
    other = jobs(start="2026-10-01")
    threading.Timer(0.5, lambda: sandbox.set_report_queries(ready_after=1)).start()
    output = read(config(sandbox, TECHNICIANS, other), "scorecard", "job_report")
    assert output.error is None
    assert 429 in {one["status"] for name in (f"report:{CARD}", RUNS) for one in sandbox.requests(name)}


def test_a_token_that_expires(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that the API has forgotten means that the report is started again."""
    monkeypatch.setattr(runs, "LONGEST_POLL", 0.1)
    sandbox.set_report_queries(ready_after=None)

    def expire() -> None:
        until(lambda: len(sandbox.requests(f"report-poll:{CARD}")) > 1)
        sandbox.set_report_queries(ready_after=1)
        sandbox.expire_report_queries()

    threading.Thread(target=expire).start()
    output = read(config(sandbox, TECHNICIANS), "scorecard")
    assert output.error is None
    assert len(output.records["scorecard"]) == len(sandbox.rows("technicians"))
    assert len(sandbox.requests(f"report:{CARD}")) == 2
    assert sandbox.requests(f"report-cancel:{CARD}") == []


def test_a_token_that_is_never_known(sandbox: Sandbox) -> None:
    """A report is not started again for ever."""
    sandbox.set_report_queries(ready_after=1)
    sandbox.fault("status", f"report-poll:{CARD}", times=0, status=404)
    output = read(config(sandbox, TECHNICIANS), "scorecard")
    assert len(sandbox.requests(f"report:{CARD}")) == 1 + runs.MAX_RESTARTS
    assert f"the API forgot the token of report {CARD} 4 times" in str(output.error)


@pytest.mark.parametrize("missing", [404, 405])
def test_a_server_without_the_endpoint(sandbox: Sandbox, missing: int, caplog: pytest.LogCaptureFixture) -> None:
    """Reports are then synchronous for the rest of the run; what was not there was no run that counts."""
    sandbox.set_report_queries(missing=missing)
    with caplog.at_level(logging.INFO), OwnClock().of_turns():
        output = read(config(sandbox, jobs(), TECHNICIANS, report_runs_per_minute=1), "job_report", "scorecard")
    assert output.error is None
    assert ids(output.records["job_report"]) == completed(sandbox)
    tried = [one for name in (RUNS, f"report:{CARD}") for one in sandbox.requests(name) if one["status"] != 200]
    assert 1 <= len(tried) <= 2
    assert len(windows_asked(sandbox, definitions.JOBS)) == WINDOWS
    waits = [one for one in caplog.messages if one.startswith("job_report: waits")]
    assert len(waits) == WINDOWS - 1
    assert caplog.text.count("there are no asynchronous reports here") == 1


def test_an_answer_that_is_neither(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Neither rows nor a token: the report is read synchronously, and the log names what came; never its values."""
    sandbox.fault("content", f"report:{CARD}", content={"queryToken": "secret", "Status": "NotStarted"})
    with caplog.at_level(logging.INFO):
        output = read(config(sandbox, TECHNICIANS), "scorecard")
    assert output.error is None
    assert len(output.records["scorecard"]) == len(sandbox.rows("technicians"))
    assert "there are neither rows nor a token, but 'querytoken', 'status'; for the rest of this run" in caplog.text
    assert "secret" not in caplog.text
    sandbox.fault("content", f"report:{CARD}", content={"queryToken": "secret", "Status": "NotStarted"})
    output = read(config(sandbox, TECHNICIANS, report_mode="asynchronous"), "scorecard")
    assert "there are neither rows nor a token, but 'querytoken', 'status'" in str(output.error)


@pytest.mark.parametrize(
    ("mode", "words"), [("asynchronous", "404 Not Found"), ("synchronous", "500 Internal Server Error")]
)
def test_one_way_for_good(sandbox: Sandbox, impatient: None, mode: str, words: str) -> None:
    """A setting chooses one of the ways, and the other one is never tried."""
    del impatient
    sandbox.set_report_queries(missing=404)
    sandbox.set_limits(report_days=0)
    output = read(config(sandbox, TECHNICIANS, report_mode=mode), "scorecard")
    assert words in str(output.error)
    is_query = {one["path"].endswith("/query") for one in sandbox.requests(f"report:{CARD}")}
    assert is_query == {mode == "asynchronous"}


def test_a_report_is_described_again(sandbox: Sandbox) -> None:
    """Parameters that are refused after the access token was replaced are tried again, with a new description, once."""
    settings = config(sandbox, jobs())
    sandbox.set_limits(report_by_description=True)
    sandbox.fault("status", RUNS, skip=1, status=401)
    output = read(settings, "job_report")
    assert output.error is None
    assert ids(output.records["job_report"]) == completed(sandbox)
    assert [one["status"] for one in sandbox.requests(RUNS)] == [200, 401, 400, 200, 200, 200, 200]
    sandbox.forget_requests()
    sandbox.fault("status", RUNS, status=401)
    sandbox.fault("status", RUNS, times=0, status=400)
    again = read(settings, "job_report")
    assert "the API rejects the report's parameters" in str(again.error)
    assert [one["status"] for one in sandbox.requests(RUNS)] == [401, 400, 400]


def test_progress_says_what_a_report_waits_for(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever watches a run learns that it waits for a report, and for how long already."""
    monkeypatch.setattr(progress, "FIRST", 0.2)
    monkeypatch.setattr(progress, "EVERY", 0.2)
    monkeypatch.setattr(runs, "FIRST_POLL", 0.4)
    monkeypatch.setattr(runs, "LONGEST_POLL", 0.4)
    sandbox.set_report_queries(ready_after=3)
    with caplog.at_level(logging.INFO):
        read(config(sandbox, TECHNICIANS), "scorecard", "payment_terms")
    assert re.search(rf"streams done; .*; scorecard waits for report {CARD} to be ready, \d s so far", caplog.text)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_run_that_ends_while_it_polls(sandbox: Sandbox, tmp_path: Path, number: signal.Signals) -> None:
    """The next run starts the window again that was waited for, and no row is lost or comes twice."""
    settings = config(sandbox, jobs())
    chosen = tmp_path / "catalog.json"
    chosen.write_text(json.dumps(catalog(settings, "job_report")))
    state: Message = {}
    written: list[Message] = []
    command = command_line(tmp_path, settings, "--catalog", str(chosen))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:  # noqa: S603 - our own command
        assert tap.stdout
        for line in tap.stdout:
            message = json.loads(line)
            written += [message["record"]] if message["type"] == "RECORD" else []
            if message["type"] == "STATE":
                # From here on no report is ready.
                sandbox.set_report_queries(ready_after=None)
                state = message["value"]
                until(lambda: any(one["status"] == "InProgress" for one in sandbox.report_queries))
                break
        tap.send_signal(number)
        rest = tap.stdout.read()
    states = [message["value"] for message in map(json.loads, rest.splitlines()) if message["type"] == "STATE"]
    state = states[-1] if states else state
    written += [one["record"] for one in map(json.loads, rest.splitlines()) if one["type"] == "RECORD"]
    assert [one["status"] for one in sandbox.report_queries] == (
        ["Canceled"] if number == signal.SIGTERM else ["InProgress"]
    )
    assert not {one["token"] for one in sandbox.report_queries} & {*re.findall(r"[\w-]{20,}", json.dumps(state))}
    sandbox.set_report_queries(ready_after=1)
    again = run_command(tmp_path, settings, "--catalog", str(chosen), state=state)
    assert again.code == 0
    assert 0 < len(written) < len(completed(sandbox))
    assert ids(written + again.records["job_report"]) == completed(sandbox)
