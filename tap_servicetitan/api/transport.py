"""Bytes to and from a host: one HTTP session, and what a broken connection means."""

from __future__ import annotations

import http.cookiejar
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from tap_servicetitan.api.statuses import Reply, read_date
from tap_servicetitan.errors import CredentialsError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    Auth = Callable[[requests.PreparedRequest], requests.PreparedRequest]

_BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class Transport:
    """Sends requests; safe to share between threads."""

    def __init__(self, connections: int, timeout: float) -> None:
        """Open a session.

        Args:
            connections: How many to keep open.
            timeout: Seconds to wait for a response.
        """
        # urllib3 logs the query of each request at DEBUG, and with it the bookmark.
        logging.getLogger("urllib3").setLevel(logging.WARNING)
        self._timeout = timeout
        self._clock = datetime.now(UTC), time.monotonic()
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "tap-servicetitan"})
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def now(self) -> datetime:
        """Tell the time by the API's clock, which is that of the timestamps: this machine's may be wrong."""
        moment, at = self._clock
        return moment + timedelta(seconds=time.monotonic() - at)

    def send(self, who: str, method: str, url: str, auth: Auth, **parts: object) -> Reply:
        """Send a request, and read the response to its end.

        Raises:
            TransientError: The connection broke.
            CredentialsError: The host's certificate is not trusted.
        """
        try:
            # Redirects are not followed: they could carry the credentials to another host.
            response = self._session.request(
                method,
                url,
                auth=auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                **parts,  # type: ignore[arg-type]  # the query, form or JSON of the request
            )
            # In one piece: requests itself reads 10 kB at a time, and holds all twice.
            body = b"".join(response.iter_content(None))
        except _BROKEN as error:
            # The exception's own text has the URL with its query.
            msg = f"{who}: {_describe(error)} ({urlsplit(url).hostname})"
            if _is_untrusted(error):
                msg = f"{msg}; nothing was sent to it. Check api_url and auth_url, and what stands between"
                raise CredentialsError(msg) from None
            took_too_long = isinstance(error, requests.Timeout | requests.exceptions.ChunkedEncodingError)
            raise TransientError(msg, overload=took_too_long) from None
        if moment := read_date(response.headers.get("Date", "")):
            self._clock = moment, time.monotonic()
        return Reply(response.status_code, response.reason or "", response.headers, body)


def _is_untrusted(error: BaseException) -> bool:
    """Tell whether the host's certificate is the reason: a retry does not help."""
    return isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error)


def _describe(error: requests.RequestException) -> str:
    """Name a failure of the connection without its text."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the host's certificate was not accepted"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke within the answer"
    return "the connection failed or broke"
