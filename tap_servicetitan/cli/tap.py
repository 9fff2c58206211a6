"""The command ``tap-servicetitan``: the options of every Singer tap, and every error as a sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from singer_sdk.exceptions import MappingError

from tap_servicetitan.cli.common import explain, tap_of_files
from tap_servicetitan.errors import OutputError, TapError
from tap_servicetitan.stopping import Stopped
from tap_servicetitan.sync.run import describe_unexpected
from tap_servicetitan.tap import TapServiceTitan


def _print_version(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's
    if value:
        TapServiceTitan.print_version(click.echo)
        context.exit()


@click.command(name=TapServiceTitan.name)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@click.option("--about", is_flag=True, help="Describe the tap and its settings.")
@click.option("--format", "form", type=click.Choice(["json", "markdown"]), help="The format of --about.")
@click.option("--config", multiple=True, help="Settings: a JSON file, or ENV for the environment.")
@click.option("--discover", is_flag=True, help="Write the catalog.")
@click.option(
    "--test",
    is_flag=False,
    flag_value="all",
    type=click.Choice(["all", "schema"]),
    help="Read one record of each stream; with =schema, none.",
)
@click.option("--catalog", help="Read the streams that this catalog selects, a JSON file.")
@click.option("--state", help="Resume from this state, a JSON file.")
def command(*, about: bool, form: str | None, discover: bool, test: str | None, **files: Any) -> None:  # noqa: ANN401 - click's
    """Read a ServiceTitan tenant and write Singer messages to stdout."""
    if about:
        TapServiceTitan.print_about(form)
    elif discover:
        tap_of_files(files["config"], validate_config=False, setup_mapper=False).run_discovery()
    elif test == "schema":
        tap_of_files(files["config"]).write_schemas()
    elif test:
        tap_of_files(files["config"]).run_connection_test()
    else:
        TapServiceTitan.print_version(TapServiceTitan.logger.info)
        tap_of_files(**files).sync_all()


def main() -> None:
    """Run the tap's command line."""
    if sys.stderr is None:
        # Closed at the start. Something else would get its number, and then what Python writes there.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    try:
        TapServiceTitan.set_up_logging()
        if sys.stdout is None:
            _give_up("output: stdout is closed; let a target or a file take it")
        command.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Stopped as stop:
        # A thread may still wait for the target or the API, and Python would wait for the thread.
        os._exit(int(stop.code or 0))
    except OutputError as error:
        # Python writes what is left in stdout's buffer when it ends, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _give_up(str(error))
    except TapError as error:
        _give_up(*explain(error))
    except MappingError as error:
        _give_up(f"stream_maps: {error}; fix the setting")
    except Exception as error:  # noqa: BLE001 - a traceback helps nobody who runs a pipeline, and may hold a row
        _give_up(
            f"{describe_unexpected('the tap', error)}, or a file named on the command line is not what it should be"
        )


def _give_up(*faults: str) -> None:
    for fault in faults:
        TapServiceTitan.logger.error("%s", fault)
    sys.exit(1)
