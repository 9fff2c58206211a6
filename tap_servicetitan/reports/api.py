"""What the API says of reports, requested once in a run, and their pages."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

from tap_servicetitan.api.pages import items_of, read_list
from tap_servicetitan.api.report_pages import read_report
from tap_servicetitan.api.request import Request
from tap_servicetitan.errors import RejectedError
from tap_servicetitan.reports.description import as_values, read_metadata
from tap_servicetitan.reports.runs import COMMAND, REPORTS_SCOPE, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_servicetitan.api.report_pages import ReportPage
    from tap_servicetitan.reports.description import Parameter, Report, Value
    from tap_servicetitan.reports.runs import Run
    from tap_servicetitan.session import Session

VALUES_SCOPE = "tn.rpr.dynamicvaluesets:r"
CATEGORIES_SCOPE = "tn.rpr.reportcategories:r"
REPORTS_SCOPES = (REPORTS_SCOPE, VALUES_SCOPE)
"""What the stream of a report needs; the second where parameters take their values from a list."""

_BASE = "/reporting/v2/tenant/{tenant}/"
_PAGE_SIZE = 500
_MAX_SERVER_ERRORS = 3
"""A report that cannot be described fails alone, and must not hold up the others for long."""


class ReportApi:
    """Asks for the descriptions of reports; safe to share between threads."""

    def __init__(self, session: Session) -> None:
        """Know nothing yet."""
        self._client = session.client
        self._runner = Runner(session)
        self._lock = threading.Lock()
        self._reports: dict[tuple[str, int], Report] = {}
        self._values: dict[str, list[Value]] = {}
        self._described_by: dict[tuple[str, int], int] = {}
        """The number of the access token that each report was described with."""

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
                self._described_by[category, report] = self._client.sign_ins
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
            if not page.page.more or not page.page.count:
                return

    def page(self, run: Run) -> ReportPage:
        """Let a report run, when it is its turn.

        Raises:
            ApiError: There is no such page.
            UnexpectedBodyError: What comes is none.
        """
        try:
            return self._runner.page(run)
        except RejectedError:
            # One client saw that parameters hold only for the access token that the report was described with.
            if not self._described_again(run):
                raise
        return self._runner.page(run)

    def _described_again(self, run: Run) -> bool:
        """Describe a report again if the access token was replaced since; tell whether it was."""
        which = (run.category, run.report)
        with self._lock:
            if self._described_by.get(which) == self._client.sign_ins:
                return False
            self._reports.pop(which, None)
        self.report(run.who, *which)
        return True

    def close(self) -> None:
        """Cancel the runs that somebody still waits for."""
        self._runner.close()

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
