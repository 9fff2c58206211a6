"""What the end-to-end tests share: a sandbox on a socket, and no waiting between tries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.api import client
from tap_servicetitan.sandbox.server import Sandbox, serve

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    monkeypatch.setattr(client, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(client, "LONGEST_WAIT", 0.01)
