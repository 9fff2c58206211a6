"""The command ``tap-servicetitan-check``: whether credentials, tenant and scopes are right, before the first run."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import json
import sys
import time
from typing import TYPE_CHECKING, Literal

import click

from tap_servicetitan.catalog.scopes import scope_names
from tap_servicetitan.cli.common import CONFIG, FORMAT, explain, run_command, tap_of_files
from tap_servicetitan.errors import CredentialsError, ForbiddenError, NotFoundError, TapError
from tap_servicetitan.reports.runs import REPORTS_SCOPE
from tap_servicetitan.state.timestamps import latest
from tap_servicetitan.sync.run import describe_unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tap_servicetitan.sync.stream import SingerStream
    from tap_servicetitan.tap import TapServiceTitan

Granted = Literal["yes", "no scope", "no module", "failed"]

EVERYTHING_IS_WELL, SOMETHING_IS_NOT = 0, 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of the first page of a stream."""

    stream: str
    scope: str
    module: str = ""
    """The vendor's API module."""
    granted: Granted
    rows: int = 0
    """Rows on the page."""
    newest: str | None = None
    """When the newest of them changed, if they tell."""
    seconds: float = 0.0
    masked: tuple[str, ...] = ()
    """Fields whose personal data is hashed or left out, if the settings ask for it."""
    message: str = ""
    """What is wrong, and what to do."""


def check(tap: TapServiceTitan, report: Callable[[int, int], None] = lambda *_: None) -> list[Finding]:
    """Try the first page of each stream that is selected, side by side.

    Args:
        tap: The tap, with its settings and catalog.
        report: Called with the number of streams that were tried, and of all.

    Raises:
        CredentialsError: Nobody can be served with these credentials.
    """
    tap.session.client.connect()
    found = [
        Finding(stream=name, scope=REPORTS_SCOPE, granted="failed", message=why)
        for name, why in tap.broken_reports.items()
    ]
    streams = tap.selected_streams
    with concurrent.futures.ThreadPoolExecutor(tap.settings.concurrency) as workers:
        waiting = [workers.submit(_try, stream) for stream in streams]
        try:
            for one in concurrent.futures.as_completed(waiting):
                found.append(one.result())
                report(len(found), len(streams))
        finally:
            workers.shutdown(cancel_futures=True)
    return sorted(found, key=lambda one: one.stream)


def _try(stream: SingerStream) -> Finding:
    began = time.monotonic()
    granted, rows, newest, message = _outcome(stream)
    return Finding(
        stream=stream.name,
        scope=stream.source.scope,
        module=stream.row.module,
        granted=granted,
        rows=rows,
        newest=newest,
        seconds=round(time.monotonic() - began, 2),
        masked=stream.source.masking.names if stream.source.masking else (),
        message=message,
    )


def _outcome(stream: SingerStream) -> tuple[Granted, int, str | None, str]:
    try:
        page = next(stream.pages(), None)
    except CredentialsError:
        raise
    except ForbiddenError as error:
        return "no scope", 0, None, str(error)
    except NotFoundError as error:
        return "no module", 0, None, str(error)
    except TapError as error:
        return "failed", 0, None, str(error)
    except Exception as error:  # noqa: BLE001 - as in a run: it is the trouble of this stream alone
        return "failed", 0, None, describe_unexpected(stream.name, error)
    if page is None or not len(page.records):
        return "yes", 0, None, ""
    cursor = stream.row.replication_key
    return "yes", len(page.records), latest(page.records.texts(cursor)) if cursor else None, ""


@click.command()
@CONFIG
@click.option("--catalog", help="A catalog, a JSON file, that selects the streams to try.")
@FORMAT
def command(config: tuple[str, ...], catalog: str | None, form: str) -> int:
    """Try credentials, tenant and the first page of each selected stream.

    Exits with 0 if all streams can be read, else with 1.
    """
    found: list[Finding] = []
    error = None
    try:
        tap = tap_of_files(config, catalog=catalog)
        with _watched() as report:
            found = check(tap, report)
        error = _of_all(found, tap)
    except TapError as wrong:
        error = "\n".join(explain(wrong))
    (_print_json if form == "json" else _print_table)(found, error)
    is_well = error is None and all(one.granted == "yes" for one in found)
    return EVERYTHING_IS_WELL if is_well else SOMETHING_IS_NOT


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    return run_command(command, arguments)


def _of_all(found: Sequence[Finding], tap: TapServiceTitan) -> str | None:
    """Say what is wrong with all streams alike."""
    if not found:
        return "no stream is selected; select some in the catalog"
    if not tap.session.client.accepted.is_set() and any(one.granted == "no module" for one in found):
        return (
            f"every stream answered 404: there is no tenant {tap.settings.tenant_id} in the environment "
            f"{tap.settings.environment}, or it has none of their modules; check tenant_id and environment, "
            "st_app_key and api_url"
        )
    return None


@contextlib.contextmanager
def _watched() -> Iterator[Callable[[int, int], None]]:
    """Count the streams that were tried on a terminal, and nowhere else."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from tap_servicetitan import terminal

    shown = ["signing in"]
    with terminal.live(lambda: shown[0]):
        yield lambda tried, of: shown.__setitem__(0, f"{tried} of {of} streams tried")


def _print_json(found: Iterable[Finding], error: str | None) -> None:
    answer = {
        "ok": error is None and all(one.granted == "yes" for one in found),
        "error": error,
        "streams": [dataclasses.asdict(one) for one in found],
    }
    sys.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")


def _print_table(found: Sequence[Finding], error: str | None) -> None:
    # Here, because it takes a twentieth of a second that the other form need not wait for.
    from tap_servicetitan import terminal

    if error is None:
        head = ("stream", "scope", "granted", "first page", "newest change", "seconds")
        rows = [
            (one.stream, one.scope, one.granted, f"{one.rows:,}", one.newest or "", f"{one.seconds:.2f}")
            for one in found
        ]
        terminal.print_table(head, rows, file=sys.stdout, numbers=("first page", "seconds"))
        sys.stdout.write("\n")
    sys.stdout.writelines(f"{line}\n" for line in (*_conclusion(found, error), *_of_personal_data(found)))


def _of_personal_data(found: Iterable[Finding]) -> Iterator[str]:
    """Say what is masked of reports, whose columns no table lists."""
    masked = {one.stream: one.masked for one in found if one.masked}
    if masked:
        yield ""
        yield f"Personal data is masked in {len(masked)} streams: docs/personal-data.md lists the fields."
    for one in found:
        if one.masked and one.scope == REPORTS_SCOPE:
            yield f"  {one.stream}: {', '.join(name for name in one.masked if not name.startswith('_'))}"


def _conclusion(found: Sequence[Finding], error: str | None) -> list[str]:
    if error is not None:
        return [error]
    bad = [one for one in found if one.granted != "yes"]
    if not bad:
        return [f"All {len(found)} streams can be read."]
    lines = [f"{len(found) - len(bad)} of {len(found)} streams can be read."]
    scopes = sorted({scope_names()[one.scope] for one in bad if one.granted == "no scope"})
    if scopes:
        lines += ["", "Tick in the developer portal, or deselect the streams:", *(f"  {name}" for name in scopes)]
    if failed := [one for one in bad if one.granted == "failed"]:
        lines += ["", "Not read:", *(f"  {one.message}" for one in failed)]
    if missing := [one for one in bad if one.granted == "no module"]:
        lines += ["", "Modules that the tenant does not have; deselect the streams:", *_by_module(missing)]
    return lines


def _by_module(missing: Iterable[Finding]) -> Iterator[str]:
    """Name each module once, however many streams it has."""
    streams: dict[str, list[str]] = {}
    for one in missing:
        streams.setdefault(one.module, []).append(one.stream)
    for module, names in sorted(streams.items()):
        yield f"  {module}: {', '.join(names)}"


if __name__ == "__main__":
    sys.exit(main())
