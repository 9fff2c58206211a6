"""The plugin definition: what the tap tells of itself, what Meltano Hub wants, and what Meltano takes without it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.cli.scopes import selected_in
from tap_servicetitan.duckdb.settings import DESCRIPTIONS
from tap_servicetitan.sandbox.server import serve
from tap_servicetitan.settings.schema import SETTINGS
from tests.duckdb.support import query
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEMO = ROOT / ".venv-demo" / "bin"

pytestmark = pytest.mark.checkout

# By name, because the scripts are no package that could be imported.
script = importlib.import_module("scripts.plugin_definition")

Json = dict[str, Any]

# What the Hub's schemas allow (meltano/hub, schemas/plugin_definitions/extractors.schema.json, August 2026).
WORDS = {
    *("capabilities", "commands", "definition", "description", "docs", "domain_url", "executable", "hidden"),
    *("keywords", "label", "log_parser", "logo_url", "maintenance_status", "metadata", "name", "namespace"),
    *("next_steps", "pip_url", "prereq", "python", "quality", "repo", "requires", "schema", "select", "settings"),
    *("settings_group_validation", "settings_preamble", "supported_python_versions", "usage", "variant"),
}
REQUIRED = {"name", "namespace", "quality", "variant"}
SETTING_WORDS = {"description", "kind", "label", "name", "options", "sensitive", "value"}
KINDS = {"array", "boolean", "date_iso8601", "integer", "object", "options", "string"}
CAPABILITIES = {
    *("about", "activate-version", "batch", "catalog", "discover", "log-based", "properties", "schema-flattening"),
    *("state", "stream-maps", "structured-logging", "test"),
}

FOREIGN = ("MELTANO_", "TAP_SERVICETITAN_", "TARGET_SERVICETITAN_DUCKDB_")
"""What the variables of whoever runs the test begin with."""

PROJECT: Json = {
    "project_id": "warehouse",
    "send_anonymous_usage_stats": False,
    "cli": {"disable_version_check": True},
    "default_environment": "dev",
    "environments": [{"name": "dev"}],
}


@pytest.fixture(scope="module")
def shipped() -> Json:
    """Read the file that the project ships."""
    return dict(yaml.safe_load(script.FILE.read_text(encoding="utf-8")))


def test_the_definition_is_what_the_tap_tells_of_itself() -> None:
    """The file is the one that the script writes; after a change of the settings, run scripts/plugin_definition.py."""
    assert script.written(script.definition(script.about())) == script.FILE.read_text(encoding="utf-8")


def test_the_hub_takes_the_definition(shipped: Json) -> None:
    """It says what the Hub requires and nothing that the Hub refuses, its keys in order as the Hub's linter wants."""
    assert shipped.keys() <= WORDS
    assert shipped.keys() >= REQUIRED
    assert [*shipped] == sorted(shipped)
    assert {*shipped["capabilities"]} <= CAPABILITIES
    for setting in shipped["settings"]:
        assert setting.keys() <= SETTING_WORDS
        assert setting["kind"] in KINDS
        assert ("options" in setting) is (setting["kind"] == "options")
        assert [*setting] == sorted(setting)


def test_secrets_are_sensitive_and_have_no_value(shipped: Json) -> None:
    """Meltano keeps these settings out of meltano.yml and of its output, and no others."""
    sensitive = [one for one in shipped["settings"] if one.get("sensitive")]
    secret = [name for name, known in SETTINGS["properties"].items() if known.get("secret")]
    assert [one["name"] for one in sensitive] == secret
    assert not any("value" in one for one in sensitive)


def test_the_project_to_copy_from_has_the_same_settings(shipped: Json) -> None:
    """meltano.yml describes each setting as the definition does, those of the SDK too."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (plugin,) = project["plugins"]["extractors"]
    assert plugin["settings"] == shipped["settings"]
    assert plugin["settings_group_validation"] == shipped["settings_group_validation"]
    assert {*plugin["capabilities"]} <= {*shipped["capabilities"]}


def test_the_project_to_start_from_is_a_part_of_it(shipped: Json) -> None:
    """What Meltano's example says of the tap is in the definition too, with the same secrets; the rest is left out."""
    project = yaml.safe_load((ROOT / "examples/production/meltano/meltano.yml").read_text(encoding="utf-8"))
    (plugin,) = project["plugins"]["extractors"]
    known = {one["name"]: one for one in shipped["settings"]}
    assert plugin.pop("pip_url") == "../tap-servicetitan"
    selected = {row.name for row in ENDPOINTS if row.selected}
    assert {one.removesuffix(".*") for one in plugin.pop("select")} < selected
    assert {*plugin.pop("capabilities")} <= {*shipped["capabilities"]}
    for setting in plugin.pop("settings"):
        assert setting.items() <= known[setting["name"]].items()
        assert setting.get("sensitive") == known[setting["name"]].get("sensitive")
    assert plugin.items() <= shipped.items()


def test_the_definition_of_the_loader_is_what_it_tells_of_itself(shipped: Json) -> None:
    """It is the one that the script writes, in words that the Hub takes, and meltano.yml has the same settings."""
    told = script.about("tap_servicetitan.duckdb")
    versions = shipped["supported_python_versions"]
    text = script.LOADER_FILE.read_text(encoding="utf-8")
    assert script.written(script.loader_definition(told, versions)) == text
    loader = yaml.safe_load(text)
    assert loader.keys() <= WORDS - {"select"} | {"dialect"}
    assert loader.keys() >= REQUIRED
    assert [*loader] == sorted(loader)
    assert {*loader["capabilities"]} <= CAPABILITIES
    assert {one["name"] for one in loader["settings"]} == {*DESCRIPTIONS}
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    plugin = project["plugins"]["loaders"][0]
    assert [one | {"value": None} if one["name"] == "path" else one for one in plugin.pop("settings")] == [
        one | {"value": None} if one["name"] == "path" else one for one in loader["settings"]
    ]
    assert plugin.pop("pip_url") == "-e .[duckdb]"
    assert plugin.items() <= loader.items()


@pytest.mark.targets
def test_meltano_adds_tap_and_loader_without_the_hub(tmp_path: Path) -> None:
    """After ``meltano add --from-ref`` they run, the tap knows its version, and both load a stream of the sandbox."""
    (tmp_path / "meltano.yml").write_text(yaml.safe_dump(PROJECT))
    file = tmp_path / "servicetitan.duckdb"
    with serve() as sandbox:
        environment = clean_environment(sandbox.config | {"requests_per_second": 1_000})
        for kind, name, definition in (
            ("extractor", "tap-servicetitan", script.FILE),
            ("loader", "target-servicetitan-duckdb", script.LOADER_FILE),
        ):
            meltano(
                tmp_path, environment, "add", f"--plugin-type={kind}", name, f"--from-ref={definition}", "--no-install"
            )
        use_what_is_installed(tmp_path / "meltano.yml")
        version = meltano(tmp_path, environment, "invoke", "tap-servicetitan", "--version")
        # Meltano 4.4 leaves it out of the project.
        environment["TAP_SERVICETITAN__SELECT"] = json.dumps(script.selection())
        catalog = json.loads(meltano(tmp_path, environment, "invoke", "--dump=catalog", "tap-servicetitan"))
        environment["TAP_SERVICETITAN__SELECT"] = json.dumps(["zones.*"])
        meltano(tmp_path, environment, "config", "set", "target-servicetitan-duckdb", "path", str(file))
        meltano(tmp_path, environment, "run", "tap-servicetitan", "target-servicetitan-duckdb")
        rows = sandbox.rows("zones")
    assert version.startswith("tap-servicetitan v")
    assert {*selected_in(catalog)} == {row.name for row in ENDPOINTS if row.selected}
    assert query(file, "SELECT id FROM zones ORDER BY id") == sorted((one["id"],) for one in rows)


def use_what_is_installed(project: Path) -> None:
    """Do what ``meltano install`` would: tap and loader are installed beside Meltano already."""
    said = yaml.safe_load(project.read_text())
    (tap,), (loader,) = said["plugins"]["extractors"], said["plugins"]["loaders"]
    assert (tap.pop("pip_url"), loader.pop("pip_url")) == ("tap-servicetitan", "tap-servicetitan[duckdb]")
    for plugin in (tap, loader):
        plugin["executable"] = str(DEMO / plugin["name"])
    project.write_text(yaml.safe_dump(said))


def clean_environment(settings: Mapping[str, Any]) -> dict[str, str]:
    """Give the tap's settings to Meltano, and keep those of whoever runs the test out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    texts = {name: json.dumps(value) if isinstance(value, list) else str(value) for name, value in settings.items()}
    return kept | {f"TAP_SERVICETITAN_{name.upper()}": text for name, text in texts.items()} | {"NO_PROXY": "127.0.0.1"}


def meltano(project: Path, environment: Mapping[str, str], *arguments: str) -> str:
    """Run Meltano in a project, and give what it wrote to stdout."""
    if not (program := DEMO / "meltano").exists():
        msg = f"Meltano is not at {program}; run `make test-setup`"
        raise FileNotFoundError(msg)
    command = [str(program), *arguments]
    ended = subprocess.run(  # noqa: S603 - Meltano
        command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_project_is_written_by_the_script(shipped: Json) -> None:
    """After a change of the settings or of what is selected, `make generated` writes these two, and nothing else."""
    text = script.PROJECT.read_text(encoding="utf-8")
    settings = shipped["settings"]
    assert script.project(text, settings) == text
    other = text.replace("    - '!calls_list.*'\n", "    - '!a_stream_that_is_gone.*'\n")
    other = other.replace("    - name: stream_maps\n", "    - name: a_setting_that_is_gone\n")
    assert script.project(other, settings) == text != other
    fewer = yaml.safe_load(script.project(text, settings[:3]))["plugins"]
    assert fewer["extractors"][0]["settings"] == settings[:3]
    assert fewer["loaders"] == yaml.safe_load(text)["plugins"]["loaders"]


@pytest.mark.targets
def test_the_environment_sets_what_the_sdk_knows(tmp_path: Path) -> None:
    """Meltano ignores in silence a variable of a setting that the project does not describe."""
    project = yaml.safe_load(script.PROJECT.read_text(encoding="utf-8"))
    project["plugins"]["extractors"][0]["executable"] = str(DEMO / "tap-servicetitan")
    del project["plugins"]["extractors"][0]["pip_url"]
    (tmp_path / "meltano.yml").write_text(yaml.safe_dump(project))
    own = dict.fromkeys(SETTINGS["required"], "1")
    maps = {"zones": {"id": "id"}}
    environment = clean_environment(own) | {
        "TAP_SERVICETITAN_STREAM_MAPS": json.dumps(maps),
        "TAP_SERVICETITAN_FLATTENING_ENABLED": "true",
        "TAP_SERVICETITAN_BATCH_CONFIG_STORAGE_ROOT": "file:///tmp",
        "TAP_SERVICETITAN_EMIT_ACTIVATE_VERSION_MESSAGES": "true",
    }
    given = json.loads(meltano(tmp_path, environment, "invoke", "--dump=config", "tap-servicetitan"))
    assert given["stream_maps"] == maps
    assert given["flattening_enabled"] is True
    assert given["batch_config"] == {"storage": {"root": "file:///tmp"}}
    assert given["emit_activate_version_messages"] is True


def test_meltano_reads_what_is_selected_by_default() -> None:
    """Meltano selects everything unless it is told: both files take out what the tap deselects."""
    off = {f"!{row.name}.*" for row in ENDPOINTS if not row.selected}
    wanted = {"*.*", "!schedulers.dataApiKey", *off}
    shipped = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]["extractors"][0]
    definition = yaml.safe_load((ROOT / "tap-servicetitan.plugin.yml").read_text(encoding="utf-8"))
    assert set(shipped["select"]) == set(definition["select"]) == wanted
