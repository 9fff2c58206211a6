"""What no log may have, whichever logger writes it and at whatever level: credentials, tokens, bookmarks."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 6
"""Characters of a value that is worth hiding: real ones have dozens, and a shorter one would spoil words."""

_QUERY = re.compile(r"\?[^\s\"']+")
"""The query of an address; urllib3 logs that of each request at DEBUG, and with it the bookmark."""

_hidden: set[str] = set()


def hide(values: Iterable[str]) -> None:
    """Replace some values in whatever is logged from now on."""
    for value in values:
        if len(value) >= SHORTEST:
            _hidden.update((value, quote(value, safe=""), quote_plus(value)))
    if not isinstance(logging.getLogRecordFactory(), _Factory):
        logging.setLogRecordFactory(_Factory())


def without_secrets(text: str) -> str:
    """Replace the hidden values in a text."""
    for value in sorted(_hidden, key=len, reverse=True):
        text = text.replace(value, "…")
    return text


class _Factory:
    """Makes log records. A filter of a logger or handler would miss those that a log configuration adds later."""

    def __init__(self) -> None:
        self._make = logging.getLogRecordFactory()

    def __call__(self, *args: object, **options: object) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **options)
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            # A faulty call: logging itself says where.
            return record
        clean = without_secrets(text)
        if record.name.partition(".")[0] == "urllib3":
            clean = _QUERY.sub("?…", clean)
        if clean != text:
            record.msg, record.args = clean, ()
        if record.exc_info and record.exc_info[0]:
            record.exc_text = without_secrets(logging.Formatter().formatException(record.exc_info))
        return record
