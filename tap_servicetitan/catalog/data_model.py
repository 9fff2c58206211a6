"""What the rows of a stream are, and how they join with those of others; the facts are in ``data_model.json``.

A reference is written as its targets, ``a | b by column?``: each is a stream, meant by its id, or ``stream.column``, or
a group of them; `column` says which of them it is; the question mark is for what the vendor's documents do not say.
"""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_servicetitan.catalog.endpoint import Endpoint

_CAPITALS = {"ap": "AP", "gl": "GL", "wbs": "WBS", "intacct": "Intacct"}
_WRITTEN = re.compile(r"(?P<targets>[^?]+?)(?: by (?P<by>\S+?))?(?P<unsure>\??)")
_KEYS = {
    "_key": "made by the tap from the fields that tell the rows apart",
    "_line": "the number of the line under its parent, made by the tap",
    "tenantId": "the tenant",
}


class StreamModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one stream."""

    area: str
    row: str
    """What a row is, in a sentence."""

    when: tuple[str, ...] = ()
    """The columns that say when it happened or is due, the most important one first."""

    how_much: tuple[str, ...] = ()
    """The columns that say how much."""

    references: dict[str, str] = {}
    """What each column refers to; a dot leads into objects, and ``[]`` into arrays."""


class _Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    areas: dict[str, str]
    groups: dict[str, tuple[str, ...]]
    meanings: dict[str, str]
    """The words for a column, by its name, its path, or its stream and path; without, it is called after its target."""

    singulars: dict[str, str]
    """The words for one row, where the name of the stream without its s is none."""

    streams: dict[str, msgspec.Raw]


class Target(NamedTuple):
    """A column that a reference may join."""

    stream: str
    column: str

    def __str__(self) -> str:
        """Write it as in SQL."""
        return f"{self.stream}.{self.column}"


class Join(NamedTuple):
    """What a reference joins."""

    targets: tuple[Target, ...]
    by: str | None
    """The column that says which of the targets it is."""

    sure: bool
    """The vendor's documents say so, or it is plain from the name."""

    text: str
    """The same in words."""


class Reference(NamedTuple):
    """A column whose value is found in another stream."""

    column: str
    join: Join
    meaning: str
    """Who or what it refers to."""

    @property
    def many(self) -> bool:
        """Whether a row has a list of them."""
        return "[]" in self.column

    @property
    def description(self) -> str:
        """Say what it is and what it joins, in a sentence."""
        return f"{self.meaning}: {self.join.text}."


@functools.cache
def _model() -> _Model:
    return msgspec.json.decode((files("tap_servicetitan.catalog") / "data_model.json").read_bytes(), type=_Model)


def areas() -> Mapping[str, str]:
    """Give the areas of the business with their titles, in the order of the documentation."""
    return _model().areas


@functools.cache
def stream_model(stream: str) -> StreamModel:
    """Give what is known of a stream."""
    try:
        return msgspec.json.decode(_model().streams[stream], type=StreamModel)
    except KeyError:
        msg = f"{stream}: not in data_model.json; say there what a row is, and what it joins"
        raise LookupError(msg) from None


def references(stream: str) -> list[Reference]:
    """Give the references of a stream."""
    found = []
    for column, written in stream_model(stream).references.items():
        join = _join(written)
        found.append(Reference(column, join, _meaning(stream, column, join.targets)))
    return found


def descriptions(row: Endpoint) -> dict[str, str]:
    """Describe the keys and references of a stream, by column."""
    found = {reference.column: reference.description for reference in references(row.name)}
    part = "Key" if len(row.key) == 1 else "Part of the key"
    keys = {name: _KEYS.get(name, f"identifies the {singular(row.name)}") for name in row.key}
    return {name: f"{part}: {found.get(name, f'{text}.')}" for name, text in keys.items()} | {
        column: text for column, text in found.items() if column not in keys
    }


@functools.cache
def singular(stream: str) -> str:
    """Name one row of a stream."""
    if stream in _model().singulars:
        return _model().singulars[stream]
    name = re.sub(r"(?<=status)es$|(?<!s)s$", "", re.sub(r"ies$", "y", stream))
    return _words(name)


def _words(name: str) -> str:
    return " ".join(_CAPITALS.get(word, word) for word in name.split("_"))


@functools.cache
def _join(written: str) -> Join:
    parts = _WRITTEN.fullmatch(written)
    if not parts:
        msg = f"data_model.json: there is a reference to {written!r}; write it as 'stream | stream by column?'"
        raise LookupError(msg)
    targets = tuple(target for name in parts["targets"].split(" | ") for target in _targets(name))
    names = [str(target) for target in targets]
    joined = " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    text = ("probably " if parts["unsure"] else "") + f"joins {joined}"
    text += f", as {parts['by']} says" if parts["by"] else ""
    return Join(targets, parts["by"], not parts["unsure"], text)


def _targets(name: str) -> Iterator[Target]:
    for one in _model().groups.get(name, (name,)):
        stream, _, column = one.partition(".")
        yield Target(stream, column or "id")


def _meaning(stream: str, column: str, targets: Iterable[Target]) -> str:
    """Find the words for a column: those of the stream, of its path, or of its name; else it is what it joins."""
    path = column.removesuffix(".id").removesuffix("[]")
    meanings = _model().meanings
    for name in (f"{stream}.{path}", path, path.rpartition(".")[2]):
        if name in meanings:
            return meanings[name]
    many = column.endswith("[]")
    return "The " + " or ".join(_words(one.stream) if many else singular(one.stream) for one in targets)
