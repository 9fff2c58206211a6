"""Write the definitions of the tap and of the loader from their ``--about``, and the tap's part of ``meltano.yml``.

    python scripts/plugin_definition.py

The files are in the form that Meltano Hub keeps its definitions in, keys in order, and ``meltano add --from-ref`` takes
them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from tap_servicetitan.catalog.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
FILE = ROOT / "tap-servicetitan.plugin.yml"
LOADER_FILE = ROOT / "target-servicetitan-duckdb.plugin.yml"
PROJECT = ROOT / "meltano.yml"

Json = dict[str, Any]

HUB: Json = {
    "description": "Field service software for the trades: jobs, invoices, customers, payroll and all else of a tenant",
    "domain_url": "https://www.servicetitan.com/",
    "keywords": ["meltano_sdk"],
    "label": "ServiceTitan",
    "logo_url": "/assets/logos/extractors/servicetitan.svg",
    "maintenance_status": "active",
    # What the Hub's own rule gives a tap built with the SDK that few projects use yet.
    "quality": "silver",
    "variant": "tap-servicetitan",
}
"""What the Hub's page says and ``--about`` does not know."""

LOADER_HUB: Json = {
    "description": "Loads Singer messages into a DuckDB file, rows and state in one transaction",
    "dialect": "duckdb",
    "domain_url": "https://duckdb.org/",
    "keywords": [],
    "label": "DuckDB",
    "logo_url": "/assets/logos/loaders/duckdb.png",
    "maintenance_status": "active",
    "quality": "silver",
    "variant": "tap-servicetitan",
}

KINDS = {"number": "integer"}
"""Where Meltano's kind has another name. Meltano 4.4 cannot pass on a decimal that comes from the environment."""


def about(module: str = "tap_servicetitan") -> Json:
    """Ask the tap, or the loader, about itself."""
    command = [sys.executable, "-m", module, "--about", "--format=json"]
    return dict(msgspec.json.decode(subprocess.run(command, check=True, capture_output=True).stdout))


def definition(told: Json) -> Json:
    """Write what the tap tells of itself as the Hub does."""
    name: str = told["name"]
    return HUB | {
        "capabilities": sorted(told["capabilities"]),
        "executable": name,
        "name": name,
        "namespace": name.replace("-", "_"),
        "pip_url": name,
        "select": selection(),
        "settings": list(settings(told["settings"])),
        "settings_group_validation": [told["settings"]["required"]],
        "supported_python_versions": told["supported_python_versions"],
        **repository(),
    }


def loader_definition(told: Json, python_versions: list[str]) -> Json:
    """Write what the loader tells of itself as the Hub does; it is an extra of the tap's package."""
    name: str = told["name"]
    return LOADER_HUB | {
        "capabilities": sorted(told["capabilities"]),
        "executable": name,
        "name": name,
        "namespace": name.replace("-", "_"),
        "pip_url": "tap-servicetitan[duckdb]",
        "settings": list(settings(told["settings"])),
        "settings_group_validation": [told["settings"]["required"]],
        "supported_python_versions": python_versions,
        **repository(),
    }


def selection() -> list[str]:
    """Select what the tap does by default: Meltano by itself selects everything, whatever a catalog says."""
    off = sorted(row.name for row in ENDPOINTS if not row.selected)
    secret = sorted(f"{row.name}.{field}" for row in ENDPOINTS if row.selected for field in row.secret)
    return ["*.*", *(f"!{name}.*" for name in off), *(f"!{name}" for name in secret)]


def repository() -> Json:
    """Name the repository as soon as ``pyproject.toml`` does."""
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"].get("urls", {})
    return {"repo": urls["Repository"]} if "Repository" in urls else {}


def settings(schema: Json, prefix: str = "") -> Iterator[Json]:
    """List settings; those within an object that is described have dots in their names."""
    for name, known in schema["properties"].items():
        if known.get("properties") and name != "stream_maps":
            yield from settings(known, f"{prefix}{name}.")
        else:
            yield setting(f"{prefix}{name}", known)


def setting(name: str, known: Json) -> Json:
    """Describe a setting."""
    told: Json = {"description": known["description"], "kind": kind(known), "label": known["title"], "name": name}
    if "enum" in known:
        told["options"] = [{"label": label(one), "value": one} for one in known["enum"]]
    if known.get("secret"):
        told["sensitive"] = True
    if "default" in known:
        told["value"] = known["default"]
    return told


def kind(known: Json) -> str:
    """Name what Meltano calls a setting of this type."""
    if "enum" in known:
        return "options"
    if known.get("format") == "date-time":
        return "date_iso8601"
    variants = [known, *known.get("oneOf", ())]
    types = [one for each in variants if "type" in each for one in _listed(each["type"]) if one != "null"]
    # One text, or a list of them: only a list can say both.
    found = "array" if "array" in types else "string" if "string" in types else types[0]
    return KINDS.get(found, found)


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def label(value: str) -> str:
    """Write a value as a person would."""
    return value.upper() if value in {"gzip", "jsonl"} else value.capitalize()


def written(definition: Json) -> str:
    """Write a file; the Hub's linter wants keys in order and nothing before the first."""
    return yaml.safe_dump(definition, sort_keys=True, allow_unicode=True, width=10_000)


def project(text: str, settings: list[Json]) -> str:
    """Put the selection and the settings of the tap into the text of ``meltano.yml``, and leave the rest as it is."""
    lines = "".join(f"    - '{pattern}'\n" for pattern in selection())
    text = re.sub(r"(?m)(^    select:\n)(?:    - .*\n)+", rf"\g<1>{lines}", text, count=1)
    order = ("name", "kind", "value", "sensitive", "label", "description", "options")
    listed = [{word: one[word] for word in order if word in one} for one in settings]
    block = textwrap.indent(yaml.safe_dump(listed, sort_keys=False, allow_unicode=True, width=10_000), "    ")
    # The first is the tap's.
    return re.sub(r"(?m)(^    settings:\n)(?:    [- ].*\n)+", lambda found: found[1] + block, text, count=1)


if __name__ == "__main__":
    of_tap = definition(about())
    PROJECT.write_text(project(PROJECT.read_text(encoding="utf-8"), of_tap["settings"]), encoding="utf-8")
    FILE.write_text(written(of_tap), encoding="utf-8")
    of_loader = loader_definition(about("tap_servicetitan.duckdb"), of_tap["supported_python_versions"])
    LOADER_FILE.write_text(written(of_loader), encoding="utf-8")
