"""The command ``tap-servicetitan-sync``: read the tenant, resume from the state in a DuckDB file, load into it."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_servicetitan import terminal
from tap_servicetitan.cli.common import CONFIG, run_command
from tap_servicetitan.cli.process import discover, running_tap
from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.settings import Settings, from_environment, parse_settings
from tap_servicetitan.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from tap_servicetitan.duckdb.table import Counts

LISTS = ("--select", "--full-refresh")
"""Options that take all names that follow."""


class _Command(click.Command):
    """A command with options that take all names up to the next option or path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat such an option for each of its names, which is what click takes."""
        spread: list[str] = []
        option = ""
        for one in args:
            if one.startswith("-"):
                option = one if one in LISTS else ""
                spread += [] if option else [one]
            elif option and not {".", "/"} & {*one}:
                spread += [option, one]
            else:
                option = ""
                spread.append(one)
        return super().parse_args(ctx, spread)


@click.command(cls=_Command)
@CONFIG
@click.option("--select", multiple=True, metavar="STREAM...", help="Load just these streams.")
@click.option("--full-refresh", multiple=True, metavar="STREAM...", help="Read these streams from their beginning.")
@click.option("--dry-run", is_flag=True, help="Print which streams would be read, and from where; load nothing.")
@click.option(
    "--export",
    nargs=2,
    type=(click.Choice(["parquet"]), click.Path(path_type=Path, file_okay=False)),
    metavar="parquet FOLDER",
    help="Then write each table to a file in this folder.",
)
@click.argument("path", metavar="DUCKDB_FILE")
def command(path: str, *, dry_run: bool, **options: Any) -> int:  # noqa: ANN401 - see `Run`
    """Load the tenant into a DuckDB file, or what changed since the last time.

    Rows and state are committed together: run it again after whatever has happened.
    """
    try:
        run = Run(settings=parse_settings(from_environment() | {"path": path}), **options)
        return run.plan() if dry_run else run.sync()
    except LoadError as error:
        raise FileError(str(error)) from None
    except ModuleNotFoundError as error:
        if error.name != "duckdb":
            raise
        msg = "DuckDB is not installed; install tap-servicetitan[duckdb]"
        raise FileError(msg) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    return run_command(command, arguments)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What the command line asks for."""

    settings: Settings
    config: Sequence[str]
    select: Sequence[str] = ()
    full_refresh: Sequence[str] = ()
    export: tuple[str, Path] | None = None

    def plan(self) -> int:
        """Print which streams would be read."""
        from tap_servicetitan.duckdb.file import saved_state

        catalog, state = self._resume(saved_state(self.settings))
        for one in catalog["streams"]:
            facts = _root(one)
            if facts.get("selected", facts.get("selected-by-default", True)):
                bookmark = state.get("bookmarks", {}).get(one["tap_stream_id"])
                since = f"resumes from {json.dumps(bookmark)}" if bookmark else "from its beginning"
                click.echo(f"{one['tap_stream_id']}: {since}")
        return 0

    def sync(self) -> int:
        """Read and load; give the tap's exit code."""
        from tap_servicetitan.duckdb.contents import export_parquet
        from tap_servicetitan.duckdb.file import open_file, read_state
        from tap_servicetitan.duckdb.loader import Loader

        # The file stays open, so that no other process writes it in the meantime.
        with open_file(self.settings) as db, tempfile.TemporaryDirectory() as folder:
            catalog, state = self._resume(read_state(db, self.settings.schema))
            loader = Loader(db, self.settings, lambda _: None, needs_state=True)
            with running_tap(self.config, Path(folder), catalog=catalog, state=state) as process:
                loader.run(process.stdout or ())
                code = process.wait()
            _print_table(db, self.settings.schema, loader.counts, catalog)
            if self.export:
                export_parquet(db, self.settings.schema, self.export[1])
        # As a shell has it for a tap that was killed.
        return code if code >= 0 else 128 - code

    def _resume(self, saved: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give the catalog with just the streams that are named, if some are, and the state to resume from."""
        catalog = discover(self.config)
        known = {one["tap_stream_id"] for one in catalog["streams"]}
        for option, names in zip(LISTS, (self.select, self.full_refresh), strict=True):
            if unknown := sorted({*names} - known):
                msg = f"unknown stream {unknown[0]} in {option}"
                raise FileError(msg)
        for one in catalog["streams"] if self.select else ():
            _root(one)["selected"] = one["tap_stream_id"] in self.select
        state: dict[str, Any] = json.loads(saved or "{}")
        for stream in self.full_refresh:
            state.get("bookmarks", {}).pop(stream, None)
        return catalog, state


def _root(stream: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(one["metadata"] for one in stream["metadata"] if not one["breadcrumb"])
    return found


def _print_table(
    db: duckdb.DuckDBPyConnection, schema: str, counts: Mapping[str, Counts], catalog: Mapping[str, Any]
) -> None:
    from tap_servicetitan.duckdb.contents import count_rows, newest

    keys = {one["tap_stream_id"]: one.get("replication_key") for one in catalog["streams"]}
    rows = []
    for stream, one in sorted(counts.items()):
        numbers = (one.read, one.new, one.changed, count_rows(db, schema, stream))
        changed = newest(db, schema, stream, key) if (key := keys.get(stream)) else None
        rows.append((stream, *(f"{number:,}" for number in numbers), changed or ""))
    if not rows:
        click.echo("Nothing changed.")
        return
    head = ("stream", "read", "new", "changed", "total rows", "newest change")
    terminal.print_table(head, rows, file=sys.stdout, numbers=head[1:-1])


if __name__ == "__main__":
    sys.exit(main())
