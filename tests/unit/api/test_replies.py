"""What a response says of itself, wherever vendor and gateway put it, and what it must not bring into a log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.api.replies import Reply, describe, requested_wait
from tap_servicetitan.api.request import Request
from tap_servicetitan.api.statuses import judge
from tap_servicetitan.errors import ForbiddenError, RejectedError, TransientError

SECRET = "0f3a9c-a-client-secret"  # noqa: S105 - made up
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def reply(status: int, body: Any, headers: dict[str, str] | None = None, reason: str = "Reason") -> Reply:  # noqa: ANN401 - any JSON value
    """Make a response."""
    return Reply(status, reason, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"title": "Too much"}, "Too much"),
        ({"statusCode": 429, "message": "Slow down"}, "Slow down"),
        ({"error": "invalid_client"}, "invalid_client"),
        ({"error": "invalid_client", "error_description": "No such app"}, "No such app"),
        ({"title": "Wrong", "errors": {"sort": ["'+Id' is not valid"]}}, "sort: '+Id' is not valid"),
        ({"title": "Wrong", "errors": {"": ["The body is missing"]}}, "'The body is missing'"),
        ({"errors": ["First", "Second"]}, "Second"),
        ({"title": "Wrong", "traceId": "00-ab"}, "trace id 00-ab"),
    ],
)
def test_the_reason_is_found(body: dict[str, Any], wanted: str) -> None:
    """In `title`, `message`, `error` or `errors`, by field or in a row."""
    assert wanted in describe(reply(400, body))


@pytest.mark.parametrize(
    ("headers", "body", "wanted"),
    [
        ({"Retry-After": "7"}, {}, 7),
        ({"Retry-After": "2.5"}, {}, 2.5),
        ({"Retry-After": "0"}, {}, 0),
        ({}, {"title": "Rate limit is exceeded. Try again in 4 seconds."}, 4),
        ({}, {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 4 seconds."}, 4),
        ({}, {"title": "No idea"}, None),
        ({"Retry-After": "soon"}, {}, None),
        ({"Retry-After": "7200"}, {}, 7200),
    ],
)
def test_the_wait_is_found(headers: dict[str, str], body: dict[str, Any], wanted: float | None) -> None:
    """In the header or in any of the reasons."""
    assert requested_wait(reply(429, body, headers)) == wanted


@pytest.mark.parametrize("ahead", [-6, 0, 6])
def test_a_date_to_wait_for_is_one_of_the_apis_clock(ahead: int) -> None:
    """However wrong this machine's clock is, and never a negative time."""
    api = NOW + timedelta(hours=ahead)
    headers = {"Date": format_datetime(api, usegmt=True)}
    for seconds, wanted in ((30, 30), (-30, 0)):
        date = format_datetime(api + timedelta(seconds=seconds), usegmt=True)
        assert requested_wait(reply(503, {}, headers | {"Retry-After": date})) == wanted


@pytest.mark.parametrize(
    ("title", "advice"),
    [
        ("Scope validation failed", "grant the app the scope tn.x:r"),
        ("Tenant is not authorized to access this resource.", "is not licensed"),
    ],
)
def test_the_two_kinds_of_403_have_their_own_advice(title: str, advice: str) -> None:
    """A scope that is missing, and a module that was not bought."""
    request = Request(stream="jobs", path="/jobs", scope="tn.x:r")
    error = judge(request, reply(403, {"title": title}), "4242", others_served=True)
    assert isinstance(error, ForbiddenError)
    assert advice in str(error)


@pytest.mark.parametrize("status", [400, 410, 414])
def test_what_a_dead_token_may_be_answered_with_is_a_rejection(status: int) -> None:
    """The feed then starts from a date."""
    request = Request(stream="jobs", path="/jobs")
    assert isinstance(judge(request, reply(status, {}), "4242", others_served=True), RejectedError)


def test_a_body_that_is_nested_without_end_is_what_its_status_says() -> None:
    """A 503 is a 503, whatever its body is."""
    nested = b"[" * 200_000 + b"]" * 200_000
    error = judge(Request(stream="jobs", path="/jobs"), reply(503, nested), "4242", others_served=True)
    assert isinstance(error, TransientError)


@settings(deadline=None, derandomize=True, max_examples=200, database=None)
@given(
    texts=st.lists(st.text(max_size=300), min_size=5, max_size=5),
    at=st.integers(0, 4),
    padding=st.integers(0, 250),
)
def test_nothing_from_outside_breaks_a_line_or_tells_a_secret(texts: list[str], at: int, padding: int) -> None:
    """Whatever stands in reason phrase, title, message, field and trace id: one line, no secret, nor half of one."""
    texts[at] += "x" * padding + SECRET + "\r\n\x1b[2J"
    reason, title, message, field, trace = texts
    body = {"title": title, "message": message, "errors": {field: [message]}, "traceId": trace}
    said = describe(reply(400, body, reason=reason), [SECRET])
    assert said.isprintable()
    assert SECRET[:12] not in said
