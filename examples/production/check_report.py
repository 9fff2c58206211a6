"""Print what is wrong with the last run, from its run report, and exit with 1 if something is.

    python check_report.py report.json --hours 3

Needs only Python, so that it can run wherever the file is.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any


def main() -> int:
    """Check the report that the command line names."""
    parser = argparse.ArgumentParser(description="Check the report of the last run.")
    parser.add_argument("report", type=Path, help="the file that the setting run_report_path names")
    parser.add_argument("--hours", type=float, default=3.0, help="a run that ended before is too old (default: 3)")
    parser.add_argument("--quiet", action="store_true", help="print nothing if all is well")
    options = parser.parse_args()
    problems = find_problems(options.report, options.hours, dt.datetime.now(dt.UTC))
    if problems or not options.quiet:
        print("\n".join(problems) or "The last run loaded all streams.")  # noqa: T201 - for mail or a chat
    return 1 if problems else 0


def find_problems(file: Path, hours: float, now: dt.datetime) -> list[str]:
    """Say what is wrong: no report, an old one, a run that failed, streams that were not read."""
    try:
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [f"{file} does not exist: no run has ended yet, or run_report_path is not set."]
    problems = []
    age = (now - dt.datetime.fromisoformat(report["ended_at"])).total_seconds() / 3600
    if age > hours:
        problems.append(f"The last run ended {age:.1f} hours ago.")
    if report["result"] != "succeeded":
        problems.append(f"The last run {report['result']}: {report['error'] or 'see the streams below'}")
    missed = [one for one in report["streams"] if one["result"] in {"failed", "skipped"}]
    return problems + [f"{one['stream']} {one['result']}: {one['reason']}" for one in missed]


if __name__ == "__main__":
    sys.exit(main())
