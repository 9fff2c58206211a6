"""The first query that anybody writes, a sum of amounts, in real targets; digits are those of the API's texts."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.server import serve
from tests.support.postgres import postgres
from tests.support.running import run
from tests.support.tables import SCHEMA, in_duckdb, in_postgres
from tests.support.targets import target_jsonl, target_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.tables import Tables

pytestmark = pytest.mark.targets

AMOUNTS = {
    "invoices": ("total", "subTotal", "salesTax", "discountTotal", "balance"),
    "invoice_items": ("quantity", "cost", "totalCost", "price", "total", "memberPrice"),
    "payments": ("total", "unappliedAmount"),
}

MINUTES = 16 * 60
LOADED = dict[str, dict[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def loaded() -> Iterator[tuple[bytes, LOADED]]:
    """Read the streams, and what the API has in texts."""
    with serve(seed=3, scale=0.02) as sandbox:
        sandbox.config["requests_per_second"] = 10_000
        # The API holds back what changed in the last minutes.
        sandbox.advance(MINUTES)
        output = run(sandbox.config, *AMOUNTS)
        yield output.raw, {stream: {row["id"]: row for row in sandbox.rows(stream)} for stream in AMOUNTS}


def load(command: list[str], raw: bytes) -> None:
    """Run a target."""
    subprocess.run(command, input=raw, check=True, capture_output=True)  # noqa: S603 - a target


def assert_sums(tables: Tables, wanted: LOADED) -> None:
    """Compare each amount with the text that the API has, nested ones too, and the sums with them."""
    for stream, names in AMOUNTS.items():
        assert {row["id"] for row in tables[stream]} == wanted[stream].keys()
        for name in names:
            texts = {one: row[name] for one, row in wanted[stream].items() if row[name] is not None}
            assert all(isinstance(text, str) for text in texts.values())
            found = {row["id"]: row[name] for row in tables[stream] if row[name] is not None}
            assert found == {one: Decimal(text) for one, text in texts.items()}, name
            assert sum(found.values()) == sum(map(Decimal, texts.values()))
    for row in tables["invoices"]:
        of_items = [Decimal(str(one["total"])) for one in row["items"] or ()]
        assert of_items == [Decimal(one["total"]) for one in wanted["invoices"][row["id"]]["items"] or ()]


def test_in_duckdb(loaded: tuple[bytes, LOADED], tmp_path: Path) -> None:
    """Columns are DECIMAL."""
    file = tmp_path / "out.duckdb"
    load([sys.executable, "-m", "tap_servicetitan.duckdb", "--path", str(file)], loaded[0])
    assert_sums(in_duckdb(file), loaded[1])


@pytest.mark.parametrize("use_copy", [False, True])
def test_in_postgres(loaded: tuple[bytes, LOADED], tmp_path: Path, use_copy: bool) -> None:  # noqa: FBT001 - a parameter
    """Columns are NUMERIC, by INSERT and by COPY."""
    with postgres() as server:
        settings = tmp_path / "target.json"
        settings.write_text(json.dumps({**server, "default_target_schema": SCHEMA, "use_copy": use_copy}))
        load([str(target_postgres()), "--config", str(settings)], loaded[0])
        assert_sums(in_postgres(server), loaded[1])


def test_in_files(loaded: tuple[bytes, LOADED], tmp_path: Path) -> None:
    """target-jsonl writes the numbers that came."""
    settings = tmp_path / "target.json"
    settings.write_text(json.dumps({"destination_path": str(tmp_path), "do_timestamp_file": False}))
    load([str(target_jsonl()), "--config", str(settings)], loaded[0])
    files = {stream: (tmp_path / f"{stream}.jsonl").read_text().splitlines() for stream in AMOUNTS}
    tables = {stream: [json.loads(line, parse_float=Decimal) for line in lines] for stream, lines in files.items()}
    assert_sums(tables, loaded[1])
