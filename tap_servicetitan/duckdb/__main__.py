"""Run the target with ``python -m tap_servicetitan.duckdb``."""

import sys

from tap_servicetitan.duckdb.command import main

if __name__ == "__main__":
    sys.exit(main())
