"""The control endpoints, which the real API does not have."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.routing import Route

from tap_servicetitan.sandbox.clock import iso
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.reporting.endpoints import CANCEL_SCOPE, VALUES_SCOPE
from tap_servicetitan.sandbox.responses import json_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from tap_servicetitan.sandbox.tenant import Tenant

Json: TypeAlias = "dict[str, Any]"
Order: TypeAlias = "Callable[[Tenant, Json], Any]"


def get_clock(tenant: Tenant, _: Json) -> Json:
    """Return the time."""
    return {"now": iso(tenant.catch_up())}


def set_clock(tenant: Tenant, given: Json) -> Json:
    """Move the clock forward: ``{"now": instant}`` or ``{"advance": seconds}``."""
    if "now" in given:
        tenant.move_to(given["now"])
    else:
        tenant.advance(float(given["advance"]))
    return get_clock(tenant, given)


def get_rows(tenant: Tenant, given: Json) -> list[Json]:
    """Return the truth about a stream; ``settled`` keeps what is younger than 15 minutes back."""
    return tenant.rows(given["stream"], settled=_yes(given.get("settled")))


def get_counts(tenant: Tenant, _: Json) -> dict[str, int]:
    """Count the rows of all streams."""
    return tenant.counts()


def touch(tenant: Tenant, given: Json) -> Json:
    """Change rows and make new ones: see `Tenant.touch` for the options."""
    options = {name: given[name] for name in ("count", "keys", "create", "values", "unstamped", "at") if name in given}
    return tenant.touch(given["stream"], **options)


def delete_rows(tenant: Tenant, given: Json) -> Json:
    """Delete rows: ``{"stream", "count" or "keys"}``."""
    options = {name: given[name] for name in ("count", "keys") if name in given}
    return tenant.remove(given["stream"], **options)


def get_requests(tenant: Tenant, _: Json) -> list[Json]:
    """List the requests for tokens and data."""
    return tenant.requests.listed()


def forget_requests(tenant: Tenant, _: Json) -> Json:
    """Empty the list of requests."""
    tenant.requests.forget()
    return {}


def get_faults(tenant: Tenant, _: Json) -> list[Json]:
    """List the faults that are still to come."""
    return tenant.faults.pending()


def add_fault(tenant: Tenant, given: Json) -> list[Json]:
    """Let something go wrong: see `faults.Fault` for the options."""
    tenant.faults.add(**given)
    return tenant.faults.pending()


def clear_faults(tenant: Tenant, _: Json) -> list[Json]:
    """Let nothing go wrong any more."""
    tenant.faults.clear()
    return []


def get_quirks(tenant: Tenant, _: Json) -> list[Json]:
    """List how the server differs from the documents."""
    return tenant.quirks.listed()


def set_quirks(tenant: Tenant, given: Json) -> list[Json]:
    """Let the lists of a stream, or of all, differ from the documents: see `quirks.Quirks` for the options."""
    tenant.quirks.set(**given)
    return tenant.quirks.listed()


def clear_quirks(tenant: Tenant, given: Json) -> list[Json]:
    """Let the lists of a stream, or of all, keep to the documents again."""
    tenant.quirks.clear(given.get("stream"))
    return tenant.quirks.listed()


def get_scopes(tenant: Tenant, _: Json) -> Json:
    """List the scopes that the app lacks."""
    return {"revoked": sorted(tenant.revoked_scopes)}


def revoke_scope(tenant: Tenant, given: Json) -> Json:
    """Take a scope from the app: ``{"scope"}`` or ``{"stream"}``."""
    tenant.revoked_scopes.add(_scope(given))
    return get_scopes(tenant, given)


def grant_scopes(tenant: Tenant, given: Json) -> Json:
    """Return a scope back, or all of them."""
    if given.keys() & {"scope", "stream"}:
        tenant.revoked_scopes.discard(_scope(given))
    else:
        tenant.revoked_scopes.clear()
    return get_scopes(tenant, given)


def get_modules(tenant: Tenant, _: Json) -> Json:
    """List the modules that the tenant has not."""
    return {"disabled": sorted(tenant.disabled_modules)}


def disable_module(tenant: Tenant, given: Json) -> Json:
    """Take a module from the tenant: ``{"module"}``."""
    if given["module"] not in (known := {facts.row.module for facts in FACTS.values()}):
        msg = f"module {given['module']!r} is not in the table; it is one of {', '.join(sorted(known))}"
        raise ValueError(msg)
    tenant.disabled_modules.add(given["module"])
    return get_modules(tenant, given)


def enable_modules(tenant: Tenant, given: Json) -> Json:
    """Return a module back, or all of them."""
    if "module" in given:
        tenant.disabled_modules.discard(given["module"])
    else:
        tenant.disabled_modules.clear()
    return get_modules(tenant, given)


def expire_tokens(tenant: Tenant, _: Json) -> Json:
    """End all access tokens that are out."""
    return {"expired": tenant.access.expire()}


def revoke_continuations(tenant: Tenant, given: Json) -> Json:
    """Reject all continuation tokens that are out, of one stream or of all."""
    stream = given.get("stream")
    tenant.revoke_continuations(stream)
    return {"revoked": stream or "all"}


def get_report_queries(tenant: Tenant, _: Json) -> Json:
    """List the asynchronous runs of reports, and how the server treats them."""
    return dataclasses.asdict(tenant.queries.settings) | {"queries": tenant.queries.listed()}


def set_report_queries(tenant: Tenant, given: Json) -> Json:
    """Change how the server treats asynchronous runs: see `queries.QuerySettings` for the options."""
    tenant.queries.configure(given)
    return get_report_queries(tenant, given)


def expire_report_queries(tenant: Tenant, _: Json) -> Json:
    """Forget the tokens of all asynchronous runs."""
    return {"expired": tenant.queries.expire()}


def get_limits(tenant: Tenant, _: Json) -> Json:
    """Return the rate limit, the size of a page and the limits of reports."""
    return {
        "requests_per_second": tenant.limit.a_second,
        "page_size": tenant.page_size,
        "report_interval": tenant.reporting.interval,
        "report_days": tenant.reporting.days,
        "report_by_description": tenant.reporting.by_description,
    }


def set_limits(tenant: Tenant, given: Json) -> Json:
    """Set the rate limit, the limits of reports or a page's size; null for no limit."""
    if "requests_per_second" in given:
        tenant.limit.a_second = given["requests_per_second"]
    if "report_interval" in given:
        tenant.reporting.interval = given["report_interval"]
    if "report_days" in given:
        tenant.reporting.days = given["report_days"]
    if "report_by_description" in given:
        tenant.reporting.by_description = given["report_by_description"]
    tenant.page_size = int(given.get("page_size", tenant.page_size))
    return get_limits(tenant, given)


ORDERS: Mapping[tuple[str, str], Order] = {
    ("GET", "/clock"): get_clock,
    ("POST", "/clock"): set_clock,
    ("GET", "/rows/{stream}"): get_rows,
    ("GET", "/counts"): get_counts,
    ("POST", "/touch"): touch,
    ("POST", "/delete"): delete_rows,
    ("GET", "/requests"): get_requests,
    ("DELETE", "/requests"): forget_requests,
    ("GET", "/faults"): get_faults,
    ("POST", "/faults"): add_fault,
    ("DELETE", "/faults"): clear_faults,
    ("GET", "/quirks"): get_quirks,
    ("POST", "/quirks"): set_quirks,
    ("DELETE", "/quirks"): clear_quirks,
    ("GET", "/scopes"): get_scopes,
    ("POST", "/scopes"): revoke_scope,
    ("DELETE", "/scopes"): grant_scopes,
    ("GET", "/modules"): get_modules,
    ("POST", "/modules"): disable_module,
    ("DELETE", "/modules"): enable_modules,
    ("DELETE", "/tokens"): expire_tokens,
    ("POST", "/tokens/revoke-continuations"): revoke_continuations,
    ("GET", "/report-queries"): get_report_queries,
    ("POST", "/report-queries"): set_report_queries,
    ("DELETE", "/report-queries"): expire_report_queries,
    ("GET", "/limits"): get_limits,
    ("POST", "/limits"): set_limits,
}


def control_routes(tenants: Mapping[str, Tenant]) -> list[Route]:
    """Make the routes of the control endpoints; ``?tenant=`` says whose, the first one's if not given."""
    return [Route(path, _endpoint(tenants, order), methods=[method]) for (method, path), order in ORDERS.items()]


def _endpoint(tenants: Mapping[str, Tenant], order: Order) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            given = json.loads(await request.body() or b"{}") | dict(request.query_params) | request.path_params
            tenant = tenants[given.pop("tenant", next(iter(tenants)))]
            with tenant.lock:
                return json_response(order(tenant, given))
        except (LookupError, TypeError, ValueError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, 400)

    return endpoint


def _yes(given: object) -> bool:
    return str(given).lower() in {"1", "true", "yes"}


def _scope(given: Json) -> str:
    known = {facts.scope for facts in FACTS.values()} | {VALUES_SCOPE, CANCEL_SCOPE}
    scope = FACTS[given["stream"]].scope if "stream" in given else str(given["scope"])
    if scope not in known:
        msg = f"scope {scope!r} belongs to no stream in the table"
        raise ValueError(msg)
    return scope
