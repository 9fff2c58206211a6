"""The endpoints of single reports; the lists of categories and reports are streams like others."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.routing import Route

from tap_servicetitan.sandbox.churn import churn
from tap_servicetitan.sandbox.clock import iso
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.reporting import checks
from tap_servicetitan.sandbox.reporting.definitions import find
from tap_servicetitan.sandbox.reporting.figures import SETS, SOURCES, values
from tap_servicetitan.sandbox.responses import HttpError, error_response, json_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.quirks import Quirks
    from tap_servicetitan.sandbox.reporting.definitions import Report
    from tap_servicetitan.sandbox.tenant import Tenant

Tenants: TypeAlias = "Mapping[str, Tenant]"
Refuses: TypeAlias = "Callable[[Tenants, Facts, Request], Response | None]"
Answers: TypeAlias = "Callable[[Tenant, Request, str, Mapping[str, str], Callable[[], Response]], Awaitable[Response]]"
Gives: TypeAlias = "Callable[[Tenant, Request, Any], Response]"

VALUES_SCOPE = "tn.rpr.dynamicvaluesets:r"
"""The scope of the sets of values, which no stream needs."""

_BASE = "/reporting/v2/tenant/{tenant}"
_REPORT = f"{_BASE}/report-category/{{category}}/reports/{{report}}"
_MOST, _USUAL = 25_000, {"data": 1_000, "values": 50}


def reporting_routes(tenants: Tenants, refuses: Refuses, answers: Answers) -> list[Route]:
    """Make the routes of single reports.

    For faults and in the log of requests, a report's data is called ``report:<id>``, its description
    ``report-metadata:<id>``, and a set of values ``dynamic-value-set:<id>``.
    """
    described = FACTS["reports"]
    valued = dataclasses.replace(described, scope=VALUES_SCOPE)

    def route(url: str, method: str, name: str, facts: Facts, gives: Gives) -> Route:
        async def endpoint(request: Request) -> Response:
            tenant = tenants.get(request.path_params["tenant"]) or next(iter(tenants.values()))
            body = await _body(request)

            def make() -> Response:
                try:
                    return refuses(tenants, facts, request) or gives(tenant, request, body)
                except HttpError as error:
                    return error_response(error.status, error.title)

            return await answers(
                tenant, request, name.format(**request.path_params), _logged_query(request, body), make
            )

        return Route(url, endpoint, methods=[method])

    return [
        route(f"{_REPORT}/data", "POST", "report:{report}", described, _data),
        route(_REPORT, "GET", "report-metadata:{report}", described, _metadata),
        route(f"{_BASE}/dynamic-value-sets/{{set}}", "GET", "dynamic-value-set:{set}", valued, _values),
    ]


async def _body(request: Request) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(await request.body() or b"null")
    except ValueError:
        return None


def _logged_query(request: Request, body: Any) -> dict[str, str]:  # noqa: ANN401 - any JSON value
    """Return the parameters, in the query and in the body, for the log."""
    query = dict(request.query_params)
    listed = body.get("parameters") if isinstance(body, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and "name" in one:
            value = one.get("value")
            query[str(one["name"])] = value if isinstance(value, str) else json.dumps(value)
    return query


def _report(request: Request) -> Report:
    report = find(request.path_params["category"], request.path_params["report"])
    if report is None:
        raise HttpError(404, "There is no such report with the category")
    return report


def _metadata(tenant: Tenant, request: Request, _: Any) -> Response:  # noqa: ANN401 - any JSON value
    return json_response(_report(request).description_body(iso(tenant.world.start)))


def _data(tenant: Tenant, request: Request, body: Any) -> Response:  # noqa: ANN401 - any JSON value
    report, now = _report(request), tenant.catch_up()
    given = checks.read_parameters(report, body, tenant.world, now)
    if wait := tenant.reporting.wait(report.id):
        return error_response(429, f"Rate limit is exceeded. Try again in {wait} seconds.")
    if tenant.reporting.days is not None and checks.days(given) > tenant.reporting.days:
        return error_response(500, "The report took too long.")
    rows = SOURCES[report.id](tenant.world, given, now)
    fields = [{"name": one.name, "label": one.label} for one in report.fields]
    page = _page(request, rows, fields, "data", tenant.quirks.of(f"report:{report.id}"))
    churn(tenant, f"report:{report.id}", request.query_params)
    return page


def _values(tenant: Tenant, request: Request, _: Any) -> Response:  # noqa: ANN401 - any JSON value
    which = request.path_params["set"]
    if which not in SETS:
        raise HttpError(404, "There is no such dynamic value set")
    fields = [{"name": "Value", "label": "Value"}, {"name": "Name", "label": "Name"}]
    quirks = tenant.quirks.of(f"dynamic-value-set:{which}")
    return _page(request, values(tenant.world, which, tenant.catch_up()), fields, "values", quirks)


def _page(request: Request, rows: Sequence[Any], fields: Sequence[Any], kind: str, quirks: Quirks) -> Response:
    query = quirks.query(request.query_params)
    try:
        number, requested = int(query.get("page", 1)), int(query.get("pageSize", _USUAL[kind]))
    except ValueError as error:
        raise HttpError(400) from error
    if number < 1 or not 1 <= requested <= _MOST:
        raise HttpError(400)
    size = min(requested, quirks.page_cap or requested)
    rows = quirks.arranged(rows)
    begin, end = (number - 1) * size, number * size
    is_counted = query.get("includeTotal", "").lower() == "true"
    page = {
        "page": number,
        "pageSize": size,
        "hasMore": end < len(rows),
        "totalCount": len(rows) if is_counted else None,
    }
    body = quirks.envelope(page, len(rows), requested)
    return json_response(body | {"data": rows[begin:end], "fields": fields})
