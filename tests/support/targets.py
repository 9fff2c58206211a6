"""Where the targets and Meltano are that tests run; each has an environment of its own, made by ``make test-setup``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / ".venv-targets"


def target_csv() -> Path:
    """Find the executable of meltanolabs-target-csv, which writes a file for each stream, anew in each run."""
    return _executable("target-csv")


def target_jsonl() -> Path:
    """Find the executable of target-jsonl, which appends records to a file for each stream."""
    return _executable("target-jsonl")


def target_postgres() -> Path:
    """Find the executable of meltanolabs-target-postgres."""
    return _executable("target-postgres")


def meltano() -> Path:
    """Find the executable of Meltano, which the demo has installed."""
    return _existing(ROOT / ".venv-demo" / "bin" / "meltano")


def _executable(name: str) -> Path:
    return _existing(FOLDER / name / "bin" / name)


def _existing(found: Path) -> Path:
    if not found.exists():
        msg = f"{found.name} is not at {found}; run `make test-setup`"
        raise FileNotFoundError(msg)
    return found
