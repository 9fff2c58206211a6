"""Signing in: one access token for all streams."""

from __future__ import annotations

import json
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_servicetitan.api.replies import describe, requested_wait
from tap_servicetitan.api.retry import retry
from tap_servicetitan.api.statuses import is_transient
from tap_servicetitan.errors import CredentialsError, TransientError
from tap_servicetitan.logs import hide

if TYPE_CHECKING:
    import logging

    from requests import PreparedRequest

    from tap_servicetitan.api.transport import Transport
    from tap_servicetitan.settings.settings import Settings

EXPIRY_MARGIN = 60.0
"""Seconds before its end in which a token is replaced: a request may take longer than what is left."""

USUAL_LIFE = 900.0
"""Seconds that a token lives, where the response does not say it (documented)."""


LONGEST_LIFE = 86_400.0
"""Seconds after which a token is replaced, whatever the response says."""


class AccessToken:
    """The one access token, replaced shortly before it expires; safe to share between threads."""

    def __init__(self, transport: Transport, settings: Settings, log: logging.Logger) -> None:
        """Prepare to sign in; nothing is sent yet."""
        self._transport, self._settings, self._log = transport, settings, log
        hide((settings.client_id, settings.client_secret, settings.st_app_key))
        self._lock = threading.Lock()
        self._value: str | None = None
        self._replace_at = 0.0
        self.count = 0
        """How many tokens there were."""

    def current(self) -> str:
        """Give the token, a fresh one where there is none or it is about to expire.

        Raises:
            CredentialsError: The sign-in refuses.
            ApiError: The sign-in does not answer.
        """
        with self._lock:
            if self._value is None or time.monotonic() >= self._replace_at:
                self._value, seconds = retry(self._sign_in, self._log, "all bookmarks are unharmed")
                hide((self._value,))
                self.count += 1
                self._replace_at = time.monotonic() + max(seconds - EXPIRY_MARGIN, seconds / 2)
            return self._value

    @property
    def hidden(self) -> list[str]:
        """What no message may have: the credentials, and the token."""
        settings = self._settings
        known = (settings.client_id, settings.client_secret, settings.st_app_key, self._value)
        return [value for value in known if value]

    def drop(self, value: str) -> None:
        """Forget a token that the API refused, unless it is replaced already."""
        with self._lock:
            if self._value == value:
                self._value = None

    def _sign_in(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
        }
        reply = self._transport.send("sign-in", "POST", self._settings.sign_in_url, auth=_no_auth, data=form)
        what = f"sign-in: {describe(reply, self.hidden)}"
        if is_transient(reply.status):
            raise TransientError(what, requested_wait(reply))
        if reply.status != HTTPStatus.OK:
            refused = reply.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
            advice = (
                f"check client_id and client_secret, and that they are of environment {self._settings.environment}"
                if refused
                else "ServiceTitan's sign-in does not answer like this, check auth_url and what stands between"
            )
            msg = f"{what}; {advice}"
            raise CredentialsError(msg)
        try:
            body = json.loads(reply.body)
            return str(body["access_token"]), _life(body.get("expires_in"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            msg = "sign-in: the body has no access_token; check auth_url"
            raise TransientError(msg) from None


def _life(expires_in: object) -> float:
    """Return how many seconds a token lives; what is no such number says nothing."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        return USUAL_LIFE
    return min(seconds, LONGEST_LIFE) if seconds > 0 else USUAL_LIFE


class Authorization:
    """Authorises a request. As an auth object, because requests puts a ~/.netrc entry above a plain header."""

    def __init__(self, token: str, app_key: str) -> None:
        """Hold what the headers carry."""
        self._token = token
        self._app_key = app_key

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the headers on a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.headers["ST-App-Key"] = self._app_key
        return request


def _no_auth(request: PreparedRequest) -> PreparedRequest:
    """Keep a ~/.netrc entry out of the sign-in."""
    return request
