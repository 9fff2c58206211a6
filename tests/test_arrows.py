"""Who may import whom: the layout of the package, read from its sources."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tap_servicetitan

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(tap_servicetitan.__file__).parent
NAME = PACKAGE.name
MODULES = sorted(file.stem for file in PACKAGE.glob("*.py"))

ARROWS: dict[str, set[str]] = {
    "__init__": set(),
    "__main__": {"tap", "run", "stream", "bookmark", "http", "output"},
    "endpoint": set(),
    "endpoints": {"endpoint"},
    "tap": {"endpoints", "run", "stream", "settings", "bookmark", "http", "output"},
    "run": {"stream", "bookmark", "http", "output"},
    "stream": {"bookmark", "recent", "paging", "http", "schema", "records", "output", "stamps"},
    "bookmark": {"stamps"},
    "recent": {"stamps"},
    "settings": {"stamps"},
    "http": {"paging"},
    "paging": set(),
    "records": set(),
    "schema": set(),
    "output": set(),
    "stamps": set(),
}
"""What each module may import of the package when it runs."""

ONLY_TYPES: dict[str, set[str]] = {
    "run": {"stream", "tap"},
    "stream": {"endpoint", "tap"},
    "records": {"endpoint"},
    "schema": {"endpoint"},
}
"""What more it may import for annotations alone."""

PURE = ["endpoint", "endpoints", "paging", "records", "recent", "bookmark", "stamps", "schema"]
"""Modules that neither ask the network nor know the SDK: their tests need neither."""


def imports(source: str) -> Iterator[tuple[str, bool]]:
    """Give each module that a source imports, anywhere in it, and whether for annotations alone."""
    tree = ast.parse(source)
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body
        for inner in ast.walk(part)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in guarded) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, [NAME if node.level else "", node.module]))
            # `from package import module` imports the module.
            names = [f"{base}.{alias.name}" for alias in node.names] if base == NAME else [base]
            yield from ((name, id(node) in guarded) for name in names)


def of_package(source: str, *, for_types: bool) -> set[str]:
    """List the package's modules that a source imports when it runs, or for annotations alone."""
    found = [name.split(".") for name, guarded in imports(source) if guarded is for_types]
    return {inner[0] if inner else "__init__" for package, *inner in found if package == NAME}


def others(source: str) -> set[str]:
    """List the packages that a source imports, for whatever purpose."""
    return {name.split(".")[0] for name, _ in imports(source)} - {NAME}


def read(module: str) -> str:
    """Read the source of a module."""
    return (PACKAGE / f"{module}.py").read_text(encoding="utf-8")


SAMPLE = f"""
import requests.auth
import {NAME}.http
from {NAME} import stamps
from {NAME}.paging import a, b
from .run import c
if TYPE_CHECKING:
    from {NAME}.tap import d
def late():
    from singer_sdk.streams import e
    from . import recent
"""


def test_the_reader_of_this_test_is_right() -> None:
    """Every way to import is seen, within functions too, and imports for annotations are told apart."""
    assert of_package(SAMPLE, for_types=False) == {"http", "stamps", "paging", "run", "recent"}
    assert of_package(SAMPLE, for_types=True) == {"tap"}
    assert others(SAMPLE) == {"requests", "singer_sdk"}


def test_every_module_has_its_place() -> None:
    """A new module gets a line in the table of arrows, and one that is gone loses it."""
    assert sorted(ARROWS) == MODULES


def test_arrows_do_not_go_round() -> None:
    """No module depends on itself by way of others, so that each can be understood after those it imports."""
    order = list(graphlib.TopologicalSorter(ARROWS).static_order())
    assert order.index("endpoint") < order.index("endpoints") < order.index("tap") < order.index("__main__")
    assert order.index("stamps") < order.index("bookmark") < order.index("stream") < order.index("tap")


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_arrows(module: str) -> None:
    """A module imports of the package what the arrows allow, and no arrow is there that nobody needs."""
    assert of_package(read(module), for_types=False) == ARROWS[module]
    assert of_package(read(module), for_types=True) == ONLY_TYPES.get(module, set())


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_know_neither_network_nor_sdk(module: str) -> None:
    """What a row, a page, a stamp or a bookmark means is told without the network and the SDK."""
    assert not others(read(module)) & {"requests", "urllib", "urllib3", "http", "socket", "backoff", "singer_sdk"}


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"http"}))
def test_one_module_knows_http(module: str) -> None:
    """Requests are made in one place."""
    assert not others(read(module)) & {"requests", "urllib3", "backoff", "pyrate_limiter"}


@pytest.mark.parametrize("module", ["http", "output"])
def test_transport_knows_no_stream(module: str) -> None:
    """What carries bytes knows nothing of rows of the table, nor of the SDK's streams."""
    assert not (of_package(read(module), for_types=False) | of_package(read(module), for_types=True)) - {"paging"}
    assert "from singer_sdk import" not in read(module)


def test_the_sandbox_pages_by_its_own_code() -> None:
    """The sandbox takes the table from the tap, and nothing else: a fault in shared code would prove itself right."""
    for file in (PACKAGE / "sandbox").rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        used = of_package(source, for_types=False) | of_package(source, for_types=True)
        assert used <= {"sandbox", "endpoint", "endpoints"}, file.name


def test_the_tap_runs_without_the_sandbox() -> None:
    """The sandbox is an extra: nothing of the tap imports it."""
    assert [module for module in MODULES if "sandbox" in of_package(read(module), for_types=False)] == []


def test_nothing_imports_the_scripts() -> None:
    """The scripts, the tests and the demo are not installed: nothing of the package imports them."""
    sources = [file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py")]
    assert not {name for source in sources for name in others(source)} & {"scripts", "tests", "demo", "refresh_schemas"}
