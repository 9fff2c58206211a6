"""What no log may have, whichever logger writes it and at whatever level: credentials, tokens, bookmarks."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_QUERY = re.compile(r"\?[^\s\"']+")
"""The query of an address; urllib3 logs that of each request at DEBUG, and with it the bookmark."""

_HTTP = ("urllib3", "requests", "http")


class Redaction(logging.Filter):
    """Takes secrets out of the records that a handler gets."""

    def __init__(self, secrets: Callable[[], Collection[str]]) -> None:
        """Take a function, for there will be other access tokens."""
        super().__init__()
        self._secrets = secrets

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        text = clean = record.getMessage()
        for secret in self._secrets():
            clean = clean.replace(secret, "…")
        if record.name.split(".")[0] in _HTTP:
            clean = _QUERY.sub("?…", clean)
        if clean != text:
            record.msg, record.args = clean, None
        return True


def redact(secrets: Callable[[], Collection[str]]) -> None:
    """Keep secrets out of all handlers that there are by now."""
    for handler in _handlers():
        handler.filters = [one for one in handler.filters if not isinstance(one, Redaction)]
        handler.addFilter(Redaction(secrets))


def _handlers() -> Iterator[logging.Handler]:
    named = (one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger))
    for logger in (logging.root, *named):
        yield from logger.handlers
