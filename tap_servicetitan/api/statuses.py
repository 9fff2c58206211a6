"""What a response that is no success means: a pure function of its status, headers and body."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_servicetitan.api.replies import describe, requested_wait
from tap_servicetitan.errors import (
    ApiError,
    ConflictError,
    CredentialsError,
    ForbiddenError,
    NotAllowedError,
    NotFoundError,
    RejectedError,
    TransientError,
    UnroutedError,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_servicetitan.api.replies import Reply
    from tap_servicetitan.api.request import Request

_NOT_LICENSED = re.compile("tenant is not authorized", re.IGNORECASE)
"""What a 403 says of a module that the tenant has not bought; others are about the app's scopes."""


def judge(
    request: Request, reply: Reply, tenant: str, *, others_served: bool, hidden: Collection[str] = ()
) -> ApiError:
    """Turn a response that is no success into what it means for the user.

    Args:
        request: What was requested.
        reply: What came.
        tenant: The tenant, for messages.
        others_served: Whether other requests succeeded: then a 401 is the trouble of one stream.
        hidden: What the message must not have, though the response may echo it.
    """
    what = f"{request.stream}: {describe(reply, hidden)}"
    if is_transient(reply.status) or (reply.status == HTTPStatus.CONFLICT and request.has_own_limits):
        return TransientError(what, requested_wait(reply), overload=_is_overload(reply.status))
    if reply.status == HTTPStatus.NOT_FOUND and is_of_gateway(reply.body):
        advice = "; the gateway does not know this path: check api_url and st_app_key, and if it stays, report it"
        return UnroutedError(f"{what}{request.advice.get(reply.status, advice)}")
    kind, advice = _meaning(reply.status, request.scope, tenant, others_served=others_served)
    if reply.status == HTTPStatus.FORBIDDEN and _NOT_LICENSED.search(what):
        advice = f"; tenant {tenant} is not licensed for this: deselect the stream, or ask ServiceTitan"
    return kind(f"{what}{request.advice.get(reply.status, advice)}")


def _meaning(status: int, scope: str, tenant: str, *, others_served: bool) -> tuple[type[ApiError], str]:
    refused = f", with a fresh token too; check st_app_key, and that the app is connected to tenant {tenant}"
    meanings: dict[int, tuple[type[ApiError], str]] = {
        HTTPStatus.UNAUTHORIZED: (ApiError if others_served else CredentialsError, refused),
        HTTPStatus.FORBIDDEN: (ForbiddenError, f"; grant the app the scope {scope} or deselect the stream"),
        HTTPStatus.NOT_FOUND: (NotFoundError, f"; tenant {tenant} does not have this module: deselect the stream"),
        HTTPStatus.METHOD_NOT_ALLOWED: (
            NotAllowedError,
            "; the API does not answer like this, check api_url",
        ),
        HTTPStatus.CONFLICT: (
            ConflictError,
            "; the API gives nothing for the state that this is in: run again later, and if it stays, report it",
        ),
        HTTPStatus.BAD_REQUEST: (
            RejectedError,
            "; the API rejects the request: update the tap, and if it stays, report it with the trace id",
        ),
    }
    for status_of_tokens in (HTTPStatus.GONE, HTTPStatus.REQUEST_URI_TOO_LONG):
        meanings[status_of_tokens] = meanings[HTTPStatus.BAD_REQUEST]
    return meanings.get(status, (ApiError, "; the API does not answer like this, check api_url"))


def is_of_gateway(body: bytes) -> bool:
    """Tell whether the API itself never saw the request: then a 404 says nothing of what was requested.

    The API's own errors are objects with a title; those of its gateway have a `statusCode` and a message (seen on live
    tenants), those of what stands between are pages of HTML.
    """
    if not body.strip():
        return False
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return True
    return isinstance(found, dict) and "statusCode" in found and "title" not in found


def is_transient(status: int) -> bool:
    """Tell whether a retry may help."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or _is_overload(status)


def _is_overload(status: int) -> bool:
    return status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR
