"""JSON files that a command line names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_object(path: str) -> dict[str, Any]:
    """Read a file that holds a JSON object.

    Raises:
        OSError: There is no such file.
        ValueError: It holds something else; the message says which file.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"{path} cannot be read as JSON: {error}"
        raise ValueError(msg) from None
    if not isinstance(found, dict):
        msg = f"{path} must hold a JSON object, not {type(found).__name__}"
        raise ValueError(msg)  # noqa: TRY004 - to callers a file that holds something else is one kind of trouble
    return found
