"""The endpoints of single reports; the lists of categories and reports are streams like others."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.routing import Route

from tap_servicetitan.sandbox.clock import iso
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.reporting import runs
from tap_servicetitan.sandbox.reporting.pages import requested_report_page
from tap_servicetitan.sandbox.reporting.values import SETS, values
from tap_servicetitan.sandbox.responses import HttpError, error_response, json_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.tenant import Tenant

Tenants: TypeAlias = "Mapping[str, Tenant]"
Refuses: TypeAlias = "Callable[[Tenants, Facts, Request], Response | None]"
Responds: TypeAlias = "Callable[[Tenant, Request, str, Mapping[str, str], Callable[[], Response]], Awaitable[Response]]"
Handler: TypeAlias = "Callable[[Tenant, Request, Any], Response]"

VALUES_SCOPE = "tn.rpr.dynamicvaluesets:r"
"""The scope of the sets of values, which no stream needs."""
CANCEL_SCOPE = "tn.rpr.reports:w"
"""The scope for canceling an asynchronous run."""

_BASE = "/reporting/v2/tenant/{tenant}"
_REPORT = f"{_BASE}/report-category/{{category}}/reports/{{report}}"
_QUERY = f"{_BASE}/data-queries/{{token}}"
_USUAL_VALUES = 50


def reporting_routes(tenants: Tenants, refuses: Refuses, responds: Responds) -> list[Route]:
    """Make the routes of single reports.

    For faults and in the log of requests, a run of a report is called ``report:<id>`` either way, its description
    ``report-metadata:<id>``, a poll ``report-poll:<id>``, a cancellation ``report-cancel:<id>``, and a set of values
    ``dynamic-value-set:<id>``.
    """
    described = FACTS["reports"]
    valued = dataclasses.replace(described, scope=VALUES_SCOPE)
    canceled = dataclasses.replace(described, scope=CANCEL_SCOPE)

    def route(method: str, url: str, name: str, facts: Facts, handle: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            tenant = tenants.get(request.path_params["tenant"]) or next(iter(tenants.values()))
            body = await _body(request)

            def make() -> Response:
                try:
                    return refuses(tenants, facts, request) or handle(tenant, request, body)
                except HttpError as error:
                    return error_response(error.status, error.title)

            return await responds(tenant, request, _name(tenant, request, name), _logged_query(request, body), make)

        return Route(url, endpoint, methods=[method])

    return [
        route("POST", f"{_REPORT}/data", "report:{report}", described, runs.run),
        route("POST", f"{_REPORT}/data/query", "report:{report}", described, runs.start),
        route("GET", _QUERY, "report-poll:{report}", described, runs.poll),
        route("DELETE", _QUERY, "report-cancel:{report}", canceled, runs.cancel),
        route("GET", _REPORT, "report-metadata:{report}", described, _metadata),
        route("GET", f"{_BASE}/dynamic-value-sets/{{set}}", "dynamic-value-set:{set}", valued, _values),
    ]


def _name(tenant: Tenant, request: Request, name: str) -> str:
    named = dict(request.path_params)
    if token := named.get("token"):
        named["report"] = runs.name_of(tenant, token)
    return name.format(**named)


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


def _metadata(tenant: Tenant, request: Request, _: Any) -> Response:  # noqa: ANN401 - any JSON value
    report = runs.requested_report(request)
    tenant.reporting.describe(report.id, request.headers["authorization"])
    return json_response(report.description_body(iso(tenant.world.start)))


def _values(tenant: Tenant, request: Request, _: Any) -> Response:  # noqa: ANN401 - any JSON value
    which = request.path_params["set"]
    if which not in SETS:
        raise HttpError(404, "There is no such dynamic value set")
    fields = [{"name": "Value", "label": "Value"}, {"name": "Name", "label": "Name"}]
    quirks = tenant.quirks.of(f"dynamic-value-set:{which}")
    page = requested_report_page(request.query_params, _USUAL_VALUES, quirks)
    return json_response(page.body(values(tenant.world, which, tenant.catch_up()), fields, quirks))
