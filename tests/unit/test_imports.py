"""Who may import whom: the layout of the package, read from its sources."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tap_servicetitan
from tap_servicetitan.catalog.endpoints import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(tap_servicetitan.__file__).parent
NAME = PACKAGE.name
MODULES = sorted(file.stem for file in PACKAGE.glob("*.py"))

ARROWS: dict[str, set[str]] = {
    "__init__": set(),
    "__main__": {"catalog_file", "settings", "tap", "run", "stream", "bookmark", "http", "output"},
    # What there is to read.
    "endpoint": set(),
    "endpoints": {"endpoint"},
    "schema": {"endpoints"},
    # What comes, and what is remembered of it.
    "paging": set(),
    "direct": set(),
    "records": {"paging"},
    "added": set(),
    "mend": {"stamps"},
    "stamps": set(),
    "spans": set(),
    "recent": {"stamps"},
    "bookmark": {"stamps"},
    # How it is read.
    "http": {"paging"},
    "output": set(),
    "stream": {"added", "http", "output", "paging", "direct", "mend", "records", "schema", "stamps"},
    "export": {"stream", "bookmark", "http", "paging", "recent", "stamps"},
    "lists": {"stream", "bookmark", "http", "paging", "recent", "records", "schema", "stamps"},
    "children": {"lists", "stream", "bookmark", "http", "stamps"},
    "windows": {"lists", "stream", "bookmark", "http", "paging", "recent", "spans", "stamps"},
    "kinds": {"endpoints", "bookmark", "export", "lists", "children", "windows"},
    # Reports that the settings name.
    "report_settings": {"endpoints", "stamps"},
    "report_meta": {"paging"},
    "report_schema": {"report_meta"},
    "report_records": {"report_schema"},
    "report_windows": set(),
    "report_api": {"http", "paging", "report_meta"},
    "report_stream": {
        "stream",
        "bookmark",
        "http",
        "paging",
        "records",
        "report_api",
        "report_meta",
        "report_records",
        "report_schema",
        "report_windows",
        "stamps",
    },
    "reports": {"endpoint", "http", "paging", "report_meta", "report_schema", "report_settings", "report_stream"},
    "find_reports": {"settings", "tap", "http", "paging", "report_schema", "report_settings"},
    "json_file": set(),
    "catalog_file": set(),
    "scopes": {"endpoints", "json_file", "report_api", "schema"},
    "check": {
        "tap",
        "bookmark",
        "catalog_file",
        "http",
        "json_file",
        "report_api",
        "run",
        "scopes",
        "settings",
        "stamps",
        "stream",
        "terminal",
    },
    # The tap.
    "settings": {"report_settings", "stamps"},
    "run": {"stream", "bookmark", "http", "output", "progress", "summary"},
    # What people see of it.
    "progress": {"terminal"},
    "summary": {"progress", "terminal"},
    "terminal": set(),
    "tap": {
        "added",
        "catalog_file",
        "endpoints",
        "json_file",
        "kinds",
        "report_api",
        "report_settings",
        "reports",
        "run",
        "stream",
        "settings",
        "bookmark",
        "http",
        "output",
    },
}
"""What each module may import of the package when it runs."""

ONLY_TYPES: dict[str, set[str]] = {
    "schema": {"endpoint"},
    "added": {"endpoint"},
    "records": {"added", "direct", "endpoint"},
    "recent": {"records"},
    "stream": {"added", "direct", "endpoint", "http", "paging", "records", "tap"},
    "lists": {"records"},
    "children": {"records"},
    "windows": {"endpoint", "records"},
    "kinds": {"endpoint", "stream"},
    "run": {"stream", "tap"},
    "report_api": {"http", "paging", "report_meta"},
    "report_schema": {"report_meta"},
    "report_records": {"paging", "report_schema", "report_windows"},
    "report_stream": {"paging", "report_meta", "report_settings", "report_windows", "tap"},
    "reports": {"report_settings", "tap"},
    "find_reports": {"report_api", "report_meta"},
    "scopes": {"endpoint"},
    "check": {"stream"},
}
"""What it may import for annotations."""

PURE = [
    "endpoint",
    "endpoints",
    "schema",
    "paging",
    "direct",
    "added",
    "records",
    "stamps",
    "spans",
    "recent",
    "bookmark",
    "report_meta",
    "report_schema",
    "report_records",
    "report_windows",
]
"""Modules that neither ask the network nor know the SDK: their tests need neither."""

KINDS = ["export", "lists", "children", "windows"]
"""Modules of a kind of stream each."""


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
    assert order.index("paging") < order.index("stream") < order.index("export") < order.index("kinds")
    assert order.index("stamps") < order.index("bookmark") < order.index("kinds") < order.index("tap")


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_arrows(module: str) -> None:
    """A module imports of the package what the arrows allow, and no arrow is there that nobody needs."""
    assert of_package(read(module), for_types=False) == ARROWS[module]
    assert of_package(read(module), for_types=True) == ONLY_TYPES.get(module, set())


@pytest.mark.parametrize("module", KINDS)
def test_kinds_know_no_row_of_the_table(module: str) -> None:
    """What reads a kind of stream is given its row: it does not look another up in the table, and no other kind."""
    assert not ARROWS[module] & {"endpoints", "kinds", "tap", "run"}
    assert not ARROWS[module] & (set(KINDS) - {"lists"})


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


def literals(source: str) -> set[str]:
    """List the texts that a source has in its code: not its docstrings, nor the corrections of facts."""
    tree = ast.parse(source)
    apart = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) or (isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "CORRECTIONS")
        for inner in ast.walk(node)
        if not isinstance(node, ast.Expr) or inner is node.value
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart
    }


def test_the_reader_of_texts_is_right() -> None:
    """Texts are found wherever they are in code, and docstrings and corrections are not taken for code."""
    source = """
'jobs'
CORRECTIONS: dict = {("leads", "a"): 1}
OTHERS: dict = {("calls", "b"): {"forms": f"tasks{1}"}}
def late():
    "bookings"
    if name == "customers":
        ask("teams")
"""
    assert literals(source) == {"calls", "b", "forms", "tasks", "customers", "teams"}


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"endpoints"}))
def test_no_stream_is_named_in_the_engine(module: str) -> None:
    """Code knows kinds of streams: a stream's name stands in the table, in the facts and in the corrections alone."""
    assert literals(read(module)) & BY_NAME.keys() == set()


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
