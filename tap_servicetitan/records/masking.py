"""Personal data left out of records, or hashed, before anything else sees them."""

from __future__ import annotations

import functools
import hashlib
import re
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from tap_servicetitan.catalog.personal_data import HASHED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tap_servicetitan.catalog.personal_data import Kind
    from tap_servicetitan.json_type import Json
    from tap_servicetitan.settings.settings import Settings

Schema: TypeAlias = dict[str, Any]
Hash: TypeAlias = "Callable[[str], str]"
Tree: TypeAlias = "dict[str, Tree | Hash | None]"
"""What becomes of the fields of an object: left out (None), hashed, or an object or array with such fields itself."""

_BLOCK = 64
"""Bytes of a block of SHA-256."""
_EXTENSION = re.compile(r"(?<=\d)\s*(x|ext|extension|#)[\s.:#]*\d+\s*$", re.IGNORECASE)
_NO_DIGITS = re.compile(r"\D+")
_PUNCTUATION = str.maketrans("", "", " ()+-.")
_REMEMBERED = 20_000
"""So many hashes of each kind are kept at hand."""
_write = msgspec.json.Encoder(decimal_format="number").encode


class Masking:
    """Leaves out or hashes the personal fields of a stream."""

    def __init__(self, tree: Tree) -> None:
        """Take what becomes of the fields."""
        self.tree = tree

    def schema(self, schema: Schema) -> Schema:
        """Give a schema without the fields that are left out."""
        return _schema(schema, self.tree)

    def record(self, record: dict[str, Any]) -> dict[str, Any]:
        """Give a record without its personal data."""
        found = {}
        for name, value in record.items():
            if name not in self.tree:
                found[name] = value
            elif (mask := self.tree[name]) is not None:
                found[name] = _masked(value, mask)
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of the row that are left out or hashed, or a part of them."""
        return tuple(self.tree)

    def hides(self, names: Iterable[str]) -> bool:
        """Tell whether one of some fields, or a part of it, is personal."""
        return not self.tree.keys().isdisjoint(names)


def masking(fields: Mapping[str, Kind], schema: Schema, settings: Settings) -> Masking | None:
    """Make what masks the records of a stream; None where there is nothing to mask.

    Args:
        fields: The personal fields of the stream: nested ones with a dot, those of an array's items with [].
        schema: What is declared of its records.
        settings: Whether to keep, hash or drop.
    """
    if settings.personal_data == "keep" or not fields:
        return None
    hashes = _hashes(settings.personal_data_salt) if settings.personal_data == "hash" else {}
    tree: Tree = {}
    for path, kind in fields.items():
        *outer, name = path.replace("[]", "").split(".")
        inner = tree
        for step in outer:
            found = inner.setdefault(step, {})
            inner = found if isinstance(found, dict) else {}
        inner[name] = hashes.get(kind) if not path.endswith("[]") else None
    return Masking(_closed(tree, schema))


def _closed(tree: Tree, schema: Schema) -> Tree:
    """Leave out an object of which nothing would be left: no target takes one without fields."""
    declared = schema.get("properties", {})
    closed: Tree = {}
    for name, mask in tree.items():
        if isinstance(mask, dict):
            inner = declared.get(name, {})
            while "items" in inner:
                inner = inner["items"]
            rest = _closed(mask, inner)
            known = inner.get("properties", {})
            closed[name] = None if known and all(rest.get(one, rest) is None for one in known) else rest
        else:
            closed[name] = mask
    return closed


def _schema(schema: Schema, tree: Tree) -> Schema:
    if "items" in schema:
        return schema | {"items": _schema(schema["items"], tree)}
    if "properties" not in schema:
        # A text of JSON.
        return schema
    properties = schema["properties"]
    masks = {name: tree.get(name, _keep) for name in properties}
    return schema | {
        "properties": {name: _property(properties[name], mask) for name, mask in masks.items() if mask is not None}
    }


def _property(schema: Schema, mask: Tree | Hash) -> Schema:
    if isinstance(mask, dict):
        return _schema(schema, mask)
    # A hash is a text, whatever was hashed.
    return schema if mask is _keep else {**schema, "type": ["string", "null"]}


def _keep(value: str) -> str:
    return value


def _masked(value: Json, mask: Tree | Hash) -> Json:
    if value is None:
        return None
    if isinstance(value, list):
        return [_masked(one, mask) for one in value]
    if callable(mask):
        return mask(value if isinstance(value, str) else _write(value).decode())
    # What is no object, where one with personal fields is expected, may be one of them.
    return Masking(mask).record(value) if isinstance(value, dict) else None


def _hashes(salt: str) -> dict[Kind, Hash]:
    """Make what hashes a value of each kind: HMAC-SHA-256, the same in every run and stream."""
    # The key goes in once, as the definition allows (RFC 2104): half of the time of `hmac.digest`.
    key = salt.encode()
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))

    def hashing(normal: Callable[[str], str]) -> Hash:
        # Names and numbers come again and again.
        @functools.lru_cache(maxsize=_REMEMBERED)
        def digest(value: str) -> str:
            text = normal(value)
            if not text:
                return text
            first, second = inner.copy(), outer.copy()
            first.update(text.encode(errors="surrogatepass"))
            second.update(first.digest())
            return second.hexdigest()

        return digest

    normal = {"email": email, "phone": phone, "contact": contact}
    return {kind: hashing(normal.get(kind, str.strip)) for kind in HASHED}


def email(text: str) -> str:
    """Write an e-mail address as all write it."""
    return text.strip().casefold()


def phone(text: str) -> str:
    """Write a phone number as its digits, without the country code of North America and without an extension."""
    digits = text.translate(_PUNCTUATION)
    if not digits.isdecimal():
        digits = _NO_DIGITS.sub("", _EXTENSION.sub("", text))
    if not digits:
        return text.strip().casefold()
    return digits[1:] if len(digits) == len("15550123456") and digits[0] == "1" else digits


def contact(text: str) -> str:
    """Write what is an e-mail address or a phone number."""
    return email(text) if "@" in text else phone(text)
