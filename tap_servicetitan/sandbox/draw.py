"""Chance that repeats itself: the same seed gives the same draws, on every machine."""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_BITS = (1 << 64) - 1


def salt(text: str) -> int:
    """Turn a name into a number that does not change from run to run."""
    return zlib.crc32(text.encode())


def mix(seed: int, number: int) -> int:
    """Stir two numbers into 64 even bits (the finalizer of splitmix64)."""
    bits = (seed + number * 0x9E3779B97F4A7C15) & _BITS
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _BITS
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _BITS
    return bits ^ (bits >> 31)


def one_of(choices: Sequence[T], draw: int) -> T:
    """Let a draw pick one of several."""
    return choices[draw % len(choices)]


def dice(*key: object) -> random.Random:
    """Make a generator for a series of draws that belong together."""
    return random.Random(":".join(map(str, key)))  # noqa: S311 - made-up data, not a secret
