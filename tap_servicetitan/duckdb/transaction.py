"""The transaction that rows and the STATE that covers them are committed in, and what was loaded with it."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from typing import TYPE_CHECKING

import duckdb

from tap_servicetitan.duckdb.file import write_state
from tap_servicetitan.duckdb.table import Counts

if TYPE_CHECKING:
    from collections.abc import Callable


class Transaction:
    """Begun when something is to be written, and again after each commit."""

    def __init__(self, db: duckdb.DuckDBPyConnection, schema: str, emit_state: Callable[[str], None]) -> None:
        """Begin with an open file.

        Args:
            db: The connection.
            schema: Where the state is kept.
            emit_state: Called with each state after its commit.
        """
        self._db = db
        self._schema = schema
        self._emit_state = emit_state
        self._is_begun = False
        self._committed_at = time.monotonic()
        self._loaded: dict[str, Counts] = defaultdict(Counts)
        self.counts: dict[str, Counts] = defaultdict(Counts)
        """What was committed, by stream."""

    def begin(self) -> None:
        """Begin, unless it has begun."""
        if not self._is_begun:
            self._db.begin()
            self._is_begun = True

    def add(self, stream: str, counts: Counts) -> None:
        """Count what was loaded."""
        self._loaded[stream].add(counts)

    def seconds(self) -> float:
        """Give the time since the last commit."""
        return time.monotonic() - self._committed_at

    def commit(self, state: str | None) -> None:
        """Commit all that was written, with the state if there is one."""
        self.begin()
        if state is not None:
            write_state(self._db, self._schema, state)
        self._db.commit()
        self._is_begun = False
        self._committed_at = time.monotonic()
        for name, counts in self._loaded.items():
            self.counts[name].add(counts)
        self._loaded.clear()
        if state is not None:
            self._emit_state(state)

    def roll_back(self) -> None:
        """Undo what is not committed."""
        if self._is_begun:
            # After a commit that failed there is nothing left to undo, and its error must not be hidden by another.
            with contextlib.suppress(duckdb.Error):
                self._db.rollback()
            self._is_begun = False
