"""Whether a catalog is one, before the SDK takes it apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.errors import CatalogError

if TYPE_CHECKING:
    from tap_servicetitan.json_type import Json

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def check_catalog(catalog: object) -> None:
    """Refuse what is no catalog.

    Raises:
        CatalogError: It is not of the form that ``--discover`` writes.
    """
    streams = catalog.get("streams") if isinstance(catalog, dict) else None
    if not isinstance(streams, list):
        raise CatalogError(_message('it is not of the form {"streams": […]}'))
    for number, entry in enumerate(streams):
        if fault := _fault(entry):
            name = entry.get("tap_stream_id") if isinstance(entry, dict) else None
            raise CatalogError(_message(f"{name if isinstance(name, str) else f'streams[{number}]'} {fault}"))


def _fault(entry: object) -> str | None:
    if not isinstance(entry, dict):
        return "is no object"
    if not isinstance(entry.get("tap_stream_id"), str):
        return "has no tap_stream_id"
    schema, metadata = entry.get("schema"), entry.get("metadata", [])
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return "has no schema.properties"
    if ((types := _types(schema)) and "object" not in types) or not _is_schema(schema):
        return "has a schema that is no JSON Schema of an object"
    if not isinstance(metadata, list) or not all(map(_is_metadata, metadata)):
        return "has metadata that is no list of breadcrumbs with their metadata"
    return None


def _is_schema(schema: Json) -> bool:
    """Tell whether a schema has the form that ``--discover`` writes. A validator's own check of all takes seconds."""
    if not isinstance(schema, dict):
        return False
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return (
        all(isinstance(one, str) and one in _TYPES for one in _types(schema))
        and isinstance(schema.get("format", ""), str)
        and isinstance(required, list)
        and all(isinstance(one, str) for one in required)
        and isinstance(properties, dict)
        and all(map(_is_schema, properties.values()))
        and ("items" not in schema or _is_schema(schema["items"]))
    )


def _types(schema: dict[str, Json]) -> list[Json]:
    found = schema.get("type", [])
    return found if isinstance(found, list) else [found]


def _is_metadata(one: Json) -> bool:
    return isinstance(one, dict) and isinstance(one.get("breadcrumb"), list) and isinstance(one.get("metadata"), dict)


def _message(fault: str) -> str:
    return f"the catalog cannot be used: {fault}; write it again with --discover, and select in that"
