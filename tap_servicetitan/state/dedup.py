"""De-duplication of rows by key and stamp, bounded in size."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from tap_servicetitan.state.timestamps import minus, sortable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import timedelta

LIMIT = 5_000
"""Most entries remembered for one stream, about 50 bytes each."""

ALWAYS = 100
"""As many of the newest entries are kept, whatever their stamp; not so by content."""

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


class Recent:
    """The versions emitted lately: enough to know a repeat, in this run and in the next.

    An entry is a text: the row's stamp and its key, or where it has no stamp, its key and a hash
    of the row; by content, its stamp and a hash of key and row. When the limit is hit the oldest
    entries go, and a repeat of those is emitted again.
    """

    def __init__(self, entries: Iterable[str] = (), limit: int = LIMIT, *, by_content: bool = False) -> None:
        """Start from the entries that the last run left behind.

        Args:
            entries: What `entries` gave then.
            limit: Most entries to remember.
            by_content: A row is a repeat only if all of it is the same: where a stamp does not tell every change.
        """
        self._entries = dict.fromkeys(entries)
        self._limit = limit
        self._by_content = by_content

    def is_new(self, key: Sequence[Any], stamp: str | None, content: Callable[[], bytes]) -> bool:
        """Tell whether this version was not emitted lately, and remember it.

        Args:
            key: The values of the row's key.
            stamp: When the row changed, if it tells.
            content: Gives all of the row as bytes; asked only where key and stamp do not suffice.
        """
        entry = self._entry(key, stamp, content)
        seen = entry in self._entries
        if seen:
            # It comes again, so it will come again: it must not be the next one forgotten.
            del self._entries[entry]
        self._entries[entry] = None
        return not seen

    def _entry(self, key: Sequence[Any], stamp: str | None, content: Callable[[], bytes]) -> str:
        name = _encode(key)
        if self._by_content:
            # One short text for both: a state may hold thousands, and every STATE message repeats them.
            return f"{stamp or ''}|{base64.b64encode(_hash(name + content(), 9)).decode()}"
        if stamp:
            return f"{stamp}|{name.decode()}"
        return f"|{name.decode()}|{_hash(content(), 12).hex()}"

    def forget(self, mark: str | None, reach: timedelta) -> None:
        """Drop what cannot come again: entries older than `reach` before `mark`, and those over the limit."""
        horizon = minus(mark, reach) if mark else None
        if horizon is not None:
            spare = len(self._entries) - (0 if self._by_content else ALWAYS)
            old = [entry for n, entry in enumerate(self._entries) if n < spare and _is_before(entry, horizon)]
            for entry in old:
                del self._entries[entry]
        for entry in list(self._entries)[: max(0, len(self._entries) - self._limit)]:
            del self._entries[entry]

    def entries(self) -> list[str]:
        """List what the next run has to know, oldest first."""
        return list(self._entries)


def _hash(content: bytes, size: int) -> bytes:
    return hashlib.blake2b(content, digest_size=size).digest()


def _is_before(entry: str, horizon: str) -> bool:
    stamp = sortable(entry.partition("|")[0])
    return stamp is not None and stamp < horizon
