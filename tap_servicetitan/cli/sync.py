"""The command ``tap-servicetitan-sync``: read the tenant, resume from the state in a DuckDB file, load into it."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_servicetitan.cli.common import CONFIG, run_command
from tap_servicetitan.duckdb.errors import LoadError
from tap_servicetitan.duckdb.settings import Settings
from tap_servicetitan.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from tap_servicetitan.duckdb.table import Counts

TAP = (sys.executable, "-m", "tap_servicetitan")


@click.command()
@CONFIG
@click.option("--select", multiple=True, metavar="STREAM", help="Load this stream; may be given more than once.")
@click.option("--full-refresh", multiple=True, metavar="STREAM", help="Read this stream from its beginning.")
@click.option(
    "--dry-run", is_flag=True, help="Print which streams would be read, and from which bookmark; load nothing."
)
@click.argument("path", metavar="DUCKDB_FILE")
def command(
    config: tuple[str, ...], select: tuple[str, ...], full_refresh: tuple[str, ...], path: str, *, dry_run: bool
) -> int:
    """Load the tenant into a DuckDB file, or what changed since the last time.

    Rows and state are committed together: run it again after whatever has happened.
    """
    try:
        return _sync(config, select, full_refresh, Settings(path=path), is_dry=dry_run)
    except LoadError as error:
        raise FileError(str(error)) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    return run_command(command, arguments)


def _sync(
    config: Sequence[str], select: Sequence[str], refresh: Sequence[str], settings: Settings, *, is_dry: bool
) -> int:
    try:
        from tap_servicetitan.duckdb.file import open_file, read_state  # noqa: PLC0415 - needs the extra
        from tap_servicetitan.duckdb.loader import Loader  # noqa: PLC0415
    except ModuleNotFoundError:
        msg = "DuckDB is not installed; install tap-servicetitan[duckdb]"
        raise FileError(msg) from None
    if is_dry and not Path(settings.path).exists():
        state: dict[str, Any] = {}
        _print_plan(_catalog(config, select), state)
        return 0
    with open_file(settings, read_only=is_dry) as db, tempfile.TemporaryDirectory() as folder:
        state = json.loads(read_state(db, settings.schema) or "{}")
        catalog = _catalog(config, select)
        if unknown := sorted({*refresh} - {one["tap_stream_id"] for one in catalog["streams"]}):
            msg = f"unknown stream {unknown[0]} in --full-refresh"
            raise FileError(msg)
        for stream in refresh:
            state.get("bookmarks", {}).pop(stream, None)
        if is_dry:
            _print_plan(catalog, state)
            return 0
        loader = Loader(db, settings, lambda _: None, needs_state=True)
        with _tap(config, Path(folder), catalog, state) as process:
            loader.run(process.stdout or ())
            code = process.wait()
        _print_table(db, loader.counts)
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _tap(
    config: Sequence[str], folder: Path, catalog: Mapping[str, Any], state: Mapping[str, Any]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the tap; its log goes to stderr. It ends with this process."""
    arguments = _options(config)
    for name, content in (("catalog", catalog), ("state", state)):
        if content:
            file = folder / f"{name}.json"
            file.write_text(json.dumps(content), encoding="utf-8")
            arguments += [f"--{name}", str(file)]
    with subprocess.Popen([*TAP, *arguments], stdout=subprocess.PIPE) as process:  # noqa: S603 - the tap
        # Ctrl-C reaches the tap as well; SIGTERM is handed on. The tap then writes its last STATE and ends.
        before = {
            signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
        }
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _catalog(config: Sequence[str], select: Sequence[str]) -> dict[str, Any]:
    """Give the tap's catalog, with just the streams that are named, if some are."""
    done = subprocess.run([*TAP, *_options(config), "--discover"], capture_output=True, check=False)  # noqa: S603 - the tap
    if done.returncode:
        sys.stderr.write(done.stderr.decode(errors="replace"))
        msg = "the tap could not list its streams"
        raise FileError(msg)
    catalog: dict[str, Any] = json.loads(done.stdout)
    if unknown := sorted({*select} - {one["tap_stream_id"] for one in catalog["streams"]}):
        msg = f"unknown stream {unknown[0]} in --select"
        raise FileError(msg)
    for one in catalog["streams"] if select else ():
        _root(one)["selected"] = one["tap_stream_id"] in select
    return catalog


def _root(stream: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(one["metadata"] for one in stream["metadata"] if not one["breadcrumb"])
    return found


def _options(config: Sequence[str]) -> list[str]:
    return [part for file in config for part in ("--config", file)]


def _print_plan(catalog: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    for one in catalog["streams"]:
        facts = _root(one)
        if facts.get("selected", facts.get("selected-by-default", True)):
            bookmark = state.get("bookmarks", {}).get(one["tap_stream_id"])
            since = f"resumes from {json.dumps(bookmark)}" if bookmark else "from its beginning"
            sys.stdout.write(f"{one['tap_stream_id']}: {since}\n")


def _print_table(db: duckdb.DuckDBPyConnection, counts: Mapping[str, Counts]) -> None:
    from tap_servicetitan import terminal  # noqa: PLC0415 - as in the command check

    rows = [
        (stream, f"{one.read:,}", f"{one.new:,}", f"{one.changed:,}", f"{_total(db, stream):,}")
        for stream, one in sorted(counts.items())
    ]
    head = ("stream", "read", "new", "changed", "total rows")
    terminal.print_table(head, rows, file=sys.stdout, numbers=head[1:])


def _total(db: duckdb.DuckDBPyConnection, stream: str) -> int:
    name = stream.replace('"', '""')
    row = db.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608 - a name cannot be a parameter
    return int(row[0]) if row else 0


if __name__ == "__main__":
    sys.exit(main())
