"""Personal data: every field that holds some is known, and the setting leaves nothing of it."""

from __future__ import annotations

import gzip
import hmac
import importlib
import itertools
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.personal_data import HASHED, personal_data
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.records.masking import masking
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.settings.schema import SETTINGS
from tap_servicetitan.settings.settings import Settings, read_for_discovery
from tests.support import reporting
from tests.support.running import catalog_of, run, truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

pytestmark = pytest.mark.checkout

# By name, because the scripts are no package that could be imported.
script = importlib.import_module("scripts.personal_data")
KNOWN = personal_data()
DEFAULTS = {name: one["default"] for name, one in SETTINGS["properties"].items() if "default" in one}

LOOKS_PERSONAL = re.compile(
    r"name$|mail$|phone|contactnumber$|fax$|street|^unit$|zips?$|cit(y|ies)$|address|latitude|longitude|birth|memo$|notes?$|summary"
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
    """The hash is one of text, and there is none of a list's items."""
    hashed = [
        (stream, field) for stream in KNOWN.streams for field, kind in KNOWN.fields(stream).items() if kind in HASHED
    ]
    assert {FIELDS[stream][field] for stream, field in hashed} == {"string"}
    assert [field for _, field in hashed if field.endswith("[]")] == []


def test_no_key_is_masked() -> None:
    """A target needs the key as it is, and the bookmark what tells the newest row."""
    for stream in KNOWN.streams:
        row = BY_NAME[stream]
        assert not KNOWN.fields(stream).keys() & {*row.key, row.replication_key, *row.links}, stream


@pytest.mark.parametrize("mode", ["hash", "drop"])
def test_no_object_without_fields_is_left(mode: str) -> None:
    """Where all fields of an object are left out, the object is; the rest of the schema stays."""
    for stream in KNOWN.streams:
        before = stream_schema(BY_NAME[stream])
        mask = masking(KNOWN.fields(stream), before, made_settings(mode))
        assert mask
        after = mask.schema(before)
        assert before == stream_schema(BY_NAME[stream])
        kept = {
            path: kind
            for path, kind in FIELDS[stream].items()
            if path not in KNOWN.fields(stream) or (mode == "hash" and KNOWN.fields(stream)[path] in HASHED)
        }
        assert dict(leaves(after["properties"])) == kept, stream


def made_settings(mode: str) -> Settings:
    """Make settings that want personal data to be treated so."""
    return read_for_discovery({"personal_data": mode}, {"environment": "production"} | DEFAULTS)


def test_the_page_has_the_table() -> None:
    """The page's table is that which the script writes; run scripts/personal_data.py after a change."""
    page = script.PAGE.read_text(encoding="utf-8")
    assert script.written(page) == page


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant with large pages, that has a value for each personal field."""
    with serve(scale=0.01) as running:
        running.config["requests_per_second"] = 10_000
        fill(running)
        yield running


@pytest.mark.parametrize("way", ["as they came", "through a map", "as batches"])
@pytest.mark.parametrize("mode", ["hash", "drop"])
def test_nothing_personal_is_left(sandbox: Sandbox, tmp_path: Path, mode: str, way: str) -> None:
    """Each stream of the table is read: hashes stand where they should, all else that is listed is gone."""
    config = sandbox.config | {"personal_data": mode, "personal_data_salt": SALT, "custom_fields_by_id": True}
    if way == "through a map":
        config["stream_maps"] = {stream: {"_by": "'map'"} for stream in KNOWN.streams}
    if way == "as batches":
        root = {"root": f"file://{tmp_path}"}
        config["batch_config"] = {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": root}
    output = run(config, catalog=catalog_of(*KNOWN.streams))
    assert output.error is None
    records = batched(output) if way == "as batches" else output.records
    met = set()
    for stream in KNOWN.streams:
        before, after = by_key(stream, truth(sandbox, stream)), by_key(stream, records[stream])
        assert after
        assert after.keys() <= before.keys(), stream
        assert not any("customFieldsById" in row for row in records[stream]), stream
        for (key, rows), (field, kind) in itertools.product(after.items(), KNOWN.fields(stream).items()):
            values = [value for row in before[key] for value in at(row, field)]
            met |= {(stream, field)} if values else set()
            wanted = [digest(value, kind) for value in values] if mode == "hash" and kind in HASHED else []
            assert sorted(value for row in rows for value in at(row, field)) == sorted(wanted), f"{stream}.{field}"
    assert listed() - met == set()


@pytest.mark.parametrize("mode", ["hash", "drop"])
def test_nothing_personal_is_left_of_reports(sandbox: Sandbox, mode: str) -> None:
    """The columns of a report are known by their names; the others are as they were."""
    settings = {"personal_data": mode, "personal_data_salt": SALT}
    plain = reporting.read(reporting.config(sandbox, reporting.TECHNICIANS), "scorecard")
    masked = reporting.read(reporting.config(sandbox, reporting.TECHNICIANS, **settings), "scorecard")
    assert masked.error is None
    kinds = {"name": "name", "email": "email"}
    assert len(plain.records["scorecard"]) > 3
    gone = {*kinds} if mode == "drop" else set()
    columns = {*reporting.schema(plain, "scorecard")["properties"]}
    assert {*reporting.schema(masked, "scorecard")["properties"]} == columns - gone
    for before, after in zip(plain.records["scorecard"], masked.records["scorecard"], strict=True):
        wanted = {name: value for name, value in before.items() if name not in kinds}
        if mode == "hash":
            wanted |= {name: before[name] and digest(before[name], kind) for name, kind in kinds.items()}
        assert after | {"_run_at": ""} == wanted | {"_run_at": ""}


def batched(output: Any) -> dict[str, list[dict[str, Any]]]:  # noqa: ANN401 - what `run` gives
    """Read the files of batches."""
    found: dict[str, list[dict[str, Any]]] = {stream: [] for stream in KNOWN.streams}
    for message in output.messages:
        for name in message["manifest"] if message["type"] == "BATCH" else ():
            lines = gzip.decompress(Path(urlsplit(name).path).read_bytes()).splitlines()
            found[message["stream"]] += [json.loads(line) for line in lines]
    return found


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


def by_key(stream: str, rows: Iterable[dict[str, Any]]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Group rows by what the API sends of their key; the place of a line is where it happened to come."""
    found: defaultdict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in BY_NAME[stream].key if name != "_line")].append(row)
    return found


def digest(value: str, kind: str) -> str:
    """Hash as the page says."""
    if not value:
        return value
    if kind == "email" or (kind == "contact" and "@" in value):
        value = value.lower()
    elif kind in {"phone", "contact"} and re.search(r"\d", value):
        value = re.sub(r"^1(?=\d{10}$)", "", re.sub(r"\D", "", value))
    elif kind in {"phone", "contact"}:
        value = value.lower()
    return hmac.digest(SALT.encode(), value.strip().encode(), "sha256").hex()


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
