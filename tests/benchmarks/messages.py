"""Singer messages for targets to load: ``python -m tests.benchmarks.messages PAGE PAGES`` repeats a page of the tap's.

Each time the ids are others, so that all rows are new.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.pages import numbered
from tests.benchmarks.process import measure

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = 5_000
"""Rows of a page."""


def write_page(command: Sequence[str], file: Path) -> None:
    """Run a tap that writes a page, and keep what it wrote."""
    measure(command, file)


def main(page: str, pages: str) -> None:
    """Write the page again and again: its first line is the schema, and its last one the state."""
    schema, *rest = Path(page).read_bytes().splitlines(keepends=True)
    body = b"".join(rest)
    sys.stdout.buffer.write(schema)
    for number in range(int(pages)):
        sys.stdout.buffer.write(numbered(body, number))


if __name__ == "__main__":
    main(*sys.argv[1:])
