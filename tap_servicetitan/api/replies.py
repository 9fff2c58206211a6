"""A response, and what it says of itself: reason and wait, wherever vendor and gateway put them."""

from __future__ import annotations

import dataclasses
import email.utils
import json
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_servicetitan.logs import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_TEXT_WAIT = re.compile(r"(?:try again|retry)(?: in| after)? (\d+(?:\.\d+)?) seconds?", re.IGNORECASE)
_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_LONGEST_TEXT = 200
_MOST_FIELDS = 5

_WORDS = ("title", "message", "error", "error_description")
"""Fields that hold the reason: of the API, of its gateway, of the sign-in."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_served(self) -> bool:
        """Whether the API knew the tenant: it served, or refused by scope or limit."""
        return self.status in {
            HTTPStatus.OK,
            HTTPStatus.ACCEPTED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.TOO_MANY_REQUESTS,
        }


def describe(reply: Reply, hidden: Collection[str] = ()) -> str:
    """Say what came: status, reasons and trace id; of the body nothing else.

    Args:
        reply: The response.
        hidden: What must not be said, though the response may echo it: credentials and bookmarks.
    """
    body = _body(reply)
    texts = [_without(text, hidden) for text in (reply.reason, *_reasons(body))]
    status = f"{reply.status} {texts[0]}".strip()
    reasons = ", ".join(f"'{text}'" for text in dict.fromkeys(texts[1:]))
    described = f"{status} {reasons}" if reasons else status
    trace = body.get("traceId")
    return f"{described} (trace id {_without(trace, hidden)})" if isinstance(trace, str) and trace else described


def requested_wait(reply: Reply) -> float | None:
    """Return how many seconds to wait: from the header (seconds, even decimal, or a date), else from the reason."""
    header = reply.headers.get("Retry-After", "")
    if _SECONDS.fullmatch(header.strip()):
        return float(header)
    if moment := read_date(header):
        # By the API's clock: this machine's may be wrong.
        now = read_date(reply.headers.get("Date", "")) or datetime.now(UTC)
        return max((moment - now).total_seconds(), 0.0)
    found = _TEXT_WAIT.search(describe(reply))
    return float(found[1]) if found else None


def read_date(header: str) -> datetime | None:
    """Read the date of a header."""
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def printable(text: object) -> str:
    """Write text from outside so that it cannot break a line or steer a terminal, and is no longer than a line."""
    return "".join(one if one.isprintable() else " " for one in str(text)[:_LONGEST_TEXT]).strip()


def _without(text: str, hidden: Collection[str]) -> str:
    # Before the text is cut: the first half of a secret is one, too.
    for value in hidden:
        if len(value) >= SHORTEST:
            text = text.replace(value, "…")
    return printable(text)


def _body(reply: Reply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _reasons(body: Mapping[str, Any]) -> Iterator[str]:
    for word in _WORDS:
        if isinstance(text := body.get(word), str) and text:
            yield text
    errors = body.get("errors")
    if isinstance(errors, dict):
        for field, texts in list(errors.items())[:_MOST_FIELDS]:
            first = texts[0] if isinstance(texts, list) and texts else texts
            yield f"{field}: {first}" if field else str(first)
    elif isinstance(errors, list):
        yield from (text for text in errors[:_MOST_FIELDS] if isinstance(text, str))
