"""The API over HTTP: signing in, trying again, and what is said when it does not work."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import requests

from tap_servicetitan.api import retry
from tap_servicetitan.errors import CredentialsError, RunError
from tap_servicetitan.settings.settings import HOSTS
from tests.support.running import run

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox

pytestmark = pytest.mark.usefixtures("impatient")


def is_whole(sandbox: Sandbox, stream: str, **settings: Any) -> bool:  # noqa: ANN401 - any setting
    """Run one stream and tell whether it came as if nothing had happened."""
    output = run(sandbox.config | settings, stream)
    rows = sandbox.rows(stream)
    return output.error is None and sorted(row["id"] for row in output.records[stream]) == sorted(
        row["id"] for row in rows
    )


@pytest.mark.parametrize("skip", [0, 1, 5], ids=["first page", "second page", "in the middle"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "status", "status": 408}, id="408"),
        pytest.param({"kind": "status", "status": 429, "headers": {"Retry-After": "0.02"}}, id="429, decimal header"),
        pytest.param({"kind": "status", "status": 429, "title": "Try again in 0.02 seconds."}, id="429, title"),
        pytest.param({"kind": "status", "status": 429}, id="429, bare"),
        pytest.param({"kind": "status", "status": 500}, id="500"),
        pytest.param({"kind": "status", "status": 502, "body": "html"}, id="502, HTML"),
        pytest.param({"kind": "status", "status": 503, "body": "empty"}, id="503, empty"),
        pytest.param({"kind": "html"}, id="HTML at 200"),
        pytest.param({"kind": "empty"}, id="empty at 200"),
        pytest.param({"kind": "truncate"}, id="JSON cut short"),
        pytest.param({"kind": "reset", "where": "start"}, id="reset before the answer"),
        pytest.param({"kind": "reset", "where": "headers"}, id="reset in the headers"),
        pytest.param({"kind": "reset", "where": "body"}, id="reset in the body"),
        pytest.param({"kind": "status", "status": 401}, id="401, once"),
    ],
)
def test_a_passing_fault_costs_no_row(sandbox: Sandbox, fault: dict[str, Any], skip: int) -> None:
    """Whatever goes wrong for a moment, and wherever, every row comes once."""
    times = 1 if fault.get("status") == 401 else 3
    sandbox.fault(**fault, stream="invoice_items", skip=skip, times=times)
    assert is_whole(sandbox, "invoice_items")
    assert sandbox.faults == []


def test_ten_tries_are_made(sandbox: Sandbox) -> None:
    """A fault that passes after ten tries does not fail the stream: live users needed about that many."""
    sandbox.fault("status", "customers", status=500, times=10)
    assert is_whole(sandbox, "customers")


def test_a_fault_that_stays_fails_the_stream(sandbox: Sandbox) -> None:
    """After the last try, the stream fails with what came, and keeps its bookmark."""
    sandbox.fault("status", "customers", status=503, title="Maintenance", times=1_000)
    output = run(sandbox.config, "customers")
    assert isinstance(output.error, RunError)
    assert "customers: 503 Service Unavailable 'Maintenance'" in str(output.error)
    assert f"gave up after {retry.MAX_TRIES} tries" in str(output.error)
    assert len(sandbox.requests("customers")) == retry.MAX_TRIES


def test_a_slow_answer_is_cut_off_and_asked_for_again(sandbox: Sandbox) -> None:
    """An answer that does not come within request_timeout is given up and asked for again."""
    sandbox.fault("slow", "customers", seconds=5.0)
    assert is_whole(sandbox, "customers", request_timeout=0.5)
    assert len(sandbox.requests("customers")) >= 2


@pytest.mark.parametrize(
    ("headers", "title", "wait"),
    [
        ({"Retry-After": "7"}, "Try again in 50 seconds.", 7.0),
        ({"Retry-After": "0.5"}, "", 0.5),
        ({}, "Rate limit is exceeded. Try again in 50 seconds.", 50.0),
        ({"Retry-After": "soon"}, "Try again in 1 second.", 1.0),
        ({"Retry-After": "99999"}, "", retry.LONGEST_REQUESTED_WAIT),
        ({}, "Slow down", None),
    ],
    ids=["header before title", "decimal header", "title only", "useless header", "unreasonable", "neither"],
)
def test_the_wait_is_what_the_api_asks_for(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], title: str, wait: float | None
) -> None:
    """The wait comes from the header, else from the title, else it is exponential with jitter."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    sandbox.fault("status", "customers", status=429, headers=headers, title=title)
    assert is_whole(sandbox, "customers")
    longest = max(slept)
    if wait is None:
        assert 0 < longest <= retry.FIRST_WAIT
    else:
        # Never shorter than it would be without.
        assert wait <= longest <= max(wait + 0.1, retry.FIRST_WAIT)


def test_a_429_holds_back_all_streams(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is the tenant's: after a 429 no stream asks before the wait is over."""
    paused: list[float] = []
    monkeypatch.setattr("time.sleep", paused.append)
    sandbox.fault("status", "customers", status=429, headers={"Retry-After": "30"})
    assert run(sandbox.config | {"concurrency": 1}, "customers", "jobs").error is None
    statuses = [request["status"] for request in sandbox.requests()]
    later = len(statuses) - 1 - statuses.index(429)
    # The refused request waits for itself; whatever comes after it finds the wait still on.
    assert later > 1
    assert len([seconds for seconds in paused if seconds > 20]) == 1 + later


def test_a_token_is_asked_for_once_and_shared(sandbox: Sandbox) -> None:
    """All streams and workers share one access token."""
    run(sandbox.config | {"concurrency": 8})
    assert len(sandbox.requests("token")) == 1


def test_a_token_is_replaced_before_its_end(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is expires_in, less a margin: an old token is replaced without a 401."""
    clock = [0.0]

    class Time:
        """Passes five minutes with every look at it."""

        @staticmethod
        def monotonic() -> float:
            clock[0] += 300.0
            return clock[0]

        @staticmethod
        def sleep(_: float) -> None:
            pass

    monkeypatch.setattr("tap_servicetitan.api.client.time", Time)
    monkeypatch.setattr("tap_servicetitan.api.auth.time", Time)
    assert is_whole(sandbox, "invoice_items")
    assert len(sandbox.requests("token")) > 1
    assert {request["status"] for request in sandbox.requests()} == {200}


def test_a_token_that_ends_early_is_replaced_once(sandbox: Sandbox) -> None:
    """A 401 in the middle of a run gets one fresh token and the page comes."""
    sandbox.fault("status", "customers", status=401)
    assert is_whole(sandbox, "customers")
    assert len(sandbox.requests("token")) == 2


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        pytest.param("client_secret", "wrong-secret", ["sign-in: 400", "client_id and client_secret"], id="secret"),
        pytest.param("client_id", "wrong-id", ["sign-in: 400", "client_id and client_secret"], id="id"),
        pytest.param("st_app_key", "wrong-key", ["401", "st_app_key"], id="app key"),
    ],
)
def test_wrong_credentials_are_one_sentence(sandbox: Sandbox, setting: str, value: str, words: list[str]) -> None:
    """Wrong credentials end the run before any stream writes, in a sentence that names the setting, not its value."""
    output = run(sandbox.config | {setting: value})
    assert isinstance(output.error, CredentialsError)
    assert all(word in str(output.error) for word in words)
    assert value not in str(output.error)
    assert output.raw == b""


def test_a_failing_sign_in_is_tried_again(sandbox: Sandbox) -> None:
    """The token endpoint may fail for a moment like any other."""
    sandbox.fault("status", "token", status=500, times=2)
    sandbox.fault("reset", "token")
    sandbox.fault("html", "token")
    assert is_whole(sandbox, "customers")


@pytest.mark.parametrize(
    ("environment", "host"),
    [("production", "servicetitan.io"), ("integration", "integration.servicetitan.io")],
)
def test_the_environment_picks_both_hosts(monkeypatch: pytest.MonkeyPatch, environment: str, host: str) -> None:
    """Without URLs of its own, the tap signs in at and asks the hosts of its environment, production unless told."""
    asked: list[str] = []

    def note(_: requests.Session, __: str, url: str, **___: object) -> NoReturn:
        asked.append(url)
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "request", note)
    keys = {"client_id": "a", "client_secret": "b", "st_app_key": "c", "tenant_id": "42"}
    config = keys if environment == "production" else keys | {"environment": environment}
    assert "sign-in: the connection failed or broke" in str(run(config, "customers").error)
    joint = "-" if environment == "integration" else "."
    assert set(asked) == {f"https://auth{joint}{host}/connect/token"}
    assert HOSTS[environment][0] == f"https://api{joint}{host}"


def test_redirects_are_not_followed(sandbox: Sandbox) -> None:
    """A redirect is an error: it could carry the credentials to another host."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        visits: list[bytes] = []
        threading.Thread(target=_note_visits, args=(elsewhere, visits), daemon=True).start()
        host, port = elsewhere.getsockname()
        sandbox.fault("redirect", "customers", location=f"http://{host}:{port}/", times=100)
        output = run(sandbox.config, "customers")
        assert "302" in str(output.error)
        assert visits == []


def _note_visits(server: socket.socket, visits: list[bytes]) -> None:
    try:
        connection, _ = server.accept()
    except OSError:
        return
    visits.append(connection.recv(1))


def test_a_host_that_is_not_there_is_named_by_its_stream(sandbox: Sandbox) -> None:
    """A refused connection is tried again and then told, without the query."""
    output = run(sandbox.config | {"api_url": "http://127.0.0.1:9"}, "customers")
    assert "customers: the connection was refused" in str(output.error)
    assert "http" not in str(output.error)


def test_no_log_has_a_secret_a_token_or_a_row(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, with faults of every kind, no log line has a credential, a bookmark or a row."""
    with caplog.at_level(logging.DEBUG):
        state = run(sandbox.config, "customers", "jobs").state
        for status in (400, 401, 403, 404, 429, 500):
            sandbox.fault("status", "customers", status=status)
            sandbox.touch("customers", 2)
            sandbox.advance(1_000)
            run(sandbox.config, "customers", "jobs", state=state)
        for kind in ("truncate", "reset", "html", "redirect", "repeat-token"):
            sandbox.fault(kind, "customers")
            run(sandbox.config, "customers", "jobs", state=state)
        run(sandbox.config | {"client_secret": "another-secret"}, "customers")
        run(sandbox.config | {"client_secret": 12345}, "customers")
    text = "\n".join(caplog.messages) + caplog.text
    secrets = [sandbox.config[name] for name in ("client_id", "client_secret", "st_app_key")]
    tokens = [bookmark["continue_from"] for bookmark in state["bookmarks"].values()]
    row = sandbox.rows("customers")[0]
    private = [row["name"], row["address"]["street"]]
    for word in [*secrets, *tokens, *private, "another-secret", "12345", "Bearer "]:
        assert word not in text
    assert "customers" in text
