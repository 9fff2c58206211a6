"""Rows from facts: whatever the business does not say about a row is filled in by type, format and name."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox import values
from tap_servicetitan.sandbox.clock import day_of, iso
from tap_servicetitan.sandbox.directory import guid
from tap_servicetitan.sandbox.draw import mix, salt
from tap_servicetitan.sandbox.facts import FACTS, Property, nullable, type_of
from tap_servicetitan.sandbox.references import embedded
from tap_servicetitan.sandbox.typed import as_typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.frame import Frame

Item: TypeAlias = "dict[str, Any]"

# A nullable field is null once in so many rows.
_NULL_ONCE_IN = 8
_NESTED = 3
# Declared as dates, and seen on live tenants as 2025-08-01T00:00:00.
_SENT_AS_TIMES = frozenset({
    ("journal_entries", "postDate"), ("service_agreements", "endDate"), ("service_agreements", "startDate"),
})  # fmt: skip


class Cents(int):
    """Money, before it is written as a number or as a string."""

    __slots__ = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Redraw:
    """Another value of a field, to be drawn in place of the first one."""

    turn: int


class Field:
    """One property of the facts: shows a value that is given, or makes one up."""

    def __init__(self, stream: str, path: str, facts: Property) -> None:
        """Prepare everything that is the same in all rows."""
        self._salt = salt(path)
        # What happened to a job is a log, by the clock.
        self._name = "" if path == "history.date" else path.rpartition(".")[2]
        self._type = type_of(facts)
        self._format = facts.get("format")
        self._nullable = nullable(facts)
        self._form = _form(stream, path, facts)
        self._refers = embedded(stream, path)
        self._make = None if self._form else values.maker(stream, path, facts)

    def show(self, given: Any, seed: int, frame: Frame) -> Any:  # noqa: ANN401 - any JSON value
        """Write a value as the API would."""
        match given:
            case Redraw(turn):
                return self.make(mix(seed, turn), frame)
            case dict() if self._form:
                return self._form.fill(given, mix(seed, self._salt), frame)
            case list() if self._form:
                form = self._form
                return [form.fill(one, mix(seed, place), frame) for place, one in enumerate(given, self._salt)]
        return self._written(given)

    def _written(self, given: Any) -> Any:  # noqa: ANN401 - any JSON value
        text = self._type == "string"
        if isinstance(given, Cents):
            return f"{given / 100:.2f}" if text else given / 100
        if isinstance(given, int) and text and self._format == "guid":
            return guid(given)
        if isinstance(given, int) and text:
            return self._dated(given) if self._format else str(given)
        return given

    def _dated(self, moment: int) -> str:
        return day_of(moment) if self._format == "date" else iso(as_typed(self._name, moment))

    def make(self, seed: int, frame: Frame) -> Any:  # noqa: ANN401 - any JSON value
        """Make a value up."""
        draw = mix(seed, self._salt)
        if self._nullable and draw % _NULL_ONCE_IN == 0:
            return None
        draw //= _NULL_ONCE_IN
        if self._make:
            made = self._make(draw, frame)
            return [made] if self._type == "array" and made is not None and not isinstance(made, list) else made
        if self._form is None:
            return None
        if self._type == "array":
            return [self._embed(mix(draw, place), frame, self._form) for place in range(draw % _NESTED)]
        return self._embed(draw, frame, self._form)

    def _embed(self, draw: int, frame: Frame, form: Form) -> Item:
        given = values.embed(self._refers, draw, frame) if self._refers else {}
        return form.fill(given, draw, frame)


class Form:
    """The properties of an object, in the vendor's order."""

    def __init__(self, stream: str, path: str, properties: Mapping[str, Property]) -> None:
        """Prepare the fields."""
        self._fields = [(name, Field(stream, f"{path}{name}", facts)) for name, facts in properties.items()]
        self._midnights = [name for name in properties if (stream, f"{path}{name}") in _SENT_AS_TIMES]

    def fill(self, given: Mapping[str, Any], seed: int, frame: Frame) -> Item:
        """Fill in an object around what is given."""
        filled = {
            name: field.show(given[name], seed, frame) if name in given else field.make(seed, frame)
            for name, field in self._fields
        }
        for name in self._midnights:
            filled[name] = filled[name] and f"{filled[name]}T00:00:00"
        return filled


def _form(stream: str, path: str, facts: Property) -> Form | None:
    inner = facts["items"] if type_of(facts) == "array" else facts
    return Form(stream, f"{path}.", inner["properties"]) if inner.get("properties") else None


@functools.cache
def form_of(stream: str) -> Form:
    """Return the form of a stream's items."""
    return Form(stream, "", FACTS[stream].properties)
