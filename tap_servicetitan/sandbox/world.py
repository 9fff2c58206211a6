"""The tenant's rows and their lives: which there are, how each changes over time, and what each is at an instant."""

from __future__ import annotations

import dataclasses
import heapq
from bisect import insort
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.directory import Directory, guid, id_of, shown
from tap_servicetitan.sandbox.draw import mix, salt
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.frame import Frame
from tap_servicetitan.sandbox.rows import Cents, Item, form_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Changes: TypeAlias = "Mapping[str, Any]"

# Streams whose rows belong to a row of another one, with the fields that name it.
_BELOW: Mapping[str, tuple[str, ...]] = {
    name: facts.row.placeholders for name, facts in FACTS.items() if facts.row.kind == "child"
}
# Streams whose rows others belong to, with the fields that tell one from another.
_ABOVE: Mapping[str, tuple[str, ...]] = {
    name: facts.row.key
    for name, facts in FACTS.items()
    if name in {one.row.parent for one in FACTS.values() if one.row.placeholders}
}
# Rows of these are read in the order of their changes, whatever they belong to.
_ORDERED = frozenset(name for name, facts in FACTS.items() if facts.row.kind in {"export", "list"})

# Rows made on demand have numbers that the business itself never reaches: its future stays what it would have been.
_FIRST_MADE = 9_000_000

# Filling in a row's fields takes far longer than seeing that the row is as it was.
_MOST_SHOWN = 20_000
"""How many rows are kept as they were last shown."""


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
    deleted: int | None = None
    """When the row was deleted, if it was."""

    @property
    def id(self) -> int:
        """The id of the row, if rows of this stream have one."""
        return id_of(self.stream, self.number)

    @property
    def shown_id(self) -> int | str:
        """The id as the API writes it."""
        given: int | str | None = self.facts.get("id")
        return shown(self.stream, self.id) if given is None else given

    @property
    def created(self) -> int:
        """When the row came into being."""
        return self.steps[0][0]

    def exists(self, now: int) -> bool:
        """Return whether the row has been made by an instant, and not yet deleted."""
        return self.created <= now and (self.deleted is None or now < self.deleted)

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

    def __init__(self, seed: int, directory: Directory, start: int, history: int) -> None:
        """Begin without rows, so many days before the clock's first instant."""
        self.seed = seed
        self.start = start
        self.history = history
        self.notes: dict[tuple[str, int], Row] = {}
        """Rows that the business wants to find again, by stream and day."""
        self.directory = directory
        self._rows: dict[str, list[Row]] = defaultdict(list)
        self._made: dict[str, list[Row]] = defaultdict(list)
        self._due: list[tuple[int, str, int, int, Row]] = []
        self._below: dict[str, dict[tuple[str, ...], list[Row]]] = defaultdict(lambda: defaultdict(list))
        self._above: dict[str, dict[tuple[str, ...], Row]] = defaultdict(dict)
        self._shown: dict[int, tuple[Row, tuple[int | None, dict[str, Any]] | None, Item]] = {}

    def add(self, stream: str, at: int, facts: dict[str, Any], *, on_demand: bool = False) -> Row:
        """Let a row come into being at an instant."""
        rows = self._made[stream] if on_demand else self._rows[stream]
        number = len(rows) + (_FIRST_MADE if on_demand else 0)
        row = Row(stream, number, mix(self.seed + salt(stream), number), facts, [])
        rows.append(row)
        if stream in _BELOW:
            self._below[stream][tuple(str(facts[name]) for name in _BELOW[stream])].append(row)
        if stream in _ABOVE:
            key = (row.shown_id if name == "id" else facts[name] for name in _ABOVE[stream])
            self._above[stream][tuple(map(str, key))] = row
        self.change(row, at, {})
        return row

    def change(self, row: Row, at: int, changes: Changes) -> None:
        """Let a row change at an instant, which may lie ahead."""
        insort(row.steps, (at, changes), key=itemgetter(0))
        if row.stream in _ORDERED:
            heapq.heappush(self._due, (at, row.stream, row.number, len(row.steps), row))

    def due(self, now: int) -> Iterator[tuple[int, Row]]:
        """Take the changes that have happened since the last call, in order."""
        while self._due and self._due[0][0] <= now:
            at, _, _, _, row = heapq.heappop(self._due)
            yield at, row

    def rows(self, stream: str, now: int) -> list[Row]:
        """Return the rows of a stream that exist at an instant."""
        return [row for row in (*self._rows[stream], *self._made[stream]) if row.exists(now)]

    def ever(self, stream: str, now: int) -> list[Row]:
        """Return the rows of a stream that have existed by an instant, deleted ones included."""
        return [row for row in (*self._rows[stream], *self._made[stream]) if row.created <= now]

    def below(self, stream: str, parent: tuple[str, ...], now: int) -> list[Row]:
        """Return the rows of a stream that belong to a row of another one, in the order of their changes."""
        rows = [row for row in self._below[stream].get(parent, ()) if row.exists(now)]
        return sorted(rows, key=lambda row: (row.changed(now) or 0, row.number))

    def find(self, stream: str, key: tuple[str, ...], now: int) -> Row | None:
        """Find a row that others may belong to, by its key as an address has it."""
        row = self._above[stream].get(key)
        return row if row and row.exists(now) else None

    def by_id(self, stream: str, identity: int, now: int) -> Row | None:
        """Return the row with an id, which the business or somebody on demand has made."""
        number = identity - id_of(stream, 0)
        rows = self._rows[stream] if number < _FIRST_MADE else self._made[stream]
        place = number if number < _FIRST_MADE else number - _FIRST_MADE
        return rows[place] if 0 <= place < len(rows) and rows[place].exists(now) else None

    def born(self, stream: str) -> Sequence[Row]:
        """Return the rows that the business itself has made so far, those that are yet to be born included."""
        return self._rows[stream]

    def item(self, row: Row, now: int) -> Item:
        """Show a row as the API does, as it is at an instant."""
        changed, state = row.changed(now), row.state(now)
        _, before, item = self._shown.get(id(row), (row, None, {}))
        if before != (changed, state):
            item = self._fill(row, changed, state)
            if len(self._shown) >= _MOST_SHOWN:
                self._shown.clear()
            self._shown[id(row)] = (row, (changed, state), item)
        return item.copy()

    def _fill(self, row: Row, changed: int | None, state: dict[str, Any]) -> Item:
        # Where a row that never changed says so, its modifiedOn is null.
        modified = None if state.get("_unmodified") and changed == row.created else changed
        stamps = {"id": row.shown_id, "createdOn": row.created, "modifiedOn": modified, "submittedOn": changed}
        own = {"taskId": guid(row.id), "internalId": row.id}
        frame = Frame(row.created, self.directory)
        return form_of(row.stream).fill(stamps | own | state, row.seed, frame)
