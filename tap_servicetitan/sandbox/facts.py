"""What is known of each endpoint: its row in the table, and the facts of its fields."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.catalog.twins import twins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.catalog.twins import Twin

Property: TypeAlias = "Mapping[str, Any]"

TENANT = "tenantId"
"""The field that tells whose row it is, where nothing else could be a key."""


@dataclasses.dataclass(frozen=True)
class Facts:
    """One endpoint: the table's row beside the vendor's facts."""

    row: Endpoint
    scope: str
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    envelope: tuple[str, ...]
    """The fields of the body around the rows; none where the body is the rows themselves."""
    properties: Mapping[str, Property]
    without: tuple[str, ...] = ()
    """The fields that rows of the stream have elsewhere, but not here."""

    @functools.cached_property
    def key(self) -> tuple[str, ...]:
        """The fields that tell one row from another, as far as the rows of the sandbox have them."""
        if self.row.made_key:
            return tuple(dict.fromkeys(path.partition(".")[0] for path in itertools.chain(*self.row.made_key)))
        if "_line" in self.row.key:
            return (*self.row.placeholders, *self.properties)
        return tuple(name for name in self.row.key if name in {*self.properties, *self.added})

    @functools.cached_property
    def added(self) -> tuple[str, ...]:
        """The fields that a reader adds: parameters of its request that the rows lack."""
        window = self.row.window.fields if self.row.window else ()
        tenant = (TENANT,) if TENANT in self.row.key else ()
        return (*self.row.placeholders, *window, *tenant)


@functools.cache
def _module(name: str) -> Mapping[str, Any]:
    text = (files("tap_servicetitan.catalog") / "schemas" / f"{name}.json").read_text("utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def _facts(row: Endpoint) -> Facts:
    known = _module(row.module)[row.name]
    return Facts(
        row,
        known["scope"],
        tuple(known["parameters"]),
        tuple(known.get("required", ())),
        tuple(known.get("envelope") or ()),
        known["properties"],
    )


FACTS: Mapping[str, Facts] = {row.name: _facts(row) for row in ENDPOINTS}


def _twin(feed: Facts, twin: Twin) -> Facts:
    row = dataclasses.replace(feed.row, kind="list", path=twin.path.removeprefix(feed.row.base))
    envelope = ("page", "pageSize", "hasMore", "totalCount", "data")
    return dataclasses.replace(feed, row=row, parameters=twin.parameters, envelope=envelope, without=twin.without)


TWINS: Mapping[str, Facts] = {name: _twin(FACTS[name], twin) for name, twin in twins().items()}
"""The lists that show the rows of a feed as well, by the feed."""


def type_of(field: Property) -> str:
    """Name the type of a field, null aside."""
    declared = field["type"]
    return str(declared) if isinstance(declared, str) else next(str(one) for one in declared if one != "null")


def nullable(field: Property) -> bool:
    """Return whether null is a declared value of a field."""
    return "null" in field["type"] if isinstance(field["type"], list) else False
