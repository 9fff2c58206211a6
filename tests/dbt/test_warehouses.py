"""The package is compiled for the warehouses that no test can connect to, over tables as their targets make them."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tests.dbt.support import PACKAGE, PROGRAM, streams
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.checkout

OFFLINE = ROOT / "tests" / "dbt" / "offline.py"


def _snowflake(schema: Mapping[str, Any]) -> str:
    """Give the type that meltanolabs-target-snowflake makes."""
    if {"object", "array"} & {*schema["type"]}:
        return "VARIANT"
    return _scalar(schema, integer="NUMBER", number="FLOAT", boolean="BOOLEAN", text="VARCHAR", time="TIMESTAMP_NTZ")


def _bigquery(schema: Mapping[str, Any]) -> str:
    """Give the type that z3-target-bigquery makes with `denormalized`."""
    if "array" in schema["type"]:
        return f"ARRAY<{_bigquery(schema['items'])}>"
    if "object" in schema["type"]:
        members = [f"{name} {_bigquery(member)}" for name, member in schema.get("properties", {}).items()]
        return f"STRUCT<{', '.join(members)}>" if members else "JSON"
    return _scalar(schema, integer="INT64", number="FLOAT64", boolean="BOOL", text="STRING", time="TIMESTAMP")


def _scalar(schema: Mapping[str, Any], text: str, time: str, **types: str) -> str:
    for kind, found in types.items():
        if kind in schema["type"]:
            return found
    return {"date-time": time, "date": "DATE"}.get(schema.get("format", ""), text)


@pytest.mark.parametrize(
    ("warehouse", "adapter", "type_of", "name_of"),
    [
        # Its target writes names as SQL does that has no quotes around them.
        ("snowflake", "SnowflakeAdapter", _snowflake, str.upper),
        ("bigquery", "BigQueryAdapter", _bigquery, str),
    ],
)
def test_all_is_compiled(
    warehouse: str, adapter: str, type_of: Callable[..., str], name_of: Callable[[str], str], tmp_path: Path
) -> None:
    """Each model and test is SQL of that warehouse, reads columns that there are, and mixes no kinds of time."""
    tables = {
        stream: {
            name_of(name): type_of(schema) for name, schema in stream_schema(BY_NAME[stream])["properties"].items()
        }
        for stream in streams()
    }
    (tmp_path / "tables.json").write_text(json.dumps(tables))
    done = subprocess.run(  # noqa: S603 - dbt
        [
            *(PROGRAM.with_name("python"), OFFLINE, warehouse, adapter, tmp_path / "tables.json"),
            *("--quiet", "compile", "--no-populate-cache", "--no-introspect", "--target", warehouse),
            *("--project-dir", PACKAGE, "--profiles-dir", PACKAGE, "--target-path", tmp_path, "--log-path", tmp_path),
            *("--vars", "{servicetitan__timezone: America/New_York}"),
        ],
        env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    models = {path.stem for path in (PACKAGE / "models").rglob("*.sql") if path.parent.name != "reports"}
    compiled = {*done.stdout.split()}
    assert models <= compiled
    assert len(compiled) > 1.5 * len(models)
