"""De-duplication of rows by key and stamp, bounded in size."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from tap_servicetitan.state.timestamps import latest, minus, sortable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import timedelta

LIMIT = 10_000
"""Most entries remembered for one stream, about 50 bytes each, and 70 with a key."""

BUDGET = 12_000
"""Most entries remembered for all streams together, so that a state stays below 1 MB."""

HASH_LENGTH = 12
"""Letters of a hash: nine bytes, enough that no two rows are taken for one."""

ALWAYS = 100
"""As many of the newest entries are kept, whatever their stamp; not so by content."""

STRETCH = "!"
"""Begins the hash of a stretch of rows, and sorts before all letters of a hash: over the limit, stretches stay."""

FIRST_OF_STRETCH = frozenset("A")
"""A row whose hash begins so begins a stretch: one in 64, the same ones wherever pages begin."""

SHORTEST_STRETCH = 16
"""Rows of a stretch at least: of fewer, each is remembered by itself."""

_DIGEST = re.compile(rb'\["([0-9a-f]{64})"\]')
"""A key that the tap made, as JSON: a SHA-256."""

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


Version: TypeAlias = tuple[str, str]
"""When a row changed, and the hash of what it says; without the latter, the former tells all."""


class Recent:
    """The versions emitted lately: enough to know a repeat, in this run and in the next.

    A row with a timestamp is known by that and its key. Where no timestamp tells every change, the last content of
    each key is remembered, and only that: a figure that goes from 10 to 20 and back to 10 has changed twice.

    When there are more than the limit, those with the highest hashes go. Which ones these are depends on nothing else,
    so the same few rows are emitted again each time, and all others are still known. Rows that come again in the same
    order are known by the stretch that they are in too, at one entry for some 64 rows.
    """

    def __init__(
        self,
        entries: Iterable[object] = (),
        limit: int = LIMIT,
        *,
        by_content: bool = False,
        in_stretches: bool = False,
        with_keys: bool = False,
    ) -> None:
        """Start from the entries that the last run left behind.

        Args:
            entries: What `entries` gave then; what is no entry costs a repeat, not the run.
            limit: Most entries to remember.
            by_content: A row is a repeat only if all of it is the same: where a timestamp does not tell every change.
            in_stretches: Stretches of rows are remembered too. By content, only while each reading brings them again:
                the content of an older one may be one that a row had before.
            with_keys: Entries hold the keys themselves, so that those can be named that did not come again.
        """
        parse = _parsed_with_key if with_keys else _parsed
        self._versions: dict[str, Version] = dict(parse(one) for one in entries if isinstance(one, str))
        """By the hash of a key (and of a timestamp that tells all): the timestamp, and the hash of the content."""
        self._limit = limit
        self._by_content = by_content
        self._in_stretches = in_stretches
        self._last_stretches = {one for one in self._versions if one.startswith(STRETCH)} if by_content else set()
        for one in self._last_stretches:
            del self._versions[one]
        self._with_keys = with_keys
        self._unseen = {*self._versions} if with_keys else set()

    def is_new(self, key: Sequence[Any], stamp: str | None, content: Callable[[], bytes]) -> bool:
        """Tell whether this version was not emitted lately, and remember it.

        Args:
            key: The values of the row's key.
            stamp: When the row changed, if it tells.
            content: Gives all of the row as bytes; asked only where key and stamp do not suffice.
        """
        slot, version = self._version(key, stamp, content)
        return self._noted(slot, version) != version

    def are_new(
        self, keys: Sequence[Sequence[Any]], stamps: Sequence[str | None], content: Callable[[int], bytes]
    ) -> list[bool]:
        """Tell the same of the rows of a page, each by its place in it, and remember the stretches that they form."""
        found = [
            self._version(key, stamp, functools.partial(content, number))
            for number, (key, stamp) in enumerate(zip(keys, stamps, strict=True))
        ]
        before = [self._noted(slot, version) for slot, version in found]
        new = [one != version for one, (_, version) in zip(before, found, strict=True)]
        for places in self._stretches(found) if self._in_stretches else ():
            texts = [found[place][0] + found[place][1][1] for place in places]
            slot = STRETCH + _hash("".join(texts).encode())[1:]
            is_known = self._noted(slot, (latest(found[place][1][0] for place in places) or "", "")) is not None
            if is_known or slot in self._last_stretches:
                for place in places:
                    # Of a row that said something else by then, the stretch does not tell.
                    new[place] = new[place] and before[place] is not None
        return new

    def _version(self, key: Sequence[Any], stamp: str | None, content: Callable[[], bytes]) -> tuple[str, Version]:
        name, stamp = _encode(key), stamp or ""
        if stamp and not self._by_content:
            return _hash(stamp.encode() + b"|" + name), (stamp, "")
        return (_packed(name) if self._with_keys else _hash(name)), (stamp, _hash(name + content()))

    def _noted(self, slot: str, version: Version) -> Version | None:
        """Remember a version, and give the one that it replaces."""
        # It comes again, so it will come again: it is as young as a new one.
        before = self._versions.pop(slot, None)
        self._versions[slot] = version
        self._unseen.discard(slot)
        return before

    def take_gone(self, is_due: Callable[[str], bool]) -> list[tuple[str, list[Any]]]:
        """Forget the rows that are due to come again and did not, and give the timestamp and key of each.

        Args:
            is_due: Tells by a row's timestamp whether it would have come by now.
        """
        gone = sorted(slot for slot in self._unseen & self._versions.keys() if is_due(self._versions[slot][0]))
        self._unseen.difference_update(gone)
        return [(self._versions.pop(slot)[0], _unpacked(slot)) for slot in gone]

    @staticmethod
    def _stretches(found: Sequence[tuple[str, Version]]) -> Iterator[list[int]]:
        """Cut the rows of a page that have a timestamp into stretches: the same rows in order, the same stretch."""
        places: list[int] = []
        for place, (slot, (stamp, content)) in enumerate(found):
            if (content or slot)[0] in FIRST_OF_STRETCH and len(places) >= SHORTEST_STRETCH:
                yield places
                places = []
            if stamp:
                places.append(place)
        if len(places) >= SHORTEST_STRETCH:
            yield places

    def forget(self, mark: str | None, reach: timedelta) -> None:
        """Drop what cannot come again: entries older than `reach` before `mark`, and those over the limit."""
        horizon = minus(mark, reach) if mark else None
        if horizon is not None:
            spare = len(self._versions) - (0 if self._by_content else ALWAYS)
            ages = enumerate(self._versions.items())
            for slot in [slot for n, (slot, (stamp, _)) in ages if n < spare and _is_before(stamp, horizon)]:
                del self._versions[slot]
        if len(self._versions) > self._limit:
            for slot in sorted(self._versions)[self._limit :]:
                del self._versions[slot]

    def entries(self) -> list[str]:
        """List what the next run has to know, oldest first."""
        return [f"{stamp}|{slot}{content}" for slot, (stamp, content) in self._versions.items()]


def most_entries(counts: Iterable[int], budget: int = BUDGET) -> int:
    """Tell how many entries each stream may keep so that all together keep no more than a budget.

    Those with few keep all of them, and the others share evenly what is left.
    """
    waiting, limit = sorted(counts), LIMIT
    while waiting:
        limit = budget // len(waiting)
        if waiting[0] > limit:
            return limit
        budget -= waiting.pop(0)
    return LIMIT


def trimmed(entries: Sequence[object], limit: int) -> list[object]:
    """Give so many entries at the most; which ones, follows the same rule as while reading."""
    if len(entries) <= limit:
        return list(entries)
    by_slot = {_parsed(entry)[0]: entry for entry in entries if isinstance(entry, str)}
    kept = set(sorted(by_slot)[:limit])
    return [entry for slot, entry in by_slot.items() if slot in kept]


def _hash(content: bytes) -> str:
    """Give a short text: a state may hold thousands of them."""
    return base64.b64encode(hashlib.blake2b(content, digest_size=9).digest()).decode()


def _parsed(entry: str) -> tuple[str, Version]:
    stamp, _, hashes = entry.rpartition("|")
    return hashes[:HASH_LENGTH], (stamp, hashes[HASH_LENGTH:])


def _parsed_with_key(entry: str) -> tuple[str, Version]:
    stamp, _, rest = entry.rpartition("|")
    return rest[:-HASH_LENGTH], (stamp, rest[-HASH_LENGTH:])


def _packed(name: bytes) -> str:
    """Write a key so that it can be read again, and begins as no other does: what is over the limit goes by that."""
    if found := _DIGEST.fullmatch(name):
        return base64.b64encode(bytes.fromhex(found[1].decode())).decode()
    return f"{_hash(name)}.{base64.b64encode(name).decode()}"


def _unpacked(slot: str) -> list[Any]:
    digest, _, name = slot.partition(".")
    found: list[Any] = msgspec.json.decode(base64.b64decode(name)) if name else [base64.b64decode(digest).hex()]
    return found


def _is_before(stamp: str, horizon: str) -> bool:
    text = sortable(stamp)
    return text is not None and text < horizon
