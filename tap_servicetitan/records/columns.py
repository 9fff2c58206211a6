"""Columns beside what the API sends, each only where a setting asks for it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.catalog.schema import JSON_TEXT
from tap_servicetitan.records.shapes import json_text
from tap_servicetitan.state.timestamps import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tap_servicetitan.catalog.endpoint import Endpoint
    from tap_servicetitan.settings.settings import Settings

Schema = dict[str, Any]

TENANT = "tenant_id"
"""The column that tells the tenants of one table apart; first in the key."""

TENANT_SCHEMA: Schema = {"type": "integer"}

CUSTOM_FIELDS = "customFields"


@dataclasses.dataclass(frozen=True, slots=True)
class AddedColumn:
    """A column that is made of fields of the same row."""

    name: str
    schema: Schema
    reads: tuple[str, ...]
    """The fields that it is made of."""
    make: Callable[..., Any]
    """Makes its value of theirs; any of them may be null, or not what is declared."""


def tenant_key(settings: Settings) -> tuple[str, ...]:
    """Give the column that names the tenant, if the settings ask for it."""
    return (TENANT,) if settings.tenant_column else ()


def widened(schema: Schema, tenant: Sequence[str], columns: Sequence[AddedColumn]) -> Schema:
    """Give a schema with the columns that the settings ask for; the very same one if they ask for none."""
    if not tenant and not columns:
        return schema
    properties = schema["properties"] | {one.name: one.schema for one in columns} | dict.fromkeys(tenant, TENANT_SCHEMA)
    return schema | {"properties": properties, "required": [*tenant, *schema["required"]]}


def added_columns(row: Endpoint, properties: Mapping[str, Any], settings: Settings) -> tuple[AddedColumn, ...]:
    """Give the columns that the settings ask for, and that a stream with these properties can have."""
    return tuple(_columns(row, properties, settings))


def _columns(row: Endpoint, properties: Mapping[str, Any], settings: Settings) -> Iterator[AddedColumn]:
    if settings.custom_fields_by_id and _has_types(properties.get(CUSTOM_FIELDS, {})):
        yield AddedColumn("customFieldsById", dict(JSON_TEXT), (CUSTOM_FIELDS,), _by_type)
    if settings.deleted_column and _tells_inactive(row, properties):
        schema = {"type": ["string", "null"], "format": "date-time"}
        yield AddedColumn("_sdc_deleted_at", schema, ("active", "modifiedOn"), _inactive_since)


def _has_types(custom_fields: Mapping[str, Any]) -> bool:
    """Tell whether custom fields have an id: those of accounting have nothing but a name, which may change."""
    return "typeId" in custom_fields.get("items", {}).get("properties", {})


def _tells_inactive(row: Endpoint, properties: Mapping[str, Any]) -> bool:
    """Tell whether a row that becomes inactive comes again, and tells when it changed."""
    comes_again = row.kind == "export" or (row.kind == "list" and bool(row.modified_since and row.inactive))
    return comes_again and row.replication_key == "modifiedOn" and "active" in properties


def _by_type(custom_fields: object) -> str | None:
    if not isinstance(custom_fields, list):
        return None
    entries = [one for one in custom_fields if isinstance(one, dict) and one.get("typeId") is not None]
    return json_text({str(one["typeId"]): one.get("value") for one in entries})


def _inactive_since(active: object, changed: object) -> object:
    return utc(changed) if active is False and isinstance(changed, str) else None
