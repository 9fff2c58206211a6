"""Singer messages to stdout: whole pages, one at a time."""

from __future__ import annotations

import sys
import threading
from typing import Any

import msgspec
from singer_sdk.contrib.msgspec import enc_hook
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message

_encode = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number").encode


class ClosedError(Exception):
    """The run is being stopped; nothing may be written any more."""


class OutputError(Exception):
    """Nobody takes the output any more."""


class PageWriter(GenericSingerWriter[bytes, Message]):
    """Writes from many threads, each chunk whole.

    Whoever holds `lock` may write several chunks that belong together, and change what the next
    STATE message says.
    """

    def __init__(self) -> None:
        """Begin open."""
        self.lock = threading.RLock()
        self._closed = False

    def serialize_message(self, message: Message) -> bytes:
        """Write a message as a line, numbers with their digits."""
        return line(message.to_dict())

    def write_message(self, message: Message) -> None:
        """Write one message to stdout."""
        self.write(self.format_message(message))

    def write(self, *chunks: bytes) -> None:
        """Write lines to stdout, with nothing of others between them.

        Raises:
            ClosedError: The run is being stopped.
            OutputError: The target is gone, or the disk is full.
        """
        with self.lock:
            if self._closed:
                raise ClosedError
            try:
                # Not put together first: a page is large.
                for chunk in chunks:
                    sys.stdout.buffer.write(chunk)
                sys.stdout.flush()
            except OSError as error:
                self._closed = True
                gone = "the target closed the pipe before the end; its own log says why"
                msg = f"output: {gone if isinstance(error, BrokenPipeError) else error.strerror}"
                raise OutputError(msg) from None

    def close(self) -> None:
        """Let nothing more be written, once a chunk that is under way has been."""
        with self.lock:
            self._closed = True


def line(message: dict[str, Any]) -> bytes:
    """Write a message as a line of JSON."""
    return _encode(message) + b"\n"
