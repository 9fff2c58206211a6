"""A response's body, read to its end within a time and a size."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tap_servicetitan.errors import OverloadError, TransientError

if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 20


def read_body(who: str, response: requests.Response, deadline: float, limit: int) -> bytes:
    """Read a body.

    Args:
        who: Whose it is, for messages.
        response: The response, of which the head was read.
        deadline: The latest end, by the monotonic clock.
        limit: The most bytes, decompressed: a body without an end must not take all memory.

    Raises:
        TransientError: It takes too long.
        OverloadError: It is too large.
    """
    parts, size = [], 0
    # What there is by now, and not so many bytes: those may take any time to come.
    while part := response.raw.read1(_CHUNK, decode_content=True):
        size += len(part)
        if size > limit:
            response.close()
            msg = (
                f"{who}: the body has more than {limit >> 20} MB; something between answers in place of the API, "
                "or raise max_response_mb"
            )
            raise OverloadError(msg)
        parts.append(part)
        if time.monotonic() > deadline:
            response.close()
            msg = f"{who}: no complete answer within request_timeout, {size} bytes came"
            raise TransientError(msg, overload=True)
    return b"".join(parts)
