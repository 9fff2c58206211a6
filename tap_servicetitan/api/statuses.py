"""What a response that is no success means: a pure function of its status, headers and body."""

from __future__ import annotations

import dataclasses
import email.utils
import json
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

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
    from collections.abc import Mapping

    from tap_servicetitan.api.request import Request

LONGEST_REQUESTED_WAIT = 600.0
"""Seconds that the API can ask for at the most; it has been seen to ask for 50."""

_TITLE_WAIT = re.compile(r"try again in (\d+(?:\.\d+)?) seconds?", re.IGNORECASE)
_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_TITLE_LENGTH = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_served(self) -> bool:
        """Whether the API knew the tenant: it served, or refused by scope or limit."""
        return self.status in {
            HTTPStatus.OK,
            HTTPStatus.ACCEPTED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.TOO_MANY_REQUESTS,
        }


def judge(request: Request, reply: Reply, tenant: str, *, others_served: bool) -> ApiError:
    """Turn a response that is no success into what it means for the user.

    Args:
        request: What was requested.
        reply: What came.
        tenant: The tenant, for messages.
        others_served: Whether other requests succeeded: then a 401 is the trouble of one stream.
    """
    what = f"{request.stream}: {describe(reply)}"
    if is_transient(reply.status) or (reply.status == HTTPStatus.CONFLICT and request.has_own_limits):
        return TransientError(what, requested_wait(reply), overload=_is_overload(reply.status))
    if reply.status == HTTPStatus.NOT_FOUND and is_of_gateway(reply.body):
        advice = "; the gateway does not know this path: check api_url and st_app_key, and if it stays, report it"
        return UnroutedError(f"{what}{request.advice.get(reply.status, advice)}")
    kind, advice = _meaning(reply.status, request.scope, tenant, others_served=others_served)
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
    except ValueError:
        return True
    return isinstance(found, dict) and "statusCode" in found and "title" not in found


def is_transient(status: int) -> bool:
    """Tell whether a retry may help."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or _is_overload(status)


def _is_overload(status: int) -> bool:
    return status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def describe(reply: Reply) -> str:
    """Say what came: status, the vendor's title and trace id, never the body."""
    status = f"{reply.status} {reply.reason}".strip()
    try:
        body = json.loads(reply.body)
        title, trace = body.get("title") or body.get("error"), body.get("traceId")
    except (ValueError, AttributeError):
        return status
    described = f"{status} {str(title)[:_TITLE_LENGTH]!r}" if title else status
    return f"{described} (trace id {str(trace)[:_TITLE_LENGTH]})" if trace else described


def requested_wait(reply: Reply) -> float | None:
    """Find how long the API asks to wait: in the header (seconds, even decimal, or a date), else in the title."""
    header = reply.headers.get("Retry-After", "")
    wait = float(header) if _SECONDS.fullmatch(header.strip()) else _until(header)
    if wait is None and (found := _TITLE_WAIT.search(describe(reply))):
        wait = float(found[1])
    return min(max(wait, 0.0), LONGEST_REQUESTED_WAIT) if wait is not None else None


def _until(date: str) -> float | None:
    moment = read_date(date)
    return (moment - datetime.now(UTC)).total_seconds() if moment else None


def read_date(header: str) -> datetime | None:
    """Read the date of a header."""
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
