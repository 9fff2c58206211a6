"""What people see: tables, and a text that moves."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import IO, TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

WIDTH = 1_000
"""Columns where there is no terminal that would break lines."""


def print_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    file: IO[str],
    numbers: Iterable[str] = (),
    optional: Sequence[str] = (),
) -> None:
    """Print a table, as wide as it needs to be where nobody looks at it on a terminal.

    Args:
        head: The names of the columns.
        rows: The cells.
        file: Where to.
        numbers: The columns whose cells stand at the right.
        optional: The columns to leave out, one after the other, where the terminal is too narrow for all.
    """
    cells = [list(row) for row in rows]
    head, cells = _fitting(list(head), cells, console(file).width, optional)
    file.writelines(f"{line}\n" for line in table_lines(head, cells, file=file, numbers=numbers))


def _fitting(
    head: list[str], rows: list[list[str]], width: int, optional: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    for name in optional:
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        # Between two columns there is a space to either side, and one in the middle.
        if sum(widths) + 3 * (len(head) - 1) <= width:
            break
        kept = [number for number, one in enumerate(head) if one != name]
        head, rows = [head[number] for number in kept], [[row[number] for number in kept] for row in rows]
    return head, rows


def table_lines(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, file: IO[str], numbers: Iterable[str] = ()
) -> list[str]:
    """Give the lines of a table, for a file; see `print_table`."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in head:
        table.add_column(Text(name), justify="right" if name in numbers else "left")
    for row in rows:
        # As text: a cell may have brackets, which rich takes for markup.
        table.add_row(*map(Text, row))
    drawn = console(file)
    with drawn.capture() as captured:
        drawn.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]


def console(file: IO[str]) -> Console:
    """Give a console for a file, which breaks lines only on a terminal."""
    return Console(file=file, highlight=False, width=None if file.isatty() else WIDTH)


@contextlib.contextmanager
def live(text: Callable[[], str]) -> Iterator[Callable[[], None]]:
    """Keep a text at the bottom of the terminal on stderr, below the log, and take it away at the end."""
    live = Live(
        console=Console(stderr=True, highlight=False),
        get_renderable=lambda: Text(text(), style="dim", overflow="ellipsis"),
        refresh_per_second=4,
        transient=True,
        redirect_stdout=False,
    )
    before = sys.stderr
    with live:
        # They hold the stream itself; what they write has to go through what draws.
        handlers = [one for one in _stream_handlers() if one.stream is before]
        for handler in handlers:
            handler.setStream(sys.stderr)
        try:
            yield lambda: None
        finally:
            for handler in handlers:
                handler.setStream(before)


def _stream_handlers() -> list[logging.StreamHandler[IO[str]]]:
    loggers = [logging.getLogger(), logging.getLogger("tap-servicetitan")]
    return [one for logger in loggers for one in logger.handlers if isinstance(one, logging.StreamHandler)]
