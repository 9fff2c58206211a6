"""The tap: settings in, streams out."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from typing_extensions import override

from tap_servicetitan.bookmark import StateError, from_state
from tap_servicetitan.endpoints import ENDPOINTS
from tap_servicetitan.http import Client
from tap_servicetitan.output import PageWriter
from tap_servicetitan.run import Run
from tap_servicetitan.settings import SETTINGS, faults, tidied
from tap_servicetitan.stream import ServiceTitanStream, stream_type

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType


class TapServiceTitan(Tap):
    """Singer tap for ServiceTitan."""

    name = "tap-servicetitan"
    # A copy, because the SDK adds its own settings to it.
    config_jsonschema: ClassVar[dict[str, Any]] = copy.deepcopy(SETTINGS)
    message_writer_class = PageWriter
    message_writer: PageWriter

    @property
    def tenant_id(self) -> str:
        """The tenant whose rows are read."""
        return str(self.config["tenant_id"])

    @cached_property
    def client(self) -> Client:
        """The way to the API that all streams share."""
        return Client(self.config, self.logger)

    @property
    def selected_streams(self) -> list[ServiceTitanStream]:
        """The streams to read."""
        catalog = self.input_catalog
        # What the catalog leaves out is not asked whether it is selected: that takes the stream's facts.
        known = [one for one in self.streams.values() if catalog is None or one.name in catalog]
        return [one for one in known if isinstance(one, ServiceTitanStream) and one.selected]

    @override
    def discover_streams(self) -> Sequence[ServiceTitanStream]:
        return [stream_type(row)(self) for row in ENDPOINTS]

    @override
    def load_state(self, state: object) -> None:
        bookmarks = (state.get("bookmarks") or {}) if isinstance(state, dict) else None
        if not isinstance(bookmarks, dict) or not all(isinstance(one, dict) for one in bookmarks.values()):
            msg = (
                'the state is not of the form {"bookmarks": {stream: {…}}}; give one that a tap for ServiceTitan wrote'
            )
            raise StateError(msg)
        former = {row.name: bookmarks[row.formerly] for row in ENDPOINTS if row.formerly in bookmarks}
        taken_over = {name: one for name, one in former.items() if "continue_from" not in bookmarks.get(name, {})}
        for row in ENDPOINTS:
            if row.name in bookmarks | taken_over:
                from_state(row.name, (bookmarks | taken_over)[row.name], self.tenant_id)
        super().load_state({"bookmarks": bookmarks | taken_over})

    # The SDK reads streams one after the other and ends at the first that fails. Final there by
    # annotation, not by need: nothing but the command line and the SDK's test runner calls it.
    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        Run(self).all()

    # The SDK's own check is overridden because its messages repeat the value of a wrong setting,
    # be it a secret.
    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self._config = tidied(self._config)
        self.append_builtin_config(self.config_jsonschema)
        found = faults(self._config, self.config_jsonschema)
        if found and raise_errors:
            msg = "Config validation failed"
            raise ConfigValidationError(msg, errors=found, schema={})
        return found or super()._validate_config(raise_errors=raise_errors)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End at once: a page that is being written is written to its end, and nothing after it."""
        raise SystemExit(128 + signum)
