"""CONTRIBUTING.md, followed by somebody who adds a stream, in a copy of the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.paths import ROOT
from tests.support.wheel import known_files

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Add a stream\n")[1].split("\n## ")[0]

Json = dict[str, Any]

pytestmark = pytest.mark.checkout


def blocks(kind: str) -> list[str]:
    """Give the section's blocks of code."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the checkout, with an environment in which the copy's package is the one that is installed."""
    for file in known_files():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, tmp_path / file)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def test_a_stream_is_added_as_the_page_says(copy: Path) -> None:
    """A row and a few commands: the facts are fetched, the lists written, and the sandbox serves the stream."""
    (row,) = blocks("python")
    table = copy / "tap_servicetitan/catalog/endpoints.py"
    sibling = '        incremental_list("call_reasons", inactive="active=Any"),\n'
    text = table.read_text(encoding="utf-8")
    assert sibling in text
    table.write_text(text.replace(sibling, sibling + row), encoding="utf-8")
    (model,) = blocks("json")
    facts = copy / "tap_servicetitan/catalog/data_model.json"
    known = facts.read_text(encoding="utf-8")
    assert known.count('    "call_reasons": {\n') == 1
    facts.write_text(known.replace('    "call_reasons": {\n', model + '    "call_reasons": {\n'), encoding="utf-8")
    (copy / "openapi").mkdir()
    (copy / "openapi" / "jbce.json").write_text(json.dumps(document("call-reasons", "call-outcomes")))
    shown = run(copy, "\n".join(blocks("bash")))
    assert "added    call_outcomes.modifiedOn\n" in shown
    assert "'id': " in shown.splitlines()[-1]
    catalog = (copy / "tests/unit/catalog/catalog.txt").read_text(encoding="utf-8")
    assert re.search(r"^call_outcomes  list  id  modifiedOn  INCREMENTAL  selected", catalog, re.MULTILINE)
    assert "## call_outcomes\n" in (copy / "docs" / "data-model-marketing.md").read_text(encoding="utf-8")
    assert "### call_outcomes\n" in (copy / "docs" / "streams.md").read_text(encoding="utf-8")


def test_what_the_page_calls_generated_is_there() -> None:
    """Scripts that the page names are scripts, and there is none that it does not name."""
    named = set(re.findall(r"scripts/(\w+)\.py", PAGE))
    there = {file.stem for file in (ROOT / "scripts").glob("*.py")}
    assert named == there - {"__init__", "site_pages"}


def document(*entities: str) -> Json:
    """Make a module's OpenAPI document, with a list of each entity."""
    fields = {
        "id": {"type": "integer", "format": "int64"},
        "name": {"type": "string"},
        "isLead": {"type": "boolean"},
        "active": {"type": "boolean"},
        "createdOn": {"type": "string", "format": "date-time"},
        "modifiedOn": {"type": "string", "format": "date-time"},
    }
    page: Json = {name: {"type": "integer"} for name in ("page", "pageSize", "hasMore", "totalCount")}
    page |= {"data": {"type": "array", "items": {"type": "object", "properties": fields}}}
    answer = {"content": {"application/json": {"schema": {"type": "object", "properties": page}}}}
    scopes = {one: f"tn.jbce.{one.replace('-', '')}:r" for one in entities}
    asked = ("page", "pageSize", "active", "modifiedOnOrAfter")
    return {
        "servers": [{"url": "https://api.servicetitan.io/jbce/v2"}],
        "components": {
            "securitySchemes": {"oauth": {"flows": {"clientCredentials": {"scopes": {s: s for s in scopes.values()}}}}}
        },
        "paths": {
            f"/tenant/{{tenant}}/{one}": {
                "get": {
                    "security": [{"oauth": [scope]}],
                    "parameters": [{"name": name, "in": "query"} for name in asked],
                    "responses": {"200": answer},
                }
            }
            for one, scope in scopes.items()
        },
    }


def run(folder: Path, commands: str) -> str:
    """Run commands in a folder, with the package that is there."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = ["bash", "-euc", commands]
    done = subprocess.run(  # noqa: S603 - the page's commands
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
