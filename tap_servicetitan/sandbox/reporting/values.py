"""The sets of values that parameters of reports accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.reporting.reading import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.reporting.reading import Table
    from tap_servicetitan.sandbox.world import World

SETS: Mapping[str, str] = {"business-units": "business_units", "technicians": "technicians"}
"""The stream whose rows each set of values lists."""


def values(world: World, which: str, now: int) -> Table:
    """List the values of a set, each with its name."""
    return [[identity, name] for identity, name in names(world, SETS[which], now).items()]
