"""The sandbox refuses whom it should, spoils answers on demand, and can be run as a program."""

from __future__ import annotations

import concurrent.futures
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.clock import iso, ticks
from tap_servicetitan.sandbox.faults import KINDS
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.sandbox.settings import Settings
from tests.support.sandbox_client import FEEDS, access

if TYPE_CHECKING:
    from collections.abc import Iterator

Item = dict[str, Any]

SMALL = Settings(scale=0.02, requests_per_second=None, page_size=9)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run one sandbox for the tests that leave nothing behind."""
    with serve(SMALL) as running:
        yield running


def get(
    sandbox: Sandbox, stream: str, headers: dict[str, str] | None = None, *, start: str | None = None
) -> requests.Response:
    """Ask for a page."""
    url = sandbox.url + BY_NAME[stream].url.format(tenant=sandbox.config["tenant_id"])
    query = {"from": start} if start else None
    return requests.get(url, query, headers=headers or access(sandbox), timeout=9, allow_redirects=False)


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("spoilt", [{"client_secret": "wrong"}, {"client_id": "wrong"}, {"grant_type": "password"}])
def test_wrong_credentials_get_no_token(sandbox: Sandbox, spoilt: dict[str, str]) -> None:
    """The token endpoint says what is wrong in the way of OAuth."""
    names = ("client_id", "client_secret")
    form = {"grant_type": "client_credentials"} | {name: sandbox.config[name] for name in names} | spoilt
    answer = requests.post(sandbox.config["auth_url"], data=form, timeout=9)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_client", "unsupported_grant_type"}


def test_who_may_not_ask_is_refused(sandbox: Sandbox) -> None:
    """Each refusal has its status, and the vendor's error body."""
    headers = access(sandbox)
    assert get(sandbox, "jobs", headers).status_code == 200
    assert get(sandbox, "jobs", headers | {"Authorization": "Bearer no"}).status_code == 401
    assert get(sandbox, "jobs", headers | {"ST-App-Key": "no"}).status_code == 401
    sandbox.expire_tokens()
    refused = get(sandbox, "jobs", headers)
    assert refused.status_code == 401
    assert refused.json().keys() == {"type", "title", "status", "traceId", "errors", "data"}
    url = sandbox.url + BY_NAME["jobs"].url.format(tenant="1")
    assert requests.get(url, headers=access(sandbox), timeout=9).status_code == 404


def test_a_scope_or_a_module_can_be_missing(sandbox: Sandbox) -> None:
    """A missing scope is a 403, a missing module a 404; both come back."""
    assert sandbox.revoke_scope("customers") == "tn.crm.customers:r"
    refused = get(sandbox, "customers")
    assert (refused.status_code, refused.json()["title"]) == (403, "Scope validation failed")
    sandbox.grant_scopes()
    sandbox.disable_module("telecom")
    assert get(sandbox, "calls").status_code == 404
    sandbox.enable_modules()
    assert get(sandbox, "customers").status_code == get(sandbox, "calls").status_code == 200


def test_the_rate_limit_tells_how_long_to_wait(sandbox: Sandbox) -> None:
    """One request too many in a second is a 429 whose title names the seconds."""
    headers = access(sandbox)
    sandbox.set_limits(requests_per_second=2)
    answers = [get(sandbox, "tag_types", headers) for _ in range(4)]
    sandbox.set_limits(requests_per_second=None)
    late = next(answer for answer in answers if answer.status_code == 429)
    assert re.fullmatch(r"Rate limit is exceeded\. Try again in \d+ seconds\.", late.json()["title"])


def test_many_may_ask_at_once(sandbox: Sandbox) -> None:
    """Thirty-two requests side by side are all answered, and logged."""
    headers = access(sandbox)
    sandbox.forget_requests()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda stream: get(sandbox, stream, headers), FEEDS * 2))
    assert {answer.status_code for answer in answers} == {200}
    assert Counter(request["stream"] for request in sandbox.requests()) == dict.fromkeys(FEEDS, 2)


def test_the_control_endpoints_do_what_the_methods_do(sandbox: Sandbox) -> None:
    """A test in another language can order all that a test in Python can."""
    control = f"{sandbox.url}/_sandbox"
    assert requests.get(f"{control}/counts", timeout=9).json() == sandbox.counts()
    assert requests.get(f"{control}/rows/jobs", {"settled": "true"}, timeout=9).json() == sandbox.rows(
        "jobs", settled=True
    )
    moved = requests.post(f"{control}/clock", json={"advance": 60}, timeout=9).json()
    assert moved == {"now": sandbox.now}
    touched = requests.post(f"{control}/touch", json={"stream": "jobs", "count": 1}, timeout=9).json()
    again = requests.post(
        f"{control}/touch", json={"stream": "jobs", "keys": touched["keys"], "values": {"active": False}}, timeout=9
    )
    assert [row["active"] for row in again.json()["rows"]] == [False]
    assert requests.post(f"{control}/faults", json={"kind": "flood"}, timeout=9).status_code == 400
    assert requests.get(f"{control}/rows/nothing", timeout=9).status_code == 400
    assert requests.post(f"{control}/clock", json={"now": "2020-01-01"}, timeout=9).status_code == 400
    assert requests.delete(f"{control}/requests", timeout=9).status_code == 200
    assert sandbox.requests() == []


# -------------------------------------------------------------------------------------------------------------- faults


def raw(sandbox: Sandbox, stream: str) -> tuple[bytes, bool]:
    """Ask on a bare socket; tell what came, and whether the connection was reset."""
    headers = access(sandbox)
    address = urlsplit(sandbox.url)
    lines = [
        f"GET {BY_NAME[stream].url.format(tenant=sandbox.config['tenant_id'])} HTTP/1.1",
        f"Host: {address.netloc}",
    ]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    got = b""
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=9) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        try:
            while part := connection.recv(65_536):
                got += part
        except ConnectionResetError:
            return got, True
    return got, False


@pytest.mark.parametrize(
    ("where", "begins", "whole_head"), [("start", False, False), ("headers", True, False), ("body", True, True)]
)
def test_a_reset_really_resets(sandbox: Sandbox, where: str, begins: bool, whole_head: bool) -> None:  # noqa: FBT001 - a table
    """The connection ends in a reset where it was told to, and the next request is answered."""
    sandbox.fault("reset", "jobs", where=where)
    got, reset = raw(sandbox, "jobs")
    assert reset
    assert got.startswith(b"HTTP/1.1 200") == begins
    assert (b"\r\n\r\n" in got) == whole_head
    assert sandbox.requests()[-1]["status"] == 0
    got, reset = raw(sandbox, "jobs")
    assert not reset
    assert got.endswith(b"}")


def test_faults_skip_and_end(sandbox: Sandbox) -> None:
    """A fault lets some requests pass, hits as many as it was told to, and spares other streams."""
    sandbox.fault("status", "jobs", status=503, skip=1, times=2, body="html", headers={"Retry-After": "0.5"})
    answers = [get(sandbox, "jobs") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "0.5"
    assert "<html>" in answers[1].text
    sandbox.fault("status", "jobs", status=429, title="Rate limit is exceeded. Try again in 50 seconds.")
    assert get(sandbox, "invoices").status_code == 200
    assert get(sandbox, "jobs").json()["title"].endswith("50 seconds.")
    assert sandbox.faults == []


def test_the_token_endpoint_can_fail_too(sandbox: Sandbox) -> None:
    """Faults reach the token endpoint by its name."""
    sandbox.fault("status", "token", status=500, body="empty")
    answer = requests.post(sandbox.config["auth_url"], timeout=9)
    assert (answer.status_code, answer.content) == (500, b"")


def test_bodies_can_be_spoilt(sandbox: Sandbox) -> None:
    """Half a body, none, a web page, or another address: all valid HTTP."""
    for kind in ("truncate", "empty", "html", "redirect"):
        sandbox.fault(kind, "jobs")
    cut, empty, html, elsewhere = (get(sandbox, "jobs") for _ in range(4))
    assert cut.status_code == empty.status_code == html.status_code == 200
    assert cut.text.startswith('{"hasMore":')
    assert not cut.text.endswith("}")
    assert empty.content == b""
    assert html.headers["Content-Type"].startswith("text/html")
    assert (elsewhere.status_code, elsewhere.headers["Location"]) == (302, "/elsewhere")


def test_an_answer_can_be_slow(sandbox: Sandbox) -> None:
    """A slow answer is a good one, later, and holds nobody else up."""
    sandbox.fault("slow", "jobs", seconds=0.3)
    began = time.monotonic()
    assert get(sandbox, "jobs").status_code == 200
    assert time.monotonic() - began > 0.3


def test_tokens_can_be_odd(sandbox: Sandbox) -> None:
    """The last page without, with an empty, or with the same token; an empty page; a loop; a rejected token."""
    sandbox.set_limits(page_size=1_000)
    token = get(sandbox, "jobs").json()["continueFrom"]
    for kind in ("last-token-missing", "last-token-empty", "last-token-same"):
        sandbox.fault(kind, "jobs")
    missing, empty, same = (get(sandbox, "jobs", start=token).json() for _ in range(3))
    assert missing.keys() == {"hasMore", "data"}
    assert (empty["continueFrom"], same["continueFrom"]) == ("", token)
    sandbox.fault("empty-page", "jobs")
    body = get(sandbox, "jobs", start=token).json()
    assert (body["data"], body["hasMore"]) == ([], True)
    assert body["continueFrom"] != token
    assert get(sandbox, "jobs", start=body["continueFrom"]).json()["hasMore"] is False
    sandbox.fault("repeat-token", "jobs")
    body = get(sandbox, "jobs", start=token).json()
    assert (body["continueFrom"], body["hasMore"]) == (token, True)
    sandbox.fault("reject-continuation", "jobs")
    assert get(sandbox, "jobs").status_code == get(sandbox, "jobs", start="2026-01-01").status_code == 200
    assert get(sandbox, "jobs", start=token).status_code == 400
    sandbox.set_limits(page_size=SMALL.page_size)


def test_rows_can_have_undeclared_fields(sandbox: Sandbox) -> None:
    """Fields come before the documents know them."""
    sandbox.fault("extra-field", "jobs", fields={"sandboxField": {"deep": 1}})
    assert {json.dumps(row["sandboxField"]) for row in get(sandbox, "jobs").json()["data"]} == {'{"deep": 1}'}


def test_no_fault_is_left_out(sandbox: Sandbox) -> None:
    """Every kind of fault can be ordered."""
    for kind in KINDS:
        sandbox.fault(kind)
    assert {fault["kind"] for fault in sandbox.faults} == KINDS
    sandbox.clear_faults()
    assert sandbox.faults == []


# ------------------------------------------------------------------------------------------------------------- command


def test_the_command_prints_the_settings_and_ends_well() -> None:
    """What it prints is enough to use it; to be told to end is no failure."""
    command = [sys.executable, "-m", "tap_servicetitan.sandbox", "--port", "0", "--scale", "0.02", "--clock", "running"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
        config = json.loads("".join(lines))
        known = {"client_id", "client_secret", "st_app_key", "tenant_id", "api_url", "auth_url", "router_ids"}
        if config.keys() != known:
            process.kill()
        assert config.keys() == known
        now = requests.get(f"{config['api_url']}/_sandbox/clock", timeout=9).json()["now"]
        assert now > "2026-11-01T12:00:00"
        assert requests.get(f"{config['api_url']}/_sandbox/limits", timeout=9).json()["requests_per_second"] == 60
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=9)
    assert (process.returncode, output) == (0, "")
    assert errors.count("\n") == 1


def test_what_it_prints_works_where_it_listens_everywhere() -> None:
    """With --host 0.0.0.0 the settings name this machine, and a sentence says why the tap needs it to be the same."""
    command = [sys.executable, "-m", "tap_servicetitan.sandbox", "--port", "0", "--scale", "0.02", "--host", "0.0.0.0"]  # noqa: S104 - to be tested
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
        config = json.loads("".join(lines))
        answer = requests.get(f"{config['api_url']}/_sandbox/clock", timeout=9)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=9)
    assert answer.status_code == 200
    assert config["api_url"].startswith("http://127.0.0.1:")
    assert "plain http" in errors


def test_stamps_are_read_and_written_to_the_last_digit() -> None:
    """Seven digits survive, zones are heeded, zeros at the end are not shown."""
    assert iso(ticks("2026-11-01T12:00:00.1234567Z")) == "2026-11-01T12:00:00.1234567Z"
    assert iso(ticks("2026-11-01T12:00:00.5+02:00")) == "2026-11-01T10:00:00.5Z"
    assert iso(ticks("2026-11-01")) == "2026-11-01T00:00:00Z"
