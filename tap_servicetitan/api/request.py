"""What one request to the API consists of."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WORDS = {"true": True, "false": False}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request, and what to say where it fails."""

    stream: str
    """Named in messages."""

    path: str
    """Below the API's host, with placeholders; ``{tenant}`` stands for the tenant."""

    path_values: Mapping[str, object] = dataclasses.field(default_factory=dict)
    """What the other placeholders stand for."""

    params: Mapping[str, object] = dataclasses.field(default_factory=dict)
    """The query of a GET, the body of a POST; a dot in a name leads into an object of the body."""

    body: Mapping[str, object] | None = None
    """The body of a POST that has a query as well; `params` is the query then."""

    method: str = "GET"

    scope: str = ""
    """The API scope that the endpoint needs."""

    advice: Mapping[int, str] = dataclasses.field(default_factory=dict)
    """What to do about a status, where that differs from other endpoints."""

    has_own_limits: bool = False
    """A 429 of this endpoint delays no other request, and its 409 is retried (maintenance)."""

    max_server_errors: int | None = None
    """How many server errors to accept, where that is fewer than the number of tries."""

    before_try: Callable[[], None] | None = None
    """Called before each try; it may wait."""

    def parts(self) -> dict[str, object]:
        """Give the query and body as `requests` takes them."""
        if self.body is not None:
            return {"params": self.params, "json": self.body}
        return {"json": _as_json(self.params)} if self.method == "POST" else {"params": self.params}


def _as_json(params: Mapping[str, object]) -> dict[str, Any]:
    """Write as JSON what the table writes as text."""
    body: dict[str, Any] = {}
    for path, value in params.items():
        *outer, name = path.split(".")
        inner = body
        for step in outer:
            inner = inner.setdefault(step, {})
        inner[name] = _WORDS.get(value, value) if isinstance(value, str) else value
    return body
