"""The web application: which address answers what, and who may ask."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from tap_servicetitan.sandbox import request_log
from tap_servicetitan.sandbox.answers import answer, refuse
from tap_servicetitan.sandbox.auth import LIFETIME
from tap_servicetitan.sandbox.clock import iso
from tap_servicetitan.sandbox.control import control_routes
from tap_servicetitan.sandbox.cut import CutAnswer
from tap_servicetitan.sandbox.export import export_page, is_continued
from tap_servicetitan.sandbox.facts import FACTS, Facts
from tap_servicetitan.sandbox.faults import ANSWERED
from tap_servicetitan.sandbox.mishaps import mishap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from tap_servicetitan.sandbox.tenant import Tenant

Tenants: TypeAlias = "Mapping[str, Tenant]"
Answer: TypeAlias = "Callable[[Tenant, Facts, Mapping[str, str]], Response]"

# How each kind of endpoint in the table is answered.
KINDS: Mapping[str, Answer] = {"export": export_page}
TOKEN = "token"  # noqa: S105 - the name by which faults and the log know the token endpoint


def make_app(tenants: Tenants) -> Starlette:
    """Make the application that serves some tenants."""
    routes = [
        Route("/connect/token", _token_endpoint(tenants), methods=["POST"]),
        Mount("/_sandbox", routes=control_routes(tenants)),
        *(Route(facts.row.url, _endpoint(tenants, facts), methods=["GET"]) for facts in FACTS.values()),
        Route("/{anything:path}", _nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
    return Starlette(routes=routes)


async def _nothing(_: Request) -> Response:
    return refuse(404, "Resource not found")


def _endpoint(tenants: Tenants, facts: Facts) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        query = dict(request.query_params)
        tenant = tenants.get(request.path_params["tenant"]) or next(iter(tenants.values()))

        def make() -> Response:
            return _refusal(tenants, facts, request) or KINDS[facts.row.kind](tenant, facts, query)

        return await _answered(tenant, request, facts.row.name, make)

    return endpoint


def _token_endpoint(tenants: Tenants) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        tenant = next((one for one in tenants.values() if one.app.client_id == form.get("client_id")), None)

        def make() -> Response:
            return _issue(tenant, form)

        return await _answered(tenant or next(iter(tenants.values())), request, TOKEN, make)

    return endpoint


def _issue(tenant: Tenant | None, form: Mapping[str, str]) -> Response:
    if form.get("grant_type") != "client_credentials":
        return answer({"error": "unsupported_grant_type"}, 400)
    if tenant is None or form.get("client_secret") != tenant.app.client_secret:
        return answer({"error": "invalid_client"}, 400)
    token = {"access_token": tenant.access.issue(), "expires_in": LIFETIME, "token_type": "Bearer"}
    return answer(
        token | {"scope": " ".join(sorted({facts.scope for facts in FACTS.values()} - tenant.revoked_scopes))}
    )


def _refusal(tenants: Tenants, facts: Facts, request: Request) -> Response | None:
    """Refuse a request that its app, tenant, plan or scope does not allow."""
    authorization = request.headers.get("authorization", "")
    tenant = next((one for one in tenants.values() if one.access.good(authorization)), None)
    if tenant is None:
        return refuse(401, "Access token is missing, invalid or expired.")
    if request.headers.get("st-app-key") != tenant.app.app_key:
        return refuse(401, "Application key is missing or invalid.")
    if request.path_params["tenant"] != tenant.id:
        return refuse(404, "Tenant not found")
    return _limitation(tenant, facts)


def _limitation(tenant: Tenant, facts: Facts) -> Response | None:
    if tenant.limit.exceeded():
        return refuse(429, "Rate limit is exceeded. Try again in 1 seconds.")
    if facts.row.module in tenant.disabled_modules:
        return refuse(404, "Resource not found")
    if facts.scope in tenant.revoked_scopes:
        return refuse(403, "Scope validation failed")
    return None


async def _answered(tenant: Tenant, request: Request, name: str, make: Callable[[], Response]) -> Response:
    """Answer a request, unless a fault has it otherwise, and log it."""
    query = dict(request.query_params)
    with tenant.lock:
        entry = request_log.Request(request.method, request.url.path, query, name, iso(tenant.clock.now))
        tenant.requests.add(entry)
        fault = tenant.faults.take(ANSWERED, name, continued=is_continued(query))

    def made() -> Response:
        with tenant.lock:
            return make()

    response = await mishap(fault, made) if fault else made()
    entry.status = 0 if isinstance(response, CutAnswer) else response.status_code
    entry.ended = time.monotonic()
    return response
