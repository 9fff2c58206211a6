"""The audit finds each row that a warehouse lacks, has as it was, or has for no reason, and names no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tap_servicetitan.audit import lists
from tap_servicetitan.cli import audit as audit_command
from tap_servicetitan.cli import sync as sync_command
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.running import catalog_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STREAMS = ("jobs", "customers", "invoices", "payments", "estimates", "zones", "tasks", "campaigns", "reviews", "calls")
LONG_AGO = "2026-07-04T10:00:00Z"
CLEAN, DIFFERENT, FAILED = 0, 1, 2

Message = dict[str, Any]


class Pipeline:
    """A sandbox, a DuckDB file that it is loaded into, and an audit of it."""

    def __init__(self, sandbox: Sandbox, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Write the settings."""
        self.sandbox, self.folder, self.capsys = sandbox, folder, capsys
        self.file = folder / "warehouse.duckdb"
        self.config = folder / "config.json"
        self.config.write_text(json.dumps(sandbox.config | {"requests_per_second": 10_000}))
        self.catalog = folder / "catalog.json"
        self.catalog.write_text(json.dumps(catalog_of(*STREAMS)))

    def load(self) -> None:
        """Load what is new."""
        chosen = [part for stream in STREAMS for part in ("--select", stream)]
        assert sync_command.main(["--config", str(self.config), *chosen, str(self.file)]) == 0

    def audit(self, *options: str, warehouse: str | None = None) -> tuple[int, Message]:
        """Compare; give the exit code and the JSON."""
        self.capsys.readouterr()
        command = ["--config", str(self.config), "--catalog", str(self.catalog), "--format", "json", *options]
        code = audit_command.main([*command, warehouse or str(self.file)])
        return code, json.loads(self.capsys.readouterr().out)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the file."""
        with duckdb.connect(self.file) as db:
            return db.execute(sql).fetchall()


@pytest.fixture
def pipeline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Pipeline]:
    """Run a tenant whose rows were loaded."""
    with serve(seed=3, scale=0.03) as sandbox:
        one = Pipeline(sandbox, tmp_path, capsys)
        one.load()
        sandbox.forget_requests()
        yield one


def found(result: Message) -> dict[tuple[str, str], set[int]]:
    """Give the differences: the ids by stream and kind."""
    differences: dict[tuple[str, str], set[int]] = {}
    for stream in result["streams"]:
        for one in stream["differences"]:
            differences.setdefault((stream["stream"], one["kind"]), set()).add(one["key"]["id"])
    return differences


def ids(touched: Message) -> set[int]:
    """Give the ids of the rows that were touched."""
    return {key["id"] for key in touched["keys"]}


def active(sandbox: Sandbox, stream: str) -> list[Message]:
    """Give the keys of the active rows of a stream."""
    return [{"id": row["id"]} for row in sandbox.rows(stream) if row.get("active") is not False]


def plant(sandbox: Sandbox) -> dict[tuple[str, str], set[int]]:
    """Let the API hide eleven changes from an incremental reader, in feeds and lists."""
    sandbox.advance(86_400)
    deleted = {stream: active(sandbox, stream)[:count] for stream, count in (("jobs", 2), ("payments", 1))}
    deleted |= {stream: active(sandbox, stream)[:1] for stream in ("zones", "tasks")}
    expected = {(stream, "vanished"): ids(sandbox.delete(stream, keys=keys)) for stream, keys in deleted.items()}
    expected["customers", "stale"] = ids(sandbox.touch("customers", 2, unstamped=True))
    others = active(sandbox, "tasks")[3:4]
    expected["tasks", "stale"] = ids(sandbox.touch("tasks", keys=others, unstamped=True))
    for stream in ("invoices", "campaigns", "estimates"):
        expected[stream, "missing"] = ids(sandbox.touch(stream, create=1, at=LONG_AGO))
    return expected


def test_all_that_the_api_hides_is_found_and_repaired(pipeline: Pipeline) -> None:
    """Rows deleted for good, changed without a stamp, added with an old date: found by id, and no other named.

    After the repair and a run, the warehouse is as the API is.
    """
    sandbox = pipeline.sandbox
    pipeline.load()
    expected = plant(sandbox)
    sandbox.advance(3_600)
    pipeline.load()
    sandbox.forget_requests()
    code, result = pipeline.audit()
    assert code == DIFFERENT
    # A list that is read in full has brought its rows, and lost those that are gone, by itself.
    assert found(result) == {where: keys for where, keys in expected.items() if where != ("zones", "vanished")} | {
        where: keys for where, keys in found(result).items() if where == ("zones", "vanished")
    }
    data = [one for one in sandbox.requests() if one["stream"] != "token"]
    assert result["requests"] == len(data) <= len(STREAMS)
    code, again = pipeline.audit("--repair")
    assert (code, found(again)) == (DIFFERENT, found(result))
    marked = {id for (id,) in pipeline.query("SELECT id FROM jobs WHERE _sdc_deleted_at IS NOT NULL")}  # noqa: A001
    assert marked == expected["jobs", "vanished"]
    pipeline.load()
    code, after = pipeline.audit()
    assert (code, found(after)) == (CLEAN, {})


def test_a_tenant_without_differences_costs_a_request_a_stream(pipeline: Pipeline) -> None:
    """Small streams are compared row by row for the request that counting them would cost."""
    code, result = pipeline.audit()
    assert (code, found(result)) == (CLEAN, {})
    by_name = {one["stream"]: one for one in result["streams"]}
    assert by_name["jobs"]["compared"] == by_name["jobs"]["api"] == by_name["jobs"]["warehouse"] > 0
    assert result["requests"] <= len(STREAMS)
    assert "no list that counts" in by_name["calls"]["note"]
    assert "made by" in by_name["reviews"]["note"] or "makes their key" in by_name["reviews"]["note"]


def test_what_the_next_run_brings_is_no_difference(pipeline: Pipeline) -> None:
    """Rows that are newer than the last load are left out."""
    pipeline.sandbox.advance(3 * 86_400)
    pipeline.sandbox.touch("customers", 3, create=2)
    code, result = pipeline.audit()
    assert (code, found(result)) == (CLEAN, {})


def test_large_streams_are_counted_first(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the spans whose counts differ are read: years, then months, then rows."""
    monkeypatch.setattr(lists, "PAGE_SIZE", 25)
    pages = -(-len(pipeline.sandbox.rows("jobs")) // 25)
    code, clean = pipeline.audit("--stream", "jobs")
    assert (code, clean["requests"]) == (CLEAN, 1)
    expected = {("jobs", "missing"): ids(pipeline.sandbox.touch("jobs", create=1, at=LONG_AGO))}
    code, result = pipeline.audit("--stream", "jobs")
    assert (code, found(result)) == (DIFFERENT, expected)
    [jobs] = result["streams"]
    assert jobs["compared"] < jobs["api"] / 2
    assert result["requests"] < pages + 14


def test_what_cannot_be_compared_is_said(pipeline: Pipeline) -> None:
    """A failing list, a stream without a scope and a table that is not there have their sentences; others go on."""
    pipeline.sandbox.revoke_scope("payments")
    pipeline.query("DROP TABLE zones")
    code, result = pipeline.audit()
    assert code == FAILED
    by_name = {one["stream"]: one for one in result["streams"]}
    assert "403" in by_name["payments"]["note"] or "scope" in by_name["payments"]["note"]
    assert by_name["payments"]["failed"]
    assert "no table" in by_name["zones"]["note"]
    assert by_name["jobs"]["api"] == by_name["jobs"]["warehouse"]


def test_a_span_can_be_chosen(pipeline: Pipeline) -> None:
    """What was created before is left out."""
    pipeline.sandbox.touch("invoices", create=1, at=LONG_AGO)
    for since, expected in (("2026-07-01", DIFFERENT), ("2026-08-01", CLEAN)):
        assert pipeline.audit("--stream", "invoices", "--since", since)[0] == expected


def test_a_warehouse_out_of_reach_is_compared_by_a_file_of_counts(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """The SQL that the command prints makes the file; a month that differs is named with both numbers."""
    arguments = ["--config", str(pipeline.config), "--catalog", str(pipeline.catalog), "--stream", "invoices"]
    capsys.readouterr()
    assert audit_command.main([*arguments, "--print-sql", "--until", "2026-10-20"]) == CLEAN
    counts = pipeline.folder / "counts.csv"
    pipeline.query(f"COPY ({capsys.readouterr().out}) TO '{counts}' (HEADER)")
    assert pipeline.audit("--counts", "--stream", "invoices", warehouse=str(counts))[0] == CLEAN
    pipeline.sandbox.touch("invoices", create=1, at=LONG_AGO)
    code, result = pipeline.audit("--counts", "--stream", "invoices", warehouse=str(counts))
    assert code == DIFFERENT
    [span] = result["streams"][0]["spans"]
    assert span["span"].startswith("2026-07-01")
    assert span["api"] == span["warehouse"] + 1


@pytest.mark.parametrize(
    ("warehouse", "options", "wanted"),
    [
        ("nothing.duckdb", (), "does not exist"),
        ("postgresql+nothing://user:secret@host/db", (), "cannot be queried"),
        ("nothing.csv", ("--counts",), "cannot be read"),
        ("", (), "WAREHOUSE is missing"),
    ],
)
def test_a_wrong_warehouse_is_said_in_a_sentence(
    warehouse: str, options: tuple[str, ...], wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No trace, no password."""
    with serve(seed=3, scale=0.002) as sandbox:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(sandbox.config))
        assert audit_command.main(["--config", str(config), *options, *([warehouse] if warehouse else [])]) != 0
    said = capsys.readouterr().err
    assert wanted in said
    assert "secret" not in said
    assert "Traceback" not in said
