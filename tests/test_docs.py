"""What the documentation says of settings and files, against what is so."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_servicetitan.endpoints import ENDPOINTS
from tap_servicetitan.settings import SETTINGS

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.checkout


def settings() -> dict[str, tuple[str, str]]:
    """List each setting's type and default as the README writes them."""
    found = {}
    for name, known in SETTINGS["properties"].items():
        types = [known["type"]] if isinstance(known["type"], str) else known["type"]
        kind = " or ".join(one for one in types if one != "null")
        if known.get("format") == "date-time":
            kind = "date-time"
        if known.get("secret"):
            kind += ", secret"
        default = "required" if name in SETTINGS["required"] else ""
        if "default" in known:
            value = known["default"]
            default = f"`{value if isinstance(value, str) else json.dumps(value)}`"
        found[name] = (kind, default)
    return found


def test_the_readme_lists_the_settings_as_they_are() -> None:
    """The README's table has every setting, in the order of the code, with its type and default."""
    rows = re.findall(
        r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [(name, (kind.strip(), default.strip())) for name, kind, default in rows] == list(settings().items())


def test_meltano_knows_the_settings() -> None:
    """meltano.yml has every setting, the secrets as sensitive, the defaults as they are, and no secret's value."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    plugin: dict[str, Any] = project["plugins"]["extractors"][0]
    known = {one["name"]: one for one in plugin["settings"]}
    assert list(known) == list(SETTINGS["properties"])
    for name, setting in SETTINGS["properties"].items():
        assert known[name].get("sensitive", False) == setting.get("secret", False)
        assert known[name].get("value") == setting.get("default")
        assert known[name]["label"] == setting["title"]
    assert "config" not in plugin


def test_the_stream_reference_is_that_of_the_table() -> None:
    """The tables of docs/streams.md are those that the script writes from the stream table and the facts."""
    # By name, because the scripts are no package that could be imported.
    script = importlib.import_module("scripts.stream_reference")
    page = script.PAGE.read_text(encoding="utf-8")
    assert script.written(page) == page
    assert len(re.findall(r"^\| `\w+`( \(off\))? \|", page, re.MULTILINE)) == len(ENDPOINTS)


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link into the project names a file, or a heading, that is there."""
    text = page.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors
        elif "://" not in target:
            assert (page.parent / target.partition("#")[0]).exists(), target
