"""Runs of reports: the rows at once, or a token to poll for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from tap_servicetitan.sandbox.churn import churn
from tap_servicetitan.sandbox.reporting import checks
from tap_servicetitan.sandbox.reporting.definitions import by_id, find
from tap_servicetitan.sandbox.reporting.pages import requested_report_page
from tap_servicetitan.sandbox.reporting.queries import Query, pascal_case
from tap_servicetitan.sandbox.reporting.sources import SOURCES
from tap_servicetitan.sandbox.responses import HttpError, error_response, json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from tap_servicetitan.sandbox.reporting.report import Report
    from tap_servicetitan.sandbox.tenant import Tenant

_USUAL_SIZE = 1_000
_TOO_LONG = "The report took too long."


def requested_report(request: Request) -> Report:
    """Return the report that a path names."""
    report = find(request.path_params["category"], request.path_params["report"])
    if report is None:
        raise HttpError(404, "There is no such report with the category")
    return report


def run(tenant: Tenant, request: Request, body: Any) -> Response:  # noqa: ANN401 - any JSON value
    """Return the rows of a report, unless it takes longer than the server waits."""
    report = requested_report(request)
    given = _parameters(tenant, request, report, body)
    if refusal := _refusal(tenant, report):
        return refusal
    if tenant.reporting.days is not None and checks.days(given) > tenant.reporting.days:
        return error_response(500, _TOO_LONG)
    return json_response(_page(tenant, report, request.query_params, given))


def start(tenant: Tenant, request: Request, body: Any) -> Response:  # noqa: ANN401 - any JSON value
    """Return the rows of a report if they come at once, and a token if not."""
    settings = tenant.queries.settings
    _require_endpoints(tenant)
    report = requested_report(request)
    given = _parameters(tenant, request, report, body)
    # A total is never counted this way.
    page = {name: value for name, value in request.query_params.items() if name != "includeTotal"}
    requested_report_page(page, _USUAL_SIZE, tenant.quirks.of(f"report:{report.id}"))
    if not tenant.queries.has_slot():
        return error_response(429, "Too many reports of the tenant are running. Try again in 1 seconds.")
    if refusal := _refusal(tenant, report):
        return refusal
    query = Query(report.id, page, given)
    if settings.ready_after == 0:
        return _rows(tenant, query)
    return _pending(tenant, tenant.queries.start(query), query)


def poll(tenant: Tenant, request: Request, _: Any) -> Response:  # noqa: ANN401 - any JSON value
    """Return the rows of a run that was started, or say that they are not ready."""
    query = _query(tenant, request)
    if query.status != "Done" and not tenant.queries.poll(query):
        return _pending(tenant, request.path_params["token"], query)
    return _rows(tenant, query)


def cancel(tenant: Tenant, request: Request, _: Any) -> Response:  # noqa: ANN401 - any JSON value
    """Cancel a run that was started."""
    query = _query(tenant, request)
    was_done, query.status = query.status == "Done", "Canceled"
    return Response(status_code=204 if was_done else 200)


def name_of(tenant: Tenant, token: str) -> str:
    """Name the report that a token is for, as faults and the log of requests do."""
    query = tenant.queries.find(token)
    return str(query.report) if query else "unknown"


def _parameters(tenant: Tenant, request: Request, report: Report, body: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    if not tenant.reporting.takes_parameters(report.id, request.headers["authorization"]):
        raise HttpError(400, "Invalid report parameter")
    return checks.read_parameters(report, body, tenant.world, tenant.catch_up())


def _require_endpoints(tenant: Tenant) -> None:
    if (status := tenant.queries.settings.missing) is not None:
        raise HttpError(status, "Resource not found")


def _query(tenant: Tenant, request: Request) -> Query:
    _require_endpoints(tenant)
    query = tenant.queries.find(request.path_params["token"])
    if query is None or query.status == "Canceled":
        raise HttpError(404, "There is no such data query")
    return query


def _refusal(tenant: Tenant, report: Report) -> Response | None:
    if wait := tenant.reporting.wait(report.id):
        return error_response(429, f"Rate limit is exceeded. Try again in {wait} seconds.")
    return None


def _page(tenant: Tenant, report: Report, query: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    name = f"report:{report.id}"
    quirks = tenant.quirks.of(name)
    page = requested_report_page(query, _USUAL_SIZE, quirks)
    rows = SOURCES[report.id](tenant.world, given, tenant.catch_up())
    body = page.body(rows, [{"name": one.name, "label": one.label} for one in report.fields], quirks)
    churn(tenant, name, query)
    return body


def _rows(tenant: Tenant, query: Query) -> Response:
    settings = tenant.queries.settings
    if settings.days is not None and checks.days(query.given) > settings.days:
        return error_response(500, _TOO_LONG)
    body = _page(tenant, by_id(query.report), query.page, query.given)
    return json_response(pascal_case(body) if settings.pascal_case else body)


def _pending(tenant: Tenant, token: str, query: Query) -> Response:
    body = {"token": token, "status": query.status}
    return json_response(pascal_case(body) if tenant.queries.settings.pascal_case else body, 202)
