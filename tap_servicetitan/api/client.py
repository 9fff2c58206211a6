"""The API over HTTP: one session, one token and one limit for all streams of a tenant."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from tap_servicetitan.api.auth import AccessToken, Authorization
from tap_servicetitan.api.retry import bounded, retry
from tap_servicetitan.api.statuses import judge
from tap_servicetitan.api.transport import Transport
from tap_servicetitan.api.usage import Usage
from tap_servicetitan.errors import ApiError, TransientError, UnreadableBodyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tap_servicetitan.api.replies import Reply
    from tap_servicetitan.api.request import Request
    from tap_servicetitan.settings.settings import Settings

T = TypeVar("T")


class Client:
    """Sends the requests of all streams; safe to share between threads."""

    def __init__(self, settings: Settings, logger: logging.Logger) -> None:
        """Prepare a session; nothing is sent yet."""
        # Here, because --about and --discover need no limiter and its import takes a tenth of a second.
        from pyrate_limiter import Duration, Limiter, Rate  # noqa: PLC0415 - see above

        logging.getLogger("pyrate_limiter").setLevel(logging.WARNING)
        self._settings = settings
        self._logger = logger
        self._transport = Transport(settings.concurrency, settings.request_timeout, settings.max_response_mb << 20)
        self._token = AccessToken(self._transport, settings, logger)
        rate = settings.requests_per_second
        burst = max(1, int(rate))
        self._limiter = Limiter(Rate(burst, math.ceil(Duration.SECOND * burst / rate)))
        self._paused_until = 0.0
        self._usage: dict[str, Usage] = {}
        self._counting = threading.Lock()
        self._endpoints: dict[str, threading.Lock] = {}
        self.accepted = threading.Event()
        """Set as soon as the API has served, or known and refused, one request of this tenant."""

    def connect(self) -> None:
        """Get a token, so that wrong credentials show before anything else is done.

        Raises:
            CredentialsError: The API does not know these credentials, or a setting of the network is wrong.
        """
        self._transport.check()
        self._token.current()

    @property
    def sign_ins(self) -> int:
        """How many access tokens there were so far."""
        return self._token.count

    @property
    def sent(self) -> Counter[str]:
        """How many requests were sent for each stream, each try counted."""
        with self._counting:
            return Counter({stream: one.requests for stream, one in self._usage.items()})

    def usage(self, stream: str) -> Usage:
        """Tell what the requests of a stream have come to so far."""
        with self._counting:
            return self._usage.setdefault(stream, Usage())

    @property
    def waiting(self) -> float:
        """Seconds for which the API still wants all streams to wait."""
        return max(0.0, self._paused_until - time.monotonic())

    def now(self) -> datetime:
        """Tell the time by the API's clock."""
        return self._transport.now()

    def fetch(self, request: Request, read: Callable[[bytes], T], accepted: Callable[[bytes], T] | None = None) -> T:
        """Send a request, with retries where they may help, and return what `read` makes of the body.

        Args:
            request: The request.
            read: Raises `UnreadableBodyError` where a retry may help.
            accepted: Reads the body of a 202; None if that is no answer to the request.

        Raises:
            ApiError: One of its kinds.
        """
        unharmed = f"the bookmark of {request.stream} is unharmed"
        with self.usage(request.stream).fetching():
            return retry(lambda: self._once(request, read, accepted), self._logger, unharmed, request.max_server_errors)

    def attempt(self, request: Request) -> None:
        """Send a request once, whatever comes of it."""
        with contextlib.suppress(ApiError):
            self._send_authorised(request)

    def _once(self, request: Request, read: Callable[[bytes], T], accepted: Callable[[bytes], T] | None = None) -> T:
        # Two requests of one endpoint at once were seen to be refused and to spoil each other's pages.
        with self._endpoints.setdefault(request.path, threading.Lock()):
            reply = self._send_authorised(request)
        if reply.status == HTTPStatus.ACCEPTED and accepted:
            read = accepted
        elif reply.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            raise self._judged(request, reply)
        try:
            # No content is how the API's framework answers a null: a list without a row.
            body = b"[]" if reply.status == HTTPStatus.NO_CONTENT else reply.body
            with self.usage(request.stream).reading():
                page = read(body)
        except UnreadableBodyError as error:
            msg = f"{request.stream}: the body is {error} ({len(reply.body)} bytes)"
            # It may have been too much for the server: a smaller page may come.
            raise TransientError(msg, overload=True) from None
        self.accepted.set()
        return page

    def _judged(self, request: Request, reply: Reply) -> Exception:
        error = judge(
            request,
            reply,
            self._settings.tenant_id,
            others_served=self.accepted.is_set(),
            hidden=[*self._token.hidden, *([str(token)] if (token := request.params.get("from")) else [])],
        )
        if reply.is_served:
            self.accepted.set()
        is_limit = reply.status == HTTPStatus.TOO_MANY_REQUESTS and not request.has_own_limits
        if is_limit and isinstance(error, TransientError) and error.wait:
            # The limit is the tenant's: whoever sends now is refused.
            self._paused_until = max(self._paused_until, time.monotonic() + bounded(error.wait))
        return error

    def _send_authorised(self, request: Request) -> Reply:
        token = self._token.current()
        reply = self._send(request, token)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            # The API may drop a token before its time: once more with a fresh one.
            self._token.drop(token)
            reply = self._send(request, self._token.current())
        return reply

    def _send(self, request: Request, token: str) -> Reply:
        self._limiter.try_acquire("api")
        # Not for no time at all: that alone gives the turn to other threads.
        if (pause := self._paused_until - time.monotonic()) > 0:
            time.sleep(pause)
        if request.before_try:
            request.before_try()
        values = {name: quote(str(value), safe="") for name, value in request.path_values.items()}
        url = self._settings.host + request.path.format(tenant=self._settings.tenant_id, **values)
        auth = Authorization(token, self._settings.st_app_key)
        with self.usage(request.stream).sending(request.path) as replies:
            replies.append(self._transport.send(request.stream, request.method, url, auth=auth, **request.parts()))
        return replies[0]
