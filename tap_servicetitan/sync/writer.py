"""Singer messages to stdout: whole pages, one at a time."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message

from tap_servicetitan.errors import ClosedError, OutputError
from tap_servicetitan.state.dedup import most_entries, trimmed
from tap_servicetitan.sync.encoding import message_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

STATE_SHARE = 10
"""STATE messages are one byte in so many of the output at the most, above what is free."""

FREE_STATE_BYTES = 250_000
"""So many bytes of STATE messages are written whatever the output: while states are small, one follows each page."""

MOST_SECONDS = 60.0
"""So long a bookmark that moved is held back at the most, as long as pages come."""


class PageWriter(GenericSingerWriter[bytes, Message]):
    """Writes from many threads: a page and the STATE that holds after it are never separated."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin open.

        Args:
            clock: Gives seconds that only grow.
        """
        self._lock = threading.RLock()
        self._clock = clock
        self._closed = False
        self._state: dict[str, Any] = {}
        self._bytes_of_states = self._bytes_of_others = self._bytes_of_last_state = 0
        self._held_since: float | None = None
        """Since when a bookmark that moved waits for a STATE message; None: no one does."""

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
        """Write lines, and where the stream's bookmark moves with them, a STATE behind them, unless that is too much.

        A bookmark that is held back is in the next STATE: that of a later page, or the last one of the run.

        Args:
            lines: Made when it is their turn, so that no more than one page's are held.
            stream: The stream that they are of.
            bookmark: The stream's bookmark once they are written.

        Raises:
            ClosedError: The run is being stopped.
            OutputError: The target is gone, or the disk is full.
        """
        with self._lock:
            if self._closed:
                # Before the bookmark moves: what was held back may still be written.
                raise ClosedError
            chunks = [line for line in lines if line]
            if bookmark is not None:
                self._state.setdefault("bookmarks", {})[stream] = bookmark
                self._held_since = self._clock() if self._held_since is None else self._held_since
            self._bytes_of_others += sum(map(len, chunks))
            if self._held_since is not None and self._is_state_due(self._held_since):
                chunks.append(self._state_line())
            self._put(chunks)

    def write_held_state(self) -> None:
        """Write the bookmarks that were held back, at the end of a stream or of the run."""
        with self._lock:
            if self._held_since is not None:
                self._write([self._state_line()])

    def _is_state_due(self, held_since: float) -> bool:
        allowed = FREE_STATE_BYTES + self._bytes_of_others // STATE_SHARE
        # As large as the last one, about: to make one only to leave it out would cost as much as to write it.
        return (
            self._bytes_of_states + self._bytes_of_last_state <= allowed or self._clock() - held_since >= MOST_SECONDS
        )

    def _state_line(self) -> bytes:
        line = message_line({"type": "STATE", "value": bounded(self._state)})
        self._bytes_of_last_state = len(line)
        self._bytes_of_states += len(line)
        self._held_since = None
        return line

    def _write(self, chunks: list[bytes]) -> None:
        with self._lock:
            if self._closed:
                raise ClosedError
            self._put(chunks)

    def _put(self, chunks: Iterable[bytes]) -> None:
        try:
            # Not put together first: a page is large.
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
        except OSError as error:
            self._closed, self._held_since = True, None
            gone = "the target closed the pipe before the end; its own log says why"
            msg = f"output: {gone if isinstance(error, BrokenPipeError) else error.strerror}"
            raise OutputError(msg) from None

    def close(self, wait: float | None = None) -> bool:
        """Let nothing more be written, once a page that is being written has been, and the bookmarks held back.

        Args:
            wait: How many seconds that may take; None for as long as it takes.

        Returns:
            Whether all of it was written.
        """
        self._closed = True
        # A daemon: a target that has stopped reading lets nobody write to the end.
        last = threading.Thread(target=self._write_last, daemon=True)
        last.start()
        last.join(wait)
        return not last.is_alive()

    def _write_last(self) -> None:
        with self._lock, contextlib.suppress(OutputError):
            if self._held_since is not None:
                self._put([self._state_line()])


def bounded(state: Mapping[str, Any]) -> dict[str, Any]:
    """Give a state whose bookmarks remember no more rows, all together, than it has room for."""
    bookmarks = state.get("bookmarks", {})
    limit = most_entries(len(one) for bookmark in bookmarks.values() for one in _remembered(bookmark))
    return {**state, "bookmarks": {name: _trimmed(one, limit) for name, one in bookmarks.items()}}


def _remembered(bookmark: Mapping[str, Any]) -> Iterator[list[str]]:
    """Give the rows that a bookmark remembers, and those of the bookmark of its parents."""
    yield bookmark.get("recent") or []
    if parent := bookmark.get("parent"):
        yield from _remembered(parent)


def _trimmed(bookmark: dict[str, Any], limit: int) -> dict[str, Any]:
    trimmed_parts: dict[str, Any] = {}
    if found := bookmark.get("recent"):
        trimmed_parts["recent"] = trimmed(found, limit)
    if parent := bookmark.get("parent"):
        trimmed_parts["parent"] = _trimmed(parent, limit)
    return bookmark | trimmed_parts
