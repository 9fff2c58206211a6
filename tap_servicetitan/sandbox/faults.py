"""Faults on demand: what goes wrong, for which stream, when, and how often."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Answered: TypeAlias = Literal["status", "html", "empty", "redirect", "reset", "slow", "truncate", "reject-continuation"]
"""Faults of an answer as a whole."""
Paged: TypeAlias = Literal["empty-page", "repeat-token", "extra-field"]
"""Faults of a page of a feed; a page of a list knows no tokens, and has the others."""
Listed: TypeAlias = Literal["shift"]
"""What happens while a list is read: ``count`` rows change that stood on the requested page, or before it."""
Last: TypeAlias = Literal["last-token-missing", "last-token-empty", "last-token-same"]
"""Faults of the last page of a feed."""

KINDS: frozenset[str] = frozenset({*get_args(Answered), *get_args(Paged), *get_args(Listed), *get_args(Last)})
ANSWERED: frozenset[str] = frozenset(get_args(Answered))
PAGED: frozenset[str] = frozenset(get_args(Paged))
PAGED_LISTS: frozenset[str] = PAGED - {"repeat-token"}
WITHOUT_PAGES: frozenset[str] = PAGED_LISTS - {"empty-page"}
LISTED: frozenset[str] = frozenset(get_args(Listed))
LAST: frozenset[str] = frozenset(get_args(Last))
_BODIES = ("json", "html", "empty")
_PLACES = ("start", "headers", "body", "end")


@dataclasses.dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong."""

    kind: str
    stream: str | None = None
    """Which stream's requests, or ``token`` for the token endpoint; all of both if not given."""
    skip: int = 0
    """How many matching requests pass before the first one is hit."""
    times: int = 1
    """How many requests are hit; 0 for all, until the faults are cleared."""
    status: int = 500
    body: str = "json"
    title: str = "An error occurred."
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    where: str = "start"
    seconds: float = 1.0
    location: str = "/elsewhere"
    count: int = 3
    """How many rows change in a ``shift``."""
    fields: Mapping[str, Any] = dataclasses.field(default_factory=lambda: {"undeclaredField": "new"})

    def __post_init__(self) -> None:
        """Refuse what could never happen, so that a test does not wait for it."""
        for name, value, allowed in (
            ("kind", self.kind, sorted(KINDS)),
            ("body", self.body, _BODIES),
            ("where", self.where, _PLACES),
        ):
            if value not in allowed:
                msg = f"fault: {name} {value!r} is not known; it is one of {', '.join(allowed)}"
                raise ValueError(msg)


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pending: list[Fault] = []

    def add(self, **options: Any) -> Fault:  # noqa: ANN401 - a fault as JSON
        """Let something go wrong."""
        known = {field.name for field in dataclasses.fields(Fault)}
        if unknown := sorted(options.keys() - known):
            msg = f"fault: {', '.join(unknown)} not known; it may say {', '.join(sorted(known))}"
            raise ValueError(msg)
        fault = Fault(**options)
        self._pending.append(fault)
        return fault

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._pending.clear()

    def pending(self) -> list[dict[str, Any]]:
        """List the faults that are still to come."""
        return [dataclasses.asdict(fault) for fault in self._pending]

    def take(self, kinds: frozenset[str], stream: str, *, continued: bool = False) -> Fault | None:
        """Return the fault that hits this request, if one does."""
        for fault in self._pending:
            if fault.kind not in kinds or fault.stream not in {None, stream}:
                continue
            if fault.kind == "reject-continuation" and not continued:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if not fault.times:
                self._pending.remove(fault)
            return fault
        return None
