"""From the lines of a tap to the file: rows and the STATE that covers them are committed in one transaction.

A STATE covers the rows before it. They wait in memory until enough have come, and are then written and committed
together with the newest STATE. If more rows come without a STATE than memory should hold, they are written into the
open transaction, and committed with the next STATE.

When the input ends, the rows behind the last STATE are left out: the next run brings them again. A tap that has
been killed looks just like one that is done. Only from a tap that writes no STATE at all is everything committed.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.file import STATE_TABLE, read_state
from tap_servicetitan.duckdb.messages import Message, parse_message, parse_schema
from tap_servicetitan.duckdb.staging import quoted
from tap_servicetitan.duckdb.table import Table
from tap_servicetitan.duckdb.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import duckdb

    from tap_servicetitan.duckdb.settings import Settings
    from tap_servicetitan.duckdb.table import Counts

BUFFER_BYTES = 32 * 2**20
"""Bytes of records that wait in memory."""

COMMIT_SECONDS = 10.0
"""After so long, a STATE is committed even if few rows wait."""


@dataclasses.dataclass(slots=True)
class _Stream:
    """A stream of the input."""

    table: Table
    schema: tuple[Any, ...]
    version: int | None = None
    covered: list[bytes] = dataclasses.field(default_factory=list)
    """Records before the last STATE."""
    pending: list[bytes] = dataclasses.field(default_factory=list)
    """Records behind the last STATE."""


class Loader:
    """Loads the messages of one run."""

    def __init__(
        self,
        db: duckdb.DuckDBPyConnection,
        settings: Settings,
        emit_state: Callable[[str], None],
        *,
        needs_state: bool = False,
    ) -> None:
        """Begin with an open file.

        Args:
            db: The connection.
            settings: The settings.
            emit_state: Called with each state after its commit.
            needs_state: Whether rows are never committed without a STATE.
        """
        self._db = db
        self._settings = settings
        self._transaction = Transaction(db, settings.schema, emit_state)
        self._needs_state = needs_state or read_state(db, settings.schema) is not None
        self._streams: dict[str, _Stream] = {}
        self._uncovered: set[str] = set()
        """Streams with pending records."""
        self._bytes = 0
        self._state: str | None = None
        """The last STATE, while it is not committed."""
        self._is_open = False
        """Whether the transaction holds what no STATE covers yet."""
        self._handlers = {
            "RECORD": self._on_record,
            "SCHEMA": self._on_schema,
            "STATE": self._on_state,
            "ACTIVATE_VERSION": self._on_activate_version,
        }

    @property
    def counts(self) -> dict[str, Counts]:
        """What was committed, by stream."""
        return self._transaction.counts

    def run(self, lines: Iterable[bytes]) -> None:
        """Load all lines.

        Raises:
            LoadError: A line cannot be loaded; nothing is committed since the last commit.
        """
        self._transaction.begin()
        self._db.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(self._settings.schema)}")
        try:
            for number, line in enumerate(lines, 1):
                if not line.isspace():
                    self._handle(line, number)
            self._finish()
        except BaseException:
            self._transaction.roll_back()
            raise

    def _handle(self, line: bytes, number: int) -> None:
        try:
            message = parse_message(line, number)
        except LoadError:
            if line.endswith(b"\n"):
                raise
            # The tap was killed: what its last STATE covers is good, and nothing else is.
            self._needs_state = True
            self._finish()
            msg = f"the input ends in the middle of line {number}; what the last STATE covers is committed"
            raise LoadError(msg) from None
        handler = self._handlers.get(message.type)
        if handler is None:
            raise LoadError(_unknown_type(message, number))
        handler(message, number)

    def _on_record(self, message: Message, number: int) -> None:
        stream = self._stream(message, number)
        record = bytes(message.record)
        if not record.startswith(b"{"):
            msg = f"line {number} of the input: a RECORD message of stream {message.stream} has no record"
            raise LoadError(msg)
        if message.version != stream.version:
            if stream.covered or stream.pending:
                self._write_all()
            stream.version = message.version
        stream.pending.append(record)
        self._uncovered.add(message.stream)
        self._bytes += len(record)
        if self._bytes >= BUFFER_BYTES:
            self._commit_covered()
            if self._bytes >= BUFFER_BYTES:
                self._write_all()

    def _on_schema(self, message: Message, number: int) -> None:
        properties = parse_schema(message, number)
        key = message.key_properties or []
        known = self._streams.get(message.stream)
        if known is not None and known.schema == (properties, key):
            return
        if known is not None and (known.covered or known.pending):
            self._write_all()
        if message.stream.casefold() == STATE_TABLE:
            msg = f"the stream {message.stream} cannot be loaded: the state is kept in a table of this name"
            raise LoadError(msg)
        table = Table(self._db, self._settings.schema, message.stream)
        self._transaction.begin()
        table.declare(properties, key)
        self._streams[message.stream] = _Stream(table, (properties, key))

    def _on_state(self, message: Message, number: int) -> None:
        self._state = bytes(message.value).decode()
        if not self._state:
            msg = f"line {number} of the input: a STATE message has no value"
            raise LoadError(msg)
        for name in self._uncovered:
            stream = self._streams[name]
            stream.covered += stream.pending
            stream.pending = []
        self._uncovered.clear()
        is_due = self._transaction.seconds() >= COMMIT_SECONDS
        if self._is_open or is_due or self._bytes >= BUFFER_BYTES:
            self._commit_covered()

    def _on_activate_version(self, message: Message, number: int) -> None:
        stream = self._stream(message, number)
        if message.version is None:
            msg = f"line {number} of the input: an ACTIVATE_VERSION message of stream {message.stream} has no version"
            raise LoadError(msg)
        self._write_all()
        self._transaction.begin()
        mark = self._settings.removed_rows == "mark"
        self._transaction.add(message.stream, stream.table.activate(message.version, mark=mark))

    def _stream(self, message: Message, number: int) -> _Stream:
        try:
            return self._streams[message.stream]
        except KeyError:
            msg = (
                f"line {number} of the input: a {message.type} message of stream {message.stream or '?'} "
                "comes before its SCHEMA message"
            )
            raise LoadError(msg) from None

    def _finish(self) -> None:
        """Commit what a STATE covers; without any STATE, all."""
        if self._state is not None and not self._is_open:
            self._commit_covered()
        elif not self._needs_state and self._state is None:
            self._write_all()
            self._commit()
        self._transaction.roll_back()

    def _commit_covered(self) -> None:
        """Write and commit what the last STATE covers, if there is one that is not committed."""
        if self._state is None:
            return
        for name, stream in self._streams.items():
            self._load(name, stream, stream.covered)
            stream.covered = []
        self._commit()

    def _write_all(self) -> None:
        """Write all rows in order; what no STATE covers is committed with the next one."""
        self._commit_covered()
        for name, stream in self._streams.items():
            self._load(name, stream, stream.covered + stream.pending)
            stream.covered, stream.pending = [], []
        self._uncovered.clear()
        self._is_open = True

    def _load(self, name: str, stream: _Stream, records: list[bytes]) -> None:
        if records:
            self._transaction.begin()
            self._transaction.add(name, stream.table.load(records, stream.version))
            self._bytes -= sum(map(len, records))

    def _commit(self) -> None:
        state, self._state = self._state, None
        self._is_open = False
        self._needs_state = self._needs_state or state is not None
        self._transaction.commit(state)


def _unknown_type(message: Message, number: int) -> str:
    if message.type == "BATCH":
        return (
            f"line {number} of the input: BATCH messages cannot be loaded; "
            "remove batch_config from the settings of the tap"
        )
    return f"line {number} of the input: a message of the unknown type {message.type!r}"
