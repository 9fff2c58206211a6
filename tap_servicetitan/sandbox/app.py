"""The web application: which address answers what, and who may ask."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from tap_servicetitan.sandbox import request_log
from tap_servicetitan.sandbox.auth import LIFETIME
from tap_servicetitan.sandbox.children import child_page
from tap_servicetitan.sandbox.clock import SECOND, iso
from tap_servicetitan.sandbox.control import control_routes
from tap_servicetitan.sandbox.cut import CutAnswer
from tap_servicetitan.sandbox.export import export_page, is_continued
from tap_servicetitan.sandbox.facts import FACTS, Facts
from tap_servicetitan.sandbox.faults import ANSWERED
from tap_servicetitan.sandbox.lists import list_page
from tap_servicetitan.sandbox.mishaps import date_of, mishap
from tap_servicetitan.sandbox.reporting.endpoints import reporting_routes
from tap_servicetitan.sandbox.responses import ApiRequest, HttpError, error_response, json_response
from tap_servicetitan.sandbox.routes import by_address, endpoint_for
from tap_servicetitan.sandbox.windows import window_page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from tap_servicetitan.sandbox.tenant import Tenant

Tenants: TypeAlias = "Mapping[str, Tenant]"
Handler: TypeAlias = "Callable[[Tenant, Facts, ApiRequest], Response]"

# How each kind of endpoint in the table is answered.
KINDS: Mapping[str, Handler] = {
    "child": child_page,
    "export": lambda tenant, facts, read: export_page(tenant, facts, read.query),
    "list": list_page,
    "window": window_page,
}
TOKEN = "token"  # noqa: S105 - the name by which faults and the log know the token endpoint


def make_app(tenants: Tenants) -> Starlette:
    """Make the application that serves some tenants."""
    routes = [
        Route("/connect/token", _token_endpoint(tenants), methods=["POST"]),
        Mount("/_sandbox", routes=control_routes(tenants)),
        *(Route(url, _endpoint(tenants, sharing), methods=[method]) for method, url, sharing in by_address()),
        *reporting_routes(tenants, _refusal, _respond),
        Route("/{anything:path}", _nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
    return Starlette(routes=routes)


async def _nothing(_: Request) -> Response:
    return error_response(404, "Resource not found")


def _endpoint(tenants: Tenants, sharing: Sequence[Facts]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        tenant = tenants.get(request.path_params["tenant"]) or next(iter(tenants.values()))
        read = await _read(request)
        facts = endpoint_for(sharing, read.query)

        def make() -> Response:
            try:
                return _refusal(tenants, facts, request) or KINDS[facts.row.kind](tenant, facts, read)
            except HttpError as error:
                return error_response(error.status, error.title)

        return await _respond(tenant, request, facts.row.name, read.query, make)

    return endpoint


async def _read(request: Request) -> ApiRequest:
    path = {name: str(value) for name, value in request.path_params.items() if name != "tenant"}
    if request.method == "GET":
        return ApiRequest(dict(request.query_params), path)
    try:
        body = json.loads(await request.body())
    except ValueError:
        return ApiRequest(path=path, malformed=True)
    if not isinstance(body, dict):
        return ApiRequest(path=path, malformed=True)
    return ApiRequest(dict(_flat(body)), path)


def _flat(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Write a body as a query: dots lead into objects."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield prefix + name, _text(value)


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else json.dumps(value)


def _token_endpoint(tenants: Tenants) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        tenant = next((one for one in tenants.values() if one.app.client_id == form.get("client_id")), None)

        def make() -> Response:
            return _issue(tenant, form)

        return await _respond(tenant or next(iter(tenants.values())), request, TOKEN, {}, make)

    return endpoint


def _issue(tenant: Tenant | None, form: Mapping[str, str]) -> Response:
    if form.get("grant_type") != "client_credentials":
        return json_response({"error": "unsupported_grant_type"}, 400)
    if tenant is None or form.get("client_secret") != tenant.app.client_secret:
        return json_response({"error": "invalid_client"}, 400)
    token = {"access_token": tenant.access.issue(), "expires_in": LIFETIME, "token_type": "Bearer"}
    return json_response(
        token | {"scope": " ".join(sorted({facts.scope for facts in FACTS.values()} - tenant.revoked_scopes))}
    )


def _refusal(tenants: Tenants, facts: Facts, request: Request) -> Response | None:
    """Refuse a request that its app, tenant, plan or scope does not allow."""
    authorization = request.headers.get("authorization", "")
    tenant = next((one for one in tenants.values() if one.access.good(authorization)), None)
    if tenant is None:
        return error_response(401, "Access token is missing, invalid or expired.")
    if request.headers.get("st-app-key") != tenant.app.app_key:
        return error_response(401, "Application key is missing or invalid.")
    if request.path_params["tenant"] != tenant.id:
        return error_response(404, "Tenant not found")
    return _limitation(tenant, facts)


def _limitation(tenant: Tenant, facts: Facts) -> Response | None:
    if tenant.limit.exceeded():
        return error_response(429, "Rate limit is exceeded. Try again in 1 seconds.")
    if facts.row.module in tenant.disabled_modules:
        return error_response(404, "Resource not found")
    if facts.scope in tenant.revoked_scopes:
        return error_response(403, "Scope validation failed")
    return None


async def _respond(
    tenant: Tenant, request: Request, name: str, query: Mapping[str, str], make: Callable[[], Response]
) -> Response:
    """Respond to a request, unless a fault replaces the response, and log it."""
    with tenant.lock:
        entry = request_log.Request(request.method, request.url.path, dict(query), name, iso(tenant.clock.now))
        tenant.requests.add(entry)
        fault = tenant.faults.take(ANSWERED, name, query, continued=is_continued(query))

    def made() -> Response:
        with tenant.lock:
            return make()

    with tenant.lock:
        date = formatdate(tenant.clock.now // SECOND, usegmt=True)
    response = await mishap(fault, made, name) if fault else made()
    response.headers["Date"] = date_of(fault, date)
    entry.status = 0 if isinstance(response, CutAnswer) else response.status_code
    entry.ended = time.monotonic()
    return response
