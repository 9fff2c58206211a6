"""Personal data: every field that holds some is known, and the shipped stream maps leave nothing of it."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.support.running import catalog_of, run, truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.checkout

# By name, because the scripts are no package that could be imported.
script = importlib.import_module("scripts.personal_data")
KNOWN = script.read()

LOOKS_PERSONAL = re.compile(
    r"name$|mail$|phone|fax$|street|^unit$|zips?$|cit(y|ies)$|address|latitude|longitude|birth|memo$|notes?$|summary"
    r"|comments?$|^text$|^bio$|recording|voicemail|caller|(created|modified|applied|canceled|exported)by$"
    r"|^(hourly|burden|commission|soldby)rate$|^(hire|termination)date$|description$|url$|images?$|video|title$"
    r"|^values?$|useragent|instructions|message$|response",
    re.IGNORECASE,
)
"""Names of fields that somebody who reads the schemas would stop at."""

SALT = "a salt"


def leaves(properties: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """List the fields of a schema with their types: those of objects with a dot, those of arrays' items with []."""
    for name, known in properties.items():
        path, inner = f"{prefix}{name}", known
        while "items" in inner:
            path, inner = f"{path}[]", inner["items"]
        if inner.get("properties"):
            yield from leaves(inner["properties"], f"{path}.")
        else:
            types = [inner["type"]] if isinstance(inner["type"], str) else inner["type"]
            yield path, next(one for one in types if one != "null")


FIELDS = {row.name: dict(leaves(stream_schema(row)["properties"])) for row in ENDPOINTS}


def listed() -> set[tuple[str, str]]:
    """Give the personal fields of all streams."""
    return {(stream, field) for stream in KNOWN.streams for field in KNOWN.fields(stream)}


def test_every_listed_field_exists() -> None:
    """The list names fields that the schemas have; a renamed field shows here."""
    assert listed() - {(stream, field) for stream, fields in FIELDS.items() for field in fields} == set()
    assert [*KNOWN.streams] == [row.name for row in ENDPOINTS if row.name in KNOWN.streams]


def test_no_field_is_personal_twice() -> None:
    """A field has one kind."""
    for stream, kinds in KNOWN.streams.items():
        assert len(KNOWN.fields(stream)) == sum(map(len, kinds.values())), stream


def test_what_looks_personal_is_listed_or_excused() -> None:
    """A new field with such a name needs a decision; an excuse is for a field that is there and not listed."""
    looks = {
        f"{stream}.{path}"
        for stream, fields in FIELDS.items()
        for path, kind in fields.items()
        if kind in {"string", "number"} and LOOKS_PERSONAL.search(re.split(r"[.\[]", path.removesuffix("[]"))[-1])
    }
    personal = {f"{stream}.{field}" for stream, field in listed()}
    excused = [field for excuse in KNOWN.excused for field in excuse.fields]
    assert sorted(looks - personal) == sorted(excused)
    assert all(excuse.reason.endswith(".") for excuse in KNOWN.excused)


def test_only_texts_are_hashed() -> None:
    """The hash is one of text."""
    hashed = [
        (stream, field)
        for stream in KNOWN.streams
        for field, kind in KNOWN.fields(stream).items()
        if script.is_hashed(field, kind)
    ]
    assert {FIELDS[stream][field] for stream, field in hashed} == {"string"}


def test_no_key_is_mapped() -> None:
    """A target needs the key as it is."""
    for stream, fields in script.stream_maps(KNOWN).items():
        assert not fields.keys() & {*BY_NAME[stream].key}, stream


def test_what_follows_from_the_list_is_written() -> None:
    """The maps and the page's table are those that the script writes; run scripts/personal_data.py after a change."""
    assert script.MAPS.read_text(encoding="utf-8") == script.settings()
    page = script.PAGE.read_text(encoding="utf-8")
    assert script.written(page) == page


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant with large pages."""
    with serve(scale=0.01) as running:
        running.config["requests_per_second"] = 10_000
        yield running


def test_the_maps_leave_nothing_personal(sandbox: Sandbox) -> None:
    """Each stream of the maps is read: hashes stand where they should, all else that is listed is gone."""
    fill(sandbox)
    maps = json.loads(script.MAPS.read_text(encoding="utf-8"))
    config = sandbox.config | maps | {"stream_map_config": {"salt": SALT}, "custom_fields_by_id": True}
    output = run(config, catalog=catalog_of(*maps["stream_maps"], custom_fields_by_id=True))
    assert output.error is None
    records = output.records
    met = set()
    for stream in KNOWN.streams:
        before = {key_of(stream, row): row for row in truth(sandbox, stream)}
        for row in records[stream]:
            came = before[key_of(stream, row)]
            assert "customFieldsById" not in row
            for field, kind in KNOWN.fields(stream).items():
                values = [*at(came, field)]
                met |= {(stream, field)} if values else set()
                wanted = [digest(value) for value in values] if script.is_hashed(field, kind) else []
                assert [*at(row, field)] == wanted, f"{stream}.{field}"
    assert listed() - met == set()


def fill(sandbox: Sandbox) -> None:
    """Give a row a value for each personal field that the sandbox leaves empty everywhere."""
    for stream in KNOWN.streams:
        rows = sandbox.rows(stream)
        values: dict[str, Any] = {}
        for field in KNOWN.fields(stream):
            if not any(True for row in rows for _ in at(row, field)):
                put(values, field)
        if values:
            sandbox.touch(stream, 1, values=values)
    # The API shows a change after 15 minutes.
    sandbox.advance(16 * 60)


def put(values: dict[str, Any], path: str) -> None:
    """Put a text at a path, objects and arrays around it included."""
    name, _, rest = path.partition(".")
    top = name.removesuffix("[]")
    if not rest:
        values[top] = ["Alex Doe"] if name.endswith("[]") else "Alex Doe"
        return
    inner = values.setdefault(top, [{}] if name.endswith("[]") else {})
    put(inner[0] if isinstance(inner, list) else inner, rest)


def key_of(stream: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give a row's key."""
    return tuple(row[name] for name in BY_NAME[stream].key)


def digest(value: str) -> str:
    """Hash as the maps do."""
    return hashlib.sha256((SALT + value).encode()).hexdigest()


def at(value: Any, path: str) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """Give what stands at a path, in all items of arrays, null left out."""
    if value is None:
        return
    if not path:
        yield value
        return
    name, _, rest = path.partition(".")
    inner = value.get(name.removesuffix("[]"))
    for one in (inner or []) if name.endswith("[]") else [inner]:
        yield from at(one, rest)
