"""Write what follows from the table of personal data: the stream maps, and the table of ``docs/personal-data.md``.

    python scripts/personal_data.py

A field of the row itself that is an identity (a name, an e-mail address, a phone number) becomes its hash, so that rows
can still be counted and joined by it. All other personal fields are left out.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = Path(__file__).parent.parent
FIELDS = ROOT / "examples" / "personal-data" / "fields.toml"
MAPS = ROOT / "examples" / "personal-data" / "stream_maps.json"
PAGE = ROOT / "docs" / "personal-data.md"
BEGIN, END = "<!-- fields: begin -->", "<!-- fields: end -->"

Kind = Literal[
    "name", "email", "phone", "contact", "address", "place", "account", "payment", "pay", "employment", "online",
    "recording", "file", "custom", "text",
]  # fmt: skip

HASHED: frozenset[Kind] = frozenset({"name", "email", "phone", "contact", "account"})
"""Kinds that tell people apart, which is what a hash still does."""

MADE = {"customFields": "customFieldsById"}
"""Columns that a setting makes of a field, and that hold the same."""


class Excuse(msgspec.Struct, forbid_unknown_fields=True):
    """Fields that look personal, and why they are not."""

    reason: str
    fields: tuple[str, ...]


class PersonalData(msgspec.Struct, forbid_unknown_fields=True):
    """The personal fields of each stream by kind, and the excused ones."""

    streams: dict[str, dict[Kind, tuple[str, ...]]]
    excused: tuple[Excuse, ...]

    def fields(self, stream: str) -> dict[str, Kind]:
        """Give a stream's personal fields with their kinds."""
        return {field: kind for kind, fields in self.streams.get(stream, {}).items() for field in fields}


def read(file: Path = FIELDS) -> PersonalData:
    """Read the file; a word that is not known is an error."""
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), PersonalData)


def stream_maps(known: PersonalData) -> dict[str, dict[str, str]]:
    """Write a map for each stream that has personal fields."""
    return {stream: dict(stream_map(known.fields(stream))) for stream in known.streams}


def stream_map(fields: dict[str, Kind]) -> Iterator[tuple[str, str]]:
    """Write what becomes of each field of a row."""
    inner: defaultdict[str, list[str]] = defaultdict(list)
    for path, kind in fields.items():
        top, dot, rest = path.partition(".")
        if dot:
            inner[top].append(re.split(r"[.\[]", rest)[0])
        else:
            yield top.removesuffix("[]"), hashed(top) if kind in HASHED else "__NULL__"
    for top, names in inner.items():
        yield top.removesuffix("[]"), without(top, list(dict.fromkeys(names)))
        if made := MADE.get(top.removesuffix("[]")):
            yield made, "__NULL__"


def is_hashed(path: str, kind: Kind) -> bool:
    """Tell whether a field is hashed; within objects, all personal fields are left out."""
    return kind in HASHED and "." not in path and "[" not in path


def hashed(field: str) -> str:
    """Hash a text with the salt of ``stream_map_config``; null stays null."""
    value = f"_.get('{field}')"
    return f"sha256(config.get('salt', '') + {value}) if {value} is not None else None"


def without(top: str, names: Sequence[str]) -> str:
    """Leave names out of an object, or out of each object of an array."""
    field = top.removesuffix("[]")
    left_out = "(" + ", ".join(f"'{name}'" for name in names) + ",)"
    if not top.endswith("[]"):
        value = f"_.get('{field}')"
        return f"{{name: {value}[name] for name in {value} if name not in {left_out}}} if {value} is not None else None"
    inner = f"{{name: one[name] for name in one if name not in {left_out}}} if one else None"
    return f"[({inner}) for one in _.get('{field}')] if _.get('{field}') is not None else None"


def table(known: PersonalData) -> str:
    """Write the fields as a table, a line for each stream."""
    lines = [
        f"| `{stream}` | " + "; ".join(f"{kind}: {_code(fields)}" for kind, fields in kinds.items()) + " |"
        for stream, kinds in known.streams.items()
    ]
    return "\n".join(["| stream | fields |", "|---|---|", *lines])


def _code(fields: Iterable[str]) -> str:
    return ", ".join(f"`{field}`" for field in fields)


def written(page: str) -> str:
    """Put the table between the marks of a page."""
    before, after = page.split(BEGIN, maxsplit=1)[0], page.split(END, maxsplit=1)[1]
    return f"{before}{BEGIN}\n\n{table(read())}\n\n{END}{after}"


def settings() -> str:
    """Write the stream maps as settings of the tap."""
    return json.dumps({"stream_maps": stream_maps(read())}, indent=2) + "\n"


if __name__ == "__main__":
    MAPS.write_text(settings(), encoding="utf-8")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
