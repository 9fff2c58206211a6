"""The watch over the vendor's documents: every path is read or excused, and every change of one is reported."""

from __future__ import annotations

import copy
import importlib
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.rows import export, module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.checkout

# By name, because the scripts are no part of the package.
paths = importlib.import_module("scripts.api_paths")
refreshing = importlib.import_module("scripts.refresh_schemas")

Json = dict[str, Any]

PREFIX = "/tenant/{tenant}/"
FEED = "GET /jpm/v2/tenant/{}/export/jobs"


# What the project says of the API's paths


def test_every_path_to_get_is_read_or_excused() -> None:
    """Each GET path that the documents had at the last refresh is in the table or excused, and not both."""
    assert [*paths.undecided(paths.stored())] == []
    assert sum(path.startswith("GET ") for known in paths.stored().values() for path in known) > 300


def test_an_excuse_has_a_reason_and_a_stream_that_is_there() -> None:
    """A path is excused once; the stream that is said to have the same is one of the table."""
    given = [path for one in paths.unread() for path in one.paths]
    assert len(paths.excused(paths.unread())) == len(given)
    for one in paths.unread():
        assert re.fullmatch(r"[A-Z].+\.", one.reason)
        assert {stream for stream in one.paths.values() if stream} <= BY_NAME.keys()


def test_what_is_said_to_be_in_a_feed_is_in_one() -> None:
    """Where the reason is that a feed has the rows, the stream is a feed."""
    (feeds,) = [one for one in paths.unread() if "export feed" in one.reason]
    assert {BY_NAME[stream].kind for stream in feeds.paths.values()} == {"export"}


def test_the_paths_are_written_as_the_script_writes_them() -> None:
    """The next refresh shows what the vendor changed, and no more."""
    assert paths.dump(paths.stored()) == paths.KNOWN.read_text(encoding="utf-8")


def test_no_page_is_larger_than_documented() -> None:
    """Where the documents name the largest page, a row asks for no larger one."""
    known = {path: facts for found in paths.stored().values() for path, facts in found.items()}
    limited = {
        row.name: known[f"{row.method} {re.sub('{.*?}', '{}', row.url)}"].get("page_limit") for row in BY_NAME.values()
    }
    found = {name: limit for name, limit in limited.items() if limit}
    assert {"journal_entries", "intacct_business_unit_mappings"} <= found.keys()
    assert {name: BY_NAME[name].page_size for name in found} == found


# What the script reports


def operation(scope: str = "tn.jpm.jobs:r", *parameters: Json) -> Json:
    """Make an operation that answers a page of rows."""
    rows = {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    body = {"type": "object", "properties": {"hasMore": {"type": "boolean"}, "data": rows}}
    return {
        "security": [{"oauth": [scope]}],
        "parameters": [{"name": name, "in": "query"} for name in ("from", "pageSize")] + [*parameters],
        "responses": {"200": {"content": {"application/json": {"schema": body}}}},
    }


def document() -> Json:
    """Make a document with a path that is read, and one that is excused."""
    return {
        "servers": [{"url": "https://api.servicetitan.io/jpm/v2"}],
        "paths": {
            f"{PREFIX}export/jobs": {"get": operation(), "post": operation("tn.jpm.jobs:w")},
            f"{PREFIX}jobs": {"get": operation()},
        },
    }


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make the table one row long, with one excuse, and keep facts in a folder of the test."""
    excuses = tmp_path / "unread.toml"
    excuses.write_text('[[unread]]\nreason = "The same."\npaths = {"GET /jpm/v2/tenant/{tenant}/jobs" = "jobs"}\n')
    known = paths.unread(excuses)
    rows = module("jpm", "/jpm/v2", export("jobs"))
    for one in (paths, refreshing):
        monkeypatch.setattr(one, "ENDPOINTS", rows)
    monkeypatch.setattr(paths, "unread", lambda: known)


def reported(folder: Path, *documents: Json) -> list[str]:
    """Put documents into a folder, compare, write, and give what is reported, of paths and then of fields."""
    openapi = folder / "openapi"
    openapi.mkdir(exist_ok=True)
    for file in openapi.iterdir():
        file.unlink()
    for number, one in enumerate(documents):
        (openapi / f"{number}.json").write_text(json.dumps(one), encoding="utf-8")
    read = refreshing.read_documents(openapi)
    changed, undecided = refreshing.refresh_paths(read, folder / "paths.json")
    return [*changed, *undecided, *refreshing.refresh(read, folder)]


def _other(change: Callable[[Json], object]) -> Json:
    one = document()
    change(one["paths"])
    return one


NEITHER = "neither read nor excused; add a row to endpoints.py, or an entry to unread_paths.toml"
LIMITED = {"name": "pageSize", "in": "query", "description": "How many. Maximum value is 1,000."}


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        pytest.param(lambda _: None, [], id="nothing"),
        pytest.param(
            lambda one: one.update({f"{PREFIX}export/systems": {"get": operation()}}),
            [
                "path     GET /jpm/v2/tenant/{}/export/systems: new",
                f"decide   GET /jpm/v2/tenant/{{}}/export/systems: {NEITHER}",
            ],
            id="a new feed",
        ),
        pytest.param(
            lambda one: one.update({f"{PREFIX}reports/{{id}}/data/query": {"post": operation()}}),
            ["path     POST /jpm/v2/tenant/{}/reports/{}/data/query: new"],
            id="a new POST",
        ),
        pytest.param(
            lambda one: one[f"{PREFIX}export/jobs"]["get"].update(deprecated=True),
            [f"path     {FEED}: deprecated"],
            id="deprecated",
        ),
        pytest.param(
            lambda one: one.pop(f"{PREFIX}jobs"),
            [
                "path     GET /jpm/v2/tenant/{}/jobs: gone",
                "decide   GET /jpm/v2/tenant/{}/jobs: excused, and in no document",
            ],
            id="an excused path is gone",
        ),
        pytest.param(
            lambda one: one[f"{PREFIX}export/jobs"].pop("get"),
            [f"path     {FEED}: gone", f"decide   {FEED}: a stream reads it, and it is in no document"],
            id="a read path is gone",
        ),
        pytest.param(
            lambda one: one[f"{PREFIX}jobs"].update(get=operation("tn.jpm.all:r")),
            ["path     GET /jpm/v2/tenant/{}/jobs: scope tn.jpm.jobs:r -> tn.jpm.all:r"],
            id="the scope of a path that is not read",
        ),
        pytest.param(
            lambda one: one[f"{PREFIX}export/jobs"].update(get=operation("tn.jpm.all:r")),
            ["changed  jobs: scope tn.jpm.jobs:r -> tn.jpm.all:r"],
            id="the scope of a path that is read",
        ),
        pytest.param(
            lambda one: one[f"{PREFIX}export/jobs"]["get"]["parameters"].__setitem__(1, LIMITED),
            [f"path     {FEED}: page_limit None -> 1000"],
            id="a page limit",
        ),
        pytest.param(
            lambda one: one[f"{PREFIX}export/jobs"]["get"]["parameters"].__setitem__(0, {"name": "x", "in": "query"}),
            ["changed  jobs: parameters +x -from"],
            id="parameters",
        ),
        pytest.param(
            lambda one: one[f"{PREFIX}jobs"]["get"]["parameters"].pop(), [], id="parameters of what nobody reads"
        ),
    ],
)
def test_a_change_of_a_path_is_reported(tmp_path: Path, change: Callable[[Json], object], wanted: list[str]) -> None:
    """A line for each thing that changed, on a path that is read or not; the next run has just what is undecided."""
    reported(tmp_path, document())
    assert reported(tmp_path, document()) == []
    assert reported(tmp_path, _other(change)) == wanted
    assert reported(tmp_path, _other(change)) == [line for line in wanted if line.startswith("decide")]


@pytest.mark.usefixtures("_small")
def test_a_document_that_comes_or_goes_is_reported(tmp_path: Path) -> None:
    """A module that was never seen is named before its paths, and again when it is gone."""
    other = copy.deepcopy(document()) | {"servers": [{"url": "https://api.servicetitan.io/fleet/v2"}], "paths": {}}
    other["paths"] = {f"{PREFIX}gps": {"post": operation()}}
    reported(tmp_path, document())
    new = ["document /fleet/v2: new", "path     POST /fleet/v2/tenant/{}/gps: new"]
    assert reported(tmp_path, document(), other) == new
    assert reported(tmp_path, document()) == [line.replace(": new", ": gone") for line in new]


@pytest.mark.usefixtures("_small")
def test_two_spellings_of_a_path_are_one(tmp_path: Path) -> None:
    """Methods of a path that differ in the name of a placeholder are both seen."""
    one = document()
    one["paths"] |= {
        f"{PREFIX}zones/{{id}}": {"put": operation()},
        f"{PREFIX}zones/{{zoneId}}": {"delete": operation()},
    }
    reported(tmp_path, document())
    assert reported(tmp_path, one) == [
        "path     DELETE /jpm/v2/tenant/{}/zones/{}: new",
        "path     PUT /jpm/v2/tenant/{}/zones/{}: new",
    ]


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(
    ("arguments", "newer", "code"),
    [(["--check"], {}, 0), (["--check"], {"deprecated": True}, 1), ([], {"deprecated": True}, 0)],
    ids=["nothing to report", "a change", "a change that is taken over"],
)
def test_the_exit_code_says_whether_there_is_something_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], newer: Json, code: int
) -> None:
    """With --check a change is exit code 1, and nothing is written; without, only what is undecided is."""
    reported(tmp_path, document())
    before = (tmp_path / "paths.json").read_text(encoding="utf-8")
    other = _other(lambda one: one[f"{PREFIX}export/jobs"]["get"].update(newer))
    (tmp_path / "openapi" / "0.json").write_text(json.dumps(other), encoding="utf-8")
    (tmp_path / "scopes.json").write_text(json.dumps({"tn.jpm.jobs:r": "tn.jpm.jobs:r"}))
    for name, place in (("refresh", tmp_path), ("refresh_scopes", tmp_path / "scopes.json")):
        monkeypatch.setattr(refreshing, name, _placed(getattr(refreshing, name), place))
    monkeypatch.setattr(refreshing, "refresh_paths", _placed(refreshing.refresh_paths, tmp_path / "paths.json"))
    monkeypatch.setattr(refreshing, "REPORTS_SCOPES", ())
    monkeypatch.setattr(sys, "argv", ["refresh_schemas", *arguments, str(tmp_path / "openapi")])
    assert refreshing.main() == code
    assert ((tmp_path / "paths.json").read_text(encoding="utf-8") == before) is bool(arguments)


def _placed(function: Callable[..., Any], place: Path) -> Callable[..., Any]:
    return lambda documents, **more: function(documents, place, **more)
