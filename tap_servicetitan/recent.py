"""De-duplication of rows by key and stamp, bounded in size."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from tap_servicetitan.stamps import minus, sortable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

LIMIT = 5_000
"""Most entries remembered for one stream, about 50 bytes each."""

ALWAYS = 100
"""As many of the newest entries are kept, whatever their stamp."""

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


class Recent:
    """The versions emitted lately: enough to know a repeat, in this run and in the next.

    An entry is a text: the row's stamp and its key, or where it has no stamp, its key and a hash
    of the row. When the limit is hit the oldest entries go, and a repeat of those is emitted again.
    """

    def __init__(self, entries: Iterable[str] = (), limit: int = LIMIT) -> None:
        """Start from the entries that the last run left behind."""
        self._entries = dict.fromkeys(entries)
        self._limit = limit

    def is_new(self, key: Sequence[Any], stamp: str | None, row: dict[str, Any]) -> bool:
        """Tell whether this version was not emitted lately, and remember it."""
        entry = _entry(key, stamp, row)
        seen = entry in self._entries
        if seen:
            # It comes again, so it will come again: it must not be the next one forgotten.
            del self._entries[entry]
        self._entries[entry] = None
        return not seen

    def forget(self, mark: str | None, reach: timedelta) -> None:
        """Drop what cannot come again: entries older than `reach` before `mark`, and those over the limit."""
        horizon = minus(mark, reach) if mark else None
        if horizon is not None:
            spare = len(self._entries) - ALWAYS
            old = [entry for n, entry in enumerate(self._entries) if n < spare and _is_before(entry, horizon)]
            for entry in old:
                del self._entries[entry]
        for entry in list(self._entries)[: max(0, len(self._entries) - self._limit)]:
            del self._entries[entry]

    def entries(self) -> list[str]:
        """List what the next run has to know, oldest first."""
        return list(self._entries)


def _entry(key: Sequence[Any], stamp: str | None, row: dict[str, Any]) -> str:
    name = _encode(key).decode()
    if stamp:
        return f"{stamp}|{name}"
    return f"|{name}|{hashlib.blake2b(_encode(row), digest_size=12).hexdigest()}"


def _is_before(entry: str, horizon: str) -> bool:
    stamp = sortable(entry.partition("|")[0])
    return stamp is not None and stamp < horizon
