"""Make the tables before the tenants come, since two that make the same one at once are in each other's way."""

from __future__ import annotations

import json
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

from many_tenants.load import PROJECT, TAP, TARGET, LoadError, shared_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def make() -> int:
    """Let the target make a table for each selected stream, and new columns in those that are there; count them."""
    with tempfile.TemporaryDirectory() as system:
        catalog = json.loads(_said(system, "meltano", "invoke", "--dump=catalog", TAP))
        messages = list(schemas(catalog))
        _said(system, "meltano", "invoke", TARGET, given="".join(json.dumps(one) + "\n" for one in messages))
    return len(messages)


def schemas(catalog: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Write the SCHEMA messages of a catalog's selected streams, without the fields that are not selected."""
    for stream in catalog["streams"]:
        chosen = {tuple(one["breadcrumb"]): _is_selected(one["metadata"]) for one in stream["metadata"]}
        if chosen.get((), True):
            known = stream["schema"]["properties"].items()
            properties = {name: one for name, one in known if chosen.get(("properties", name), True)}
            yield {
                "type": "SCHEMA",
                "stream": stream["tap_stream_id"],
                "key_properties": stream["key_properties"],
                "schema": stream["schema"] | {"properties": properties},
            }


def _is_selected(metadata: Mapping[str, Any]) -> bool:
    return bool(metadata.get("selected", metadata.get("selected-by-default", True)))


def _said(system: str, *command: str, given: str = "") -> str:
    """Run a program of the pipeline, and give what it wrote."""
    environment = shared_environment() | {"MELTANO_SYS_DIR_ROOT": system}
    ended = subprocess.run(
        command, cwd=PROJECT, env=environment, input=given, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        msg = f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stderr[-2000:]}"
        raise LoadError(msg)
    return ended.stdout
