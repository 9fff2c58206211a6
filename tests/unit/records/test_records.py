"""Items of a page to the records of a stream."""

from __future__ import annotations

import hashlib
import itertools
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.rows import child, child_object, export, full_list, incremental_list
from tap_servicetitan.records.making import dict_records, passthrough_records
from tap_servicetitan.records.passthrough import Passthrough
from tap_servicetitan.records.records import DictRecords, Records
from tap_servicetitan.state.timestamps import latest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_servicetitan.catalog.endpoint import Endpoint

Row = dict[str, Any]

PLAIN = export("jobs")
HISTORY = export("job_history", key=("jobId", "id"), nested_records="history")
PAY = export("pay", key=("_key",), made_key=(("id",), ("payrollId", "date", "amount")))


def records(row: Endpoint, items: Iterable[Any], added: Mapping[str, Any] | None = None) -> list[Row]:
    """Give the records in some items, as dicts."""
    return dict_records(row, items, added or {}, itertools.count(1)).dicts()


def direct(row: Endpoint, schema: Row, items: Iterable[Row], added: Mapping[str, Any] | None = None) -> Records:
    """Give the records in some items, passed through, each field of which the schema names."""
    properties = {name: {"type": [*types, "null"]} | more for name, (types, more) in schema.items()}
    rows = Passthrough(row.name, {"type": "object", "properties": properties}).read(msgspec.json.encode(list(items)))
    return passthrough_records(row, rows, added or {}, itertools.count(1))


KEYS = {
    "five": "1ae3592f8248c3f879b56afe3f2ce6aad45ba898434796d35c565684397fb3e6",
    "zero": "d0bca111f8628137adc4c16f123496dcdd1d590d06cb5d9acd68b39fe656fb97",
    "text": "5e3322c682b4e46a737ec3a18be48fc20ba87309ae7f942cef08eb51f2a6537e",
    "parts": "01385b9ea37f59c49865caa458e905824b7c555e7008951bc5a934bb581f6041",
    "other parts": "648f4454af75def4b5b5a0bf63a79fa0c528bf0fa3a664fd5c1e3390f22e6c1d",
    "part missing": "04888112ca24b934af6de5519f210862f0fd34b9c06e15befc84c28107efd393",
}
"""SHA-256 of the parts as a JSON array: [5], [0], ["5"], [9,"d",1.10], [9,"d",1.1] and [9,"d",null]."""


@pytest.mark.parametrize(
    ("items", "wanted"),
    [
        pytest.param([], [], id="none"),
        pytest.param([{"id": 1}, {"id": 2}], [{"id": 1}, {"id": 2}], id="in order"),
        pytest.param([{"id": 1}, {"id": 1}], [{"id": 1}, {"id": 1}], id="a repeat is not judged here"),
        pytest.param(
            [{"id": 1, "new": {"a": [None]}}], [{"id": 1, "new": {"a": [None]}}], id="undeclared fields are kept"
        ),
        pytest.param(
            [None, 1, "two", [{"id": 3}], {"id": 4}, True], [{"id": 4}], id="what is no object is passed over"
        ),
        pytest.param([{}], [{}], id="an empty object is an object"),
    ],
)
def test_items_are_records(items: list[Any], wanted: list[dict[str, Any]]) -> None:
    """Usually an item is a record, as it came."""
    assert records(PLAIN, items) == wanted


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        pytest.param(
            {"jobId": 7, "history": [{"id": 1, "date": "a"}, {"id": 2}]},
            [{"jobId": 7, "id": 1, "date": "a"}, {"jobId": 7, "id": 2}],
            id="several",
        ),
        pytest.param({"jobId": 7, "extra": 1, "history": [{"id": 1}]}, [{"jobId": 7, "extra": 1, "id": 1}], id="one"),
        pytest.param({"jobId": 7, "history": []}, [], id="none"),
        pytest.param({"jobId": 7, "history": None}, [], id="null"),
        pytest.param({"jobId": 7}, [], id="missing"),
        pytest.param({"history": [{"id": 1}]}, [{"id": 1}], id="nothing to join"),
        pytest.param({"jobId": 7, "history": [None, 3, "x", [], {"id": 1}]}, [{"jobId": 7, "id": 1}], id="odd members"),
        pytest.param({"jobId": 7, "history": "gone"}, [], id="a text for a list"),
        # Regression: TypeError took the whole stream down.
        pytest.param({"jobId": 7, "history": 3}, [], id="a number for a list"),
        pytest.param({"jobId": 7, "history": True}, [], id="true for a list"),
    ],
)
def test_entries_are_records(item: dict[str, Any], wanted: list[dict[str, Any]]) -> None:
    """Each entry of an exploded field is a record, joined by the item's other fields."""
    assert records(HISTORY, [item]) == wanted


def test_entries_of_several_items_stay_apart() -> None:
    """The fields of one item do not get into the records of the next."""
    items = [{"jobId": 1, "note": "a", "history": [{"id": 1}]}, None, {"jobId": 2, "history": [{"id": 1}]}]
    assert records(HISTORY, items) == [{"jobId": 1, "note": "a", "id": 1}, {"jobId": 2, "id": 1}]


@pytest.mark.parametrize(
    ("item", "key"),
    [
        pytest.param({"id": 5}, "five", id="by id"),
        pytest.param({"id": 5, "payrollId": 9, "amount": Decimal("1.10")}, "five", id="by id alone"),
        pytest.param({"id": Decimal(5)}, "five", id="a whole number is one, however it was read"),
        pytest.param({"id": 0}, "zero", id="zero is an id"),
        pytest.param({"id": "5"}, "text", id="a text is not a number"),
        pytest.param({"id": None, "payrollId": 9, "date": "d", "amount": Decimal("1.10")}, "parts", id="id null"),
        pytest.param({"payrollId": 9, "date": "d", "amount": Decimal("1.10")}, "parts", id="id missing"),
        pytest.param(
            {"amount": Decimal("1.10"), "note": "x", "date": "d", "payrollId": 9}, "parts", id="order and others aside"
        ),
        pytest.param({"payrollId": 9, "date": "d", "amount": Decimal("1.1")}, "other parts", id="digits count"),
        pytest.param({"payrollId": 9, "date": "d"}, "part missing", id="part missing"),
        pytest.param({"payrollId": 9, "date": "d", "amount": None}, "part missing", id="part null, which is the same"),
    ],
)
def test_a_made_key_is_the_same_in_every_run(item: dict[str, Any], key: str) -> None:
    """A made key hashes what identifies the row, and nothing else; the keys in a warehouse must never change."""
    (record,) = records(PAY, [dict(item)])
    assert record == item | {"_key": KEYS[key]}


def test_made_keys_are_told_apart() -> None:
    """The hashes of this file are of different rows, and so differ."""
    assert len(set(KEYS.values())) == len(KEYS)


def test_the_key_of_a_gross_pay_item() -> None:
    """The made key of a real row stands: another order or choice of its parts would load all rows again."""
    item = {"id": None, "payrollId": 1, "employeeId": 2, "employeeType": "Technician", "date": "2026-01-01T00:00:00Z"}
    (record,) = records(BY_NAME["gross_pay_items"], [item])
    assert record["_key"] == "f039e670e5beb7e742322a0417578a7fd0ea362a8888abd606aa1e92c1d7b89f"


def test_the_key_of_a_gross_pay_item_with_an_id() -> None:
    """A gross pay item with an id is known by that alone, whatever else is known of it."""
    (record,) = records(BY_NAME["gross_pay_items"], [{"id": 5, "payrollId": 1, "employeeId": 2}])
    assert record["_key"] == KEYS["five"] == _hash([5])


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        pytest.param({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}, [1], id="the first alternative"),
        pytest.param({"a": None, "b": 2, "c": 3, "d": 4, "e": 5}, [2, 3], id="null in the first: the second"),
        pytest.param({"b": 2, "c": 3}, [2, 3], id="the first is missing"),
        pytest.param({"b": 2, "c": None, "d": 4, "e": 5}, [4, 5], id="null in the second, too: the last"),
        pytest.param({"b": None, "c": 3, "d": 4, "e": None}, [4, None], id="the last, even with a null"),
        pytest.param({}, [None, None], id="the last, even with nothing"),
        pytest.param({"a": 0, "b": 2}, [0], id="zero is a value"),
        pytest.param({"a": "", "b": 2}, [""], id="an empty text is a value"),
        pytest.param({"a": False, "b": 2}, [False], id="false is a value"),
        pytest.param({"a": [], "b": 2}, [[]], id="an empty list is a value"),
    ],
)
def test_the_first_alternative_without_a_null_counts(item: Row, parts: list[Any]) -> None:
    """A key is made of the first alternative that has all its parts; where none has, of the last."""
    row = full_list("pay", key=("_key",), made_key=(("a",), ("b", "c"), ("d", "e")))
    (record,) = records(row, [dict(item)])
    assert record == item | {"_key": _hash(parts)}


@pytest.mark.parametrize(
    ("call", "part"),
    [
        pytest.param({"id": 7, "x": 1}, 7, id="within an object"),
        pytest.param({}, None, id="missing within"),
        pytest.param(None, None, id="null for the object"),
        pytest.param(7, None, id="a number for the object"),
        pytest.param([{"id": 7}], None, id="a list for the object"),
    ],
)
def test_a_part_may_lie_within_an_object(call: object, part: object) -> None:
    """A dotted path leads into objects; where it does not lead on, there is null."""
    row = full_list("leads", key=("_key",), made_key=(("on", "call.id"),))
    (record,) = records(row, [{"on": "d", "call": call, "id": 9, "call.id": 8}])
    assert record["_key"] == _hash(["d", part])


def test_a_list_in_a_made_key_has_no_order() -> None:
    """The API promises no order of a list: in whatever order it comes, the key is the same, and the record as sent."""
    row = full_list("slots", key=("_key",), made_key=(("start", "ids"),))
    made = set()
    for ids in itertools.permutations([10, 9, 2, "b", None, {"x": 1}]):
        (record,) = records(row, [{"start": "s", "ids": [*ids]}])
        assert record["ids"] == [*ids]
        made.add(record["_key"])
    assert len(made) == 1
    (other,) = records(row, [{"start": "s", "ids": [10, 9, 2, "b", None]}])
    assert other["_key"] not in made


def test_the_key_of_a_capacity() -> None:
    """The made key of a row with a list stands: the list is in the order of its texts, of which "10" is the first."""
    item = {"startUtc": "2026-11-01T08:00:00Z", "endUtc": "2026-11-01T12:00:00Z", "businessUnitIds": [10, 9, 2]}
    (record,) = records(BY_NAME["capacities"], [item])
    assert record["_key"] == _hash([item["startUtc"], item["endUtc"], [10, 2, 9]])
    assert record["_key"] == "eb988af737984fd02300afccb9ec97c9d731f9e211d54988367e25c655d1e4e8"


def test_a_window_is_part_of_a_made_key() -> None:
    """What the tap adds to a record counts for its key: the same figures of another day are another record."""
    row = BY_NAME["campaign_performance"]
    made = [records(row, [{"campaign": {"id": 1, "name": "a"}}], {"date": day})[0] for day in ("d1", "d2", "d1")]
    assert made[0]["_key"] == made[2]["_key"] != made[1]["_key"]
    assert made[0]["_key"] == _hash(["d1", 1, None, "a"])


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        pytest.param({"id": 1}, {"id": 1, "jobId": 7}, id="missing: added"),
        pytest.param({"id": 1, "jobId": None}, {"id": 1, "jobId": 7}, id="null: filled in"),
        pytest.param({"id": 1, "jobId": 8}, {"id": 1, "jobId": 8}, id="its own: kept"),
        pytest.param({"id": 1, "jobId": 0}, {"id": 1, "jobId": 0}, id="zero is its own"),
        pytest.param({"id": 1, "jobId": ""}, {"id": 1, "jobId": ""}, id="an empty text is its own"),
    ],
)
def test_what_the_tap_knows_is_added(item: Row, wanted: Row) -> None:
    """A record is told what the tap knows of it, and keeps what it says of that itself."""
    assert records(child("notes", "jobs", "jobs/{jobId}/notes"), [item], {"jobId": 7}) == [wanted]


def test_every_record_of_a_page_is_told() -> None:
    """What the tap knows is added to each record, the entries of an exploded field too, and to nothing else."""
    known = {"tenantId": 42}
    items = [{"jobId": 1, "history": [{"id": 1}, {"id": 2}]}, None]
    assert [one["tenantId"] for one in records(HISTORY, items, known)] == [42, 42]
    assert records(PLAIN, [{"id": 1}, None, {"id": 2}], known) == [{"id": 1} | known, {"id": 2} | known]
    assert known == {"tenantId": 42}


def test_lines_are_numbered_over_pages() -> None:
    """Lines without an id are numbered on from page to page, and only where that is the key."""
    lines = child("lines", "entries", "entries/{entryId}/lines", key=("entryId", "_line"))
    numbers = itertools.count(1)
    pages = [dict_records(lines, [{"a": 1}, None, {"a": 1}], {}, numbers), dict_records(lines, [{"a": 2}], {}, numbers)]
    assert [one["_line"] for page in pages for one in page.dicts()] == [1, 2, 3]
    assert records(PLAIN, [{"id": 1}]) == [{"id": 1}]


@pytest.mark.parametrize(
    ("call", "lifted"),
    [
        pytest.param({"at": {"on": "t"}}, "t", id="there"),
        pytest.param({"at": {"on": None}}, None, id="null"),
        pytest.param({"at": {}}, None, id="missing"),
        pytest.param({"at": "t"}, None, id="no object"),
        pytest.param(None, None, id="null for the object"),
    ],
)
def test_a_field_is_lifted(call: object, lifted: object) -> None:
    """A field is taken over from within an object, and stays there; where it is not, it is null."""
    row = incremental_list("calls", copied_fields={"modifiedOn": "call.at.on"})
    assert records(row, [{"id": 1, "call": call}]) == [{"id": 1, "call": call, "modifiedOn": lifted}]


def test_a_call_is_stamped() -> None:
    """A call of the list has its stamp where a bookmark can be taken from."""
    (record,) = records(BY_NAME["calls_list"], [{"id": 1, "leadCall": {"modifiedOn": "2026-11-01T00:00:00Z"}}])
    assert record["modifiedOn"] == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize("value", [5, None, "x", 0, [1], {"a": 1}], ids=repr)
def test_a_bare_value_is_a_record(value: object) -> None:
    """A body that is a plain value, or null, is a record with the one field that the row names, and what is added."""
    row = child_object(
        "chosen", "locations", "locations/{locationId}/chosen", scalar="technicianId", key=("locationId",)
    )
    assert records(row, [value], {"locationId": 3}) == [{"technicianId": value, "locationId": 3}]


NUMBER: tuple[list[str], Row] = (["integer"], {})
TEXT: tuple[list[str], Row] = (["string"], {})


@pytest.mark.parametrize(
    ("row", "schema", "items", "added"),
    [
        pytest.param(PLAIN, {"id": NUMBER}, [{"id": 1}, {"id": 2}], {}, id="as they came"),
        pytest.param(PLAIN, {"id": NUMBER}, [], {}, id="none"),
        pytest.param(
            child("notes", "jobs", "jobs/{jobId}/notes"),
            {"id": NUMBER, "jobId": NUMBER},
            [{"id": 1}, {"id": 2, "jobId": None}, {"id": 3, "jobId": 8}, {"id": 4, "jobId": 0}],
            {"jobId": 7},
            id="added",
        ),
        pytest.param(
            full_list("pay", key=("_key",), made_key=(("id",), ("a", "b"))),
            {"_key": TEXT, "id": NUMBER, "a": NUMBER, "b": TEXT},
            [{"id": 5}, {"id": 0, "a": 1}, {"id": None, "a": 1, "b": "x"}, {"a": 1}, {"b": "ü"}, {}],
            {},
            id="made key",
        ),
        pytest.param(
            full_list("leads", key=("_key",), made_key=(("on", "call.id", "ids"),)),
            {
                "_key": TEXT,
                "on": TEXT,
                "call": (["object"], {"properties": {"id": {"type": ["integer", "null"]}}}),
                "ids": (["array"], {"items": {"type": ["integer", "null"]}}),
            },
            [{"call": {"id": 7}, "ids": [10, 9]}, {"call": {}, "ids": [9, 10]}, {"call": None, "on": "c"}, {}],
            {"on": "d"},
            id="made key of what is within, of a list and of what is added",
        ),
        pytest.param(
            incremental_list("calls", copied_fields={"modifiedOn": "call.on"}),
            {
                "modifiedOn": TEXT,
                "id": NUMBER,
                "call": (["object"], {"properties": {"on": {"type": ["string", "null"]}}}),
            },
            [{"id": 1, "call": {"on": "t"}}, {"id": 2, "call": None}, {"id": 3, "call": {}}, {"id": 4}],
            {},
            id="lifted",
        ),
        pytest.param(
            child("lines", "entries", "entries/{entryId}/lines", key=("entryId", "_line")),
            {"entryId": TEXT, "_line": NUMBER, "a": NUMBER},
            [{"a": 1}, {"a": 1}, {}],
            {"entryId": "e"},
            id="numbered",
        ),
    ],
)
def test_both_ways_give_the_same(row: Endpoint, schema: Row, items: list[Row], added: Row) -> None:
    """Records that are passed through are those that are made as dicts, field for field, in whole and in part."""
    wanted = DictRecords(records(row, json.loads(json.dumps(items)), added))
    found = direct(row, schema, items, added)
    assert len(found) == len(wanted) == len(items)
    assert found.dicts() == wanted.dicts()
    assert found.values(*schema) == wanted.values(*schema)
    which = [number % 2 == 1 for number in range(len(items))]
    fewer, few = found.kept(which), wanted.kept(which)
    assert len(fewer) == len(few)
    assert fewer.dicts() == few.dicts()
    assert fewer.values(*schema) == few.values(*schema)


@pytest.mark.parametrize("kind", ["dicts", "passed through"])
def test_records_can_be_left_out_again_and_again(kind: str) -> None:
    """What is left out stays out, what is left is counted anew, and the records before it are unharmed."""
    items = [{"id": number, "on": f"t{number}"} for number in range(5)]
    schema = {"id": NUMBER, "on": TEXT}
    found = DictRecords(items) if kind == "dicts" else direct(PLAIN, schema, items)
    odd = found.kept([False, True, True, True, False])
    one = odd.kept([False, True, False])
    assert [part.values("id") for part in (found, odd, one)] == [
        [(0,), (1,), (2,), (3,), (4,)],
        [(1,), (2,), (3,)],
        [(2,)],
    ]
    assert (one.dicts(), len(one), one.texts("on"), one.texts("id")) == ([items[2]], 1, ["t2"], [None])
    assert one.content(0) == odd.content(1) == found.content(2)
    assert len({found.content(number) for number in range(5)}) == 5


NEAR = [
    "2026-11-01T11:38:22Z",
    "2026-11-01T11:38:22.1234567Z",
    "2026-11-01T11:38:22.1234568Z",
    "2026-11-01T11:38:22.1234560Z",
    "2026-11-01T11:38:22.123456Z",
    "2026-11-01T11:38:22.9999999Z",
    "2026-11-01T11:38:23Z",
    "2026-11-01T06:38:22.1234569-05:00",
    "2026-11-01T23:00:00+14:00",
    "2026-11-01T11:38:22.1234567",
    "2026-11-01T11:38:24",
    "2026-11-01t11:38:25z",
    "2026-11-01 11:38:26Z",
    None,
]
"""Stamps that are hard to tell apart: some within a microsecond, some without a zone, some in small letters."""


@given(
    stamps=st.lists(st.sampled_from(NEAR), max_size=6),
    kept=st.none() | st.lists(st.booleans(), min_size=6, max_size=6),
    added=st.sampled_from([{}, {"modifiedOn": "2026-11-02T00:00:00Z"}, {"tenantId": 1}]),
)
def test_the_newest_is_among_the_newest(stamps: list[str | None], kept: list[bool] | None, added: Row) -> None:
    """The latest stamp of a page is that of the few rows that are looked at for it."""
    schema = {"type": "object", "properties": {"modifiedOn": {"type": ["string", "null"], "format": "date-time"}}}
    rows = Passthrough("jobs", schema, stamp="modifiedOn").read(
        msgspec.json.encode([{"modifiedOn": one} for one in stamps])
    )
    found: Records = passthrough_records(PLAIN, rows, added, itertools.count(1))
    if kept is not None:
        found = found.kept(kept[: len(stamps)])
    assert latest(found.newest("modifiedOn")) == latest(found.texts("modifiedOn"))


def test_the_newest_is_found_without_reading_all() -> None:
    """Of a page whose stamps are of the usual form, just the rows of the last microsecond are read again."""
    schema = {"type": "object", "properties": {"modifiedOn": {"type": ["string", "null"], "format": "date-time"}}}
    stamps = [f"2026-11-01T11:38:{second:02}.1234567Z" for second in range(60)]
    rows = Passthrough("jobs", schema, stamp="modifiedOn").read(
        msgspec.json.encode([{"modifiedOn": one} for one in stamps])
    )
    assert passthrough_records(PLAIN, rows, {}, itertools.count(1)).newest("modifiedOn") == stamps[-1:]


def _hash(parts: list[Any]) -> str:
    """Hash parts as a key is hashed, by other code: SHA-256 of compact JSON."""
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
