"""A body in, the rows and the next page out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from tap_servicetitan.api.repair import repaired
from tap_servicetitan.errors import EndlessFeedError, UnexpectedBodyError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

Items: TypeAlias = bytes | list[msgspec.Raw]
"""The items of a page, in JSON: an array, or each on a line of its own."""

Lost: TypeAlias = "Callable[[], None] | None"
"""Is called if values became null."""


class ExportBody(msgspec.Struct):
    """The envelope of an export feed, as the vendor names its parts."""

    hasMore: bool  # noqa: N815 - the vendor's name
    continueFrom: str | None = None  # noqa: N815 - the vendor's name
    data: list[msgspec.Raw] | None = None


class ExportPage(msgspec.Struct):
    """One page of an export feed: its items, and the token to keep once they are written."""

    data: list[msgspec.Raw]
    token: str | None
    more: bool


class ListPage(msgspec.Struct):
    """One page of a list: the array of its items, their count, and what the API says of the list; None: nothing."""

    data: bytes
    count: int
    more: bool | None = False
    """Whether there is another page."""
    total: int | None = None
    """How many items there are in all."""
    size: int | None = None
    """How many items a page has at most."""


# Decimal, so that money keeps its digits from the API to the target.
_items = msgspec.json.Decoder(list[Any] | None, float_hook=Decimal)
_array = msgspec.json.Decoder(list[msgspec.Raw] | None)
_anything = msgspec.json.Decoder(msgspec.Raw)
_body = msgspec.json.Decoder(ExportBody)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_export(body: bytes, asked: str | None, lost: Lost = None) -> ExportPage:
    """Read a page of an export feed that was asked for with the token `asked`, if with any.

    ``hasMore`` alone says whether the feed goes on. The last page may carry a new token, the
    token it was asked with, an empty one or none; the last two leave the old token in force.

    Raises:
        UnreadableBodyError: The body is not JSON.
        UnexpectedBodyError: The body is not a page.
        EndlessFeedError: There is more, and no new token.
    """
    page = _readable(body, _export, "{hasMore, continueFrom, data}", lost)
    page.token = page.token or asked
    if page.more and page.token == asked:
        came = "the token of the request" if asked else "no token"
        msg = f"hasMore is true, and continueFrom has {came}; asking again would never end"
        raise EndlessFeedError(msg)
    return page


def read_list(body: bytes, field: str, size: int | None, lost: Lost = None) -> ListPage:
    """Read a page of a list.

    Args:
        body: What the API sent.
        field: The field that holds the items; empty if the body is an array of them, or a single one.
        size: How many items were asked for; None if the list has no pages.
        lost: Is called if values became null because JSON, or any target, cannot hold them.

    Raises:
        UnreadableBodyError: The body is not JSON.
        UnexpectedBodyError: The body is not such a page.
    """
    if field:
        return _readable(body, lambda text: _enveloped(text, field, size), f"an object with the array {field!r}", lost)
    return _readable(body, _whole, "an array or an object", lost)


def items_of(data: Items, lost: Lost = None) -> list[Any]:
    """Read the items of a page.

    Raises:
        UnexpectedBodyError: They hold what cannot be told in JSON.
    """
    array = data if isinstance(data, bytes) else b"[" + b",".join(data) + b"]"
    return _readable(array, _items.decode, "an array", lost) or []


def read_as(body: bytes, decode: Callable[[bytes], T], wanted: str) -> T:
    """Read a body of a form of its own.

    Args:
        body: What the API sent.
        decode: Raises msgspec's errors.
        wanted: What the body should be, for messages.

    Raises:
        UnreadableBodyError: The body is not JSON.
        UnexpectedBodyError: The body is not of this form.
    """
    return _readable(body, decode, wanted)


def number_of_items(data: Items) -> int:
    """Count the items of a page without reading them."""
    return len((_array.decode(data) or ()) if isinstance(data, bytes) else data)


def on_one_line(body: bytes) -> bytes:
    """Write JSON without line feeds.

    Raises:
        msgspec.DecodeError: It is not JSON.
    """
    return msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body


def _export(body: bytes) -> ExportPage:
    # All in one go: each further one takes as long.
    envelope = _body.decode(on_one_line(body))
    if envelope.data is None:
        # Perhaps a glitch: its token would skip what it should have had.
        msg = "no rows in 'data', not even an empty array"
        raise msgspec.ValidationError(msg)
    return ExportPage(data=envelope.data, token=envelope.continueFrom, more=envelope.hasMore)


def _enveloped(body: bytes, field: str, size: int | None) -> ListPage:
    if body.lstrip().startswith(b"["):
        # An array alone: the envelope was left out.
        return ListPage(body.strip(), _length(body), more=False if size is None else None)
    members = _members.decode(body)
    if field not in members:
        msg = f"no field {field!r}"
        raise msgspec.ValidationError(msg)
    return ListPage(
        bytes(members[field]),
        _length(members[field]),
        more=_optional(members, "hasMore", bool) if size is not None else False,
        total=_optional(members, "totalCount", int),
        size=_size(members),
    )


def _size(members: dict[str, msgspec.Raw]) -> int | None:
    try:
        return _optional(members, "pageSize", int)
    except msgspec.ValidationError:
        return None


def _length(array: bytes | msgspec.Raw) -> int:
    return len(_array.decode(array) or ())


def _optional(members: dict[str, msgspec.Raw], name: str, kind: type[T]) -> T | None:
    return msgspec.json.decode(members[name], type=kind | None) if name in members else None


def _whole(body: bytes) -> ListPage:
    found = bytes(_anything.decode(body)).strip()
    data = found if found.startswith(b"[") else b"[" + found + b"]"
    return ListPage(data, _length(data))


def _readable(body: bytes, read: Callable[[bytes], T], wanted: str, lost: Lost = None) -> T:
    try:
        try:
            # What is read as Raw is passed over without a look at its letters.
            body.decode()
            return read(body)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError):
            return read(repaired(body, lost))
    except (msgspec.ValidationError, ArithmeticError, RecursionError) as error:
        msg = f"wanted {wanted}: {_plain(error)}"
        raise UnexpectedBodyError(msg) from None


def _plain(error: Exception) -> str:
    """Say what is wrong without repeating what came."""
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    return "nested too deep" if isinstance(error, RecursionError) else "a number beyond all bounds"
