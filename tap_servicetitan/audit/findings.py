"""What an audit finds."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, get_args

Kind = Literal["missing", "stale", "vanished"]

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that is not in the warehouse as it is in the API."""

    key: dict[str, Any]
    kind: Kind
    """Only the API has it; the warehouse has it as it was; only the warehouse has it."""
    created: str | None = None
    modified: str | None = None
    """When the row last changed, as the API says; of a vanished one, as the warehouse does."""
    fields: tuple[str, ...] = ()
    """The fields that differ, of a stale row."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SpanCounts:
    """A span of creation dates in which the numbers of rows differ, where rows cannot be compared."""

    span: str
    api: int
    warehouse: int


@dataclasses.dataclass(slots=True, kw_only=True)
class Result:
    """What came of comparing a stream."""

    stream: str
    api: int | None = None
    """Rows of the API."""
    warehouse: int | None = None
    """Rows of the warehouse in the same span."""
    compared: int = 0
    """Rows of the API that were read and compared field by field."""
    differences: list[Difference] = dataclasses.field(default_factory=list)
    spans: list[SpanCounts] = dataclasses.field(default_factory=list)
    note: str = ""
    """Why the stream was not compared, or not row by row."""
    failed: bool = False
    """Whether it should have been compared, and could not be."""

    def count(self, kind: Kind) -> int:
        """Count the differences of a kind."""
        return sum(one.kind == kind for one in self.differences)

    @property
    def differs(self) -> bool:
        """Whether the warehouse is not as the API is."""
        return bool(self.differences or self.spans)
