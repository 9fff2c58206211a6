"""The script that refreshes the facts, on small OpenAPI documents made by hand."""

from __future__ import annotations

import copy
import importlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoint import BODY, Endpoint
from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.rows import child, child_object, export, incremental_list, module, unpaged, windowed
from tap_servicetitan.catalog.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# By name, because the scripts are no package that could be imported.
script = importlib.import_module("scripts.refresh_schemas")

Json = dict[str, Any]

PATH = "/tenant/{tenant}/export/jobs"
ROWS = module("jpm", "/jpm/v2", export("jobs"))

COMPONENTS: Json = {
    "Page": {
        "type": "object",
        "description": "a page of jobs",
        "properties": {
            "hasMore": {"type": "boolean"},
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}},
        },
    },
    "Job": {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "format": "int64", "description": "ID of the job"},
            "summary": {"type": "string", "nullable": True},
        },
    },
    "Status": {"type": "string", "enum": ["Open", "Done"], "title": "the job's status"},
    "Address": {"type": "object", "properties": {"city": {"type": "string", "nullable": True}}},
    "Category": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Category"}},
        },
    },
    "Maybe": {"type": "string", "nullable": True},
    "Unit": {"type": "object", "properties": {"value": {"type": "string"}}},
    "Group": {
        "type": "object",
        "properties": {
            "units": {
                "type": "array",
                "items": {"anyOf": [{"$ref": "#/components/schemas/Unit"}, {"$ref": "#/components/schemas/Group"}]},
            }
        },
    },
    "Alias": {"$ref": "#/components/schemas/Address"},
}


def document(**properties: Json) -> Json:
    """Make an OpenAPI document with the feed of jobs, whose rows have these properties besides the usual."""
    components = copy.deepcopy(COMPONENTS)
    components["Job"]["properties"] |= properties
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}
    operation = {
        "description": "a sentence of the vendor",
        "security": [{"oauth": ["tn.jpm.jobs:r"]}],
        "parameters": [
            {"name": "tenant", "in": "path"},
            {"name": "from", "in": "query"},
            {"name": "includeRecentChanges", "in": "query"},
        ],
        "responses": {"200": answer},
    }
    return {
        "servers": [{"url": "https://api.servicetitan.io/jpm/v2"}],
        "paths": {PATH: {"get": operation}},
        "components": {"schemas": components},
    }


@pytest.fixture(autouse=True)
def _one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the table one row long."""
    _table(monkeypatch, ROWS)


def _table(monkeypatch: pytest.MonkeyPatch, rows: tuple[Endpoint, ...]) -> None:
    monkeypatch.setattr(script, "ENDPOINTS", rows)


def refresh(folder: Path, *documents: Json) -> list[str]:
    """Put documents into a folder, refresh the facts in another, and give what is told."""
    openapi, facts = folder / "openapi", folder / "facts"
    openapi.mkdir(exist_ok=True)
    facts.mkdir(exist_ok=True)
    for number, one in enumerate(documents):
        (openapi / f"{number}.json").write_text(json.dumps(one), encoding="utf-8")
    told: list[str] = script.refresh(script.read_documents(openapi), facts)
    return told


def facts_of(folder: Path) -> Json:
    """Read what was written about the feed of jobs."""
    facts: Json = json.loads((folder / "facts" / "jpm.json").read_text(encoding="utf-8"))["jobs"]
    return facts


def ref(component: str) -> Json:
    """Refer to a component."""
    return {"$ref": f"#/components/schemas/{component}"}


ADDRESS = {"type": "object", "properties": {"city": {"type": ["string", "null"]}}}


@pytest.mark.parametrize(
    ("declared", "fact"),
    [
        pytest.param({"type": "string", "description": "prose", "example": "x"}, {"type": "string"}, id="prose goes"),
        pytest.param({"type": "string", "nullable": True}, {"type": ["string", "null"]}, id="nullable"),
        pytest.param({"type": ["string", "null"]}, {"type": ["string", "null"]}, id="nullable by type"),
        pytest.param({"type": ["string"]}, {"type": "string"}, id="one type in a list"),
        pytest.param({"type": "number", "format": "decimal"}, {"type": "number", "format": "decimal"}, id="format"),
        pytest.param(ref("Status"), {"type": "string", "enum": ["Open", "Done"]}, id="enum by reference"),
        pytest.param(ref("Address"), ADDRESS, id="object by reference"),
        pytest.param(ref("Maybe"), {"type": ["string", "null"]}, id="nullable by reference"),
        pytest.param(ref("Alias"), ADDRESS, id="reference to a reference"),
        pytest.param(
            {"oneOf": [{"type": "null"}, ref("Address")]},
            ADDRESS | {"type": ["object", "null"]},
            id="null or reference",
        ),
        pytest.param(
            {"oneOf": [ref("Status"), {"type": "null"}]},
            {"type": ["string", "null"], "enum": ["Open", "Done"]},
            id="reference or null",
        ),
        pytest.param({"oneOf": [ref("Address")]}, ADDRESS, id="union of one"),
        pytest.param(
            {"oneOf": [ref("Address")], "nullable": True}, ADDRESS | {"type": ["object", "null"]}, id="nullable union"
        ),
        pytest.param(
            {"type": "array", "nullable": True, "items": ref("Status")},
            {"type": ["array", "null"], "items": {"type": "string", "enum": ["Open", "Done"]}},
            id="array",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "array", "items": ref("Address")}},
            {"type": "array", "items": {"type": "array", "items": ADDRESS}},
            id="array of arrays",
        ),
        pytest.param(
            {"type": "object", "properties": {"at": ref("Address"), "on": {"type": "string", "format": "date"}}},
            {"type": "object", "properties": {"at": ADDRESS, "on": {"type": "string", "format": "date"}}},
            id="nested",
        ),
        pytest.param(
            {"anyOf": [{"type": "string"}, {"type": "number"}]}, {"type": ["string", "number"]}, id="one of two types"
        ),
        pytest.param(
            {"anyOf": [{"type": "string"}, {"type": "string", "nullable": True}]},
            {"type": ["string", "null"]},
            id="one of two, the second nullable",
        ),
        pytest.param(
            {"anyOf": [{"type": "null"}, {"type": "integer"}]}, {"type": ["null", "integer"]}, id="null or a type"
        ),
        # Regression: that the union itself may be null got lost.
        pytest.param(
            {"anyOf": [{"type": "string"}, {"type": "number"}], "nullable": True},
            {"type": ["string", "number", "null"]},
            id="nullable union of two",
        ),
        pytest.param(
            {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date"}]},
            {"type": "string", "format": "date"},
            id="one format in both",
        ),
        pytest.param(
            {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]},
            {"type": "string"},
            id="two formats are none",
        ),
        pytest.param(
            {"anyOf": [{"type": "string", "format": "date"}, {"type": "string"}]},
            {"type": "string"},
            id="a format of one alone is none",
        ),
        pytest.param(
            {"anyOf": [ref("Status"), {"type": "string", "enum": ["Done", "New"]}]},
            {"type": "string", "enum": ["Open", "Done", "New"]},
            id="values of both",
        ),
        # Regression: the values of one were taken for all that there are.
        pytest.param({"anyOf": [ref("Status"), {"type": "string"}]}, {"type": "string"}, id="values of one alone"),
        pytest.param(
            {"anyOf": [{"type": "null"}, {"type": "string", "format": "date", "enum": ["A"]}]},
            {"type": ["null", "string"], "format": "date", "enum": ["A"]},
            id="null has neither a format nor values",
        ),
        pytest.param(
            {"anyOf": [ref("Address"), {"type": "object", "properties": {"zip": {"type": "string"}}}]},
            {"type": "object", "properties": {"city": {"type": ["string", "null"]}, "zip": {"type": "string"}}},
            id="properties of both",
        ),
        pytest.param(
            {"anyOf": [ref("Address"), {"type": "object", "properties": {"city": {"type": "integer"}}}]},
            {"type": "object", "properties": {"city": {"type": ["string", "null", "integer"]}}},
            id="the same property of both",
        ),
        pytest.param(
            {"anyOf": [{"type": "array", "items": ref("Address")}, {"type": "array", "items": {"type": "string"}}]},
            {"type": "array", "items": {"type": ["object", "string"], "properties": ADDRESS["properties"]}},
            id="items of both",
        ),
        pytest.param(
            {"type": "array", "items": {"anyOf": [ref("Unit"), ref("Group")]}},
            {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "value": {"type": "string"},
                        "units": {
                            "type": "array",
                            "items": {"type": "object", "properties": {"value": {"type": "string"}}},
                        },
                    },
                },
            },
            id="a union that contains itself is cut where it comes again",
        ),
        pytest.param({"type": "object", "additionalProperties": ref("Address")}, {"type": "object"}, id="any fields"),
        pytest.param(
            ref("Category"),
            {
                "type": "object",
                "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"type": "object"}}},
            },
            id="recursion is cut where it comes again",
        ),
    ],
)
def test_fact(tmp_path: Path, declared: Json, fact: Json) -> None:
    """A declared property becomes its facts: type, null, format, enum and what is within; nothing else."""
    refresh(tmp_path, document(some=declared))
    assert facts_of(tmp_path)["properties"]["some"] == fact


def test_facts_of_an_endpoint(tmp_path: Path) -> None:
    """Of an endpoint, its path, scope, query parameters and properties are kept, in the vendor's order."""
    refresh(tmp_path, document(zeta={"type": "boolean"}, alpha={"type": "boolean"}))
    facts = facts_of(tmp_path)
    assert {word: facts[word] for word in facts if word != "properties"} == {
        "path": f"/jpm/v2{PATH}",
        "scope": "tn.jpm.jobs:r",
        "parameters": ["from", "includeRecentChanges"],
        "required": [],
        "envelope": ["hasMore", "data"],
    }
    assert [*facts["properties"]] == ["id", "summary", "zeta", "alpha"]


def test_a_component_used_twice_is_no_recursion(tmp_path: Path) -> None:
    """What comes again beside itself, and not within itself, is not cut."""
    refresh(tmp_path, document(here=ref("Address"), there=ref("Address")))
    assert facts_of(tmp_path)["properties"]["here"] == facts_of(tmp_path)["properties"]["there"] == ADDRESS


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    """The first run tells what it adds; with the same documents, the second tells nothing and leaves every byte."""
    union = {"anyOf": [ref("Status"), {"type": "number"}], "nullable": True}
    old = document(address=ref("Address"), tree=ref("Category"), either=union)
    told = refresh(tmp_path, old)
    names = ["id", "summary", "address", "address.city", "tree", "tree.name", "tree.children[]", "either"]
    assert told == [f"added    jobs.{name}" for name in names]
    file = tmp_path / "facts" / "jpm.json"
    before = file.read_bytes()
    assert refresh(tmp_path, old) == []
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param({}, {"a": {"type": "string"}}, ["added    jobs.a"], id="added"),
        pytest.param({"a": {"type": "string"}}, {}, ["removed  jobs.a"], id="removed"),
        pytest.param({"a": {"type": "string"}}, {"a": {"type": "integer"}}, ["retyped  jobs.a: "], id="retyped"),
        pytest.param(
            {"a": {"type": "string"}}, {"a": {"type": "string", "nullable": True}}, ["retyped  jobs.a: "], id="nullable"
        ),
        pytest.param(
            {"a": {"type": "string", "format": "date"}},
            {"a": {"type": "string", "format": "date-time"}},
            ["retyped  jobs.a: "],
            id="another format",
        ),
        pytest.param(
            {"a": {"type": "string", "enum": ["A"]}},
            {"a": {"type": "string", "enum": ["A", "B"]}},
            ["retyped  jobs.a: "],
            id="longer enum",
        ),
        pytest.param(
            {"a": {"type": "array", "items": {"type": "string"}}},
            {"a": {"type": "array", "items": {"type": "integer"}}},
            ["retyped  jobs.a[]: "],
            id="other items",
        ),
        pytest.param(
            {"a": {"type": "array", "items": {"type": "object", "properties": {"b": {"type": "string"}}}}},
            {"a": {"type": "array", "items": {"type": "object", "properties": {"c": {"type": "string"}}}}},
            ["added    jobs.a[].c", "removed  jobs.a[].b"],
            id="within an array",
        ),
        pytest.param({"a": {"type": "string"}}, {"a": {"type": "string", "title": "new"}}, [], id="prose"),
    ],
)
def test_a_newer_document_is_told(tmp_path: Path, old: Json, new: Json, told: list[str]) -> None:
    """What a newer document adds, removes or retypes is told, a line each, and written."""
    refresh(tmp_path, document(**old))
    lines = refresh(tmp_path, document(**new))
    assert len(lines) == len(told)
    assert all(line.startswith(start) for line, start in zip(lines, told, strict=True))
    assert facts_of(tmp_path)["properties"].keys() == {"id", "summary", *new}


def test_a_change_of_type_is_told_with_both(tmp_path: Path) -> None:
    """A line about a retyped property says what it was and what it is."""
    refresh(tmp_path, document(a={"type": "string", "format": "date"}))
    (line,) = refresh(tmp_path, document(a={"type": "integer"}))
    assert line == "retyped  jobs.a: type string -> integer, format date -> None"


def test_a_change_of_the_endpoint_is_told(tmp_path: Path) -> None:
    """Another scope or parameter of an endpoint is told."""
    newer = document()
    operation = newer["paths"][PATH]["get"]
    operation["security"] = [{"oauth": ["tn.jpm.all:r"]}]
    operation["parameters"].append({"name": "active", "in": "query"})
    refresh(tmp_path, document())
    scope, parameters = refresh(tmp_path, newer)
    assert scope == "changed  jobs: scope tn.jpm.jobs:r -> tn.jpm.all:r"
    assert parameters == "changed  jobs: parameters +active"


def test_a_stream_that_left_the_table_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts of a stream that is no longer in the table go, and it is told."""
    _table(monkeypatch, module("jpm", "/jpm/v2", export("jobs"), export("old_jobs", "export/jobs")))
    refresh(tmp_path, document())
    _table(monkeypatch, ROWS)
    assert refresh(tmp_path, document()) == ["removed  old_jobs"]
    assert json.loads((tmp_path / "facts" / "jpm.json").read_text(encoding="utf-8")).keys() == {"jobs"}


def test_a_row_that_no_document_has_keeps_its_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row whose path left the documents keeps what is known of it, while all others are compared."""
    refresh(tmp_path, document())
    before = facts_of(tmp_path)
    _table(monkeypatch, module("jpm", "/jpm/v2", export("jobs"), export("jobz")))
    newer = document()
    newer["paths"]["/tenant/{tenant}/export/jobz"] = newer["paths"].pop(PATH)
    assert refresh(tmp_path, newer) == ["added    jobz.id", "added    jobz.summary"]
    assert facts_of(tmp_path) == before


def test_modules_have_a_file_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts of a module come from its own document, and go into its own file."""
    other = document(only_here={"type": "boolean"})
    other["servers"][0]["url"] = "https://api.servicetitan.io/crm/v2/"[:-1]
    _table(monkeypatch, (*ROWS, *module("crm", "/crm/v2", export("leads", "export/jobs"))))
    refresh(tmp_path, document(), other)
    assert sorted(file.name for file in (tmp_path / "facts").iterdir()) == ["crm.json", "jpm.json"]
    assert "only_here" not in facts_of(tmp_path)["properties"]
    assert "only_here" in json.loads((tmp_path / "facts" / "crm.json").read_text())["leads"]["properties"]


def test_a_line_for_each_property(tmp_path: Path) -> None:
    """Each property has a line of its own, nested ones too, so that a vendor's change is a one-line diff."""
    # Properties that are called like words of a schema are properties all the same.
    refresh(
        tmp_path,
        document(items={"type": "array", "items": ref("Address")}, properties=ref("Status"), tree=ref("Category")),
    )
    text = (tmp_path / "facts" / "jpm.json").read_text(encoding="utf-8")
    names = ["id", "summary", "items", "city", "properties", "tree", "name", "children"]
    found = [line.split(":")[0].strip(' "') for line in text.splitlines() if line.startswith("  ")]
    assert [name for name in found if not name.startswith("}")] == names


NAMED = {"id": {"type": "integer"}, "name": {"type": "string"}}
"""The properties of a record."""

NAMED_RECORD = {"type": "object", "properties": NAMED}


def document_of(path: str, answer: Json | None, **operation: object) -> Json:
    """Make an OpenAPI document with one path, and what it answers."""
    made: Json = {
        "security": [{"oauth": ["tn.jpm.all:r"]}],
        "responses": {"200": {"content": {"application/json": {"schema": answer}}} if answer else {}},
        "method": "get",
    } | operation
    one = document()
    one["components"]["schemas"]["Named"] = NAMED_RECORD
    one["paths"] = {f"/tenant/{{tenant}}/{path}": {made.pop("method"): made}}
    return one


def facts_about(folder: Path, monkeypatch: pytest.MonkeyPatch, row: Endpoint, one: Json) -> Json:
    """Give what is written about a row, from a document."""
    _table(monkeypatch, module("jpm", "/jpm/v2", row))
    refresh(folder, one)
    facts: Json = json.loads((folder / "facts" / "jpm.json").read_text(encoding="utf-8"))[row.name]
    return facts


def envelope(field: str = "data", **others: str) -> Json:
    """Describe an object with an array of records in a field."""
    around = {name: {"type": kind} for name, kind in others.items()}
    return {"type": "object", "properties": around | {field: {"type": "array", "items": ref("Named")}}}


@pytest.mark.parametrize(
    ("row", "answer", "names"),
    [
        pytest.param(
            incremental_list("teams"),
            envelope(page="integer", hasMore="boolean"),
            ["page", "hasMore", "data"],
            id="a page of a list",
        ),
        pytest.param(unpaged("teams", records="items"), envelope("items"), ["items"], id="records in another field"),
        pytest.param(
            unpaged("teams", records="types"),
            {
                "type": "object",
                "properties": {"sources": ref("Named"), "types": {"type": "array", "items": NAMED_RECORD}},
            },
            ["sources", "types"],
            id="one field of several",
        ),
        pytest.param(
            unpaged("teams", records="types"),
            {"type": "object", "properties": {"types": {"type": "array", "nullable": True, "items": NAMED_RECORD}}},
            ["types"],
            id="a field that may be null",
        ),
        pytest.param(
            unpaged("teams", records="one"),
            {"type": "object", "properties": {"one": ref("Named")}},
            ["one"],
            id="an object in a field",
        ),
        pytest.param(unpaged("teams"), ref("Named"), None, id="the body is the record"),
        pytest.param(unpaged("teams"), {"type": "array", "items": ref("Named")}, None, id="the body is an array"),
    ],
)
def test_records_are_found_in_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Endpoint, answer: Json, names: list[str] | None
) -> None:
    """The properties are those of a record, wherever the answer has it; what stands around it is the envelope."""
    facts = facts_about(tmp_path, monkeypatch, row, document_of("teams", answer))
    assert facts["properties"] == NAMED
    assert facts.get("envelope") == names


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        pytest.param({"type": "integer", "nullable": True}, {"type": ["integer", "null"]}, id="nullable"),
        pytest.param({"type": "integer", "format": "int64"}, {"type": "integer", "format": "int64"}, id="never null"),
    ],
)
def test_a_bare_body_is_a_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Json, fact: Json) -> None:
    """A body that is a plain value is the one field that the row names."""
    row = child_object("chosen", "jobs", "jobs/{jobId}/chosen", scalar="technicianId", key=("jobId",))
    facts = facts_about(tmp_path, monkeypatch, row, document_of("jobs/{id}/chosen", answer))
    assert facts["properties"] == {"technicianId": fact}
    assert "envelope" not in facts


def test_an_answer_that_is_not_described_is_known_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the documents say nothing of the answer, it is a page of what a client saw."""
    monkeypatch.setitem(script.UNDOCUMENTED, "teams", NAMED)
    facts = facts_about(tmp_path, monkeypatch, incremental_list("teams"), document_of("teams", None))
    assert facts["properties"] == NAMED
    assert facts["envelope"] == ["page", "pageSize", "hasMore", "totalCount", "data"]


def test_only_streams_of_the_table_are_known_from_elsewhere() -> None:
    """What was seen by a client is of streams that there are, and each is needed: its id is there to be its key."""
    assert {BY_NAME[name].key for name in script.UNDOCUMENTED} == {("id",)}
    assert all("id" in properties for properties in script.UNDOCUMENTED.values())


@pytest.mark.parametrize("placeholder", ["jobId", "job_id", "id"])
def test_placeholders_may_have_other_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, placeholder: str) -> None:
    """A path is found however its placeholders are named in the documents, and kept as it is named there."""
    path = f"jobs/{{{placeholder}}}/notes"
    row = child("notes", "jobs", "jobs/{jobId}/notes")
    facts = facts_about(tmp_path, monkeypatch, row, document_of(path, envelope()))
    assert facts["path"] == f"/jpm/v2/tenant/{{tenant}}/{path}"


def test_a_placeholder_is_no_part_of_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path with a placeholder is not taken for one that has a word in its place."""
    row = child("notes", "jobs", "jobs/{jobId}/notes")
    with pytest.raises(KeyError, match="notes"):
        facts_about(tmp_path, monkeypatch, row, document_of("jobs/all/notes", envelope()))


def test_parameters_within_an_object_of_a_body_have_dots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object in a body is no parameter, its properties are; one is required if the object is, and it in there."""
    pages = {"type": "object", "required": ["number"], "properties": {"number": NAMED["name"], "size": NAMED["name"]}}
    asked = {
        "type": "object",
        "required": ["pages"],
        "properties": {"pages": pages, "maybe": pages, "end": NAMED["name"]},
    }
    one = document_of("teams", envelope(), method="post")
    one["paths"]["/tenant/{tenant}/teams"]["post"]["requestBody"] = {"content": {"application/json": {"schema": asked}}}
    day = Window(start="start", end="end", unit="day")
    facts = facts_about(tmp_path, monkeypatch, windowed("teams", "teams", day, method="POST"), one)
    assert facts["parameters"] == ["pages.number", "pages.size", "maybe.number", "maybe.size", "end"]
    assert facts["required"] == ["pages.number"]


def test_what_a_post_takes_is_in_its_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameters of a POST are the properties of what it takes, and those required are marked there."""
    asked = {"type": "object", "required": ["start"], "properties": {"start": {"type": "string"}, "end": NAMED["name"]}}
    one = document_of(
        "capacity",
        envelope("slots"),
        method="post",
        requestBody={"content": {"application/json": {"schema": ref("Asked")}}},
        parameters=[{"name": "tenant", "in": "path", "required": True}, {"name": "debug", "in": "query"}],
    )
    one["components"]["schemas"]["Asked"] = asked
    window = Window(start="start", end="end", unit="day")
    row = windowed("capacities", "capacity", window, method="POST", records="slots")
    facts = facts_about(tmp_path, monkeypatch, row, one)
    assert (facts["parameters"], facts["required"]) == (["start", "end"], ["start"])
    assert facts["properties"] == NAMED


def test_required_parameters_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which parameters of the query are required is kept; those of the path are the tap's own affair."""
    parameters = [
        {"name": "tenant", "in": "path", "required": True},
        {"name": "page", "in": "query", "required": True},
        {"name": "ids", "in": "query", "required": False},
        {"name": "name", "in": "query"},
        {"name": "trace", "in": "header", "required": True},
    ]
    facts = facts_about(
        tmp_path, monkeypatch, incremental_list("teams"), document_of("teams", envelope(), parameters=parameters)
    )
    assert facts["parameters"] == ["page", "ids", "name"]
    assert facts["required"] == ["page"]


@pytest.mark.parametrize(
    ("said", "sort"),
    [
        pytest.param("Applies sorting by: +Id, -ModifiedOn. Available fields are: Id, CreatedOn.", "+Id", id="first"),
        pytest.param("Available fields are: CreatedOn, Id.", "+Id", id="not first"),
        pytest.param("Available fields are: CreatedOn,ID", "+ID", id="as it is written"),
        pytest.param("Available fields are: CreatedOn, Idle, CustomerId.", None, id="only names that contain it"),
        pytest.param("Available fields are: CreatedOn, Name.", None, id="not among them"),
        pytest.param("Sorts by +FieldName or -FieldName, not by an Id", None, id="in a sentence"),
        pytest.param(None, None, id="without a description"),
    ],
)
def test_sorting_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, sort: str | None) -> None:
    """Where the documents name the id among the fields to sort by, that is kept, spelt as they spell it."""
    told = {"name": "sort", "in": "query"} | ({"description": said} if said else {})
    other = {"name": "ids", "in": "query", "description": "Fields: Id"}
    facts = facts_about(
        tmp_path, monkeypatch, incremental_list("teams"), document_of("teams", envelope(), parameters=[other, told])
    )
    assert facts.get("sort") == sort


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda one: one["parameters"][0].update(required=True), ["required +ids"], id="required"),
        pytest.param(
            lambda one: one["parameters"][1].update(description="Fields: Name"), ["sort +Id -> None"], id="sort"
        ),
        pytest.param(
            lambda one: one["responses"]["200"]["content"]["application/json"].update(schema=envelope(more="boolean")),
            ["envelope +more"],
            id="envelope",
        ),
        pytest.param(lambda _one: None, [], id="nothing"),
    ],
)
def test_every_fact_that_changes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Json], None], told: list[str]
) -> None:
    """A change of what a list takes or answers is told, and the next run tells it no more."""
    _table(monkeypatch, module("jpm", "/jpm/v2", incremental_list("teams")))
    parameters = [{"name": "ids", "in": "query"}, {"name": "sort", "in": "query", "description": "Fields: Id, Name"}]
    one = document_of("teams", envelope(), parameters=parameters)
    refresh(tmp_path, one)
    change(one["paths"]["/tenant/{tenant}/teams"]["get"])
    assert refresh(tmp_path, one) == [f"changed  teams: {line}" for line in told]
    assert refresh(tmp_path, one) == []


def test_rows_of_one_path_have_facts_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that take different parts of one answer have the properties of their part."""
    body = {"type": "object", "properties": {"types": {"type": "array", "items": ref("Named")}, "all": ref("Address")}}
    rows = (unpaged("data", key=("tenantId",), records=BODY), unpaged("types", "data", records="types"))
    _table(monkeypatch, module("jpm", "/jpm/v2", *rows))
    refresh(tmp_path, document_of("data", body))
    facts = json.loads((tmp_path / "facts" / "jpm.json").read_text(encoding="utf-8"))
    assert facts["types"]["properties"] == NAMED
    assert facts["data"]["properties"] == {
        "types": {"type": "array", "items": NAMED_RECORD},
        "all": ADDRESS,
    }


@pytest.mark.checkout
def test_the_facts_of_the_package_are_in_that_form() -> None:
    """Every file of facts is as the script writes it: the next refresh shows what the vendor changed, and no more."""
    files = sorted(script.SCHEMAS.glob("*.json"))
    assert [file.stem for file in files] == sorted({row.module for row in BY_NAME.values()})
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert script.dump(json.loads(text)) + "\n" == text, file.name


@pytest.mark.parametrize("arguments", [[], ["no-such-folder"]], ids=["none", "no folder"])
def test_without_a_folder_the_script_says_what_it_wants(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """Without a folder of documents, the script ends with how it is used."""
    monkeypatch.setattr(sys, "argv", ["refresh_schemas.py", *arguments])
    with pytest.raises(SystemExit, match="2"):
        script.main()
    assert "usage: python -m scripts.refresh_schemas [-h] [--check] folder" in capsys.readouterr().err


def test_modules_that_are_not_named_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a module, neither the documents of others are needed, nor are their facts written."""
    _table(monkeypatch, (*module("jpm", "/jpm/v2", export("jobs")), *module("crm", "/crm/v2", export("leads"))))
    (tmp_path / "jpm.json").write_text(json.dumps(document()), encoding="utf-8")
    documents = script.read_documents(tmp_path)
    facts = tmp_path / "facts"
    facts.mkdir()
    assert script.refresh(documents, facts, only=["jpm"])
    assert [file.name for file in facts.iterdir()] == ["jpm.json"]
    with pytest.raises(SystemExit, match="no row is in the module pets"):
        script.refresh(documents, facts, only=["pets"])
