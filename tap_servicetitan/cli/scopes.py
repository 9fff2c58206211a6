"""The command ``tap-servicetitan-scopes``: which scopes to tick in the developer portal."""

from __future__ import annotations

import difflib
import json
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.singerlib import Catalog

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.scopes import scope_names, scopes_of
from tap_servicetitan.cli.common import FORMAT, run_command
from tap_servicetitan.errors import CatalogError
from tap_servicetitan.files import read_object
from tap_servicetitan.reports.api import REPORTS_SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


Needed = dict[str, list[str]]
"""The streams that need a scope, by scope."""


def needed(streams: Iterable[str]) -> Needed:
    """Give the scopes that some streams need. What the table does not have is a report."""
    found: Needed = defaultdict(list)
    for name in streams:
        for scope in scopes_of(BY_NAME[name]) if name in BY_NAME else REPORTS_SCOPES:
            found[scope].append(name)
    return dict(found)


def grouped(scopes: Needed) -> dict[str, list[dict[str, Any]]]:
    """Put scopes into the groups of the portal, both in the order of their names."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for scope in sorted(scopes, key=lambda one: scope_names()[one]):
        group, _, name = scope_names()[scope].partition(" → ")
        found[group].append({"name": name, "scope": scope, "streams": sorted(scopes[scope])})
    return dict(found)


def selected_in(catalog: Mapping[str, Any]) -> list[str]:
    """Give the streams that a catalog selects."""
    entries = Catalog.from_dict(dict(catalog)).streams
    return [one.tap_stream_id for one in entries if one.metadata.resolve_selection()[()]]


@click.command()
@click.option("--catalog", help="A catalog, a JSON file; what it has besides the tap's streams are reports.")
@FORMAT
@click.argument("stream", nargs=-1)
def command(catalog: str | None, form: str, stream: tuple[str, ...]) -> None:
    """Print the scopes to tick in ServiceTitan's developer portal, grouped as they are there.

    For the streams named, for those that a catalog selects, or else for those that are selected by default.
    """
    scopes = grouped(needed(_streams(catalog, stream)))
    if form == "json":
        sys.stdout.write(json.dumps(scopes, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(scopes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    return run_command(command, arguments)


def _streams(catalog: str | None, named: Sequence[str]) -> list[str]:
    for name in named:
        if name not in BY_NAME:
            near = difflib.get_close_matches(name, BY_NAME, n=1)
            hint = f"; did you mean {near[0]}?" if near else ": docs/streams.md lists them all"
            msg = f"unknown stream {name}{hint}"
            raise CatalogError(msg)
    if named:
        return list(named)
    if catalog is None:
        return [row.name for row in ENDPOINTS if row.selected]
    return selected_in(read_object(catalog, "catalog"))


def _lines(scopes: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    for number, (group, entries) in enumerate(scopes.items()):
        if number:
            yield ""
        yield group
        width = max(len(one["name"]) for one in entries)
        for one in entries:
            yield f"  {one['name']:{width}}  {', '.join(one['streams'])}"


if __name__ == "__main__":
    sys.exit(main())
