"""Singer messages: one line, one message."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tap_servicetitan.duckdb.errors import LoadError

NOTHING = msgspec.Raw()

_SHOWN = 60
"""Bytes of a line that an error shows."""

# The first half without the second, or the second without the first; a pair of backslashes is a text's own backslash.
_HALF_SURROGATE = re.compile(
    rb"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\)((?:\\\\)*)\\(u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Message(msgspec.Struct):
    """A message; records, schemas and states are kept as the bytes that came."""

    type: str
    stream: str = ""
    record: msgspec.Raw = NOTHING
    schema: msgspec.Raw = NOTHING
    key_properties: list[str] | None = None
    value: msgspec.Raw = NOTHING
    version: int | None = None


_decoder = msgspec.json.Decoder(Message)
_objects = msgspec.json.Decoder(dict[str, Any])


def parse_message(line: bytes, number: int) -> Message:
    """Parse a line.

    Args:
        line: The line.
        number: Which line of the input it is, for errors.

    Raises:
        LoadError: It is no Singer message.
    """
    if ESCAPED_SURROGATE.search(line):
        line = escape_half_surrogates(line)
    try:
        return _decoder.decode(line)
    except RecursionError:
        msg = f"line {number} of the input cannot be loaded: it is nested too deeply"
    except msgspec.ValidationError as error:
        msg = f"line {number} of the input is no Singer message: {error}"
    except (msgspec.DecodeError, UnicodeDecodeError):
        msg = f"line {number} of the input is not JSON: {line[:_SHOWN].decode(errors='replace')!r}"
    raise LoadError(msg)


def parse_schema(message: Message, number: int) -> dict[str, Any]:
    """Parse the schema of a SCHEMA message.

    Raises:
        LoadError: It is no object with properties.
    """
    try:
        schema = _objects.decode(message.schema)
    except (msgspec.DecodeError, RecursionError):
        schema = {}
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties or not all(isinstance(x, dict) for x in properties.values()):
        msg = f"line {number} of the input: the SCHEMA message of stream {message.stream} has no properties"
        raise LoadError(msg)
    return properties


def escape_half_surrogates(text: bytes) -> bytes:
    r"""Keep half a surrogate pair, which no text in a database can hold, as the six characters ``\\ud83d``."""
    return _HALF_SURROGATE.sub(
        lambda found: found[0] if found[2] is not None else found[3] + rb"\\" + found[4],
        text,
    )
