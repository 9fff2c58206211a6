"""Where the rows of each report come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.reporting.figures import CUSTOM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.reporting.reading import Source

SOURCES: Mapping[int, Source] = {**CUSTOM}
