"""The command ``tap-servicetitan-audit``: whether a warehouse has what the API has."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tap_servicetitan import terminal
from tap_servicetitan.cli.common import CONFIG, FORMAT, run_command, tap_of_files
from tap_servicetitan.errors import FileError
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_servicetitan.audit.databases import Database
    from tap_servicetitan.audit.findings import Result
    from tap_servicetitan.audit.tables import SqlTable
    from tap_servicetitan.readers.source import Source
    from tap_servicetitan.tap import TapServiceTitan

NO_DIFFERENCE, DIFFERENCES, FAILED = 0, 1, 2


def _moment(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    found = parse(text) if text else None
    if text and found is None:
        msg = f"{text!r} is not a date such as 2025-01-31"
        raise click.BadParameter(msg)
    return found


@click.command()
@CONFIG
@click.option("--catalog", help="A catalog, a JSON file, that selects the streams to compare.")
@click.option("--schema", help="The schema of the tables.  [default: the database's own]")
@click.option("--stream", "only", multiple=True, metavar="STREAM", help="Compare this stream alone; may be repeated.")
@click.option("--since", callback=_moment, metavar="DATE", help="Leave out rows that were created before.")
@click.option(
    "--until", callback=_moment, metavar="TIME", help="Leave out later changes.  [default: the newest one in a table]"
)
@click.option("--counts", is_flag=True, help="WAREHOUSE is a CSV file with the result of --print-sql.")
@click.option("--print-sql", is_flag=True, help="Print the SQL that counts the rows, and exit.")
@click.option("--repair", is_flag=True, help="Let the next run load what is missing or stale, and mark what vanished.")
@click.option("--state", metavar="FILE", help="The state for --repair to change, where no DuckDB file holds it.")
@FORMAT
@click.argument("warehouse", required=False)
def command(**options: Any) -> int:  # noqa: ANN401 - click's
    """Compare what the API has with WAREHOUSE: a DuckDB file, or a SQLAlchemy URL.

    Exits with 0 if they agree, with 1 if they differ, and with 2 if a stream could not be compared.
    """
    tap = tap_of_files(options["config"], catalog=options["catalog"], setup_mapper=False)
    sources = _sources(tap, options["only"])
    if options["print_sql"]:
        from tap_servicetitan.audit.counts_file import counting_sql

        until = options["until"] or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        sys.stdout.write(counting_sql(_countable(sources), options["schema"], until))
        return NO_DIFFERENCE
    if not options["warehouse"]:
        raise click.UsageError("WAREHOUSE is missing: a DuckDB file, or a SQLAlchemy URL")  # noqa: TRY003, EM101 - click's
    return _compared(tap, sources, options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    return run_command(command, arguments)


def _sources(tap: TapServiceTitan, only: Sequence[str]) -> dict[str, Source]:
    found = {one.name: one.source for one in tap.selected_streams}
    if unknown := sorted({*only} - found.keys()):
        msg = f"unknown stream {unknown[0]} in --stream; it may be deselected in the catalog"
        raise FileError(msg)
    return {name: source for name, source in found.items() if not only or name in only}


def _countable(sources: Mapping[str, Source]) -> list[str]:
    from tap_servicetitan.audit.lists import NotAuditableError, audited_list

    found = []
    for name, source in sources.items():
        try:
            if audited_list(source.row).is_dated:
                found.append(name)
        except NotAuditableError:
            continue
    return found


def _compared(tap: TapServiceTitan, sources: Mapping[str, Source], options: Mapping[str, Any]) -> int:
    from tap_servicetitan.audit import audit, counts_file, databases

    if options["counts"]:
        counts = counts_file.read_counts(Path(options["warehouse"]))
        until = options["until"] or min(one.until for one in counts.values())
        found = list(audit.Audit(tap.session, sources, options["since"], until).results(counts))
        return _print(found, tap, until, options["form"])
    with databases.open_database(options["warehouse"], options["schema"], writes=options["repair"]) as database:
        tables = audit.tables_of(database, sources.values(), tap.session.tenant_id)
        until = options["until"] or audit.loaded_until(tables.values())
        if until is None:
            msg = f"the warehouse has no rows of the selected streams in {options['schema'] or 'its default schema'}"
            raise FileError(msg)
        found = list(audit.Audit(tap.session, sources, options["since"], until).results(tables))
        if options["repair"]:
            _repair(tap, found, database, tables, options["state"])
    return _print(found, tap, until, options["form"])


def _repair(
    tap: TapServiceTitan,
    found: Sequence[Result],
    database: Database,
    tables: Mapping[str, SqlTable],
    state_file: str | None,
) -> None:
    from tap_servicetitan.audit import repair, stored_state

    rows = {name: source.row for name, source in _sources(tap, ()).items()}
    with stored_state.changing(database, state_file) as state:
        state.value = repair.repaired_state(state.value, found, rows, tap.session.tenant_id)
    for stream in repair.mark_vanished(found, tables, tap.session.now()):
        click.echo(
            f"{stream}: rows vanished, and the table has no column _sdc_deleted_at to mark them; "
            "--format json lists them",
            err=True,
        )


def _print(found: Sequence[Result], tap: TapServiceTitan, until: datetime, form: str) -> int:
    from tap_servicetitan.audit import output

    requests = sum(tap.session.client.sent.values())
    if form == "json":
        answer = output.as_json(found, requests, until)
        sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False, default=str) + "\n")
    else:
        terminal.print_table(output.HEAD, output.table_rows(found), file=sys.stdout, numbers=output.HEAD[1:])
        sys.stdout.writelines(f"{line}\n" for line in output.sentences(found))
        sys.stdout.write(f"Compared what was created until {until:%Y-%m-%d %H:%M:%S} UTC, with {requests} requests.\n")
    if any(one.failed for one in found):
        return FAILED
    return DIFFERENCES if any(one.differs for one in found) else NO_DIFFERENCE


if __name__ == "__main__":
    sys.exit(main())
