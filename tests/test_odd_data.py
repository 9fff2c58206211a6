"""Rows as they really come: each oddity in every field of every stream, and records that fit their schema."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_servicetitan.endpoints import BY_NAME
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.schema import stream_schema
from tests.running import Message, Output, run
from tests.test_singer import format_checker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.long

Schema = dict[str, Any]
STREAMS = sorted(BY_NAME)
SHARED = {url for url, count in Counter(row.url for row in BY_NAME.values()).items() if count > 1}
"""What several streams are read from."""

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

MOST_VALIDATED = 25
"""Records of a stream: the odd values are the same in all of them."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant that has a few rows of everything."""
    with serve(seed=1, scale=0.002, page_size=500) as running:
        # Windows begin at the start date: of ten years, most would be empty.
        running.config |= {"requests_per_second": 10_000, "start_date": "2026-08-01"}
        yield running


@pytest.fixture(scope="module")
def usual(sandbox: Sandbox) -> dict[str, int]:
    """Read the tenant as it is, and count the records of each stream."""
    return run(sandbox.config, *STREAMS).counts


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


def spoil(sandbox: Sandbox, oddity: Mapping[str, Any]) -> None:
    """Let an oddity come in all fields of all streams but those that decide which rows there are."""
    spoilt_streams = 0
    for stream, row in BY_NAME.items():
        spared = bearing(stream)
        own = {name: schema for name, schema in stream_schema(row)["properties"].items() if name not in spared}
        fields = spoilt_fields(own, oddity) | oddity.get("undeclared", {})
        if fields:
            sandbox.fault("extra-field", stream, times=100_000, fields=fields)
            spoilt_streams += 1
    assert spoilt_streams > len(STREAMS) // 5


def assert_valid(output: Output) -> None:
    """Validate records against the schema that was sent before them, as a target reads both."""
    validators = {}
    seen: Counter[str] = Counter()
    for line in output.raw.splitlines():
        message: Message = json.loads(line)
        if message["type"] == "SCHEMA":
            validators[message["stream"]] = DEFAULT_JSONSCHEMA_VALIDATOR(
                message["schema"], format_checker=format_checker()
            )
        elif message["type"] == "RECORD" and seen[message["stream"]] < MOST_VALIDATED:
            seen[message["stream"]] += 1
            validators[message["stream"]].validate(message["record"])


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_costs_no_row(
    sandbox: Sandbox, usual: dict[str, int], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Every stream brings as many records as ever, all of them valid, and each field is spoken of once at most."""
    spoil(sandbox, ODDITIES[name])
    try:
        with caplog.at_level(logging.INFO):
            output = run(sandbox.config, *STREAMS)
    finally:
        sandbox.clear_faults()
    assert output.error is None, output.error
    assert_valid(output)
    assert output.counts == usual
    warnings = Counter(one.message for one in caplog.records if one.levelno >= logging.WARNING)
    assert max(warnings.values(), default=1) == 1, warnings.most_common(3)
    for field in ODDITIES[name].get("undeclared", ()):
        for stream in usual:
            # A bare value has no fields, and of a body that streams share, the field is that of one of them.
            if BY_NAME[stream].bare or BY_NAME[stream].url in SHARED:
                continue
            told = [one for one in warnings if {field, stream} <= {*re.findall(r"\w+", one)}]
            assert len(told) == 1, (stream, told)
