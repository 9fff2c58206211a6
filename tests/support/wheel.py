"""Run the tests against the wheel in ``dist``, installed in another environment; used by ``make test-wheel``.

The tests run in a copy of this folder without the package, so that only the installed one can be imported.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.support.paths import ROOT

PACKAGE = "tap_servicetitan"


def main() -> None:
    """Check what the wheel holds, then hand over to pytest."""
    environment, *arguments = sys.argv[1:]
    files = known_files()
    check_contents({str(file) for file in files if file.parts[0] == PACKAGE})
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for file in files:
            if file.parts[0] != PACKAGE:
                (copy / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, copy / file)
        (copy / ".venv-targets").symlink_to(ROOT / ".venv-targets")
        pytest = ROOT / environment / "bin" / "pytest"
        sys.exit(subprocess.run([pytest, *arguments], cwd=copy, check=False).returncode)  # noqa: S603 - our own tests


def known_files() -> list[Path]:
    """List the files of this folder that git does not ignore."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, check=True, text=True).stdout  # noqa: S603 - fixed
    return [Path(name) for name in listed.split("\0") if (ROOT / name).is_file()]


def check_contents(wanted: set[str]) -> None:
    """Refuse a wheel that lacks a file of the package, or has one that is no part of it."""
    (wheel,) = (ROOT / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    if held != wanted:
        sys.exit(f"{wheel.name} lacks {sorted(wanted - held)} and should not have {sorted(held - wanted)}")


if __name__ == "__main__":
    main()
