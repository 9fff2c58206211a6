"""The command ``tap-servicetitan-sandbox``."""

from __future__ import annotations

import argparse
import ipaddress
import json
import signal
import sys
from typing import TYPE_CHECKING, Any

import uvicorn

from tap_servicetitan.sandbox.server import listen, server_config, tap_config
from tap_servicetitan.sandbox.settings import Settings
from tap_servicetitan.sandbox.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Sequence

_PORT = 8000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tap-servicetitan-sandbox",
        description="A local ServiceTitan to try, develop and test a pipeline with. Its data is made up.",
    )
    usual = Settings()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--tenants",
        type=_positive,
        default=1,
        help="how many to serve, each with its own data, credentials and rate limit (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=usual.seed, help="another seed, another tenant (default: 1)")
    parser.add_argument("--scale", type=float, default=usual.scale, help="size; 1 is about 160 thousand rows")
    parser.add_argument("--at", default=usual.at, help="where the sandbox's clock starts (default: %(default)s)")
    parser.add_argument("--clock", choices=("frozen", "running"), default=usual.clock, help="default: %(default)s")
    parser.add_argument("--page-size", type=int, default=usual.page_size, help="rows of a page of an export feed")
    parser.add_argument(
        "--requests-per-second",
        type=int,
        default=usual.requests_per_second,
        help="rate limit; 0 for none (default: 60)",
    )
    parser.add_argument(
        "--report-interval",
        type=float,
        default=usual.report_interval,
        help="seconds between two runs of a report; 0 for none (default: 60)",
    )
    return parser


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        msg = f"{text} is not 1 or more"
        raise argparse.ArgumentTypeError(msg)
    return number


_OTHER_MACHINES = (
    "Other machines and containers reach it too, but not the tap: it sends credentials over plain http to its own\n"
    "machine only. Run it beside the sandbox (in the same container or network namespace), or put TLS before the\n"
    "sandbox and set api_url and auth_url to https.\n"
)


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        seed=options.seed,
        scale=options.scale,
        at=options.at,
        clock=options.clock,
        page_size=options.page_size,
        requests_per_second=options.requests_per_second or None,
        report_interval=options.report_interval or None,
    )


def _printed(configs: Sequence[dict[str, Any]]) -> str:
    """Write one tenant's settings to be read, or those of several a line each, to be taken apart by lines."""
    if len(configs) == 1:
        return json.dumps(configs[0], indent=2) + "\n"
    return "".join(json.dumps(config) + "\n" for config in configs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until stopped."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        tenants = {one.id: one for one in map(Tenant, _settings(options).times(options.tenants))}
        listener = listen(options.host, options.port)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with listener:
        server = uvicorn.Server(server_config(tenants))

        def end(*_: object) -> None:
            server.should_exit = True

        sys.stderr.write("The sandbox is up; these are the tap's settings for it. Ctrl-C ends it.\n")
        if not ipaddress.ip_address(listener.getsockname()[0]).is_loopback:
            sys.stderr.write(_OTHER_MACHINES)
        sys.stdout.write(_printed([tap_config(tenant, listener) for tenant in tenants.values()]))
        sys.stderr.flush()
        sys.stdout.flush()
        # uvicorn would end with the signal itself; being stopped is no failure.
        for known in (signal.SIGTERM, signal.SIGINT):
            signal.signal(known, end)
        server.run([listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
