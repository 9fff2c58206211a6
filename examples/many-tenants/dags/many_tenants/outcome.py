"""What became of a run of Meltano, as its log tells it."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)


@dataclasses.dataclass(slots=True)
class Outcome:
    """The rows that a run read, and what it complained of."""

    rows: Counter[str] = dataclasses.field(default_factory=Counter)
    """Rows read, for each stream that had any."""
    cpu_seconds: float = 0.0
    """What Meltano, the tap and the target took of a processor."""
    complaints: deque[str] = dataclasses.field(default_factory=lambda: deque(maxlen=5))
    untold: deque[str] = dataclasses.field(default_factory=lambda: deque(maxlen=40))
    """The last lines that were not repeated in the task's log."""

    def note(self, line: Mapping[str, Any]) -> None:
        """Take in one line, and repeat it in the task's log if it says more than that all goes well."""
        # Meltano cannot read the structured lines of targets, only of the tap: rows are counted where they are read.
        metric = line.get("metric_info", {})
        if metric.get("metric") == "record_count" and metric["value"]:
            self.rows[metric["tags"]["stream"]] += metric["value"]
        level = logging.getLevelNamesMapping().get(str(line.get("level")).upper(), logging.INFO)
        told = str(line.get("err") or line.get("event"))
        if level >= logging.ERROR:
            self.complaints.append(told)
        # A line for each stream, and more for each table, would be most of what the engine has to store.
        if level >= logging.WARNING or "string_id" not in line or "streams read" in told:
            _log.log(level, "%s: %s", line.get("string_id", "meltano"), told)
        elif not metric:
            self.untold.append(f"{line['string_id']}: {told}")

    def failure(self, code: int) -> str:
        """Say why a run failed: the tap's table of failures says more than what comes before and after it."""
        # What a target says as it breaks is no error to Meltano, which cannot read it.
        for told in self.untold:
            _log.info("%s", told)
        tables = [text for text in self.complaints if "streams failed" in text]
        return (tables or [*self.complaints] or [f"meltano ended with {code}"])[0]


def parsed(text: str) -> dict[str, Any]:
    """Read a line of the log, which is a JSON object, unless it was written past Meltano."""
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    return line if isinstance(line, dict) else {"event": text.rstrip(), "level": "info"}
