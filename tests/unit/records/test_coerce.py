"""Values made to fit their schema: whatever comes, what is emitted validates, and what fits stays."""

from __future__ import annotations

import copy
import json
import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_servicetitan.records.coerce import Coercer
from tap_servicetitan.records.passthrough import Passthrough
from tests.streams.test_singer import format_checker
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

encoded = msgspec.json.Encoder(decimal_format="number").encode

Schema = dict[str, Any]

DOCUMENT = ROOT / "docs" / "odd-data.md"
SCALARS: dict[str, Schema] = {
    "text": {"type": ["string", "null"]},
    "number": {"type": ["number", "null"]},
    "integer": {"type": ["integer", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "time": {"type": ["string", "null"], "format": "date-time"},
    "number or text": {"type": ["string", "number", "null"]},
}
KINDS: dict[str, Schema] = SCALARS | {
    "object": {"type": ["object", "null"], "properties": {"a": SCALARS["text"]}},
    "array": {"type": ["array", "null"], "items": SCALARS["text"]},
}


def emitted(schema: Schema, value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Give what becomes of a value, as a target reads it, but with all digits."""
    (record,) = Coercer({"properties": {"field": schema}}).coerced([{"field": value}])
    return decoded(encoded(record))["field"]


def decoded(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON with all digits."""
    return json.loads(text, parse_float=Decimal)


def examples() -> Iterator[tuple[str, str, str]]:
    """Read the table of the documentation: what is declared, what comes, and what is emitted."""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if found := re.fullmatch(r"\| (\w+) \| `(.*)` \| `(.*)` \|.*\|", line):
            yield found[1], found[2], found[3]


@pytest.mark.checkout
def test_the_documentation_has_examples_of_all_kinds() -> None:
    """The table in the documentation is found, and leaves no kind out."""
    assert {kind for kind, _, _ in examples()} == KINDS.keys() - {"number or text"}


@pytest.mark.checkout
def test_the_documentation_tells_the_truth() -> None:
    """Each example in the documentation is what happens."""
    for kind, comes, wanted in examples():
        found = emitted(KINDS[kind], decoded(comes.encode()))
        assert (type(found), str(found)) == (type(decoded(wanted.encode())), str(decoded(wanted.encode()))), comes


objects = st.deferred(
    lambda: st.dictionaries(st.sampled_from("abcd"), schemas, max_size=4).map(
        lambda fields: {"type": ["object", "null"], "properties": fields}
    )
)
schemas: st.SearchStrategy[Schema] = st.deferred(
    lambda: st.one_of(
        st.sampled_from([*SCALARS.values()]),
        objects,
        schemas.map(lambda items: {"type": ["array", "null"], "items": items}),
    )
)
"""Schemas as the tap makes them."""

texts = st.one_of(
    st.text(),
    st.from_regex(r"\A[ +-]?[0-9]{1,30}\.?[0-9]{0,10}([eE]-?[0-9]{1,12})? ?\Z"),
    st.sampled_from(
        ["NaN", "-Infinity", "true", "False", "0", "1_000", "\u0663", "1e999999999", "0001-01-01T00:00:00Z"]
    ),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
    st.dates().map(lambda day: day.isoformat()),
    st.from_regex(
        r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
    ),
)
numbers = st.one_of(
    st.integers(),
    st.integers(-(2**64), 2**64),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        [Decimal("1E+999999999"), Decimal("-1E+400"), Decimal("1E-999999999"), Decimal("3.0"), 10**300, 10**400]
    ),
)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abcde"), inner, max_size=4)),
    max_leaves=12,
)
"""Any JSON value, as the tap reads it."""
records = st.dictionaries(st.sampled_from("abcde"), values, max_size=5)


def is_valid(schema: Schema, record: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether a record, as a target reads it, fits a schema, formats included."""
    return bool(
        DEFAULT_JSONSCHEMA_VALIDATOR(schema, format_checker=format_checker()).is_valid(json.loads(encoded(record)))
    )


@given(objects, records)
@settings(max_examples=150, derandomize=True, deadline=None)
def test_what_is_emitted_validates(schema: Schema, record: Schema) -> None:
    """Whatever a record holds, what becomes of it fits the schema, and once it fits, it stays as it is."""
    mender = Coercer(schema)
    (once,) = mender.coerced([copy.deepcopy(record)])
    assert is_valid(schema, once)
    again = Coercer(schema)
    assert [*again.coerced([copy.deepcopy(once)])] == [once]
    assert again.counts == {}


def fitting(schema: Schema) -> st.SearchStrategy[Any]:
    """Make values that fit a schema."""
    kind, *_ = schema["type"]
    if kind == "object":
        fields = {name: fitting(one) for name, one in schema["properties"].items()}
        return st.none() | st.fixed_dictionaries({}, optional=fields)
    if kind == "array":
        return st.none() | st.lists(fitting(schema["items"]), max_size=3)
    times = st.datetimes(min_value=datetime.fromisoformat("0002-01-01"))
    moments = {
        "date": st.dates().map(lambda day: day.isoformat()),
        "date-time": times.map(lambda moment: f"{moment.isoformat()}Z"),
    }
    plain = {
        "string": moments.get(schema.get("format", ""), st.text()),
        "number": st.integers(-(10**30), 10**30) | st.decimals(-(10**30), 10**30),
        "integer": st.integers(-(2**63), 2**63 - 1),
        "boolean": st.booleans(),
    }
    return st.none() | plain[kind]


@given(objects.flatmap(lambda schema: st.tuples(st.just(schema), fitting(schema).filter(bool))))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_what_fits_stays(case: tuple[Schema, Schema]) -> None:
    """A record that the direct path passes through is not changed on this one: pages do not differ by their path."""
    schema, record = case
    assert len(Passthrough("s", schema).read(encoded([record]))) == 1
    mender = Coercer(schema)
    assert [*mender.coerced([copy.deepcopy(record)])] == [record]
    assert mender.counts == {}


@given(st.sampled_from(["integer", "string"]), values)
@settings(max_examples=150, derandomize=True, deadline=None)
def test_a_record_has_its_key_or_is_left_out(kind: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
    """No record is emitted without a key that fits; one that is left out is counted."""
    schema = {"properties": {"id": {"type": kind}}, "required": ["id"]}
    mender = Coercer(schema)
    found = [*mender.coerced([{"id": value}])]
    assert len(found) == 1 - mender.keyless
    assert all(is_valid({"type": "object", **schema}, one) for one in found)
    assert bool(found) or emitted({"type": [kind, "null"]}, value) is None


def test_misfits_are_counted_by_field() -> None:
    """The count names the field, through objects and arrays, and never has a value."""
    schema = {"properties": {"a": KINDS["object"], "b": {"type": ["array", "null"], "items": KINDS["object"]}}}
    mender = Coercer(schema)
    rows: list[Schema] = [{"a": {"a": 1}, "b": [{"a": 2}, {"a": "x"}, 3, None]}, {"a": {"a": 4}}, {"a": "secret"}]
    assert [*mender.coerced(rows)] == [
        {"a": {"a": "1"}, "b": [{"a": "2"}, {"a": "x"}, None, None]},
        {"a": {"a": "4"}},
        {"a": None},
    ]
    assert mender.counts == {"a.a": 2, "b[].a": 1, "b[]": 1, "a": 1}


def test_what_is_not_declared_is_left_out_and_named() -> None:
    """Fields that the schema does not have are told by their paths; a target has no column for them."""
    mender = Coercer({"properties": {"a": KINDS["object"], "b": {"type": ["array", "null"], "items": KINDS["object"]}}})
    rows: list[Schema] = [{"a": {"a": "x", "new": 1}, "b": [{"newer": 2}], "newest": {"id": 3}}]
    assert [*mender.coerced(rows)] == [{"a": {"a": "x"}, "b": [{}]}]
    assert mender.undeclared == {"a.new", "b[].newer", "newest"}


def test_an_exponent_costs_no_time() -> None:
    """A number of a billion digits, which takes 11 characters to send, is not written out."""
    assert emitted(SCALARS["integer"], Decimal("1e999999999")) is None
    assert emitted(SCALARS["integer"], "1e999999999") is None
    assert emitted(SCALARS["integer"], Decimal("1e-999999999")) is None
