"""How answers look: pages, and the vendor's error body."""

from __future__ import annotations

import dataclasses
import secrets
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

_encode = msgspec.json.Encoder().encode

BAD_REQUEST = "One or more validation errors occurred."


@dataclasses.dataclass(frozen=True, slots=True)
class ApiRequest:
    """What a request asks, besides its address."""

    query: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What stands in the query, or, where one is posted, in the body."""
    path: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What stands in the address where it has a placeholder."""
    malformed: bool = False
    """A body was to be posted, and is none."""


class HttpError(Exception):
    """The request is not one to answer."""

    def __init__(self, status: int, title: str = BAD_REQUEST) -> None:
        """Say why."""
        super().__init__(title)
        self.status = status
        self.title = title


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ANN401 - any JSON value
    """Answer in JSON."""
    return Response(_encode(body), status, headers, media_type="application/json")


def error_response(status: int, title: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with the vendor's error body."""
    body = {
        "type": f"https://httpstatuses.io/{status}",
        "title": title,
        "status": status,
        "traceId": secrets.token_hex(16),
        "errors": {},
        "data": {},
    }
    return json_response(body, status, headers)
