"""All that one tenant is: its time, its data, its feeds, who may ask, and what goes wrong."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from tap_servicetitan.sandbox import touch
from tap_servicetitan.sandbox.auth import AccessTokens, App, RateLimit
from tap_servicetitan.sandbox.business.days import HISTORY_DAYS, Business
from tap_servicetitan.sandbox.business.opening import sizes
from tap_servicetitan.sandbox.clock import SECOND, Clock, iso, ticks
from tap_servicetitan.sandbox.directory import Directory
from tap_servicetitan.sandbox.edits import edit
from tap_servicetitan.sandbox.facts import FACTS, TENANT
from tap_servicetitan.sandbox.faults import Faults
from tap_servicetitan.sandbox.feed import SETTLED_AFTER, Feed
from tap_servicetitan.sandbox.figures.sources import all_figures
from tap_servicetitan.sandbox.mirrors import MIRRORS, kept, origin_of, shown_item, shown_rows
from tap_servicetitan.sandbox.pages import EmptyPages
from tap_servicetitan.sandbox.parents import visible_children, with_parent_keys
from tap_servicetitan.sandbox.quirks import AllQuirks
from tap_servicetitan.sandbox.reporting.limits import Limits
from tap_servicetitan.sandbox.reporting.queries import Queries
from tap_servicetitan.sandbox.request_log import RequestLog
from tap_servicetitan.sandbox.tokens import Sealer
from tap_servicetitan.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_servicetitan.sandbox.rows import Item
    from tap_servicetitan.sandbox.settings import Settings
    from tap_servicetitan.sandbox.world import Row

_encode = msgspec.json.Encoder().encode


class Tenant:
    """One tenant. Whatever reads or writes it holds its lock."""

    def __init__(self, settings: Settings) -> None:
        """Make the tenant's history up to the clock's first instant."""
        self.lock = threading.RLock()
        self.id = settings.tenant_id
        self.app = App.of(self.id)
        self.access = AccessTokens()
        self.limit = RateLimit(settings.requests_per_second)
        self.reporting = Limits(settings.report_interval)
        self.queries = Queries()
        self.page_size = settings.page_size
        self.revoked_scopes: set[str] = set()
        self.disabled_modules: set[str] = set()
        self.faults = Faults()
        self.quirks = AllQuirks()
        self.requests = RequestLog()
        self.clock = Clock(ticks(settings.at), running=settings.clock == "running")
        self.inserted = EmptyPages()
        directory = Directory(settings.seed, sizes(settings.scale))
        self.world = World(settings.seed, directory, self.clock.now, HISTORY_DAYS)
        self._business = Business(self.world, settings.scale, self.clock.now)
        self._feeds = {name: Feed(Sealer(self.id, name)) for name in FACTS}
        self._encoded: dict[tuple[str, Row], tuple[int, msgspec.Raw]] = {}
        self._touches = 0
        self._business.live_until(self.clock.now)
        self._business.fill_other_streams()

    def catch_up(self) -> int:
        """Let everything happen that is due by now; return what time it is."""
        now = self.clock.now
        self._business.live_until(now)
        for at, row in self.world.due(now):
            self._feeds[row.stream].note(at, row)
        return now

    def feed(self, stream: str) -> Feed:
        """Return the feed of a stream."""
        return self._feeds[stream]

    def advance(self, seconds: float) -> int:
        """Move the clock forward."""
        self.clock.advance(round(seconds * SECOND))
        return self.catch_up()

    def move_to(self, moment: str) -> int:
        """Move the clock forward to an instant."""
        self.clock.move_to(ticks(moment))
        return self.catch_up()

    def in_order(self, stream: str, now: int) -> list[Row]:
        """Return the rows of a list, the one that changed last at the end."""
        rows = [row for row in self._feeds[origin_of(stream)].rows() if row.exists(now)]
        return kept(MIRRORS[stream], rows, now) if stream in MIRRORS else rows

    def items(self, stream: str, rows: Iterable[Row], now: int) -> list[Item]:
        """Show rows as a stream shows them at an instant."""
        return [shown_item(self.world, stream, row, now) for row in rows]

    def encoded(self, stream: str, rows: Iterable[Row], now: int) -> list[msgspec.Raw]:
        """Write rows as they are at an instant; what was written once is kept."""
        return [self._encode(stream, row, now) for row in rows]

    def _encode(self, stream: str, row: Row, now: int) -> msgspec.Raw:
        version = row.version(now)
        known = self._encoded.get((stream, row))
        if known and known[0] == version:
            return known[1]
        text = msgspec.Raw(_encode(shown_item(self.world, stream, row, now)))
        self._encoded[stream, row] = (version, text)
        return text

    def rows(self, stream: str, *, settled: bool = False) -> list[Item]:
        """Return every row of a stream as it is now, or those that the 15-minute rule lets through."""
        now = self.catch_up()
        if stream in FACTS and FACTS[stream].row.kind == "window":
            return list(all_figures(self.world, int(self.id), FACTS[stream], now))
        until = now - SETTLED_AFTER if settled else now
        return [self._row(stream, row, now) for row in self._rows(stream, now) if (row.changed(now) or 0) <= until]

    def _row(self, stream: str, row: Row, now: int) -> Item:
        facts = FACTS[stream]
        item = shown_item(self.world, stream, row, now)
        if TENANT in facts.row.key:
            return item | {TENANT: int(self.id)}
        return with_parent_keys(facts, row, item)

    def counts(self) -> dict[str, int]:
        """Count the rows of every stream."""
        now = self.catch_up()
        return {
            stream: len(self.rows(stream)) if facts.row.kind == "window" else len(self._rows(stream, now))
            for stream, facts in FACTS.items()
        }

    def _rows(self, stream: str, now: int) -> list[Row]:
        if stream not in FACTS:
            msg = f"stream {stream!r} is not in the table"
            raise ValueError(msg)
        if FACTS[stream].row.kind == "child":
            return list(visible_children(self.world, FACTS[stream], now))
        return shown_rows(self.world, stream, now)

    def change(self, rows: Iterable[Row], values: Mapping[str, Any] | None = None) -> None:
        """Change rows right now, so that they move to the end of their list."""
        now = self.clock.tick()
        self._touches += 1
        for row in rows:
            self.world.change(row, now, values or edit(self.world, row, now, self._touches, row.stream))
        self.catch_up()

    def delete(self, rows: Iterable[Row]) -> None:
        """Delete rows right now: from now on nothing shows them."""
        now = self.clock.tick()
        for row in rows:
            row.deleted = now
        self.catch_up()

    def touch(  # noqa: PLR0913 - one order with its options
        self,
        stream: str,
        *,
        count: int = 0,
        keys: Iterable[Mapping[str, Any]] | None = None,
        create: int = 0,
        values: Mapping[str, Any] | None = None,
        unstamped: bool = False,
        at: str | None = None,
    ) -> dict[str, Any]:
        """Change some rows of a stream and make new ones, all in one instant of their own.

        Args:
            stream: Whose rows.
            count: How many rows change.
            keys: Which rows change.
            create: How many rows are made.
            values: What the fields of changed rows become.
            unstamped: Changed rows keep their modifiedOn, and their places in the feed.
            at: The instant, in the past, that new rows have as their dates: rows that are shown late.
        """
        touch.check(stream, create=create)
        chosen = self._chosen(stream, count, keys)
        now = self.clock.tick()
        self.catch_up()
        self._touches += 1
        for row in chosen:
            changes = values or edit(self.world, row, now, self._touches, stream)
            self.world.change(row, row.changed(now) or now if unstamped else now, changes)
        birth = ticks(at) if at else now
        made = [touch.make(self.world, stream, now, birth)[-1] for _ in range(create)]
        self.catch_up()
        return self._described(stream, [*chosen, *made], now)

    def remove(self, stream: str, *, count: int = 0, keys: Iterable[Mapping[str, Any]] | None = None) -> dict[str, Any]:
        """Delete some rows of a stream, all in one instant; say which they were."""
        touch.check(stream, create=0)
        chosen = self._chosen(stream, count, keys)
        described = self._described(stream, chosen, self.clock.now)
        self.delete(chosen)
        return described

    def _described(self, stream: str, rows: Iterable[Row], now: int) -> dict[str, Any]:
        items = [self._row(stream, row, now) for row in rows]
        key = FACTS[stream].key
        return {
            "stream": stream,
            "now": iso(now),
            "keys": [{name: item[name] for name in key} for item in items],
            "rows": items,
        }

    def _chosen(self, stream: str, count: int, keys: Iterable[Mapping[str, Any]] | None) -> list[Row]:
        if keys is not None:
            return self.rows_with(stream, keys)
        rows = self.rows_of(stream)
        # Spread over the stream, and other rows each time.
        stride = max(1, len(rows) // max(count, 1))
        return [rows[(self._touches * 7 + place * stride) % len(rows)] for place in range(min(count, len(rows)))]

    def rows_of(self, stream: str) -> list[Row]:
        """Return the rows of a stream as they are known to the world."""
        return self._rows(stream, self.catch_up())

    def rows_with(self, stream: str, keys: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Return the rows of a stream that have one of some keys."""
        now = self.catch_up()
        items = ((row, self._row(stream, row, now)) for row in self._rows(stream, now))
        return [row for row, item in items if any(key.items() <= item.items() for key in keys)]

    def revoke_continuations(self, stream: str | None = None) -> None:
        """Reject from now on all continuation tokens that are out."""
        for name in FACTS if stream is None else (stream,):
            self._feeds[name].sealer.generation += 1
