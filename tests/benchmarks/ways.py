"""The programs that are compared: each brings the rows of a feed to its standard output."""

from __future__ import annotations

import dataclasses
import functools
import json
import sys
from typing import TYPE_CHECKING, Any

from tap_servicetitan.tap import TapServiceTitan
from tests.benchmarks.pages import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

Json = dict[str, Any]

UNLIMITED = {"requests_per_second": 100_000}
"""So that the tap does not wait for the API's sake."""


@dataclasses.dataclass(frozen=True)
class Way:
    """One of the programs."""

    name: str
    command: Callable[[Path, str, str], list[str]]
    """Makes the command line from a folder for its files, the API's address and a stream."""

    pages: int
    """As many as take it a few seconds."""

    gzip: bool = False


def tap(folder: Path, url: str, streams: Collection[str], **settings: Any) -> list[str]:  # noqa: ANN401 - see `SETTINGS`
    """Run this tap."""
    config = _write(folder / "config.json", _settings(url) | settings)
    catalog = _write(folder / "catalog.json", _catalog(streams))
    return [sys.executable, "-m", "tap_servicetitan", "--config", config, "--catalog", catalog]


def _direct(folder: Path, url: str, stream: str) -> list[str]:
    return tap(folder, url, [stream], **UNLIMITED)


def _mapped(folder: Path, url: str, stream: str) -> list[str]:
    return tap(folder, url, [stream], **UNLIMITED, stream_maps={stream: {}})


def _private(mode: str) -> Callable[[Path, str, str], list[str]]:
    return lambda folder, url, stream: tap(
        folder, url, [stream], **UNLIMITED, personal_data=mode, personal_data_salt="a salt"
    )


def _sdk(folder: Path, url: str, stream: str) -> list[str]:
    config = _write(folder / "config.json", _settings(url) | {"stream": stream})
    return [sys.executable, "-m", "tests.benchmarks.sdk_tap", "--config", config]


def _floor(folder: Path, url: str, stream: str) -> list[str]:
    config = _write(folder / "config.json", _settings(url) | {"stream": stream})
    return [sys.executable, "-m", "tests.benchmarks.floor", config]


WAYS = (
    Way("this tap", _direct, pages=40),
    Way("this tap, pages gzipped", _direct, pages=40, gzip=True),
    Way("this tap, personal_data: drop", _private("drop"), pages=20),
    Way("this tap, personal_data: hash", _private("hash"), pages=20),
    Way("this tap, with a stream map", _mapped, pages=6),
    Way("a tap as the SDK has it", _sdk, pages=4),
    Way("requests + json, no tap", _floor, pages=20),
)


def _settings(url: str) -> Json:
    secrets = dict.fromkeys(("client_id", "client_secret", "st_app_key"), "made-up")
    return secrets | {"tenant_id": TENANT, "api_url": url, "auth_url": f"{url}/connect/token"}


def _catalog(streams: Collection[str]) -> Json:
    """Select just these streams."""
    catalog: Json = json.loads(_discovered())
    for entry in catalog["streams"]:
        root = next(one for one in entry["metadata"] if not one["breadcrumb"])
        root["metadata"]["selected"] = entry["stream"] in streams
    return catalog


@functools.cache
def _discovered() -> str:
    return TapServiceTitan(validate_config=False).catalog_json_text


def _write(path: Path, value: Json) -> str:
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)
