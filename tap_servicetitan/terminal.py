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
    head: Sequence[str], rows: Iterable[Sequence[str]], *, file: IO[str], numbers: Iterable[str] = ()
) -> None:
    """Print a table, as wide as it needs to be where nobody looks at it on a terminal.

    Args:
        head: The names of the columns.
        rows: The cells.
        file: Where to.
        numbers: The columns whose cells stand at the right.
    """
    file.writelines(f"{line}\n" for line in table_lines(head, rows, file=file, numbers=numbers))


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
