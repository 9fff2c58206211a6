"""What all commands share: how the tap is made of files, and what becomes of an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_servicetitan.errors import ConfigError, FileError, TapError
from tap_servicetitan.tap import TapServiceTitan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def read_object(path: str) -> dict[str, Any]:
    """Read a file that holds a JSON object.

    Raises:
        FileError: There is no such file, or it holds something else; the message says which file.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(str(error)) from None
    except ValueError as error:
        msg = f"{path} cannot be read as JSON: {error}"
        raise FileError(msg) from None
    if not isinstance(found, dict):
        msg = f"{path} must hold a JSON object, not {type(found).__name__}"
        raise FileError(msg)
    return found


def tap_of_files(sources: Iterable[str], without: Iterable[str] = (), **options: Any) -> TapServiceTitan:  # noqa: ANN401 - the SDK's
    """Make the tap from the files that a command line names, of which ENV is the environment.

    Args:
        sources: The files.
        without: Settings to leave out.
        options: More arguments for the tap.

    Raises:
        TapError: The settings are wrong, or a file cannot be read.
    """
    sources = list(sources)
    config: dict[str, Any] = {}
    for source in sources:
        config |= {} if source == "ENV" else read_object(source)
    kept = {name: value for name, value in config.items() if name not in without}
    return TapServiceTitan(config=kept, parse_env_config="ENV" in sources, **options)


def explain(error: TapError) -> list[str]:
    """Say what is wrong, a line for each fault."""
    return list(error.errors) if isinstance(error, ConfigError) else [str(error)]


def run_command(command: click.Command, arguments: Sequence[str] | None) -> int:
    """Run a command, and give its exit code.

    Args:
        command: Returns its exit code; None for 0.
        arguments: Those of the command line unless given.
    """
    try:
        return int(command.main(arguments, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except TapError as error:
        click.echo("\n".join(explain(error)), err=True)
        return 1


CONFIG = click.option(
    "--config", multiple=True, required=True, help="The tap's settings: a JSON file, or ENV for the environment."
)
FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
