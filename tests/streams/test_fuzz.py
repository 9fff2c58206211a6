"""Whatever comes (bodies, settings, states, catalogs), a run ends: with a right result, or a sentence that says why."""

from __future__ import annotations

import contextlib
import copy
import http.server
import json
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.campaigns.bench import no_waiting
from tests.streams.test_singer import format_checker
from tests.support.invoking import invoke, write
from tests.support.running import Message, Output, catalog_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.long

STREAMS = ("bookings", "contacts", "booking_contacts")
"""A feed, a list, and children."""

MOST_REQUESTS = 100
"""Of a run over a few pages, with all its tries."""

LAST = b'{"hasMore": false, "continueFrom": "end", "data": []}'

values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
rows = st.dictionaries(st.sampled_from(["id", "modifiedOn", "createdOn", "name", "active", "address", "x"]), values)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "hasMore": st.booleans() | values,
        "continueFrom": st.text(max_size=3) | values,
        "data": st.lists(rows | values, max_size=4) | values,
        "page": values,
        "totalCount": st.integers(0, 9) | values,
    },
)
bodies = st.one_of(
    st.builds(lambda value: json.dumps(value).encode(), st.one_of(envelopes, values)),
    st.binary(max_size=30),
    st.builds(lambda value, end: json.dumps(value).encode()[:end], envelopes, st.integers(0, 40)),
)
"""Pages, other JSON, JSON that is cut short, and anything else."""


class Api:
    """An API that gives whatever it is told to, and after that the end of every feed and list."""

    def __init__(self) -> None:
        """Begin with nothing to give."""
        self.bodies: list[bytes] = []
        self.forever = LAST
        self.requests = 0
        self.port = 0

    def next(self) -> bytes:
        """Give the next body."""
        self.requests += 1
        return self.bodies.pop(0) if self.bodies else self.forever

    @property
    def config(self) -> Message:
        """The tap's settings for it."""
        url = f"http://127.0.0.1:{self.port}"
        keys = {"client_id": "an-id", "client_secret": "a-secret", "st_app_key": "a-key", "tenant_id": "42"}
        limits = {"requests_per_second": 10_000, "concurrency": 1}
        return keys | limits | {"api_url": url, "auth_url": f"{url}/connect/token"}


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """Serve over a real socket."""
    said = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(said.next())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = b'{"access_token": "a-token", "expires_in": 900}'
            self._answer(token if self.path == "/connect/token" else said.next())

        def _answer(self, body: bytes) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        said.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield said
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Run a tenant that is read in a moment."""
    with serve(seed=1, scale=0.002, page_size=100) as running:
        running.config |= {"requests_per_second": 10_000}
        yield running


@pytest.fixture(scope="module")
def state(sandbox: Sandbox) -> Message:
    """Give a state that is good."""
    return run(sandbox.config, catalog=catalog_of(*STREAMS)).state


@contextlib.contextmanager
def files(**contents: object) -> Iterator[list[str]]:
    """Write files for the options that they are named after."""
    with tempfile.TemporaryDirectory() as name:
        yield [
            word
            for option, content in contents.items()
            for word in (f"--{option}", write(Path(name) / f"{option}.json", content))
        ]


def ended(**contents: object) -> Output:
    """Run the command line with such files, and see that it ends as it should, whatever they hold."""
    with files(**contents) as options, no_waiting():
        output = invoke(*options)
    assert output.error is None, repr(output.error)
    errors = [line for line in output.log.splitlines() if line.startswith("ERROR")]
    assert output.code == (1 if errors else 0), output.log
    assert "Traceback" not in output.log
    assert_valid(output)
    return output


def assert_valid(output: Output) -> None:
    """See that stdout has whole Singer messages and nothing else, and that records fit their schema."""
    validators = {}
    for line in output.raw.splitlines():
        message = json.loads(line)
        assert message["type"] in {"SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION"}
        if message["type"] == "SCHEMA":
            validators[message["stream"]] = DEFAULT_JSONSCHEMA_VALIDATOR(
                message["schema"], format_checker=format_checker()
            )
        elif message["type"] == "RECORD":
            validators[message["stream"]].validate(message["record"])


@pytest.mark.parametrize("stream", ["bookings", "contacts"])
@given(st.lists(bodies, min_size=1, max_size=3))
@settings(max_examples=120, derandomize=True, deadline=None)
def test_any_bodies(api: Api, stream: str, pages: list[bytes]) -> None:
    """Whatever an endpoint answers, there is no hang, no traceback, and no record that does not fit its schema."""
    api.bodies, api.forever, api.requests = [*pages], LAST, 0
    output = ended(config=api.config, catalog=catalog_of(stream))
    assert api.requests <= MOST_REQUESTS
    assert "fault of the tap" not in output.log


@pytest.mark.parametrize("stream", ["bookings", "contacts"])
@pytest.mark.parametrize(
    "body",
    [
        {"hasMore": True, "data": []},
        {"hasMore": True, "continueFrom": "always", "data": []},
        {"hasMore": True, "continueFrom": "always", "data": [{"id": 1, "modifiedOn": "2026-01-01T00:00:00Z"}]},
    ],
    ids=["empty pages", "the same token", "the same page"],
)
def test_what_never_ends_is_noticed(api: Api, stream: str, body: Message) -> None:
    """An endpoint that says for ever that there is more, and gives nothing new, is an error and no hang."""
    api.bodies, api.forever, api.requests = [], json.dumps(body).encode(), 0
    output = ended(config=api.config, catalog=catalog_of(stream))
    assert output.code == 1
    assert api.requests <= MOST_REQUESTS


ADDRESSES = ["http://example.com", "ftp://x", "https://", "http://127.0.0.1:port", "", "//", 5, None]
SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "client_secret": values,
    "st_app_key": values,
    "tenant_id": values,
    "environment": st.sampled_from(["integration", "sandbox"]) | values,
    "api_url": st.sampled_from(ADDRESSES),
    "auth_url": st.sampled_from(ADDRESSES),
    "start_date": st.sampled_from(["2026-01-01", "soon", "9999-12-31T23:59:59-12:00"]) | values,
    "include_recent_changes": values,
    "concurrency": st.integers(-1, 40) | values.filter(lambda value: not isinstance(value, float | int)),
    # Less than one in a second is no error, and takes its time.
    "requests_per_second": st.integers(2, 2**70) | values.filter(lambda value: not isinstance(value, float | int)),
    "request_timeout": st.integers(2, 2**70) | values.filter(lambda value: not isinstance(value, float | int)),
    "router_ids": values,
    "custom_reports": values | st.lists(st.dictionaries(st.sampled_from(["name", "id", "category"]), values)),
    "stream_maps": values | st.dictionaries(st.sampled_from(STREAMS), values),
    "flattening_enabled": values,
    "batch_config": values,
    "no_setting": values,
}


@given(st.fixed_dictionaries({}, optional=SETTINGS))
@settings(max_examples=120, derandomize=True, deadline=None)
def test_any_settings(sandbox: Sandbox, given_settings: Message) -> None:
    """Settings are taken or refused in sentences; what is refused writes nothing, and a secret is not repeated."""
    output = ended(config=sandbox.config | given_settings, catalog=catalog_of("contacts"))
    if output.code:
        assert output.raw == b""
    secret = given_settings.get("client_secret")
    if isinstance(secret, str) and len(secret.strip()) > len("seven"):
        assert secret.strip() not in output.log


@given(st.data())
@settings(max_examples=100, derandomize=True, deadline=None)
def test_any_state(sandbox: Sandbox, state: Message, data: st.DataObject) -> None:
    """A state with any value in any place is gone on from, or refused in a sentence before anything is read."""
    spoilt = data.draw(spoiled(state) | values | st.builds(lambda one: {"bookmarks": one}, values))
    output = ended(config=sandbox.config, catalog=catalog_of(*STREAMS), state=spoilt)
    assert output.code == 0 or output.raw == b"" or "streams failed" in output.log


@given(st.data())
@settings(max_examples=100, derandomize=True, deadline=None)
def test_any_catalog(sandbox: Sandbox, data: st.DataObject) -> None:
    """A catalog with any value in any place is followed, or refused in a sentence."""
    ended(config=sandbox.config, catalog=data.draw(spoiled(catalog_of("contacts"))))


@st.composite
def spoiled(draw: st.DrawFn, whole: Message) -> Any:  # noqa: ANN401 - any JSON value
    """Put any value in any place, or leave one out."""
    changed: Any = {"": copy.deepcopy(whole)}
    place, key = changed, ""
    while (inner := place[key]) and isinstance(inner, dict | list) and draw(st.integers(0, 9)):
        keys = [*inner] if isinstance(inner, dict) else [*range(len(inner))]
        place, key = inner, draw(st.sampled_from(keys))
    if place is not changed and isinstance(place, dict) and draw(st.booleans()):
        del place[key]
    else:
        place[key] = draw(values)
    return changed[""]


@pytest.mark.parametrize("option", ["config", "catalog", "state"])
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[" * 100_000, b"3", b'"text"', b"[1]"],
    ids=["empty", "cut short", "no text", "nested without end", "a number", "a text", "a list"],
)
def test_a_file_that_is_not_what_it_should_be(sandbox: Sandbox, option: str, content: bytes) -> None:
    """A file that is no JSON, or JSON of another form, is told in one sentence, with nothing on stdout."""
    contents = {"config": sandbox.config, "catalog": catalog_of("contacts")} | {option: content}
    output = ended(**contents)
    if option == "state" and not content:
        # A first run.
        assert output.code == 0
        return
    assert (output.code, output.raw) == (1, b"")
    (line,) = [one for one in output.log.splitlines() if one.startswith("ERROR")]
    assert line.startswith(f"ERROR {option} file ")
