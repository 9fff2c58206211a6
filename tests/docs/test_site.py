"""The documentation site: it builds without a warning, has every page, and needs nothing from elsewhere."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.paths import ROOT

pytestmark = pytest.mark.checkout

# By name, because the scripts are no package that could be imported.
script = importlib.import_module("scripts.site_pages")

LOADED = re.compile(
    r"""<(?:script|img|iframe|source|embed|link(?![^>]*rel=["']?canonical))\b[^>]*?\b(?:src|href)=["']?([^"'\s>]+)"""
)
"""What a page fetches by itself; what a reader may click on is another thing."""
FROM_STYLE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])([^"')]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as ``make docs`` does, beside the checkout."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    script.write(folder / ".site-pages")
    zensical = Path(sys.executable).with_name("zensical")
    command = [str(zensical), "build", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - ours
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def test_every_page_is_in_the_menu(site: Path) -> None:
    """The menu has each page once, the README first, and each of them was built."""
    menu = pages_of(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    names = [name for source, name in script.sources().items() if source.suffix == ".md"]
    assert sorted(menu) == sorted(names)
    assert menu[0] == script.FRONT
    assert all((site / name).with_suffix(".html").is_file() for name in menu)


def pages_of(menu: object) -> list[str]:
    """List the pages of a menu, those of its parts too."""
    if isinstance(menu, str):
        return [menu]
    parts = menu.values() if isinstance(menu, dict) else menu if isinstance(menu, list) else ()
    return [page for part in parts for page in pages_of(part)]


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """Scripts, styles, pictures and fonts are all part of the site."""
    loaded = [(page, found) for page in site.rglob("*.html") for found in LOADED.findall(page.read_text("utf-8"))]
    styles = [(file, found) for file in site.rglob("*.css") for found in FROM_STYLE.findall(file.read_text("utf-8"))]
    assert len(loaded) > 100
    assert [one for one in [*loaded, *styles] if re.match(r"(?:https?:)?//", one[1])] == []


def test_what_is_fetched_is_there(site: Path) -> None:
    """A page's own files are where it looks for them."""
    for page in site.glob("*.html"):
        for found in LOADED.findall(page.read_text("utf-8")):
            file = (site / found.lstrip("/")) if page.name == "404.html" else (page.parent / found)
            assert file.exists(), f"{page.name}: {found}"


def test_links_to_files_that_are_no_pages_become_text() -> None:
    """A page links to pages; of a link to a module its text stays, and what is code stays as it is."""
    source = ROOT / "docs" / "page.md"
    names = {ROOT / "README.md": "index.md", ROOT / "docs" / "streams.md": "streams.md"}
    text = (
        "[a](../README.md#more) [b](streams.md) [c](../tap_servicetitan/mend.py) [`d`](../meltano.yml) "
        "[e](https://www.singer.io/) [f](#here) ![g](streams.md)"
    )
    assert script.linked(text, source, names) == (
        "[a](index.md#more) [b](streams.md) `c` `d` [e](https://www.singer.io/) [f](#here) ![g](streams.md)"
    )
