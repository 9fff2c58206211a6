"""Singer messages to stdout: whole pages, one at a time."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message

from tap_servicetitan.errors import ClosedError, OutputError
from tap_servicetitan.sync.encoding import message_line

if TYPE_CHECKING:
    from collections.abc import Iterable


class PageWriter(GenericSingerWriter[bytes, Message]):
    """Writes from many threads: a page and the STATE that holds after it are never separated."""

    def __init__(self) -> None:
        """Begin open."""
        self._lock = threading.RLock()
        self._closed = False
        self._state: dict[str, Any] = {}

    def use_state(self, state: Any) -> None:  # noqa: ANN401 - the SDK's
        """Take the state of the run, which STATE messages carry and pages change."""
        self._state = state

    def serialize_message(self, message: Message) -> bytes:
        """Write a message as a line, numbers with their digits."""
        return message_line(message.to_dict())

    def write_message(self, message: Message) -> None:
        """Write one message to stdout."""
        self._write([self.format_message(message)])

    def write_page(self, lines: Iterable[bytes], stream: str, bookmark: dict[str, Any] | None = None) -> None:
        """Write lines, and where the stream's bookmark moves with them, the STATE behind them.

        Args:
            lines: Made when it is their turn, so that no more than one page's are held.
            stream: The stream that they are of.
            bookmark: The stream's bookmark once they are written.

        Raises:
            ClosedError: The run is being stopped.
            OutputError: The target is gone, or the disk is full.
        """
        with self._lock:
            chunks = [line for line in lines if line]
            if bookmark is not None:
                self._state.setdefault("bookmarks", {})[stream] = bookmark
                chunks.append(message_line({"type": "STATE", "value": self._state}))
            self._write(chunks)

    def _write(self, chunks: list[bytes]) -> None:
        with self._lock:
            if self._closed:
                raise ClosedError
            if not chunks:
                return
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

    def close(self, wait: float = -1) -> bool:
        """Let nothing more be written, once a page that is being written has been.

        Args:
            wait: How many seconds that may take; -1 for as long as it takes.

        Returns:
            Whether the page was written to its end.
        """
        self._closed = True
        is_free = self._lock.acquire(timeout=wait)
        if is_free:
            self._lock.release()
        return is_free
