"""Who may ask: the app's credentials, its access tokens, and how often it may ask."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import secrets
import time

LIFETIME = 900
"""Seconds that an access token is good for."""


@dataclasses.dataclass(frozen=True, slots=True)
class App:
    """The credentials of the one app that knows the tenant."""

    client_id: str
    client_secret: str
    app_key: str

    @classmethod
    def of(cls, tenant: str) -> App:
        """Make up credentials, the same ones every time."""

        def made(prefix: str) -> str:
            return prefix + hashlib.blake2b(f"{prefix}{tenant}".encode(), digest_size=12).hexdigest()

        return cls(made("cid."), made("cs1."), made("ak1."))


class AccessTokens:
    """The access tokens that are out."""

    def __init__(self) -> None:
        """Begin with none."""
        self._ends: dict[str, float] = {}

    def issue(self) -> str:
        """Return a token out."""
        token = secrets.token_urlsafe(32)
        self._ends[token] = time.monotonic() + LIFETIME
        return token

    def good(self, header: str) -> bool:
        """Return whether an Authorization header holds a token that has not ended."""
        kind, _, token = header.partition(" ")
        return kind.lower() == "bearer" and self._ends.get(token, 0.0) > time.monotonic()

    def expire(self) -> int:
        """End all tokens that are out; return how many there were."""
        count = len(self._ends)
        self._ends.clear()
        return count


class RateLimit:
    """So many requests in any one second."""

    def __init__(self, a_second: int | None) -> None:
        """Set the limit; None switches it off."""
        self.a_second = a_second
        self._lately: collections.deque[float] = collections.deque()

    def exceeded(self) -> bool:
        """Count a request, unless it is one too many."""
        if self.a_second is None:
            return False
        now = time.monotonic()
        while self._lately and self._lately[0] <= now - 1:
            self._lately.popleft()
        if len(self._lately) >= self.a_second:
            return True
        self._lately.append(now)
        return False
