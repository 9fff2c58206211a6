"""The catalog in a text of one line per stream, so that a change of it is a diff to read.

To renew it, when the change is meant:

    python tests/test_catalog.py > tests/catalog.txt

The columns: stream, key, cursor (- for none), method, number of properties with the nested ones, scope.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan import schema
from tap_servicetitan.stream import ServiceTitanStream
from tap_servicetitan.tap import TapServiceTitan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SNAPSHOT = Path(__file__).with_name("catalog.txt")
CONFIG = {"client_id": "a", "client_secret": "b", "st_app_key": "c", "tenant_id": "42"}
CHOSEN = ("jobs", "calls", "estimates")
ITS_MODULES = {"jpm", "telecom", "salestech"}


def described(tap: TapServiceTitan) -> list[str]:
    """Describe each stream of the tap's catalog in a line."""
    lines = []
    for entry in tap.catalog_dict["streams"]:
        stream = tap.streams[entry["stream"]]
        assert isinstance(stream, ServiceTitanStream)
        key, cursor = ",".join(entry["key_properties"]), entry.get("replication_key") or "-"
        size = _number_of_properties(entry["schema"])
        lines.append(f"{entry['stream']}  {key}  {cursor}  {entry['replication_method']}  {size}  {stream.scope}")
    return sorted(lines)


def test_the_catalog_is_as_it_was() -> None:
    """A stream, key, cursor, method, scope or number of properties changes only together with the snapshot."""
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


def test_every_stream_is_selected_by_default() -> None:
    """An export feed is read unless it is deselected; its key and its cursor come along in any case."""
    for entry in TapServiceTitan(validate_config=False).catalog_dict["streams"]:
        found = {(*one["breadcrumb"],): one["metadata"] for one in entry["metadata"]}
        assert found[()]["selected-by-default"] is True, entry["stream"]
        automatic = {path[1] for path, one in found.items() if one["inclusion"] == "automatic"}
        assert automatic == {*entry["key_properties"], *filter(None, [entry.get("replication_key")])}


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

    def facts(module: str) -> dict[str, Any]:
        loaded.add(module)
        return read_facts(module)

    monkeypatch.setattr(schema, "facts", facts)
    schema.stream_schema.cache_clear()
    tap = TapServiceTitan(config=CONFIG, catalog={"streams": entries})
    monkeypatch.setitem(tap.__dict__, "client", NothingNew(asked))
    tap.sync_all()
    assert sorted(asked) == sorted(CHOSEN)
    assert loaded == ITS_MODULES


class NothingNew:
    """Stands for the API's client: every feed is at its end."""

    def __init__(self, asked: list[str]) -> None:
        """Keep a list of what is asked."""
        self.accepted = threading.Event()
        self._asked = asked

    def connect(self) -> None:
        """Accept any credentials."""

    def get(
        self, stream: str, _path: str, _params: Mapping[str, str], read: Callable[[bytes], Any], *, scope: str
    ) -> object:
        """Answer with a last page."""
        assert scope
        self._asked.append(stream)
        self.accepted.set()
        return read(b'{"hasMore": false, "continueFrom": "t", "data": []}')


def _number_of_properties(part: dict[str, Any]) -> int:
    inner = [*part.get("properties", {}).values()]
    return len(inner) + sum(map(_number_of_properties, [*inner, *([part["items"]] if "items" in part else [])]))


if __name__ == "__main__":
    sys.stdout.writelines(line + "\n" for line in described(TapServiceTitan(validate_config=False)))
