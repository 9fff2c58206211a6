"""Continuation tokens: where a client stands in a feed, sealed so that it can be kept but not read."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import hmac
import struct
from typing import TypeAlias

Position: TypeAlias = "tuple[int, int]"
"""The instant of a change, and the number of the row among those that changed at that instant."""

START: Position = (-(1 << 62), 0)

_LAYOUT = struct.Struct(">qqqqHH")
_SEAL = 12


class RejectedTokenError(ValueError):
    """The token is not one that this feed would take."""


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """What a continuation token says."""

    after: Position
    floor: Position
    """The position of the date that the client began with: the feed never falls back behind it."""
    turn: int = 0
    """Tells two tokens for the same position apart."""


class Sealer:
    """Seals and opens the tokens of one feed of one tenant.

    Nothing is stored, so that a token outlives a restart of the sandbox, as it must in a user's state file.
    """

    def __init__(self, tenant: str, stream: str) -> None:
        """Bind tokens to a tenant and a feed."""
        self._key = hashlib.blake2b(f"{tenant}/{stream}".encode(), digest_size=32).digest()
        self.generation = 0
        """Tokens of another generation are rejected."""

    def seal(self, token: Token) -> str:
        """Write a token."""
        text = _LAYOUT.pack(*token.after, *token.floor, token.turn, self.generation)
        seal = self._digest(b"seal" + text, _SEAL)
        return base64.b64encode(seal + self._veil(text, seal)).decode()

    def open(self, sealed: str) -> Token:
        """Read a token, if it is one of this feed."""
        try:
            raw = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise RejectedTokenError from error
        seal, text = raw[:_SEAL], self._veil(raw[_SEAL:], raw[:_SEAL])
        if len(raw) != _SEAL + _LAYOUT.size or not hmac.compare_digest(seal, self._digest(b"seal" + text, _SEAL)):
            raise RejectedTokenError
        at, number, floor_at, floor_number, turn, generation = _LAYOUT.unpack(text)
        if generation != self.generation:
            raise RejectedTokenError
        return Token((at, number), (floor_at, floor_number), turn)

    def _digest(self, text: bytes, size: int) -> bytes:
        return hashlib.blake2b(text, key=self._key, digest_size=size).digest()

    def _veil(self, text: bytes, seal: bytes) -> bytes:
        veil = self._digest(b"veil" + seal, 64)
        return bytes(one ^ other for one, other in zip(text, veil, strict=False))
