"""Rows as they really come: what oddities there are, and what they make of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_servicetitan.sandbox.reporting.report import Report

Schema = dict[str, Any]

EVERY = ("string", "number", "integer", "boolean", "date", "date-time")
MOMENT = "2025-10-13T10:11:12.1234567"
TWO_ENDS = {"id": 1, "name": None}

ODDITIES: Mapping[str, Mapping[str, Any]] = {
    "null": dict.fromkeys((*EVERY, "array", "object")),
    "null inside": dict.fromkeys(EVERY),
    "a new word, the first day": {
        "string": "Never seen \u2028\u0000\U0001f600",
        "date-time": "0001-01-01T00:00:00Z",
        "date": "0001-01-01",
        "number": 1e-7,
    },
    "a duration, no zone": {"string": "12:34:56.1234567", "date-time": MOMENT, "number": 7},
    "an offset": {"date-time": MOMENT + "-05:00"},
    "an enum's number": {"string": 0, "date-time": "12:34:56.1234567", "date": MOMENT, "integer": 3.0, "boolean": 0},
    "not a number": {"number": "NaN", "integer": "Infinity", "date-time": "", "date": "soon", "boolean": "yes"},
    "a number as text": {"number": "12.500000000000000", "integer": "9223372036854775807", "boolean": "True"},
    "beyond bounds": {"number": 10**400, "integer": 2**63, "date-time": "9999-99-99T00:00:00Z"},
    "an object for a value": dict.fromkeys(EVERY, TWO_ENDS),
    "a value for an object": {"object": "text", "array": TWO_ENDS, "integer": "0b0f6a1c-8c3f-4f4a-9a37-5d6c3e2f7a11"},
    "another field": {"object": {"undeclaredInside": 1}, "undeclared": {"newField": [1, {"a": None}]}},
    "another field beside an enum's number": {"string": 0, "undeclared": {"newerField": 1}},
}
"""By the type that is declared: what comes. What is not named comes as it is."""

KINDS: Mapping[str, str] = {"String": "string", "Number": "number", "Boolean": "boolean", "Date": "date-time"}
"""What the columns of reports are declared as, in the words of a schema; a Time is a text."""


def spoilt(schema: Schema, oddity: Mapping[str, Any]) -> Iterator[Any]:
    """Give the value that comes for what is declared, if the oddity occurs in it at any depth."""
    kind, *_ = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = str(schema.get("format", kind))
    if kind in oddity:
        yield oddity[kind]
    elif kind == "object":
        if inside := spoilt_fields(schema["properties"], oddity):
            yield inside
    elif kind == "array":
        for item in spoilt(schema["items"], oddity):
            yield [item, None, item]


def spoilt_fields(properties: Schema, oddity: Mapping[str, Any]) -> Schema:
    """Give the fields that come in another way."""
    return {name: value for name, schema in properties.items() for value in spoilt(schema, oddity)}


def bearing(stream: str) -> set[str]:
    """Give the fields that decide which rows there are: keys, what a key is made of, the way to children, envelopes."""
    row = BY_NAME[stream]
    made = {path.split(".")[0] for paths in row.made_key for path in paths}
    children = [one for one in BY_NAME.values() if one.parent == stream]
    led = {field for one in children for field in (*one.links.values(), *(one.only or ())[:1])}
    shared = {one.records for one in BY_NAME.values() if one.url == row.url}
    return {*row.key} | made | led | shared


def spoilt_stream(stream: str, oddity: Mapping[str, Any]) -> Schema:
    """Give the fields of a stream that come in another way, those that decide which rows there are spared."""
    spared = bearing(stream)
    own = {name: facts for name, facts in stream_schema(BY_NAME[stream])["properties"].items() if name not in spared}
    return {**spoilt_fields(own, oddity), **oddity.get("undeclared", {})}


def spoilt_values(report: Report, row: list[Any], oddity: Mapping[str, Any]) -> list[Any]:
    """Give the values of a report's row, all but the first one in another way: that is the key."""
    kinds = [KINDS.get(field.kind, "string") for field in report.fields]
    return row[:1] + [oddity.get(kind, value) for kind, value in zip(kinds[1:], row[1:], strict=True)]
