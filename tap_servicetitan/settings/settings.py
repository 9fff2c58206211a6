"""The settings as one typed value, read once."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

from tap_servicetitan.settings.reports import ReportSettings, read_reports
from tap_servicetitan.state.timestamps import as_parameter, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

HOSTS = {
    "production": ("https://api.servicetitan.io", "https://auth.servicetitan.io/connect/token"),
    "integration": (
        "https://api-integration.servicetitan.io",
        "https://auth-integration.servicetitan.io/connect/token",
    ),
}
"""Per environment, the API's host and where access tokens come from (documented)."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The tap's own settings; docs/settings.md describes each. Those of the SDK are not here."""

    client_id: str = dataclasses.field(repr=False)
    client_secret: str = dataclasses.field(repr=False)
    st_app_key: str = dataclasses.field(repr=False)
    tenant_id: str
    environment: str
    host: str
    """Where the API is, without a slash at the end."""
    sign_in_url: str
    start_date: datetime | None
    """The time from which rows are wanted; None: from the first."""
    include_recent_changes: bool
    list_overlap_hours: float
    """How far before the beginning of its last reading a list is asked for again."""
    concurrency: int
    requests_per_second: float
    request_timeout: float
    """Seconds."""
    max_response_mb: int
    """Megabytes that a response may have."""
    router_ids: tuple[str, ...]
    tenant_column: bool
    custom_fields_by_id: bool
    deleted_column: bool
    personal_data: Literal["keep", "hash", "drop"]
    personal_data_salt: str = dataclasses.field(repr=False)
    custom_reports: tuple[ReportSettings, ...]
    report_runs_per_minute: float
    report_mode: str
    report_timeout: float
    """Seconds."""
    run_report_path: str | None
    """Where the report of a run is written; None for nowhere."""

    @property
    def start_parameter(self) -> str | None:
        """The start date as the API takes it."""
        return as_parameter(self.start_date) if self.start_date else None

    def ids_listed_in(self, setting: str) -> tuple[str, ...]:
        """Give the ids that a setting lists which stands for a parent stream."""
        return tuple(getattr(self, setting, ()))


def read_settings(config: Mapping[str, Any]) -> Settings:
    """Read settings that were found to be right."""
    api, sign_in = HOSTS[config["environment"]]
    start = config.get("start_date")
    return Settings(
        client_id=config["client_id"],
        client_secret=config["client_secret"],
        st_app_key=config["st_app_key"],
        tenant_id=str(config["tenant_id"]),
        environment=config["environment"],
        host=(config.get("api_url") or api).rstrip("/"),
        sign_in_url=config.get("auth_url") or sign_in,
        start_date=parse(start) if start else None,
        include_recent_changes=config["include_recent_changes"],
        list_overlap_hours=config["list_overlap_hours"],
        concurrency=config["concurrency"],
        requests_per_second=config["requests_per_second"],
        request_timeout=config["request_timeout"],
        max_response_mb=config["max_response_mb"],
        router_ids=tuple(config.get("router_ids") or ()),
        tenant_column=config["tenant_column"],
        custom_fields_by_id=config["custom_fields_by_id"],
        deleted_column=config["deleted_column"],
        personal_data=config["personal_data"],
        personal_data_salt=config.get("personal_data_salt", ""),
        run_report_path=config.get("run_report_path"),
        custom_reports=tuple(read_reports(config)[0]),
        report_runs_per_minute=config["report_runs_per_minute"],
        report_mode=config["report_mode"],
        report_timeout=config["report_timeout"],
    )


def read_for_discovery(config: Mapping[str, Any], usual: Mapping[str, Any]) -> Settings:
    """Read, of settings that are not right, only what decides on columns: enough to list the table's streams.

    Args:
        config: The settings.
        usual: The default of each setting that has one.
    """
    flags = ("tenant_column", "custom_fields_by_id", "deleted_column")
    missing = dict.fromkeys(("client_id", "client_secret", "st_app_key"), "") | {"tenant_id": "0"}
    # What is dropped is no column; anything but "keep" is to be on the safe side.
    personal = {"personal_data": config.get("personal_data", "keep")}
    return read_settings({**usual, **missing, **personal, **{name: bool(config.get(name)) for name in flags}})
