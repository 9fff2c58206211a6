"""The target's settings."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, Literal, get_args

from tap_servicetitan.duckdb.errors import LoadError

RemovedRows = Literal["delete", "mark"]

PREFIX = "TARGET_SERVICETITAN_DUCKDB_"
"""What the environment variables begin with."""

LABELS = {"path": "Path", "schema": "Schema", "removed_rows": "Removed rows", "memory_limit": "Memory limit"}

DESCRIPTIONS = {
    "path": "The DuckDB file to load into; it is created if it does not exist.",
    "schema": "The schema of the tables.",
    "removed_rows": (
        "What happens to rows that an ACTIVATE_VERSION message says are gone: "
        "`delete` removes them, `mark` sets their column `_sdc_deleted_at`."
    ),
    "memory_limit": "The memory that DuckDB may use, such as `1GB`.",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, checked."""

    path: str
    schema: str = "main"
    removed_rows: RemovedRows = "delete"
    memory_limit: str = "256MB"


DEFAULTS = {field.name: field.default for field in dataclasses.fields(Settings) if isinstance(field.default, str)}


def from_environment() -> dict[str, Any]:
    """Give the settings that are in the environment."""
    return {name: value for name in DESCRIPTIONS if (value := os.environ.get(f"{PREFIX}{name.upper()}")) is not None}


def parse_settings(found: dict[str, Any]) -> Settings:
    """Check settings; an empty value counts as unset.

    Raises:
        LoadError: One is unknown, missing or malformed.
    """
    given = {name: value for name, value in found.items() if value not in (None, "")}
    if unknown := sorted(given.keys() - DESCRIPTIONS.keys()):
        msg = f"unknown setting {unknown[0]}; the settings are {', '.join(DESCRIPTIONS)}"
        raise LoadError(msg)
    if wrong := sorted(name for name, value in given.items() if not isinstance(value, str)):
        msg = f"the setting {wrong[0]} must be a string, not {given[wrong[0]]!r}"
        raise LoadError(msg)
    if "path" not in given:
        msg = "the setting path is missing; it names the DuckDB file"
        raise LoadError(msg)
    if given.get("removed_rows", "delete") not in get_args(RemovedRows):
        msg = f"the setting removed_rows must be delete or mark, not {given['removed_rows']!r}"
        raise LoadError(msg)
    return Settings(**given)


def about() -> dict[str, Any]:
    """Describe the target as the SDK's ``--about --format json`` does."""
    properties: dict[str, dict[str, Any]] = {
        name: {"type": "string", "title": LABELS[name], "description": text} for name, text in DESCRIPTIONS.items()
    }
    for name, default in DEFAULTS.items():
        properties[name]["default"] = default
    properties["removed_rows"]["enum"] = [*get_args(RemovedRows)]
    return {
        "name": "target-servicetitan-duckdb",
        "description": "Loads Singer messages into a DuckDB file, rows and state in one transaction.",
        "capabilities": ["about", "activate-version"],
        "settings": {"type": "object", "required": ["path"], "properties": properties},
    }
