"""The SDK's signal handlers stay within the test that builds a tap."""

from __future__ import annotations

import signal

from tap_servicetitan.tap import TapServiceTitan
from tests.conftest import SIGNAL_HANDLERS


def test_a_tap_installs_handlers() -> None:
    """The SDK does so in the process that builds a tap."""
    TapServiceTitan(validate_config=False)
    assert signal.getsignal(signal.SIGTERM) != SIGNAL_HANDLERS[signal.SIGTERM]


def test_the_next_test_has_those_of_before() -> None:
    """Else a test run could no longer be stopped."""
    assert signal.getsignal(signal.SIGTERM) == SIGNAL_HANDLERS[signal.SIGTERM]
