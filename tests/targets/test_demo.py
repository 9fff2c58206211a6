"""The demo's own code: the DuckDB file, the Meltano project, and an orderly end."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import os
import re
import shlex
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.demo import run, warehouse
from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.settings.schema import SETTINGS
from tap_servicetitan.tap import TapServiceTitan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

ANYTHING = {"type": ["string", "null"]}
SETTINGS_OF_THE_SDK = ("batch_", "faker_", "flattening_", "stream_map")
TYPES = {
    "BIGINT": {"type": ["integer", "null"]},
    "BOOLEAN": {"type": ["boolean", "null"]},
    "DATE": {"type": ["string", "null"], "format": "date"},
    "DOUBLE": {"type": ["number", "null"]},
    "JSON": {"type": ["object", "null"]},
    "TIMESTAMP": {"type": ["string", "null"], "format": "date-time"},
    "VARCHAR": {"type": "string"},
}


def stream(
    properties: Mapping[str, Any], *, key: Iterable[str] = ("id",), cursor: str | None = None, name: str = "jobs"
) -> dict[str, Any]:
    """Make a catalog of one stream."""
    schema = {"properties": {"id": {"type": "integer"}, **properties}}
    return {"streams": [{"tap_stream_id": name, "key_properties": [*key], "replication_key": cursor, "schema": schema}]}


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., list[tuple[Any, ...]]]:
    """Write records to the file of stream ``jobs``, build the DuckDB file, and give its rows by key."""

    def load(catalog: Mapping[str, Any], *records: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        (tmp_path / "jobs.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        warehouse.build(tmp_path, catalog, tmp_path / "out.duckdb")
        return query(tmp_path / "out.duckdb", "FROM jobs ORDER BY ALL")

    return load


def query(file: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask a DuckDB file."""
    with duckdb.connect(file, read_only=True) as db:
        return db.execute(sql).fetchall()


def columns(file: Path, table: str = "jobs") -> dict[str, str]:
    """Give the columns of a table with their types."""
    return {row[0]: row[1] for row in query(file, f'DESCRIBE "{table}"')}


VERSIONS = stream({"at": TYPES["TIMESTAMP"], "v": TYPES["BIGINT"]}, cursor="at")


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        pytest.param("2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z", id="time"),
        pytest.param("2026-11-01T10:00:00.1234567Z", "2026-11-01T10:00:00.1234568Z", id="the seventh digit"),
        pytest.param("2026-11-01T10:00:00.123456Z", "2026-11-01T10:00:00.1234567Z", id="zeros left out"),
        pytest.param("2026-11-01T10:00:00Z", "2026-11-01T10:00:00.1Z", id="no fraction"),
        pytest.param("2026-11-01T10:30:00Z", "2026-11-01T10:00:00-05:00", id="offset"),
        pytest.param(None, "0001-01-01T00:00:00Z", id="no stamp"),
    ],
)
def test_the_newest_stamp_wins_in_any_order(
    load: Callable[..., list[tuple[Any, ...]]], older: str | None, newer: str
) -> None:
    """A version that arrives late does not replace a newer one."""
    versions = {"id": 1, "at": older, "v": 1}, {"id": 1, "at": newer, "v": 2}
    assert [row[2] for row in load(VERSIONS, *versions)] == [2]
    assert [row[2] for row in load(VERSIONS, *reversed(versions))] == [2]


@pytest.mark.parametrize("at", ["2026-11-01T10:00:00.5Z", None])
def test_of_equal_stamps_the_last_line_wins(load: Callable[..., list[tuple[Any, ...]]], at: str | None) -> None:
    """What the tap wrote last is what it knew last."""
    assert [row[2] for row in load(VERSIONS, *({"id": 1, "at": at, "v": v} for v in range(5)))] == [4]


def test_without_a_cursor_the_last_line_wins(load: Callable[..., list[tuple[Any, ...]]]) -> None:
    """The order of lines holds in files too large for one thread."""
    rows = load(stream({"v": TYPES["BIGINT"]}), *({"id": i % 1000, "v": i} for i in range(300_000)))
    assert rows == [(i, 299_000 + i) for i in range(1000)]


def test_rows_without_a_key_stay_apart(load: Callable[..., list[tuple[Any, ...]]]) -> None:
    """A row that lacks its key is not taken for a version of another."""
    assert load(stream({}), {"id": None}, {"id": None}, {}) == [(None,)] * 3
    assert load(stream({}, key=()), {"id": 1}, {"id": 1}) == [(1,)] * 2


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        ("BIGINT", 2**63 - 1, 2**63 - 1),
        ("BIGINT", 12.0, 12),
        ("BOOLEAN", False, False),
        ("DATE", "2026-11-01", dt.date(2026, 11, 1)),
        ("DATE", "2026-11-01T00:00:00Z", dt.date(2026, 11, 1)),
        ("DOUBLE", 3, 3.0),
        ("DOUBLE", "Infinity", math.inf),
        ("JSON", {"a": [1, None]}, '{"a":[1,null]}'),
        ("JSON", "text", '"text"'),
        ("TIMESTAMP", "0001-01-01T00:00:00Z", dt.datetime(1, 1, 1)),  # noqa: DTZ001 - as stored, UTC
        ("TIMESTAMP", "2025-10-13T00:00:00", dt.datetime(2025, 10, 13)),  # noqa: DTZ001
        ("TIMESTAMP", "2025-10-13T01:00:00-05:00", dt.datetime(2025, 10, 13, 6)),  # noqa: DTZ001
        ("TIMESTAMP", "2025-10-13T00:00:00.1234567Z", dt.datetime(2025, 10, 13, 0, 0, 0, 123456)),  # noqa: DTZ001
        ("VARCHAR", "007", "007"),
        ("VARCHAR", "2026-11-01", "2026-11-01"),
        ("VARCHAR", 0, "0"),
        ("VARCHAR", "", ""),
        ("VARCHAR", '"quoted", \\ and \u2028 \u0000', '"quoted", \\ and \u2028 \u0000'),
    ],
)
def test_values_get_the_type_of_the_catalog(
    load: Callable[..., list[tuple[Any, ...]]], tmp_path: Path, type_: str, value: object, stored: object
) -> None:
    """What fits is converted; what the data looks like decides nothing."""
    assert load(stream({"x": TYPES[type_]}), {"id": 1, "x": None}, {"id": 2, "x": value}) == [(1, None), (2, stored)]
    assert columns(tmp_path / "out.duckdb")["x"] == type_


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("BIGINT", "12x"),
        ("BIGINT", 1.5),
        ("BIGINT", 2**63),
        ("BIGINT", ""),
        ("BOOLEAN", "yes"),
        ("BOOLEAN", 1),
        ("DATE", "2026-11-01T12:00:00"),
        ("DATE", "2026-02-30"),
        ("DOUBLE", "1,5"),
        ("TIMESTAMP", "yesterday"),
        ("TIMESTAMP", "12:30:00"),
    ],
)
def test_a_value_that_does_not_fit_is_kept_as_text(tmp_path: Path, type_: str, value: object) -> None:
    """Neither its row nor the value is lost, and the column is named."""
    (tmp_path / "jobs.jsonl").write_text(json.dumps({"id": 1, "x": value}) + '\n{"id": 2, "x": null}\n')
    (table,) = warehouse.build(tmp_path, stream({"x": TYPES[type_]}), tmp_path / "out.duckdb")
    assert table == warehouse.Table(stream="jobs", lines=2, rows=2, kept_as_text=("x",))
    assert query(tmp_path / "out.duckdb", "FROM jobs ORDER BY id") == [(1, str(value)), (2, None)]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


# A DuckDB file is written and read for each example.
@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.fixed_dictionaries(dict.fromkeys(TYPES, JSON_VALUES)), max_size=20))
def test_no_value_vanishes(tmp_path_factory: pytest.TempPathFactory, values: list[dict[str, Any]]) -> None:
    """Whatever JSON a field holds, its row is there, and only null is NULL."""
    folder = tmp_path_factory.mktemp("any")
    records = [{"id": number, **fields} for number, fields in enumerate(values)]
    (folder / "jobs.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    warehouse.build(folder, stream(TYPES), folder / "out.duckdb")
    found = query(folder / "out.duckdb", "FROM jobs ORDER BY id")
    wanted = [[record[name] for name in ("id", *TYPES)] for record in records]
    assert [[value is None for value in row] for row in found] == [[value is None for value in row] for row in wanted]


def test_names_may_be_words_of_sql(tmp_path: Path) -> None:
    """Fields are called ``from`` and ``end``, also as a key and as a cursor."""
    names = ["from", "end", "order", "select", "date", 'a "quoted" name', "with space", "Größe"]
    catalog = stream(dict.fromkeys(names, ANYTHING), key=["order"], cursor="from", name="group")
    (tmp_path / "group.jsonl").write_text(json.dumps(dict.fromkeys(names, "x")) + "\n")
    warehouse.build(tmp_path, catalog, tmp_path / "out.duckdb")
    assert query(tmp_path / "out.duckdb", 'FROM "group"') == [(None, *["x"] * len(names))]
    assert [*columns(tmp_path / "out.duckdb", "group")] == ["id", *names]


def test_every_stream_of_the_tap_gets_a_table_without_any_rows(tmp_path: Path) -> None:
    """A query on a stream that had nothing to load finds an empty table, not an error."""
    catalog = TapServiceTitan(validate_config=False).catalog_dict
    tables = warehouse.build(tmp_path, catalog, tmp_path / "out.duckdb")
    assert {table.stream for table in tables} == {row.name for row in ENDPOINTS if row.selected}
    assert (
        columns(tmp_path / "out.duckdb", "invoices").items()
        >= {
            "id": "BIGINT",
            "modifiedOn": "TIMESTAMP",
            "items": "JSON",
            "active": "BOOLEAN",
        }.items()
    )


def test_a_deselected_stream_gets_no_table(tmp_path: Path) -> None:
    """The file holds what the tap would load."""
    catalog = stream({})
    catalog["streams"][0]["metadata"] = [{"breadcrumb": [], "metadata": {"selected": False}}]
    assert warehouse.build(tmp_path, catalog, tmp_path / "out.duckdb") == []


def test_a_broken_file_is_an_error_and_leaves_the_old_result(
    load: Callable[..., list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    """A line that is cut off must not pass for a smaller table."""
    load(stream({}), {"id": 1})
    (tmp_path / "jobs.jsonl").write_text('{"id": 1}\n{"id": 2')
    with pytest.raises(duckdb.Error, match=r"jobs\.jsonl"):
        warehouse.build(tmp_path, stream({}), tmp_path / "out.duckdb")
    assert query(tmp_path / "out.duckdb", "FROM jobs") == [(1,)]


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Running it twice makes the same file twice."""
    catalog, out = tmp_path / "catalog.json", tmp_path / "out.duckdb"
    catalog.write_text(json.dumps(stream({"x": TYPES["BIGINT"]})))
    (tmp_path / "jobs.jsonl").write_text('{"id": 1, "x": "odd"}\n{"id": 1, "x": "odd"}\n')
    monkeypatch.setattr("sys.argv", ["warehouse.py", str(tmp_path), str(catalog), str(out)])
    for _ in range(2):
        warehouse.main()
        assert query(out, "FROM jobs") == [(1, "odd")]
    said = capsys.readouterr()
    assert said.out == "jobs: 1 rows of 2 records\n" * 2
    assert said.err == "jobs.x: kept as text, a value is not what the catalog says\n" * 2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the demo work in a folder of the test."""
    for name in ("PROJECT", "LOADED", "CATALOG", "DUCKDB_FILE", "BEFORE", "FOLDER"):
        monkeypatch.setattr(run, name, tmp_path / "work" / getattr(run, name).relative_to(run.FOLDER))
    monkeypatch.setattr(run, "PROGRAMS", tmp_path)
    return tmp_path / "work"


def test_what_changed_is_counted_by_key_and_content(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A record that only came again is neither new nor changed."""
    run.LOADED.mkdir(parents=True)
    run.CATALOG.write_text(json.dumps(stream({"x": TYPES["JSON"]})))
    file = run.LOADED / "jobs.jsonl"
    file.write_text('{"id": 1, "x": {"a": 1}}\n{"id": 2, "x": null}\n{"id": 3, "x": null}\n')
    first = run.build()
    run.DUCKDB_FILE.replace(run.BEFORE)
    with file.open("a") as more:
        more.write('{"id": 1, "x": {"a": 2}}\n{"id": 2, "x": null}\n{"id": 4, "x": null}\n{"id": 4, "x": [1]}\n')
    assert run.changes(first, run.build()) == [("jobs", 4, 1, 1)]
    assert run.row_counts() == [("jobs", 4)]
    assert folder.is_dir()
    run.show(("stream", "read", "new", "changed"), [("jobs", 4000, 1, 1)])
    assert capsys.readouterr().out == (
        "\nstream   read  new  changed\njobs    4,000    1        1\ntotal   4,000    1        1\n"
    )


def test_the_project_is_the_users_with_what_is_installed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo runs the definitions that people copy, and nothing of a pipeline they have set up already."""
    monkeypatch.setenv("TAP_SERVICETITAN_START_DATE", "2026-01-01")
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")
    folder.mkdir()
    environment = run.make_project({"tenant_id": 4242})
    assert {name: value for name, value in environment.items() if name.startswith(run.FOREIGN_SETTINGS)} == {
        "TAP_SERVICETITAN_TENANT_ID": "4242",
        "TAP_SERVICETITAN_REQUESTS_PER_SECOND": str(run.REQUESTS_PER_SECOND),
    }
    assert environment["PATH"] == os.environ["PATH"]
    original = yaml.safe_load((run.ROOT / "meltano.yml").read_bytes())
    made = yaml.safe_load((run.PROJECT / "meltano.yml").read_bytes())
    (tap,), (target,) = made["plugins"]["extractors"], made["plugins"]["loaders"]
    assert tap["settings"] == original["plugins"]["extractors"][0]["settings"]
    assert (tap["executable"], target["executable"]) == (str(run.PROGRAMS / "tap-servicetitan"), str(run.TARGET_JSONL))
    assert "pip_url" not in tap | target


@pytest.mark.parametrize(
    ("failing", "message"),
    [
        ("tap-servicetitan-sandbox", r"the sandbox did not start.*sandbox\.log:\n\nsaid by tap-servicetitan-sandbox"),
        ("tap-servicetitan", r"could not list its streams.*discovery\.log:\n\nsaid by tap-servicetitan"),
        ("meltano", r"meltano run did not succeed.*meltano-1\.log:\n\nsaid by meltano"),
    ],
)
def test_a_failing_step_ends_the_demo_and_the_sandbox(
    folder: Path, tmp_path: Path, failing: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever fails, its last lines are shown, the exit code says so, and nothing is left running."""
    printed = json.dumps({"api_url": "http://127.0.0.1:1"}, indent=1)
    pid = tmp_path / "pid"
    good = {
        "tap-servicetitan-sandbox": f"echo $$ > {pid}; echo {shlex.quote(printed)}; exec sleep 60",
        "tap-servicetitan": "echo '{\"streams\": []}'",
        "meltano": "exit 0",
    }
    for program, script in (good | {failing: f"echo said by {failing} >&2; exit 3"}).items():
        (tmp_path / program).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / program).chmod(0o755)
    with pytest.raises(SystemExit) as ended:
        run.main()
    assert re.search(message, str(ended.value), re.DOTALL)
    assert folder.is_dir()
    if pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
    assert "Traceback" not in capfd.readouterr().err


def test_the_sandbox_may_print_its_settings_on_many_lines() -> None:
    """What follows the settings is none of the demo's business."""
    assert run.first_object(io.BytesIO(b'{\n "a": 1\n}\nserving\n')) == {"a": 1}
    assert run.first_object(io.BytesIO(b"")) is None


def test_meltano_yml_has_the_settings_of_the_tap() -> None:
    """Meltano knows each setting, its default, and whether it is a secret."""
    project = yaml.safe_load((run.ROOT / "meltano.yml").read_bytes())
    (tap,) = project["plugins"]["extractors"]
    described = {one["name"]: (one.get("value"), one.get("sensitive", False)) for one in tap["settings"]}
    assert described == {
        name: (facts.get("default"), facts.get("secret", False))
        for name, facts in SETTINGS["properties"].items()
        if not name.startswith(SETTINGS_OF_THE_SDK)
    }
