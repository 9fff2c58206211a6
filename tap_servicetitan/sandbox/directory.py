"""Who and what a tenant has: ids, names, and what a reference may point to."""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.catalogue import NAMES, pools
from tap_servicetitan.sandbox.draw import mix, one_of, salt
from tap_servicetitan.sandbox.facts import FACTS, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ids of a stream lie in a range of their own, wide enough that a wrong reference is seen at once.
_RANGE = 10_000_000
_PEOPLE = frozenset({"employees", "technicians"})


@functools.cache
def _first_id(stream: str) -> int:
    return (1_000 + salt(stream) % 8_999) * _RANGE


def id_of(stream: str, number: int) -> int:
    """Return the id of a stream's row by its number."""
    return _first_id(stream) + number


def number_of(identity: int) -> int:
    """Return the number back from an id."""
    return identity % _RANGE


def guid(identity: int) -> str:
    """Write an id as the guid that it is in some modules."""
    return str(uuid.UUID(int=mix(1, identity) << 64 | mix(2, identity), version=4))


@functools.cache
def _form(stream: str) -> tuple[str, str]:
    known = FACTS[stream].properties.get("id") if stream in FACTS else None
    return (type_of(known), known.get("format", "")) if known else ("integer", "")


def shown(stream: str, identity: int) -> int | str:
    """Write an id as its stream does: as a number, a guid, or a word."""
    kind, form = _form(stream)
    if kind != "string":
        return identity
    return guid(identity) if form == "guid" else f"{stream[:3]}_{mix(3, identity):016x}"


def user_id(stream: str, number: int) -> int:
    """Return the user id of an employee or technician: another id than the row's own."""
    return id_of(f"{stream}.users", number)


ROUTERS = tuple(f"rtr_{id_of('routers', number):x}" for number in range(2))
"""The ids of the routers of online booking, which no endpoint lists."""


class Directory:
    """What a tenant's rows may refer to. Everything in it exists from the first day on."""

    def __init__(self, seed: int, sizes: Mapping[str, int]) -> None:
        """Know how many rows of each stream there are to refer to."""
        self.seed = seed
        self.sizes = {stream: len(names) for stream, names in NAMES.items()} | {"trucks": 12} | dict(sizes)

    def pick(self, stream: str, draw: int) -> int:
        """Refer to one row of a stream."""
        return id_of(stream, draw % self.sizes[stream])

    def user(self, draw: int) -> int:
        """Refer to a user, who is an employee or a technician."""
        stream = "technicians" if draw % 3 == 0 else "employees"
        return user_id(stream, draw // 3 % self.sizes[stream])

    def name(self, stream: str, number: int) -> str:
        """Name a row of a stream."""
        if stream in NAMES:
            return one_of(NAMES[stream], number)
        if stream in _PEOPLE:
            return " ".join(self.person(stream, number))
        return f"{stream.replace('_', ' ').removesuffix('s').capitalize()} {number + 1}"

    def person(self, stream: str, number: int) -> tuple[str, str]:
        """Return the first and the last name of somebody."""
        draw = mix(self.seed + salt(stream), number)
        return one_of(pools().first_names, draw), one_of(pools().last_names, draw >> 20)
