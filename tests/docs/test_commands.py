"""Every command of the README and of docs/, run as it stands, page by page, in a copy of the checkout.

A page's blocks run one after the other in one shell, as a reader would type them. Three things stand in for what a test
cannot have: `stand_ins` for installing, a sandbox for ServiceTitan (its settings are in ``config.json`` and in the
environment), and a free port where the documentation has the sandbox at 8000.

A block below ``<!-- not run: reason -->`` is left out; one below ``<!-- serves: … -->`` runs on behind the others.
In a block of the kind ``console``, lines behind ``$`` are commands, and the others are looked for in what they print.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.sandbox.server import serve
from tests.support.paths import ROOT
from tests.support.stand_ins import REPLACED, link_environment, link_plugins, write_script
from tests.support.wheel import known_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


ELSEWHERE = {
    "production.md": "tests/examples/test_production.py runs the commands of the files that it installs",
    "reliability.md": "tests/campaigns/test_campaigns.py runs the campaigns",
    "scale.md": "tests/targets/test_many_tenants_airflow.py does what its commands do",
}
"""Pages whose commands have a test of their own."""

GIVEN = {
    "audit.md": "venv/bin/tap-servicetitan-sync --config config.json servicetitan.duckdb",
    "migrating.md": (
        "meltano state set --force dev:tap-service-titan-to-target-postgres "
        """'{"singer_state": {"bookmarks": {"customers": {"replication_key_value": "2026-10-01T00:00:00Z"}}}}'"""
    ),
}
"""What the reader of a page has done before."""

MOST_LEFT_OUT = 2
LONGEST_PAGE = 600
"""Seconds after which a page is taken for stuck."""

HEAD = """
set -euo pipefail
block=before
trap 'echo "failed: $block: $BASH_COMMAND" >&2' ERR
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
"""

FENCE = re.compile(
    r"(?:^<!-- (?P<mark>not run|serves): (?P<why>[^\n]+) -->\n\n)?^```(?P<kind>bash|console)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclasses.dataclass(frozen=True)
class Block:
    """Commands that a page shows in one piece."""

    place: str
    text: str
    is_console: bool
    mark: str
    why: str

    def script(self, port: int) -> str:
        """Write the block as a script that tells which block it is if it fails."""
        text = self.text if not self.is_console else self._commands()
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        text = re.sub(r"(tap-servicetitan-sandbox)\b", rf"\1 --port {port}", text)
        lines = [f"block={shlex.quote(self.place)}", text.rstrip("\n")]
        if self.mark == "serves":
            lines[-1] += " &"
            clock = f"http://127.0.0.1:{port}/_sandbox/clock"
            lines.append(f"curl --silent --retry 60 --retry-delay 1 --retry-connrefused --output /dev/null {clock}")
        return "\n".join(lines)

    def _commands(self) -> str:
        """Write what a console block shows as commands, each followed by what it has to print."""
        parts: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                parts.append((line.removeprefix("$ "), []))
            else:
                parts[-1][1].append(line)
        return "\n".join(f"({command}) > printed\n{_expected(lines)}" for command, lines in parts)


def _expected(lines: list[str]) -> str:
    """Look for lines in the file ``printed``, in their order; … stands for any, or for a part of one."""
    wanted = [line for line in lines if line.strip() not in {"", "…"}]
    patterns = [".+".join(map(re.escape, line.split("…"))) for line in wanted]
    return "\n".join(f"grep --quiet --perl-regexp --line-regexp -- {shlex.quote(one)} printed" for one in patterns)


def blocks(page: Path) -> list[Block]:
    """Find the commands of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            place=f"{page.name}:{text.count(chr(10), 0, found.start('kind')) + 1}",
            text=found["text"],
            is_console=found["kind"] == "console",
            mark=found["mark"] or "",
            why=found["why"] or "",
        )
        for found in FENCE.finditer(text)
    ]


PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if blocks(page)]
RUN = [page for page in PAGES if page.name not in ELSEWHERE]

pytestmark = [pytest.mark.checkout, pytest.mark.targets]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the checkout as a clone would have it, with Meltano's project that has another one beside it."""
    copy = tmp_path / "tap-servicetitan"
    for file in known_files():
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, copy / file)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in REPLACED:
        write_script(programs / name)
    return copy


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_commands_of_a_page_run(page: Path, folder: Path) -> None:
    """Each block ends with 0, in the order of the page."""
    with contextlib.chdir(folder):
        # What `make demo` would install.
        link_environment(Path(".venv-demo"))
        link_environment(Path(".venv-dbt"))
        link_environment(Path(".venv-targets/target-jsonl"))
    if page.name != "README.md":
        _follow_the_readme(folder)
    port = _free_port()
    body = "\n".join(one.script(port) for one in blocks(page) if one.mark != "not run")
    script = "\n".join([HEAD, GIVEN.get(page.name, ""), body])
    with serve(scale=0.02) as sandbox:
        settings = sandbox.config | {"requests_per_second": 1_000}
        (folder / "config.json").write_text(json.dumps(settings))
        code, said = _bash(script, folder, _environment(folder, settings))
    assert code == 0, said[-3_000:]


def test_few_blocks_are_left_out() -> None:
    """What is left out has its reason beside it."""
    left_out = [one for page in RUN for one in blocks(page) if one.mark == "not run"]
    assert len(left_out) <= MOST_LEFT_OUT
    assert {*ELSEWHERE} <= {page.name for page in PAGES}


def _follow_the_readme(folder: Path) -> None:
    """Be where the README leads: installed, with a catalog, a state and a chosen stream."""
    with contextlib.chdir(folder):
        link_environment(Path("venv"))
        link_plugins(Path("meltano.yml"), ["tap-servicetitan", "target-jsonl", "target-servicetitan-duckdb"])
    (folder / "output").mkdir()
    (folder / "state.json").write_text(json.dumps({"bookmarks": {}}))


def _environment(folder: Path, settings: Mapping[str, Any]) -> dict[str, str]:
    """Have the settings in the environment, and the installed programs in reach."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "TAP_SERVICETITAN_"))}
    texts = {name: json.dumps(value) if isinstance(value, list) else str(value) for name, value in settings.items()}
    ours = {f"TAP_SERVICETITAN_{name.upper()}": text for name, text in texts.items()}
    path = f"{folder.parent / 'bin'}:{folder / 'venv' / 'bin'}:{kept['PATH']}"
    return kept | ours | {"PATH": path, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def _bash(script: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a script, and end all that it started."""
    with _own_group(["bash", "-c", script], folder, environment) as process:
        said, _ = process.communicate(timeout=LONGEST_PAGE)
        return process.returncode, said


@contextlib.contextmanager
def _own_group(command: list[str], folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - the documentation's commands
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
