"""Requests that get no response, for real: each is told as what it is, with the variable or setting that caused it."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.api.transport import Transport
from tap_servicetitan.errors import ApiError, CredentialsError, OverloadError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from requests import PreparedRequest

VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
)
LIMIT = 1 << 20


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Begin without a proxy or bundle."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def auth(request: PreparedRequest) -> PreparedRequest:
    """Add nothing."""
    return request


def failure(url: str, timeout: float = 3) -> ApiError:
    """Send a request that fails."""
    with pytest.raises(ApiError) as raised:
        Transport(1, timeout, LIMIT).send("jobs", "GET", url, auth)
    return raised.value


def closed_port() -> int:
    """Find a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def answering() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Run a server that does something to each connection."""
    listeners = []

    def start(answer: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65_536)
                        answer(connection)
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        return "http://{}:{}/".format(*listener.getsockname()[:2])

    yield start
    for one in listeners:
        one.close()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize(("content", "wanted"), [(None, "does not exist"), ("no certificate", "PEM format")])
def test_a_wrong_bundle_is_named(
    environment: pytest.MonkeyPatch, tmp_path: Path, variable: str, content: str | None, wanted: str
) -> None:
    """With its variable, before anything is sent."""
    file = tmp_path / "bundle.pem"
    if content:
        file.write_text(content)
    environment.setenv(variable, str(file))
    with pytest.raises(CredentialsError, match=wanted) as raised:
        Transport(1, 3, LIMIT).check()
    assert variable in str(raised.value)
    assert str(file) in str(raised.value)


@pytest.mark.parametrize(
    ("proxy", "wanted"),
    [
        ("http://user:p@ss:word@proxy:port", "is not"),
        ("http://", "is not"),
        ("ftp://127.0.0.1:9", "is not"),
    ],
)
def test_a_malformed_proxy_is_named_without_its_password(
    environment: pytest.MonkeyPatch, proxy: str, wanted: str
) -> None:
    """It is not tried again."""
    environment.setenv("HTTPS_PROXY", proxy)
    error = failure("https://api.servicetitan.io/")
    assert isinstance(error, CredentialsError), error
    assert "HTTPS_PROXY" in str(error)
    assert wanted in str(error)
    assert "word" not in str(error)


def test_a_proxy_that_is_not_there_is_named(environment: pytest.MonkeyPatch) -> None:
    """It may come up again."""
    environment.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    error = failure("https://api.servicetitan.io/")
    assert isinstance(error, TransientError)
    assert "proxy" in str(error)
    assert "HTTPS_PROXY" in str(error)


def test_a_refused_connection_and_a_name_that_nobody_has() -> None:
    """Both may pass."""
    assert "refused" in str(failure(f"http://127.0.0.1:{closed_port()}/?from=secret-token"))
    assert "secret-token" not in str(failure(f"http://127.0.0.1:{closed_port()}/?from=secret-token"))
    error = failure("http://no-such-host.invalid/")
    assert isinstance(error, TransientError)
    assert "name" in str(error)


@pytest.mark.parametrize("url", ["http://", "nonsense://host/", "http://a:b:c/"])
def test_an_address_that_is_none_is_the_setting(url: str) -> None:
    """It is not tried again."""
    error = failure(url)
    assert isinstance(error, CredentialsError), error
    assert "api_url or auth_url" in str(error)


def test_a_body_that_trickles_in_ends_in_time(answering: Callable[[Callable[[socket.socket], None]], str]) -> None:
    """The timeout is that of the whole request: each byte alone comes soon enough."""

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n")
        for _ in range(600):
            connection.sendall(b" ")
            time.sleep(0.05)

    error = failure(answering(trickle), timeout=0.5)
    assert isinstance(error, TransientError)
    assert error.overload
    assert "request_timeout" in str(error)


@pytest.mark.parametrize("bomb", [False, True], ids=["endless", "decompression bomb"])
def test_a_body_without_end_is_given_up(
    answering: Callable[[Callable[[socket.socket], None]], str], *, bomb: bool
) -> None:
    """At the limit of the setting, which the sentence names."""
    body = gzip.compress(b" " * (LIMIT * 50))

    def pour(connection: socket.socket) -> None:
        if bomb:
            head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    error = failure(answering(pour))
    assert isinstance(error, OverloadError), error
    assert "max_response_mb" in str(error)


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        (b"", "broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", "within the answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{", "within the answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", "decompressed"),
    ],
)
def test_a_connection_that_breaks_may_pass(
    answering: Callable[[Callable[[socket.socket], None]], str], sent: bytes, wanted: str
) -> None:
    """Wherever it breaks."""
    error = failure(answering(lambda connection: connection.sendall(sent)))
    assert isinstance(error, TransientError)
    assert wanted in str(error)
