"""The sandbox's modules import downhill, and nothing of the tap but its catalog."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tap_servicetitan
from tests.support.each import for_each

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(tap_servicetitan.__file__).parent
SANDBOX = f"{PACKAGE.name}.sandbox"


def modules() -> Mapping[str, Path]:
    """Return the file of each module of the sandbox; a package is its ``__init__``."""
    files = {file.relative_to(PACKAGE.parent).with_suffix(""): file for file in (PACKAGE / "sandbox").rglob("*.py")}
    return {".".join(path.parts).removesuffix(".__init__"): file for path, file in files.items()}


def imported(source: str, known: Mapping[str, object]) -> Iterator[str]:
    """Yield what a module imports anywhere: in functions and for type checking too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in known else str(node.module)


def graph() -> dict[str, set[str]]:
    """Return which modules of the sandbox each of them imports."""
    files = modules()
    return {name: {*imported(file.read_text("utf-8"), files)} & files.keys() for name, file in files.items()}


def test_no_module_takes_part_in_a_cycle() -> None:
    """The order exists: type-checking imports count, as a reader follows them too."""
    order = list(graphlib.TopologicalSorter(graph()).static_order())
    assert set(order) == set(modules())
    assert order.index(f"{SANDBOX}.tenant") < order.index(f"{SANDBOX}.lists") < order.index(f"{SANDBOX}.app")


def test_a_cycle_for_type_checking_alone_is_found() -> None:
    """The walk sees imports below ``if TYPE_CHECKING``, in functions, and of modules from packages."""
    known = {"p.a": "", "p.b": "", "p.c": ""}
    source = "if TYPE_CHECKING:\n    from p.a import A\ndef f():\n    from p import b\n    import p.c\n"
    assert {*imported(source, known)} == {"p.a", "p.b", "p.c"}
    with pytest.raises(graphlib.CycleError):
        list(graphlib.TopologicalSorter({"p.a": {"p.b"}, "p.b": {"p.a"}}).static_order())


@for_each("name", sorted(modules()))
def test_nothing_of_the_tap_but_its_catalog_is_imported(name: str) -> None:
    """Code that is shared with the reading could not show that the reading is wrong."""
    names = imported(modules()[name].read_text("utf-8"), modules())
    own = {one for one in names if one.partition(".")[0] == PACKAGE.name}
    assert {one for one in own if not one.startswith((SANDBOX, f"{PACKAGE.name}.catalog."))} == set()
