"""Load the sandbox into a DuckDB file with Meltano, let a day pass, and load what changed.

Run it with ``make demo``. All it writes is in the folder ``.demo``, which it makes anew each time; a Meltano project,
state or ``.env`` of yours is not touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import duckdb
import yaml

from examples.dashboard.questions import BY_MONTH
from examples.demo import models

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import FrameType

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".demo"
PROJECT = FOLDER / "project"
DUCKDB_FILE = FOLDER / "servicetitan.duckdb"

# Installed beside the Python that runs this.
PROGRAMS = Path(sys.executable).parent
PIPELINE = ("tap-servicetitan", "target-servicetitan-duckdb")

# Without ServiceTitan's limit of requests per second, so that the demo does not have to wait for it.
SANDBOX = (
    *("tap-servicetitan-sandbox", "--port", "0", "--seed", "1", "--scale", "0.1", "--at", "2026-11-02T12:00:00Z"),
    *("--requests-per-second", "0"),
)
REQUESTS_PER_SECOND = 1_000
A_DAY = 24 * 60 * 60

# What a user has set for a tap, target or project of their own must not lead the demo there.
FOREIGN_SETTINGS = ("MELTANO_", "TAP_SERVICETITAN_", "TARGET_SERVICETITAN_DUCKDB_")


# What the target writes at its end, within a line of Meltano's log.
LOADED = re.compile(r"(\w+): (\d+) read, (\d+) new, (\d+) changed, \d+ removed")


class DemoError(Exception):
    """A step failed; the message says which, and how."""


def main() -> None:
    """Run the demo, and end with one message if a step fails."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        demonstrate()
    except DemoError as error:
        sys.exit(f"\nThe demo failed: {error}")
    except KeyboardInterrupt:
        sys.exit("\nThe demo was interrupted.")


def demonstrate() -> None:
    """Load everything, show it, let a day pass, load again, show what changed, build the models and ask them."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with sandbox() as settings:
        environment = make_project(settings)
        load("Loading everything", environment, FOLDER / "meltano-1.log")
        show(("stream", "rows"), row_counts())
        advance_clock(settings["api_url"], A_DAY)
        changed = load("A day later, loading what changed", environment, FOLDER / "meltano-2.log")
    show(("stream", "read", "new", "changed"), changed)
    build_models()
    file = DUCKDB_FILE.relative_to(ROOT)
    example = "SELECT jobStatus, count(*) FROM jobs GROUP BY ALL"
    say(f"\nQuery it: {_shown(PROGRAMS)}/python -c \"import duckdb; duckdb.connect('{file}').sql('{example}').show()\"")


@contextlib.contextmanager
def sandbox() -> Iterator[dict[str, Any]]:
    """Run the sandbox on a free port; what it prints are the tap's settings."""
    log = FOLDER / "sandbox.log"
    with log.open("w") as errors:
        process = subprocess.Popen([PROGRAMS / SANDBOX[0], *SANDBOX[1:]], stdout=subprocess.PIPE, stderr=errors)
    try:
        settings = first_object(process.stdout) if process.stdout else None
        if settings is None:
            fail("the sandbox did not start", log)
        say(f"The sandbox serves at {settings['api_url']}")
        yield settings
    finally:
        stop(process)


def first_object(output: IO[bytes]) -> dict[str, Any] | None:
    """Read lines until they make a JSON object."""
    text = b""
    for line in output:
        text += line
        with contextlib.suppress(ValueError):
            return dict(json.loads(text))
    return None


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program, at the latest after ten seconds."""
    process.terminate()
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def make_project(settings: Mapping[str, Any]) -> dict[str, str]:
    """Make a Meltano project from the repository's, and the environment to run it in."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_bytes())
    # Everything is installed already: with a path and without pip_url, Meltano has nothing to install.
    installed = {name: PROGRAMS / name for name in PIPELINE}
    for plugins in project["plugins"].values():
        plugins[:] = [plugin for plugin in plugins if plugin["name"] in installed]
        for plugin in plugins:
            del plugin["pip_url"]
            plugin["executable"] = str(installed[plugin["name"]])
    PROJECT.mkdir()
    (PROJECT / "meltano.yml").write_text(yaml.safe_dump(project, sort_keys=False))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_SETTINGS)}
    chosen = {**settings, "requests_per_second": REQUESTS_PER_SECOND}
    texts = {name: json.dumps(value) if isinstance(value, list) else str(value) for name, value in chosen.items()}
    ours = {f"TAP_SERVICETITAN_{name.upper()}": text for name, text in texts.items()}
    ours["TARGET_SERVICETITAN_DUCKDB_PATH"] = str(DUCKDB_FILE)
    # A proxy that pip may need does not lead to the sandbox on this machine.
    return inherited | ours | dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")


def load(what: str, environment: Mapping[str, str], log: Path) -> list[tuple[str, int, int, int]]:
    """Run the pipeline once; give how many records of each stream were read, and how many rows are new or changed."""
    say(f"{what} ...", end=" ")
    start = time.monotonic()
    command = [str(PROGRAMS / "meltano"), "--log-format=uncolored", "run", *PIPELINE]
    with log.open("w") as output:
        done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=output, stderr=output, check=False)
    if done.returncode:
        fail("meltano run did not succeed", log)
    say(f"took {time.monotonic() - start:.1f} s")
    return loaded(log.read_text().splitlines())


def build_models() -> None:
    """Build the models, and show what people ask first."""
    if not models.DBT.exists():
        say(f"\nThe models need dbt, which is not at {_shown(models.DBT)}; make demo installs it.")
        return
    say("\nBuilding the models ...", end=" ")
    start = time.monotonic()
    log = FOLDER / "models.log"
    with log.open("w") as output:
        built = models.build(DUCKDB_FILE, FOLDER, output)
    if not built:
        fail("dbt run did not succeed", log)
    say(f"took {time.monotonic() - start:.1f} s")
    rows = query(f"USE {models.SCHEMA}; {BY_MONTH}")
    header = ("month", "revenue", "close rate", "booking rate", "members", "new", "lost")
    show(header, [tuple(f"{cell:.1%}" if isinstance(cell, float) else cell for cell in row) for row in rows])


def loaded(lines: Iterable[str]) -> list[tuple[str, int, int, int]]:
    """Find what the target says that it loaded."""
    found = filter(None, map(LOADED.search, lines))
    return [(one[1], int(one[2]), int(one[3]), int(one[4])) for one in found]


def row_counts() -> list[tuple[str, int]]:
    """Count the rows of each table of the DuckDB file."""
    names = query("SELECT table_name FROM duckdb_tables() WHERE table_name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY ALL")
    return [(name, query(f'SELECT count(*) FROM "{name}"')[0][0]) for (name,) in names]


def query(sql: str) -> list[tuple[Any, ...]]:
    """Query the DuckDB file."""
    with duckdb.connect(DUCKDB_FILE, read_only=True) as db:
        return db.execute(sql).fetchall()


def advance_clock(api_url: str, seconds: int) -> None:
    """Let time pass in the sandbox; its tenant goes on working meanwhile."""
    body = json.dumps({"advance": seconds}).encode()
    request = urllib.request.Request(  # noqa: S310 - the sandbox's address
        f"{api_url}/_sandbox/clock", data=body, headers={"Content-Type": "application/json"}
    )
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        directly.open(request, timeout=60).close()
    except OSError as error:
        fail(f"the sandbox's clock could not be moved ({error})", FOLDER / "sandbox.log")


def show(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table, the first column to the left and numbers to the right, with sums where all can be added."""
    columns = list(zip(*rows, strict=True))[1:] or [(0,)] * (len(header) - 1)
    has_sums = all(isinstance(cell, int | Decimal) for column in columns for cell in column)
    lines = [header, *rows, *([("total", *map(sum, columns))] if has_sums else [])]
    texts = [[f"{cell:,}" if isinstance(cell, int | Decimal) else str(cell or "") for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    say()
    for line in texts:
        name, *numbers = (text.rjust(width) for text, width in zip(line, widths, strict=True))
        say("  ".join([name.strip().ljust(widths[0]), *numbers]))


def say(text: str = "", *, end: str = "\n") -> None:
    """Print at once, also into a pipe."""
    print(text, end=end, flush=True)  # noqa: T201 - the demo talks to whoever runs it


def fail(what: str, log: Path) -> NoReturn:
    """End the demo with the last lines of a log."""
    last = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
    msg = f"{what}. The end of {_shown(log)}:\n\n{last}"
    raise DemoError(msg)


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
