"""The values of settings, brought into their types: the environment and Meltano's `config set` give texts."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = re.compile(r"-?\d+(\.\d*)?", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def cleaned(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what is null or empty, and white space at the ends, which comes with copying; bring texts into their types.

    What is of no type that the schema allows stays as it is, to be refused.

    Args:
        config: The settings as they came.
        schema: Their JSON Schema.
    """
    properties = schema["properties"]
    found = {name: _typed(value, properties.get(name, {})) for name, value in config.items()}
    return {name: value for name, value in found.items() if value is not None and value != ""}


def json_fault(text: str) -> str | None:
    """Say why a text that looks like a list or an object is none; None if it does not look like one."""
    if not text.startswith(("[", "{")):
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    except (RecursionError, ValueError):
        return "it is nested too deep, or has a number with too many digits"
    return None


def _typed(value: object, schema: Mapping[str, Any]) -> object:
    types = schema.get("type", [])
    types = {types} if isinstance(types, str) else {*types}
    if isinstance(value, str):
        return _of_text(value.strip(), types, schema)
    if isinstance(value, list):
        return [_typed(one, schema.get("items", {})) for one in value]
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {name: _typed(one, properties.get(name, {})) for name, one in value.items()}
    if isinstance(value, Decimal | float) and types & {"integer", "number"}:
        return _number(value)
    return value


def _of_text(text: str, types: set[str], schema: Mapping[str, Any]) -> object:
    if "string" in types or not types:
        return text
    if "boolean" in types:
        return _BOOLEANS.get(text.lower(), text)
    if types & {"integer", "number"}:
        return _number(Decimal(text)) if _NUMBER.fullmatch(text) else text
    if text.startswith(("[", "{")) and json_fault(text) is None:
        return _typed(json.loads(text, parse_float=Decimal), schema)
    return text


def _number(value: Decimal | float) -> object:
    # Neither sockets nor clocks take a Decimal. JSON Schema takes 8.0 for an integer, and Python cannot count with it.
    number = float(value)
    return int(number) if number.is_integer() else number
