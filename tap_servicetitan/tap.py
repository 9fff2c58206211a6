"""The tap: settings in, streams out."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import msgspec
from singer_sdk import Tap
from singer_sdk.configuration._dict_config import merge_missing_config_jsonschema
from singer_sdk.helpers.capabilities import EMIT_ACTIVATE_VERSION_CONFIG
from singer_sdk.singerlib import Catalog, Schema
from typing_extensions import override

from tap_servicetitan.api.client import Client
from tap_servicetitan.catalog.endpoints import ENDPOINTS
from tap_servicetitan.catalog.validation import check_catalog
from tap_servicetitan.cli.files import read_object
from tap_servicetitan.readers.registry import check_state, stream_type
from tap_servicetitan.records.columns import TENANT, TENANT_SCHEMA
from tap_servicetitan.reports.api import ReportApi
from tap_servicetitan.reports.discovery import report_streams
from tap_servicetitan.reports.settings import read_reports
from tap_servicetitan.settings import SETTINGS, SettingsError, faults, tidied
from tap_servicetitan.state.bookmarks import StateError, report_from_state
from tap_servicetitan.sync.run import Run
from tap_servicetitan.sync.stream import ServiceTitanStream
from tap_servicetitan.sync.writer import PageWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import FrameType

    from singer_sdk import Stream


class TapServiceTitan(Tap):
    """Singer tap for ServiceTitan."""

    name = "tap-servicetitan"
    # A copy, because the SDK adds its own settings to it.
    config_jsonschema: ClassVar[dict[str, Any]] = copy.deepcopy(SETTINGS)
    message_writer_class = PageWriter
    message_writer: PageWriter
    faults: Sequence[str] = ()
    """What is wrong with the settings, where they are taken all the same: the table's streams can be listed without."""

    def __init__(self, *, catalog: Any = None, **options: Any) -> None:  # noqa: ANN401 - the SDK's
        """Check the catalog before the SDK takes it apart.

        Raises:
            CatalogError: It is none.
        """
        if catalog is not None and not isinstance(catalog, Catalog):
            check_catalog(catalog)
        super().__init__(catalog=catalog, **options)

    @classmethod
    def of_files(cls, sources: Iterable[str], without: Iterable[str] = (), **options: Any) -> Self:  # noqa: ANN401 - the SDK's
        """Make the tap from the files that a command line names, of which ENV is the environment.

        Raises:
            SettingsError: The settings are wrong.
            OSError: There is no such file.
            ValueError: A file holds no JSON object.
        """
        config: dict[str, Any] = {}
        for source in sources:
            config |= {} if source == "ENV" else read_object(source)
        kept = {name: value for name, value in config.items() if name not in without}
        return cls(config=kept, parse_env_config="ENV" in sources, **options)

    @property
    def tenant_id(self) -> str:
        """The tenant whose rows are read."""
        return str(self.config["tenant_id"])

    @cached_property
    def client(self) -> Client:
        """The way to the API that all streams share."""
        return Client(self.config, self.logger)

    @cached_property
    def reporting(self) -> ReportApi:
        """What the API tells of reports, which all of their streams share."""
        return ReportApi(self.client, self.config["report_runs_per_minute"])

    @cached_property
    def broken_reports(self) -> dict[str, str]:
        """Why there are no streams of some reports that the settings name."""
        return {}

    def is_deselected(self, stream: str) -> bool:
        """Tell whether a catalog names a stream and does not select it."""
        entry = self.input_catalog.get_stream(stream) if self.input_catalog else None
        return entry is not None and not entry.metadata.resolve_selection().get((), True)

    @property
    def selected_streams(self) -> list[ServiceTitanStream]:
        """The streams to read."""
        catalog = self.input_catalog
        # What the catalog leaves out is not asked whether it is selected: that takes the stream's facts.
        known = [one for one in self.streams.values() if catalog is None or one.name in catalog]
        return [one for one in known if isinstance(one, ServiceTitanStream) and one.selected]

    # A catalog may be older than the setting, and tenants that share a table would replace each other's rows.
    @override
    def setup_mapper(self) -> None:
        tenant = {TENANT: Schema.from_dict(TENANT_SCHEMA)} if self.config.get("tenant_column") else {}
        for entry in self.input_catalog.streams if self.input_catalog else ():
            keys = entry.key_properties or entry.metadata.root.table_key_properties or ()
            entry.key_properties = [*tenant, *(name for name in keys if name != TENANT)]
            entry.schema.properties = {**(entry.schema.properties or {}), **tenant}
            entry.schema.required = [*tenant, *(name for name in entry.schema.required or () if name != TENANT)]
        # A map of a stream that is not read would be checked against those of its fields that are selected: none.
        maps = self.config.get("stream_maps") or {}
        off = {one.name for one in self.streams.values() if not one.selected} if maps else set()
        wanted = {name: one for name, one in maps.items() if not off & {name, _source(one)}}
        if len(wanted) < len(maps):
            self._config["stream_maps"] = wanted
        super().setup_mapper()

    @override
    def discover_streams(self) -> Sequence[ServiceTitanStream]:
        return [*(stream_type(row)(self) for row in ENDPOINTS), *report_streams(self)]

    @property
    @override
    def catalog_json_text(self) -> str:
        # What `catalog_dict` holds, without an object for each property on the way: half of discovery's time.
        catalog = {"streams": [_entry(stream) for stream in self.streams.values()]}
        return msgspec.json.format(msgspec.json.encode(catalog), indent=2).decode()

    @override
    def load_state(self, state: object) -> None:
        # A whole STATE message, or another tap's state, would else be taken for none: all would be read again.
        bookmarks = ({} if not state else state.get("bookmarks")) if isinstance(state, dict) else None
        if not isinstance(bookmarks, dict) or not all(isinstance(one, dict) for one in bookmarks.values()):
            msg = (
                'the state is not of the form {"bookmarks": {stream: {…}}}; give one that a tap for ServiceTitan wrote'
            )
            raise StateError(msg)
        known = {row.name for row in ENDPOINTS} | {row.meltanolabs_name for row in ENDPOINTS}
        # Reports are asked last, because the API has to tell what they are.
        if bookmarks and not known & bookmarks.keys() and not self.streams.keys() & bookmarks.keys():
            msg = (
                f"the state is of another tap: it has bookmarks of {', '.join(sorted(bookmarks)[:3])}, and none of a "
                "stream of this one; give the state of this tap, or none for a first run"
            )
            raise StateError(msg)
        former = {row.name: bookmarks[row.meltanolabs_name] for row in ENDPOINTS if row.meltanolabs_name in bookmarks}
        taken_over = {name: one for name, one in former.items() if "continue_from" not in bookmarks.get(name, {})}
        for row in ENDPOINTS:
            if one := (bookmarks | taken_over).get(row.name):
                check_state(row, one, self.tenant_id)
        for report in read_reports(self.config)[0] if bookmarks else ():
            report_from_state(report.stream, bookmarks.get(report.stream, {}), self.tenant_id)
        super().load_state({"bookmarks": bookmarks | taken_over})

    # The SDK reads streams one after the other and ends at the first that fails. Final there by
    # annotation, not by need: nothing but the command line and the SDK's test runner calls it.
    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        Run(self).all()

    # The SDK reads this setting and does not offer it.
    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        merge_missing_config_jsonschema(EMIT_ACTIVATE_VERSION_CONFIG, config_jsonschema)

    # The SDK's own check is overridden because its messages repeat the value of a wrong setting,
    # be it a secret.
    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self._config = tidied(self._config)
        self.append_builtin_config(self.config_jsonschema)
        found = faults(self._config, self.config_jsonschema)
        if found and raise_errors:
            raise SettingsError(found)
        self.faults = found
        return found or super()._validate_config(raise_errors=raise_errors)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once: a page that is being written is written to its end, and nothing after it."""
        raise SystemExit(128 + signum)


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
