"""What is wrong with the settings, in a sentence for each fault."""

from __future__ import annotations

import difflib
import ipaddress
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_servicetitan.settings.reports import CUSTOM_REPORTS, read_reports
from tap_servicetitan.settings.values import json_fault
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema import ValidationError

_NUMBERS = ("requests_per_second", "request_timeout", "report_runs_per_minute", "report_timeout")

_Fault = tuple[str, str]
"""A setting, and what is wrong with it."""


def faults(config: Mapping[str, Any], schema: Mapping[str, Any], origin: Mapping[str, str] | None = None) -> list[str]:
    """Say what is wrong with the settings, a sentence per fault. A secret's value is never repeated.

    Args:
        config: The settings.
        schema: Their JSON Schema.
        origin: The file or the environment variable that a setting comes from, where it is known.
    """
    found = list(_faults_of_shape(config, schema)) or list(_faults_of_meaning(config))
    return [text + _source(name, config, origin or {}) for name, text in found]


def _source(name: str, config: Mapping[str, Any], origin: Mapping[str, str]) -> str:
    if name not in origin:
        return ""
    return f" (set in {origin[name]})" if name in config else f" (empty in {origin[name]})"


def _faults_of_shape(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[_Fault]:
    properties = schema["properties"]
    for name in config:
        if name not in properties:
            near = difflib.get_close_matches(name, properties, n=1)
            yield name, f"{name} is not a setting of this tap; " + (f"did you mean {near[0]}?" if near else "remove it")
    for name in schema["required"]:
        if name not in config:
            yield name, f"{name} is missing: {properties[name]['description']}"
    given = {name: value for name, value in config.items() if name in properties}
    for error in DEFAULT_JSONSCHEMA_VALIDATOR({"properties": properties}).iter_errors(given):
        yield str(error.path[0]), _fault(error, properties)


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
            return f"{where} {_type_fault(error, came)}"
    return f"{where} does not have the form that the documentation gives"


def _type_fault(error: ValidationError, came: str) -> str:
    wanted: Any = error.validator_value
    types = [one for one in ([wanted] if isinstance(wanted, str) else wanted) if one != "null"]
    if {*types} & {"array", "object"} and isinstance(error.instance, str) and (why := json_fault(error.instance)):
        return f"is not valid JSON: {why}"
    return f"must be of type {' or '.join(types)}{came}"


def _faults_of_meaning(config: Mapping[str, Any]) -> Iterator[_Fault]:
    if config.get("tenant_column") and config.get("emit_activate_version_messages"):
        name = "emit_activate_version_messages"
        why = "in a table that tenants share, a target would take the rows of all others for gone"
        yield name, f"{name} must be off with tenant_column: {why}"
    tenant = str(config["tenant_id"])
    if not tenant.isascii() or not tenant.isdigit():
        yield "tenant_id", f"tenant_id must be a number, not {tenant!r}"
    if (start := config.get("start_date")) and (fault := _fault_of_start(start)):
        yield "start_date", fault
    for name in _NUMBERS:
        if not math.isfinite(config.get(name, 1)):
            yield name, f"{name} must be a finite number"
    for name in ("api_url", "auth_url"):
        if (url := config.get(name)) and not _is_safe(url):
            yield name, f"{name} must be an https:// address (http:// only for an address of this machine)"
    for name in ("client_id", "client_secret", "st_app_key"):
        if not config[name].isprintable() or not config[name].isascii():
            yield name, f"{name} has a character that no key has; copy it again"
    yield from _faults_of_salt(config)
    yield from ((CUSTOM_REPORTS, fault) for fault in read_reports(config)[1])


def _faults_of_salt(config: Mapping[str, Any]) -> Iterator[_Fault]:
    name = "personal_data_salt"
    if config.get("personal_data") == "hash" and not config.get(name):
        why = "without one, anybody could find a phone number by hashing all there are"
        yield name, f"{name} is missing: {why}; give a long random text, and keep it"


def _fault_of_start(start: str) -> str | None:
    moment = parse(start)
    if moment is None:
        return f"start_date must be a date or a date-time such as 2024-01-01T00:00:00Z, not {start!r}"
    # A feed's token would lead on from there, and no row that changes until then would ever come.
    return f"start_date must not lie in the future, as {start!r} does" if moment > datetime.now(UTC) else None


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
