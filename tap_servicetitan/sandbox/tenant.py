"""All that one tenant is: its time, its data, its feeds, who may ask, and what goes wrong."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from tap_servicetitan.sandbox import touch
from tap_servicetitan.sandbox.auth import AccessTokens, App, RateLimit
from tap_servicetitan.sandbox.business.days import Business
from tap_servicetitan.sandbox.business.opening import sizes
from tap_servicetitan.sandbox.clock import SECOND, Clock, iso, ticks
from tap_servicetitan.sandbox.directory import Directory
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.faults import Faults
from tap_servicetitan.sandbox.feed import SETTLED_AFTER, Feed
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
        """Tell the tenant's history up to the clock's first instant."""
        self.lock = threading.RLock()
        self.id = settings.tenant_id
        self.app = App.of(self.id)
        self.access = AccessTokens()
        self.limit = RateLimit(settings.requests_per_second)
        self.page_size = settings.page_size
        self.revoked_scopes: set[str] = set()
        self.disabled_modules: set[str] = set()
        self.faults = Faults()
        self.requests = RequestLog()
        self.clock = Clock(ticks(settings.at), running=settings.clock == "running")
        self._world = World(settings.seed, Directory(settings.seed, sizes(settings.scale)))
        self._business = Business(self._world, settings.scale, self.clock.now)
        self._feeds = {name: Feed(Sealer(self.id, name)) for name in FACTS}
        self._encoded: dict[Row, tuple[int, msgspec.Raw]] = {}
        self._touches = 0
        self._business.live_until(self.clock.now)
        self._business.fill_other_streams()

    def catch_up(self) -> int:
        """Let everything happen that is due by now; tell what time it is."""
        now = self.clock.now
        self._business.live_until(now)
        for at, row in self._world.due(now):
            self._feeds[row.stream].note(at, row)
        return now

    def feed(self, stream: str) -> Feed:
        """Give the feed of a stream."""
        return self._feeds[stream]

    def advance(self, seconds: float) -> int:
        """Move the clock forward."""
        self.clock.advance(round(seconds * SECOND))
        return self.catch_up()

    def move_to(self, moment: str) -> int:
        """Move the clock forward to an instant."""
        self.clock.move_to(ticks(moment))
        return self.catch_up()

    def items(self, rows: Iterable[Row], now: int) -> list[Item]:
        """Show rows as they are at an instant."""
        return [self._world.item(row, now) for row in rows]

    def encoded(self, rows: Iterable[Row], now: int) -> list[msgspec.Raw]:
        """Write rows as they are at an instant; what was written once is kept."""
        return [self._encode(row, now) for row in rows]

    def _encode(self, row: Row, now: int) -> msgspec.Raw:
        version = row.version(now)
        known = self._encoded.get(row)
        if known and known[0] == version:
            return known[1]
        text = msgspec.Raw(_encode(self._world.item(row, now)))
        self._encoded[row] = (version, text)
        return text

    def rows(self, stream: str, *, settled: bool = False) -> list[Item]:
        """Give the truth: every row of a stream as it is now, or those that the 15-minute rule lets through."""
        now = self.catch_up()
        until = now - SETTLED_AFTER if settled else now
        return self.items((row for row in self._rows(stream, now) if (row.changed(now) or 0) <= until), now)

    def counts(self) -> dict[str, int]:
        """Count the rows of every stream."""
        now = self.catch_up()
        return {stream: len(self._rows(stream, now)) for stream in FACTS}

    def _rows(self, stream: str, now: int) -> list[Row]:
        if stream not in FACTS:
            msg = f"stream {stream!r} is not in the table"
            raise ValueError(msg)
        return self._world.rows(stream, now)

    def touch(
        self,
        stream: str,
        *,
        count: int = 0,
        keys: Iterable[Mapping[str, Any]] | None = None,
        create: int = 0,
        values: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Alter some rows of a stream and make new ones, all in one instant of their own."""
        chosen = self._chosen(stream, count, keys)
        now = self.clock.tick()
        self.catch_up()
        self._touches += 1
        for row in chosen:
            touch.alter(self._world, row, now, self._touches, values)
        made = [touch.make(self._world, stream, now)[-1] for _ in range(create)]
        self.catch_up()
        items = self.items([*chosen, *made], now)
        key = FACTS[stream].key
        return {
            "stream": stream,
            "now": iso(now),
            "keys": [{name: item[name] for name in key} for item in items],
            "rows": items,
        }

    def _chosen(self, stream: str, count: int, keys: Iterable[Mapping[str, Any]] | None) -> list[Row]:
        now = self.catch_up()
        rows = self._rows(stream, now)
        if keys is not None:
            items = list(zip(rows, self.items(rows, now), strict=True))
            return [row for row, item in items if any(key.items() <= item.items() for key in keys)]
        # Spread over the stream, and other rows each time.
        stride = max(1, len(rows) // max(count, 1))
        return [rows[(self._touches * 7 + place * stride) % len(rows)] for place in range(min(count, len(rows)))]

    def revoke_continuations(self, stream: str | None = None) -> None:
        """Reject from now on all continuation tokens that are out."""
        for name in FACTS if stream is None else (stream,):
            self._feeds[name].sealer.generation += 1
