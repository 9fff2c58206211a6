"""The shape that a schema declares: the types that check the bytes of its rows."""

from __future__ import annotations

import functools
import operator
from datetime import date
from typing import TYPE_CHECKING, Annotated

import msgspec

from tap_servicetitan.records.shapes import MOMENT, AnyText, Array, Object, Value, unsupported

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_servicetitan.json_type import Json
    from tap_servicetitan.records.shapes import Schema, Selects, Type

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_SCALARS: dict[str, Type] = {"boolean": bool, "integer": _Int64, "number": float, "string": str}
_DATES: dict[str, Type] = {"date": date, "date-time": MOMENT}


def object_of(
    schema: Schema,
    path: str,
    is_selected: Selects,
    breadcrumb: tuple[str, ...] = (),
    required: Collection[str] = (),
) -> Object:
    """Make the shape of an object.

    Args:
        schema: Its JSON Schema.
        path: Named in messages.
        is_selected: Whether the field at a breadcrumb is wanted.
        breadcrumb: Where the object is.
        required: Fields that must be there, not null.

    Raises:
        NonConformingPageError: The schema is one for the SDK's path alone.
    """
    if schema.get("additionalProperties"):
        raise unsupported(path, "takes fields beside those that are declared")
    crumbs = {name: (*breadcrumb, "properties", name) for name in schema["properties"]}
    selected = [name for name, crumb in crumbs.items() if is_selected(crumb)]
    fields = {
        name: _value(schema["properties"][name], f"{path}.{name}", is_selected, crumbs[name]) for name in selected
    }
    return Object(fields, crumbs.keys() - fields.keys(), required)


def _value(schema: Schema, path: str, is_selected: Selects, breadcrumb: tuple[str, ...]) -> Value:
    types = [one for one in _as_list(schema.get("type", ())) if one != "null"]
    if "contentMediaType" in schema and types == ["string"]:
        return AnyText()
    if types == ["object"]:
        if schema.get("properties") or ("properties" in schema and not schema.get("additionalProperties")):
            return object_of(schema, path, is_selected, breadcrumb)
        return Value(dict[str, object])
    if types == ["array"]:
        return _array(schema.get("items", {}), path)
    if not types or not _SCALARS.keys() >= set(types):
        raise unsupported(path, f"is declared as {schema.get('type')!r}")
    dates = {"string": _DATES.get(schema.get("format", ""), str)}
    return Value(functools.reduce(operator.or_, ((_SCALARS | dates)[one] for one in types)))


def _array(items: Schema, path: str) -> Value:
    """The SDK takes fields out of objects in an array, but only undeclared ones, and not out of arrays in an array."""
    if not items or "array" in _as_list(items.get("type", ())):
        return Value(list[object])
    return Array(_value(items, f"{path}[]", lambda _: True, ()))


def _as_list(types: Json) -> list[str]:
    return [types] if isinstance(types, str) else list(types)
