"""Pages for the server to send: rows of the sandbox, repeated until a page is full."""

from __future__ import annotations

import gzip
import itertools
import json
from typing import TYPE_CHECKING, Any

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.sandbox.server import serve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TENANT = "1"

FEEDS = {row.name: row.url.format(tenant=TENANT) for row in ENDPOINTS if row.kind == "export"}
"""The path of each stream that has an export feed."""


class Pages:
    """The arrays of items that pages hold, each made once."""

    def __init__(self) -> None:
        """Draw the rows."""
        with serve(seed=1, scale=0.1) as sandbox:
            self._rows = {path: sandbox.rows(stream) for stream, path in FEEDS.items()}
        self._made: dict[tuple[str, int], bytes] = {}
        self._packed: dict[tuple[str, int], bytes] = {}

    def items(self, path: str, count: int) -> bytes:
        """Give an array of so many rows of a feed."""
        if (path, count) not in self._made:
            rows = list(_numbered(itertools.islice(itertools.cycle(self._rows[path]), count)))
            self._made[path, count] = json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()
        return self._made[path, count]

    def packed(self, path: str, count: int, begin: bytes) -> bytes:
        """Give a whole body, gzipped; `begin` stands before the array.

        Gzip allows one part behind another, so only the small first one is made anew for each page.
        """
        if (path, count) not in self._packed:
            self._packed[path, count] = gzip.compress(self.items(path, count) + b"}", mtime=0)
        return gzip.compress(begin, mtime=0) + self._packed[path, count]


def numbered(page: bytes, number: int) -> bytes:
    """Give the rows of a page other ids, for each page ones of its own."""
    return page.replace(b'"id":10000', b'"id":%d' % (10_000 + number))


def _numbered(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give each row an id of its own, where it has a number for one."""
    for number, row in enumerate(rows, 100_000_000):
        yield row | {"id": number} if isinstance(row.get("id"), int) else row
