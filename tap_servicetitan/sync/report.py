"""The report of a run, a JSON file for programs; docs/monitoring.md describes its fields."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_servicetitan.session import Session
    from tap_servicetitan.sync.summary import StreamSummary

VERSION = 1
"""Of the file's form; a field that is added does not change it."""

MOST_FIELDS = 100
"""How many undeclared fields are named: there may be thousands."""


class RunReport:
    """Takes note of how a run goes, and writes the report at its end, however it ends."""

    def __init__(self, session: Session) -> None:
        """Begin when the run begins."""
        self._session = session
        self._began = time.monotonic()
        self.result: Literal["succeeded", "failed", "stopped"] = "failed"
        self.error: str | None = None
        """What ended the run, if it was not a single stream."""

    def write(self, streams: Sequence[StreamSummary]) -> None:
        """Write the report, if the settings ask for one.

        Args:
            streams: Those that were begun.
        """
        path = self._session.settings.run_report_path
        if path is None:
            return
        try:
            _replace(Path(path), json.dumps(self._report(streams), indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            self._session.logger.warning("run_report_path: %s cannot be written: %s", path, error.strerror)

    def _report(self, streams: Sequence[StreamSummary]) -> dict[str, Any]:
        seconds = time.monotonic() - self._began
        # The API's clock is known by now. At the beginning it was not.
        ended = self._session.now()
        return {
            "version": VERSION,
            "tenant_id": self._session.tenant_id,
            "began_at": _text(ended - timedelta(seconds=seconds)),
            "ended_at": _text(ended),
            "seconds": round(seconds, 3),
            "result": self.result,
            "error": self.error,
            "rows": sum(one.rows for one in streams),
            "requests": sum(one.requests for one in streams),
            "streams": [_stream(one, ended) for one in streams],
        }


def _replace(target: Path, text: str) -> None:
    """Write a file, so that a reader sees the one of before or the whole of this one."""
    file = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        file.write_text(text, encoding="utf-8")
        file.replace(target)
    finally:
        file.unlink(missing_ok=True)


def _stream(one: StreamSummary, ended: datetime) -> dict[str, Any]:
    newest = parse(one.newest) if one.newest else None
    return {
        "stream": one.stream,
        "result": one.result,
        "reason": one.reason,
        "rows": one.rows,
        "repeats_left_out": one.repeats,
        "keyless_left_out": one.left_out,
        "undeclared_fields": list(one.undeclared[:MOST_FIELDS]),
        "requests": one.requests,
        "failed_requests": one.failed_requests,
        "bytes": one.size,
        "request_seconds": round(one.request_seconds, 3),
        "waited_seconds": round(one.waited_seconds, 3),
        "seconds": round(one.seconds, 3),
        "newest_change": one.newest,
        "lag_seconds": round((ended - newest).total_seconds(), 3) if newest else None,
    }


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
