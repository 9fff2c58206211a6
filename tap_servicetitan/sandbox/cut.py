"""Cutting the connection: below HTTP, on the socket itself."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

# Closing with this option and a time of zero sends a reset instead of a goodbye.
_RESET = struct.pack("ii", 1, 0)
# Long enough for the client to read what was sent: a reset throws away what it has not read yet.
_PAUSE = 0.05


class ReachableProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, with the connection in reach of an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        """Keep the connection where answers find it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class CutAnswer(Response):
    """An answer that ends in a reset: before its first byte, inside its headers, inside its body, or after it."""

    def __init__(self, where: str, body: bytes) -> None:
        """Prepare what is still sent."""
        super().__init__()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        half = len(body) // 2
        self._sent = {"start": b"", "headers": head[:40], "body": head + body[:half], "end": head + body}[where]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - it writes below them
        """Send the beginning and reset the connection."""
        transport: Any = scope["state"]["transport"]
        if self._sent:
            transport.write(self._sent)
            await asyncio.sleep(_PAUSE)
        with contextlib.suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
        # The protocol hears of the end in the loop's next round; until then it would still answer.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
