"""The command line: what goes wrong is one sentence and an exit code, not a traceback."""

from __future__ import annotations

import gc
import os
import sys

# Nothing that is made at the start is garbage, and looking for it takes a fifth of that time; see `Run.all`.
gc.disable()

from simplejson import JSONDecodeError  # noqa: E402
from singer_sdk.exceptions import MappingError  # noqa: E402

from tap_servicetitan.api.client import ApiError  # noqa: E402
from tap_servicetitan.catalog.validation import CatalogError  # noqa: E402
from tap_servicetitan.settings import SettingsError  # noqa: E402
from tap_servicetitan.state.bookmarks import StateError  # noqa: E402
from tap_servicetitan.sync.run import RunError, place  # noqa: E402
from tap_servicetitan.sync.stream import StreamError  # noqa: E402
from tap_servicetitan.sync.writer import OutputError  # noqa: E402
from tap_servicetitan.tap import TapServiceTitan  # noqa: E402


def main() -> None:
    """Run the tap's command line."""
    try:
        TapServiceTitan.cli()
    except SettingsError as error:
        _give_up(*error.errors)
    except MappingError as error:
        _give_up(f"stream_maps: {error}; mend the setting")
    # The SDK reads them with simplejson, whose error is not that of json.
    except (FileNotFoundError, FileExistsError, JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        _give_up(f"a file named on the command line cannot be read as JSON: {error}")
    except (ApiError, CatalogError, RunError, StateError, StreamError) as error:
        _give_up(str(error))
    except OutputError as error:
        # Python writes what is left in stdout's buffer when it ends, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _give_up(str(error))
    except Exception as error:  # noqa: BLE001 - a traceback helps nobody who runs a pipeline, and may hold a row
        _give_up(f"{place('the tap', error)}, or a file named on the command line is not what it should be")


def _give_up(*why: str) -> None:
    for one in why:
        TapServiceTitan.logger.error("%s", one)
    sys.exit(1)


if __name__ == "__main__":
    main()
