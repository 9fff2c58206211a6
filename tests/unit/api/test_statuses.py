"""A 404 of the API, and one of what stands before it."""

from __future__ import annotations

import pytest

from tap_servicetitan.api.replies import Reply
from tap_servicetitan.api.request import Request
from tap_servicetitan.api.statuses import judge
from tap_servicetitan.errors import NotFoundError, UnroutedError


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b'{"type":"x","title":"Not Found","status":404,"traceId":"t"}', NotFoundError, id="the API's"),
        pytest.param(b'{"title":"Not Found","status":404}', NotFoundError, id="the API's, short"),
        pytest.param(b"", NotFoundError, id="without a body"),
        pytest.param(b"null", NotFoundError, id="null"),
        pytest.param(
            b'{"statusCode":404,"message":"Unable to match incoming request to an operation."}',
            UnroutedError,
            id="its gateway's",
        ),
        pytest.param(b'{"statusCode":404,"message":"Resource not found"}', UnroutedError, id="its gateway's, older"),
        pytest.param(b"<html>404</html>", UnroutedError, id="a proxy's"),
    ],
)
def test_whose_404_it_is(body: bytes, kind: type[NotFoundError]) -> None:
    """Only the API knows whether a parent has none: what stands before it does not."""
    request = Request(stream="job_booked_logs", path="/jobs/1/booked-log", scope="tn.jpm.jobs:r")
    error = judge(request, Reply(404, "Not Found", {}, body), "4242", others_served=True)
    assert type(error) is kind
    assert str(error).startswith("job_booked_logs: 404 Not Found")
