"""What the end-to-end tests share: a sandbox on a socket, no waiting between tries, short pages."""

from __future__ import annotations

import contextlib
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from tap_servicetitan.api import retry
from tap_servicetitan.readers.fleet import FleetReader
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.paths import ROOT
from tests.support.short_pages import short_pages as shortened

TIERS = {
    "tests/unit": "quick",
    "tests/targets": "slow",
    "tests/campaigns": "slow",
    "tests/docs": "slow",
    "tests/examples": "slow",
    "tests/benchmarks": "slow",
    "tests/duckdb/test_sync.py": "slow",
    "tests/dbt": "slow",
}
"""Which tests need no server, and which load real targets or run the documentation's commands, by folder."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


SIGNAL_HANDLERS = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
"""Those of the process, before a test or a fixture builds a tap."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and those that take minutes: `make quick`, `make test`, `make test-all` go by it."""
    for item in items:
        for folder, tier in TIERS.items():
            is_there = (ROOT / folder) in (item.path, *item.path.parents)
            if is_there and not (tier == "quick" and "sandbox" in getattr(item, "fixturenames", ())):
                item.add_marker(tier)
        if "long" in item.keywords:
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def _own_signal_handlers() -> Iterator[None]:
    """Take back the handlers that the SDK installs in the process that builds a tap: this one is pytest's."""
    yield
    for number, handler in SIGNAL_HANDLERS.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True, scope="session")
def _short_past_of_fleets() -> Iterator[None]:
    """Begin with the month of which the sandbox has rows: each day is a request, and since 2025 there are 1,300."""
    month = datetime(2026, 10, 1, tzinfo=UTC)
    first_day = property(lambda reader: max(month, reader.settings.start_date or month))
    with mock.patch.object(FleetReader, "first_day", first_day):
        yield


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant whose feeds have many pages."""
    with serve(seed=1, scale=0.02, page_size=20) as running:
        # The sandbox has no limit here, and the tap need not wait for one.
        running.config["requests_per_second"] = 10_000
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tries follow each other at once."""
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(retry, "LONGEST_WAIT", 0.01)


@pytest.fixture
def short_pages() -> Iterator[Callable[[int], None]]:
    """Let all lists have pages of so many rows when called."""
    with contextlib.ExitStack() as stack:
        yield lambda size: stack.enter_context(shortened(size))
