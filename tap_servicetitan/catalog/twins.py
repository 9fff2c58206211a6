"""The lists that show the rows of the export feeds as well, for whoever wants to compare."""

from __future__ import annotations

import dataclasses
import functools
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A list with the rows of a feed; it counts them, and filters them by their date of creation."""

    path: str
    parameters: tuple[str, ...]
    inactive: str | None
    """The parameter that includes inactive rows, as ``name=value``; None: there is none."""
    sort: str | None
    """The value of ``sort`` that puts rows in the order of their ids, where it is documented."""
    without: tuple[str, ...]
    """The fields of the feed that the list lacks."""


@functools.cache
def twins() -> Mapping[str, Twin]:
    """Read the facts, by feed; see ``scripts/list_twins.py``."""
    text = (files("tap_servicetitan.catalog") / "twins.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Twin])
