"""Run the tap in a test and look at what it wrote."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import io
import json
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import simplejson

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.schema import stream_schema
from tap_servicetitan.tap import TapServiceTitan
from tests.support.declared import as_declared

if TYPE_CHECKING:
    from pathlib import Path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_servicetitan.sandbox.server import Sandbox

Message = dict[str, Any]

FEEDS = tuple(row.name for row in ENDPOINTS if row.kind == "export")
"""The export feeds, for tests of what only they do."""

RESUMED = tuple(row.name for row in ENDPOINTS if row.kind == "export" or (row.kind == "list" and row.modified_since))
"""The streams that a run goes on with from a bookmark, and of which it then brings just the rest."""

FLEETING = {
    # What was foreseen, or was so for a while, is gone from the API, and stays where it was loaded.
    "capacities", "capacity_warnings", "job_holds",
    # There is a row of each span that is asked for, be it of nothing.
    "email_channel_costs", "router_performance", "scheduler_performance",
    # A sum of a month that is long past changes when somebody edits a cost of then.
    "campaign_cost_summaries",
}  # fmt: skip
LASTING = tuple(row.name for row in ENDPOINTS if row.name not in FLEETING)
"""The streams of which a warehouse holds just the rows that the API has."""

# What the rows of these streams are told apart by; written down a second time, so that a change shows.
MADE_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ad_group_performance": (("date", "campaign.id", "campaign.externalId", "adGroup.id"),),
    "attributed_leads": (
        ("dateTime", "leadType", "call.id", "booking.id", "leadForm.leadNumber", "job.id", "customer.id"),
    ),
    "location_rates": (("locationId", "laborTypeCode", "createdOn"),),
    "campaign_performance": (("date", "campaign.id", "campaign.externalId", "campaign.name"),),
    "capacities": (("startUtc", "endUtc", "businessUnitIds"),),
    "capacity_warnings": (("campaignName", "warningType", "businessUnits"),),
    "gross_pay_items": (
        ("id",),
        (
            "payrollId",
            "employeeId",
            "employeeType",
            "date",
            "grossPayItemType",
            "sourceEntityId",
            "activityCodeId",
            "jobId",
            "invoiceItemId",
            "startedOn",
        ),
    ),
    "keyword_performance": (("date", "campaign.id", "campaign.externalId", "adGroup.id", "keyword.id"),),
    "reviews": (
        ("internalId",),
        ("externalId", "platform"),
        ("platform", "address", "authorName", "publishDate", "review"),
    ),
}
COPIED = ("fleet_events", "fleet_gps")
"""The streams whose rows have their time within their location."""

WITHOUT_A_ZONE = {"journal_entries": ("postDate",), "service_agreements": ("startDate", "endDate")}
"""Times that the API sends without a zone; they leave in UTC."""

LINES = {"journal_entry_summaries": "journalEntryId", "journal_entry_details": "journalEntryId"}
"""The streams whose rows are numbered, and what they are numbered within."""

WINDOWS = (
    "ad_group_performance",
    "campaign_performance",
    "keyword_performance",
    "attributed_leads",
    "campaign_cost_summaries",
)
"""The streams of windows that are read again and may lose a row, which an end marker tells."""


@dataclasses.dataclass(frozen=True)
class Output:
    """What a run wrote to stdout, and how it ended."""

    raw: bytes
    error: Exception | None = None
    code: int = 0
    log: str = ""

    @functools.cached_property
    def messages(self) -> list[Message]:
        """All messages, numbers with their digits."""
        return [json.loads(line, parse_float=Decimal) for line in self.raw.splitlines()]

    @functools.cached_property
    def records(self) -> dict[str, list[Message]]:
        """The records by stream, in order."""
        found: dict[str, list[Message]] = defaultdict(list)
        for message in self.messages:
            if message["type"] == "RECORD":
                found[message["stream"]].append(message["record"])
        return found

    @property
    def counts(self) -> dict[str, int]:
        """How many records each stream wrote."""
        return dict(Counter({stream: len(rows) for stream, rows in self.records.items()}))

    @property
    def state(self) -> Message:
        """The value of the last STATE message."""
        last: Message = next(one["value"] for one in reversed(self.messages) if one["type"] == "STATE")
        return last

    @property
    def bookmarks(self) -> dict[str, Message]:
        """The bookmarks of the last STATE message."""
        found: dict[str, Message] = self.state["bookmarks"]
        return found


@functools.cache
def _discovered(**settings: object) -> dict[str, str]:
    catalog = TapServiceTitan(config=settings, validate_config=False).catalog_dict
    return {entry["stream"]: json.dumps(entry) for entry in catalog["streams"]}


def catalog_of(*streams: str, **settings: object) -> Message:
    """Make a catalog of these streams alone, selected, as they are discovered with some settings; of all, with none."""
    known = _discovered(**settings)
    entries = [json.loads(known[stream]) for stream in streams or known]
    for entry in entries:
        root = next(one for one in entry["metadata"] if not one["breadcrumb"])
        root["metadata"]["selected"] = bool(streams)
    return {"streams": entries}


def run(config: Message, *streams: str, state: Message | None = None, catalog: Message | None = None) -> Output:
    """Run the tap in this process, with the streams named or all."""
    chosen = catalog or (catalog_of(*streams) if streams else None)
    buffer = io.BytesIO()
    error = None
    with contextlib.redirect_stdout(io.TextIOWrapper(buffer, encoding="utf-8")) as stdout:
        try:
            TapServiceTitan(config=dict(config), catalog=chosen, state=state).sync_all()
        except Exception as raised:  # noqa: BLE001 - the test looks at it
            error = raised
        stdout.flush()
        return Output(raw=buffer.getvalue(), error=error)


def command_line(folder: Path, config: Message, *options: str, state: Message | None = None) -> list[str]:
    """Write the files that the tap's command line names, and give it."""
    settings = folder / "config.json"
    settings.write_text(json.dumps(config))
    command = [sys.executable, "-m", "tap_servicetitan", "--config", str(settings), *options]
    if state is not None:
        (folder / "state.json").write_text(json.dumps(state))
        command += ["--state", str(folder / "state.json")]
    return command


def catalog_file(folder: Path, *streams: str) -> str:
    """Write a catalog that selects just these streams, for the command line."""
    file = folder / "catalog.json"
    file.write_text(json.dumps(catalog_of(*streams)))
    return str(file)


def run_command(folder: Path, config: Message, *options: str, state: Message | None = None) -> Output:
    """Run the tap's command line in a process of its own."""
    command = command_line(folder, config, *options, state=state)
    done = subprocess.run(command, capture_output=True, check=False, timeout=300)  # noqa: S603 - our own command
    return Output(raw=done.stdout, code=done.returncode, log=done.stderr.decode())


def truth(sandbox: Sandbox, stream: str) -> list[Message]:
    """Give the records that a stream has by now, made from the sandbox's rows without the tap's code."""
    schema = stream_schema(BY_NAME[stream])
    return [as_declared(row, schema) for row in _records(sandbox, stream)]


def _records(sandbox: Sandbox, stream: str) -> list[Message]:  # noqa: PLR0911 - a case for each oddity
    rows: list[Message] = json.loads(json.dumps(sandbox.rows(stream)), parse_float=Decimal)
    if stream == "schedulers":
        # A credential, which is not selected.
        return [{name: value for name, value in row.items() if name != "dataApiKey"} for row in rows]
    if stream == "job_history":
        return [{"jobId": row["jobId"]} | event for row in rows for event in row["history"]]
    if stream == "calls_list":
        return [row | {"modifiedOn": row["leadCall"]["modifiedOn"]} for row in rows]
    if stream in COPIED:
        return [row | {"timestamp": row["location"]["timestamp"]} for row in rows]
    if stream in WITHOUT_A_ZONE:
        return [row | {name: row[name] and row[name] + "Z" for name in WITHOUT_A_ZONE[stream]} for row in rows]
    if stream in WINDOWS:
        # What is gone is told by a row.
        rows = [row | {"_end_marker": False} for row in rows]
    if stream in MADE_KEYS:
        return [row | {"_key": made_key(row, MADE_KEYS[stream])} for row in rows]
    if stream in LINES:
        return _numbered(sandbox, stream, rows)
    return rows


def _numbered(sandbox: Sandbox, stream: str, rows: list[Message]) -> list[Message]:
    """Number the lines of each parent, and put an end marker behind them."""
    parent = LINES[stream]
    lines: dict[Any, int] = dict.fromkeys((row["id"] for row in sandbox.rows(BY_NAME[stream].parent or "")), 0)
    # Below an entry that is gone, there is nothing to ask for.
    rows = [row for row in rows if row[parent] in lines]
    for row in rows:
        lines[row[parent]] += 1
        row |= {"_line": lines[row[parent]], "_end_marker": False}
    nothing = dict.fromkeys(stream_schema(BY_NAME[stream])["properties"])
    ends = [nothing | {parent: one, "_line": count + 1, "_end_marker": True} for one, count in lines.items()]
    return [*rows, *ends]


def made_key(row: Message, choices: tuple[tuple[str, ...], ...]) -> str:
    """Make the key of a row that has none: the first set of fields without a null, else the last."""
    sets = [[_inner(row, path.split(".")) for path in paths] for paths in choices]
    parts = next((one for one in sets if None not in one), sets[-1])
    ordered = [sorted(part) if isinstance(part, list) else part for part in parts]
    return hashlib.sha256(simplejson.dumps(ordered, separators=(",", ":"), use_decimal=True).encode()).hexdigest()


def _inner(value: Any, path: list[str]) -> Any:  # noqa: ANN401 - any JSON value
    for name in path:
        value = (value or {}).get(name)
    return value


def texts(rows: Iterable[Message]) -> list[str]:
    """Write rows so that equal texts are equal rows: 1 is not true, and 1.0 is not 1.00. Sorted."""
    return sorted(simplejson.dumps(row, use_decimal=True, sort_keys=True) for row in rows)


def bookmarks_and_rows(messages: Iterable[Message]) -> Iterator[tuple[dict[str, Message], dict[str, list[Message]]]]:
    """Give all bookmarks that the STATE messages have, one of each stream at a time, with the rows before each.

    What holds for a bookmark where it first appears holds in all later STATE messages that repeat it.
    """
    written: dict[str, list[Message]] = defaultdict(list)
    appeared: dict[str, list[tuple[Message, int]]] = defaultdict(list)
    for message in messages:
        if message["type"] == "RECORD":
            written[message["stream"]].append(message["record"])
        elif message["type"] == "STATE":
            for stream, bookmark in message["value"]["bookmarks"].items():
                if not appeared[stream] or appeared[stream][-1][0] != bookmark:
                    appeared[stream].append((bookmark, len(written[stream])))
    for number in range(max(map(len, appeared.values()))):
        chosen = {stream: found[number] for stream, found in appeared.items() if number < len(found)}
        yield (
            {stream: bookmark for stream, (bookmark, _) in chosen.items()},
            {stream: written[stream][:count] for stream, (_, count) in chosen.items()},
        )
