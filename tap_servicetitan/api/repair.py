"""A body that is nearly JSON, made so that it can be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import simplejson

from tap_servicetitan.errors import UnreadableBodyError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 200
"""How deep values may be nested; deeper ones become null where a body cannot be read as it is."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]|-?(?:NaN|Infinity)|-?\d+(?:\.\d+)?[eE][+-]?\d{18,}', re.DOTALL)
"""Strings, brackets, and what is no number that JSON or a Decimal can hold."""


def repaired(body: bytes, lost: Callable[[], None] | None = None) -> bytes:
    r"""Rewrite JSON that is valid by the letter but not by Unicode (a lone ``\ud83d``: an emoji cut in half).

    What JSON cannot hold, or no target could, becomes null: NaN, numbers beyond all bounds, what is nested too deep.

    Args:
        body: What came.
        lost: Is called if values became null.

    Raises:
        UnreadableBodyError: It is not even nearly JSON.
    """
    bounded = _bounded(body)
    try:
        value = simplejson.loads(bounded, use_decimal=True)
    except (ValueError, RecursionError):
        msg = "not JSON" if body.strip() else "empty"
        raise UnreadableBodyError(msg) from None
    text: str = simplejson.dumps(value, use_decimal=True, ensure_ascii=False, ignore_nan=True)
    if lost and bounded is not body:
        lost()
    return text.encode("utf-8", "replace")


def _bounded(body: bytes) -> bytes:
    """Put null in the place of values that are no JSON, too large or nested too deep."""
    parts, depth, copied, cut = list[bytes](), 0, 0, 0
    for found in _TOKEN.finditer(body):
        token = found[0]
        if token in (b"[", b"{"):
            depth += 1
            cut = found.start() if depth == MAX_DEPTH + 1 else cut
        elif token in (b"]", b"}"):
            depth -= 1
            if depth == MAX_DEPTH:
                parts += [body[copied:cut], b"null"]
                copied = found.end()
        elif not token.startswith(b'"') and depth <= MAX_DEPTH:
            parts += [body[copied : found.start()], b"null"]
            copied = found.end()
    return b"".join((*parts, body[copied:])) if parts else body
