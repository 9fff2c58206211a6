"""Write the pages of the data model anew, one for each area of the business, and the list of them.

    python scripts/data_model_pages.py

They follow from ``tap_servicetitan/catalog/data_model.json``; the words of ``docs/data-model.md`` are written by hand.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from tap_servicetitan.catalog.data_model import areas, descriptions, references, stream_model
from tap_servicetitan.catalog.endpoints import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tap_servicetitan.catalog.data_model import Reference
    from tap_servicetitan.catalog.endpoint import Endpoint

DOCS = Path(__file__).parent.parent / "docs"
OVERVIEW = DOCS / "data-model.md"
BEGIN, END = "<!-- areas: begin -->", "<!-- areas: end -->"

INTRODUCTION = """\
The tables of this area and how they join. Column names are those of the API; [the data model](data-model.md) says how
to read them, and lists the other areas.
"""

EVERYWHERE = frozenset({"business_units", "employees", "gl_accounts", "tag_types", "wbs_budget_codes"})
"""What rows of nearly all streams refer to: drawn only where it is at home."""
PEOPLE = frozenset({"customers", "employees", "technicians", "vendors", "contacts", "remittance_vendors"})
MOST_TABLES = 16
"""How many tables are drawn together at most: more cannot be read."""
MOST_TARGETS = 2
"""A reference to one of more streams than these is left to the text."""


def page_of(area: str) -> str:
    """Name the page of an area."""
    return f"data-model-{area}.md"


def streams_of(area: str) -> list[Endpoint]:
    """List the streams of an area, those first that the facts name first."""
    return [BY_NAME[name] for name in _order() if stream_model(name).area == area]


def _order() -> Iterable[str]:
    place = {name: number for number, name in enumerate(dict.fromkeys(_written()))}
    return sorted(BY_NAME, key=lambda name: place.get(name, len(place)))


def _written() -> Iterator[str]:
    text = (DOCS.parent / "tap_servicetitan/catalog/data_model.json").read_text(encoding="utf-8")
    yield from re.findall(r'^    "(\w+)": {$', text, re.MULTILINE)


def page(area: str) -> str:
    """Write the page of an area."""
    title = areas()[area]
    parts = [
        f"# {title}\n",
        INTRODUCTION,
        *drawings(area),
        *(section(row) for row in streams_of(area)),
    ]
    return "\n".join(parts)


def drawings(area: str) -> list[str]:
    """Draw the references between the tables of an area, and to those of others, some tables at a time."""
    inside = {row.name for row in streams_of(area)}
    found: list[dict[tuple[str, str], str]] = [{}]
    for row in streams_of(area):
        lines = dict(_lines(row, inside))
        tables = {table for pair in [*found[-1], *lines] for table in pair}
        if len(tables) > MOST_TABLES and found[-1]:
            found.append({})
        found[-1] |= lines
    return ["\n".join(["```mermaid", "erDiagram", "    direction LR", *one.values(), "```\n"]) for one in found]


def _lines(row: Endpoint, inside: Collection[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Draw the references of a stream: one line for all to the same table."""
    columns: dict[str, list[Reference]] = defaultdict(list)
    for reference in filter(_is_drawn, references(row.name)):
        for target in dict.fromkeys(target.stream for target in reference.join.targets):
            if target in inside or target not in EVERYWHERE:
                columns[target].append(reference)
    for target, found in columns.items():
        names = ", ".join(one.column for one in found)
        yield (target, row.name), f'    {target} {ends_of(row, found[0])} {row.name} : "{names}"'


def _is_drawn(reference: Reference) -> bool:
    targets = {target.stream for target in reference.join.targets}
    nested = "[]." in reference.column and not reference.column.endswith("[].id")
    custom = any(target.endswith("_custom_fields") for target in targets)
    return len(targets) <= MOST_TARGETS and not nested and not custom and targets != {"employees", "technicians"}


def ends_of(row: Endpoint, reference: Reference) -> str:
    """Say how many rows there are on each end of a line, as Mermaid writes it."""
    if reference.many:
        return "}o--o{"
    return "||--o|" if row.key == (reference.column,) else "||--o{" if reference.column in row.key else "|o--o{"


def section(row: Endpoint) -> str:
    """Describe a stream."""
    model = stream_model(row.name)
    off = "" if row.selected else " Off by default."
    lines = [f"## {row.name}\n", f"{model.row}{off} [How it is read](streams.md#{row.name})\n"]
    found = {one.column: one for one in references(row.name)}
    lines += [f"- {_code([name])}: {_linked(descriptions(row)[name], found.get(name), row)}" for name in row.key]
    lines += [
        f"- {_code([name])}: {_linked(one.description, one, row)}" for name, one in found.items() if name not in row.key
    ]
    people = [name for name, one in found.items() if "[]" not in name and PEOPLE & {t.stream for t in one.join.targets}]
    for word, columns in (("When", model.when), ("Who", people), ("How much", model.how_much)):
        if columns:
            lines.append(f"- **{word}**: {_code(columns)}")
    return "\n".join(lines) + "\n"


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _linked(text: str, reference: Reference | None, row: Endpoint) -> str:
    """Let what is joined lead to where it is described."""
    if reference is None:
        return text
    for target in reference.join.targets:
        area = stream_model(target.stream).area
        file = "" if area == stream_model(row.name).area else page_of(area)
        text = re.sub(
            rf"(?<![\w.\[]){re.escape(str(target))}(?![\w\]])", f"[`{target}`]({file}#{target.stream})", text, count=1
        )
    by = reference.join.by
    return text.replace(f", as {by} says", f", as `{by}` says") if by else text


def overview() -> str:
    """List the areas with their tables."""
    return "\n".join(
        f"- [{title}]({page_of(area)}): {_code(row.name for row in streams_of(area))}"
        for area, title in areas().items()
    )


def written() -> Mapping[Path, str]:
    """Give the text of each page."""
    before, _, rest = OVERVIEW.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    pages = {DOCS / page_of(area): page(area) for area in areas()}
    return {OVERVIEW: f"{before}{BEGIN}\n\n{overview()}\n\n{END}{after}", **pages}


def main() -> None:
    """Write the pages."""
    for file, text in written().items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
