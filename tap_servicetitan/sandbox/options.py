"""Reading the options of a control endpoint into the value that they describe."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


def made_of(kind: type[T], options: Mapping[str, Any]) -> T:
    """Make a value of a dataclass, and refuse options that it does not have."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # only ever a dataclass
    if unknown := sorted(options.keys() - known):
        msg = f"{kind.__name__.lower()}: unknown option {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        raise ValueError(msg)
    return kind(**options)
