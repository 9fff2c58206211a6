"""The tap's command line: what goes wrong is one sentence and an exit code, not a traceback."""

from __future__ import annotations

import gc

from tap_servicetitan.stopping import end_at_signals


def main() -> None:
    """Run the tap's command line."""
    end_at_signals()
    # Nothing that is made at the start is garbage, and looking for it takes a fifth of that time; see `Run.all`.
    gc.disable()
    from tap_servicetitan.cli.tap import main as run  # noqa: PLC0415 - its imports are most of what is made

    run()


if __name__ == "__main__":
    main()
