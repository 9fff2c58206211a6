"""Write the table of personal fields in ``docs/personal-data.md`` anew.

python scripts/personal_data.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tap_servicetitan.catalog.personal_data import personal_data

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = Path(__file__).parent.parent / "docs" / "personal-data.md"
BEGIN, END = "<!-- fields: begin -->", "<!-- fields: end -->"


def table() -> str:
    """Write the fields as a table, a line for each stream."""
    lines = [
        f"| `{stream}` | " + "; ".join(f"{kind}: {_code(fields)}" for kind, fields in kinds.items()) + " |"
        for stream, kinds in personal_data().streams.items()
    ]
    return "\n".join(["| stream | fields |", "|---|---|", *lines])


def _code(fields: Iterable[str]) -> str:
    return ", ".join(f"`{field}`" for field in fields)


def written(page: str) -> str:
    """Put the table between the marks of a page."""
    before, after = page.split(BEGIN, maxsplit=1)[0], page.split(END, maxsplit=1)[1]
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
