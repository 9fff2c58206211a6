"""Who and what a tenant has: ids, names, and what a reference may point to."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.catalogue import NAMES, pools
from tap_servicetitan.sandbox.draw import mix, one_of, salt

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ids of a stream lie in a range of their own, wide enough that a wrong reference is seen at once.
_RANGE = 10_000_000
_PEOPLE = frozenset({"employees", "technicians"})


@functools.cache
def _first_id(stream: str) -> int:
    return (1_000 + salt(stream) % 8_999) * _RANGE


def id_of(stream: str, number: int) -> int:
    """Give the id of a stream's row by its number."""
    return _first_id(stream) + number


def number_of(identity: int) -> int:
    """Give the number back from an id."""
    return identity % _RANGE


def user_id(stream: str, number: int) -> int:
    """Give the user id of an employee or technician: another id than the row's own."""
    return id_of(f"{stream}.users", number)


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
        """Give the first and the last name of somebody."""
        draw = mix(self.seed + salt(stream), number)
        return one_of(pools().first_names, draw), one_of(pools().last_names, draw >> 20)
