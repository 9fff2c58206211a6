"""The stream table: each row against its facts, and what is said of a row that cannot be."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path
from typing import Any

import pytest

from tap_servicetitan import endpoints
from tap_servicetitan.endpoint import Endpoint, MadeKey, export, module
from tap_servicetitan.endpoints import ENDPOINTS
from tap_servicetitan.schema import stream_facts

each_row = pytest.mark.parametrize("row", ENDPOINTS, ids=lambda row: row.name)
TABLE = Path(endpoints.__file__)

GOOD: dict[str, Any] = {"name": "jobs", "kind": "export", "path": "export/jobs"}
MADE = MadeKey(field="id", fallback=("date",))


def fields(row: Endpoint) -> dict[str, Any]:
    """List the fields of a row's records, as the vendor declares them."""
    known: dict[str, Any] = stream_facts(row)["properties"]
    if row.explode is None:
        return known
    rest = {name: fact for name, fact in known.items() if name != row.explode}
    entry: dict[str, Any] = known[row.explode]["items"]["properties"]
    return rest | entry


@each_row
def test_facts_are_those_of_the_path(row: Endpoint) -> None:
    """The facts of a row were taken from the very path that it asks."""
    assert stream_facts(row)["path"] == row.url


@each_row
def test_scope_is_read_only(row: Endpoint) -> None:
    """A row needs one scope, and only to read."""
    assert stream_facts(row)["scope"].startswith("tn.")
    assert stream_facts(row)["scope"].endswith(":r")


@each_row
def test_key_is_never_null(row: Endpoint) -> None:
    """The vendor declares each part of a key, and as never null, unless the tap makes it."""
    assert len(set(row.key)) == len(row.key)
    for name in row.key:
        if name != "_key":
            assert fields(row)[name]["type"] in ("integer", "string")


@each_row
def test_cursor_is_a_time(row: Endpoint) -> None:
    """The cursor is a date-time among the fields; a row without one has no field to use."""
    if row.cursor is None:
        assert not {"modifiedOn", "createdOn"} & fields(row).keys()
    else:
        assert fields(row)[row.cursor]["format"] == "date-time"


@each_row
def test_cursor_moves_with_a_change(row: Endpoint) -> None:
    """Where there is a modifiedOn, it is the cursor: createdOn does not move."""
    if "modifiedOn" in fields(row):
        assert row.cursor == "modifiedOn"


@each_row
def test_parts_of_a_made_key_are_fields(row: Endpoint) -> None:
    """A key is made of fields that exist, of a kind that can tell rows apart."""
    if row.made_key:
        parts = {row.made_key.field, *row.made_key.fallback}
        assert len(parts) == 1 + len(row.made_key.fallback)
        assert all({"integer", "string"} & {*_types(fields(row)[name])} for name in parts)


@each_row
def test_exploded_entries_hide_nothing(row: Endpoint) -> None:
    """The entries of an exploded field are objects, and none of their fields hides one of the item."""
    if row.explode:
        known = stream_facts(row)["properties"]
        assert known[row.explode]["type"] == "array"
        assert not (known.keys() - {row.explode}) & known[row.explode]["items"]["properties"].keys()


@each_row
def test_parameters_are_documented(row: Endpoint) -> None:
    """Every parameter sent is documented: the API ignores a misspelt one and sends the whole history."""
    sent = {"from", "includeRecentChanges", *row.params}
    assert sent <= set(stream_facts(row)["parameters"])


@each_row
def test_hidden_rows_are_asked_for(row: Endpoint) -> None:
    """A feed that can leave out inactive rows is told not to."""
    assert ("active" in stream_facts(row)["parameters"]) is (row.params.get("active") == "Any")


def test_there_are_52_feeds() -> None:
    """No feed appears or disappears unnoticed, and no two have the same name or path."""
    assert [row.kind for row in ENDPOINTS] == ["export"] * 52
    assert len({row.name for row in ENDPOINTS}) == 52
    assert len({row.url for row in ENDPOINTS}) == 52


def test_former_names_mean_one_stream() -> None:
    """A former name is not the name of another stream: its bookmark would be taken for the wrong feed."""
    former = [row.formerly for row in ENDPOINTS if row.formerly]
    assert len(set(former)) == len(former) > 0
    assert not set(former) & {row.name for row in ENDPOINTS}


def test_the_table_is_nothing_but_literals() -> None:
    """The table has rows, made by constructors from literals; a decision taken by code has no place in it."""
    body = ast.parse(TABLE.read_text(encoding="utf-8")).body
    # The docstring, two imports, the table, its index by name, and the check that names are unique.
    assert [type(node) for node in body] == [
        ast.Expr,
        ast.ImportFrom,
        ast.ImportFrom,
        ast.AnnAssign,
        ast.Assign,
        ast.If,
    ]
    table = body[3]
    assert isinstance(table, ast.AnnAssign)
    assert isinstance(table.value, ast.Tuple)
    assert [ast.unparse(node) for node in _code(table.value)] == []


def _code(node: ast.AST) -> list[ast.AST]:
    """List what is neither a literal nor the call of a constructor."""
    match node:
        case ast.Call(func=ast.Name(id="module" | "export" | "MadeKey"), args=args, keywords=keywords):
            parts: list[ast.AST] = [*args, *(word.value for word in keywords if word.arg)]
            unpacked = [word.value for word in keywords if word.arg is None]
            return [*unpacked, *(found for part in parts for found in _code(part))]
        case ast.Starred(value=ast.Call() as call):
            return _code(call)
        case ast.Tuple(elts=elements):
            return [found for element in elements for found in _code(element)]
        case ast.Dict(keys=keys, values=values):
            return [found for part in (*keys, *values) if part for found in _code(part)]
        case ast.Constant():
            return []
    return [node]


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    """A second row of the same name is refused by name, at import."""
    source = TABLE.read_text(encoding="utf-8")
    twice = source.replace('export("bookings"),', 'export("bookings"),\n        export("bookings"),')
    assert twice != source
    copy = tmp_path / "endpoints.py"
    copy.write_text(twice, encoding="utf-8")
    with pytest.raises(ValueError, match="streams named twice in the table: bookings;"):
        runpy.run_path(str(copy))


@pytest.mark.parametrize(
    ("facts", "fragment"),
    [
        pytest.param({"name": "jobHistory"}, "snake case", id="name in camel case"),
        pytest.param({"name": "job-history"}, "snake case", id="name in kebab case"),
        pytest.param({"name": "jobs_"}, "snake case", id="name with an underscore at its end"),
        pytest.param({"name": "2jobs"}, "snake case", id="name begins with a digit"),
        pytest.param({"name": ""}, "snake case", id="empty name"),
        pytest.param({"path": "/export/jobs"}, "'/export/jobs' starts with a slash", id="path with a slash"),
        pytest.param({"path": "jobs"}, "'jobs' is not an export feed", id="path of a list"),
        pytest.param({"path": "exported/jobs"}, "'exported/jobs' is not an export feed", id="path that looks alike"),
        pytest.param({"key": ()}, "has no key", id="no key"),
        pytest.param({"key": ("_key",)}, "'_key' as a key and made_key go together", id="_key that nobody makes"),
        pytest.param({"made_key": MADE}, "'_key' as a key and made_key go together", id="made key that nobody uses"),
    ],
)
def test_a_row_that_cannot_be_is_refused(facts: dict[str, Any], fragment: str) -> None:
    """A row that contradicts itself is refused when it is made, by name and with what is wrong."""
    with pytest.raises(ValueError, match=fragment) as refusal:
        Endpoint(**(GOOD | facts))
    assert str(refusal.value).startswith(f"endpoint {(GOOD | facts)['name']}: ")


@pytest.mark.parametrize("base", ["jpm/v2", "/jpm/v2/", ""])
def test_a_module_without_a_base_path_is_refused(base: str) -> None:
    """A module's base path is checked, and the message names the module."""
    with pytest.raises(ValueError, match=r"^module jpm: base path"):
        module("jpm", base, export("jobs"))


def test_a_row_says_only_what_is_unusual() -> None:
    """A row that names nothing but itself gets the usual path, key, cursor and no parameters."""
    (row,) = module("jpm", "/jpm/v2", export("job_notes"))
    assert (row.module, row.url) == ("jpm", "/jpm/v2/tenant/{tenant}/export/job-notes")
    assert (row.key, row.cursor, dict(row.params)) == (("id",), "modifiedOn", {})
    assert (row.explode, row.made_key, row.formerly) == (None, None, None)


def test_a_row_keeps_what_it_says() -> None:
    """What a row says about itself is kept when it is placed in its module."""
    said = export("pay", "export/pay/all", key=("_key",), cursor=None, params={"a": "b"}, made_key=MADE, formerly="p")
    (row,) = module("payroll", "/payroll/v2", said)
    assert row.url == "/payroll/v2/tenant/{tenant}/export/pay/all"
    assert (row.key, row.cursor, row.params, row.made_key, row.formerly) == (("_key",), None, {"a": "b"}, MADE, "p")


def _types(fact: dict[str, Any]) -> list[str]:
    return fact["type"] if isinstance(fact["type"], list) else [fact["type"]]
