"""The direct way of a page against the SDK's: the same records, or none at all."""

from __future__ import annotations

import copy
import json
import logging
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk.helpers._catalog import pop_deselected_record_properties
from singer_sdk.helpers._typing import _conform_record_data_types, conform_record_data_types
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib import RecordMessage, SelectionMask

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.errors import NonConformingPageError
from tap_servicetitan.records.passthrough import MOST_UNDECLARED, Passthrough
from tap_servicetitan.sync.encoding import message_line
from tests.support.each import for_each

Json = Any
Schema = dict[str, Any]
Crumb = tuple[str, ...]

STREAMS = sorted(name for name, row in BY_NAME.items() if not row.nested_records)
NOW = datetime(2026, 11, 24, 1, 2, 3, 456789, tzinfo=UTC)
CONFORM = TypeConformanceLevel.RECURSIVE
FREE: Schema = {"type": ["object", "null"], "properties": {}, "additionalProperties": True}

SAMPLE: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": ["string", "null"]},
        "from": {"type": ["string", "null"]},
        "count": {"type": ["integer", "null"]},
        "price": {"type": ["number", "null"]},
        "active": {"type": ["boolean", "null"]},
        "modifiedOn": {"type": ["string", "null"], "format": "date-time"},
        "day": {"type": ["string", "null"], "format": "date"},
        "code": {"type": ["string", "integer", "null"]},
        "tags": {"type": ["array", "null"], "items": {"type": ["integer", "null"]}},
        "address": {
            "type": ["object", "null"],
            "properties": {
                "zip": {"type": ["string", "null"]},
                "geo": {"type": ["object", "null"], "properties": {"lat": {"type": ["number", "null"]}}},
            },
        },
        "items": {
            "type": ["array", "null"],
            "items": {
                "type": ["object", "null"],
                "properties": {
                    "note": {"type": ["string", "null"]},
                    "more": FREE,
                    "parts": {"type": ["array", "null"]},
                },
            },
        },
        "free": FREE,
        "grid": {
            "type": ["array", "null"],
            "items": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        },
        "tenantId": {"type": ["string", "null"]},
        "line": {"type": ["integer", "null"]},
    },
}
"""Every kind of field there is."""


def json_of(rows: Json, **how: Any) -> bytes:  # noqa: ANN401 - options of simplejson
    """Write rows as the API does, or in another way."""
    options: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":")} | how
    return str(simplejson.dumps(rows, use_decimal=True, **options)).encode()


def text(value: Json) -> str:
    """Write a value so that equal texts are equal values: 1 is not true, and 1.0 is not 1.00."""
    return str(simplejson.dumps(value, use_decimal=True, sort_keys=True))


def messages(lines: bytes) -> list[Json]:
    """Read lines as a target does."""
    assert b"\r" not in lines
    assert not lines or lines.endswith(b"\n")
    return [json.loads(one, parse_float=Decimal) for one in lines.split(b"\n")[:-1]]


def records(lines: bytes) -> list[Json]:
    """Read the records of lines."""
    return [message["record"] for message in messages(lines)]


def without(*crumbs: Crumb) -> SelectionMask:
    """Deselect the fields at some breadcrumbs."""
    return SelectionMask({(): True} | dict.fromkeys(crumbs, False))


def in_utc(value: Json, schema: Schema) -> Json:
    """Write the times in a value of a schema as the tap does, which is more than the SDK does."""
    if isinstance(value, dict):
        return {name: in_utc(one, schema.get("properties", {}).get(name, {})) for name, one in value.items()}
    if isinstance(value, list):
        return [in_utc(one, schema.get("items", {})) for one in value]
    is_time = schema.get("format") == "date-time" and isinstance(value, str)
    # A time that no test knows of is one that is right.
    return STAMPS.get(value, value) if is_time else value


def by_the_sdk(data: bytes, schema: Schema, mask: SelectionMask) -> tuple[list[Json], set[str]]:
    """Make the records of a page with the SDK's own functions; tell the fields that it takes out as well."""
    found, undeclared = [], set[str]()
    for row in msgspec.json.Decoder(list[Any], float_hook=Decimal).decode(data):
        if isinstance(row, dict):
            pop_deselected_record_properties(row, schema, mask)
            undeclared |= {*_conform_record_data_types(copy.deepcopy(row), schema, CONFORM, None)[1]}
            record = conform_record_data_types("sample", row, schema, CONFORM, logging.getLogger())
            found += records(message_line(RecordMessage(stream="sample", record=in_utc(record, schema)).to_dict()))
    return found, undeclared


def direct(
    *, schema: Schema = SAMPLE, mask: SelectionMask | None = None, required: tuple[str, ...] = ("id",)
) -> Passthrough:
    """Make a reader of pages."""
    return Passthrough("sample", schema, is_selected=(mask or without()).__getitem__, required=required)


def read(*rows: Json, **how: Any) -> list[Json]:  # noqa: ANN401 - options of `direct`
    """Give the records of a page."""
    return records(direct(**how).read(json_of(rows)).lines(NOW))


# What rows are made of. Stamps are in all the forms that the API is known to send.
STAMPS = {
    "2026-11-01T11:38:22.1234567Z": "2026-11-01T11:38:22.1234567Z",
    "2026-11-01T11:38:22.1Z": "2026-11-01T11:38:22.1Z",
    "2026-11-01T11:38:22": "2026-11-01T11:38:22Z",
    "2026-11-01T20:38:22.1234567-05:00": "2026-11-02T01:38:22.1234567Z",
    "2026-11-01T00:00:00+00:00": "2026-11-01T00:00:00Z",
    "2026-11-01 11:38:22Z": "2026-11-01T11:38:22Z",
    "2026-11-01t11:38:22z": "2026-11-01T11:38:22Z",
    "0001-01-01T00:00:00Z": None,
    "0001-01-01T00:00:00": None,
}
"""Times, and what is written of them."""
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | decimals | texts
anything = st.recursive(leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2))
news = st.dictionaries(st.sampled_from(["brandNew", "newer", "übrig"]), anything, max_size=1)

SCALARS: dict[str, st.SearchStrategy[Json]] = {
    "string": texts,
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": decimals | st.integers(-(2**70), 2**70),
    "boolean": st.booleans(),
}
ODD: st.SearchStrategy[Json] = st.sampled_from(
    [0, 1, True, "", "Infinity", "2026-13-01", 2**63, Decimal("1.50"), Decimal("1e400"), [], {}, [{}], {"a": 1}, [None]]
)


def values(schema: Schema) -> st.SearchStrategy[Json]:
    """Make values that a schema declares, with the undeclared fields that the API may have."""
    kinds = [one for one in ([schema["type"]] if isinstance(schema["type"], str) else schema["type"]) if one != "null"]
    if kinds == ["object"]:
        return objects(schema) if schema.get("properties") else st.dictionaries(texts, anything, max_size=2)
    if kinds == ["array"]:
        return st.lists(nullable(schema["items"]) if "items" in schema else anything, max_size=2)
    if "format" in schema:
        return st.sampled_from([*STAMPS]) if schema["format"] == "date-time" else st.just("2026-11-01")
    return st.one_of([SCALARS[kind] for kind in kinds])


def nullable(schema: Schema) -> st.SearchStrategy[Json]:
    """Make values, and nulls."""
    return st.none() | values(schema)


def objects(schema: Schema, required: frozenset[str] = frozenset()) -> st.SearchStrategy[Json]:
    """Make objects with some of their fields."""
    # Making a strategy takes longer than drawing from it.
    known = MADE.setdefault(id(schema), {})
    if required not in known:
        known[required] = new_objects(schema, required)
    return known[required]


MADE: dict[int, dict[frozenset[str], st.SearchStrategy[Json]]] = {}


def new_objects(schema: Schema, required: frozenset[str]) -> st.SearchStrategy[Json]:
    """Make the strategy."""
    fields = {name: values(one) for name, one in schema["properties"].items() if name in required}
    others = {name: nullable(one) for name, one in schema["properties"].items() if name not in required}
    return st.builds(dict.__or__, st.fixed_dictionaries(fields, optional=others), news)


def crumbs(schema: Schema, crumb: Crumb = ()) -> list[Crumb]:
    """List the breadcrumbs of all fields, also of those within arrays, which the SDK takes no notice of."""
    found = []
    for name, inner in schema.get("properties", {}).items():
        found += [(*crumb, "properties", name), *crumbs(inner, (*crumb, "properties", name))]
    return found + (crumbs(schema["items"], (*crumb, "items")) if "items" in schema else [])


def key_of(schema: Schema) -> tuple[str, ...]:
    """Give the fields that rows must have."""
    return tuple(schema.get("required", ["id"]))


def masks(schema: Schema) -> st.SearchStrategy[SelectionMask]:
    """Deselect some fields, but not the key."""
    kept = {("properties", name) for name in key_of(schema)}
    found = [crumb for crumb in crumbs(schema) if crumb not in kept]
    return st.lists(st.sampled_from(found), max_size=4).map(lambda some: without(*some))


SCHEMAS = {name: stream_schema(BY_NAME[name]) for name in STREAMS}
each_schema = for_each("name", SCHEMAS)
few = settings(deadline=None, derandomize=True, max_examples=4, database=None)
"""For each stream: `SAMPLE`, which has each kind of field, is tried with many."""
many = settings(deadline=None, derandomize=True, max_examples=400, database=None)


@each_schema
@few
@given(data=st.data())
def test_records_of_each_stream_are_those_of_the_sdk(name: str, data: st.DataObject) -> None:
    """For every stream and whatever is deselected, rows of the declared types give the SDK's records; all is taken."""
    see_that_all_is_taken(data, SCHEMAS[name])


@many
@given(data=st.data())
def test_records_are_those_of_the_sdk(data: st.DataObject) -> None:
    """So it is with every kind of field."""
    see_that_all_is_taken(data, SAMPLE)


def see_that_all_is_taken(data: st.DataObject, schema: Schema) -> None:
    """Read rows of the declared types, and compare with the SDK."""
    rows = data.draw(st.lists(objects(schema, frozenset(key_of(schema))), max_size=3))
    mask = data.draw(masks(schema))
    page = json_of(rows, ensure_ascii=data.draw(st.booleans()), indent=data.draw(st.sampled_from([None, 1])))
    found = direct(schema=schema, mask=mask, required=key_of(schema)).read(page)
    wanted, undeclared = by_the_sdk(page, schema, mask)
    assert text(records(found.lines(NOW))) == text(wanted)
    assert {path.replace("[]", "") for path in found.undeclared} == undeclared


@each_schema
@few
@given(data=st.data())
def test_odd_rows_of_each_stream_are_left_to_the_sdk_or_as_it_writes_them(name: str, data: st.DataObject) -> None:
    """Whatever stands in the place of a field's value, the records are the SDK's, or it is asked for them."""
    see_that_odd_rows_are_refused_or_right(data, SCHEMAS[name])


@many
@given(data=st.data())
def test_odd_rows_are_left_to_the_sdk_or_as_it_writes_them(data: st.DataObject) -> None:
    """So it is with every kind of field."""
    see_that_odd_rows_are_refused_or_right(data, SAMPLE)


def see_that_odd_rows_are_refused_or_right(data: st.DataObject, schema: Schema) -> None:
    """Put odd values into rows, and compare with the SDK."""
    rows = data.draw(st.lists(objects(schema), min_size=1, max_size=2))
    rows[-1] |= data.draw(st.dictionaries(st.sampled_from([*schema["properties"]]), ODD, max_size=2))
    check(json_of(rows), schema, data.draw(masks(schema)))


def check(page: bytes, schema: Schema = SAMPLE, mask: SelectionMask | None = None) -> None:
    """See that a page is refused, or its records are those of the SDK."""
    try:
        found = direct(schema=schema, mask=mask, required=()).read(page)
    except NonConformingPageError:
        return
    assert text(records(found.lines(NOW))) == text(by_the_sdk(page, schema, mask or without())[0])


@many
@given(
    rows=st.lists(objects(SAMPLE), min_size=1, max_size=2),
    at=st.integers(0, 2_000),
    cut=st.integers(0, 3),
    put=st.sampled_from(
        [b"", b"\xff", b"\n", b"\r", b"\\", b'"', b"0", b"-", b"{}", b",", b"\\ud83d", b"NaN", b"\x00"]
    ),
    mask=masks(SAMPLE),
)
def test_no_page_crashes(rows: list[Json], at: int, cut: int, put: bytes, mask: SelectionMask) -> None:
    """A page with some bytes cut out or put in is refused, or its records are those of the SDK."""
    page = json_of(rows)
    at %= len(page)
    check(page[:at] + put + page[at + cut :], mask=mask)


BIG = 2**63

MISFITS = [
    pytest.param({"id": 1, "count": "1"}, "count", id="a text for an integer"),
    pytest.param({"id": 1, "count": Decimal("1.5")}, "count", id="a fraction for an integer"),
    pytest.param({"id": 1, "count": Decimal("1.0")}, "count", id="a decimal for an integer"),
    pytest.param({"id": 1, "count": True}, "count", id="true for an integer"),
    pytest.param({"id": 1, "count": BIG}, "count", id="an integer beyond 64 bits"),
    pytest.param({"id": 1, "count": -BIG - 1}, "count", id="an integer below 64 bits"),
    pytest.param({"id": 1, "name": 0}, "name", id="an integer for a text"),
    pytest.param({"id": 1, "name": {}}, "name", id="an object for a text"),
    pytest.param({"id": 1, "price": "Infinity"}, "price", id="infinity as a text"),
    pytest.param({"id": 1, "price": "1.5"}, "price", id="a number as a text"),
    pytest.param({"id": 1, "price": True}, "price", id="true for a number"),
    pytest.param({"id": 1, "price": Decimal("1e400")}, "price", id="a number beyond all bounds"),
    pytest.param({"id": 1, "active": 1}, "active", id="an integer for a boolean"),
    pytest.param({"id": 1, "active": "true"}, "active", id="a text for a boolean"),
    pytest.param({"id": 1, "modifiedOn": "yesterday"}, "modifiedOn", id="no date-time"),
    pytest.param({"id": 1, "modifiedOn": ""}, "modifiedOn", id="an empty date-time"),
    pytest.param({"id": 1, "modifiedOn": "2026-02-30T00:00:00Z"}, "modifiedOn", id="a day that is not"),
    pytest.param({"id": 1, "modifiedOn": "2026-02-03"}, "modifiedOn", id="a date for a date-time"),
    pytest.param({"id": 1, "modifiedOn": 1}, "modifiedOn", id="an integer for a date-time"),
    pytest.param({"id": 1, "day": "2026-02-03T00:00:00"}, "day", id="a date-time for a date"),
    pytest.param({"id": 1, "code": Decimal("1.5")}, "code", id="none of several types"),
    pytest.param({"id": 1, "tags": [1, "2"]}, "tags[1]", id="a text among integers"),
    pytest.param({"id": 1, "tags": {}}, "tags", id="an object for an array"),
    pytest.param({"id": 1, "tags": 3}, "tags", id="an integer for an array"),
    pytest.param({"id": 1, "address": []}, "address", id="an array for an object"),
    pytest.param({"id": 1, "address": "x"}, "address", id="a text for an object"),
    pytest.param({"id": 1, "address": {"geo": {"lat": "x"}}}, "address.geo.lat", id="a nested text for a number"),
    pytest.param({"id": 1, "items": [{"note": 3}]}, "items[0].note", id="an integer within an array"),
    pytest.param({"id": 1, "items": ["x"]}, "items[0]", id="a text for an item"),
    pytest.param({"id": 1, "items": [[]]}, "items[0]", id="an array for an item"),
    pytest.param({"id": 1, "free": [1]}, "free", id="an array for a free-form object"),
    pytest.param({"id": None}, "id", id="no key"),
    pytest.param({"name": "x"}, "id", id="the key is missing"),
    pytest.param({"id": "1"}, "id", id="a text for a key"),
    pytest.param(None, "", id="null for a row"),
    pytest.param(7, "", id="an integer for a row"),
    pytest.param([{"id": 1}], "", id="an array for a row"),
]


@pytest.mark.parametrize(("row", "field"), MISFITS)
@pytest.mark.parametrize("before", [[], [{"id": 1}]], ids=["first", "second"])
@pytest.mark.parametrize("more", [{}, {"brandNew": 1}], ids=["declared", "with an undeclared field"])
def test_what_does_not_fit_is_refused(row: Json, field: str, before: list[Json], more: Json) -> None:
    """One value of another type than the declared one is enough to leave a page to the SDK; its field is named."""
    page = json_of([*before, row | more if isinstance(row, dict) else row])
    with pytest.raises(NonConformingPageError) as refusal:
        direct().read(page)
    assert str(refusal.value).startswith("sample: ")
    assert field in str(refusal.value)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'[{"id":1}', id="cut short"),
        pytest.param(b'[{"id":1}]]', id="too long"),
        pytest.param(b'{"id":1}', id="an object"),
        pytest.param(b'"rows"', id="a text"),
        pytest.param(b'[{"id":1,"price":NaN}]', id="NaN"),
        pytest.param(b'[{"id":1,"price":-Infinity}]', id="infinity"),
        pytest.param(b'[{"id":1,"price":01}]', id="a leading zero"),
        pytest.param(b'[{"id":1,"name":"\xff"}]', id="not UTF-8"),
        pytest.param(b'[{"id":1,"\xff":1}]', id="a name that is not UTF-8"),
        pytest.param(b'[{"id":1,"new":"\xff"}]', id="an undeclared field that is not UTF-8"),
        pytest.param(b'[{"id":1,"free":{"\xff":1}}]', id="a free name that is not UTF-8"),
        pytest.param(rb'[{"id":1,"name":"\ud83d"}]', id="half an emoji"),
        pytest.param(rb'[{"id":1,"name":"\udc00 and on"}]', id="the other half"),
        pytest.param(rb'[{"id":1,"new":{"\ud83d":1}}]', id="half an emoji in an undeclared field"),
        pytest.param(b'[{"id":1,"name":"a\nb"}]', id="a line feed within a text"),
        pytest.param(b'[{"id":1,"free":' + b'{"a":' * 9_999 + b"1" + b"}" * 9_999 + b"}]", id="nested too deep"),
        pytest.param(b'[{"id":1,"new":' + b"9" * 5_000 + b"}]", id="an endless integer"),
        pytest.param(rb'[{"id":1,"a\"b":1}]', id="a new name with a quotation mark"),
    ],
)
def test_what_cannot_be_read_is_refused(page: bytes) -> None:
    """What is not JSON by the letter, or cannot be read for another reason, is left to those who mend it."""
    with pytest.raises(NonConformingPageError):
        direct().read(page)


def test_no_message_has_a_value() -> None:
    """What a row says of a customer gets into no message."""
    page = json_of([{"id": 1, "name": "Jane", "count": "secret", "address": {"zip": "10115"}}])
    with pytest.raises(NonConformingPageError, match=r"sample: Expected `int \| null`, got `str` - at `\$\.count`$"):
        direct().read(page)
    with pytest.raises(NonConformingPageError, match=r"^sample: not JSON in UTF-8$"):
        direct().read(page.replace(b"Jane", b"\xff"))


@pytest.mark.parametrize(
    ("part", "mask"),
    [
        pytest.param('"price":1.50', without(), id="trailing zero"),
        pytest.param('"price":1e3', without(), id="exponent"),
        pytest.param('"price":0.1000000000000000055511151231257827', without(), id="more digits than a float"),
        pytest.param('"price":123456789012345678901234567890.10', without(), id="larger than an integer"),
        pytest.param('"price":-0.0', without(("properties", "name")), id="minus zero"),
        pytest.param('"price":1.50', without(("properties", "name")), id="trailing zero, copied"),
        pytest.param(
            '"address":{"geo":{"lat":1.50}}', without(("properties", "address", "properties", "zip")), id="nested"
        ),
        pytest.param('"free":{"a":[1.50,1E5]}', without(("properties", "name")), id="free-form"),
        pytest.param('"items":[{"more":{"a":1.50}}]', without(("properties", "name")), id="in an array"),
        pytest.param(r'"name":"\u00e9\/"', without(("properties", "count")), id="a text is not rewritten either"),
    ],
)
def test_numbers_keep_their_digits(part: str, mask: SelectionMask) -> None:
    """A value is written with the very bytes that came."""
    page = f'[{{"id":1,{part}}}]'.encode()
    assert f'"record":{{"id":1,{part}}},'.encode() in direct(mask=mask).read(page).lines(NOW)


ROWS = [
    {"id": 1, "name": 'a\u2028b\u2029\x85\x7f \U0001f600 \\ " \x00 \r\n', "price": Decimal("1.50"), "tags": [1, None]},
    {"id": 2, "address": {"zip": None, "geo": {}}, "items": [None, {}, {"more": {"x": [{}]}}], "free": {}},
]


@pytest.mark.parametrize("mask", [without(), without(("properties", "name"))], ids=["all", "some"])
@pytest.mark.parametrize("more", [{}, {"new": [1, {"a": None}]}], ids=["declared", "with an undeclared field"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"", b"", id="as written by others"),
        pytest.param(b"\n", b"\r\n", id="CRLF"),
        pytest.param(b"\n", b"\r", id="CR"),
        pytest.param(b"\n", b" \t ", id="blanks"),
    ],
)
def test_pretty_pages_are_written_on_lines(old: bytes, new: bytes, more: Json, mask: SelectionMask) -> None:
    """However a page is laid out, a record is on one line; marks within texts, which end lines elsewhere, end none."""
    page = json_of([row | more for row in ROWS], indent=2).replace(old, new)
    lines = direct(mask=mask).read(page).lines(NOW)
    assert lines.count(b"\n") == 2
    assert text(records(lines)) == text(by_the_sdk(page, SAMPLE, mask)[0])


@pytest.mark.parametrize("page", [b"[]", b" [ ] ", b"null", b"[\n]"])
def test_an_empty_page_has_no_lines(page: bytes) -> None:
    """A page without rows writes nothing, whatever is added."""
    rows = direct().read(page)
    assert len(rows) == 0
    assert rows.undeclared == frozenset()
    assert rows.values("id") == []
    assert rows.lines(NOW) == rows.lines(NOW, added={"tenantId": "7"}, each=[]) == b""


@pytest.mark.parametrize("version", [None, 0, 1763946123456])
@pytest.mark.parametrize(
    "time",
    [
        NOW,
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, 0, 120, tzinfo=timezone(timedelta(hours=-5))),
    ],
    ids=str,
)
@pytest.mark.parametrize("stream", ["sample", 'odd "name" ü'])
def test_lines_are_those_of_the_output(version: int | None, time: datetime, stream: str) -> None:
    """Where JSON is written as msgspec writes it, a line is byte for byte the one of the SDK's message."""
    row = {"id": 1, "name": "x", "address": None, "free": {"a": [1, "é"]}}
    message = RecordMessage(stream=stream, record=row, version=version, time_extracted=time)
    found = Passthrough(stream, SAMPLE).read(json_of([row])).lines(time, version=version)
    assert found == message_line(message.to_dict())


def test_what_comes_from_the_envelope_is_read() -> None:
    """A part of a larger body that was not decoded is as good as bytes."""
    raw = msgspec.json.decode(b'{"data": [ {"id": 1} ]}', type=dict[str, msgspec.Raw])["data"]
    assert records(direct().read(raw).lines(NOW)) == [{"id": 1}]


@pytest.mark.parametrize(
    ("page", "record"),
    [
        pytest.param(b'[{"id":1,"id":2}]', {"id": 2}, id="a key"),
        pytest.param(b'[{"id":1,"free":{"a":1,"a":2}}]', {"id": 1, "free": {"a": 2}}, id="free-form"),
        pytest.param(b'[{"id":1,"address":{"zip":"1"},"address":{}}]', {"id": 1, "address": {}}, id="an object"),
        pytest.param(b'[{"id":1,"\\u0069d":2,"new":1,"new":2}]', {"id": 2}, id="escaped, and undeclared"),
    ],
)
def test_of_a_name_that_comes_twice_the_last_counts(page: bytes, record: Json) -> None:
    """As in Python and in every target, the last of several values of one name is the field's."""
    assert records(direct().read(page).lines(NOW)) == by_the_sdk(page, SAMPLE, without())[0] == [record]


def test_a_twice_named_key_is_never_null() -> None:
    """Not even the one that does not count."""
    with pytest.raises(NonConformingPageError):
        direct().read(b'[{"id":null,"id":2}]')


@pytest.mark.parametrize(
    ("row", "record", "paths"),
    [
        pytest.param({"new": 1}, {}, {"new"}, id="at the root"),
        pytest.param({"new": {"a": {"b": 1}}}, {}, {"new"}, id="an object counts once"),
        pytest.param({"name": None, "a b.c": 1}, {"name": None}, {"a b.c"}, id="a strange name"),
        pytest.param({"": 1, "ü": 2}, {}, {"", "ü"}, id="no name"),
        pytest.param({"address": {"x": 1, "zip": "2"}}, {"address": {"zip": "2"}}, {"address.x"}, id="nested"),
        pytest.param({"address": {"x": 1}}, {"address": {}}, {"address.x"}, id="nested, alone"),
        pytest.param(
            {"address": {"geo": {"x": 1, "lat": Decimal("1.50")}}},
            {"address": {"geo": {"lat": Decimal("1.50")}}},
            {"address.geo.x"},
            id="nested twice",
        ),
        pytest.param(
            {"items": [{"note": "a"}, None, {"x": 1, "y": 2}]},
            {"items": [{"note": "a"}, None, {}]},
            {"items[].x", "items[].y"},
            id="in an array",
        ),
        pytest.param({"free": {"x": {"y": 1}}}, {"free": {"x": {"y": 1}}}, set(), id="a free-form object takes all"),
        pytest.param(
            {"items": [{"more": {"x": 1}, "parts": [{"y": 1}]}]},
            {"items": [{"more": {"x": 1}, "parts": [{"y": 1}]}]},
            set(),
            id="so it does in an array, and an array of whatever",
        ),
        pytest.param({"grid": [[{"x": 1, "y": 2}]]}, {"grid": [[{"x": 1, "y": 2}]]}, set(), id="an array in an array"),
    ],
)
def test_undeclared_fields_are_left_out_and_told(row: Json, record: Json, paths: set[str]) -> None:
    """A field that is not declared is left out, wherever it is, as the SDK does; its path is told."""
    page = json_of([{"id": 1}, {"id": 2} | row, {"id": 3} | row])
    rows = direct().read(page)
    assert rows.undeclared == paths
    found = records(rows.lines(NOW))
    assert text(found) == text([{"id": 1}, {"id": 2} | record, {"id": 3} | record])
    assert text(found) == text(by_the_sdk(page, SAMPLE, without())[0])


def test_an_undeclared_field_is_told_once() -> None:
    """However many pages have it, an undeclared field is told with the first; new ones with theirs."""
    reader = direct()
    pages = [[{"id": 1, "a": 1}], [{"id": 2, "a": "x"}], [{"id": 3}], [{"id": 4, "a": 1, "items": [{"b": 1}]}]]
    rows = [reader.read(json_of(page)) for page in pages]
    assert [sorted(one.undeclared) for one in rows] == [["a"], [], [], ["items[].b"]]
    assert [records(one.lines(NOW)) for one in rows] == [
        [{"id": 1}],
        [{"id": 2}],
        [{"id": 3}],
        [{"id": 4, "items": [{}]}],
    ]


def test_undeclared_fields_of_a_page_that_was_refused_are_told_with_the_next() -> None:
    """None of them goes unseen because another field did not fit."""
    reader = direct()
    for name in ("new", "newer"):
        with pytest.raises(NonConformingPageError):
            reader.read(json_of([{"id": 1, name: 1, "count": "x"}]))
    assert reader.read(json_of([{"id": 1}])).undeclared == {"new", "newer"}


def test_a_name_that_cannot_be_learned_does_not_stand_in_the_way_of_others() -> None:
    """A page with a new name that has to be escaped is refused; the next with a plain one is not."""
    reader = direct()
    with pytest.raises(NonConformingPageError, match="unknown field"):
        reader.read(json_of([{"id": 1, 'a"b': 1, "newer": 1}]))
    assert reader.read(json_of([{"id": 1, "new": 1}])).undeclared == {"new"}


@pytest.mark.parametrize("name", ["name", "new"])
def test_what_is_left_out_has_to_be_text_too(name: str) -> None:
    """A page that is not UTF-8 is refused, even if it is not where a record would show it."""
    reader = direct(mask=without(("properties", "name")))
    reader.read(json_of([{"id": 1, "new": 1}]))
    with pytest.raises(NonConformingPageError):
        reader.read(f'[{{"id":1,"{name}":"\u00ff"}}]'.encode("latin-1"))


def test_rows_read_before_a_field_was_learned_are_written_after() -> None:
    """A page is written as it was checked, also when another page came between."""
    reader = direct()
    first = reader.read(json_of([{"id": 1, "name": "x"}]))
    reader.read(json_of([{"id": 2, "name": "y", "new": 1}]))
    assert records(first.lines(NOW)) == [{"id": 1, "name": "x"}]


def test_names_that_are_values_are_not_learned() -> None:
    """Where ever new names come, types are not made for each: such pages are left to the SDK, others are read on."""
    reader = direct()
    page = json_of([{"id": 1, "new": 1} | {f"x{number}": 1 for number in range(MOST_UNDECLARED)}])
    with pytest.raises(NonConformingPageError, match="unknown field"):
        reader.read(page)
    assert reader.read(json_of([{"id": 1, "new": 1}])).undeclared == {"new"}


@pytest.mark.parametrize(
    ("crumb", "row", "record"),
    [
        pytest.param(("name",), {"name": "x", "count": 1}, {"count": 1}, id="at the root"),
        pytest.param(("name",), {"name": {"a": 5}}, {}, id="of another type"),
        pytest.param(("address",), {"address": {"zip": "1", "x": 1}}, {}, id="an object"),
        pytest.param(("address", "zip"), {"address": {"zip": "1"}}, {"address": {}}, id="nested"),
        pytest.param(("address", "zip"), {"address": None}, {"address": None}, id="null stays null"),
        pytest.param(("address", "zip"), {"name": None}, {"name": None}, id="missing stays missing"),
        pytest.param(
            ("address", "geo", "lat"),
            {"address": {"geo": {"lat": 1}, "zip": "1"}},
            {"address": {"geo": {}, "zip": "1"}},
            id="nested twice",
        ),
        pytest.param(("items",), {"items": [{"x": 1}]}, {}, id="an array"),
    ],
)
def test_deselected_fields_are_left_out(crumb: Crumb, row: Json, record: Json) -> None:
    """A deselected field is left out, whatever it holds, and what it holds is not told."""
    mask = without(tuple(part for name in crumb for part in ("properties", name)))
    page = json_of([{"id": 1} | row])
    rows = direct(mask=mask).read(page)
    assert rows.undeclared == set()
    assert records(rows.lines(NOW)) == by_the_sdk(page, SAMPLE, mask)[0] == [{"id": 1} | record]


def test_fields_within_an_array_cannot_be_deselected() -> None:
    """The SDK does not look into arrays, so a breadcrumb that leads there changes nothing."""
    mask = without(("properties", "items", "items", "properties", "note"))
    assert read({"id": 1, "items": [{"note": "x"}]}, mask=mask) == [{"id": 1, "items": [{"note": "x"}]}]


@pytest.mark.parametrize(
    ("row", "added", "record"),
    [
        pytest.param({"id": 1}, {"tenantId": "7", "line": 0}, {"id": 1, "tenantId": "7", "line": 0}, id="missing"),
        pytest.param({}, {"tenantId": "7"}, {"tenantId": "7"}, id="an empty row"),
        pytest.param({"id": 1, "tenantId": None}, {"tenantId": "7"}, {"id": 1, "tenantId": "7"}, id="null"),
        pytest.param({"id": 1, "tenantId": "5"}, {"tenantId": "7"}, {"id": 1, "tenantId": "5"}, id="its own"),
        pytest.param({"id": 1, "tenantId": ""}, {"tenantId": "7"}, {"id": 1, "tenantId": ""}, id="its own, empty"),
        pytest.param(
            {"line": 3, "tenantId": None},
            {"tenantId": "7", "line": 5},
            {"line": 3, "tenantId": "7"},
            id="each by itself",
        ),
        pytest.param({"line": None}, {"line": None}, {"line": None}, id="null by null"),
        pytest.param({"id": 1}, {"unheard": "7"}, {"id": 1}, id="an undeclared one is not added"),
        pytest.param({"id": 1}, {"name": "7"}, {"id": 1}, id="nor is a deselected one"),
        pytest.param({"id": 1, "new": 1}, {"tenantId": 'ü "'}, {"id": 1, "tenantId": 'ü "'}, id="to a copy"),
        pytest.param({"id": 1}, {}, {"id": 1}, id="nothing"),
        pytest.param({"id": 1}, {"price": Decimal("1.50")}, {"id": 1, "price": Decimal("1.50")}, id="a number"),
    ],
)
@pytest.mark.parametrize("place", ["added", "each", "each over added"])
@pytest.mark.parametrize("indent", [None, 2])
def test_fields_are_added(row: Json, added: Json, record: Json, place: str, indent: int | None) -> None:
    """A field that is added is in the record, unless the row has one itself; once, even if the row has a null."""
    mask = without(("properties", "name")) if "name" in added or "new" in row else without()
    rows = direct(mask=mask, required=()).read(json_of([row, {}], indent=indent))
    everywhere = {"added": added, "each": None, "each over added": dict.fromkeys(added, "wrong")}[place]
    lines = rows.lines(NOW, added=everywhere, each=None if place == "added" else [added, {"line": 9} | added])
    assert text(records(lines)[0]) == text(record)
    assert all(lines.split(b"\n")[0].count(f'"{name}":'.encode()) <= 1 for name in added)


def test_fields_are_added_to_blanks() -> None:
    """However an object is laid out, what is added makes valid JSON of it."""
    lines = direct(required=()).read(b'[{ }, {"id" : 1 }]').lines(NOW, added={"line": 2})
    assert records(lines) == [{"line": 2}, {"id": 1, "line": 2}]


def test_each_row_may_have_its_own() -> None:
    """What is added to one row is not added to the next."""
    rows = direct().read(json_of([{"id": 1}, {"id": 2, "line": 8}, {"id": 3}]))
    each: list[dict[str, object]] = [{"line": 0}, {"line": 1}, {"tenantId": "x"}]
    assert records(rows.lines(NOW, each=each)) == [
        {"id": 1, "line": 0},
        {"id": 2, "line": 8},
        {"id": 3, "tenantId": "x"},
    ]
    assert records(rows.lines(NOW, each=each, keep=[False, True, True])) == [
        {"id": 2, "line": 8},
        {"id": 3, "tenantId": "x"},
    ]


@pytest.mark.parametrize(
    ("keep", "ids"),
    [
        pytest.param([True, True, True], [1, 2, 3], id="all"),
        pytest.param([False, True, False], [2], id="one"),
        pytest.param([False] * 3, [], id="none"),
        pytest.param([True, True], [1, 2], id="the first ones"),
        pytest.param([], [], id="no first ones"),
    ],
)
def test_rows_may_be_passed_over(keep: list[bool], ids: list[int]) -> None:
    """The lines are of the rows that are to be kept."""
    rows = direct().read(json_of([{"id": 1}, {"id": 2}, {"id": 3}]))
    assert [record["id"] for record in records(rows.lines(NOW, keep=iter(keep)))] == ids


def test_values_of_rows_are_read() -> None:
    """Any field of a row can be read, with its digits, also a nested or a deselected one; what is not there is None."""
    mask = without(("properties", "name"))
    rows = direct(mask=mask).read(
        json_of(
            [
                {"id": 1, "name": "x", "address": {"geo": {"lat": Decimal("1.50")}, "zip": "2"}},
                {"id": 2, "address": None},
            ]
        )
    )
    assert rows.values("id") == [(1,), (2,)]
    assert rows.values("modifiedOn", "id", "name") == [(None, 1, "x"), (None, 2, None)]
    found = rows.values("address.geo.lat", "id", "address.zip", "name.x", "address")
    assert text(found[0]) == text([Decimal("1.50"), 1, "2", None, {"geo": {"lat": Decimal("1.50")}, "zip": "2"}])
    assert found[1] == (None, 2, None, None, None)
    assert rows.values() == [(), ()]


def test_texts_of_rows_are_read() -> None:
    """A stamp is read with all of its digits; what is no text is none."""
    stamp = "2026-11-01T11:38:22.1234567Z"
    rows = direct().read(json_of([{"id": 1, "modifiedOn": stamp}, {"id": 2, "modifiedOn": None}, {"id": 3}]))
    assert rows.texts("modifiedOn") == [stamp, None, None]
    assert rows.texts("id") == [None, None, None]


def test_rows_are_as_they_came() -> None:
    """The bytes of a row are at hand, with its undeclared fields, without the layout of the page."""
    rows = direct().read(b'[ {"id":1,"new":1.50},\n {"id" : 2} ]')
    assert [bytes(row) for row in rows.raw] == [b'{"id":1,"new":1.50}', b'{"id":2}']


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        pytest.param({"type": ["string", "array"]}, r"odd: is declared as \['string', 'array'\]", id="text or array"),
        pytest.param({"type": "null"}, "odd: is declared as 'null'", id="null alone"),
        pytest.param({"anyOf": [{"type": "string"}]}, "odd: is declared as", id="no type"),
        pytest.param(
            {"type": "array", "items": {"type": "float"}}, r"odd\[\]: is declared as 'float'", id="no such type"
        ),
        pytest.param(
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True},
            "odd: takes fields",
            id="other fields beside declared ones",
        ),
    ],
)
def test_schemas_beyond_the_plain_are_refused(inner: Schema, message: str) -> None:
    """What a catalog may say, and no stream of the tap does, is left to the SDK altogether."""
    with pytest.raises(NonConformingPageError, match=rf"^sample\.{message}"):
        Passthrough("sample", {"properties": {"odd": inner}})


def test_no_row_gets_lost_for_want_of_its_own() -> None:
    """Fewer added fields than rows are a mistake that is not passed over."""
    rows = direct().read(json_of([{"id": 1}, {"id": 2}]))
    for each in ([], [{"line": 0}]):
        with pytest.raises(ValueError, match="zip"):
            rows.lines(NOW, each=each)
