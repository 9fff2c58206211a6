"""The tap's signal handlers: none outside of its command line, and none that stays after a run."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan import stopping
from tap_servicetitan.stopping import Stopped, end_at_signals, stopped_by_signals
from tap_servicetitan.tap import TapServiceTitan
from tests.conftest import SIGNAL_HANDLERS
from tests.support.invoking import invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Keep the codes that the process would have ended with."""
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setattr(stopping, "_AT_MOST", 60.0)
    before = signal.getsignal(signal.SIGHUP)
    yield codes
    signal.signal(signal.SIGHUP, before)


def test_a_tap_installs_no_handlers() -> None:
    """What builds a tap, as a test or another program does, can still be stopped as before."""
    TapServiceTitan(validate_config=False)
    assert {number: signal.getsignal(number) for number in SIGNAL_HANDLERS} == SIGNAL_HANDLERS


def test_the_command_line_installs_some() -> None:
    """Else a signal while Python imports would print a traceback."""
    invoke("--version")
    assert signal.getsignal(signal.SIGTERM) not in {signal.SIG_DFL, SIGNAL_HANDLERS[signal.SIGTERM]}


def test_the_next_test_has_those_of_before() -> None:
    """Else a test run could no longer be stopped."""
    assert signal.getsignal(signal.SIGTERM) == SIGNAL_HANDLERS[signal.SIGTERM]


@pytest.mark.parametrize("number", ENDING)
def test_outside_of_a_run_a_signal_ends_at_once(ended: list[int], number: signal.Signals) -> None:
    """With the code that shells give for the signal."""
    end_at_signals()
    signal.raise_signal(number)
    assert ended == [128 + number]


@pytest.mark.parametrize("number", ENDING)
def test_in_a_run_the_first_signal_is_raised(ended: list[int], number: signal.Signals) -> None:
    """It names itself, and the handlers of before are back after the run."""
    before = signal.getsignal(number)
    with pytest.raises(Stopped) as stop, stopped_by_signals():
        signal.raise_signal(number)
    assert (stop.value.code, stop.value.signal) == (128 + number, number.name)
    assert signal.getsignal(number) == before
    assert ended == []


def test_a_signal_that_nohup_ignores_stays_ignored(ended: list[int]) -> None:
    """A run that was started with `nohup` goes on when its terminal closes."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_at_signals()
    with stopped_by_signals():
        signal.raise_signal(signal.SIGHUP)
    assert ended == []
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
