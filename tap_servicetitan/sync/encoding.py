"""Messages as lines of JSON, numbers with their digits."""

from __future__ import annotations

from typing import Any

import msgspec
from singer_sdk.contrib.msgspec import enc_hook

_encode = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number").encode


def message_line(message: dict[str, Any]) -> bytes:
    """Write a message as a line."""
    return _encode(message) + b"\n"
