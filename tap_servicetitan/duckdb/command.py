"""The command ``target-servicetitan-duckdb``: load what a Singer tap writes into a DuckDB file."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.settings import DESCRIPTIONS, about, from_environment, parse_settings
from tap_servicetitan.errors import FileError
from tap_servicetitan.files import read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = logging.getLogger("target-servicetitan-duckdb")

ENVIRONMENT = "ENV"
"""In place of a file: settings from the environment."""


def _setting(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(f"--{name.replace('_', '-')}", name, help=DESCRIPTIONS[name])


@click.command()
@click.option("--config", multiple=True, help="Settings: a JSON file, or ENV for the environment.")
@_setting("path")
@_setting("schema")
@_setting("removed_rows")
@_setting("memory_limit")
@click.option("--print-state", is_flag=True, help="Print the state in the file, for the tap's --state, and exit.")
@click.option("--about", "is_about", is_flag=True, help="Describe the target and its settings as JSON, and exit.")
@click.option("--format", "_form", type=click.Choice(["json"]), default="json", help="The format of --about.")
@click.version_option(importlib.metadata.version("tap-servicetitan"), prog_name="target-servicetitan-duckdb")
def command(config: tuple[str, ...], *, print_state: bool, is_about: bool, _form: str, **options: str | None) -> None:
    """Load the Singer messages on stdin into a DuckDB file.

    Rows and the STATE that covers them are committed in one transaction; the state is then written to stdout.
    Settings on the command line take precedence over those of --config; the environment comes last.
    """
    if is_about:
        click.echo(json.dumps(about(), indent=2))
        return
    found = from_environment() if not config or ENVIRONMENT in config else {}
    for file in config:
        found |= {} if file == ENVIRONMENT else _read_config(file)
    found |= {name: value for name, value in options.items() if value is not None}
    try:
        from tap_servicetitan.duckdb.file import open_file, saved_state
        from tap_servicetitan.duckdb.loader import Loader
    except ModuleNotFoundError:
        msg = "DuckDB is not installed; install tap-servicetitan[duckdb]"
        raise LoadError(msg) from None

    settings = parse_settings(found)
    if print_state:
        click.echo(saved_state(settings) or "{}")
        return
    # Ctrl-C reaches the tap as well, which then writes its last STATE; this ends when the tap does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open_file(settings) as db:
        loader = Loader(db, settings, _emit_state)
        loader.run(sys.stdin.buffer)
    for stream, counts in sorted(loader.counts.items()):
        log.info("%s: %s", stream, counts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and give its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        command.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except LoadError as error:
        click.echo(str(error), err=True)
        return 1
    return 0


def _emit_state(state: str) -> None:
    try:
        sys.stdout.write(state + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Else Python complains once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        msg = "nobody reads the states on stdout any more; everything up to the last state is committed"
        raise LoadError(msg) from None


def _read_config(file: str) -> dict[str, Any]:
    try:
        return read_object(file, "config")
    except FileError as error:
        raise LoadError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
