"""The command ``tap-servicetitan``: the SDK's command line, with every error as a sentence."""

from __future__ import annotations

import os
import sys

from simplejson import JSONDecodeError
from singer_sdk.exceptions import MappingError

from tap_servicetitan.cli.common import explain
from tap_servicetitan.errors import OutputError, TapError
from tap_servicetitan.sync.run import describe_unexpected
from tap_servicetitan.tap import TapServiceTitan


def main() -> None:
    """Run the tap's command line."""
    try:
        TapServiceTitan.cli()
    except OutputError as error:
        # Python writes what is left in stdout's buffer when it ends, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _give_up(str(error))
    except TapError as error:
        _give_up(*explain(error))
    except MappingError as error:
        _give_up(f"stream_maps: {error}; fix the setting")
    # The SDK reads them with simplejson, whose error is not that of json.
    except (FileNotFoundError, FileExistsError, JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        _give_up(f"a file named on the command line cannot be read as JSON: {error}")
    except Exception as error:  # noqa: BLE001 - a traceback helps nobody who runs a pipeline, and may hold a row
        _give_up(
            f"{describe_unexpected('the tap', error)}, or a file named on the command line is not what it should be"
        )


def _give_up(*faults: str) -> None:
    for fault in faults:
        TapServiceTitan.logger.error("%s", fault)
    sys.exit(1)
