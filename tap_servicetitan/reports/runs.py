"""Runs of reports: asynchronous where the API can, with a token that is polled, else synchronous."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

from tap_servicetitan.api.report_pages import Query, ReportPage, read_query, read_report
from tap_servicetitan.api.request import Request
from tap_servicetitan.errors import (
    ApiError,
    ClosedError,
    NotAllowedError,
    NotFoundError,
    OverloadError,
    UnexpectedBodyError,
)
from tap_servicetitan.reports.cancelling import Cancelling
from tap_servicetitan.reports.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.session import Session

REPORTS_SCOPE = "tn.rpr.reports:r"
COMMAND = "the command tap-servicetitan-reports"

FIRST_POLL, LONGEST_POLL = 2.0, 15.0
"""Seconds between two polls: the first time, and at most; the time grows by half with each poll."""

MAX_RESTARTS = 3
"""How often a report is started again whose token the API does not know any more."""

_QUERIES = "/reporting/v2/tenant/{tenant}/data-queries/{token}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a report: one page of it."""

    who: str
    """Named in messages."""
    path: str
    """The report's own, below the host."""
    category: str
    report: int
    parameters: Mapping[str, Any]
    what: str
    """What of the report is requested, for messages."""
    page: int
    size: int
    max_server_errors: int | None
    """How often the server may fail; None for as often as anywhere."""


class Runner:
    """Runs reports; safe to share between threads."""

    def __init__(self, session: Session) -> None:
        """Prepare to run."""
        settings = session.settings
        self._session, self._client = session, session.client
        self._timeout = settings.report_timeout
        self._turns = Turns(settings.report_runs_per_minute, sleep=session.stopping.wait)
        self._mode = settings.report_mode
        self._cancelling = Cancelling(self._cancel)

    def page(self, run: Run) -> ReportPage:
        """Let a report run when it is its turn, and wait until its rows are there.

        Raises:
            OverloadError: It is too much for the server.
            ApiError: There is no such page.
            UnexpectedBodyError: What comes is none.
        """
        if self._mode == "synchronous":
            return self._at_once(run)
        for _ in range(MAX_RESTARTS + 1):
            try:
                found = self._client.fetch(self._start(run), read_query, accepted=read_query)
            except (NotFoundError, NotAllowedError):
                if self._mode == "asynchronous":
                    raise
                # It did not run.
                self._turns.give_back(run.report)
                return self._without_queries(run, "there are no asynchronous reports here")
            except UnexpectedBodyError as error:
                if self._mode == "asynchronous":
                    raise
                return self._without_queries(run, f"asynchronous reports cannot be read here: {error}")
            page = self._result(run, found.token) if isinstance(found, Query) else found
            if page is not None:
                return page
            self._log(run, "the API does not know the token of the report any more, which is started again")
        msg = (
            f"{run.who}: the API forgot the token of report {run.report} {MAX_RESTARTS + 1} times ({run.what}); "
            f"the bookmark of {run.who} is unharmed: run again later, or set report_mode to synchronous"
        )
        raise ApiError(msg)

    def close(self) -> None:
        """Cancel the runs that somebody still waits for."""
        self._cancelling.close()

    def _at_once(self, run: Run) -> ReportPage:
        counted = {"includeTotal": "true"}
        return self._client.fetch(self._request(run, run.path, counted), read_report)

    def _start(self, run: Run) -> Request:
        return self._request(run, f"{run.path}/query", {})

    def _without_queries(self, run: Run, why: str) -> ReportPage:
        """Run a report synchronously, and from now on all, unless it is the report that is wrong or gone."""
        page = self._at_once(run)
        if self._mode == "auto":
            self._mode = "synchronous"
            self._log(run, "%s; for the rest of this run they are synchronous", why)
        return page

    def _result(self, run: Run, token: str) -> ReportPage | None:
        """Wait for the rows of a run; None if the API does not know the token any more."""
        with self._cancelling.unless_done(token) as done:
            began, pause = time.monotonic(), FIRST_POLL
            while True:
                self._wait_for_rows(run, time.monotonic() - began, pause)
                try:
                    found = self._client.fetch(self._poll(run, token), read_query, accepted=lambda _: Query(token))
                except NotFoundError:
                    done()
                    return None
                if isinstance(found, ReportPage):
                    done()
                    return found
                pause = min(pause * 1.5, LONGEST_POLL)

    def _wait_for_rows(self, run: Run, age: float, pause: float) -> None:
        if age >= self._timeout:
            msg = (
                f"{run.who}: report {run.report} ({run.what}) was not ready {age:.0f} s after it was started; raise "
                f"report_timeout, or request less at once; the bookmark of {run.who} is unharmed"
            )
            raise OverloadError(msg)
        with self._session.waiting(run.who, f"for report {run.report} to be ready, {age:.0f} s so far"):
            self._pause(min(pause, self._timeout - age))

    def _pause(self, seconds: float) -> None:
        if self._session.stopping.wait(seconds):
            raise ClosedError

    def _request(self, run: Run, path: str, more: Mapping[str, str]) -> Request:
        return Request(
            stream=run.who,
            path=path,
            params={"page": str(run.page), "pageSize": str(run.size), **more},
            body={"parameters": [{"name": name, "value": value} for name, value in run.parameters.items()]},
            method="POST",
            scope=REPORTS_SCOPE,
            advice={
                400: f"; the API rejects the report's parameters: {COMMAND} lists its parameters",
                403: f"; grant the app the scope {REPORTS_SCOPE}, or deselect the stream",
                404: f"; there is no such report (any more): {COMMAND} lists what there is",
                405: "; there are no asynchronous reports here: set report_mode to auto",
            },
            has_own_limits=True,
            max_server_errors=run.max_server_errors,
            before_try=lambda: self._take_turn(run),
        )

    def _poll(self, run: Run, token: str) -> Request:
        return Request(
            stream=run.who,
            path=_QUERIES,
            path_values={"token": token},
            scope=REPORTS_SCOPE,
            advice={400: "; the report failed while it ran: run again later, and if it stays, request less at once"},
            has_own_limits=True,
            max_server_errors=run.max_server_errors,
        )

    def _cancel(self, token: str) -> None:
        self._client.attempt(
            Request(stream="cancel", path=_QUERIES, path_values={"token": token}, method="DELETE", has_own_limits=True)
        )

    def _take_turn(self, run: Run) -> None:
        with self._session.waiting(run.who, "for its turn (report_runs_per_minute)"):
            self._turns.take(run.report, lambda seconds: self._announce(run, seconds))
        if self._session.stopping.is_set():
            raise ClosedError

    def _announce(self, run: Run, seconds: float) -> None:
        self._session.logger.getChild(run.who).info(
            "%s: waits %.1f s, because of report_runs_per_minute", run.who, seconds
        )

    def _log(self, run: Run, message: str, *values: object) -> None:
        self._session.logger.getChild(run.who).info(f"%s: {message}", run.who, *values)
