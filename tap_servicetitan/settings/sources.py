"""Where settings come from: files and the environment, and which of them each setting was found in."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

from dotenv import find_dotenv, load_dotenv

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "TAP_SERVICETITAN_"
"""What the environment variables of settings begin with."""

_NO_SETTINGS = {"loglevel"}
"""Variables with the prefix that the SDK reads for itself."""


@dataclasses.dataclass
class Sources:
    """Settings from several sources, the later ones before the earlier ones."""

    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    origin: dict[str, str] = dataclasses.field(default_factory=dict)
    """Per setting, the file or the variable that it was found in, be it empty."""

    def add_file(self, found: Mapping[str, Any], path: str) -> None:
        """Add the settings of a file."""
        for name, value in found.items():
            self._add(name, value, path)

    def add_environment(self) -> None:
        """Add the settings of the environment, and of a file `.env` in this folder or above it."""
        load_dotenv(find_dotenv(usecwd=True))
        for variable, text in os.environ.items():
            name = variable.removeprefix(PREFIX).lower()
            # Meltano's own variables, such as TAP_SERVICETITAN__SELECT, have two underscores.
            if variable.startswith(PREFIX) and not name.startswith("_") and name not in _NO_SETTINGS:
                self._add(name, text, variable)

    def _add(self, name: str, value: object, origin: str) -> None:
        is_unset = value is None or (isinstance(value, str) and not value.strip())
        # What is unset here may be set in a source before.
        if not is_unset:
            self.config[name] = value
        if not is_unset or name not in self.config:
            self.origin[name] = origin
