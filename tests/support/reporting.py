"""Settings of reports for tests, and catalogs of their streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.reporting import definitions
from tap_servicetitan.tap import TapServiceTitan
from tests.support.running import Message, Output, run

if TYPE_CHECKING:
    from tap_servicetitan.sandbox.server import Sandbox

NO_WAIT = {"report_runs_per_minute": 1_000_000}
SPAN = {"from": "From", "to": "To"}


def entry(report: definitions.Report, **said: Any) -> Message:  # noqa: ANN401 - any setting
    """Write the settings of a report."""
    return {"category": report.categories[0], "id": report.id} | said


def jobs(**window: Any) -> Message:  # noqa: ANN401 - any setting
    """Read jobs by the day on which they were completed, two months at a time unless told otherwise."""
    usual = {"days": 60, "look_back_days": 7, "start": "2026-03-01"}
    parameters = {"DateType": definitions.COMPLETED}
    return entry(definitions.JOBS, stream_name="job_report", parameters=parameters, window=SPAN | usual | window)


TECHNICIANS = entry(definitions.TECHNICIANS, stream_name="scorecard")


def config(sandbox: Sandbox, *entries: Message, **more: Any) -> Message:  # noqa: ANN401 - any setting
    """Write the settings of a tap that reads reports and does not wait between them."""
    return sandbox.config | NO_WAIT | {"custom_reports": list(entries)} | more


def catalog(settings: Message, *streams: str, deselected: tuple[str, ...] = ()) -> Message:
    """Discover, and select some streams; the catalog has no others, because a whole one takes a second."""
    known = TapServiceTitan(config=dict(settings), setup_mapper=False).streams
    wanted = [known[name] for name in (*streams, *deselected) if name in known]
    found = [one._singer_catalog_entry.to_dict() for one in wanted]  # noqa: SLF001 - what `catalog_dict` is made of
    for one in found:
        root = next(inner for inner in one["metadata"] if not inner["breadcrumb"])
        root["metadata"]["selected"] = one["stream"] in streams
    return {"streams": [dict(one) for one in found]}


def read(settings: Message, *streams: str, state: Message | None = None) -> Output:
    """Discover and run the tap with the streams named."""
    return run(settings, catalog=catalog(settings, *streams), state=state)


def schema(output: Output, stream: str) -> Message:
    """Give the schema that a stream announced, once."""
    [found] = [one["schema"] for one in output.messages if one["type"] == "SCHEMA" and one["stream"] == stream]
    return dict(found)


def windows_asked(sandbox: Sandbox, report: definitions.Report) -> list[tuple[str, str]]:
    """List the windows of a report that the API was asked for, and gave."""
    asked = [one for one in sandbox.requests(f"report:{report.id}") if one["status"] == 200]
    return [(one["query"]["From"], one["query"]["To"]) for one in asked]
