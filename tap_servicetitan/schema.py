"""Facts about an endpoint to the JSON Schema of its stream."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tap_servicetitan.endpoint import Endpoint

Schema = dict[str, Any]

_FORMATS = ("date", "date-time")
"""The others (email, phone, html, decimal, …) are hints that live data breaks, or unknown to JSON Schema."""

CORRECTIONS: dict[tuple[str, str], Schema] = {
    # Declared as dates, and arrive as 2025-08-01T00:00:00 (seen by a client on live tenants).
    ("service_agreements", "startDate"): {"format": "date-time"},
    ("service_agreements", "endDate"): {"format": "date-time"},
}
"""Where the vendor's documents are known to be wrong, with the observation."""


@functools.cache
def facts(module: str) -> dict[str, Any]:
    """Read what is known of a module's endpoints, by stream."""
    loaded: dict[str, Any] = json.loads((files("tap_servicetitan") / "schemas" / f"{module}.json").read_bytes())
    return loaded


def stream_facts(row: Endpoint) -> dict[str, Any]:
    """Read what is known of one endpoint: path, scope, parameters and properties."""
    known: dict[str, Any] | None = facts(row.module).get(row.name)
    if known is None:
        msg = f"{row.name}: no facts in schemas/{row.module}.json; run scripts/refresh_schemas.py <openapi folder>"
        raise LookupError(msg)
    return known


@functools.cache
def stream_schema(row: Endpoint) -> Schema:
    """Make the JSON Schema of a stream; the very same object on every call.

    Everything but the keys may be null and enums are open: the API breaks both promises.
    """
    properties = dict(stream_facts(row)["properties"])
    if row.explode:
        entry = properties.pop(row.explode)["items"]
        properties |= entry["properties"]
    if row.made_key:
        properties["_key"] = {"type": "string"}
    schema = _object({name: _corrected(row.name, name, fact) for name, fact in properties.items()})
    for name in row.key:
        if name not in schema["properties"]:
            msg = f"{row.name}: the key {name!r} is no property of it; mend the row or its facts"
            raise LookupError(msg)
        schema["properties"][name]["type"] = _types(properties[name])[0]
    return {"type": "object", "properties": schema["properties"], "required": list(row.key)}


def _object(properties: Schema) -> Schema:
    return {"type": ["object", "null"], "properties": {name: _nullable(fact) for name, fact in properties.items()}}


def _nullable(fact: Schema) -> Schema:
    types = _types(fact)
    if "properties" in fact:
        return _object(fact["properties"])
    if types == ["object"]:
        # Where recursion is cut. With no properties at all, the SDK ends with a KeyError.
        return {"type": ["object", "null"], "properties": {}, "additionalProperties": True}
    schema: Schema = {"type": [*types, "null"]}
    if "items" in fact:
        schema["items"] = _nullable(fact["items"])
    if fact.get("format") in _FORMATS:
        schema["format"] = fact["format"]
    return schema


def _types(fact: Schema) -> list[str]:
    types = fact["type"] if isinstance(fact["type"], list) else [fact["type"]]
    return [one for one in types if one != "null"]


def _corrected(stream: str, name: str, fact: Schema) -> Schema:
    return fact | CORRECTIONS.get((stream, name), {})
