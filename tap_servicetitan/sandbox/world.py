"""The tenant's rows and their lives: which there are, how each changes over time, and what each is at an instant."""

from __future__ import annotations

import dataclasses
import heapq
from bisect import insort
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.directory import Directory, id_of
from tap_servicetitan.sandbox.draw import mix, salt
from tap_servicetitan.sandbox.rows import Cents, Item, form_of
from tap_servicetitan.sandbox.values import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Changes: TypeAlias = "Mapping[str, Any]"

# Rows made on demand have numbers that the business itself never reaches: its future stays what it would have been.
_FIRST_MADE = 9_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Plus:
    """A change of an amount by a difference."""

    cents: int


@dataclasses.dataclass(frozen=True, slots=True)
class Append:
    """One more entry in a list."""

    entry: Any


@dataclasses.dataclass(slots=True, eq=False)
class Row:
    """One row: what holds all its life, and the steps of that life in order, birth first."""

    stream: str
    number: int
    seed: int
    facts: dict[str, Any]
    steps: list[tuple[int, Changes]]

    @property
    def id(self) -> int:
        """The id of the row, if rows of this stream have one."""
        return id_of(self.stream, self.number)

    @property
    def created(self) -> int:
        """When the row came into being."""
        return self.steps[0][0]

    def changed(self, now: int) -> int | None:
        """When the row last changed; None if it does not exist yet."""
        return next((at for at, _ in reversed(self.steps) if at <= now), None)

    def version(self, now: int) -> int:
        """How many changes the row has had, its birth included."""
        return sum(at <= now for at, _ in self.steps)

    def state(self, now: int) -> dict[str, Any]:
        """Add up the changes until an instant."""
        state = dict(self.facts)
        for at, changes in self.steps:
            if at > now:
                break
            for name, value in changes.items():
                state[name] = _applied(state.get(name), value)
        return state


def _applied(before: Any, change: Any) -> Any:  # noqa: ANN401 - any JSON value
    match change:
        case Plus(cents):
            return Cents((before or 0) + cents)
        case Append(entry):
            return [*(before or []), entry]
    return change


class World:
    """All rows of a tenant, those to come included."""

    def __init__(self, seed: int, directory: Directory) -> None:
        """Begin without rows."""
        self.seed = seed
        self.directory = directory
        self._rows: dict[str, list[Row]] = defaultdict(list)
        self._made: dict[str, list[Row]] = defaultdict(list)
        self._due: list[tuple[int, str, int, int, Row]] = []

    def add(self, stream: str, at: int, facts: dict[str, Any], *, on_demand: bool = False) -> Row:
        """Let a row come into being at an instant."""
        rows = self._made[stream] if on_demand else self._rows[stream]
        number = len(rows) + (_FIRST_MADE if on_demand else 0)
        row = Row(stream, number, mix(self.seed + salt(stream), number), facts, [])
        rows.append(row)
        self.change(row, at, {})
        return row

    def change(self, row: Row, at: int, changes: Changes) -> None:
        """Let a row change at an instant, which may lie ahead."""
        insort(row.steps, (at, changes), key=itemgetter(0))
        heapq.heappush(self._due, (at, row.stream, row.number, len(row.steps), row))

    def due(self, now: int) -> Iterator[tuple[int, Row]]:
        """Take the changes that have happened since the last call, in order."""
        while self._due and self._due[0][0] <= now:
            at, _, _, _, row = heapq.heappop(self._due)
            yield at, row

    def rows(self, stream: str, now: int) -> list[Row]:
        """Give the rows of a stream that exist at an instant."""
        return [row for row in (*self._rows[stream], *self._made[stream]) if row.created <= now]

    def born(self, stream: str) -> Sequence[Row]:
        """Give the rows that the business itself has told of so far, those that are yet to be born included."""
        return self._rows[stream]

    def item(self, row: Row, now: int) -> Item:
        """Show a row as the API does, as it is at an instant."""
        stamps = {"id": row.id, "createdOn": row.created, "modifiedOn": row.changed(now)}
        frame = Frame(row.created, self.directory)
        return form_of(row.stream).fill(stamps | row.state(now), row.seed, frame)
