"""Where the targets are that tests run; each has an environment of its own, made by ``make test-setup``."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".venv-targets"


def target_jsonl() -> Path:
    """Find the executable of target-jsonl, which appends records to a file for each stream."""
    return _executable("target-jsonl")


def target_postgres() -> Path:
    """Find the executable of meltanolabs-target-postgres."""
    return _executable("target-postgres")


def _executable(name: str) -> Path:
    found = FOLDER / name / "bin" / name
    if not found.exists():
        msg = f"{name} is not at {found}; run `make test-setup`"
        raise FileNotFoundError(msg)
    return found
