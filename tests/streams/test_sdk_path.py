"""The tap's way of writing pages against the SDK's own loop: the same messages, whatever is configured."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
import simplejson

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.sync.sdk import SdkStream
from tap_servicetitan.sync.stream import SingerStream
from tests.support.running import RESUMED, Message, Output, bookmarks_and_rows, catalog_of, run, texts, truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.long

STREAMS = sorted(BY_NAME)
PAGE = 20

# Windows begin at the start date: of ten years, most would be empty.
LATELY: Message = {"start_date": "2026-06-01"}

ODD: dict[str, Any] = {
    "undeclaredField": {"a": [1, None]},
    "modifiedOn": "2026-10-01T00:00:00.1234567",
    "name": None,
    "address": {"street": None, "undeclared": 1.50},
    "customFields": [None, {"name": "x", "value": 7}],
    "items": [{"total": "NaN"}, {"total": 1e300}, "text"],
    "total": "Infinity",
    "status": 0,
    "tagTypeIds": None,
    "summary": "line\u2028\u0000\U0001f600",
    "active": "true",
}
"""What the API has been seen to send against its own documents, and worse."""

# Only keys are used in expressions: other fields may be deselected, or hold odd values.
MAPS: Message = {
    "customers": {"__alias__": "clients", "type": "__NULL__", "name": "md5(config['seed'] + str(record['id']))"},
    "jobs": {"__filter__": "record['id'] % 4 == 0", "double": "record['id'] * 2"},
    "invoices": {"__else__": None, "id": "record['id']", "hashed": "md5(str(record['id']))"},
    "leads": None,
    "few_bookings": {"__source__": "bookings", "__filter__": "record['id'] % 4 == 0"},
}

CONFIGS: dict[str, Message] = {
    "plain": {},
    "maps": {"stream_maps": MAPS, "stream_map_config": {"seed": "s"}},
    "added columns": {"tenant_column": True, "custom_fields_by_id": True, "deleted_column": True},
    "flattened": {"flattening_enabled": True, "flattening_max_depth": 2},
    "mapped and flattened": {
        "stream_maps": MAPS,
        "stream_map_config": {"seed": "s"},
        "flattening_enabled": True,
        "flattening_max_depth": 1,
    },
}

EVERY_STREAM = {("plain", False, True), ("mapped and flattened", True, True)}
"""What every stream is written with: as it comes, and with all that looks into records. The rest has a few."""

ONE_OF_EACH = {
    (
        row.kind,
        row.nested_records,
        row.scalar,
        bool(row.made_key),
        "_line" in row.key,
        bool(row.copied_fields),
    ): row.name
    for row in reversed(ENDPOINTS)
}
"""A stream of each kind of records."""

FEW = sorted({*ONE_OF_EACH.values(), *(MAPS.keys() & BY_NAME.keys()), "bookings"})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant whose feeds have many pages; its clock stands still, so that every run sees the same."""
    with serve(seed=1, scale=0.02, page_size=PAGE) as running:
        running.config |= {"requests_per_second": 10_000}
        yield running


def sifted_catalog(*streams: str, **settings: object) -> Message:
    """Deselect some of the fields of all streams, at the root and within objects."""
    catalog = catalog_of(*streams, **settings)
    for entry in catalog["streams"]:
        fields = [one for one in entry["metadata"] if one["metadata"].get("inclusion") == "available"]
        for depth in (2, 4):
            for one in sorted((one for one in fields if len(one["breadcrumb"]) == depth), key=str)[::3]:
                one["metadata"]["selected"] = False
    return catalog


def written(output: Output) -> dict[str, list[str]]:
    """Give the SCHEMA and RECORD messages by stream, in order and with the order of their fields."""
    found = defaultdict(list)
    for message in output.messages:
        if message["type"] != "STATE":
            message.pop("time_extracted", None)
            found[message["stream"]].append(simplejson.dumps(message, use_decimal=True))
    return found


def by_the_sdk(config: Message, catalog: Message) -> Output:
    """Run the tap with the loop that it replaces put back, and a dict for each record."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(SdkStream, "_sync_records")
        patch.setattr(SingerStream, "passes_through", False)
        # The SDK's bookmark is the highest replication key, which some streams do not even have.
        patch.setattr(SingerStream, "_increment_stream_state", lambda *_, **__: None)
        # The SDK writes the state while other streams change it: its loop is for one thread.
        return run(config | {"concurrency": 1}, catalog=catalog)


@pytest.mark.parametrize(
    ("name", "sifted", "odd"),
    [
        pytest.param("plain", False, False, id="plain"),
        pytest.param("plain", False, True, id="plain, odd values"),
        pytest.param("plain", True, False, id="plain, some fields"),
        pytest.param("plain", True, True, id="plain, some fields, odd values"),
        pytest.param("added columns", True, False, id="added columns, some fields"),
        pytest.param("added columns", False, True, id="added columns, odd values"),
        pytest.param("maps", False, False, id="maps"),
        pytest.param("maps", True, True, id="maps, some fields, odd values"),
        pytest.param("flattened", False, False, id="flattened"),
        pytest.param("flattened", True, True, id="flattened, some fields, odd values"),
        pytest.param("mapped and flattened", True, True, id="mapped and flattened, some fields, odd values"),
    ],
)
def test_the_messages_are_those_of_the_sdk(sandbox: Sandbox, name: str, *, sifted: bool, odd: bool) -> None:
    """SCHEMA and RECORD messages are those that the SDK's own loop writes."""
    config = sandbox.config | LATELY | CONFIGS[name]
    columns = CONFIGS[name] if name == "added columns" else {}
    streams = STREAMS if (name, sifted, odd) in EVERY_STREAM else FEW
    catalog = (sifted_catalog if sifted else catalog_of)(*streams, **columns)
    if odd:
        sandbox.fault("extra-field", times=1_000_000, fields=ODD)
    try:
        ours, theirs = run(config, catalog=catalog), by_the_sdk(config, catalog)
    finally:
        sandbox.clear_faults()
    assert ours.error is None
    assert theirs.error is None
    found, wanted = written(ours), written(theirs)
    assert found == wanted
    expected = {*streams, "clients", "few_bookings"} - {"customers", "leads"} if "stream_maps" in config else {*streams}
    assert found.keys() == expected
    # A record whose key is one of the odd values is left out.
    keyless = {stream for stream in streams if odd and ODD.keys() & {*BY_NAME[stream].key}}
    assert min(len(messages) for stream, messages in found.items() if stream not in keyless) > 1


def in_batches(config: Message, folder: Path, size: int) -> Message:
    """Let the tap write files of at most so many rows."""
    encoding = {"format": "jsonl", "compression": "gzip"}
    return config | {"batch_config": {"encoding": encoding, "storage": {"root": folder.as_uri()}, "batch_size": size}}


def unpacked(output: Output) -> Iterator[Message]:
    """Put the rows of its files, as RECORD messages, in the place of each BATCH message."""
    for message in output.messages:
        if message["type"] != "BATCH":
            yield message
            continue
        for url in message["manifest"]:
            with gzip.open(url2pathname(urlsplit(url).path)) as file:
                for line in file:
                    yield {
                        "type": "RECORD",
                        "stream": message["stream"],
                        "record": json.loads(line, parse_float=Decimal),
                    }


def unpacked_rows(output: Output) -> dict[str, list[Message]]:
    """Give the rows of all files by stream."""
    found = defaultdict(list)
    for message in unpacked(output):
        if message["type"] == "RECORD":
            found[message["stream"]].append(message["record"])
    return found


SIZES = [
    pytest.param(7, id="smaller than a page"),
    pytest.param(PAGE, id="as large as a page"),
    pytest.param(50, id="two pages and a half"),
    pytest.param(10_000, id="larger than a stream"),
]


@pytest.mark.parametrize("size", SIZES)
def test_batches_have_all_rows(sandbox: Sandbox, tmp_path: Path, size: int) -> None:
    """With BATCH messages, each row is in one file, and none is in a RECORD message."""
    streams = STREAMS if size == 50 else FEW
    config = sandbox.config | LATELY
    output = run(in_batches(config, tmp_path, size), *streams)
    assert output.error is None
    assert output.records == {}
    rows, records = unpacked_rows(output), run(config, *streams).records
    assert {stream: texts(rows[stream]) for stream in streams} == {stream: texts(records[stream]) for stream in streams}


def test_batches_have_no_deselected_field(sandbox: Sandbox, tmp_path: Path) -> None:
    """A file has the very rows that would be written as records, and no field that was deselected."""
    catalog, config = sifted_catalog(), sandbox.config | LATELY
    output = run(in_batches(config, tmp_path, 50), catalog=catalog)
    assert output.error is None
    rows, records = unpacked_rows(output), run(config, catalog=catalog).records
    assert {stream: texts(rows[stream]) for stream in STREAMS} == {stream: texts(records[stream]) for stream in STREAMS}
    for entry in catalog["streams"]:
        dropped = {one["breadcrumb"][1] for one in entry["metadata"] if _is_deselected(one, depth=2)}
        assert dropped
        assert dropped.isdisjoint({name for row in rows[entry["stream"]] for name in row})


def _is_deselected(entry: Message, depth: int) -> bool:
    return len(entry["breadcrumb"]) == depth and entry["metadata"].get("selected") is False


# Of the first, rows fill whole pages and whole batches of a page's size.
@pytest.mark.parametrize("stream", ["pricebook_categories", "invoices", "transfers"])
@pytest.mark.parametrize("size", SIZES)
def test_the_state_after_the_last_batch_is_that_without_batches(
    sandbox: Sandbox, tmp_path: Path, stream: str, size: int
) -> None:
    """A run that wrote files is resumed from where a run that wrote records is."""
    first = run(in_batches(sandbox.config, tmp_path, size), stream)
    assert first.error is None
    assert first.bookmarks == run(sandbox.config, stream).bookmarks
    again = run(in_batches(sandbox.config, tmp_path, size), stream, state=first.state)
    assert unpacked_rows(again) == {}
    assert again.bookmarks == first.bookmarks


@pytest.mark.parametrize(
    ("concurrency", "size"),
    [
        pytest.param(1, 50, id="one after the other"),
        pytest.param(8, 7, id="smaller than a page"),
        pytest.param(8, 50, id="two pages and a half"),
        pytest.param(8, 10_000, id="larger than a stream"),
    ],
)
def test_no_state_is_ahead_of_the_batches(sandbox: Sandbox, tmp_path: Path, concurrency: int, size: int) -> None:
    """No STATE message covers a row that is not in a file named by a BATCH message before it."""
    config = sandbox.config | {"concurrency": concurrency}
    output = run(in_batches(config, tmp_path, size), *RESUMED)
    assert output.error is None
    for bookmarks, before in bookmarks_and_rows(unpacked(output)):
        rest = run(sandbox.config, *bookmarks, state={"bookmarks": bookmarks}).records
        for stream in bookmarks:
            missing = {*texts(truth(sandbox, stream))} - {*texts(before[stream] + rest[stream])}
            assert missing == set(), stream
