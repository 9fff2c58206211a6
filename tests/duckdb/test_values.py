"""Values in the file are those of the messages, and the types are those of the schema."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.duckdb.support import TYPES, columns, load, query, raw_record, schema, state

if TYPE_CHECKING:
    from pathlib import Path

LONG = "12345678901234567890123456789012345678"
NESTED = f'[1, {{"a": {LONG}.5, "b": 0.1234567890123456789}}]'
GOOD = {
    "BIGINT": ("1", "1"),
    "BOOLEAN": ("true", "true"),
    "DATE": ('"2026-11-01"', "2026-11-01"),
    "DECIMAL(38,6)": ("120.50", "120.5"),
    "TIMESTAMP": ('"2026-11-01T10:00:00.5Z"', "2026-11-01T10:00:00.5Z"),
}
"""A value of each type, as JSON and as text."""


def stored(file: Path, type_: str, *values: str) -> tuple[str, list[Any]]:
    """Load values, as JSON, into a column; give its type and what it holds."""
    rows = [raw_record(f'{{"id": {number}, "x": {value}}}') for number, value in enumerate(values)]
    load(file, schema(x=TYPES[type_]), *rows, state())
    return columns(file)["x"], [value for _, value in query(file)]


@pytest.mark.parametrize(
    ("type_", "value", "wanted"),
    [
        ("BIGINT", "9223372036854775807", 2**63 - 1),
        ("BIGINT", "12.0", 12),
        ("BIGINT", '"12"', 12),
        ("BOOLEAN", "false", False),
        ("DATE", '"0001-01-01"', dt.date(1, 1, 1)),
        ("DATE", '"9999-12-31"', dt.date(9999, 12, 31)),
        ("DATE", '"2026-11-01T00:00:00Z"', dt.date(2026, 11, 1)),
        ("DECIMAL(38,6)", "0.10", Decimal("0.1")),
        ("DECIMAL(38,6)", "-1234567890123456789", Decimal(-1234567890123456789)),
        ("DECIMAL(38,6)", "12345678901234567890.123456", Decimal("12345678901234567890.123456")),
        ("DECIMAL(38,6)", "0.1234560000000000000000", Decimal("0.123456")),
        ("DECIMAL(38,6)", "1.5e3", Decimal(1500)),
        ("DECIMAL(38,6)", "0", Decimal(0)),
        ("DECIMAL(38,6)", '"12.500000000000000"', Decimal("12.5")),
        ("JSON", NESTED, NESTED),
        ("JSON", '"text"', '"text"'),
        ("TIMESTAMP", '"0001-01-01T00:00:00Z"', dt.datetime(1, 1, 1)),  # noqa: DTZ001 - as stored, in UTC
        ("TIMESTAMP", '"9999-12-31T23:59:59.999999Z"', dt.datetime(9999, 12, 31, 23, 59, 59, 999999)),  # noqa: DTZ001
        ("TIMESTAMP", '"2025-10-13T01:00:00-05:00"', dt.datetime(2025, 10, 13, 6)),  # noqa: DTZ001
        ("TIMESTAMP", '"2025-10-13T01:00:00"', dt.datetime(2025, 10, 13, 1)),  # noqa: DTZ001
        ("VARCHAR", '"007"', "007"),
        ("VARCHAR", '"null"', "null"),
        ("VARCHAR", '""', ""),
        ("VARCHAR", "0", "0"),
        ("VARCHAR", r'"\u0000 \u2028 \ud83d\ude00 \" \\"', '\0 \u2028 \U0001f600 " \\'),
        ("VARCHAR", r'"half \ud83d, \ude00 and \\ud83d"', r"half \ud83d, \ude00 and \ud83d"),
        ("VARCHAR", json.dumps("ü" * 70_000), "ü" * 70_000),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_value_that_fits(tmp_path: Path, type_: str, value: str, wanted: object) -> None:
    """What fits is converted exactly; what the data looks like decides nothing."""
    assert stored(tmp_path / "f", type_, "null", value) == (type_, [None, wanted])


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("BIGINT", "12.5"),
        ("BIGINT", "9223372036854775808"),
        ("BIGINT", LONG),
        ("BIGINT", '"007"'),
        ("BIGINT", '""'),
        ("BOOLEAN", "1"),
        ("BOOLEAN", '"yes"'),
        ("DATE", '"2026-02-30"'),
        ("DATE", '"2026-11-01T12:00:00"'),
        ("DECIMAL(38,6)", LONG),
        ("DECIMAL(38,6)", "0.12345678901234567890"),
        ("DECIMAL(38,6)", "1e400"),
        ("DECIMAL(38,6)", "1e-400"),
        ("DECIMAL(38,6)", '"NaN"'),
        ("DECIMAL(38,6)", '"1,5"'),
        ("TIMESTAMP", '"12:30:00"'),
        ("TIMESTAMP", '"infinity"'),
        ("TIMESTAMP", '"yesterday"'),
        ("TIMESTAMP", '"9999-99-99T00:00:00Z"'),
        ("TIMESTAMP", '"0001-01-01T00:00:00.1234567Z"'),
        ("TIMESTAMP", '"2026-11-01T10:00:00.1234567891Z"'),
    ],
)
def test_a_value_that_does_not_fit_is_kept_as_text(tmp_path: Path, type_: str, value: str) -> None:
    """Neither its row nor the value is lost, also if the rest of the column was loaded before."""
    file = tmp_path / "f"
    good, text = GOOD[type_]
    load(file, schema(x=TYPES[type_]), raw_record(f'{{"id": -1, "x": {good}}}'), state())
    wanted = str(json.loads(value, parse_float=str, parse_int=str))
    assert stored(file, type_, value, "null") == ("VARCHAR", [text, wanted, None])
    # It stays so.
    load(file, schema(x=TYPES[type_]), state())
    assert columns(file)["x"] == "VARCHAR"


@pytest.mark.parametrize("value", ["1e300", "0.30000000000000004", "-122.41941550000001", "1e-7", "5e-324"])
def test_a_measure_makes_the_column_double(tmp_path: Path, value: str) -> None:
    """What DECIMAL would round and DOUBLE does not is kept as DOUBLE."""
    assert stored(tmp_path / "f", "DECIMAL(38,6)", "0.10", value) == ("DOUBLE", [0.1, float(value)])


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2025-10-13T00:00:00.1234567Z", "2025-10-13 00:00:00.1234567"),
        ("2025-10-13T00:00:00.123456789-05:00", "2025-10-13 05:00:00.123456789"),
        ("2025-10-13T00:00:00.12345670000Z", "2025-10-13 00:00:00.1234567"),
    ],
)
def test_a_time_may_have_digits_behind_the_microsecond(tmp_path: Path, value: str, wanted: str) -> None:
    """What TIMESTAMP would cut is kept as TIMESTAMP_NS, unless the column has a time that is out of its range."""
    earlier = ['"2026-11-01T10:00:00Z"', "null"]
    assert stored(tmp_path / "f", "TIMESTAMP", *earlier, json.dumps(value))[0] == "TIMESTAMP_NS"
    found = query(tmp_path / "f", "SELECT x::VARCHAR FROM jobs ORDER BY id")
    assert found == [("2026-11-01 10:00:00",), (None,), (wanted,)]
    # It stays so, until a time does not fit any more.
    wide = raw_record('{"id": 9, "x": "9999-12-31T00:00:00Z"}')
    load(tmp_path / "f", schema(x=TYPES["TIMESTAMP"]), wide, state())
    assert columns(tmp_path / "f")["x"] == "VARCHAR"
    assert query(tmp_path / "f", "SELECT x FROM jobs WHERE id IN (2, 9) ORDER BY id") == [
        (wanted.replace(" ", "T") + "Z",),
        ("9999-12-31T00:00:00Z",),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_times_out_of_range_and_finer_ones_together_are_text(tmp_path: Path, order: int) -> None:
    """No type of time holds both."""
    values = ["0001-01-01T00:00:00Z", "2025-10-13T00:00:00.1234567Z"][::order]
    rows = [raw_record(json.dumps({"id": number, "x": value})) for number, value in enumerate(values)]
    for row in rows:
        load(tmp_path / "f", schema(x=TYPES["TIMESTAMP"]), row, state())
    assert query(tmp_path / "f") == [*enumerate(values)]


def test_a_column_with_more_digits_than_a_double_has_does_not_become_one(tmp_path: Path) -> None:
    """Text holds both."""
    long = "12345678901234567890.123456"
    assert stored(tmp_path / "f", "DECIMAL(38,6)", long, "1e300") == ("VARCHAR", [long, "1e300"])


def test_deep_nesting(tmp_path: Path) -> None:
    """A value may be nested hundreds of levels deep."""
    value = "[" * 400 + "]" * 400
    assert stored(tmp_path / "f", "JSON", value) == ("JSON", [value])


def test_names_may_be_anything(tmp_path: Path) -> None:
    """Fields are called ``from`` and ``end``, and may differ in case alone."""
    names = ["from", "end", "order", 'a "quoted" name', "with space", "Größe", "new", "Name", "name", "NAME"]
    record = dict(zip(names, map(str, range(10)), strict=True))
    line = raw_record(json.dumps({"id": 1, **record}), stream="group")
    load(tmp_path / "f", schema("group", ["order"], **dict.fromkeys(names, TYPES["VARCHAR"])), line, line, state())
    assert query(tmp_path / "f", 'FROM "group"') == [(1, *record.values())]
    assert [*columns(tmp_path / "f", "group")] == ["id", *names[:8], "name_2", "NAME_3"]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.datetimes().map(lambda at: at.isoformat() + "Z")
    | st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}7Z".rjust(28, "0"))
    | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def as_json(value: object) -> str:
    """Write a value as JSON, a Decimal with its digits."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(map(as_json, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{as_json(one)}" for name, one in value.items()) + "}"
    return json.dumps(value)


def same(type_: str, found: Any, value: Any) -> Any:  # noqa: ANN401 - any value
    """Whether a stored value is the one that came."""
    if value is None or found is None:
        return value is found
    if type_ in {"JSON", "VARCHAR"}:
        return _same_json(found, value) or (type_ == "VARCHAR" and str(found) == value)
    if type_.startswith("TIMESTAMP"):
        return _same_time(str(found), value)
    if isinstance(found, dt.date):
        return str(found) == value[:10]
    if isinstance(found, bool) or isinstance(value, bool):
        return str(found).lower() == str(value).lower()
    return Decimal(repr(found) if isinstance(found, float) else found) == Decimal(str(value))


def exactly(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON, numbers with all their digits."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _same_time(found: str, value: str) -> bool:
    whole, _, digits = value.removesuffix("Z").partition(".")
    return found == f"{dt.datetime.fromisoformat(whole)}.{digits}".rstrip("0").rstrip(".")


def _same_json(found: str, value: object) -> bool:
    with contextlib.suppress(ValueError):
        return bool(exactly(found) == exactly(as_json(value)))
    return False


# A DuckDB file is written and read for each example; without shrinking, which would take minutes.
@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(values=st.lists(st.fixed_dictionaries(dict.fromkeys(TYPES, JSON_VALUES)), max_size=8))
def test_every_value_is_the_one_that_came(
    tmp_path_factory: pytest.TempPathFactory, values: list[dict[str, Any]]
) -> None:
    """Whatever JSON a field holds, it can be read back, and only null is NULL."""
    file = tmp_path_factory.mktemp("any") / "f"
    rows = [as_json({"id": number, **fields}) for number, fields in enumerate(values)]
    load(file, schema("jobs", ["id"], **TYPES), *map(raw_record, rows), state())
    types = columns(file)
    # Python's own times end at microseconds.
    shown = ", ".join(f'"{name}"' + "::VARCHAR" * types[name].startswith("TIMESTAMP") for name in ["id", *TYPES])
    for row, fields in zip(query(file, f"SELECT {shown} FROM jobs ORDER BY id"), values, strict=True):  # noqa: S608
        for name, found in zip(TYPES, row[1:], strict=True):
            assert same(types[name], found, fields[name]), (types[name], found, fields[name])
