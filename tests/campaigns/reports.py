"""Custom reports in the campaigns: one that is read by windows, and one that is read whole in each run."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.reporting import definitions
from tests.support import reporting
from tests.support.running import catalog_of
from tests.support.running import truth as truth_of_table
from tests.support.sandbox_client import Client

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_servicetitan.sandbox.server import Sandbox
    from tests.support.running import Message

WINDOWED, WHOLE = "job_report", "scorecard"
REPORTS = (WINDOWED, WHOLE)

_SPAN = {"From": "2026-03-01", "To": "2026-12-31"}
"""All that the sandbox has."""

_WINDOW = reporting.SPAN | {"days": 30, "look_back_days": 0, "start": _SPAN["From"]}
_CREATED = {"DateType": definitions.CREATED}
"""By a day that never changes, so that a row stays in its window."""

_SETTINGS: Mapping[str, Message] = {
    WINDOWED: reporting.entry(
        definitions.JOBS, stream_name=WINDOWED, parameters=_CREATED, window=_WINDOW, key_properties=["Job ID"]
    ),
    WHOLE: reporting.entry(definitions.TECHNICIANS, stream_name=WHOLE, key_properties=["Technician ID"]),
}
_PARAMETERS: Mapping[str, Message] = {WINDOWED: _CREATED | _SPAN, WHOLE: {}}
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    WINDOWED: (
        *("job_id", "job_number", "created_date", "completed_date"),
        *("business_unit", "status", "total", "no_charge"),
    ),
    WHOLE: ("technician_id", "name", "email", "active", "assignments", "last_assigned"),
}
"""In the order in which they come; the first one is the key."""

DESCRIPTION = f"report-metadata:{definitions.JOBS.id}"
"""What the sandbox calls a request for the description of the report that is read by windows."""


def asked(stream: str) -> str:
    """Give the name that the sandbox has for the requests of a stream."""
    return f"report:{_SETTINGS[stream]['id']}" if stream in REPORTS else stream


def settings(streams: Iterable[str]) -> Message:
    """Write the settings of the reports among some streams, and do not wait between their pages."""
    wanted = [_SETTINGS[one] for one in streams if one in REPORTS]
    return reporting.NO_WAIT | {"custom_reports": wanted} if wanted else {}


def catalog(entries: Iterable[Message], streams: Iterable[str]) -> Message:
    """Make a catalog of some streams, with the entries of the reports among them."""
    chosen = [*streams]
    tables = catalog_of(*(one for one in chosen if one not in REPORTS))
    return tables | {"streams": tables["streams"] + [one for one in entries if one["stream"] in chosen]}


def entries(config: Message) -> list[Message]:
    """Discover the catalog's entries of all reports."""
    found: list[Message] = reporting.catalog(config | settings(REPORTS), *REPORTS)["streams"]
    return found


def key(stream: str) -> str:
    """Give the column that tells the rows of a report apart."""
    return _COLUMNS[stream][0]


_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00[-+]\d\d:\d\d")


def truth(sandbox: Sandbox, stream: str) -> list[Message]:
    """Give the rows that a stream has: those of a report as the API gives them, all in one page, with plain dates."""
    if stream not in REPORTS:
        return truth_of_table(sandbox, stream)
    said = _SETTINGS[stream]
    path = f"tenant/{sandbox.config['tenant_id']}/report-category/{said['category']}/reports/{said['id']}/data"
    told = [{"name": name, "value": value} for name, value in _PARAMETERS[stream].items()]
    answer = Client(sandbox).session.post(
        f"{sandbox.url}/reporting/v2/{path}", params={"pageSize": 25_000}, json={"parameters": told}, timeout=60
    )
    page = json.loads(answer.content, parse_float=Decimal)
    return [dict(zip(_COLUMNS[stream], map(_plain_date, row), strict=True)) for row in page["data"]]


def _plain_date(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Take the midnight from a date, which the API writes as one of the tenant's time zone."""
    found = _MIDNIGHT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value


def is_of_today(sandbox: Sandbox, record: Mapping[str, Any]) -> bool:
    """Tell whether a record is of a report's window that today lies in: every run reads that one again."""
    return record.get("_window_to") == sandbox.now[: len("2026-11-01")]


def bare(stream: str, record: Mapping[str, Any]) -> Message:
    """Give a record without what the tap adds to the rows of a report."""
    return {name: value for name, value in record.items() if stream not in REPORTS or not name.startswith("_")}


def rows_of(stream: str, rows: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Give the rows of a table without what the tap adds; an end marker says that there are none, and is none."""
    return [bare(stream, one) for one in rows if str(one.get("_end_marker")).lower() != "true"]
