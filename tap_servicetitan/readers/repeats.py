"""Records without those that an earlier page or run has emitted."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tap_servicetitan.state.bookmarks import LIST_OVERLAP
from tap_servicetitan.state.dedup import Recent
from tap_servicetitan.state.timestamps import latest, minus, sortable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from tap_servicetitan.readers.base import Reader
    from tap_servicetitan.records.records import Records


def without_repeats(recent: Recent, found: Records, key: Sequence[str], timestamps: Sequence[str | None]) -> Records:
    """Leave out the records that were emitted lately, and remember the others."""
    return found.kept(recent.are_new(found.values(*key), timestamps, found.content))


def timestamps(found: Records, cursor: str | None) -> list[str | None]:
    """Tell when each record changed; where that is null, when it was made."""
    changed = found.texts(cursor or "")
    if None not in changed:
        return changed
    return [one or made for one, made in zip(changed, found.texts("createdOn"), strict=True)]


class OverlapFilter:
    """Leaves out records that the last run wrote already: the overlap brings them again.

    Only what is the same in every field is left out, so that nothing is lost where a timestamp does not show a change.
    """

    def __init__(self, recent: tuple[str, ...], began: str | None = None, reach: timedelta = LIST_OVERLAP) -> None:
        """Start from what the last run left behind.

        Args:
            recent: What `remembered` gave then.
            began: When this reading began; None if the newest timestamp tells what can come again.
            reach: How long before that a record has to have changed so that it cannot come again.
        """
        self._recent = Recent(recent, by_content=True, in_stretches=True)
        self._resumed = bool(recent)
        self.began, self._reach = began, reach

    def filtered(self, reader: Reader, found: Records, mark: str | None) -> tuple[Records, str | None]:
        """Give the records that are new, and the latest timestamp so far; remember those near it."""
        when = timestamps(found, reader.row.replication_key)
        mark = latest([mark, *when])
        horizon = minus(self.began, self._reach) if self.began else minus(mark or "", 2 * self._reach)
        which = [self._is_old(one, horizon) for one in when]
        places = [place for place, is_old in enumerate(which) if not is_old]
        keys = found.values(*reader.row.key)
        new = self._recent.are_new(
            [keys[place] for place in places],
            [when[place] for place in places],
            lambda number: found.content(places[number]),
        )
        for place in itertools.compress(places, new):
            which[place] = True
        if self.began is None:
            self._recent.forget(mark, 2 * self._reach)
        reader.repeats += which.count(False)
        return found.kept(which), mark

    def _is_old(self, timestamp: str | None, horizon: str | None) -> bool:
        """Tell whether a record of a first reading is so old that it can never come again."""
        text = sortable(timestamp) if horizon and not self._resumed else None
        return text is not None and horizon is not None and text < horizon

    def remembered(self, mark: str | None) -> tuple[str, ...]:
        """List what the next run has to know."""
        self._recent.forget(self.began or mark, self._reach)
        return tuple(self._recent.entries())
