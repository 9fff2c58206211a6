"""Bytes to and from a host: one HTTP session, and what a broken connection means."""

from __future__ import annotations

import http.cookiejar
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import requests

from tap_servicetitan.api.bodies import read_body
from tap_servicetitan.api.failures import BUNDLES, FAILURES, bundle, bundle_fault, judge_failure
from tap_servicetitan.api.replies import Reply, read_date
from tap_servicetitan.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable

    Auth = Callable[[requests.PreparedRequest], requests.PreparedRequest]


class Transport:
    """Sends requests; safe to share between threads."""

    def __init__(self, connections: int, timeout: float, limit: int) -> None:
        """Open a session.

        Args:
            connections: How many to keep open.
            timeout: Seconds to wait for a connection, and for a whole response.
            limit: The most bytes of a body.
        """
        # urllib3 logs the query of each request at DEBUG, and with it the bookmark.
        logging.getLogger("urllib3").setLevel(logging.WARNING)
        self._timeout, self._limit = timeout, limit
        self._clock = datetime.now(UTC), time.monotonic()
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "tap-servicetitan"})
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        # requests itself looks at the first two.
        if (named := bundle()) and named[0] == BUNDLES[-1]:
            self._session.verify = named[1]
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def check(self) -> None:
        """Look at the certificate bundle that a variable names, before anything is sent.

        Raises:
            CredentialsError: It cannot be used.
        """
        if fault := bundle_fault():
            raise CredentialsError(fault)

    def now(self) -> datetime:
        """Tell the time by the API's clock, which is that of the timestamps: this machine's may be wrong."""
        moment, at = self._clock
        return moment + timedelta(seconds=time.monotonic() - at)

    def send(self, who: str, method: str, url: str, auth: Auth, **parts: object) -> Reply:
        """Send a request, and read the response to its end.

        Raises:
            TransientError: The connection broke, or the response took too long.
            OverloadError: The body is too large.
            CredentialsError: A setting is wrong: of a proxy, of certificates, or the address.
        """
        deadline = time.monotonic() + self._timeout
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
            with response:
                body = read_body(who, response, deadline, self._limit)
        except FAILURES as error:
            raise judge_failure(who, error, url) from None
        if moment := read_date(response.headers.get("Date", "")):
            self._clock = moment, time.monotonic()
        return Reply(response.status_code, response.reason or "", response.headers, body)
