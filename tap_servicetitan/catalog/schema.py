"""Facts about an endpoint to the JSON Schema of its stream."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from tap_servicetitan.catalog.amounts import AMOUNTS
from tap_servicetitan.catalog.data_model import descriptions, stream_model
from tap_servicetitan.catalog.endpoints import BY_NAME

if TYPE_CHECKING:
    from tap_servicetitan.catalog.endpoint import Endpoint

Schema = dict[str, Any]

_MADE: Schema = {
    "_key": {"type": "string", "format": "sha256"},
    "_line": {"type": "integer"},
    "tenantId": {"type": "integer"},
}
"""Key properties that the tap makes or knows."""

END_MARKER = "_end_marker"
"""True for what follows the last line of a parent, and for a row of a window that is gone: it is no row of the API."""

_FORMATS = ("date", "date-time")
"""The others (email, phone, html, decimal, …) are hints that live data breaks, or unknown to JSON Schema."""

JSON_TEXT: Schema = {"type": ["string", "null"], "contentMediaType": "application/json"}
"""A value that is written as a text of JSON. The SDK keeps this keyword in a catalog, and no others of one's own."""
ANY_TEXT: Schema = {"type": ["string", "null"], "contentMediaType": "text/plain"}
"""A text, or a value of another type that is written as one."""
AMOUNT: Schema = {"type": ["number", "null"], "contentMediaType": "text/plain"}
"""A number that comes as a text."""

_LENGTHS = {"guid": 36, "sha256": 64}
LONGEST_KEY = 255
"""How long a text in a key is at the most. Some targets cannot have a key of any length."""

CORRECTIONS: dict[tuple[str, str], Schema] = {
    # Declared as dates, and arrive as 2025-08-01T00:00:00 (seen by a client on live tenants).
    ("journal_entries", "postDate"): {"format": "date-time"},
    ("service_agreements", "startDate"): {"format": "date-time"},
    ("service_agreements", "endDate"): {"format": "date-time"},
}
"""Where the vendor's documents are known to be wrong, with the observation."""


@functools.cache
def facts(module: str) -> dict[str, msgspec.Raw]:
    """Find what is known of a module's endpoints, by stream; it is read when a stream asks for it."""
    text = (files("tap_servicetitan.catalog") / "schemas" / f"{module}.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])


@functools.cache
def stream_facts(row: Endpoint) -> dict[str, Any]:
    """Read what is known of one endpoint: path, scope, parameters and properties."""
    try:
        return dict(msgspec.json.decode(facts(row.module)[row.name]))
    except KeyError:
        msg = f"{row.name}: no facts in schemas/{row.module}.json; run python -m scripts.refresh_schemas"
        raise LookupError(msg) from None


@functools.cache
def stream_schema(row: Endpoint) -> Schema:
    """Make the JSON Schema of a stream; the very same object on every call.

    Everything but the keys may be null and enums are open: the API breaks both promises.
    """
    properties = dict(stream_facts(row)["properties"])
    if row.nested_records:
        entry = properties.pop(row.nested_records)["items"]
        properties |= entry["properties"]
    properties |= {name: fact for name, fact in _added(row).items() if name not in properties}
    schema = _object({name: _corrected(row.name, name, fact) for name, fact in properties.items()})
    for name in row.key:
        if name not in schema["properties"]:
            msg = f"{row.name}: the key {name!r} is no property of it; correct the row or its facts"
            raise LookupError(msg)
        (schema["properties"][name]["type"],) = types = _types(properties[name])
        if types == ["string"] and "format" not in schema["properties"][name]:
            schema["properties"][name]["maxLength"] = _LENGTHS.get(properties[name].get("format", ""), LONGEST_KEY)
    return described(row, {"type": "object", "properties": schema["properties"], "required": list(row.key)})


def described(row: Endpoint, schema: Schema) -> Schema:
    """Say in a schema what a row is, and what its keys and references mean: targets make comments of that."""
    for path, text in descriptions(row).items():
        _describe(schema, path, text)
    return {"description": stream_model(row.name).row} | schema


def _describe(schema: Schema, path: str, text: str) -> None:
    """Put a description on a column, and on an object that only stands for the row that its id joins."""
    name, _, rest = path.partition(".")
    part = schema["properties"].get(name.removesuffix("[]"), {})
    inner = part.get("items", {}) if name.endswith("[]") else part
    if not rest or (rest == "id" and inner is part):
        part["description"] = text
    if rest and "properties" in inner:
        _describe(inner, rest, text)


def _added(row: Endpoint) -> Schema:
    """Facts of the properties that the tap adds to what the API sends."""
    made = {name: _MADE[name] for name in row.key if name in _MADE}
    if row.has_end_markers:
        made[END_MARKER] = {"type": "boolean"}
    copied = {name: _within(stream_facts(row)["properties"], path) for name, path in row.copied_fields.items()}
    return made | _of_parent(row) | _of_window(row) | copied


def _of_parent(row: Endpoint) -> Schema:
    # Without the stream that `parent` names, it is a setting: a list of texts.
    parent = BY_NAME.get(row.parent or "")
    known = _added(parent) | stream_facts(parent)["properties"] if parent else {}
    return {name: known.get(field, {"type": "string"}) for name, field in row.links.items()}


def _of_window(row: Endpoint) -> Schema:
    if row.window is None:
        return {}
    return {name: {"type": "string", "format": "date"} for name in row.window.fields}


def _within(properties: Schema, path: str) -> Schema:
    name, _, rest = path.partition(".")
    found: Schema = properties[name]
    return _within(found["properties"], rest) if rest else found


def _object(properties: Schema) -> Schema:
    return {
        "type": ["object", "null"],
        "properties": {name: _property(name, fact) for name, fact in properties.items()},
    }


def _property(name: str, fact: Schema) -> Schema:
    if name in AMOUNTS and _types(fact) == ["string"]:
        return dict(AMOUNT)
    return _nullable(fact)


def _nullable(fact: Schema) -> Schema:
    types = _types(fact)
    if "properties" in fact:
        return _object(fact["properties"])
    # What is an object that nothing is known of, or may be of several types, is text: strict targets take no other.
    if _is_open(fact):
        return dict(JSON_TEXT)
    if len(types) > 1:
        return dict(ANY_TEXT)
    schema: Schema = {"type": [*types, "null"]}
    if "items" in fact:
        schema["items"] = _nullable(fact["items"])
    if fact.get("format") in _FORMATS:
        schema["format"] = fact["format"]
    return schema


def _is_open(fact: Schema) -> bool:
    """Tell whether a value is an object without known properties, or a list of such: where recursion is cut."""
    while "items" in fact:
        fact = fact["items"]
    return _types(fact) == ["object"] and "properties" not in fact


def _types(fact: Schema) -> list[str]:
    types = fact["type"] if isinstance(fact["type"], list) else [fact["type"]]
    return [one for one in types if one != "null"]


def _corrected(stream: str, name: str, fact: Schema) -> Schema:
    return fact | CORRECTIONS.get((stream, name), {})
