"""What is known of each endpoint: its row in the table, and the facts of its fields."""

from __future__ import annotations

import dataclasses
import functools
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.endpoint import Endpoint

Property: TypeAlias = "Mapping[str, Any]"


@dataclasses.dataclass(frozen=True)
class Facts:
    """One endpoint: the table's row beside the vendor's facts."""

    row: Endpoint
    scope: str
    parameters: tuple[str, ...]
    properties: Mapping[str, Property]

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that tell one item of the API from another."""
        if made := self.row.made_key:
            return (made.field, *made.fallback)
        return tuple(name for name in self.row.key if name in self.properties)


@functools.cache
def _module(name: str) -> Mapping[str, Any]:
    text = (files("tap_servicetitan") / "schemas" / f"{name}.json").read_text("utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def _facts(row: Endpoint) -> Facts:
    known = _module(row.module)[row.name]
    return Facts(row, known["scope"], tuple(known["parameters"]), known["properties"])


FACTS: Mapping[str, Facts] = {row.name: _facts(row) for row in ENDPOINTS}


def type_of(field: Property) -> str:
    """Name the type of a field, null aside."""
    declared = field["type"]
    return str(declared) if isinstance(declared, str) else next(str(one) for one in declared if one != "null")


def nullable(field: Property) -> bool:
    """Tell whether null is a declared value of a field."""
    return "null" in field["type"] if isinstance(field["type"], list) else False
