"""Tables follow the schema and the key, and removed rows follow ACTIVATE_VERSION."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest

from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.table import Counts
from tests.duckdb.support import TYPES, columns, line, load, query, raw_record, records, schema, state

if TYPE_CHECKING:
    from pathlib import Path

X = schema(x=TYPES["VARCHAR"])


def test_rows_are_upserted_by_key(tmp_path: Path) -> None:
    """The last version of a row wins, within a batch and between runs; what is new and what changed is counted."""
    rows: list[dict[str, object]] = [{"id": 1, "x": "a"}, {"id": 2, "x": "b"}, {"id": 1, "x": "c"}]
    assert load(tmp_path / "f", X, records(*rows), state())[1] == {"jobs": Counts(read=3, new=2)}
    again: list[dict[str, object]] = [{"id": 1, "x": "c"}, {"id": 2, "x": None}, {"id": 3, "x": "d"}]
    assert load(tmp_path / "f", X, records(*again), state())[1] == {"jobs": Counts(read=3, new=1, changed=1)}
    assert query(tmp_path / "f") == [(1, "c"), (2, None), (3, "d")]


def test_rows_without_a_key_are_appended(tmp_path: Path) -> None:
    """Nothing tells them apart."""
    for _ in range(2):
        load(tmp_path / "f", schema("jobs", []), records({"id": 1}, {"id": 1}), state())
    assert query(tmp_path / "f") == [(1,)] * 4


def test_keys_of_many_columns_and_of_times(tmp_path: Path) -> None:
    """Two times that differ behind the microseconds are two keys."""
    at = {"id": 1, "at": "2026-11-01T10:00:00.1234561Z"}, {"id": 1, "at": "2026-11-01T10:00:00.1234562Z"}
    for _ in range(2):
        load(tmp_path / "f", schema("jobs", ["id", "at"], at=TYPES["TIMESTAMP"]), records(*at), state())
    found = query(tmp_path / "f", 'SELECT "at"::VARCHAR FROM jobs ORDER BY "at"')
    assert found == [("2026-11-01 10:00:00.1234561",), ("2026-11-01 10:00:00.1234562",)]


def test_columns_are_added_in_the_middle(tmp_path: Path) -> None:
    """Rows before the new SCHEMA message have no value for the new column."""
    wider = schema(x=TYPES["VARCHAR"], y=TYPES["BIGINT"])
    load(tmp_path / "f", X, records({"id": 1, "x": "a"}), wider, records({"id": 2, "x": "b", "y": 3}), state())
    assert query(tmp_path / "f") == [(1, "a", None), (2, "b", 3)]


def test_a_property_that_the_schema_does_not_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is kept as JSON, and said once; later records go into the same column."""
    for number, value in enumerate(("a", {"b": 1.10}, None)):
        load(tmp_path / "f", X, records({"id": number}, {"id": number, "X": 1, "new": value}), state())
    assert columns(tmp_path / "f") == {"id": "BIGINT", "x": "VARCHAR", "X_2": "JSON", "new": "JSON"}
    assert query(tmp_path / "f", "SELECT X_2, new FROM jobs ORDER BY id") == [
        ("1", '"a"'),
        ("1", '{"b": 1.1}'),
        ("1", None),
    ]
    said = [one.getMessage() for one in caplog.records]
    assert said == [
        f"stream jobs: the SCHEMA message does not name the property {name}; it is kept as JSON"
        for name in ("X", "new")
    ]


@pytest.mark.parametrize(
    ("value", "declared", "type_", "wanted"),
    [
        ("12", "BIGINT", "BIGINT", "12"),
        ("12.5", "BIGINT", "VARCHAR", "12.5"),
        ('"2026-11-01T10:00:00Z"', "TIMESTAMP", "TIMESTAMP", "2026-11-01 10:00:00"),
        ('"text"', "VARCHAR", "VARCHAR", "text"),
        ('{"a":1}', "JSON", "JSON", '{"a":1}'),
        ("12345678901234567890123", "VARCHAR", "VARCHAR", "12345678901234567890123"),
    ],
)
def test_a_schema_that_names_a_property_later(
    tmp_path: Path, value: str, declared: str, type_: str, wanted: str
) -> None:
    """The column gets its type if all values fit it, and is text otherwise."""
    load(tmp_path / "f", X, raw_record(f'{{"id": 1, "new": {value}}}'), state())
    for _ in range(2):
        load(tmp_path / "f", schema(new=TYPES[declared]), records({"id": 2}), state())
        assert columns(tmp_path / "f")["new"] == type_
        assert query(tmp_path / "f", "SELECT new::VARCHAR FROM jobs ORDER BY id") == [(wanted,), (None,)]


def test_comments_of_users_are_no_types(tmp_path: Path) -> None:
    """Whoever describes a column goes on loading."""
    load(tmp_path / "f", X, records({"id": 1}), state())
    with duckdb.connect(tmp_path / "f") as db:
        db.execute("COMMENT ON COLUMN jobs.x IS 'BIGINT once'")
    load(tmp_path / "f", X, records({"id": 2}), state())
    assert query(tmp_path / "f") == [(1, None), (2, None)]


@pytest.mark.parametrize(
    ("old", "new", "value", "wanted"),
    [
        ("BIGINT", "DECIMAL(38,6)", 12, Decimal(12)),
        ("BIGINT", "VARCHAR", 12, "12"),
        ("BOOLEAN", "VARCHAR", True, "true"),
        ("DATE", "VARCHAR", "2026-11-01", "2026-11-01"),
        ("DECIMAL(38,6)", "VARCHAR", 12.5, "12.5"),
        ("JSON", "VARCHAR", "text", "text"),
        ("JSON", "VARCHAR", 12345678901234567890123, "12345678901234567890123"),
        ("TIMESTAMP", "VARCHAR", "2026-11-01T10:00:00.5Z", "2026-11-01T10:00:00.5Z"),
    ],
)
def test_a_wider_type_widens_the_column(tmp_path: Path, old: str, new: str, value: object, wanted: object) -> None:
    """The values that are there already keep their meaning."""
    load(tmp_path / "f", schema(x=TYPES[old]), records({"id": 1, "x": value}), schema(x=TYPES[new]), state())
    assert columns(tmp_path / "f")["x"] == new
    assert query(tmp_path / "f") == [(1, wanted)]


@pytest.mark.parametrize(("old", "new"), [("VARCHAR", "BIGINT"), ("DECIMAL(38,6)", "BIGINT"), ("BOOLEAN", "DATE")])
def test_a_type_that_does_not_hold_all_values_is_refused(tmp_path: Path, old: str, new: str) -> None:
    """The message names the stream and the column; nothing changes."""
    load(tmp_path / "f", schema(x=TYPES[old]), records({"id": 1}), state())
    with pytest.raises(LoadError, match=r"stream jobs: the column x is .*, and the schema now says .*; rename or drop"):
        load(tmp_path / "f", schema(x=TYPES[new]), records({"id": 2}), state())
    assert query(tmp_path / "f") == [(1, None)]


def activate(version: int) -> bytes:
    """Write an ACTIVATE_VERSION message."""
    return line("ACTIVATE_VERSION", stream="jobs", version=version)


def test_rows_that_are_gone_are_removed(tmp_path: Path) -> None:
    """Only what came with the version stays, also if it did not change."""
    load(tmp_path / "f", X, records({"id": 1}, {"id": 2}, {"id": 3}), state())
    found = load(tmp_path / "f", X, records({"id": 1}, {"id": 4}, version=7), activate(7), state())
    assert found[1] == {"jobs": Counts(read=2, new=1, removed=2)}
    assert query(tmp_path / "f") == [(1, None, 7), (4, None, 7)]


def test_rows_that_are_gone_are_marked(tmp_path: Path) -> None:
    """They stay with a time, and lose it when they come again."""
    sql = "SELECT id, _sdc_deleted_at IS NOT NULL FROM jobs ORDER BY id"
    load(tmp_path / "f", X, records({"id": 1}, {"id": 2}, version=1), activate(1), state(), removed_rows="mark")
    load(tmp_path / "f", X, records({"id": 1}, version=2), activate(2), state(), removed_rows="mark")
    assert query(tmp_path / "f", sql) == [(1, False), (2, True)]
    load(tmp_path / "f", X, records({"id": 1}, {"id": 2}, version=3), activate(3), state(), removed_rows="mark")
    assert query(tmp_path / "f", sql) == [(1, False), (2, False)]


def test_streams_of_a_schema_of_their_own(tmp_path: Path) -> None:
    """The tables and the state of another schema stay as they are."""
    load(tmp_path / "f", X, records({"id": 1}), state(1))
    load(tmp_path / "f", X, records({"id": 2}), state(2), schema="Other one")
    assert query(tmp_path / "f") == [(1, None)]
    assert query(tmp_path / "f", 'FROM "Other one".jobs') == [(2, None)]
