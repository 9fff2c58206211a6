"""The tap's settings as a JSON Schema, as the SDK and Meltano show them."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_servicetitan.settings.reports import CUSTOM_REPORTS, REPORTS

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
        "list_overlap_hours",
        th.NumberType(nullable=False, minimum=1, maximum=720),
        default=6,
        title="List overlap",
        description="How many hours before the last reading began lists are requested again; repeats are removed.",
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
        description="Seconds to wait for an answer, to its last byte; the API itself gives up after 100.",
    ),
    th.Property(
        "max_response_mb",
        th.IntegerType(nullable=False, minimum=1),
        default=256,
        title="Largest response",
        description="Megabytes that a response may have, decompressed. A body without an end must not take all memory.",
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
        description="Adds customFieldsById: custom fields as a text of JSON, by the ID of their type.",
    ),
    th.Property(
        "deleted_column",
        th.BooleanType(nullable=False),
        default=False,
        title="Deleted column",
        description="Adds _sdc_deleted_at to inactive rows, where the API returns them; not for targets that then "
        "delete.",
    ),
    th.Property(
        "personal_data",
        th.StringType(nullable=False, allowed_values=["keep", "hash", "drop"]),
        default="keep",
        title="Personal data",
        description="Keeps, hashes or drops names, addresses and all else that docs/personal-data.md lists.",
    ),
    th.Property(
        "personal_data_salt",
        th.StringType(nullable=False),
        secret=True,
        title="Personal data salt",
        description="Key of the hashes, a long random text; another one makes other hashes.",
    ),
    th.Property(
        CUSTOM_REPORTS,
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
    th.Property(
        "report_mode",
        th.StringType(nullable=False, allowed_values=["auto", "asynchronous", "synchronous"]),
        default="auto",
        title="Report mode",
        description="How reports run: asynchronous, synchronous, or auto: asynchronous where ServiceTitan can.",
    ),
    th.Property(
        "report_timeout",
        th.NumberType(nullable=False, exclusive_minimum=0),
        default=900,
        title="Report timeout",
        description="Seconds to wait for an asynchronous report to be ready.",
    ),
    th.Property(
        "run_report_path",
        th.StringType,
        title="Run report path",
        description="Writes a report of each run to this file, as JSON: rows, requests, waits, result by stream.",
    ),
).to_dict() | {"additionalProperties": False}
