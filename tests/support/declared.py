"""Values as the schema of a stream declares them, made from what the sandbox sends without the tap's code."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import simplejson

DATE = len("2026-11-01")


def as_declared(value: Any, schema: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Write texts of digits as numbers, times as their days and JSON as text, where that is declared."""
    types = schema.get("type", ())
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        value = {name: as_declared(one, known.get(name, {})) for name, one in value.items()}
    elif isinstance(value, list) and "items" in schema:
        value = [as_declared(one, schema["items"]) for one in value]
    elif isinstance(value, str) and "number" in types:
        value = Decimal(value)
    elif isinstance(value, str) and schema.get("format") == "date":
        value = value[:DATE]
    elif value is not None and "string" in types and "contentMediaType" in schema and not isinstance(value, str):
        value = simplejson.dumps(value, separators=(",", ":"), ensure_ascii=False, use_decimal=True)
    return value
