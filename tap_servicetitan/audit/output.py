"""The result of an audit, for people and for programs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tap_servicetitan.audit.findings import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tap_servicetitan.audit.findings import Result

VERSION = 1
"""Of the JSON; a field that is added does not change it."""

HEAD = ("stream", "API", "warehouse", *KINDS)

_EXAMPLES = 5


def table_rows(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    """Write the streams that were compared as rows of a table, those that differ first."""
    for one in sorted(results, key=lambda result: (not result.differs, result.stream)):
        if one.api is not None:
            counts = (one.api, one.warehouse or 0, *map(one.count, KINDS))
            yield (one.stream, *(f"{count:,}" for count in counts))


def sentences(results: Sequence[Result]) -> Iterator[str]:
    """Say what the table cannot: which rows, which spans, and which streams were not compared."""
    for one in results:
        for kind in KINDS:
            found = [difference for difference in one.differences if difference.kind == kind]
            if found:
                shown = "; ".join(_shown(difference.key, difference.fields) for difference in found[:_EXAMPLES])
                more = f"; and {len(found) - _EXAMPLES} more" if len(found) > _EXAMPLES else ""
                yield f"{one.stream}: {kind}: {shown}{more}"
        for span in one.spans:
            yield f"{one.stream}: {span.span}: {span.api} rows in the API, {span.warehouse} in the warehouse"
    for one in results:
        if one.failed:
            yield f"{one.stream}: failed: {one.note}"
    if left_out := [one for one in results if one.note and not one.failed]:
        yield f"Not compared row by row ({len(left_out)} streams; --format json has them all):"
        yield from (f"  {one.note}" for one in left_out[:_EXAMPLES])


def _shown(key: dict[str, Any], fields: Sequence[str]) -> str:
    named = ", ".join(f"{name} {value}" for name, value in key.items())
    return f"{named} ({', '.join(fields)})" if fields else named


def as_json(results: Sequence[Result], requests: int, until: datetime) -> dict[str, Any]:
    """Write all there is to say, for programs."""
    return {
        "version": VERSION,
        "compared_until": until.isoformat().replace("+00:00", "Z"),
        "requests": requests,
        "differs": any(one.differs for one in results),
        "failed": any(one.failed for one in results),
        "streams": [dataclasses.asdict(one) | {"differs": one.differs} for one in results],
    }
