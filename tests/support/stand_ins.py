"""Stand-ins for what the documentation's commands install: it is installed already, and only has to be put in place.

    python tests/stand_ins.py pip install -c constraints.txt -e '.[demo]'

What is to be installed is looked at all the same: the files, extras and packages that a command names have to be there.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".venv-demo"
"""Has the tap, the sandbox and Meltano."""
TARGETS = ROOT / ".venv-targets"

REPLACED = ("meltano", "pip", "python3")
"""Programs that a command may find on its path."""

REPLACED_WITHIN = ("meltano", "pip")
"""Programs of an environment."""


def main(program: str, *arguments: str) -> None:
    """Do what a program would have to install something, or hand over to it."""
    match program, arguments:
        case "python3", ("-m", "venv", folder):
            link_environment(Path(folder))
        case "pip", ("install", *wanted):
            check_wanted(wanted)
        case "meltano", ("install", *wanted):
            link_plugins(Path("meltano.yml"), wanted[-1:])
        case _:
            os.execv(DEMO / "bin" / program, [program, *arguments])  # noqa: S606 - the program itself


def link_environment(folder: Path) -> None:
    """Make a folder that is one of the environments that are there, with pip replaced."""
    if folder.exists():
        return
    known = (TARGETS / folder.name, ROOT / folder.name)
    real = next((one for one in known if folder.name != "venv" and one.exists()), DEMO)
    (folder / "bin").mkdir(parents=True)
    # The Makefile looks at it, to see whether the environment is up to date.
    (folder / ".installed").touch()
    for one in real.iterdir():
        if one.name not in {"bin", ".installed"}:
            (folder / one.name).symlink_to(one)
    for one in (real / "bin").iterdir():
        if one.name in REPLACED_WITHIN:
            write_script(folder / "bin" / one.name)
        else:
            (folder / "bin" / one.name).symlink_to(one)


def write_script(file: Path) -> None:
    """Write a script that stands in for the program of this name."""
    file.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).resolve()}" {file.name} "$@"\n',
        encoding="utf-8",
    )
    file.chmod(0o755)


def check_wanted(wanted: list[str]) -> None:
    """Refuse what could not be installed."""
    words = iter(wanted)
    for word in words:
        if word in {"-c", "-r"}:
            file = Path(next(words))
            _demand(file.is_file(), f"{file} is not there")
        elif local := re.fullmatch(r"\.(?:\[(\w+)\])?", word):
            project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
            extra = local[1]
            _demand(extra is None or extra in project["optional-dependencies"], f"there is no extra {extra}")
        elif word != "-e":
            known = (ROOT / "constraints.txt").read_text(encoding="utf-8")
            _demand(re.search(rf"^{re.escape(word)}==", known, re.MULTILINE) is not None, f"{word} is not known")


def link_plugins(project: Path, names: list[str]) -> None:
    """Let a Meltano project run the programs that are there."""
    said = yaml.safe_load(project.read_text(encoding="utf-8"))
    plugins = [one for each in said["plugins"].values() for one in each if one["name"] in names]
    _demand(bool(plugins), f"no plugin is named {names}")
    for plugin in plugins:
        source = plugin.pop("pip_url").removeprefix("-e ").partition("[")[0]
        if source.startswith("."):
            _demand((project.parent / source / "pyproject.toml").is_file(), f"{source} is not the folder of a package")
        name = plugin["name"]
        home = TARGETS / name if (TARGETS / name).exists() else DEMO
        plugin["executable"] = str(home / "bin" / name)
    project.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")


def _demand(so: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not so:
        sys.exit(f"stand-in: {otherwise}")


if __name__ == "__main__":
    main(*sys.argv[1:])
