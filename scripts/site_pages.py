"""Put the pages of the documentation site together, in ``.site-pages``: the README as its front page, and docs/.

    python scripts/site_pages.py

A link that leads from one page to another leads there on the site too. One to a file that is no page, such as a module,
becomes its text alone: the site has just pages.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".site-pages"
FRONT = "index.md"

LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def sources() -> dict[Path, str]:
    """List the files that the site has, and what each is called there."""
    beside = [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
    pages = [*beside, *sorted((ROOT / "docs").glob("*.*"))]
    return {ROOT / "README.md": FRONT} | {page: page.name for page in pages}


def page(source: Path, names: dict[Path, str]) -> str:
    """Write a page as it is on the site; what is in a block of code is no link."""
    text = source.read_text(encoding="utf-8")
    parts, end = [], 0
    for block in CODE.finditer(text):
        parts += [linked(text[end : block.start()], source, names), block[0]]
        end = block.end()
    return "".join([*parts, linked(text[end:], source, names)])


def linked(text: str, source: Path, names: dict[Path, str]) -> str:
    """Let links lead to pages of the site."""

    def instead(found: re.Match[str]) -> str:
        name, hash_, anchor = found["target"].partition("#")
        if "://" in found["target"] or not name:
            return found[0]
        file = Path(os.path.normpath(source.parent / name))
        if file not in names:
            return found["text"] if "`" in found["text"] else f"`{found['text']}`"
        return f"{found['image']}[{found['text']}]({names[file]}{hash_}{anchor})"

    return LINK.sub(instead, text)


def write(folder: Path = FOLDER) -> None:
    """Write all pages anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = sources()
    for source, name in names.items():
        if source.suffix == ".md":
            (folder / name).write_text(page(source, names), encoding="utf-8")
        else:
            shutil.copy(source, folder / name)


if __name__ == "__main__":
    write()
