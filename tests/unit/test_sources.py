"""Where settings come from: files and the environment in order, and each message names its source."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.settings.sources import Sources
from tests.support.invoking import invoke, write

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"client_id": "a", "client_secret": "b", "st_app_key": "c", "tenant_id": "1"}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Begin without settings in the environment, in a folder without a file `.env`."""
    for name in [one for one in os.environ if one.startswith("TAP_SERVICETITAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_what_is_unset_does_not_hide_what_is_set() -> None:
    """A later source goes before an earlier one, but for what is null or blank in it."""
    found = Sources()
    found.add_file({"concurrency": 1, "start_date": "2024-01-01", "tenant_id": "1"}, "a.json")
    found.add_file({"concurrency": 2, "start_date": " ", "tenant_id": None, "api_url": ""}, "b.json")
    assert found.config == {"concurrency": 2, "start_date": "2024-01-01", "tenant_id": "1"}
    assert found.origin == {"concurrency": "b.json", "start_date": "a.json", "tenant_id": "a.json", "api_url": "b.json"}


def test_meltanos_own_variables_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with two underscores are Meltano's, and the level of the log is the SDK's."""
    for name in ("_SELECT", "_CATALOG", "LOGLEVEL", "CONCURRENCY"):
        monkeypatch.setenv(f"TAP_SERVICETITAN_{name}", "3")
    found = Sources()
    found.add_environment()
    assert found.config == {"concurrency": "3"}
    assert found.origin == {"concurrency": "TAP_SERVICETITAN_CONCURRENCY"}


def test_a_file_env_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As the SDK reads it; what is set in the environment itself goes before it."""
    (tmp_path / ".env").write_text("TAP_SERVICETITAN_CONCURRENCY=3\nTAP_SERVICETITAN_TENANT_ID=7\n")
    # So that the test's end takes back what is read into it.
    monkeypatch.setenv("TAP_SERVICETITAN_CONCURRENCY", "5")
    monkeypatch.setenv("TAP_SERVICETITAN_TENANT_ID", "")
    monkeypatch.delenv("TAP_SERVICETITAN_TENANT_ID")
    found = Sources()
    found.add_environment()
    assert found.config == {"concurrency": "5", "tenant_id": "7"}


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("CONCURRENCY", "eight", "concurrency must be of type integer, not 'eight'"),
        ("TENANT_COLUMN", "maybe", "tenant_column must be of type boolean, not 'maybe'"),
        ("CUSTOM_REPORTS", "[{", "custom_reports is not valid JSON"),
        ("STREAM_MAPS", "{'a': 1}", "stream_maps is not valid JSON"),
        ("BATCH_CONFIG", "[]", "batch_config must be of type object"),
        ("TENANTID", "1", "tenantid is not a setting of this tap; did you mean tenant_id?"),
        ("ENVIRONMENT", "prod", "environment must be one of production, integration, not 'prod'"),
        ("CLIENT_SECRET", "a\x07b", "client_secret has a character that no key has"),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, text: str, said: str
) -> None:
    """One line names the setting and its variable; exit code 1, and nothing on stdout."""
    monkeypatch.setenv(f"TAP_SERVICETITAN_{variable}", text)
    output = invoke("--config", write(tmp_path / "config.json", GOOD), "--config=ENV")
    (line,) = [one for one in output.log.splitlines() if one.startswith("ERROR")]
    assert (output.code, output.raw) == (1, b"")
    assert said in line
    assert line.endswith(f"(set in TAP_SERVICETITAN_{variable})")


def test_each_fault_names_its_own_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of two files and the environment, the message names the one to change; what is empty is said to be that."""
    first = write(tmp_path / "a.json", GOOD | {"concurrency": 99, "environment": "prod", "client_id": ""})
    second = write(tmp_path / "b.json", {"environment": "test"})
    monkeypatch.setenv("TAP_SERVICETITAN_REQUEST_TIMEOUT", "0")
    output = invoke("--config", first, "--config", second, "--config=ENV")
    ends = sorted(line.rpartition("(")[2] for line in output.log.splitlines() if line.startswith("ERROR"))
    assert ends == [
        f"empty in {first})",
        f"set in {first})",
        f"set in {second})",
        "set in TAP_SERVICETITAN_REQUEST_TIMEOUT)",
    ]


def test_empty_variables_are_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every setting may be empty in the environment, as container platforms leave them."""
    about = json.loads(invoke("--about", "--format", "json").raw)
    for name in about["settings"]["properties"]:
        monkeypatch.setenv(f"TAP_SERVICETITAN_{name.upper()}", "")
    catalog = write(tmp_path / "catalog.json", {"streams": []})
    output = invoke("--config", write(tmp_path / "config.json", GOOD), "--config=ENV", "--catalog", catalog)
    assert (output.code, output.error) == (0, None)
    assert "No stream is selected" in output.log
