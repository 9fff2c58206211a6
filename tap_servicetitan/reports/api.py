"""What the API tells of reports, asked for once in a run, and how often a report may run."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

from tap_servicetitan.api.pages import items_of, read_list, read_report
from tap_servicetitan.api.request import Request
from tap_servicetitan.reports.description import as_values, read_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_servicetitan.api.client import Client
    from tap_servicetitan.api.pages import ReportPage
    from tap_servicetitan.reports.description import Parameter, Report, Value

REPORTS_SCOPE = "tn.rpr.reports:r"
VALUES_SCOPE = "tn.rpr.dynamicvaluesets:r"
CATEGORIES_SCOPE = "tn.rpr.reportcategories:r"
REPORTS_SCOPES = (REPORTS_SCOPE, VALUES_SCOPE)
"""What the stream of a report needs; the second where parameters take their values from a list."""

MINUTE = 60.0
COMMAND = "the command tap-servicetitan-reports"

_BASE = "/reporting/v2/tenant/{tenant}/"
_PAGE_SIZE = 500
_MAX_SERVER_ERRORS = 3
"""A report that cannot be described fails alone, and must not hold up the others for long."""


class Turns:
    """Lets each report run so often in a minute: the API's limit, in which every page and every try counts."""

    def __init__(
        self,
        per_minute: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin with no runs."""
        # One in 2 minutes, where half a run is allowed in one.
        self._burst = max(1, int(per_minute))
        self._span = MINUTE * self._burst / per_minute
        self._clock, self._sleep = clock, sleep
        self._runs: dict[int, collections.deque[float]] = collections.defaultdict(collections.deque)
        self._locks: dict[int, threading.Lock] = collections.defaultdict(threading.Lock)

    def take(self, report: int, announce: Callable[[float], None]) -> None:
        """Wait for a report's turn; what is announced is the number of seconds."""
        with self._locks[report]:
            runs = self._runs[report]
            if len(runs) >= self._burst:
                wait = runs.popleft() + self._span - self._clock()
                if wait > 0:
                    announce(wait)
                    self._sleep(wait)
            runs.append(self._clock())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a report: one page of it."""

    who: str
    """Named in messages."""
    path: str
    """The report's own, below the host."""
    report: int
    parameters: Mapping[str, Any]
    page: int
    size: int
    max_server_errors: int | None
    """How often the server may fail; None for as often as anywhere."""


class ReportApi:
    """Asks for the descriptions of reports; safe to share between threads."""

    def __init__(self, client: Client, runs_per_minute: float) -> None:
        """Know nothing yet."""
        self._client = client
        self._lock = threading.Lock()
        self._reports: dict[tuple[str, int], Report] = {}
        self._values: dict[str, list[Value]] = {}
        self._turns = Turns(runs_per_minute)

    def report(self, who: str, category: str, report: int) -> Report:
        """Describe a report.

        Args:
            who: Named in messages.
            category: Id of the category that it stands in.
            report: Its id.

        Raises:
            ApiError: There is none, or it cannot be described.
            UnexpectedBodyError: What comes is no description.
        """
        with self._lock:
            if (category, report) not in self._reports:
                values = {"category": category, "report": report}
                request = self._request(who, "report-category/{category}/reports/{report}", REPORTS_SCOPE, values)
                self._reports[category, report] = self._client.fetch(request, read_metadata)
            return self._reports[category, report]

    def accepted(self, who: str, parameter: Parameter) -> list[Value]:
        """List the values that a parameter accepts, from its dynamic set where it has one; none if it takes any.

        Raises:
            ApiError: The set cannot be read.
            UnexpectedBodyError: What comes is no set of values.
        """
        name = parameter.dynamic_set
        if name is None or parameter.values:
            return parameter.values
        with self._lock:
            if name not in self._values:
                self._values[name] = as_values(list(self._dynamic_set(who, name)))
            return self._values[name]

    def _dynamic_set(self, who: str, name: str) -> Iterator[list[Any]]:
        for number in itertools.count(1):
            page = self._client.fetch(
                self._request(who, "dynamic-value-sets/{set}", VALUES_SCOPE, {"set": name}, number), read_report
            )
            yield from page.rows
            if not page.has_more or not page.rows:
                return

    def page(self, run: Run, announce: Callable[[float], None]) -> ReportPage:
        """Let a report run, when it is its turn.

        Args:
            run: What is asked.
            announce: Told how many seconds it takes until it is.

        Raises:
            ApiError: There is no such page.
            UnexpectedBodyError: What comes is none.
        """
        request = Request(
            stream=run.who,
            path=run.path,
            params={"page": str(run.page), "pageSize": str(run.size), "includeTotal": "true"},
            body={"parameters": [{"name": name, "value": value} for name, value in run.parameters.items()]},
            method="POST",
            scope=REPORTS_SCOPE,
            advice={
                400: f"; the API rejects what the report is told: {COMMAND} lists its parameters",
                403: f"; grant the app the scope {REPORTS_SCOPE}, or deselect the stream",
                404: f"; there is no such report (any more): {COMMAND} lists what there is",
            },
            has_own_limits=True,
            max_server_errors=run.max_server_errors,
            before_try=lambda: self._turns.take(run.report, announce),
        )
        return self._client.fetch(request, read_report)

    def categories(self, who: str) -> list[dict[str, Any]]:
        """List the categories of reports."""
        return list(self._listed(who, "report-categories", CATEGORIES_SCOPE, {}))

    def listed(self, who: str, category: str) -> list[dict[str, Any]]:
        """List the reports of a category."""
        return list(self._listed(who, "report-category/{category}/reports", REPORTS_SCOPE, {"category": category}))

    def _listed(self, who: str, path: str, scope: str, values: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        for number in itertools.count(1):
            request = self._request(who, path, scope, values, number)
            page = self._client.fetch(request, lambda body: read_list(body, "data", _PAGE_SIZE))
            items = items_of(page.data)
            yield from items
            if not page.more or not items:
                return

    @staticmethod
    def _request(who: str, path: str, scope: str, values: Mapping[str, object], page: int | None = None) -> Request:
        # The last one stands in the one before it.
        named = " in the ".join(f"{name} {value}" for name, value in reversed(list(values.items())))
        lacking = f"; there is no {named}: {COMMAND} lists what there is"
        return Request(
            stream=who,
            path=_BASE + path,
            path_values=values,
            params={"page": str(page), "pageSize": str(_PAGE_SIZE)} if page else {},
            scope=scope,
            advice={403: f"; grant the app the scope {scope}"} | ({400: lacking, 404: lacking} if values else {}),
            has_own_limits=True,
            max_server_errors=_MAX_SERVER_ERRORS,
        )
