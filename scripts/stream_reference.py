"""Write the lists of ``docs/streams.md`` and ``docs/migrating.md`` anew from the stream table and the facts.

    python -m scripts.stream_reference

What stands between the two marks in a file is replaced; the words around it are written by hand.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.data_model_pages import page_of, streams_of
from tap_servicetitan.catalog.data_model import areas, stream_model
from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.schema import stream_facts

if TYPE_CHECKING:
    from tap_servicetitan.catalog.endpoint import Endpoint

DOCS = Path(__file__).parent.parent / "docs"
PAGE, MIGRATING = DOCS / "streams.md", DOCS / "migrating.md"


def reference() -> str:
    """Count the streams, and describe each of them, by area."""
    parts = [counts()]
    for area, title in areas().items():
        parts.append(f"## {title}")
        parts += [section(row) for row in streams_of(area)]
    return "\n\n".join(parts)


def counts() -> str:
    """Say how many streams there are, of each kind, and how many are selected by default."""
    kinds = Counter(row.kind for row in ENDPOINTS)
    selected = sum(row.selected for row in ENDPOINTS)
    return (
        f"{len(ENDPOINTS)} streams: {kinds['export']} export feeds, {kinds['list']} lists, {kinds['child']} children, "
        f"{kinds['window']} windows. {selected} are selected by default, {len(ENDPOINTS) - selected} are off."
    )


def section(row: Endpoint) -> str:
    """Describe how a stream is read, under a heading of its own, which a search finds."""
    model, facts = stream_model(row.name), stream_facts(row)
    path = facts["path"].replace("/tenant/{tenant}", "")
    lines = {
        "Endpoint": f"`{row.method} {path}`",
        "Scope": f"`{facts['scope']}`",
        "Key": code(row.key),
        "Replication": replication(row),
        "Inactive rows": inactive(row),
        "Notes": "; ".join(notes(row)),
    }
    text = f"### {row.name}\n\n{model.row} [Its columns]({page_of(model.area)}#{row.name})"
    text += "" if row.selected else "\n\n*Off by default.*"
    return "\n".join([f"{text}\n", *(f"- {name}: {value}" for name, value in lines.items() if value)])


def code(names: tuple[str, ...] | list[str]) -> str:
    """Write names as code."""
    return ", ".join(f"`{name}`" for name in names)


def replication(row: Endpoint) -> str:
    """Tell how a stream goes on from its bookmark."""
    match row.kind:
        case "export":
            return "token" + (f", `{row.replication_key}`" if row.replication_key else "")
        case "window" if row.window:
            if row.window.ahead:
                return f"whole: the next {row.window.ahead} days"
            return f"a {row.window.unit} at a time, `{row.replication_key}`"
        case "child":
            changed = f", `{row.replication_key}`" if row.modified_since else ""
            return f"of `{row.parent}`: {REVISIT[row.revisit]}{changed}"
    return f"`{row.replication_key}`" if row.modified_since else "whole"


REVISIT = {"changed": "changed ones", "weekly": "changed ones, weekly all", "always": "all"}


def inactive(row: Endpoint) -> str:
    """Tell what brings inactive rows, if anything does."""
    if row.inactive:
        return f"`{row.inactive}`"
    return "in the feed" if row.kind == "export" else ""


def notes(row: Endpoint) -> list[str]:
    """Tell what else is unusual about a stream."""
    found = [f"`{name}={value}`" for name, value in row.params.items()]
    if row.passes:
        found.append("read once with each of " + ", ".join(f"`{one}`" for one in row.passes))
    if row.made_key:
        found.append("`_key` is made of " + ", else ".join(code(one) for one in row.made_key))
    if "_line" in row.key:
        found.append("`_line` numbers the lines of a parent, and `_end_marker` is behind the last")
    elif row.has_end_markers:
        found.append("rows with `_end_marker` true are gone")
    if row.nested_records:
        found.append(f"a row for each entry of `{row.nested_records}`")
    found += [f"`{name}` is taken from `{path}`" for name, path in row.copied_fields.items()]
    found += [f"`{name}` is a credential: deselected" for name in row.secret]
    found += _requests(row)
    if row.timestamp_misses:
        found.append(f"`modifiedOn` does not move with {row.timestamp_misses}")
    if row.start_date_applies:
        found.append("`start_date` applies")
    if row.meltanolabs_name:
        found.append(f"in tap-service-titan: `{row.meltanolabs_name}`")
    return found


def _requests(row: Endpoint) -> list[str]:
    if row.only:
        return [f"just those with `{row.only[0]}` {row.only[1]}, 50 to a request"]
    if row.kind == "child" and row.parent not in BY_NAME:
        return [f"ids from the setting `{row.parent}`"]
    if row.kind == "child":
        return [f"a request for each of `{row.parent}`"]
    if row.window and row.ids:
        return [f"a request for each day and 50 of `{row.parent}`, those of the last {row.window.delay} days left out"]
    if row.window and row.window.look_back:
        return [f"the last {row.window.look_back} {row.window.unit}s again in each run"]
    return []


def names() -> str:
    """Write a table of the streams that have another name in the MeltanoLabs tap."""
    rows = [f"| `{row.meltanolabs_name}` | `{row.name}` |" for row in ENDPOINTS if row.meltanolabs_name]
    return "\n".join(["| there | here |", "|---|---|", *rows])


def written(text: str) -> str:
    """Put what follows from the table into the text of a page."""
    for mark, part in (("streams", reference), ("names", names)):
        begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
        if begin in text:
            before, _, rest = text.partition(begin)
            _, _, after = rest.partition(end)
            text = f"{before}{begin}\n\n{part()}\n\n{end}{after}"
    return text


def main() -> None:
    """Write the pages."""
    for page in (PAGE, MIGRATING):
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{len(ENDPOINTS)} streams\n")


if __name__ == "__main__":
    main()
