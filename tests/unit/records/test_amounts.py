"""Amounts that come as texts: numbers in the output, with the digits that came, on both ways of a page."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.catalog.schema import AMOUNT
from tap_servicetitan.errors import NonConformingPageError
from tap_servicetitan.records.coerce import Coercer
from tap_servicetitan.records.passthrough import Passthrough
from tests.support.declared import as_declared

TEXT = {"type": ["string", "null"]}
ITEM: dict[str, Any] = {"type": ["object", "null"], "properties": {"total": AMOUNT, "memo": TEXT, "unit.price": AMOUNT}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "number": TEXT,
        "subTotal": TEXT,
        "total": AMOUNT,
        "item": ITEM,
        "items": {"type": ["array", "null"], "items": ITEM},
    },
}
NOW = datetime(2026, 11, 28, tzinfo=UTC)

digits = st.from_regex(re.compile(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,12})?", re.ASCII), fullmatch=True)
amounts = st.none() | digits | st.integers(-9, 9)
# What looks like an amount within a text, and texts that are numbers.
texts = (
    st.none()
    | digits
    | st.text(st.characters(codec="utf-8"))
    | st.sampled_from(['"total":"1.5"', '{"total":"1"}', 'x\\","total":"7', '":"1"'])
)
items = st.fixed_dictionaries({"total": amounts, "memo": texts, "unit.price": amounts})
rows = st.fixed_dictionaries(
    {"id": st.integers(1, 9), "number": texts, "subTotal": texts, "total": amounts},
    optional={"item": st.none() | items, "items": st.none() | st.lists(st.none() | items, max_size=3)},
)


def written(page: list[dict[str, Any]], **style: Any) -> list[str]:  # noqa: ANN401 - how JSON is written
    """Pass a page through, and give the records as they stand in the lines."""
    found = Passthrough("invoices", SCHEMA).read(json.dumps(page, **style).encode())
    return [line[line.index('"record":') + 9 : line.rindex(',"time_extracted"')] for line in lines(found.lines(NOW))]


def lines(output: bytes) -> list[str]:
    """Split the output into lines."""
    return output.decode().removesuffix("\n").split("\n") if output else []


def numbers(record: dict[str, Any]) -> list[str]:
    """List the amounts of a record as they are written."""
    inner = [record.get("item"), *(record.get("items") or [])]
    places = [record.get("total"), *(one[name] for one in inner if one for name in ("total", "unit.price"))]
    return [str(one) for one in places if one is not None]


@pytest.mark.parametrize("style", [{"separators": (",", ":")}, {}, {"indent": 1}, {"ensure_ascii": False}])
@settings(deadline=None, max_examples=60)
@given(page=st.lists(rows, max_size=3))
def test_an_amount_is_a_number_with_its_digits(style: dict[str, Any], page: list[dict[str, Any]]) -> None:
    """Amounts lose their quotes wherever they stand, other texts keep every byte, whatever is in them."""
    found = [json.loads(one, parse_float=Decimal) for one in written(page, **style)]
    assert found == [as_declared(one, SCHEMA) for one in page]
    # A Decimal that equals another may have fewer zeros.
    read = [json.loads(one, parse_float=str, parse_int=str) for one in written(page, **style)]
    assert [numbers(one) for one in read] == [numbers(one) for one in page]


@settings(deadline=None, max_examples=60)
@given(page=st.lists(rows, max_size=3))
def test_both_ways_write_the_same(page: list[dict[str, Any]]) -> None:
    """A page whose rows become dicts has the same records, and nothing in it counts as a mismatch."""
    coercer = Coercer(SCHEMA)
    assert list(coercer.coerced(page)) == [as_declared(one, SCHEMA) for one in page]
    assert not coercer.counts


@pytest.mark.parametrize("odd", ["", "n/a", "1,50", "NaN", "Infinity", "0x1", "1e999", "--1", "1 2", "12.5 USD"])
def test_a_text_that_is_no_number_is_null_and_is_told(odd: str) -> None:
    """Such a page takes the slower way, and the field is counted for the warning."""
    page = [{"id": 1, "total": odd, "items": [{"total": odd}]}]
    with pytest.raises(NonConformingPageError):
        written(page)
    coercer = Coercer(SCHEMA)
    assert list(coercer.coerced(page)) == [{"id": 1, "total": None, "items": [{"total": None}]}]
    assert coercer.counts == {"total": 1, "items[].total": 1}


@pytest.mark.parametrize("odd", ["+1.5", " 7 ", "1e3", ".5", "5.", "007"])
def test_a_number_in_another_form_is_one(odd: str) -> None:
    """It takes the slower way, without a warning."""
    with pytest.raises(NonConformingPageError):
        written([{"id": 1, "total": odd}])
    coercer = Coercer(SCHEMA)
    assert list(coercer.coerced([{"id": 1, "total": odd}])) == [{"id": 1, "total": Decimal(odd)}]
    assert not coercer.counts
