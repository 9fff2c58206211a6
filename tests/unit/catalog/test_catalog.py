"""The catalog in a text of one line per stream, so that a change of it is a diff to read.

To renew it, when the change is meant:

    make generated

The columns: stream, kind, key, replication key (- for none), method, selection by default, number of properties on the
first level and in all, scope.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.api.usage import Usage
from tap_servicetitan.catalog import schema
from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.errors import CatalogError
from tap_servicetitan.sync.stream import SingerStream
from tap_servicetitan.tap import TapServiceTitan
from tests.support.running import catalog_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec

    from tap_servicetitan.api.request import Request

SNAPSHOT = Path(__file__).with_name("catalog.txt")
CONFIG = {"client_id": "a", "client_secret": "b", "st_app_key": "c", "tenant_id": "42"}
CHOSEN = ("jobs", "calls", "estimates", "teams", "booking_contacts")
ITS_MODULES = {"jpm", "telecom", "salestech", "dispatch", "crm"}

WHOLE = {
    # Windows of the future.
    "capacities",
    # Children of a parent that is read whole itself, or all of whose records are visited in every run.
    "membership_type_discounts",
    "membership_type_duration_billing_items",
    "membership_type_recurring_service_items",
    "reports",
    "wbs_segment_items",
}
"""Of what is no list, the streams whose every run brings all rows."""


def described(tap: TapServiceTitan) -> list[str]:
    """Describe each stream of the tap's catalog in a line."""
    lines = []
    for entry in tap.catalog_dict["streams"]:
        stream = tap.streams[entry["stream"]]
        assert isinstance(stream, SingerStream)
        key, replication_key = ",".join(entry["key_properties"]), entry.get("replication_key") or "-"
        selection = "selected" if metadata(entry)[()]["selected-by-default"] else "deselected"
        root, total = len(entry["schema"]["properties"]), _number_of_properties(entry["schema"])
        columns = [
            entry["stream"],
            BY_NAME[entry["stream"]].kind,
            key,
            replication_key,
            entry["replication_method"],
            selection,
            root,
            total,
            stream.source.scope,
        ]
        lines.append("  ".join(map(str, columns)))
    return sorted(lines)


def metadata(entry: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Give the metadata of a stream and its properties by breadcrumb."""
    return {(*one["breadcrumb"],): one["metadata"] for one in entry["metadata"]}


@pytest.fixture(scope="module")
def catalog() -> dict[str, dict[str, Any]]:
    """Discover once: the entries of the catalog by stream."""
    entries = json.loads(json.dumps(TapServiceTitan(validate_config=False).catalog_dict["streams"]))
    return {entry["stream"]: entry for entry in entries}


def test_the_catalog_is_as_it_was() -> None:
    """What the snapshot says of a stream changes only together with the snapshot."""
    assert described(TapServiceTitan(validate_config=False)) == SNAPSHOT.read_text(encoding="utf-8").splitlines()


def test_settings_do_not_change_the_catalog() -> None:
    """The catalog is the same before and after there are settings."""
    assert TapServiceTitan(config=CONFIG).catalog_dict == TapServiceTitan(validate_config=False).catalog_dict


def test_discovery_needs_no_settings() -> None:
    """The command line discovers without any settings, and its output is the catalog."""
    # A process of its own, because the command line sets up logging for good.
    command = [sys.executable, "-m", "tap_servicetitan", "--discover"]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own command
    assert json.loads(done.stdout) == json.loads(json.dumps(TapServiceTitan(validate_config=False).catalog_dict))


def test_streams_are_selected_as_the_table_says(catalog: dict[str, dict[str, Any]]) -> None:
    """A stream is read unless it is deselected, but for those that the table deselects for their cost."""
    found = {name: metadata(entry)[()]["selected-by-default"] for name, entry in catalog.items()}
    assert found == {row.name: row.selected for row in ENDPOINTS}


def test_keys_and_replication_keys_always_come(catalog: dict[str, dict[str, Any]]) -> None:
    """Its key and its replication key come along with a stream in any case, and nothing else does."""
    for entry in catalog.values():
        automatic = {path[1] for path, one in metadata(entry).items() if one["inclusion"] == "automatic"}
        assert automatic == {*entry["key_properties"], *filter(None, [entry.get("replication_key")])}, entry["stream"]


def test_credentials_are_there_and_deselected(catalog: dict[str, dict[str, Any]]) -> None:
    """A field that holds a credential can be selected, and is not unless it is; all other fields are."""
    left_out = {
        (name, path[1])
        for name, entry in catalog.items()
        for path, one in metadata(entry).items()
        if len(path) == 2 and one["inclusion"] == "available" and one.get("selected-by-default") is False
    }
    assert left_out == {("schedulers", "dataApiKey")}
    assert "dataApiKey" in catalog["schedulers"]["schema"]["properties"]


def test_a_credential_that_is_selected_stays_so(catalog: dict[str, dict[str, Any]]) -> None:
    """Who selects a credential in the catalog gets it."""
    entry = json.loads(json.dumps(catalog["schedulers"]))
    path = ["properties", "dataApiKey"]
    next(one for one in entry["metadata"] if one["breadcrumb"] == path)["metadata"]["selected"] = True
    tap = TapServiceTitan(config=CONFIG, catalog={"streams": [entry]})
    assert tap.streams["schedulers"].mask["properties", "dataApiKey"] is True
    assert TapServiceTitan(config=CONFIG).streams["schedulers"].mask["properties", "dataApiKey"] is False


def test_what_is_read_whole_is_a_full_table(catalog: dict[str, dict[str, Any]]) -> None:
    """Where every run brings all rows, the catalog says so, and INCREMENTAL where it brings what is new."""
    whole = WHOLE | {row.name for row in ENDPOINTS if row.kind == "list" and row.modified_since is None}
    methods = {name: entry["replication_method"] for name, entry in catalog.items()}
    assert methods == {name: "FULL_TABLE" if name in whole else "INCREMENTAL" for name in BY_NAME}


@pytest.mark.parametrize("others", ["deselected", "left out"])
def test_a_sync_loads_only_the_facts_it_needs(others: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading three streams loads the facts of their modules, and no others."""
    entries = json.loads(json.dumps(TapServiceTitan(validate_config=False).catalog_dict["streams"]))
    for entry in entries:
        root = next(one["metadata"] for one in entry["metadata"] if not one["breadcrumb"])
        root["selected"] = entry["stream"] in CHOSEN
    if others == "left out":
        entries = [entry for entry in entries if entry["stream"] in CHOSEN]

    loaded: set[str] = set()
    asked: list[str] = []
    read_facts = schema.facts

    def facts(module: str) -> dict[str, msgspec.Raw]:
        loaded.add(module)
        return read_facts(module)

    monkeypatch.setattr(schema, "facts", facts)
    schema.stream_facts.cache_clear()
    schema.stream_schema.cache_clear()
    tap = TapServiceTitan(config=CONFIG, catalog={"streams": entries})
    monkeypatch.setitem(tap.session.__dict__, "client", NothingNew(asked))
    tap.sync_all()
    # The child asks for its parents.
    assert sorted(asked) == ["bookings", "calls", "estimates", "jobs", "teams"]
    assert loaded == ITS_MODULES


class NothingNew:
    """Stands for the API's client: every feed is at its end, and every list is empty."""

    def __init__(self, asked: list[str]) -> None:
        """Keep a list of what is asked."""
        self.accepted = threading.Event()
        self.sent: Counter[str] = Counter()
        self.waiting = 0.0
        self.usage = functools.cache(lambda _: Usage())
        self._asked = asked

    def connect(self) -> None:
        """Accept any credentials."""

    def now(self) -> datetime:
        """Tell a time."""
        return datetime(2026, 11, 1, tzinfo=UTC)

    def fetch(self, request: Request, read: Callable[[bytes], Any]) -> object:
        """Answer with a last page."""
        assert request.scope
        self._asked.append(request.stream)
        self.accepted.set()
        return read(b'{"hasMore": false, "continueFrom": "t", "data": []}')


def _number_of_properties(part: dict[str, Any]) -> int:
    inner = [*part.get("properties", {}).values()]
    return len(inner) + sum(map(_number_of_properties, [*inner, *([part["items"]] if "items" in part else [])]))


if __name__ == "__main__":
    sys.stdout.writelines(line + "\n" for line in described(TapServiceTitan(validate_config=False)))


ODD_SCHEMAS: dict[str, dict[str, Any]] = {
    "of no object": {"type": "array"},
    "of no type": {"type": ""},
    "with a switch for a list": {"type": "object", "required": True},
    "with a property of no type": {"properties": {"id": {"type": ["text"]}}},
    "with items that are none": {"properties": {"ids": {"type": "array", "items": 3}}},
}


@pytest.mark.parametrize(
    ("catalog", "fault"),
    [
        pytest.param([], 'it is not of the form {"streams": […]}', id="a list"),
        pytest.param({"streams": None}, 'it is not of the form {"streams": […]}', id="no streams"),
        pytest.param({"streams": [3]}, "streams[0] is no object", id="a number for a stream"),
        pytest.param({"streams": [{"stream": "jobs"}]}, "streams[0] has no tap_stream_id", id="no name"),
        pytest.param({"streams": [{"tap_stream_id": "jobs"}]}, "jobs has no schema.properties", id="no schema"),
        pytest.param(
            {"streams": [{"tap_stream_id": "jobs", "schema": {"properties": {}}, "metadata": [{"breadcrumb": "x"}]}]},
            "jobs has metadata that is no list of breadcrumbs with their metadata",
            id="odd metadata",
        ),
        *(
            pytest.param(
                {"streams": [{"tap_stream_id": "jobs", "schema": {"properties": {}, **odd}}]},
                "jobs has a schema that is no JSON Schema of an object",
                id=f"odd schema {name}",
            )
            for name, odd in ODD_SCHEMAS.items()
        ),
    ],
)
def test_what_is_no_catalog_is_refused(catalog: Any, fault: str) -> None:  # noqa: ANN401 - any JSON value
    """The message says where it is wrong, and how to get another."""
    with pytest.raises(CatalogError) as error:
        TapServiceTitan(config=CONFIG, catalog=catalog)
    assert str(error.value) == (
        f"the catalog cannot be used: {fault}; write it again with --discover, and select in that"
    )


def test_a_map_of_a_stream_that_is_not_read_is_left_alone() -> None:
    """One map for all may name streams that a catalog deselects; the SDK would check it against no field."""
    maps = {"jobs": {"summary": "__NULL__"}, "old_jobs": {"__source__": "jobs"}, "calls": {"excuseMemo": "__NULL__"}}
    tap = TapServiceTitan(config=CONFIG | {"stream_maps": maps}, catalog=catalog_of("calls"))
    assert [stream.name for stream in tap.selected_streams] == ["calls"]
    assert set(tap.config["stream_maps"]) == {"calls"}
