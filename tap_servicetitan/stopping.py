"""Signals end the tap: a run within ten seconds, also when the target has stopped reading, and all else at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = 6.0
"""Seconds in which the target may take the page that is being written."""

_AT_MOST = 9.0
_AT_ONCE = 0.5
"""Seconds after the first and after the second signal until the process ends, whatever it is doing. Even the second
lets a target that still reads have the rest of a page."""


class Stopped(SystemExit):
    """A signal ends the run."""

    def __init__(self, number: int) -> None:
        """Keep the signal."""
        super().__init__(128 + number)
        self.signal = signal.Signals(number).name


def end_at_signals() -> None:
    """End the process at a signal, without a traceback: outside of a run, nothing has to end well."""
    for number in _signals():
        signal.signal(number, _end)


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `Stopped` in the main thread at the first signal, and end the process soon after, come what may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    timers: list[threading.Timer] = []

    def stop(number: int, _: object) -> None:
        timer = threading.Timer(_AT_ONCE if timers else _AT_MOST, os._exit, [128 + number])
        timer.daemon = True
        timer.start()
        timers.append(timer)
        if len(timers) == 1:
            raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in _signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for timer in timers:
            timer.cancel()


def _end(number: int, _: object) -> None:
    os._exit(128 + number)


def _signals() -> list[signal.Signals]:
    """List the signals that end a run. A terminal that closes sends SIGHUP, which `nohup` has ignored."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    found = [signal.Signals[name] for name in names if hasattr(signal, name)]
    return [one for one in found if one.name != "SIGHUP" or signal.getsignal(one) is not signal.SIG_IGN]
