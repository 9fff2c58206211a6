"""Serving the export endpoints: query in, page out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.faults import LAST, PAGED
from tap_servicetitan.sandbox.feed import is_date
from tap_servicetitan.sandbox.responses import error_response, json_response
from tap_servicetitan.sandbox.tokens import RejectedTokenError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.faults import Fault
    from tap_servicetitan.sandbox.feed import Page
    from tap_servicetitan.sandbox.tenant import Tenant
    from tap_servicetitan.sandbox.world import Row

# The one feed that hides inactive rows unless they are requested.
_HIDES_INACTIVE = frozenset({"appointment_assignments"})
_MOST_TURNS = 1 << 16


def is_continued(query: Mapping[str, str]) -> bool:
    """Return whether a request goes on from a token."""
    start = query.get("from", "")
    return bool(start) and not is_date(start)


def export_page(tenant: Tenant, facts: Facts, query: Mapping[str, str]) -> Response:
    """Return the page of an export feed that is requested."""
    feed = tenant.feed(facts.row.name)
    start = query.get("from", "").strip()
    try:
        token = feed.start(start)
    except RejectedTokenError:
        return error_response(400, "The continuation token is not valid.")
    except ValueError:
        return error_response(400, "One or more validation errors occurred.")
    now = tenant.catch_up()
    recent = query.get("includeRecentChanges", "").lower() == "true"
    fault = tenant.faults.take(PAGED, facts.row.name, query)
    if fault and fault.kind == "empty-page":
        onward = dataclasses.replace(token, turn=(token.turn + 1) % _MOST_TURNS)
        return json_response({"hasMore": True, "continueFrom": feed.sealer.seal(onward), "data": []})
    page = feed.page(token, now, tenant.page_size, recent=recent, wanted=_wanted(facts, query, now))
    body: dict[str, Any] = {"hasMore": page.has_more, "continueFrom": feed.sealer.seal(page.token), "data": []}
    body["data"] = _data(tenant, facts.row.name, page, fault, now)
    if fault and fault.kind == "repeat-token":
        body |= {"hasMore": True, "continueFrom": start or feed.sealer.seal(token)}
    elif fault and fault.kind == "token-cycle":
        turned = dataclasses.replace(page.token, turn=(token.turn + 1) % _MOST_TURNS)
        body |= {"hasMore": True, "continueFrom": _next_of_cycle(fault, feed.sealer.seal(turned))}
    elif not page.has_more and (oddity := tenant.faults.take(LAST, facts.row.name, query)):
        _end_oddly(body, oddity, start)
    return json_response(body)


def _next_of_cycle(fault: Fault, token: str) -> str:
    """Hand out so many tokens, and then the first one again."""
    if len(fault.handed_out) == fault.count:
        token = fault.handed_out[0]
        fault.handed_out.clear()
    fault.handed_out.append(token)
    return token


def _data(tenant: Tenant, stream: str, page: Page, fault: Fault | None, now: int) -> list[Any]:
    if fault and fault.kind == "extra-field":
        return [item | dict(fault.fields) for item in tenant.items(stream, page.rows, now)]
    return list(tenant.encoded(stream, page.rows, now))


def _end_oddly(body: dict[str, Any], oddity: Fault, start: str) -> None:
    match oddity.kind:
        case "last-token-missing":
            del body["continueFrom"]
        case "last-token-empty":
            body["continueFrom"] = ""
        case _:
            body["continueFrom"] = start


def _wanted(facts: Facts, query: Mapping[str, str], now: int) -> Callable[[Row], bool]:
    """Return which rows the parameter ``active`` lets through, where an endpoint has it."""
    hides = facts.row.name in _HIDES_INACTIVE
    wanted = query.get("active", "True" if hides else "Any").lower()
    if "active" not in facts.parameters or wanted not in {"true", "false"}:
        return lambda row: row.exists(now)
    return lambda row: row.exists(now) and row.state(now).get("active", True) is (wanted == "true")
