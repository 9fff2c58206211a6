"""What the documentation says of settings and files, against what is so."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.sandbox.control import ORDERS
from tap_servicetitan.sandbox.faults import KINDS
from tap_servicetitan.sandbox.quirks import Quirks
from tap_servicetitan.settings.schema import SETTINGS
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.checkout


MESSAGE_NAMES = {"msg", "advice", "why", "what", "reason"}
"""Variables that hold a message, or a part of one."""
SHORTEST_CLAUSE = 8
NOT_FOR_USERS = {"…: …, which only the SDK's path knows how to take"}
"""Said within the code alone."""


def settings() -> dict[str, tuple[str, str]]:
    """List each setting's type and default as the documentation writes them."""
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


def page(name: str) -> str:
    """Read a page of the documentation."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_settings_are_listed_as_they_are() -> None:
    """The table has every setting, in the order of the code, with its type and default."""
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|([^|]*)\|[^|]+\|$", page("settings.md"), re.MULTILINE)
    assert [(name, (kind.strip(), default.strip())) for name, kind, default in rows] == list(settings().items())


def test_the_stream_reference_is_that_of_the_table() -> None:
    """What docs/streams.md says of each stream is what the script writes from the stream table and the facts."""
    # By name, because the scripts are no package that could be imported.
    script = importlib.import_module("scripts.stream_reference")
    page = script.PAGE.read_text(encoding="utf-8")
    assert script.written(page) == page
    assert sorted(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == sorted(BY_NAME)


def test_the_data_model_is_that_of_the_facts() -> None:
    """The pages of the data model are those that the script writes; each has its streams, and links lead to them."""
    script = importlib.import_module("scripts.data_model_pages")
    pages = {file: file.read_text(encoding="utf-8") for file in (ROOT / "docs").glob("data-model*.md")}
    assert script.written() == pages
    headings = {file.name: {*re.findall(r"^#+ (\w+)$", text, re.MULTILINE)} for file, text in pages.items()}
    headings["streams.md"] = {*re.findall(r"^#+ (\w+)$", page("streams.md"), re.MULTILINE)}
    assert sorted(one for name, found in headings.items() if "model-" in name for one in found & {*BY_NAME}) == sorted(
        BY_NAME
    )
    for file, text in pages.items():
        for target, anchor in re.findall(r"\]\(([\w.-]*)#(\w+)\)", text):
            assert anchor in headings[target or file.name], f"{file.name}: {target}#{anchor}"


def test_recipes_select_streams_that_are_there() -> None:
    """What `select` names is a stream of the table, by default one that is read; a field is one of its fields."""
    named = re.findall(r"^ *- '?!?([a-z_]+)\.([\w*]+)'?$", page("choosing-streams.md"), re.MULTILINE)
    assert len(named) > 60
    for stream, field in named:
        assert BY_NAME[stream].selected, stream
        assert field == "*" or field in stream_schema(BY_NAME[stream])["properties"], field


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "docs/streams.md", "docs/choosing-streams.md"])
def test_streams_are_counted_by_a_script_alone(name: str) -> None:
    """No page says how many streams there are but where a script writes it: a new stream would make it untrue."""
    text = (ROOT / name).read_text(encoding="utf-8")
    by_hand = re.sub(r"<!-- streams: begin -->.*<!-- streams: end -->", "", text, flags=re.DOTALL)
    assert re.findall(r"\b\d+\s+(?:of\s+the\s+\d+\s+)?(?:export\s+)?(?:streams|feeds|lists)\b", by_hand) == []


def test_streams_that_are_called_otherwise_are_listed() -> None:
    """The table of the page on migrating is the one that the script writes."""
    script = importlib.import_module("scripts.stream_reference")
    assert script.written(page("migrating.md")) == page("migrating.md")
    assert "| `categories` | `pricebook_categories` |" in page("migrating.md")


def test_the_sandbox_is_described_as_it_is() -> None:
    """The page names every kind of fault and every control endpoint, and no other."""
    told = re.search(r"<!-- faults: begin -->(.*)<!-- faults: end -->", page("sandbox.md"), re.DOTALL)
    assert told
    kinds = [
        one for cell in re.findall(r"^\| (`.*?) \|", told[1], re.MULTILINE) for one in re.findall(r"`(.*?)`", cell)
    ]
    assert sorted(kinds) == sorted(KINDS)
    quirks = re.search(r"<!-- quirks: begin -->(.*)<!-- quirks: end -->", page("sandbox.md"), re.DOTALL)
    assert quirks
    named = [
        one for cell in re.findall(r"^\| (`.*?) \|", quirks[1], re.MULTILINE) for one in re.findall(r"`(.*?)`", cell)
    ]
    assert sorted(named) == sorted(field.name for field in dataclasses.fields(Quirks))
    rows = re.findall(r"^\| (`(?:GET|POST|DELETE).*?) \|", page("sandbox.md"), re.MULTILINE)
    orders = set()
    for row in rows:
        methods = set[str]()
        for word in re.findall(r"[\w/{}-]+", row):
            if word.startswith("/"):
                orders |= {(method, word) for method in methods}
                methods = set[str]()
            else:
                methods.add(word)
    assert orders == {*ORDERS}


def test_every_message_is_one_of_the_program() -> None:
    """Each heading of the page on messages is made of texts that the code has, with … for what differs."""
    headings = re.findall(r"^(?:### |\| )`(.*?)`(?:$| \|)", page("troubleshooting.md"), re.MULTILINE)
    assert len(headings) > 40
    assert len({*headings}) == len(headings)
    said = texts_of_the_program()
    missing = [one for one in headings if not all(part in said for part in _parts(one))]
    assert missing == []


def test_every_message_is_found_by_its_words() -> None:
    """Whoever searches the page for the longest clause of a message that the tap or a command gives finds it."""
    words = " ".join(page("troubleshooting.md").split())
    clauses = {max(found, key=len): message for message in messages() if (found := _clauses(message))}
    assert len(clauses) > 100
    assert {clause: message for clause, message in clauses.items() if clause not in words} == {}


def _clauses(message: str) -> list[str]:
    parts = [part.strip(" ,().") for part in re.split(r"…|; |: |\. ", message)]
    # Shorter ones, such as "of", are no words to search for.
    return [part for part in parts if len(part) >= SHORTEST_CLAUSE]


def messages() -> set[str]:
    """Collect what errors and warnings say, with … for what differs; the sandbox and the stream table are no user's."""
    found = set()
    for file in sorted((ROOT / "tap_servicetitan").rglob("*.py")):
        if not {"sandbox", "catalog"} & {*file.parts}:
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                found |= {text for one in _said(node) if (text := _with_gaps(one))}
    return found - NOT_FOR_USERS


def _said(node: ast.AST) -> list[ast.expr]:
    """Give what a piece of code says to a user: what it assigns to `msg` and the like, raises, or logs as a warning."""
    if isinstance(node, ast.Assign):
        return [node.value] if {one.id for one in node.targets if isinstance(one, ast.Name)} & MESSAGE_NAMES else []
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return node.args[:1] if name in {"warning", "error", "warn_once"} or name.endswith("Error") else []
    return []


def _with_gaps(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
    else:
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return re.sub(r"%[\d.]*[sdf]", "…", text)


def _parts(heading: str) -> list[str]:
    # What a quotation has comes from the API, and a status from the standard library.
    own = re.sub(r"\d{3} [A-Z][\w ]*|'[^']*_[^']*'", "…", heading)
    return [part for each in own.split("…") if (part := each.strip(" ;:,()"))]


def texts_of_the_program() -> str:
    """Join all texts in the code, with … where a value is put in, as messages are made of them."""
    found = []
    for file in sorted((ROOT / "tap_servicetitan").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.append("".join(one.value if isinstance(one, ast.Constant) else "…" for one in node.values))  # type: ignore[misc]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"%[\d.]*[sdf]", "…", node.value))
    return "\n".join(found)


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link into the project names a file that is there, and a heading that it has."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "dbt/README.md", ROOT / "examples/many-tenants/README.md"]
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_pages_are_words(page: Path) -> None:
    """A reader knows what a link leads to by its words; the name of a file says nothing."""
    links = re.findall(r"\[([^\]]+)\]\(([^)#\s]+\.md)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [text for text, _ in links if re.search(r"\w\.md\b", text)] == []


def test_the_readme_is_short() -> None:
    """Someone who is new reads all of it; what does not fit has a page of its own."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def anchors(page: Path) -> set[str]:
    """List what the headings of a page are reached by."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}
