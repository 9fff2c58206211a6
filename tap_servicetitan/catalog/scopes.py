"""Which scopes a stream needs, and what the developer portal calls them."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.catalog.endpoint import Endpoint


@functools.cache
def scope_names() -> Mapping[str, str]:
    """Read what the developer portal calls each scope, as ``group → scope``."""
    return msgspec.json.decode((files("tap_servicetitan.catalog") / "scopes.json").read_bytes(), type=dict[str, str])


def scopes_of(row: Endpoint) -> list[str]:
    """List the scope of a stream, and those of the streams whose records fill its path."""
    parent = BY_NAME.get(row.parent or "")
    return list(dict.fromkeys([stream_facts(row)["scope"], *(scopes_of(parent) if parent else ())]))
