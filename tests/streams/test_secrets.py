"""No secret leaves the tap but towards the API, and no row but on stdout."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest
import trustme
import yaml
from requests import Session

from tap_servicetitan.sandbox.server import Sandbox, serve
from tests.campaigns import faults
from tests.campaigns.bench import no_waiting
from tests.support.invoking import invoke, write
from tests.support.paths import ROOT
from tests.support.running import catalog_of, command_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests

SECRETS = {"client_id", "client_secret", "st_app_key"}
PERSONAL = {"name", "value", "email", "phone", "street", "memo", "summary", "from", "to"}
"""Fields that hold what customers would not want in a log."""

LONG_ENOUGH = 8
"""Letters of a text that is looked for: shorter ones are words that stand in messages by chance."""


@contextlib.contextmanager
def noted() -> Iterator[set[str]]:
    """Note what the tap sends as its authorisation, and each access token and continuation token that it is given."""
    found: set[str] = set()
    send = Session.send

    def noting(session: Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # noqa: ANN401 - as requests has it
        found.update(value for name, value in request.headers.items() if name in {"Authorization", "ST-App-Key"})
        response = send(session, request, **more)
        with contextlib.suppress(ValueError, AttributeError):
            body = response.json()
            found.update(str(body[name]) for name in ("access_token", "continueFrom") if body.get(name))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "send", noting)
        yield found


def private(sandbox: Sandbox, *streams: str) -> set[str]:
    """Give the texts of rows that are about persons, and whole secrets."""

    def within(value: Any, name: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON value
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from within(inner, key)
        elif isinstance(value, list):
            for inner in value:
                yield from within(inner, name)
        elif isinstance(value, str) and name in PERSONAL and len(value) >= LONG_ENOUGH:
            yield value

    return {text for stream in streams for row in sandbox.rows(stream) for text in within(row)}


@pytest.mark.long
def test_no_log_of_the_fault_campaign_has_a_secret_or_a_row(caplog: pytest.LogCaptureFixture) -> None:
    """Of all faults, one by one and mixed, no log line at any level has a credential, a token or a row's text."""
    caplog.set_level(logging.DEBUG)
    streams = ("customers", "customer_contacts", "contacts", "calls", "jobs", "estimates")
    with faults.lab() as here, noted() as tokens:
        for name, said in faults.KINDS.items():
            for hit in ("customers", *(["token"] if said != faults.EARLY else [])):
                here.add(said, hit, skip=0, times=1)
                here.run("customers", concurrency=2)
                here.left()
            assert name
        for settings, said in faults.LASTING_FAULTS.values():
            faults.lastingly(here, settings, said)
        faults.mixture(here, 1, (*faults.MIXED, *streams[1:3]), 30)
        for status in (400, 403, 404, 409):
            here.sandbox.fault("status", "customers", status=status, title="A title", times=2)
            here.run("customers")
            here.left()
        for kind in ("redirect", "repeat-token", "reject-continuation"):
            here.sandbox.fault(kind, "customers")
            here.run("customers")
            here.left()
        here.run("customers", client_secret="another-secret")  # noqa: S106 - one that is wrong
        secret = {str(here.sandbox.config[name]) for name in SECRETS} | {"another-secret"}
        rows = private(here.sandbox, *streams)
    text = caplog.text
    assert len(text) > 10_000
    assert len(tokens) > 50
    assert len(rows) > 100
    assert [word for word in secret | tokens | rows if word in text] == []
    assert "Bearer" not in text


def test_no_log_of_the_command_line_at_debug_has_one(tmp_path: Path) -> None:
    """Nor has what the command line itself writes to stderr at DEBUG, with all that the libraries say there."""
    with serve(seed=1, scale=0.02, page_size=20) as sandbox:
        sandbox.fault("status", "customers", status=429, headers={"Retry-After": "0.1"})
        sandbox.fault("truncate", "customers", skip=2)
        sandbox.fault(
            "extra-field", "customers", skip=4, fields={"type": {"name": "Odd and private"}, "extra": "Odder"}
        )
        sandbox.fault("status", "jobs", status=400, title="No such thing", times=100)
        chosen = write(tmp_path / "catalog.json", catalog_of("customers", "jobs", "contacts"))
        done = subprocess.run(  # noqa: S603 - our own command
            command_line(tmp_path, sandbox.config, "--catalog", chosen),
            capture_output=True,
            check=False,
            timeout=120,
            env={**os.environ, "TAP_SERVICETITAN_LOGLEVEL": "DEBUG", "LOGLEVEL": "DEBUG"},
        )
        log = done.stderr.decode()
        assert done.returncode == 1
        assert "customers" in log
        words = {str(sandbox.config[name]) for name in SECRETS} | private(sandbox, "customers", "jobs", "contacts")
        assert [word for word in (*words, "Odd and private", "Odder", "Bearer") if word in log] == []


@pytest.mark.checkout
def test_meltano_knows_what_is_secret() -> None:
    """In meltano.yml, just the settings that are secret are marked as sensitive."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (tap,) = project["plugins"]["extractors"]
    assert {one["name"] for one in tap["settings"] if one.get("sensitive")} == SECRETS | {"personal_data_salt"}


def test_about_knows_what_is_secret() -> None:
    """In what --about says, just these settings are marked, for whoever makes a form or a file of it."""
    about = invoke("--about", "--format=json")
    assert about.code == 0
    marked = {name for name, one in json.loads(about.raw)["settings"]["properties"].items() if one.get("writeOnly")}
    assert marked == SECRETS | {"personal_data_salt"}


@contextlib.contextmanager
def unvouched() -> Iterator[tuple[int, list[bytes]]]:
    """Run a server over TLS whose certificate nobody vouches for; give its port, and what came through."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def take() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with (
                    connection,
                    contextlib.suppress(OSError),
                    context.wrap_socket(connection, server_side=True) as safe,
                ):
                    came.append(safe.recv(1000))

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield listener.getsockname()[1], came
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize("setting", ["api_url", "auth_url"])
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, setting: str) -> None:
    """Nothing is sent to such a host; the log says why in one sentence, and the run has failed."""
    with serve(seed=1, scale=0.002) as sandbox, unvouched() as (port, came), no_waiting():
        config = sandbox.config | {setting: f"https://127.0.0.1:{port}"}
        chosen = write(tmp_path / "catalog.json", catalog_of("customers"))
        output = invoke("--config", write(tmp_path / "config.json", config), "--catalog", chosen)
    assert (output.code, output.error, output.raw) == (1, None, b"")
    assert came == []
    errors = [line for line in output.log.splitlines() if line.startswith("ERROR")]
    assert "the host's certificate was not accepted" in errors[-1]
    assert len(errors) == 1
    assert "Traceback" not in output.log
