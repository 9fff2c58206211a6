"""Asynchronous runs of reports: the tokens that are out, and when their rows are ready."""

from __future__ import annotations

import dataclasses
import secrets
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.options import made_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(slots=True, kw_only=True)
class QuerySettings:
    """How the server treats asynchronous runs."""

    missing: int | None = None
    """The status by which a server refuses that does not have the endpoints: 404 or 405; null if it has them."""
    ready_after: int | None = 0
    """How many polls it takes until the rows are there; 0 if they come at once, null if they never do."""
    pascal_case: bool = False
    """Field names begin with a capital, as clients have seen them on live tenants."""
    slots: int | None = None
    """How many runs may wait at the same time; null for any number."""
    days: int | None = None
    """How many days a run may cover before it fails when it is polled; null for any number."""


@dataclasses.dataclass(slots=True)
class Query:
    """One asynchronous run."""

    report: int
    page: Mapping[str, str]
    """Which page of the report was requested."""
    given: Mapping[str, Any]
    """The parameters of the report."""
    polls: int = 0
    status: str = "NotStarted"
    """NotStarted, InProgress, Done or Canceled: the last two never stand in a response."""


class Queries:
    """The asynchronous runs of one tenant."""

    def __init__(self) -> None:
        """Begin without any."""
        self.settings = QuerySettings()
        self._by_token: dict[str, Query] = {}

    def configure(self, options: Mapping[str, Any]) -> None:
        """Change some of the settings."""
        self.settings = made_of(QuerySettings, dataclasses.asdict(self.settings) | dict(options))

    def has_slot(self) -> bool:
        """Return whether one more run may wait."""
        waiting = sum(query.status in {"NotStarted", "InProgress"} for query in self._by_token.values())
        return self.settings.slots is None or waiting < self.settings.slots

    def start(self, query: Query) -> str:
        """Hand out a token for a run."""
        token = secrets.token_urlsafe(24)
        self._by_token[token] = query
        return token

    def find(self, token: str) -> Query | None:
        """Return the run of a token, if the token is known."""
        return self._by_token.get(token)

    def poll(self, query: Query) -> bool:
        """Count a poll; return whether the rows are ready."""
        query.polls += 1
        ready = self.settings.ready_after
        query.status = "InProgress" if ready is None or query.polls < ready else "Done"
        return query.status == "Done"

    def expire(self) -> int:
        """Forget all tokens; return how many there were."""
        count = len(self._by_token)
        self._by_token.clear()
        return count

    def listed(self) -> list[dict[str, Any]]:
        """List all runs, those that were canceled too."""
        return [{"token": token} | dataclasses.asdict(query) for token, query in self._by_token.items()]


def pascal_case(body: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Begin the names of all fields with a capital."""
    if isinstance(body, dict):
        return {name[:1].upper() + name[1:]: pascal_case(value) for name, value in body.items()}
    return [pascal_case(one) for one in body] if isinstance(body, list) else body
