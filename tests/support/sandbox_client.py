"""Ask a sandbox over HTTP as a client would that knows the vendor's documents, without the tap's code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.sandbox.facts import FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.server import Sandbox

Item = dict[str, Any]

STREAMS = sorted(FACTS)
FEEDS = [stream for stream in STREAMS if BY_NAME[stream].kind == "export"]
LISTS = [stream for stream in STREAMS if BY_NAME[stream].kind == "list"]
CHILDREN = [stream for stream in STREAMS if BY_NAME[stream].kind == "child"]
WINDOWS = [stream for stream in STREAMS if BY_NAME[stream].kind == "window"]


def access(sandbox: Sandbox) -> dict[str, str]:
    """Get the headers that an API call needs."""
    names = ("client_id", "client_secret")
    form = {"grant_type": "client_credentials"} | {name: sandbox.config[name] for name in names}
    token = requests.post(sandbox.config["auth_url"], data=form, timeout=9).json()["access_token"]
    return {"Authorization": f"Bearer {token}", "ST-App-Key": sandbox.config["st_app_key"]}


class Client:
    """Somebody with an access token."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Get a token."""
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers.update(access(sandbox))

    def ask(
        self, stream: str, query: Mapping[str, Any] | None = None, path: Mapping[str, Any] | None = None
    ) -> requests.Response:
        """Ask an endpoint."""
        row = BY_NAME[stream]
        url = self.sandbox.url + row.url.format(tenant=self.sandbox.config["tenant_id"], **dict(path or {}))
        if row.method == "POST":
            return self.session.post(url, json=query, timeout=9)
        return self.session.get(url, params=dict(query or {}), timeout=9, allow_redirects=False)

    def body(self, stream: str, query: Mapping[str, Any] | None = None, path: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - any JSON value
        """Ask an endpoint that is to give an answer."""
        answer = self.ask(stream, query, path)
        assert answer.status_code == 200, (answer.url, answer.text)
        return answer.json()

    def pages(
        self, stream: str, query: Mapping[str, Any], path: Mapping[str, Any] | None = None, size: int = 100
    ) -> list[Item]:
        """Read all pages of a list."""
        page = 0 if stream == "intacct_business_unit_mappings" else 1
        found: list[Item] = []
        while True:
            body = self.body(stream, {"page": page, "pageSize": size, **query}, path)
            rows = body.get("data")
            found += rows
            if not body.get("hasMore", len(rows) == size):
                return found
            page += 1


def texts(rows: list[Item]) -> list[str]:
    """Write rows down so that their order does not matter."""
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def identity(stream: str, item: Item) -> str:
    """Tell items of a stream apart."""
    return json.dumps([item[name] for name in FACTS[stream].key], sort_keys=True)
