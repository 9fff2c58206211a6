"""How answers look: pages, and the vendor's error body."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

_encode = msgspec.json.Encoder().encode


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ANN401 - any JSON value
    """Answer in JSON."""
    return Response(_encode(body), status, headers, media_type="application/json")


def refuse(status: int, title: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with the vendor's error body."""
    body = {
        "type": f"https://httpstatuses.io/{status}",
        "title": title,
        "status": status,
        "traceId": secrets.token_hex(16),
        "errors": {},
        "data": {},
    }
    return answer(body, status, headers)
