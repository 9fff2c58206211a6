"""Personal data is left out or hashed, on the way as it came and on the way of dicts alike."""

from __future__ import annotations

import hmac
import itertools
import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_servicetitan.catalog.personal_data import personal_data
from tap_servicetitan.catalog.rows import export
from tap_servicetitan.records.factory import RecordFactory
from tap_servicetitan.records.masking import contact, email, masking, phone
from tap_servicetitan.records.passthrough import Passthrough
from tap_servicetitan.records.records import PassthroughRecords
from tap_servicetitan.settings.schema import SETTINGS
from tap_servicetitan.settings.settings import read_settings

if TYPE_CHECKING:
    from tap_servicetitan.records.masking import Masking
    from tap_servicetitan.settings.settings import Settings

Json = Any

TEXT = {"type": ["string", "null"]}
NUMBER = {"type": ["number", "null"]}


def an_object(**fields: Json) -> Json:
    """Declare an object."""
    return {"type": ["object", "null"], "properties": fields}


SCHEMA: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": TEXT,
        "memo": TEXT,
        "amount": NUMBER,
        "agent": an_object(id=NUMBER, name=TEXT, home=an_object(zip=TEXT, phone=TEXT)),
        "place": an_object(x=NUMBER, y=NUMBER),
        "contacts": {"type": ["array", "null"], "items": an_object(kind=TEXT, value=TEXT, note=TEXT)},
    },
    "required": ["id"],
}
FIELDS: Json = {
    "name": "name",
    "memo": "text",
    "agent.name": "name",
    "agent.home.zip": "address",
    "agent.home.phone": "phone",
    "place.x": "place",
    "place.y": "place",
    "contacts[].value": "contact",
    "contacts[].note": "text",
}
ROW = export("jobs")


def settings(mode: str, salt: str = "salt") -> Settings:
    """Make settings."""
    usual = {name: one["default"] for name, one in SETTINGS["properties"].items() if "default" in one}
    secrets = dict.fromkeys(("client_id", "client_secret", "st_app_key"), "")
    return read_settings({**usual, **secrets, "tenant_id": 1, "personal_data": mode, "personal_data_salt": salt})


def mask(mode: str) -> Masking:
    """Make what masks the rows of these tests."""
    found = masking(FIELDS, SCHEMA, settings(mode))
    assert found
    return found


def hashed(text: str, salt: str = "salt") -> str:
    """Hash with another implementation."""
    return hmac.digest(salt.encode(), text.encode(errors="surrogatepass"), "sha256").hex() if text else text


def written(mode: str, rows: Json, *, is_plain: bool, selected: frozenset[str] = frozenset()) -> tuple[Json, Json]:
    """Give the records of some rows, and what tells whether they are the same."""
    here = mask(mode)
    passthrough = Passthrough("jobs", SCHEMA, is_selected=lambda crumb: crumb[-1] not in selected, required=["id"])
    passthrough.mask(here)
    factory = RecordFactory(
        row=ROW,
        logger=logging.getLogger(),
        masking=here,
        passthrough=passthrough,
        is_plain=is_plain,
        schema=here.schema(SCHEMA),
    )
    found = factory.make(json.dumps(rows).encode(), line=itertools.count(1))
    contents = [found.content(number) for number in range(len(found))]
    if not isinstance(found, PassthroughRecords):
        return found.dicts(), contents
    lines = found.lines(datetime.now(UTC), None).splitlines()
    assert found.dicts() == [json.loads(one)["record"] for one in lines] or selected
    return [json.loads(one)["record"] for one in lines], contents


def shaped(schema: Json) -> st.SearchStrategy[Json]:
    """Draw values of a schema: fields may be missing, null or empty."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if "object" in kinds:
        fields = {name: shaped(one) for name, one in schema["properties"].items()}
        required = {name: fields.pop(name) for name in schema.get("required", ())}
        found: st.SearchStrategy[Json] = st.fixed_dictionaries(required, optional=fields)
    elif "array" in kinds:
        found = st.lists(shaped(schema["items"]), max_size=3)
    elif "string" in kinds:
        found = st.text(max_size=8) | st.sampled_from(["", " ", "A@B.c", "+1 (555) 010-0199"])
    else:
        found = st.integers(-9, 9)
    return found | st.none() if "null" in kinds else found


@given(st.lists(shaped(SCHEMA), max_size=4), st.sampled_from(["hash", "drop"]))
def test_both_ways_are_the_same(rows: Json, mode: str) -> None:
    """What is passed through says the same as what became dicts, and so does what tells repeats."""
    plain, contents = written(mode, rows, is_plain=True)
    assert (plain, contents) == written(mode, rows, is_plain=False)
    for row, record in zip(rows, plain, strict=True):
        assert record == expected(row, mode)


def expected(row: Json, mode: str) -> Json:
    """Mask a row by hand."""

    def text(value: Json, normal: Json = str.strip) -> Json:
        return value if value is None else hashed(normal(value))

    def part(value: Json, /, **wanted: Json) -> Json:
        return value and {name: make(value[name]) for name, make in wanted.items() if name in value}

    def kept(value: Json) -> Json:
        return value

    def home(value: Json) -> Json:
        return part(value, phone=lambda one: text(one, phone))

    def contacts(value: Json) -> Json:
        hashes = {"value": lambda one: text(one, contact)} if mode == "hash" else {}
        return value and [part(one, kind=kept, **hashes) for one in value]

    def agent(value: Json) -> Json:
        return part(value, id=kept, **({"name": text, "home": home} if mode == "hash" else {}))

    return part(row, id=kept, amount=kept, agent=agent, contacts=contacts, **({"name": text} if mode == "hash" else {}))


def test_what_is_deselected_stays_so() -> None:
    """Masks and the selection hold together."""
    row = {"id": 1, "name": "Jane", "agent": {"id": 2, "name": "Joe"}, "amount": 5}
    ((record,), _) = written("hash", [row], is_plain=True, selected=frozenset({"amount", "name"}))
    assert record == {"id": 1, "agent": {"id": 2}}


def test_a_value_of_another_type_is_not_let_through() -> None:
    """A number becomes the hash of its digits; a text where an object is expected is left out."""
    row = {"id": 1, "name": 5, "agent": "Jane Doe", "contacts": "jane@example.com", "place": "here"}
    ((record,), _) = written("hash", [row], is_plain=True)
    assert record == {"id": 1, "name": hashed("5"), "agent": None, "contacts": None}


def test_an_object_without_fields_goes() -> None:
    """Of `place` nothing is left."""
    assert "place" not in mask("hash").schema(SCHEMA)["properties"]
    assert mask("drop").schema(SCHEMA)["properties"]["agent"] == an_object(id=NUMBER)


@pytest.mark.parametrize(
    ("normal", "text", "wanted"),
    [
        (email, " Jane.Doe@Example.COM ", "jane.doe@example.com"),
        (phone, "+1 (555) 010-0199", "5550100199"),
        (phone, "1-555-010-0199 ext. 12", "5550100199"),
        (phone, "555.010.0199x12", "5550100199"),
        (phone, "5550100199", "5550100199"),
        (phone, "+44 20 7946 0958", "442079460958"),
        (phone, "Anonymous", "anonymous"),
        (phone, "", ""),
        (contact, "Jane@Example.com", "jane@example.com"),
        (contact, "(555) 010-0199", "5550100199"),
    ],
)
def test_values_are_made_alike_first(normal: Json, text: str, wanted: str) -> None:
    """Who is the same has the same hash."""
    assert normal(text) == wanted


@pytest.mark.parametrize("salt", ["s", "x" * 64, "y" * 65, "ü" * 40])
def test_the_hash_is_the_standard_one(salt: str) -> None:
    """HMAC-SHA-256, with a key of any length, so that a database can make it too."""
    found = masking({"name": "name"}, SCHEMA, settings("hash", salt))
    assert found
    assert found.record({"name": " Jane "}) == {"name": hashed("Jane", salt)}


@pytest.mark.parametrize(
    ("column", "is_text", "kind"),
    [
        ("customer_name", True, "name"),
        ("assigned_technicians", True, "name"),
        ("customer_id", True, None),
        ("customer_revenue", False, None),
        ("customer_email", True, "email"),
        ("customer_phone", False, "phone"),
        ("location_zip", False, "address"),
        ("campaign_name", True, None),
        ("business_unit_name", True, None),
        ("total_pay", False, "pay"),
        ("payment_total", False, None),
        ("job_notes", True, "text"),
        ("revenue", False, None),
    ],
)
def test_the_kind_of_a_column_of_a_report(column: str, is_text: bool, kind: str | None) -> None:  # noqa: FBT001 - a case
    """A column is known by the words in its name."""
    assert personal_data().reports.kind(column, is_text=is_text) == kind
