"""What is wrong with the settings, in a sentence for each fault."""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

from tap_servicetitan.settings.reports import read_reports
from tap_servicetitan.state.timestamps import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema import ValidationError

_NUMBERS = ("requests_per_second", "request_timeout", "report_runs_per_minute")
_DECIMAL = re.compile(r"\d+\.?\d*")


def cleaned(config: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what is null or empty, and white space at the ends, which comes with copying and spoils a secret."""
    given = {name: value for name, value in config.items() if value is not None}
    clean = {name: _cleaned(name, value) for name, value in given.items()}
    return {name: value for name, value in clean.items() if value != ""}


def _cleaned(name: str, value: object) -> object:
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
