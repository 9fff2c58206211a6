"""A body in, the rows and the next page out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import simplejson


class UnreadableBodyError(Exception):
    """A body is not JSON: cut short, empty or a proxy's page. Asking again may help."""


class UnexpectedBodyError(Exception):
    """A body is JSON, but not a page. Asking again will not help."""


class EndlessFeedError(Exception):
    """A feed says that there is more, but gives no new token to ask for it."""


class ExportBody(msgspec.Struct):
    """The envelope of an export feed, as the vendor names its parts."""

    hasMore: bool  # noqa: N815 - the vendor's name
    continueFrom: str | None = None  # noqa: N815 - the vendor's name
    data: msgspec.Raw = msgspec.Raw(b"[]")


class ExportPage(msgspec.Struct):
    """One page of an export feed: its items, and the token to keep once they are written."""

    items: list[Any]
    token: str | None
    more: bool


# Decimal, so that money keeps its digits from the feed to the target.
_items = msgspec.json.Decoder(list[Any] | None, float_hook=Decimal)
_body = msgspec.json.Decoder(ExportBody)


def read_export(body: bytes, asked: str | None) -> ExportPage:
    """Read a page of an export feed that was asked for with the token `asked`, if with any.

    ``hasMore`` alone says whether the feed goes on. The last page may carry a new token, the
    token it was asked with, an empty one or none; the last two leave the old token in force.

    Raises:
        UnreadableBodyError: The body is not JSON.
        UnexpectedBodyError: The body is not a page.
        EndlessFeedError: There is more, and no new token.
    """
    page = _read_export(body)
    page.token = page.token or asked
    if page.more and page.token == asked:
        came = "the token it was asked with" if asked else "no token"
        msg = f"hasMore is true, and continueFrom has {came}; asking again would never end"
        raise EndlessFeedError(msg)
    return page


def _read_export(body: bytes) -> ExportPage:
    try:
        try:
            envelope, items = _decode(body)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            envelope, items = _decode(_mended(body))
    except (msgspec.ValidationError, ArithmeticError, RecursionError) as error:
        msg = f"wanted {{hasMore, continueFrom, data}}: {_plain(error)}"
        raise UnexpectedBodyError(msg) from None
    return ExportPage(items=items or [], token=envelope.continueFrom, more=envelope.hasMore)


def _decode(body: bytes) -> tuple[ExportBody, list[Any] | None]:
    envelope = _body.decode(body)
    return envelope, _items.decode(envelope.data)


def _plain(error: Exception) -> str:
    """Say what is wrong without repeating what came."""
    if isinstance(error, msgspec.ValidationError):
        return str(error)
    return "nested too deep" if isinstance(error, RecursionError) else "a number beyond all bounds"


def _mended(body: bytes) -> bytes:
    r"""Rewrite JSON that is valid by the letter but not by Unicode (a lone ``\ud83d``: an emoji cut in half)."""
    try:
        value = simplejson.loads(body, use_decimal=True)
    except ValueError:
        msg = "not JSON" if body.strip() else "empty"
        raise UnreadableBodyError(msg) from None
    text: str = simplejson.dumps(value, use_decimal=True, ensure_ascii=False, ignore_nan=True)
    return text.encode("utf-8", "replace")
