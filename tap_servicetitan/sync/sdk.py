"""The one place that touches what is private or final in the SDK, with the reason for each.

The SDK's minor version is pinned, because these may change with it.
"""

from __future__ import annotations

import abc
import logging
from typing import TYPE_CHECKING, Any, TypeAlias

from singer_sdk import Stream, Tap
from singer_sdk._logging import _setup_console_logging
from singer_sdk.configuration._dict_config import merge_missing_config_jsonschema
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.helpers.capabilities import EMIT_ACTIVATE_VERSION_CONFIG
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.plugin_base import _plugin_log_level
from typing_extensions import override

from tap_servicetitan.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig
    from singer_sdk.helpers.types import Context

    from tap_servicetitan.records.records import Record

BatchEncoding: TypeAlias = "BaseBatchFileEncoding"
"""How the files of a batch are written."""


class SdkStream(Stream, abc.ABC):
    """The SDK's stream, writing page by page.

    The SDK knows no pages: its own loop writes records one by one and a STATE message every 10,000 records, wherever a
    page ends. tests/streams/test_sdk_path.py compares the records with those of the SDK's loop.
    """

    @abc.abstractmethod
    def write_pages(self) -> None:
        """Write all pages."""

    @abc.abstractmethod
    def records_for_batches(self) -> Iterator[Record]:
        """Give all records, for the SDK to write batches of."""

    @abc.abstractmethod
    def write_batch(self, encoding: BatchEncoding, manifest: list[str]) -> None:
        """Write a BATCH message, and what may follow it."""

    @abc.abstractmethod
    def batches_written(self) -> None:
        """Write what follows the last batch."""

    def mapped(self, record: Record) -> Iterator[dict[str, Any]]:
        """Give the RECORD messages that the stream maps make of a record."""
        yield from (message.to_dict() for message in self._generate_record_messages(record))

    def write_batch_message(self, encoding: BatchEncoding, manifest: list[str]) -> None:
        """Write a BATCH message."""
        self._write_batch_message(encoding=encoding, manifest=manifest)

    def write_version(self) -> None:
        """Write the ACTIVATE_VERSION message that was held back, if there is one."""
        if self._stream_version is not None:
            super()._write_activate_version_message(self._stream_version)

    @property
    def version(self) -> int | None:
        """The version of the table, where all of it comes in this run and targets are told so."""
        return self._stream_version

    def stop_at_limit(self, limit: int) -> None:
        """Stop as the SDK does when a stream is only tried out (``--test``)."""
        self._check_max_record_limit(limit)

    def register_schema(self) -> None:
        """Let the mapper know a schema that was not known at the start."""
        selected = get_selected_schema(self.name, self.schema, self.mask)
        self._tap.mapper.register_raw_stream_schema(self.name, selected, self.primary_keys)
        self._stream_maps = None

    @property
    def has_maps(self) -> bool:
        """Whether a stream map looks into the records."""
        return [type(one) for one in self.stream_maps] != [SameRecordTransform]

    @property
    def is_in_catalog(self) -> bool:
        """Whether a catalog was given that has this stream."""
        return bool(self._tap_input_catalog and self._tap_input_catalog.get_stream(self.name))

    @property
    def has_new_metadata(self) -> bool:
        """Whether nobody asked for the metadata yet, so that they are still to be made."""
        return self._metadata is None

    # The SDK's own lines: one as a stream begins, and an error also where a stream ended early on purpose (`--test`).
    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        super().log(message, *args, level=logging.DEBUG, **kwargs)

    @override
    def _sync_records(self, context: Context | None = None, *, write_messages: bool = True) -> Generator[Record]:
        if write_messages:
            self.write_pages()
        else:
            yield from self.records_for_batches()

    @override
    def _sync_batches(self, batch_config: BatchConfig, context: Context | None = None) -> None:
        with self.get_batch_counter() as counter:
            for encoding, manifest in self.get_batches(batch_config, context):
                self.write_batch(encoding, manifest)
                counter.increment()
        self.batches_written()

    # The SDK writes ACTIVATE_VERSION before the records. By then a target would take all rows of earlier
    # versions for gone, also when the reading breaks off. So it is held back until all rows are out.
    @override
    def _write_activate_version_message(self, full_table_version: int) -> None:
        self._stream_version = full_table_version

    @override
    def _write_schema_message(self) -> None:
        self.before_schema()
        super()._write_schema_message()

    def before_schema(self) -> None:
        """Do what the schema depends on."""


class SdkTap(Tap):
    """The SDK's tap, with the hooks that it does not offer."""

    @abc.abstractmethod
    def check_settings(self, config: dict[str, Any], *, raise_errors: bool) -> tuple[dict[str, Any], list[str]]:
        """Give the settings as they are used, and what is wrong with them."""

    @abc.abstractmethod
    def run(self) -> None:
        """Read all selected streams."""

    def replace_setting(self, name: str, value: object) -> None:
        """Use another value of a setting."""
        self._config[name] = value

    # The SDK reads streams one after the other and ends at the first that fails. Final there by
    # annotation, not by need: nothing but the command line and the SDK's test runner calls it.
    @override  # type: ignore[misc]  # see above
    def sync_all(self) -> None:
        self.run()

    # The SDK reads this setting and does not offer it.
    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        merge_missing_config_jsonschema(EMIT_ACTIVATE_VERSION_CONFIG, config_jsonschema)

    # The SDK's own messages repeat the value of a wrong setting, be it a secret.
    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self.append_builtin_config(self.config_jsonschema)
        self._config, found = self.check_settings(self._config, raise_errors=raise_errors)
        return found or super()._validate_config(raise_errors=raise_errors)

    @classmethod
    def set_up_logging(cls) -> None:
        """Log to stderr, as the variables say that every tap of the SDK reads.

        Raises:
            ConfigError: There is no such level, or no such file.
        """
        logging.captureWarnings(capture=True)
        logging.getLogger(cls.name).addFilter(_says_something)
        level = _plugin_log_level(plugin_name=cls.name)
        try:
            _setup_console_logging(log_level=level)
        except ValueError as error:
            msg = f"LOGLEVEL or SINGER_SDK_LOG_CONFIG: {error}"
            raise ConfigError([msg]) from None

    # The SDK's handlers write a STATE message, perhaps into the middle of a page; `stopping` has others.
    @override
    def _setup_signal_handlers(self) -> None:
        """Install none: a tap that is only built, as in a test, leaves the process as it was."""


def _says_something(record: logging.LogRecord) -> bool:
    """Leave out a line of the SDK that says nothing here: the tap reads the environment itself."""
    return record.msg != "Skipping parse of env var settings..."
