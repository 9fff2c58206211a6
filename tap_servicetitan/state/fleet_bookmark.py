"""What a stream remembers between runs whose days are requested for some parents at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from tap_servicetitan.state.base import Bookmark, read_bookmark
from tap_servicetitan.state.timestamps import as_parameter, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class FleetBookmark(Bookmark, frozen=True, kw_only=True, rename={"mark": "replication_key_value"}):
    """Up to when was read, and of which parents.

    A parent that is not in `parent_ids` is new: its past is still to be read. One that left the list of parents has
    rows that were too young to be read while it was listed.
    """

    times: ClassVar[tuple[str, ...]] = ("replication_key_value",)

    mark: str | None = None
    """Up to when was read."""
    parent_ids: tuple[str, ...] = ()
    """The parents that were listed, of which all was read up to the mark."""
    departed: tuple[tuple[str, str], ...] = ()
    """Parents that are not listed any more, and when that was noticed."""

    def reached(self, now: datetime) -> datetime | None:
        """Tell up to when was read; a mark in the future, from a wrong clock, does not tell it."""
        moment = parse(self.mark) if self.mark else None
        return moment if moment and moment <= now else None

    @property
    def known(self) -> set[str]:
        """The parents that are not new."""
        return {*self.parent_ids, *dict(self.departed)}

    def with_parents(self, listed: Sequence[str], now: str) -> FleetBookmark:
        """Give the bookmark once all up to the mark was read of the parents that are listed now."""
        noticed = dict.fromkeys(self.parent_ids, now) | dict(self.departed)
        departed = tuple((one, when) for one, when in noticed.items() if one not in set(listed))
        return replace(self, parent_ids=tuple(listed), departed=departed)

    def with_span(self, end: datetime) -> FleetBookmark:
        """Give the bookmark once all up to a time was read."""
        left = set(self.departed_after(end))
        return replace(
            self, mark=as_parameter(end), departed=tuple((one, when) for one, when in self.departed if one in left)
        )

    def departed_after(self, moment: datetime) -> list[str]:
        """List the parents that left the list after a time: they may have rows from then on."""
        return [one for one, noticed in self.departed if (left := parse(noticed)) is None or left > moment]


def read_fleet_bookmark(stream: str, state: Mapping[str, Any], tenant_id: str) -> FleetBookmark:
    """Read the bookmark of a stream whose days are requested for some parents at once.

    Raises:
        StateError: It belongs to another tenant, or is not a bookmark.
    """
    return read_bookmark(FleetBookmark, stream, state, tenant_id)
