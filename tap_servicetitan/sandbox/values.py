"""Plausible values: which field gets what, by its name, then by its type and format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.catalog.amounts import AMOUNTS
from tap_servicetitan.sandbox.catalogue import NOTES
from tap_servicetitan.sandbox.clock import DAY, day_of, iso
from tap_servicetitan.sandbox.directory import id_of, number_of
from tap_servicetitan.sandbox.draw import one_of
from tap_servicetitan.sandbox.facts import FACTS, Property, nullable, type_of
from tap_servicetitan.sandbox.references import LOOSE, SKUS, USERS, target_of
from tap_servicetitan.sandbox.typed import as_typed
from tap_servicetitan.sandbox.words import (
    BY_ENDING,
    BY_NAME,
    BY_PARENT,
    CUSTOM_VALUES,
    MEMOS,
    among,
    email,
    instant,
    phone,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.frame import Frame, Maker


def embed(stream: str, draw: int, frame: Frame) -> dict[str, Any]:
    """Let an object stand for a row of another stream."""
    identity = frame.directory.pick(stream, draw)
    number = number_of(identity)
    name = frame.directory.name(stream, number)
    # A custom field calls the id of its definition otherwise.
    stands = {"id": identity, "typeId": identity, "name": name, "number": str(4_000 + 100 * number)}
    return stands | ({"value": CUSTOM_VALUES[name](draw // 7, frame)} if name in CUSTOM_VALUES else {})


def reference(stream: str) -> Maker:
    """Refer to a row of a stream."""
    if stream == USERS:
        return lambda draw, frame: frame.directory.user(draw)
    return lambda draw, frame: frame.directory.pick(stream, draw)


_BY_FORMAT: Mapping[str, Maker] = {
    "date": lambda draw, frame: day_of(frame.created - draw % (20 * DAY)),
    "duration": lambda draw, _: f"{draw % 2:02d}:{draw // 2 % 60:02d}:{draw // 120 % 60:02d}",
    "email": email,
    "phone": phone,
    "double": lambda draw, _: float(draw % 11),
    "int32": lambda draw, _: draw % 12,
}


def _text(_: str) -> Maker:
    return lambda draw, __: one_of(NOTES, draw)


def _amount(draw: int, _: Frame) -> str:
    return f"{draw % 50_000 / 100:.2f}"


def _number(name: str) -> Maker:
    if name.endswith(("Rate", "Percentage", "Percent")):
        return lambda draw, _: draw % 400 / 10
    return lambda draw, _: draw % 50_000 / 100


def _identity(stream: str, path: str, facts: Property) -> Maker:
    name = path.rpartition(".")[2]
    if name == "id" or name in LOOSE:
        return lambda draw, _: id_of(f"{stream}.{path}", draw % 1_000_000)
    if name == "skuId":
        return lambda draw, frame: frame.directory.pick(one_of(SKUS, draw), draw // 3)
    # A reference to rows that come and go is for the business to make: here it would dangle.
    return _nothing if nullable(facts) else _zero


def _nothing(_: int, __: Frame) -> None:
    return None


def _yes(_: int, __: Frame) -> bool:
    return True


def _zero(_: int, __: Frame) -> int:
    return 0


def _array(stream: str, path: str, facts: Property) -> Maker:
    inner = facts["items"]
    known = target_of(stream, path) or path.rpartition(".")[2] in BY_NAME
    if type_of(inner) == "object" or (type_of(inner) == "integer" and not known):
        return lambda _, __: []
    one = maker(stream, path, inner)
    return lambda draw, frame: list(dict.fromkeys(one(draw >> shift, frame) for shift in range(0, draw % 3 * 7, 7)))


def maker(stream: str, path: str, facts: Property) -> Maker:
    """Choose how a field's values are made up."""
    name, kind = path.rpartition(".")[2], type_of(facts)
    if enum := facts.get("enum"):
        return among(*enum)
    if kind == "array":
        return _array(stream, path, facts)
    if target := target_of(stream, path):
        return _as_text(reference(target)) if kind == "string" else reference(target)
    if kind == "boolean":
        return _yes if name == "active" else lambda draw, _: draw % 5 == 0
    if kind == "integer" and facts.get("format") == "int64":
        return _identity(stream, path, facts)
    return (_by_place(stream, path) if kind == "string" else None) or _plain(name, kind, facts)


def _by_place(stream: str, path: str) -> Maker | None:
    """Choose by the object that a name stands in, or by the module that a memo stands in."""
    above, _, name = path.rpartition(".")
    if name == "name":
        return BY_PARENT.get(above.rpartition(".")[2])
    module = FACTS[stream].row.module
    return MEMOS.get(module) if name == "memo" or (name == "summary" and module == "inventory") else None


def _plain(name: str, kind: str, facts: Property) -> Maker:
    by_format = _BY_FORMAT.get(facts.get("format", ""))
    if facts.get("format") == "date-time" and name not in BY_NAME:
        return lambda draw, frame: iso(as_typed(name, instant(draw, frame)))
    if by_format:
        return BY_NAME.get(name, by_format)
    if kind == "number":
        return BY_NAME[name] if name in BY_NAME and name != "number" else _number(name)
    if kind == "integer":
        return _BY_FORMAT["int32"]
    if name in BY_NAME:
        return _as_text(BY_NAME[name])
    others = _amount if name in AMOUNTS else _text(name)
    return next((make for endings, make in BY_ENDING if name.endswith(endings)), others)


def _as_text(make: Maker) -> Maker:
    return lambda draw, frame: str(make(draw, frame))
