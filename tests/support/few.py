"""A stream of each kind of reading, for tests that load many times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.sandbox.reporting import definitions
from tests.campaigns import reports
from tests.support import reporting
from tests.support.running import catalog_of

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox
    from tests.support.running import Message

REPORT = reports.WINDOWED
TABLE = ("jobs", "location_findings", "booking_contacts", "attributed_leads")
"""An export feed, a list, the children of a feed, and windows."""

STREAMS = (*TABLE, REPORT)

DAY, MINUTES = 86_400, 16 * 60
"""In seconds. The API holds back what changed in the last 15 minutes: so long nothing is to happen before a run."""

_WINDOW = reporting.SPAN | {"days": 30, "look_back_days": 400, "start": "2026-03-01"}
"""All days are read again, for changes of a row do not move the day that it is found by."""


def config(sandbox: Sandbox) -> Message:
    """Write the tap's settings, with a report."""
    created = {"DateType": definitions.CREATED}
    names = {"stream_name": REPORT, "key_properties": ["Job ID"]}
    report = reporting.entry(definitions.JOBS, **names, parameters=created, window=_WINDOW)
    return reporting.config(sandbox, report, requests_per_second=10_000)


def catalog(settings: Message) -> Message:
    """Make a catalog of just these streams."""
    tables = catalog_of(*TABLE)
    return tables | {"streams": tables["streams"] + reporting.catalog(settings, REPORT)["streams"]}


def properties(chosen: Message, stream: str) -> dict[str, Message]:
    """Give the columns that a stream has in a catalog, without those that the tap adds to a report's."""
    if stream in BY_NAME:
        return dict(stream_schema(BY_NAME[stream])["properties"])
    [found] = [one["schema"]["properties"] for one in chosen["streams"] if one["stream"] == stream]
    return reports.bare(stream, found)


def key(stream: str) -> tuple[str, ...]:
    """Name the columns that tell the rows of a stream apart."""
    return BY_NAME[stream].key if stream in BY_NAME else (reports.key(stream),)


def change(sandbox: Sandbox) -> dict[str, set[int]]:
    """Let some days pass, alter and make rows of each stream, and deactivate some; give the ids of those.

    So many days pass that the children of all parents are read again.
    """
    sandbox.advance(8 * DAY - MINUTES)
    for stream in TABLE:
        # Of windows, only the last ones are read again.
        sandbox.touch(stream, 0 if BY_NAME[stream].window else 2, create=1)
    deactivated = {}
    for stream in ("jobs", "location_findings"):
        active = [{"id": row["id"]} for row in sandbox.rows(stream) if row["active"]]
        deactivated[stream] = {
            key["id"] for key in sandbox.touch(stream, keys=active[:2], values={"active": False})["keys"]
        }
    sandbox.advance(MINUTES)
    return deactivated
