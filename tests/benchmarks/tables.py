"""Tables as text that Markdown takes too."""

from __future__ import annotations


class Table:
    """A table with a title."""

    def __init__(self, title: str, columns: tuple[str, ...]) -> None:
        """Begin without rows."""
        self.title = title
        self.rows: list[tuple[str, ...]] = [columns]

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)

    def __str__(self) -> str:
        """Write it."""
        head, *rows = self.rows
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        rule = ["-" * (width - 1) + ":" if number else "-" * width for number, width in enumerate(widths)]
        lines = [_line(head, widths), "|" + "|".join(f" {one} " for one in rule) + "|"]
        return "\n".join([f"### {self.title}", "", *lines, *(_line(row, widths) for row in rows)])


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
