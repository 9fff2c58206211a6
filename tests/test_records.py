"""Items of a page to the records of a stream."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tap_servicetitan.endpoint import MadeKey, export
from tap_servicetitan.endpoints import BY_NAME
from tap_servicetitan.records import records

PLAIN = export("jobs")
HISTORY = export("job_history", key=("jobId", "id"), explode="history")
PAY = export("pay", key=("_key",), made_key=MadeKey(field="id", fallback=("payrollId", "date", "amount")))


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
    assert list(records(PLAIN, items)) == wanted


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
    assert list(records(HISTORY, [item])) == wanted


def test_entries_of_several_items_stay_apart() -> None:
    """The fields of one item do not get into the records of the next."""
    items = [{"jobId": 1, "note": "a", "history": [{"id": 1}]}, None, {"jobId": 2, "history": [{"id": 1}]}]
    assert list(records(HISTORY, items)) == [{"jobId": 1, "note": "a", "id": 1}, {"jobId": 2, "id": 1}]


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
