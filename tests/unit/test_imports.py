"""Who may import whom: the layout of the package, read from its sources."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path
from typing import TYPE_CHECKING

import tap_servicetitan
from tap_servicetitan.catalog.endpoints import BY_NAME
from tests.support.each import for_each

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(tap_servicetitan.__file__).parent
NAME = PACKAGE.name

MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "files": {"errors"},
    "json_type": set(),
    "stopping": set(),
    "terminal": set(),
    "logs": set(),
    # What there is to read, and what is remembered of it.
    "catalog": {"json_type", "errors"},
    "state": {"json_type", "errors"},
    "settings": {"json_type", "catalog", "errors", "state"},
    # The way of the data.
    "api": {"json_type", "errors", "logs", "settings"},
    "session": {"api", "settings"},
    "records": {"json_type", "api", "catalog", "errors", "settings", "state"},
    "readers": {"json_type", "api", "catalog", "errors", "records", "session", "settings", "state"},
    "reports": {"json_type", "api", "catalog", "errors", "readers", "records", "session", "settings", "state"},
    "sync": {
        "json_type",
        "api",
        "catalog",
        "errors",
        "readers",
        "records",
        "session",
        "settings",
        "state",
        "stopping",
        "terminal",
    },
    # A loader that knows Singer messages alone.
    "duckdb": {"errors", "files"},
    # What compares a warehouse with the API.
    "audit": {
        "json_type",
        "catalog",
        "duckdb",
        "errors",
        "files",
        "readers",
        "records",
        "session",
        "settings",
        "state",
    },
    # The commands.
    "tap": {
        "json_type",
        "catalog",
        "errors",
        "readers",
        "records",
        "reports",
        "session",
        "settings",
        "stopping",
        "sync",
    },
    "cli": {
        "json_type",
        "api",
        "audit",
        "catalog",
        "duckdb",
        "errors",
        "files",
        "readers",
        "reports",
        "settings",
        "state",
        "stopping",
        "sync",
        "tap",
        "terminal",
    },
    "__main__": {"cli", "stopping"},
    # A server that must not prove a shared fault right.
    "sandbox": {"json_type", "catalog"},
}
"""What each part of the package may import of the others, from the bottom up; those for annotations count too."""

KNOWS_HTTP = {"api"}
SDK_HOOKS = "sync.sdk"
"""The one module that touches what is private of the SDK."""

NO_SDK = ("errors", "state", "api", "records", "readers", "session", "reports")
"""Parts that do not know the SDK: their tests need none of it."""

LONGEST = 250
"""Lines of a file; a few more where a cut would serve nothing."""


def modules() -> dict[str, Path]:
    """Find all modules, by their names below the package."""
    files = {file: file.relative_to(PACKAGE).with_suffix("").parts for file in PACKAGE.rglob("*.py")}
    return {".".join(part for part in parts if part != "__init__"): file for file, parts in files.items()}


MODULES = modules()


def imports(source: str) -> Iterator[str]:
    """Give all that a source imports, wherever in it: ``package.module.name`` for a name that is taken of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_modules(source: str) -> set[str]:
    """List the modules of the package that a source imports."""
    found = set()
    for name in imports(source):
        package, _, inner = name.partition(".")
        if package == NAME:
            found.add(inner if inner in MODULES else inner.rpartition(".")[0])
    return found


def others(source: str) -> set[str]:
    """List the packages that a source imports."""
    return {name.split(".")[0] for name in imports(source)} - {NAME}


def read(module: str) -> str:
    """Read the source of a module."""
    return MODULES[module].read_text(encoding="utf-8")


def part(module: str) -> str:
    """Name the part of the package that a module belongs to."""
    return module.split(".", maxsplit=1)[0]


SAMPLE = f"""
import requests.auth
import {NAME}.api.client
from {NAME}.state import timestamps
from {NAME}.api.pages import a, b
if TYPE_CHECKING:
    from {NAME}.tap import d
def late():
    from singer_sdk.streams import e
    from {NAME} import terminal
"""


def test_the_reader_of_this_test_sees_all_imports() -> None:
    """Every way to import is seen: within functions, and for annotations alone."""
    assert own_modules(SAMPLE) == {"api.client", "state.timestamps", "api.pages", "tap", "terminal"}
    assert others(SAMPLE) == {"requests", "singer_sdk"}


def test_no_module_depends_on_itself() -> None:
    """There is no circle, so that each module can be understood after those that it imports."""
    order = list(graphlib.TopologicalSorter({name: own_modules(read(name)) for name in MODULES}).static_order())
    assert order.index("api.client") < order.index("readers.export") < order.index("sync.stream") < order.index("tap")


@for_each("module", sorted(set(MODULES) - {""}))
def test_imports_go_downhill(module: str) -> None:
    """A module imports of other parts of the package what its own part may, and nothing above it."""
    used = {part(name) for name in own_modules(read(module))} - {part(module)}
    assert used <= MAY_IMPORT[part(module)]


def test_parts_are_in_order() -> None:
    """The table goes from the bottom up, and has no part that is gone."""
    assert set(MAY_IMPORT) <= {part(module) for module in MODULES if module}
    known: set[str] = set()
    for name, may in MAY_IMPORT.items():
        assert may <= known
        known.add(name)


@for_each("module", sorted(name for name in MODULES if part(name) in NO_SDK))
def test_the_engine_does_without_the_sdk(module: str) -> None:
    """What a row, a page, a timestamp or a bookmark means, and how pages are read, needs no SDK."""
    assert "singer_sdk" not in others(read(module))


@for_each("module", sorted(name for name in MODULES if part(name) not in {*KNOWS_HTTP, "sandbox"}))
def test_one_part_knows_http(module: str) -> None:
    """Requests are sent in one place."""
    assert not others(read(module)) & {"requests", "urllib3", "backoff", "socket"}


def test_the_transport_knows_no_stream() -> None:
    """What carries bytes knows nothing of rows of the table."""
    used = {name for module in MODULES if part(module) == "api" for name in own_modules(read(module))}
    assert not {name for name in used if part(name) == "catalog"}


@for_each("module", sorted(set(MODULES) - {"", SDK_HOOKS}))
def test_one_module_touches_what_is_private_of_the_sdk(module: str) -> None:
    """Private modules of the SDK are imported, and private methods of it are overridden, in one file."""
    private = [name for name in imports(read(module)) if name.startswith("singer_sdk") and "._" in name]
    assert private == []
    overridden = [
        inner.name
        for node in ast.walk(ast.parse(read(module)))
        if isinstance(node, ast.ClassDef)
        for inner in node.body
        if isinstance(inner, ast.FunctionDef) and inner.name.startswith("_") and not inner.name.startswith("__")
        if any(ast.unparse(one) == "override" for one in inner.decorator_list)
    ]
    assert overridden == []


def literals(source: str) -> set[str]:
    """List the texts that a source has in its code: not its docstrings, nor the corrections of facts."""
    tree = ast.parse(source)
    left_out = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) or (isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "CORRECTIONS")
        for inner in ast.walk(node)
        if not isinstance(node, ast.Expr) or inner is node.value
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out
    }


def test_the_reader_of_texts_finds_texts_in_code() -> None:
    """Texts are found wherever they are in code, and docstrings and corrections are not taken for code."""
    source = """
'jobs'
CORRECTIONS: dict = {("leads", "a"): 1}
OTHERS: dict = {("calls", "b"): {"forms": f"tasks{1}"}}
def late():
    "bookings"
    if name == "customers":
        fetch("teams")
"""
    assert literals(source) == {"calls", "b", "forms", "tasks", "customers", "teams"}


ENGINE = sorted(name for name in MODULES if name and part(name) != "sandbox" and name != "catalog.endpoints")


@for_each("module", ENGINE)
def test_no_stream_is_named_in_the_engine(module: str) -> None:
    """Code knows kinds of streams: a stream's name stands in the table, in the facts and in the corrections alone."""
    assert literals(read(module)) & BY_NAME.keys() == set()


@for_each("module", sorted(set(MODULES) - {"catalog.endpoints"}))
def test_files_are_short(module: str) -> None:
    """A file has one job, and is read in one go; the table of streams is the exception."""
    assert len(read(module).splitlines()) <= LONGEST * 1.1


def test_nothing_imports_what_is_not_installed() -> None:
    """The scripts, the tests and the examples are not in the wheel: nothing of the package imports them."""
    used = {name for module in MODULES for name in others(read(module))}
    assert not used & {"scripts", "tests", "examples"}
