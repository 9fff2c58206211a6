"""Which columns a stream had in its last run, in a few letters each: what is new has no values in old rows."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

COLUMNS = "columns"
"""Where they stand in a bookmark."""

LETTERS = 3
"""Letters for each column: 18 bits. In the widest stream, one new column in two thousand goes unnoticed."""


def column_paths(
    schema: Mapping[str, Any], is_selected: Callable[[tuple[str, ...]], bool], breadcrumb: tuple[str, ...] = ()
) -> Iterator[str]:
    """List the selected fields of a schema, nested ones as ``a.b`` or ``items[].b``, each behind the one it is in.

    Args:
        schema: The JSON Schema of an object.
        is_selected: Whether the field at a breadcrumb is wanted.
        breadcrumb: Where the object is.
    """
    for name, inner in schema.get("properties", {}).items():
        crumb = (*breadcrumb, "properties", name)
        if is_selected(crumb):
            yield name
            # Within an array nothing is selected field by field.
            within, mark, chosen = (inner["items"], "[]", _any) if "items" in inner else (inner, "", is_selected)
            yield from (f"{name}{mark}.{one}" for one in column_paths(within, chosen, crumb))


def _any(_: tuple[str, ...]) -> bool:
    return True


def fingerprint(paths: Iterable[str]) -> str:
    """Write columns as they stand in a bookmark: one text, so that nothing of an older state lives on in it."""
    return "".join(sorted({*map(_letters, paths)}))


def columns_added(paths: Iterable[str], remembered: object) -> list[str]:
    """List the columns that were not there in the last run, without those within a new one.

    Args:
        paths: The columns of today.
        remembered: What `fingerprint` gave then; none are new where it is not known.
    """
    if not isinstance(remembered, str) or not remembered:
        return []
    known = {remembered[at : at + LETTERS] for at in range(0, len(remembered), LETTERS)}
    added: list[str] = []
    for path in paths:
        if _letters(path) not in known and not any(path.startswith((f"{one}.", f"{one}[")) for one in added):
            added.append(path)
    return added


def _letters(path: str) -> str:
    digest = hashlib.blake2b(path.encode(errors="surrogatepass"), digest_size=3).digest()
    return base64.b64encode(digest).decode()[:LETTERS]
