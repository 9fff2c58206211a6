"""What all commands share: how the tap is made of files, and what becomes of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tap_servicetitan.errors import ConfigError, TapError
from tap_servicetitan.files import read_object, read_state
from tap_servicetitan.settings.sources import Sources
from tap_servicetitan.tap import TapServiceTitan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENVIRONMENT = "ENV"
"""In place of a file: settings from the environment."""


def tap_of_files(
    config: Iterable[str],
    *,
    catalog: str | None = None,
    state: str | None = None,
    without: Iterable[str] = (),
    **options: Any,  # noqa: ANN401 - the SDK's
) -> TapServiceTitan:
    """Make the tap from the files that a command line names.

    Args:
        config: Files of settings, of which ENV is the environment; a later one comes before an earlier one.
        catalog: The file of the catalog.
        state: The file of the state.
        without: Settings to leave out.
        options: More arguments for the tap.

    Raises:
        TapError: The settings are wrong, or a file cannot be read.
    """
    given = Sources()
    files = list(config)
    for file in files:
        if file != ENVIRONMENT:
            given.add_file(read_object(file, "config"), file)
    if ENVIRONMENT in files:
        given.add_environment()
    return TapServiceTitan(
        config={name: value for name, value in given.config.items() if name not in without},
        origin=given.origin,
        catalog=None if catalog is None else read_object(catalog, "catalog"),
        state=None if state is None else read_state(state, TapServiceTitan.logger.warning),
        **options,
    )


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
    except click.Abort:
        # As click takes a Ctrl-C.
        return 130
    except TapError as error:
        click.echo("\n".join(explain(error)), err=True)
        return 1


CONFIG = click.option(
    "--config", multiple=True, required=True, help="The tap's settings: a JSON file, or ENV for the environment."
)
FORMAT = click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
