"""In which order streams are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_servicetitan.sync.stream import SingerStream

PROBES = 3
"""How many modules have to be missing before the tenant is taken for unknown."""


def in_order(streams: Iterable[SingerStream]) -> list[SingerStream]:
    """Put the streams that take longest first, so that no worker is left alone with one at the end.

    Before them come streams of different modules: if none of those exists, neither does the
    tenant. Children stand behind their parents.
    """
    by_length = _longest_first(list(streams))
    probes = list({one.row.module: one for one in reversed(by_length) if one.row.kind != "child"}.values())[:PROBES]
    return probes + [one for one in by_length if one not in probes]


def _longest_first(streams: list[SingerStream]) -> list[SingerStream]:
    parents = {one.row.parent for one in streams}

    def rank(stream: SingerStream) -> tuple[int, bool]:
        row = stream.row
        if row.kind == "child":
            # A request for each parent. Behind a parent that is a child itself.
            first = 2 if row.name in parents else 3
        else:
            first = 1 if row.large or row.name in parents else 4
        # What was never read has all its history to bring.
        return first, stream.has_bookmark

    return sorted(streams, key=rank)
