"""What the values of a row depend on besides chance, and what makes one of them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_servicetitan.sandbox.directory import Directory


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """What the values of a row depend on besides chance."""

    created: int
    directory: Directory


Maker: TypeAlias = "Callable[[int, Frame], Any]"
