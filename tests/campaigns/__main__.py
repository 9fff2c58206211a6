"""Run a campaign and print its figures: ``python -m tests.campaigns faults``; ``--long`` for more."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from tests.campaigns import crashes, faults, loads, moves

CAMPAIGNS = {"faults": faults.report, "crashes": crashes.report, "loads": loads.report, "moves": moves.report}


def main() -> None:
    """Print the tables of a campaign; exit code 1 if a row was lost or came twice."""
    options = argparse.ArgumentParser(prog="python -m tests.campaigns", description="Try to make the tap lose a row.")
    options.add_argument("campaign", choices=[*CAMPAIGNS])
    options.add_argument("--long", action="store_true", help="many more cases: minutes instead of one or two")
    options.add_argument("--log", type=Path, help="a file for the tap's log at DEBUG; without it, the log is dropped")
    said = options.parse_args()
    logging.basicConfig(
        level=logging.DEBUG, handlers=[logging.FileHandler(said.log) if said.log else logging.NullHandler()]
    )
    report = CAMPAIGNS[said.campaign](long=said.long)
    print(report)  # noqa: T201 - the output is what it is for
    sys.exit(0 if report.is_clean else 1)


if __name__ == "__main__":
    main()
