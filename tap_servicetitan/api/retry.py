"""Retries: how often, and how long to wait between them."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, TypeVar

import backoff

from tap_servicetitan.errors import ApiError, OverloadError, TransientError

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator

    from backoff.types import Details

T = TypeVar("T")

MAX_TRIES = 12
"""Live users needed about ten."""

FIRST_WAIT = 1.0
"""Seconds before the second try, at most; doubled with each further try."""

LONGEST_WAIT = 60.0
"""Seconds between tries, unless the API asks for more."""

LONGEST_REQUESTED_WAIT = 600.0
"""Seconds that the API can ask for at the most; it has been seen to ask for 50."""


def retry(once: Callable[[], T], log: logging.Logger, unharmed: str, max_server_errors: int | None = None) -> T:
    """Call until it succeeds, or a retry will not help.

    Args:
        once: One try; raises `TransientError` where a retry may help.
        log: Says which try comes when.
        unharmed: What the failure does not affect, for the message.
        max_server_errors: How many server errors to accept, where that is fewer than the number of tries.

    Raises:
        OverloadError: The server failed too often.
        ApiError: The tries are used up.
    """
    server_errors = itertools.count(1)

    def is_hopeless(error: Exception) -> bool:
        overload = isinstance(error, TransientError) and error.overload
        return max_server_errors is not None and overload and next(server_errors) >= max_server_errors

    def announce(details: Details) -> None:
        error = details["exception"]
        log.warning(
            "%s; try %d of %d follows in %.1f s%s",
            error,
            details["tries"] + 1,
            MAX_TRIES,
            details["wait"],
            _shortened(error),
        )

    decorate = backoff.on_exception(
        _waits,
        TransientError,
        max_tries=MAX_TRIES,
        giveup=is_hopeless,
        jitter=None,
        on_backoff=announce,
        logger=None,
    )
    try:
        return decorate(once)()
    except TransientError as error:
        tries = MAX_TRIES if max_server_errors is None or not error.overload else max_server_errors
        msg = f"{error}; gave up after {tries} tries: run again later, {unharmed}"
        raise (OverloadError if error.overload else ApiError)(msg) from None


def _waits() -> Generator[float, TransientError, None]:
    """Yield the seconds to wait: what the API asks for, else exponential with jitter."""
    exponential = backoff.expo(factor=FIRST_WAIT, max_value=LONGEST_WAIT)
    next(exponential)
    error = yield 0.0
    for longest in exponential:
        wait = random.uniform(0, longest)  # noqa: S311 - no secret
        if error.wait is not None:
            # Jitter on top of what was asked for, so that all workers do not come back in the same moment. Never less
            # than without: a header of 0 would use up all tries in a second.
            wait = max(bounded(error.wait) + random.uniform(0, 0.1), wait)  # noqa: S311 - as above
        error = yield wait


def _shortened(error: Exception) -> str:
    """Say where the API asks for more time than it gets."""
    if not isinstance(error, TransientError) or error.wait is None or error.wait <= LONGEST_REQUESTED_WAIT:
        return ""
    return f" (the API asks for {error.wait:,.0f} s; the tap waits {LONGEST_REQUESTED_WAIT:,.0f} s at most)"


def bounded(wait: float) -> float:
    """Return for how long the tap waits where the API asks for some seconds."""
    return min(wait, LONGEST_REQUESTED_WAIT)
