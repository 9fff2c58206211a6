"""Which fields of the streams hold personal data, and which of them a hash keeps apart."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files
from typing import Literal

import msgspec

Kind = Literal[
    "name", "email", "phone", "contact", "address", "place", "account", "payment", "pay", "employment", "online",
    "recording", "file", "custom", "text",
]  # fmt: skip

HASHED: frozenset[Kind] = frozenset({"name", "email", "phone", "contact", "account"})
"""Kinds that tell people apart, which is what a hash still does; the hash of anything else is of no use."""


class Excuse(msgspec.Struct, forbid_unknown_fields=True):
    """Fields that look personal, and why they are not."""

    reason: str
    fields: tuple[str, ...]


class ReportColumns(msgspec.Struct, forbid_unknown_fields=True):
    """How the personal columns of a report are known: by words in their names."""

    numbers: frozenset[Kind]
    """Kinds that columns which are no texts may be of."""
    things: tuple[str, ...]
    """Words that tell a thing's name from a person's."""
    words: dict[Kind, tuple[str, ...]]

    def kind(self, name: str, *, is_text: bool) -> Kind | None:
        """Tell the kind of a column; None if it is not personal.

        Args:
            name: What the report calls it, in lower case with _ between words.
            is_text: It is a column of texts.
        """
        for kind, words in self.words.items():
            if (is_text or kind in self.numbers) and _has(name, words):
                return None if kind == "name" and _has(name, self.things) else kind
        return None


class PersonalData(msgspec.Struct, forbid_unknown_fields=True):
    """The personal fields of each stream by kind, the excused ones, and how those of reports are known."""

    reports: ReportColumns
    streams: dict[str, dict[Kind, tuple[str, ...]]]
    excused: tuple[Excuse, ...]

    def fields(self, stream: str) -> dict[str, Kind]:
        """Give a stream's personal fields with their kinds."""
        return {field: kind for kind, fields in self.streams.get(stream, {}).items() for field in fields}


def _has(name: str, words: tuple[str, ...]) -> bool:
    return any(f"_{word}_" in f"_{name}_" for word in words)


@functools.cache
def personal_data() -> PersonalData:
    """Read the table, which most runs need not; a word that is not known is an error."""
    text = (files("tap_servicetitan.catalog") / "personal_data.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), PersonalData)
