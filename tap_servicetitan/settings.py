"""The tap's settings, and what is said of a wrong one."""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from singer_sdk import typing as th
from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_servicetitan.reports.settings import REPORTS, SETTING, read_reports
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jsonschema import ValidationError

SETTINGS = th.PropertiesList(
    th.Property(
        "client_id",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="Client ID",
        description="Client ID of the app's connection to the tenant, from ServiceTitan's settings.",
    ),
    th.Property(
        "client_secret",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="Client secret",
        description="Client secret that was generated with the client ID.",
    ),
    th.Property(
        "st_app_key",
        th.StringType(nullable=False),
        required=True,
        secret=True,
        title="App key",
        description="Application key of the app, from the developer portal.",
    ),
    th.Property(
        "tenant_id",
        th.CustomType({"type": ["string", "integer"]}),
        required=True,
        title="Tenant ID",
        description="The tenant to read, a number.",
    ),
    th.Property(
        "environment",
        th.StringType(nullable=False, allowed_values=["production", "integration"]),
        default="production",
        title="Environment",
        description="Which of ServiceTitan's environments the tenant is in; picks both hosts.",
    ),
    th.Property(
        "api_url",
        th.StringType,
        title="API URL",
        description="Overrides the API's host, for the sandbox or a proxy. Plain http only on this machine.",
    ),
    th.Property(
        "auth_url",
        th.StringType,
        title="Sign-in URL",
        description="Overrides the URL that access tokens come from. Plain http only on this machine.",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="Leaves out what did not change since. Without it, the whole history is read.",
    ),
    th.Property(
        "include_recent_changes",
        th.BooleanType(nullable=False),
        default=False,
        title="Include recent changes",
        description="Asks export feeds for changes younger than 15 minutes too; repeats are removed.",
    ),
    th.Property(
        "concurrency",
        th.IntegerType(nullable=False, minimum=1, maximum=32),
        default=8,
        title="Concurrency",
        description="How many streams are read side by side.",
    ),
    th.Property(
        "requests_per_second",
        th.NumberType(nullable=False, exclusive_minimum=0),
        default=50,
        title="Requests per second",
        description="Most requests in a second; ServiceTitan allows an app 60 for a tenant.",
    ),
    th.Property(
        "request_timeout",
        th.NumberType(nullable=False, exclusive_minimum=0),
        default=120,
        title="Request timeout",
        description="Seconds to wait for an answer; the API itself gives up after 100.",
    ),
    th.Property(
        "router_ids",
        th.ArrayType(th.StringType(nullable=False, min_length=1)),
        title="Router IDs",
        description="Routers of Scheduling Pro to read, for the streams router_sessions and router_performance.",
    ),
    th.Property(
        "tenant_column",
        th.BooleanType(nullable=False),
        default=False,
        title="Tenant column",
        description="Puts tenant_id on every record and first into every key, for tables that tenants share.",
    ),
    th.Property(
        "custom_fields_by_id",
        th.BooleanType(nullable=False),
        default=False,
        title="Custom fields by ID",
        description="Adds customFieldsById: custom fields as one object, by the ID of their type.",
    ),
    th.Property(
        "deleted_column",
        th.BooleanType(nullable=False),
        default=False,
        title="Deleted column",
        description="Adds _sdc_deleted_at to inactive rows, where the API tells of them; not for targets that then "
        "delete.",
    ),
    th.Property(
        SETTING,
        REPORTS,
        title="Custom reports",
        description="Reports to read as streams; docs/reports.md says how.",
    ),
    th.Property(
        "report_runs_per_minute",
        th.NumberType(nullable=False, exclusive_minimum=0),
        default=1,
        title="Report runs per minute",
        description="How often the same report may run in a minute, each page being a run; ServiceTitan allows one.",
    ),
).to_dict() | {"additionalProperties": False}


_NUMBERS = ("requests_per_second", "request_timeout", "report_runs_per_minute")
_DECIMAL = re.compile(r"\d+\.?\d*")


class SettingsError(Exception):
    """The settings are wrong; `errors` says of each what."""

    def __init__(self, errors: Sequence[str]) -> None:
        """Keep the faults, a sentence each."""
        super().__init__("; ".join(errors))
        self.errors = errors


def tidied(config: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what is null or empty, and white space at the ends, which comes with copying and spoils a secret."""
    given = {name: value for name, value in config.items() if value is not None}
    tidy = {name: _tidied(name, value) for name, value in given.items()}
    return {name: value for name, value in tidy.items() if value != ""}


def _tidied(name: str, value: object) -> object:
    if isinstance(value, str):
        text = value.strip()
        # From the environment the SDK takes integers for numbers, but no fractions.
        return float(text) if name in _NUMBERS and _DECIMAL.fullmatch(text) else text
    if isinstance(value, list):
        return [one.strip() if isinstance(one, str) else one for one in value]
    if isinstance(value, Decimal):
        # As which the SDK reads numbers with a fraction, and neither sockets nor clocks take one.
        value = float(value)
    # JSON Schema takes 8.0 for an integer, and Python cannot count with it.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def faults(config: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the settings, a sentence per fault. A secret's value is never repeated."""
    found = list(_faults_of_shape(config, schema))
    return found or list(_faults_of_meaning(config))


def _faults_of_shape(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema["properties"]
    for name in config:
        if name not in properties:
            near = difflib.get_close_matches(name, properties, n=1)
            yield f"{name} is not a setting of this tap; " + (f"did you mean {near[0]}?" if near else "remove it")
    for name in schema["required"]:
        if name not in config:
            yield f"{name} is missing: {properties[name]['description']}"
    given = {name: value for name, value in config.items() if name in properties}
    for error in DEFAULT_JSONSCHEMA_VALIDATOR({"properties": properties}).iter_errors(given):
        yield _fault(error, properties)


def _fault(error: ValidationError, properties: Mapping[str, Any]) -> str:
    name, where = str(error.path[0]), ".".join(map(str, error.path))
    setting = properties[name]
    came = "" if setting.get("secret") else f", not {error.instance!r}"
    wanted: Any = error.validator_value
    match error.validator:
        case "enum":
            return f"{where} must be one of {', '.join(map(str, wanted))}{came}"
        case "minimum" | "maximum" if {"minimum", "maximum"} <= setting.keys():
            return f"{where} must be from {setting['minimum']} to {setting['maximum']}{came}"
        case "minLength":
            return f"{where} must not be empty"
        case "minimum" | "exclusiveMinimum":
            return f"{where} must be {'at least' if error.validator == 'minimum' else 'more than'} {wanted}{came}"
        case "type":
            types = [wanted] if isinstance(wanted, str) else wanted
            return f"{where} must be of type {' or '.join(one for one in types if one != 'null')}{came}"
    return f"{where} does not have the form that the documentation gives"


def _faults_of_meaning(config: Mapping[str, Any]) -> Iterator[str]:
    if config.get("tenant_column") and config.get("emit_activate_version_messages"):
        yield (
            "emit_activate_version_messages must be off with tenant_column: in a table that tenants share, a target "
            "would take the rows of all others for gone"
        )
    tenant = str(config["tenant_id"])
    if not tenant.isascii() or not tenant.isdigit():
        yield f"tenant_id must be a number, not {tenant!r}"
    if (start := config.get("start_date")) and parse(start) is None:
        yield f"start_date must be a date or a date-time such as 2024-01-01T00:00:00Z, not {start!r}"
    for name in _NUMBERS:
        if not math.isfinite(config.get(name, 1)):
            yield f"{name} must be a finite number"
    for name in ("api_url", "auth_url"):
        if (url := config.get(name)) and not _is_safe(url):
            yield f"{name} must be an https:// address (http:// only for an address of this machine)"
    for name in ("client_id", "client_secret", "st_app_key"):
        if not config[name].isprintable() or not config[name].isascii():
            yield f"{name} has a character that no key has; copy it again"
    yield from read_reports(config)[1]


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # The port is read too, because reading it is what refuses one that is no number.
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
