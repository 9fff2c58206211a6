"""The JSON files that a command line names, in any encoding of Unicode: PowerShell's `>` writes UTF-16."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tap_servicetitan.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable

Role = Literal["config", "catalog", "state"]

_NEXT: dict[Role, str] = {
    "config": "write the settings as a JSON object, as docs/settings.md shows",
    "catalog": "write it anew with --discover",
    "state": "give the last line that the target wrote, or leave --state out to read everything",
}
"""What to do about a file that cannot be used."""


def read_object(path: str, role: Role) -> dict[str, Any]:
    """Read a file that holds a JSON object; numbers keep their digits.

    Args:
        path: Where it is; `-` is stdin.
        role: What it is for.

    Raises:
        FileError: There is no such file, or it holds something else.
    """
    return _parse(_read_text(path, role), f"{role} file {path}", role)


def read_state(path: str, log: Callable[[str], None]) -> dict[str, Any]:
    """Read a state, of which a target may have written one a line; the last line is the newest.

    Args:
        path: Where it is; `-` is stdin.
        log: Takes what is noteworthy about the file.

    Raises:
        FileError: There is no such file, or it holds something else.
    """
    text, name = _read_text(path, "state"), f"state file {path}"
    if not text.strip():
        log(f"{name} is empty, so this is a first run: everything is read")
        return {}
    # Not `splitlines`, because JSON may hold other line separators.
    lines = text.strip().split("\n")
    if len(lines) > 1 and _is_json(lines[0]):
        log(f"{name} has {len(lines)} lines; the state of the last one is used")
        return _parse(lines[-1], f"{name}, line {len(lines)},", "state")
    return _parse(text, name, "state")


def _read_text(path: str, role: Role) -> str:
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        msg = f"{role} file {path} cannot be opened: {error.strerror}; check --{role}"
        raise FileError(msg) from None
    try:
        # By the byte order mark, or else by where the zeros are.
        return raw.decode(json.detect_encoding(raw)).removeprefix("\ufeff")
    except UnicodeDecodeError:
        msg = f"{role} file {path} cannot be read as JSON: it is no text in UTF-8 or UTF-16; {_NEXT[role]}"
        raise FileError(msg) from None


def _parse(text: str, name: str, role: Role) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        why = f"{error.msg} ({where})" if text.strip() else "it is empty"
    except RecursionError:
        why = "it is nested too deep"
    except ValueError:
        why = "it has a number with too many digits"
    else:
        if isinstance(found, dict):
            return found
        why = f"it holds {_KINDS.get(type(found), 'a number')}, not a JSON object"
    msg = f"{name} cannot be read as JSON: {why}; {_NEXT[role]}"
    raise FileError(msg)


_KINDS = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
