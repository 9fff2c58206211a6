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
        log.warning(
            "%s; try %d of %d follows in %.1f s",
            details["exception"],
            details["tries"] + 1,
            MAX_TRIES,
            details["wait"],
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
        # Jitter on top of what was asked for, so that all workers do not come back in the same moment.
        error = yield random.uniform(0, longest) if error.wait is None else error.wait + random.uniform(0, 0.1)  # noqa: S311 - no secret
