"""Lists with short pages, so that a small tenant has many."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING
from unittest import mock

from tap_servicetitan.catalog.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def short_pages(size: int) -> Iterator[None]:
    """Let all lists, those of parents too, have pages of so many rows."""
    rows = tuple(dataclasses.replace(row, page_size=row.page_size and size) for row in ENDPOINTS)
    with (
        mock.patch("tap_servicetitan.tap.ENDPOINTS", rows),
        mock.patch("tap_servicetitan.readers.registry.BY_NAME", {row.name: row for row in rows}),
    ):
        yield
