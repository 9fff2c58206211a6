"""Faults on demand: what goes wrong, for which stream, when, and how often."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from tap_servicetitan.sandbox.options import made_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Answered: TypeAlias = Literal[
    "status",
    "html",
    "empty",
    "redirect",
    "reset",
    "slow",
    "truncate",
    "reject-continuation",
    "content",
    "envelope",
    "swap-envelope",
    "raw-field",
    "wrong-date",
]
"""Faults of a response as a whole."""
Paged: TypeAlias = Literal["empty-page", "repeat-token", "token-cycle", "extra-field"]
"""Faults of a page of a feed; a page of a list knows no tokens, and has the others."""
Listed: TypeAlias = Literal["shift", "delete-rows", "insert-rows", "reorder"]
"""What happens after a page, a child, a window or a report was read, and before the next request."""
Last: TypeAlias = Literal["last-token-missing", "last-token-empty", "last-token-same"]
"""Faults of the last page of a feed."""

KINDS: frozenset[str] = frozenset({*get_args(Answered), *get_args(Paged), *get_args(Listed), *get_args(Last)})
ANSWERED: frozenset[str] = frozenset(get_args(Answered))
PAGED: frozenset[str] = frozenset(get_args(Paged))
PAGED_LISTS: frozenset[str] = PAGED - {"repeat-token", "token-cycle"}
WITHOUT_PAGES: frozenset[str] = PAGED_LISTS - {"empty-page"}
LISTED: frozenset[str] = frozenset(get_args(Listed))
LAST: frozenset[str] = frozenset(get_args(Last))
_BODIES = ("json", "html", "empty", "gateway")
_PLACES = ("start", "headers", "body", "end")
_SIDES = ("read", "unread")


@dataclasses.dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong."""

    kind: str
    stream: str | None = None
    """Which stream's requests, or ``token`` for the token endpoint; all of both if not given."""
    page: int | None = None
    """Only requests for this page are hit."""
    page_size_over: int | None = None
    """Only requests for pages of more rows than this are hit."""
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
    content: Any = None
    """The body of a ``content``."""
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    without: Sequence[str] = ()
    """Fields that an ``envelope`` misses."""
    count: int = 3
    """How many rows change, go or come; how many tokens a cycle has."""
    keys: Sequence[Mapping[str, Any]] | None = None
    """Which rows change or go."""
    side: str = "read"
    """Without ``keys``, rows change or go that stand on pages that were ``read``, or behind them, ``unread``."""
    seed: int | None = None
    """Draws the rows from all of that side; without it they are the first ones."""
    values: Mapping[str, Any] | None = None
    """What the rows are changed to."""
    of: str | None = None
    """The stream whose rows change, go or come, if it is another one than the stream that is read."""
    handed_out: list[str] = dataclasses.field(default_factory=list)
    """The tokens of a cycle so far."""

    def __post_init__(self) -> None:
        """Refuse what could never happen, so that a test does not wait for it."""
        for name, value, allowed in (
            ("kind", self.kind, sorted(KINDS)),
            ("body", self.body, _BODIES),
            ("where", self.where, _PLACES),
            ("side", self.side, _SIDES),
        ):
            if value not in allowed:
                msg = f"fault: unknown {name} {value!r}; it is one of {', '.join(allowed)}"
                raise ValueError(msg)
        if self.kind == "extra-field" and not self.fields:
            self.fields = {"undeclaredField": "new"}

    def matches(self, kinds: frozenset[str], stream: str, query: Mapping[str, str]) -> bool:
        """Return whether a request is one that this fault is for."""
        if self.kind not in kinds or self.stream not in {None, stream}:
            return False
        if self.page is not None and _number(query.get("page", "1")) != self.page:
            return False
        return self.page_size_over is None or _number(query.get("pageSize", "50")) > self.page_size_over


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdecimal() else -1


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pending: list[Fault] = []

    def add(self, **options: Any) -> Fault:  # noqa: ANN401 - a fault as JSON
        """Let something go wrong."""
        fault = made_of(Fault, options)
        self._pending.append(fault)
        return fault

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._pending.clear()

    def pending(self) -> list[dict[str, Any]]:
        """List the faults that are still to come."""
        return [dataclasses.asdict(fault) for fault in self._pending]

    def take(
        self, kinds: frozenset[str], stream: str, query: Mapping[str, str], *, continued: bool = False
    ) -> Fault | None:
        """Return the fault that hits this request, if one does."""
        return next(self._hits(kinds, stream, query, continued=continued), None)

    def take_all(self, kinds: frozenset[str], stream: str, query: Mapping[str, str]) -> list[Fault]:
        """Return all faults that hit this request."""
        return list(self._hits(kinds, stream, query))

    def _hits(
        self, kinds: frozenset[str], stream: str, query: Mapping[str, str], *, continued: bool = False
    ) -> Iterator[Fault]:
        for fault in list(self._pending):
            if not fault.matches(kinds, stream, query) or (fault.kind == "reject-continuation" and not continued):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if not fault.times:
                self._pending.remove(fault)
            yield fault
