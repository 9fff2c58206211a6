"""Facts to JSON Schema: a case for each rule, and every rule for every stream."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from tap_servicetitan import schema as under_test
from tap_servicetitan.endpoint import Endpoint, MadeKey, export
from tap_servicetitan.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.schema import CORRECTIONS, stream_facts, stream_schema
from tap_servicetitan.tap import TapServiceTitan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Facts = dict[str, Any]

each_row = pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.name)


def schema_of(monkeypatch: pytest.MonkeyPatch, row: Endpoint, properties: Facts) -> Facts:
    """Make the schema of a row with these facts."""
    monkeypatch.setattr(under_test, "facts", lambda _module: {row.name: {"properties": properties}})
    return stream_schema(row)


def walk(part: Facts, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Facts]]:
    """Give each schema (or fact) within one, with the path to it; an array's items are "[]"."""
    for name, inner in part.get("properties", {}).items():
        yield (*path, name), inner
        yield from walk(inner, (*path, name))
    if "items" in part:
        yield (*path, "[]"), part["items"]
        yield from walk(part["items"], (*path, "[]"))


def is_free_form(part: Facts) -> bool:
    """Tell whether a schema takes objects with any fields."""
    return "object" in part["type"] and not part.get("properties") and part.get("additionalProperties") is not False


@pytest.mark.parametrize(
    ("fact", "wanted"),
    [
        pytest.param({"type": "boolean"}, {"type": ["boolean", "null"]}, id="never null becomes nullable"),
        pytest.param({"type": ["string", "null"]}, {"type": ["string", "null"]}, id="nullable stays, null once"),
        pytest.param({"type": ["null", "string"]}, {"type": ["string", "null"]}, id="null comes last"),
        pytest.param(
            {"type": ["string", "integer"]}, {"type": ["string", "integer", "null"]}, id="several types are all kept"
        ),
        pytest.param({"type": "string", "enum": ["A"]}, {"type": ["string", "null"]}, id="enum is open"),
        pytest.param({"type": "integer", "format": "int64"}, {"type": ["integer", "null"]}, id="int64 says nothing"),
        pytest.param({"type": "number", "format": "decimal"}, {"type": ["number", "null"]}, id="nor does decimal"),
        pytest.param({"type": "string", "format": "email"}, {"type": ["string", "null"]}, id="users break email"),
        pytest.param(
            {"type": "string", "format": "date"}, {"type": ["string", "null"], "format": "date"}, id="date stays"
        ),
        pytest.param(
            {"type": ["string", "null"], "format": "date-time"},
            {"type": ["string", "null"], "format": "date-time"},
            id="date-time stays",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "string", "enum": ["A"], "format": "phone"}},
            {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
            id="the rules hold within arrays",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            {"type": ["array", "null"], "items": {"type": ["array", "null"], "items": {"type": ["number", "null"]}}},
            id="and within arrays of arrays",
        ),
        pytest.param(
            {"type": "object", "properties": {"on": {"type": "string", "format": "date", "enum": ["A"]}}},
            {"type": ["object", "null"], "properties": {"on": {"type": ["string", "null"], "format": "date"}}},
            id="and within objects",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}},
            {
                "type": ["array", "null"],
                "items": {"type": ["object", "null"], "properties": {"id": {"type": ["integer", "null"]}}},
            },
            id="and within objects in arrays: a key there is not the record's",
        ),
    ],
)
def test_rule(monkeypatch: pytest.MonkeyPatch, fact: Facts, wanted: Facts) -> None:
    """A fact becomes a schema that is no narrower than what the API really sends."""
    made = schema_of(monkeypatch, export("jobs"), {"id": {"type": "integer"}, "some": fact})
    assert made["properties"]["some"] == wanted


@pytest.mark.parametrize("declared", ["integer", ["integer", "null"]], ids=["never null", "nullable"])
def test_a_key_is_never_null(monkeypatch: pytest.MonkeyPatch, declared: object) -> None:
    """A key is required and takes no null, whatever the vendor declares."""
    made = schema_of(monkeypatch, export("jobs"), {"id": {"type": declared, "format": "int64"}})
    assert made == {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}


def test_an_object_of_unknown_fields_takes_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where recursion was cut, the schema takes any object, so that nothing deeper is lost."""
    made = schema_of(monkeypatch, export("jobs"), {"id": {"type": "integer"}, "deep": {"type": "object"}})
    assert is_free_form(made["properties"]["deep"])


def test_exploded_entries_join_the_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema of an exploded row has the item's fields and those of an entry, and not the array."""
    entry = {"type": "object", "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}}
    row = export("logs", key=("jobId", "id"), explode="entries")
    made = schema_of(monkeypatch, row, {"jobId": {"type": "integer"}, "entries": {"type": "array", "items": entry}})
    assert made["properties"] == {
        "jobId": {"type": "integer"},
        "id": {"type": "integer"},
        "note": {"type": ["string", "null"]},
    }
    assert made["required"] == ["jobId", "id"]


def test_a_made_key_is_a_string(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key that the tap makes is a property, and never null."""
    row = export("pay", key=("_key",), made_key=MadeKey(field="id", fallback=("on",)))
    made = schema_of(monkeypatch, row, {"id": {"type": ["integer", "null"]}})
    assert made["properties"] == {"id": {"type": ["integer", "null"]}, "_key": {"type": "string"}}


def test_a_correction_is_of_one_field_of_one_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """A correction replaces what it names, in the stream and field that it names."""
    monkeypatch.setitem(CORRECTIONS, ("jobs", "on"), {"format": "date-time"})
    properties = {"id": {"type": "integer"}, "on": {"type": "string", "format": "date"}}
    corrected = schema_of(monkeypatch, export("jobs"), properties)["properties"]["on"]
    other = schema_of(monkeypatch, export("calls"), properties)["properties"]["on"]
    assert corrected == {"type": ["string", "null"], "format": "date-time"}
    assert other == {"type": ["string", "null"], "format": "date"}


def test_a_key_that_is_no_property_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key without facts is refused by the names of the stream and the key."""
    with pytest.raises(LookupError, match=r"^jobs: the key 'id' is no property"):
        schema_of(monkeypatch, export("jobs"), {"number": {"type": "string"}})


def test_a_row_without_facts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row without facts is refused with its name, the file and the script that helps."""
    monkeypatch.setattr(under_test, "facts", lambda _module: {})
    with pytest.raises(LookupError, match=r"^jobs: no facts in schemas/.*refresh_schemas\.py"):
        stream_schema(export("jobs"))


@each_row
def test_everything_but_the_keys_is_nullable(row: Endpoint) -> None:
    """Every property takes null, also within others, but the parts of the key, which never do."""
    for path, part in walk(stream_schema(row)):
        assert ("null" in part["type"]) is (path not in {(name,) for name in row.key}), path


@each_row
def test_no_promise_that_the_api_breaks(row: Endpoint) -> None:
    """No schema has an enum or a format other than date and date-time, and no record is refused for a new field."""
    for path, part in walk(stream_schema(row)):
        assert "enum" not in part, path
        assert part.get("format") in (None, "date", "date-time"), path
    assert stream_schema(row).get("additionalProperties") is not False


@each_row
def test_dates_stay_dates(row: Endpoint) -> None:
    """A field that the vendor declares as a time is one in the schema too, at any depth."""
    times = {path for path, fact in walk(_flat(row)) if fact.get("format") in ("date", "date-time")}
    assert {path for path, part in walk(stream_schema(row)) if "format" in part} == times


@each_row
def test_no_property_is_lost(row: Endpoint) -> None:
    """Every property of the facts is in the schema, nested ones too, with its types; nothing else is."""
    known = {path: _types(fact) for path, fact in walk(_flat(row))}
    made = {path: _types(part) for path, part in walk(stream_schema(row)) if path != ("_key",)}
    assert made == known


@each_row
def test_the_key_is_required(row: Endpoint) -> None:
    """A schema requires the key, and nothing but the key."""
    assert stream_schema(row)["type"] == "object"
    assert stream_schema(row)["required"] == list(row.key)


@each_row
def test_a_schema_is_made_once(row: Endpoint) -> None:
    """Every call gives the very same object: the SDK asks for it with each record."""
    assert stream_schema(row) is stream_schema(row)


@each_row
@pytest.mark.parametrize("draft", [Draft7Validator, Draft202012Validator], ids=["draft 7", "draft 2020-12"])
def test_a_schema_is_valid(row: Endpoint, draft: type[Draft7Validator | Draft202012Validator]) -> None:
    """Every schema is valid JSON Schema, for targets old and new."""
    draft.check_schema(stream_schema(row))


def test_job_history_is_a_record_for_each_event() -> None:
    """The records of job_history have the job's id and the fields of one event."""
    row = BY_NAME["job_history"]
    entry = stream_facts(row)["properties"]["history"]["items"]["properties"]
    assert stream_schema(row)["properties"].keys() == {"jobId", *entry}
    assert {"id", "eventType", "date"} <= entry.keys()


def test_gross_pay_items_have_a_made_key() -> None:
    """A gross pay item is known by the key that the tap makes; its id may be null."""
    properties = stream_schema(BY_NAME["gross_pay_items"])["properties"]
    assert properties["_key"] == {"type": "string"}
    assert properties["id"] == {"type": ["integer", "null"]}


def test_recursion_is_cut_and_kept() -> None:
    """Subcategories are described once; what lies below is kept as objects with any fields."""
    once = stream_schema(BY_NAME["pricebook_categories"])["properties"]["subcategories"]["items"]
    assert once["properties"]["name"] == {"type": ["string", "null"]}
    assert is_free_form(once["properties"]["subcategories"]["items"])


def test_what_lies_below_the_cut_is_written(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A category four levels deep reaches the output whole."""
    # Regression: the SDK ended with KeyError('properties') at an object in an array that has no properties.
    item = {"id": 1, "subcategories": [{"id": 2, "subcategories": [{"id": 3, "subcategories": [{"id": 4}]}]}]}
    body = json.dumps({"hasMore": False, "continueFrom": "t", "data": [item]}).encode()
    tap = TapServiceTitan(config={"client_id": "a", "client_secret": "b", "st_app_key": "c", "tenant_id": "42"})
    monkeypatch.setitem(tap.__dict__, "client", OneAnswer(body))
    tap.streams["pricebook_categories"].sync()
    written = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [one["record"] for one in written if one["type"] == "RECORD"] == [item]


@pytest.mark.parametrize(("stream", "name"), CORRECTIONS)
def test_a_correction_is_still_needed(stream: str, name: str) -> None:
    """A correction changes what the vendor declares, and is in force; one that says the same goes."""
    wanted = CORRECTIONS[stream, name]
    fact = stream_facts(BY_NAME[stream])["properties"][name]
    assert {word: fact.get(word) for word in wanted} != wanted
    assert {word: stream_schema(BY_NAME[stream])["properties"][name].get(word) for word in wanted} == wanted


class OneAnswer:
    """Stands for the API's client: whatever is asked, one body comes."""

    def __init__(self, body: bytes) -> None:
        """Keep the body."""
        self.accepted = threading.Event()
        self._body = body

    def get(
        self, _stream: str, _path: str, _params: Mapping[str, str], read: Callable[[bytes], Any], *, scope: str
    ) -> object:
        """Read the one body."""
        assert scope
        return read(self._body)


def _flat(row: Endpoint) -> Facts:
    """Give the facts of a row's records, with the entries of an exploded field in its place."""
    known = dict(stream_facts(row)["properties"])
    if row.explode:
        known |= known.pop(row.explode)["items"]["properties"]
    for (stream, name), correction in CORRECTIONS.items():
        if stream == row.name:
            known[name] = known[name] | correction
    return {"properties": known}


def _types(part: Facts) -> set[str]:
    return {*([part["type"]] if isinstance(part["type"], str) else part["type"])} - {"null"}
