"""Facts to JSON Schema: a case for each rule, and every rule for every stream."""

from __future__ import annotations

import functools
import json
import re
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from tap_servicetitan.api.usage import Usage
from tap_servicetitan.catalog import schema as under_test
from tap_servicetitan.catalog.amounts import AMOUNTS
from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.rows import child, export, incremental_list, unpaged, windowed
from tap_servicetitan.catalog.schema import CORRECTIONS, stream_facts, stream_schema
from tap_servicetitan.catalog.window import Window
from tap_servicetitan.tap import TapServiceTitan
from tests.support.each import for_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_servicetitan.api.request import Request
    from tap_servicetitan.catalog.endpoint import Endpoint

Facts = dict[str, Any]

each_row = for_each("row", ENDPOINTS)


def raw(facts: Facts) -> msgspec.Raw:
    """Write facts as they stand in a file of them."""
    return msgspec.Raw(json.dumps(facts).encode())


def schema_of(monkeypatch: pytest.MonkeyPatch, row: Endpoint, properties: Facts) -> Facts:
    """Make the schema of a row with these facts, without descriptions: the data model does not know the row."""
    monkeypatch.setattr(under_test, "facts", lambda _module: {row.name: raw({"properties": properties})})
    monkeypatch.setattr(under_test, "described", lambda _row, schema: schema)
    return stream_schema(row)


def schemas_of(monkeypatch: pytest.MonkeyPatch, table: dict[Endpoint, Facts]) -> dict[str, Facts]:
    """Make the properties of each row of a table with these facts."""
    rows = {row.name: row for row in table}
    known = {row.name: raw({"properties": properties}) for row, properties in table.items()}
    monkeypatch.setattr(under_test, "facts", lambda _module: known)
    monkeypatch.setattr(under_test, "BY_NAME", rows)
    monkeypatch.setattr(under_test, "described", lambda _row, schema: schema)
    return {name: stream_schema(row)["properties"] for name, row in rows.items()}


def walk(part: Facts, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Facts]]:
    """Give each schema (or fact) within one, with the path to it; an array's items are "[]"."""
    for name, inner in part.get("properties", {}).items():
        yield (*path, name), inner
        yield from walk(inner, (*path, name))
    if "items" in part:
        yield (*path, "[]"), part["items"]
        yield from walk(part["items"], (*path, "[]"))


@pytest.mark.parametrize(
    ("fact", "wanted"),
    [
        pytest.param({"type": "boolean"}, {"type": ["boolean", "null"]}, id="never null becomes nullable"),
        pytest.param({"type": ["string", "null"]}, {"type": ["string", "null"]}, id="nullable stays, null once"),
        pytest.param({"type": ["null", "string"]}, {"type": ["string", "null"]}, id="null comes last"),
        pytest.param(
            {"type": ["string", "integer"]},
            {"type": ["string", "null"], "contentMediaType": "text/plain"},
            id="several types are a text",
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


@pytest.mark.parametrize("deep", [{"type": "object"}, {"type": "array", "items": {"type": "object"}}])
def test_an_object_of_unknown_fields_is_a_text(monkeypatch: pytest.MonkeyPatch, deep: Facts) -> None:
    """Where recursion was cut, what lies deeper is kept as JSON text: strict targets take no object without fields."""
    made = schema_of(monkeypatch, export("jobs"), {"id": {"type": "integer"}, "deep": deep})
    assert made["properties"]["deep"] == {"type": ["string", "null"], "contentMediaType": "application/json"}


@pytest.mark.parametrize(
    ("fact", "length"),
    [({"type": "string", "format": "guid"}, 36), ({"type": "string"}, 255), ({"type": ["null", "string"]}, 255)],
)
def test_a_text_in_a_key_has_a_greatest_length(monkeypatch: pytest.MonkeyPatch, fact: Facts, length: int) -> None:
    """Some targets cannot have a key of any length; other texts are not bounded."""
    made = schema_of(monkeypatch, export("jobs"), {"id": fact, "name": {"type": "string"}})["properties"]
    assert made == {"id": {"type": "string", "maxLength": length}, "name": {"type": ["string", "null"]}}


def test_nested_records_join_the_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema of nested records has the item's fields and those of an entry, and not the array."""
    entry = {"type": "object", "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}}
    row = export("logs", key=("jobId", "id"), nested_records="entries")
    made = schema_of(monkeypatch, row, {"jobId": {"type": "integer"}, "entries": {"type": "array", "items": entry}})
    assert made["properties"] == {
        "jobId": {"type": "integer"},
        "id": {"type": "integer"},
        "note": {"type": ["string", "null"]},
    }
    assert made["required"] == ["jobId", "id"]


def test_a_made_key_is_a_string(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key that the tap makes is a property, and never null."""
    row = export("pay", key=("_key",), made_key=(("id",), ("on",)))
    made = schema_of(monkeypatch, row, {"id": {"type": ["integer", "null"]}})
    assert made["properties"] == {"_key": {"type": "string", "maxLength": 64}, "id": {"type": ["integer", "null"]}}
    assert made["required"] == ["_key"]


def test_the_tenant_is_an_integer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a tenant has once is known by the tenant, a number."""
    made = schema_of(monkeypatch, unpaged("hours", key=("tenantId",)), {"opens": {"type": "string"}})
    assert made["properties"] == {"tenantId": {"type": "integer"}, "opens": {"type": ["string", "null"]}}
    assert made["required"] == ["tenantId"]


def test_lines_are_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines without an id are known by their parent and their number."""
    lines = child("lines", "entries", "entries/{entryId}/lines", key=("entryId", "_line"))
    made = schemas_of(
        monkeypatch, {incremental_list("entries"): {"id": {"type": "integer"}}, lines: {"sum": {"type": "number"}}}
    )
    assert made["lines"] == {
        "entryId": {"type": "integer"},
        "_line": {"type": "integer"},
        "_end_marker": {"type": ["boolean", "null"]},
        "sum": {"type": ["number", "null"]},
    }


@pytest.mark.parametrize("kind", ["integer", "string"])
def test_a_child_has_the_id_of_its_parent(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A record tells which parent it is of, in the parent's type, nullable like all that is no key."""
    parent, notes = incremental_list("leads"), child("notes", "leads", "leads/{leadId}/notes")
    made = schemas_of(monkeypatch, {parent: {"id": {"type": kind}}, notes: {"id": {"type": "integer"}}})
    assert made["notes"] == {"leadId": {"type": [kind, "null"]}, "id": {"type": "integer"}}


def test_a_grandchild_has_the_ids_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parent's parent hands its id down, in its own type, even where no record of the API tells it."""
    table: dict[Endpoint, Facts] = {
        incremental_list("projects"): {"id": {"type": "string", "format": "guid"}},
        child("segments", "projects", "projects/{projectId}/segments", key=("projectId", "id")): {
            "id": {"type": "integer"}
        },
        child(
            "items",
            "segments",
            "projects/{projectId}/segments/{segmentId}/items",
            link={"projectId": "projectId"},
            key=("projectId", "id"),
        ): {"id": {"type": "integer"}},
    }
    assert schemas_of(monkeypatch, table)["items"] == {
        "projectId": {"type": "string", "maxLength": 36},
        "segmentId": {"type": ["integer", "null"]},
        "id": {"type": "integer"},
    }


def test_a_setting_hands_down_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a setting lists the parents' ids, they are texts."""
    row = child("sessions", "router_ids", "routers/{routerId}/sessions")
    assert schema_of(monkeypatch, row, {"id": {"type": "integer"}})["properties"] == {
        "routerId": {"type": ["string", "null"]},
        "id": {"type": "integer"},
    }


def test_what_the_api_declares_stands_above_what_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a record has the parent's id itself, it is as the API declares it."""
    parent, notes = incremental_list("leads"), child("notes", "leads", "leads/{leadId}/notes", key=("leadId",))
    table: dict[Endpoint, Facts] = {
        parent: {"id": {"type": "integer"}},
        notes: {"leadId": {"type": ["string", "null"]}},
    }
    assert schemas_of(monkeypatch, table)["notes"] == {"leadId": {"type": "string", "maxLength": 255}}


def test_parents_that_are_asked_for_by_ids_add_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no placeholder, the record alone can tell which parent it is of."""
    parent, holds = incremental_list("jobs"), child("holds", "jobs", "jobs/holds", ids="ids", key=("jobId",))
    table = {parent: {"id": {"type": "integer"}}, holds: {"jobId": {"type": "integer"}}}
    assert schemas_of(monkeypatch, table)["holds"] == {"jobId": {"type": "integer"}}


@pytest.mark.parametrize("unit", ["day", "month"])
def test_a_window_adds_its_ends(monkeypatch: pytest.MonkeyPatch, unit: Any) -> None:  # noqa: ANN401 - a Literal
    """The fields that tell the span are dates: a time has no place in a key."""
    window = Window(start="a", end="b", unit=unit, fields={"from": "start", "to": "end"})
    row = windowed("sums", "sums", window, key=("id", "from"), replication_key="from")
    assert schema_of(monkeypatch, row, {"id": {"type": "integer"}})["properties"] == {
        "from": {"type": "string", "format": "date"},
        "to": {"type": ["string", "null"], "format": "date"},
        "id": {"type": "integer"},
    }


def test_a_window_without_fields_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that tell their time themselves are as the API declares them."""
    row = windowed("sums", "sums", Window(start="a", end="b", unit="day"))
    assert schema_of(monkeypatch, row, {"id": {"type": "integer"}})["properties"] == {"id": {"type": "integer"}}


def test_a_copied_field_is_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that is taken over from within an object is as it is there, and stays there."""
    stamp = {"type": "string", "format": "date-time"}
    outer = {"type": "object", "properties": {"at": {"type": "object", "properties": {"on": stamp}}}}
    facts = {"id": {"type": "integer"}, "call": outer}
    made = schema_of(monkeypatch, incremental_list("calls", copied_fields={"modifiedOn": "call.at.on"}), facts)[
        "properties"
    ]
    nullable = {"type": ["string", "null"], "format": "date-time"}
    assert made["modifiedOn"] == made["call"]["properties"]["at"]["properties"]["on"] == nullable


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
    with pytest.raises(LookupError, match=r"^jobs: no facts in schemas/.*refresh_schemas"):
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
    """Every property of the facts is in the schema, nested ones too, with its type; nothing else is."""
    known = {path: _types(fact) for path, fact in walk(_strict(_flat(row)))}
    made = {path: _types(part) for path, part in walk(stream_schema(row))}
    assert made == known
    # Of the facts alone, too: none is covered by what the tap adds.
    alone = {path: _types(fact) for path, fact in walk(_strict(stream_facts(row)))}
    assert alone.keys() - made.keys() == {path for path in alone if path[0] == row.nested_records}


LOOKS_AN_AMOUNT = re.compile(
    r"(amount|total|price|costs?|quantity|balance|tax|fee|charge|discount|shipping|rate|percent(age)?|hours|credit|debit)$"
    r"|^allocated|quoted$",
    re.IGNORECASE,
)
NO_AMOUNTS = {"dispatchFeeQuoted"}
"""What somebody was told about a fee, in words."""


def test_texts_that_look_like_amounts_are_numbers() -> None:
    """A text of such a name is an amount, or is known to be none; a name that no text has any more leaves the list."""
    texts = {
        path[-1]
        for row in ENDPOINTS
        for path, fact in walk(stream_facts(row))
        if _types(fact) == {"string"} and not {"format", "enum"} & fact.keys()
    }
    assert {name for name in texts if LOOKS_AN_AMOUNT.search(name)} == AMOUNTS | NO_AMOUNTS


@pytest.mark.parametrize(
    ("stream", "path"),
    [
        ("invoices", "total"),
        ("invoices", "items[].price"),
        ("payments", "appliedTo[].appliedAmount"),
        ("ap_bills", "expenseItems[].amount"),
        ("expense_transactions", "lineItems[].quantity"),
        ("bank_deposit_transactions", "unappliedAmount"),
    ],
)
def test_an_amount_is_a_number(stream: str, path: str) -> None:
    """Whether it stands in the row, in an object or in a list of them."""
    parts = {".".join(one).replace(".[]", "[]"): part for one, part in walk(stream_schema(BY_NAME[stream]))}
    assert parts[path] == {"type": ["number", "null"], "contentMediaType": "text/plain"}


@each_row
def test_no_number_of_a_document_is_a_number_of_the_schema(row: Endpoint) -> None:
    """The number of an invoice, a check, a phone, a card or a zip code stays the text that it is."""
    for path, part in walk(stream_schema(row)):
        if re.search(r"(number|phone|zip|last4|code)$", path[-1], re.IGNORECASE) and path[-1] != "[]":
            facts = dict(walk(_flat(row)))[path]
            assert _types(part) == _types(facts), path


@each_row
def test_strict_targets_take_the_schema(row: Endpoint) -> None:
    """No object without properties, no value of two types, no time in a key, and no text in a key without an end."""
    for path, part in walk(stream_schema(row)):
        assert len(_types(part)) == 1, path
        assert part.get("properties") or _types(part) != {"object"}, path
        assert "items" in part or _types(part) != {"array"}, path
    for name in row.key:
        part = stream_schema(row)["properties"][name]
        assert part["type"] == "integer" or part.get("format") == "date" or 0 < part["maxLength"] <= 255, name


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
    assert properties["_key"] | {"description": ""} == {"type": "string", "maxLength": 64, "description": ""}
    assert properties["id"] == {"type": ["integer", "null"]}


@pytest.mark.parametrize(
    ("stream", "added"),
    [
        ("journal_entry_details", {"journalEntryId": "string", "_line": "integer", "_end_marker": ["boolean", "null"]}),
        ("customer_notes", {"customerId": ["integer", "null"]}),
        ("contact_method_preferences", {"contactMethodId": "string", "contactId": ["string", "null"]}),
        ("wbs_project_segment_items", {"projectId": "integer", "segmentId": ["integer", "null"]}),
        ("location_preferred_technicians", {"locationId": "integer", "technicianId": ["integer", "null"]}),
        ("router_sessions", {"routerId": ["string", "null"]}),
        ("business_hours", {"tenantId": "integer"}),
        ("campaign_performance", {"_key": "string", "date": ["string", "null"]}),
        ("email_channel_costs", {"tenantId": "integer", "from": "string", "to": ["string", "null"]}),
        ("calls_list", {"modifiedOn": ["string", "null"]}),
    ],
)
def test_what_the_tap_adds(stream: str, added: dict[str, object]) -> None:
    """A stream has the fields that its records are told apart and joined by, where the API does not send them."""
    properties = stream_schema(BY_NAME[stream])["properties"]
    assert {name: properties[name]["type"] for name in added} == added


def test_recursion_is_cut_and_kept() -> None:
    """Subcategories are described once; what lies below is kept as text."""
    once = stream_schema(BY_NAME["pricebook_categories"])["properties"]["subcategories"]["items"]
    assert once["properties"]["name"] == {"type": ["string", "null"]}
    assert once["properties"]["subcategories"] == {"type": ["string", "null"], "contentMediaType": "application/json"}


def test_what_lies_below_the_cut_is_written(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A category four levels deep reaches the output, what is below the cut as JSON text."""
    # Regression: the SDK ended with KeyError('properties') at an object in an array that has no properties.
    item = {"id": 1, "subcategories": [{"id": 2, "subcategories": [{"id": 3, "subcategories": [{"id": 4}]}]}]}
    body = json.dumps({"hasMore": False, "continueFrom": "t", "data": [item]}).encode()
    tap = TapServiceTitan(config={"client_id": "a", "client_secret": "b", "st_app_key": "c", "tenant_id": "42"})
    monkeypatch.setitem(tap.session.__dict__, "client", OneAnswer(body))
    tap.streams["pricebook_categories"].sync()
    written = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    (record,) = [one["record"] for one in written if one["type"] == "RECORD"]
    (inner,) = record["subcategories"]
    assert json.loads(inner["subcategories"]) == [{"id": 3, "subcategories": [{"id": 4}]}]


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
        self.sent: Counter[str] = Counter()
        self.waiting = 0.0
        self.usage = functools.cache(lambda _: Usage())
        self._body = body

    def fetch(self, request: Request, read: Callable[[bytes], Any]) -> object:
        """Read the one body."""
        assert request.scope
        return read(self._body)

    def now(self) -> datetime:
        """Tell a time."""
        return datetime(2026, 11, 1, tzinfo=UTC)


WINDOWS_WITH_ROWS = {"ad_group_performance", "attributed_leads", "campaign_cost_summaries", "campaign_performance"}
WINDOWS_WITH_ROWS |= {"keyword_performance"}
"""Windows that are read again, and whose rows may vanish."""

MADE = {"_key": "string", "_line": "integer", "tenantId": "integer"}


def _known(row: Endpoint) -> Facts:
    """Give the facts of a row's records, those of what the tap adds included."""
    declared = dict(stream_facts(row)["properties"])
    parent = BY_NAME.get(row.parent or "")
    added: Facts = {name: {"type": MADE[name]} for name in row.key if name in MADE}
    added |= {name: _known(parent)[field] if parent else {"type": "string"} for name, field in row.links.items()}
    if row.window:
        added |= {name: {"type": "string", "format": "date"} for name in row.window.fields}
    if "_line" in row.key or row.name in WINDOWS_WITH_ROWS:
        added["_end_marker"] = {"type": "boolean"}
    if row.name == "calls_list":
        added["modifiedOn"] = declared["leadCall"]["properties"]["modifiedOn"]
    for name, path in row.copied_fields.items():
        outer, _, inner = path.partition(".")
        added[name] = declared[outer]["properties"][inner]
    return added | declared


def _flat(row: Endpoint) -> Facts:
    """Give the facts of a row's records, with nested records in place of their array."""
    known = _known(row)
    if row.nested_records:
        known |= known.pop(row.nested_records)["items"]["properties"]
    for (stream, name), correction in CORRECTIONS.items():
        if stream == row.name:
            known[name] = known[name] | correction
    return {"properties": known}


def _strict(fact: Facts) -> Facts:
    """Turn what strict targets cannot take into text: values of several types, and objects of unknown fields."""
    inner = fact
    while "items" in inner:
        inner = inner["items"]
    if "type" in fact and (len(_types(fact)) > 1 or (_types(inner) == {"object"} and "properties" not in inner)):
        return {"type": ["string", "null"]}
    made = dict(fact)
    if "items" in fact:
        made["items"] = _strict(fact["items"])
    if "properties" in fact:
        made["properties"] = {
            name: {"type": "number"} if name in AMOUNTS and _types(part) == {"string"} else _strict(part)
            for name, part in fact["properties"].items()
        }
    return made


def _types(part: Facts) -> set[str]:
    return {*([part["type"]] if isinstance(part["type"], str) else part["type"])} - {"null"}
