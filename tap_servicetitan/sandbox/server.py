"""Running the sandbox: in a thread beside a test, or as a program."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import uvicorn
from typing_extensions import override

from tap_servicetitan.sandbox import control
from tap_servicetitan.sandbox.app import make_app
from tap_servicetitan.sandbox.cut import ReachableProtocol
from tap_servicetitan.sandbox.directory import ROUTERS
from tap_servicetitan.sandbox.facts import FACTS
from tap_servicetitan.sandbox.settings import Settings
from tap_servicetitan.sandbox.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Json: TypeAlias = "dict[str, Any]"

_LONGEST_START = 30.0
_FOR_TESTS: Mapping[str, Any] = {"scale": 0.02, "requests_per_second": None, "report_interval": None}


def listen(host: str, port: int) -> socket.socket:
    """Take a port, so that a client may connect from now on; 0 takes a free one."""
    listener = socket.create_server((host, port), backlog=128)
    # Connections inherit it. Without it, each answer waits 40 milliseconds: its body for the receipt of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class _PromptServer(uvicorn.Server):
    """A server beside a test: it ends as soon as it is stopped, where uvicorn lets two tenths of a second pass."""

    is_running = False

    @override
    async def main_loop(self) -> None:
        self._stopped = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.is_running = True
        await self._stopped.wait()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()

    def stop(self) -> None:
        """End, whatever is being answered."""
        self._loop.call_soon_threadsafe(self._stopped.set)


def server_config(tenants: Mapping[str, Tenant]) -> uvicorn.Config:
    """Configure the web server of some tenants."""
    return uvicorn.Config(
        make_app(tenants),
        http=ReachableProtocol,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        # The date of an answer is that of the sandbox's own clock.
        date_header=False,
        timeout_graceful_shutdown=1,
    )


def tap_config(tenant: Tenant, listener: socket.socket) -> Json:
    """Write the tap's settings for a tenant, as they hold on this machine."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        # It listens everywhere, and can be reached nowhere by that name.
        host = "::1" if ":" in host else "127.0.0.1"
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return {
        "client_id": tenant.app.client_id,
        "client_secret": tenant.app.client_secret,
        "st_app_key": tenant.app.app_key,
        "tenant_id": tenant.id,
        "api_url": url,
        "auth_url": f"{url}/connect/token",
        "router_ids": list(ROUTERS),
    }


class Sandbox:
    """A running sandbox, as a test sees it: its methods do what the control endpoints do."""

    def __init__(self, tenant: Tenant, config: Mapping[str, Any]) -> None:
        """Know the tenant that is served."""
        self._tenant = tenant
        self.config: dict[str, Any] = dict(config)
        self.url = str(config["api_url"])

    def _order(self, order: control.Order, **options: Any) -> Any:  # noqa: ANN401 - any JSON value
        with self._tenant.lock:
            return order(self._tenant, options)

    @property
    def now(self) -> str:
        """The instant on the sandbox's clock."""
        return str(self._order(control.get_clock)["now"])

    def advance(self, seconds: float) -> str:
        """Move the clock forward; return the new instant."""
        return str(self._order(control.set_clock, advance=seconds)["now"])

    def move_to(self, now: str) -> str:
        """Move the clock forward to an instant; return it back."""
        return str(self._order(control.set_clock, now=now)["now"])

    def rows(self, stream: str, *, settled: bool = False) -> list[Json]:
        """Return the truth: all rows of a stream as they are now, or those the 15-minute rule lets through."""
        return list(self._order(control.get_rows, stream=stream, settled=settled))

    def counts(self) -> dict[str, int]:
        """Count the rows of all streams."""
        return dict(self._order(control.get_counts))

    def touch(self, stream: str, count: int = 0, **options: Any) -> Json:  # noqa: ANN401 - see `Tenant.touch`
        """Change some rows and make new ones, all in one instant of their own; return which."""
        return dict(self._order(control.touch, stream=stream, count=count, **options))

    def delete(self, stream: str, count: int = 0, *, keys: Iterable[Mapping[str, Any]] | None = None) -> Json:
        """Delete some rows, all in one instant; return which."""
        return dict(self._order(control.delete_rows, stream=stream, count=count, keys=keys))

    @property
    def faults(self) -> list[Json]:
        """The faults that are still to come."""
        return list(self._order(control.get_faults))

    def fault(self, kind: str, stream: str | None = None, **options: Any) -> None:  # noqa: ANN401 - see `faults.Fault`
        """Let something go wrong."""
        self._order(control.add_fault, kind=kind, stream=stream, **options)

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self._order(control.clear_faults)

    def set_quirks(self, stream: str | None = None, **options: Any) -> None:  # noqa: ANN401 - see `quirks.Quirks`
        """Let the lists of a stream, or of all, differ from the documents."""
        self._order(control.set_quirks, stream=stream, **options)

    def clear_quirks(self) -> None:
        """Let all lists keep to the documents again."""
        self._order(control.clear_quirks)

    def requests(self, stream: str | None = None) -> list[Json]:
        """List the requests since they were last forgotten, of one stream or of all."""
        found = self._order(control.get_requests)
        return [request for request in found if stream in {None, request["stream"]}]

    def forget_requests(self) -> None:
        """Empty the list of requests."""
        self._order(control.forget_requests)

    def revoke_scope(self, stream: str) -> str:
        """Take the scope of a stream from the app; return the scope."""
        self._order(control.revoke_scope, stream=stream)
        return FACTS[stream].scope

    def grant_scopes(self) -> None:
        """Return all scopes back."""
        self._order(control.grant_scopes)

    def disable_module(self, module: str) -> None:
        """Take a module from the tenant."""
        self._order(control.disable_module, module=module)

    def enable_modules(self) -> None:
        """Return all modules back."""
        self._order(control.enable_modules)

    def expire_tokens(self) -> int:
        """End all access tokens that are out; return how many there were."""
        return int(self._order(control.expire_tokens)["expired"])

    def revoke_continuations(self, stream: str | None = None) -> None:
        """Reject all continuation tokens that are out, of one stream or of all."""
        self._order(control.revoke_continuations, stream=stream)

    @property
    def report_queries(self) -> list[Json]:
        """The asynchronous runs of reports, those that were canceled too."""
        return list(self._order(control.get_report_queries)["queries"])

    def set_report_queries(self, **options: Any) -> None:  # noqa: ANN401 - see `queries.QuerySettings`
        """Change how the server treats asynchronous runs of reports."""
        self._order(control.set_report_queries, **options)

    def expire_report_queries(self) -> int:
        """Forget the tokens of all asynchronous runs; return how many there were."""
        return int(self._order(control.expire_report_queries)["expired"])

    def set_limits(self, **limits: float | None) -> None:
        """Set what ``GET /_sandbox/limits`` returns; None for no limit."""
        self._order(control.set_limits, **limits)


@contextlib.contextmanager
def serve(settings: Settings | None = None, **options: Any) -> Iterator[Sandbox]:  # noqa: ANN401 - see `settings.Settings`
    """Run a sandbox in a thread; it is small, and has no rate limit, unless the options say otherwise."""
    with serve_tenants(1, settings, **options) as (sandbox,):
        yield sandbox


@contextlib.contextmanager
def serve_tenants(
    count: int,
    settings: Settings | None = None,
    **options: Any,  # noqa: ANN401 - see `settings.Settings`
) -> Iterator[list[Sandbox]]:
    """Run a sandbox of several tenants in a thread, and give each as if it were alone."""
    first = settings or Settings(**dict(_FOR_TESTS) | options)
    tenants = {one.id: one for one in map(Tenant, first.times(count))}
    with listen("127.0.0.1", 0) as listener:
        server = _PromptServer(server_config(tenants))
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        try:
            _await_start(server, thread)
            yield [Sandbox(tenant, tap_config(tenant, listener)) for tenant in tenants.values()]
        finally:
            server.stop()
            thread.join()


def _await_start(server: _PromptServer, thread: threading.Thread) -> None:
    patience = time.monotonic() + _LONGEST_START
    while not server.is_running:
        if not thread.is_alive() or time.monotonic() > patience:
            msg = "the sandbox did not start"
            raise RuntimeError(msg)
        time.sleep(0.005)
