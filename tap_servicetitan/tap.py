"""The tap: settings in, streams out."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk.singerlib import Catalog, Schema
from typing_extensions import override

from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.catalog.validation import check_catalog
from tap_servicetitan.errors import ConfigError
from tap_servicetitan.readers.source import EndpointSource
from tap_servicetitan.records.columns import TENANT, TENANT_SCHEMA
from tap_servicetitan.reports.api import ReportApi
from tap_servicetitan.reports.discovery import report_sources
from tap_servicetitan.session import Session
from tap_servicetitan.settings.schema import SETTINGS
from tap_servicetitan.settings.settings import Settings, read_for_discovery, read_settings
from tap_servicetitan.settings.sources import Sources
from tap_servicetitan.settings.validation import faults
from tap_servicetitan.settings.values import cleaned
from tap_servicetitan.stopping import stopped_by_signals
from tap_servicetitan.sync.run import Run
from tap_servicetitan.sync.sdk import SdkTap
from tap_servicetitan.sync.state import checked_bookmarks, new_columns, read_from_later
from tap_servicetitan.sync.stream import SingerStream
from tap_servicetitan.sync.writer import PageWriter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from singer_sdk import Stream


class TapServiceTitan(SdkTap):
    """Singer tap for ServiceTitan."""

    name = "tap-servicetitan"
    # A copy, because the SDK adds its own settings to it.
    config_jsonschema: ClassVar[dict[str, Any]] = copy.deepcopy(SETTINGS)
    message_writer_class = PageWriter
    message_writer: PageWriter
    faults: Sequence[str] = ()
    """What is wrong with the settings, where they are taken all the same: the table's streams can be listed without."""

    def __init__(
        self,
        *,
        config: dict[str, Any] | None = None,
        catalog: Any = None,  # noqa: ANN401 - the SDK's
        origin: Mapping[str, str] | None = None,
        parse_env_config: bool = False,
        **options: Any,  # noqa: ANN401 - the SDK's
    ) -> None:
        """Check the catalog, and cut it to what is selected, before the SDK makes schemas and maps for all of it.

        Args:
            config: The settings.
            catalog: What to read; all that is selected by default unless given.
            origin: The file or the environment variable that each setting comes from, to name in messages.
            parse_env_config: Whether to add the settings of the environment.
            options: More arguments for the SDK.

        Raises:
            CatalogError: The catalog is none.
            ConfigError: The settings are wrong.
        """
        given = Sources(dict(config or {}), dict(origin or {}))
        if parse_env_config:
            given.add_environment()
        self._origin = given.origin
        self._deselected: set[str] = set()
        if catalog is not None and not isinstance(catalog, Catalog):
            check_catalog(catalog)
            catalog = Catalog.from_dict(catalog)
        if catalog is not None:
            self._deselected = {one.tap_stream_id for one in catalog.streams if not _is_selected(one)}
            catalog = Catalog({name: one for name, one in catalog.items() if name not in self._deselected})
        super().__init__(config=given.config, catalog=catalog, **options)
        self.message_writer.use_state(self.state)

    @cached_property
    def settings(self) -> Settings:
        """The tap's own settings."""
        if self.faults:
            defaults = {name: one.get("default") for name, one in SETTINGS["properties"].items()}
            return read_for_discovery(self.config, {name: one for name, one in defaults.items() if one is not None})
        return read_settings(self.config)

    @cached_property
    def session(self) -> Session:
        """What all readers share."""
        return Session(self.settings, self.logger)

    @cached_property
    def reporting(self) -> ReportApi:
        """What the API says of reports, which all of their streams share."""
        return ReportApi(self.session)

    @cached_property
    def broken_reports(self) -> dict[str, str]:
        """Why there are no streams of some reports that the settings name."""
        return {}

    @property
    def selected_streams(self) -> list[SingerStream]:
        """The streams to read."""
        catalog = self.input_catalog
        known = [one for one in self.streams.values() if catalog is None or one.name in catalog]
        return [one for one in known if isinstance(one, SingerStream) and one.selected]

    # A catalog may be older than the setting, and tenants that share a table would replace each other's rows.
    @override
    def setup_mapper(self) -> None:
        tenant = {TENANT: Schema.from_dict(TENANT_SCHEMA)} if self.settings.tenant_column else {}
        for entry in self.input_catalog.streams if self.input_catalog else ():
            keys = entry.key_properties or entry.metadata.root.table_key_properties or ()
            entry.key_properties = [*tenant, *(name for name in keys if name != TENANT)]
            entry.schema.properties = {**(entry.schema.properties or {}), **tenant}
            entry.schema.required = [*tenant, *(name for name in entry.schema.required or () if name != TENANT)]
        # A map of a stream that is not read would be checked against those of its fields that are selected: none.
        maps = self.config.get("stream_maps") or {}
        known = {row.name for row in ENDPOINTS} | self._deselected if maps else set()
        off = known - {one.name for one in self.selected_streams}
        wanted = {name: one for name, one in maps.items() if not off & {name, _source(one)}}
        if len(wanted) < len(maps):
            self.replace_setting("stream_maps", wanted)
        super().setup_mapper()

    @override
    def discover_streams(self) -> Sequence[SingerStream]:
        rows = [row for row in ENDPOINTS if self.input_catalog is None or row.name in self.input_catalog]
        reports = (
            []
            if self._reports_need_settings()
            else report_sources(self.session, self.reporting, self._deselected, self.broken_reports)
        )
        sources = [*(EndpointSource(self.session, row) for row in rows), *reports]
        return [SingerStream(self, source, self.message_writer) for source in sources]

    def _reports_need_settings(self) -> bool:
        """Tell whether reports have to be left out, because describing them needs credentials."""
        if self.faults and self.config.get("custom_reports"):
            why = "; ".join(fault.partition(":")[0] for fault in self.faults)
            self.logger.warning("custom_reports: left out, because describing reports needs credentials: %s", why)
        return bool(self.faults) or not self.config.get("custom_reports")

    @property
    @override
    def catalog_json_text(self) -> str:
        # What `catalog_dict` holds, without an object for each property on the way: half of discovery's time.
        catalog = {"streams": [_entry(stream) for stream in self.streams.values()]}
        return msgspec.json.format(msgspec.json.encode(catalog), indent=2).decode()

    @override
    def load_state(self, state: object) -> None:
        reports = self.settings.custom_reports if not self.faults else ()
        super().load_state({"bookmarks": checked_bookmarks(state, self.session.tenant_id, reports)})

    @override
    def run(self) -> None:
        self._warn_of_what_is_missing()
        with stopped_by_signals():
            try:
                Run(self.session, self.selected_streams, self.message_writer, self.broken_reports).all()
            finally:
                if self.settings.custom_reports:
                    self.reporting.close()

    def _warn_of_what_is_missing(self) -> None:
        for name in self.input_catalog or ():
            if name not in self.streams and name not in self.broken_reports:
                self.logger.warning(
                    "%s: the catalog selects this stream, and the tap has none of this name; it is not read. Write the "
                    "catalog again with --discover, or deselect it",
                    name,
                )
        selected = {one.name: one.bookmark for one in self.selected_streams}
        if later := read_from_later(selected, self.settings.start_date):
            self.logger.warning(
                "start_date: what changed before %s is not read of %s: the bookmarks there began with that start date. "
                "To bring it, remove them from the state (docs/reload.md#load-older-rows)",
                max(later.values()),
                ", ".join(sorted(later)),
            )
        if told := new_columns({one.name: one.columns_added for one in self.selected_streams}):
            self.logger.warning("%s", told)

    @override
    def check_settings(self, config: dict[str, Any], *, raise_errors: bool) -> tuple[dict[str, Any], list[str]]:
        config = cleaned(config, self.config_jsonschema)
        found = faults(config, self.config_jsonschema, self._origin)
        if found and raise_errors:
            raise ConfigError(found)
        self.faults = found
        return config, found


def _is_selected(entry: Any) -> bool:  # noqa: ANN401 - the SDK's catalog entry
    return bool(entry.metadata.resolve_selection().get((), True))


def _source(stream_map: object) -> object:
    """Tell which stream a map takes its records from, if it is not that of its name."""
    return stream_map.get("__source__") if isinstance(stream_map, dict) else None


def _entry(stream: Stream) -> dict[str, Any]:
    """Describe a stream as the SDK's catalog does."""
    cursor = {"replication_key": stream.replication_key} if stream.replication_key else {}
    return (
        {"tap_stream_id": stream.tap_stream_id}
        | cursor
        | {
            "replication_method": stream.replication_method,
            "key_properties": stream.primary_keys,
            "schema": stream.schema,
            "stream": stream.name,
            "metadata": stream.metadata.to_list(),
        }
    )
