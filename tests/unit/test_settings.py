"""The settings: what is said of a wrong one, and what is never said."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.errors import ConfigError
from tap_servicetitan.settings.schema import SETTINGS
from tap_servicetitan.settings.validation import faults
from tap_servicetitan.settings.values import cleaned
from tap_servicetitan.tap import TapServiceTitan
from tests.support.invoking import invoke, write

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = ("client_id", "client_secret", "st_app_key")
"""Without which nothing can be read."""
GOOD: dict[str, Any] = {"client_id": "an id", "client_secret": "a secret", "st_app_key": "ak1.x", "tenant_id": "4242"}

SCHEMA = copy.deepcopy(SETTINGS)
TapServiceTitan.append_builtin_config(SCHEMA)


def found(config: dict[str, Any]) -> list[str]:
    """Check settings as the tap does, on their own."""
    return faults(cleaned(config, SCHEMA), SCHEMA)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="the required ones"),
        pytest.param({"tenant_id": 4242}, id="tenant an integer"),
        pytest.param({"tenant_id": " 4242\n"}, id="white space around the tenant"),
        pytest.param({"client_secret": "\ta secret \n"}, id="white space around a secret"),
        pytest.param({"environment": "production"}, id="production"),
        pytest.param({"environment": "integration"}, id="integration"),
        pytest.param({"start_date": "2024-01-01T00:00:00Z"}, id="start a date-time"),
        pytest.param({"start_date": "2024-01-01"}, id="start a date"),
        pytest.param({"include_recent_changes": True}, id="recent changes"),
        pytest.param({"concurrency": 1}, id="least concurrency"),
        pytest.param({"concurrency": 32}, id="most concurrency"),
        pytest.param({"requests_per_second": 0.5, "request_timeout": 100}, id="numbers whole or not"),
        pytest.param({"api_url": "https://proxy.example/api", "auth_url": "https://proxy.example:8443/t"}, id="https"),
        pytest.param({"router_ids": ["r-1", "2"]}, id="routers"),
        pytest.param({"router_ids": []}, id="no routers"),
        pytest.param({"api_url": "http://localhost:8000"}, id="http to localhost"),
        pytest.param({"api_url": "http://127.0.0.1:8000", "auth_url": "http://[::1]:8000/t"}, id="http to loopback"),
        pytest.param(
            {
                "start_date": None,
                "environment": None,
                "concurrency": None,
                "api_url": None,
                "include_recent_changes": None,
                "router_ids": None,
                "flattening_enabled": None,
            },
            id="null is unset",
        ),
        pytest.param(
            {"stream_maps": {"jobs": {"id": "id"}, "__else__": None}, "stream_map_config": {}}, id="stream maps"
        ),
        pytest.param({"flattening_enabled": True, "flattening_max_depth": 2}, id="flattening"),
        pytest.param(
            {
                "batch_config": {
                    "encoding": {"format": "jsonl", "compression": "gzip"},
                    "storage": {"root": "file:///tmp", "prefix": "a-"},
                }
            },
            id="batches",
        ),
        pytest.param({"faker_config": {"seed": 1, "locale": "en_US"}}, id="faker"),
    ],
)
def test_good_settings(given: dict[str, Any]) -> None:
    """Settings that are right are not complained about, those that the SDK adds included; the tap takes them."""
    assert found(GOOD | given) == []
    assert TapServiceTitan(config=GOOD | given).settings.tenant_id == "4242"


WHOSE = "Client ID of the app's connection to the tenant, from ServiceTitan's settings."
TYPE_OF_TENANT = "tenant_id must be of type string or integer"
FROM_1_TO_32 = "concurrency must be from 1 to 32"
HTTPS = "must be an https:// address (http:// only for an address of this machine)"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"client_id": None}, [f"client_id is missing: {WHOSE}"], id="null for a required one"),
        pytest.param({"client_id": ""}, [f"client_id is missing: {WHOSE}"], id="empty"),
        pytest.param({"client_id": " \n"}, [f"client_id is missing: {WHOSE}"], id="blank"),
        pytest.param(
            {"client_id": "", "tenant_id": None},
            [f"client_id is missing: {WHOSE}", "tenant_id is missing: The tenant to read, a number."],
            id="two missing, a sentence each",
        ),
        pytest.param(
            {"tenantid": "1"}, ["tenantid is not a setting of this tap; did you mean tenant_id?"], id="misspelt"
        ),
        pytest.param({"quux": 1}, ["quux is not a setting of this tap; remove it"], id="unknown, like no other"),
        pytest.param({"tenant_id": 4.5}, [f"{TYPE_OF_TENANT}, not 4.5"], id="tenant a fraction"),
        pytest.param({"tenant_id": True}, [f"{TYPE_OF_TENANT}, not True"], id="tenant true"),
        pytest.param({"tenant_id": ["1"]}, [f"{TYPE_OF_TENANT}, not ['1']"], id="tenant a list"),
        pytest.param({"tenant_id": "acme"}, ["tenant_id must be a number, not 'acme'"], id="tenant a name"),
        pytest.param({"tenant_id": "42/x"}, ["tenant_id must be a number, not '42/x'"], id="tenant a path"),
        pytest.param({"tenant_id": -1}, ["tenant_id must be a number, not '-1'"], id="tenant below zero"),
        pytest.param({"tenant_id": "٤٢"}, ["tenant_id must be a number, not '٤٢'"], id="tenant in other digits"),
        pytest.param({"client_secret": 5}, ["client_secret must be of type string"], id="secret a number"),
        pytest.param({"client_secret": ["a secret"]}, ["client_secret must be of type string"], id="secret a list"),
        pytest.param(
            {"client_secret": "a\nsecret"},
            ["client_secret has a character that no key has; copy it again"],
            id="secret of two lines",
        ),
        pytest.param(
            {"st_app_key": "ak1.\u200bx"},
            ["st_app_key has a character that no key has; copy it again"],
            id="app key with an invisible character",
        ),
        pytest.param(
            {"environment": "prod"},
            ["environment must be one of production, integration, not 'prod'"],
            id="another environment",
        ),
        pytest.param({"concurrency": 0}, [f"{FROM_1_TO_32}, not 0"], id="concurrency too low"),
        pytest.param({"concurrency": 33}, [f"{FROM_1_TO_32}, not 33"], id="concurrency too high"),
        pytest.param(
            {"concurrency": "eight"}, ["concurrency must be of type integer, not 'eight'"], id="concurrency a word"
        ),
        pytest.param({"concurrency": "4.5"}, ["concurrency must be of type integer, not 4.5"], id="4.5 as a text"),
        pytest.param(
            {"requests_per_second": 0}, ["requests_per_second must be more than 0, not 0"], id="no requests at all"
        ),
        pytest.param({"request_timeout": -1}, ["request_timeout must be more than 0, not -1"], id="no time at all"),
        pytest.param(
            {"include_recent_changes": "maybe"},
            ["include_recent_changes must be of type boolean, not 'maybe'"],
            id="neither true nor false",
        ),
        pytest.param(
            {"start_date": "soon"},
            ["start_date must be a date or a date-time such as 2024-01-01T00:00:00Z, not 'soon'"],
            id="start no date",
        ),
        pytest.param(
            {"start_date": "2062-01-01"},
            ["start_date must not lie in the future, as '2062-01-01' does"],
            id="start in the future",
        ),
        pytest.param(
            {"start_date": 20240101}, ["start_date must be of type string, not 20240101"], id="start a number"
        ),
        pytest.param({"router_ids": "r-1"}, ["router_ids must be of type array, not 'r-1'"], id="router, no list"),
        pytest.param({"router_ids": [7]}, ["router_ids.0 must be of type string, not 7"], id="router a number"),
        pytest.param(
            {"router_ids": ["r-1", None]}, ["router_ids.1 must be of type string, not None"], id="router null"
        ),
        pytest.param({"api_url": "http://a.example"}, [f"api_url {HTTPS}"], id="http to elsewhere"),
        pytest.param(
            {"auth_url": "http://localhost.example"},
            [f"auth_url {HTTPS}"],
            id="http to what looks like this machine",
        ),
        pytest.param(
            {"api_url": "http://127.0.0.1@a.example"},
            [f"api_url {HTTPS}"],
            id="http to elsewhere, as a user of this machine's name",
        ),
        pytest.param({"api_url": "a.example"}, [f"api_url {HTTPS}"], id="URL without a scheme"),
        pytest.param({"api_url": "https://"}, [f"api_url {HTTPS}"], id="URL without a host"),
        pytest.param({"api_url": "https://[::1"}, [f"api_url {HTTPS}"], id="URL that is none"),
        pytest.param({"api_url": "ftp://localhost"}, [f"api_url {HTTPS}"], id="URL of another kind"),
        pytest.param(
            {"flattening_enabled": "jein"},
            ["flattening_enabled must be of type boolean, not 'jein'"],
            id="a setting of the SDK",
        ),
        pytest.param(
            {"concurrency": 99, "environment": "prod", "quux": 1},
            [
                "quux is not a setting of this tap; remove it",
                "environment must be one of production, integration, not 'prod'",
                f"{FROM_1_TO_32}, not 99",
            ],
            id="several faults, a sentence each",
        ),
    ],
)
def test_wrong_settings(given: dict[str, Any], said: list[str]) -> None:
    """Each fault is one sentence that names the setting, and what would be right; the tap refuses with the same."""
    assert sorted(found(GOOD | given)) == sorted(said)
    with pytest.raises(ConfigError) as refusal:
        TapServiceTitan(config=GOOD | given)
    assert sorted(refusal.value.errors) == sorted(said)


def test_no_settings_at_all() -> None:
    """Without settings, each required one is asked for, with what it is."""
    assert [one.partition(":")[0] for one in found({})] == [f"{name} is missing" for name in GOOD]


def test_white_space_and_null_are_dropped() -> None:
    """White space at the ends of a text is dropped, as are a null and an empty text; what is within a text stays."""
    config = {"a": " x y\n", "b": None, "c": 0, "d": False, "e": [" z "], "f": "", "g": " "}
    assert cleaned(config, {"properties": {}}) == {"a": "x y", "c": 0, "d": False, "e": ["z"]}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("requests_per_second", "20.5", 20.5),
        ("request_timeout", " 90 ", 90),
        ("request_timeout", "1,5", "1,5"),
        ("list_overlap_hours", "1_0", "1_0"),
        ("report_runs_per_minute", "inf", "inf"),
        ("concurrency", "4.0", 4),
        ("concurrency", "٤", "٤"),
        ("flattening_max_depth", "2", 2),
        ("tenant_column", "true", True),
        ("tenant_column", "False", False),
        ("deleted_column", "YES", True),
        ("deleted_column", "0", False),
        ("flattening_enabled", "off", False),
        ("emit_activate_version_messages", "on", True),
        ("emit_activate_version_messages", "tru", "tru"),
        ("tenant_id", "4242", "4242"),
        ("router_ids", '["r-1", " 2 "]', ["r-1", "2"]),
        ("router_ids", "r-1", "r-1"),
        ("stream_maps", '{"jobs": {"a": "1"}}', {"jobs": {"a": "1"}}),
        ("stream_maps", "{'jobs': 1}", "{'jobs': 1}"),
        ("batch_config", '{"encoding": {"format": "jsonl"}, "batch_size": 5}', None),
        ("custom_reports", '[{"id": "7", "window": {"days": "30"}}]', [{"id": "7", "window": {"days": 30}}]),
    ],
)
def test_values_may_come_as_text(name: str, text: str, value: object) -> None:
    """The environment and Meltano's `config set` know only text: it is brought into the setting's type, or refused."""
    wanted = json.loads(text) if value is None else value
    found = cleaned({name: text}, SCHEMA)
    assert found == {name: wanted}
    assert type(found[name]) is type(wanted)


BY_TYPE = {name: {*one["type"]} for name, one in SCHEMA["properties"].items()}


@pytest.mark.parametrize("name", sorted(BY_TYPE))
@settings(deadline=None, derandomize=True, max_examples=25)
@given(data=st.data())
def test_the_text_of_a_value_is_that_value(name: str, data: st.DataObject) -> None:
    """Whatever a setting may be, its text means the same; text of no such value is refused, by the setting's name."""
    types = BY_TYPE[name]
    if "string" in types:
        value: object = data.draw(st.text(st.characters(categories=["L", "N"]), min_size=1))
        assert cleaned({name: f" {value}\n"}, SCHEMA) == {name: value}
        return
    kinds = {
        "boolean": st.booleans(),
        "integer": st.integers(-(10**9), 10**9),
        "number": st.decimals(-1000, 1000, places=2).map(float),
        "array": st.just([]),
        "object": st.dictionaries(st.sampled_from("ab"), st.text(st.characters(categories=["L"])), min_size=1),
    }
    value = data.draw(kinds[next(one for one in kinds if one in types)])
    assert cleaned({name: json.dumps(value)}, SCHEMA) == cleaned({name: value}, SCHEMA)
    nonsense = data.draw(st.text(st.characters(categories=["Lu"]), min_size=4).filter(lambda one: "FALSE" not in one))
    assert any(one.startswith(f"{name} must be of type") for one in found(GOOD | {name: f"{nonsense}?"}))


@pytest.mark.parametrize("name", ["custom_reports", "stream_maps", "router_ids", "batch_config"])
@pytest.mark.parametrize("text", ['[{"id": 1', "{'a': 1}", "[" * 100_000], ids=["cut short", "Python", "endless"])
def test_broken_json_in_a_text_is_said_to_be_that(name: str, text: str) -> None:
    """The message names the setting and the place; the text may be long, or hold what is nobody's business."""
    (said,) = found(GOOD | {name: text})
    assert said.startswith(f"{name} is not valid JSON: ")
    assert text not in said


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
@pytest.mark.parametrize("name", ["requests_per_second", "request_timeout"])
def test_numbers_are_finite(name: str, number: float) -> None:
    """What Python's JSON reads as Infinity or NaN is no number to count or wait with."""
    assert found({name: number} | GOOD) == [f"{name} must be a finite number"]


def test_a_tap_has_the_defaults() -> None:
    """What is not given, or null, has its default; what is given is kept, without white space at its ends."""
    tap = TapServiceTitan(config=GOOD | {"client_secret": " a secret\n", "concurrency": None, "request_timeout": 200})
    wanted = {"environment": "production", "include_recent_changes": False, "concurrency": 8, "requests_per_second": 50}
    assert {name: tap.config[name] for name in wanted} == wanted
    assert (tap.config["client_secret"], tap.config["request_timeout"]) == ("a secret", 200)
    assert tap.config.get("start_date") is None


def test_a_whole_number_can_be_counted_with() -> None:
    """A concurrency that is let through is an integer: JSON's 8.0 is refused or taken for 8."""
    # Regression: 8.0 was let through, and ended the run with a TypeError.
    config = GOOD | {"concurrency": 8.0}
    assert found(config) or isinstance(cleaned(config, SCHEMA)["concurrency"], int)


@pytest.mark.parametrize("name", SECRETS)
@settings(deadline=None, derandomize=True, max_examples=50)
@given(data=st.data())
def test_a_secret_is_never_repeated(name: str, data: st.DataObject) -> None:
    """Whatever is wrong with a secret, or with the settings beside it, no sentence holds its value."""
    mark = "h8#f2"
    leaf = st.sampled_from([mark, f"a{mark}\n{mark}b", f"ü{mark}", f" {mark}"])
    shapes: st.SearchStrategy[object] = st.recursive(
        leaf,
        lambda inner: st.lists(inner, min_size=1, max_size=2) | st.dictionaries(leaf, inner, min_size=1, max_size=1),
    )
    others: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [{}, {"environment": "prod"}, {"tenant_id": "x"}, {"quux": 1}, {"api_url": "http://a.example"}]
    )
    config = GOOD | data.draw(others) | {name: data.draw(shapes)}
    assert mark not in json.dumps(found(config), ensure_ascii=False)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", [31337, 31337.5, [31337], {"a": 31337}], ids=["integer", "number", "list", "object"])
def test_a_secret_that_is_a_number_is_never_repeated(name: str, value: object) -> None:
    """A secret that came without quotes is refused without its value, by the tap as well."""
    with pytest.raises(ConfigError) as refusal:
        TapServiceTitan(config=GOOD | {name: value})
    assert refusal.value.errors == [f"{name} must be of type string"]
    assert "31337" not in f"{refusal.value}{refusal.value.errors}"


def test_secrets_are_marked() -> None:
    """The settings that hold credentials are marked as secret, so that Meltano hides them too."""
    assert tuple(name for name, one in SETTINGS["properties"].items() if one.get("secret")) == (
        *SECRETS,
        "personal_data_salt",
    )
    assert set(SETTINGS["required"]) == set(GOOD)


def test_numbers_of_a_file_are_such_as_clocks_take() -> None:
    """The SDK reads a fraction as a Decimal, with which no socket can wait."""
    found = cleaned({"request_timeout": Decimal("90.5"), "concurrency": Decimal(8)}, SCHEMA)
    assert (found, type(found["request_timeout"])) == ({"request_timeout": 90.5, "concurrency": 8}, float)


def test_a_wrong_setting_is_the_last_line(tmp_path: Path) -> None:
    """It is all that Meltano shows of a test of the settings."""
    config = {"client_id": "a", "client_secret": "b", "st_app_key": "c", "tenant_id": "1"}
    file = write(tmp_path / "config.json", config | {"concurrency": 99})
    output = invoke("--config", file)
    last = f"ERROR concurrency must be from 1 to 32, not 99 (set in {file})"
    assert (output.code, output.log.strip().splitlines()[-1]) == (1, last)
    output = invoke("--config", write(tmp_path / "config.json", config | {"stream_maps": {"jobs": {"x": "nope("}}}))
    assert (
        output.log.strip().splitlines()[-1] == "ERROR stream_maps: Failed to parse expression nope(.; fix the setting"
    )


def test_tenants_that_share_a_table_are_not_cleared_out() -> None:
    """A target takes an ACTIVATE_VERSION message for the whole table, with the rows of other tenants."""
    config = {"client_id": "a", "client_secret": "b", "st_app_key": "c", "tenant_id": "1", "tenant_column": True}
    with pytest.raises(ConfigError, match="emit_activate_version_messages must be off with tenant_column"):
        TapServiceTitan(config=config | {"emit_activate_version_messages": True})
    assert TapServiceTitan(config=config, setup_mapper=False).config["tenant_column"] is True
