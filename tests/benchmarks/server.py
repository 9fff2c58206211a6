"""A server that answers from memory, so that what is measured is the client: ``python -m tests.benchmarks.server``.

It prints its port, and serves until its standard input ends. What it serves is said in the first part of
each path, see `Load`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import http.client
import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.pages import Pages

SPAN = "/span"
TOKEN = json.dumps({"access_token": "made-up", "expires_in": 900, "token_type": "Bearer"}).encode()


@dataclasses.dataclass(frozen=True)
class Load:
    """What all feeds are to send."""

    pages: int = 1
    rows: int = 0
    """In each page."""

    milliseconds: int = 0
    """How long each answer takes, the access token's too."""

    gzip: bool = False

    @property
    def prefix(self) -> str:
        """Write it as the first part of a path."""
        return f"/{self.pages}-{self.rows}-{self.milliseconds}-{self.gzip:d}"

    @classmethod
    def parse(cls, text: str) -> Load:
        """Read what `prefix` wrote."""
        pages, rows, milliseconds, packed = map(int, text.split("-"))
        return cls(pages, rows, milliseconds, gzip=bool(packed))


class Server:
    """The server as the benchmarks see it."""

    def __init__(self, port: int) -> None:
        """Know the port."""
        self._port = port

    def url(self, load: Load) -> str:
        """Give the API's address for a load."""
        return f"http://127.0.0.1:{self._port}{load.prefix}"

    def size(self, load: Load, path: str) -> int:
        """Have a page made, so that nobody waits for that later; tell how many bytes it has."""
        return len(self._get(load.prefix + path))

    def span(self) -> float:
        """Tell how many seconds went by from the first request since this was last asked to the last answer."""
        return float(self._get(SPAN))

    def _get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().read()


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Run the server in a process of its own: what it costs is not the client's."""
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        yield Server(int(process.stdout.readline()))
        process.stdin.close()


async def _serve(pages: Pages) -> None:
    times: list[float] = []
    server = await asyncio.start_server(lambda *streams: _answer_all(pages, times, *streams), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - this is how it tells its port
    await server.serve_forever()


async def _answer_all(
    pages: Pages, times: list[float], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
        while True:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, *_ = request.split(" ", 2)
            if method == "POST":
                await reader.readexactly(_length(request))
            if target == SPAN:
                _send(writer, [str(max(times, default=0) - min(times, default=0)).encode()])
                times.clear()
            else:
                times.append(time.perf_counter())
                await _answer(pages, method, target, writer)
                times.append(time.perf_counter())
            await writer.drain()


async def _answer(pages: Pages, method: str, target: str, writer: asyncio.StreamWriter) -> None:
    url = urlsplit(target)
    _, said, path = url.path.split("/", 2)
    load = Load.parse(said)
    await asyncio.sleep(load.milliseconds / 1000)
    if method == "POST":
        _send(writer, [TOKEN])
    else:
        _send(writer, _page(pages, load, f"/{path}", url.query), packed=load.gzip)


def _length(request: str) -> int:
    lines: Iterator[list[str]] = (line.split(":", 1) for line in request.lower().splitlines() if ":" in line)
    return int(dict(lines)["content-length"])


def _page(pages: Pages, load: Load, path: str, query: str) -> list[bytes]:
    """Make a page of a feed; its token is the number of the next one. The last page has none."""
    asked = parse_qs(query).get("from", ["0"])[0]
    number = int(asked) if asked.isdigit() else 0
    more = number + 1 < load.pages
    token = f'"continueFrom":"{number + 1}",' if more else ""
    begin = f'{{"hasMore":{json.dumps(more)},{token}"data":'.encode()
    if load.gzip:
        return [pages.packed(path, load.rows, begin)]
    from tests.benchmarks.pages import numbered  # noqa: PLC0415 - see `_main`

    return [begin, numbered(pages.items(path, load.rows), number), b"}"]


def _send(writer: asyncio.StreamWriter, body: list[bytes], *, packed: bool = False) -> None:
    encoding = "Content-Encoding: gzip\r\n" if packed else ""
    length = sum(map(len, body))
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{encoding}Content-Length: {length}\r\n\r\n"
    writer.writelines([head.encode(), *body])


def _main() -> None:
    # Here, because who only starts the server needs no rows.
    from tests.benchmarks.pages import Pages  # noqa: PLC0415

    pages = Pages()
    threading.Thread(target=lambda: asyncio.run(_serve(pages)), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    _main()
