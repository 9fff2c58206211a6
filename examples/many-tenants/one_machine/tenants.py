"""The sandbox with several tenants, and what is asked of it."""

from __future__ import annotations

import contextlib
import json
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from one_machine.services import await_that, service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# A proxy does not lead to this machine.
_directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Sandbox:
    """A running sandbox, and the tap's settings for each of its tenants."""

    def __init__(self, settings: Sequence[dict[str, Any]]) -> None:
        """Give the tenants names."""
        self.settings = {f"tenant{number:03}": one for number, one in enumerate(settings, 1)}
        self.url = str(settings[0]["api_url"])

    def ask(self, tenant: str, path: str, **query: object) -> Any:  # noqa: ANN401 - any JSON value
        """Ask something about a tenant."""
        return self._answer("GET", tenant, path, query)

    def order(self, tenant: str, path: str, **said: object) -> Any:  # noqa: ANN401 - any JSON value
        """Order something for a tenant."""
        return self._answer("POST", tenant, path, {}, json.dumps(said).encode())

    def clear(self, tenant: str, path: str) -> None:
        """Let the sandbox forget a tenant's requests or faults."""
        self._answer("DELETE", tenant, path, {})

    def _answer(
        self, method: str, tenant: str, path: str, query: Mapping[str, object], body: bytes | None = None
    ) -> Any:  # noqa: ANN401 - any JSON value
        query = {**query, "tenant": self.settings[tenant]["tenant_id"]}
        url = f"{self.url}/_sandbox/{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, body, method=method)  # noqa: S310 - the sandbox's address
        with _directly.open(request, timeout=60) as answer:
            return json.load(answer)

    def write_list(self, file: Path, groups: Mapping[str, Sequence[str]]) -> None:
        """Write the list of tenants, some of them split into groups."""
        lines = [
            {"name": name, "tenant_id": int(one["tenant_id"])} | ({"groups": [*groups[name]]} if name in groups else {})
            for name, one in self.settings.items()
        ]
        file.write_text("".join(f"- {json.dumps(line)}\n" for line in lines))

    def connections(self) -> dict[str, str]:
        """Write the tenants' credentials as the variables in which Airflow looks for connections."""
        return {
            f"AIRFLOW_CONN_SERVICETITAN_{name.upper()}": json.dumps(
                {
                    "conn_type": "generic",
                    "login": one["client_id"],
                    "password": one["client_secret"],
                    "extra": {"st_app_key": one["st_app_key"]},
                }
            )
            for name, one in self.settings.items()
        }


@contextlib.contextmanager
def sandbox(
    command: Sequence[str | Path], environment: Mapping[str, str], tenants: int, log: Path
) -> Iterator[Sandbox]:
    """Run a sandbox with so many tenants, at least two."""
    printed = log.with_suffix(".jsonl")

    def settings() -> list[dict[str, Any]]:
        return [json.loads(line) for line in printed.read_text().splitlines()] if printed.exists() else []

    with service([*command, "--tenants", str(tenants)], environment, log, printed) as process:
        await_that("the sandbox is up", lambda: len(settings()) == tenants, {log: process}, 300)
        yield Sandbox(settings())
