"""Streams that are asked for by spans of time: which spans, with which pages, and what is remembered of them."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME
from tap_servicetitan.errors import RunError
from tap_servicetitan.sandbox.directory import ROUTERS
from tap_servicetitan.sandbox.figures import ads
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.sync import writer
from tests.support.running import Message, Output, bookmarks_and_rows, run, texts, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DAILY = ("ad_group_performance", "campaign_performance", "keyword_performance")
MONTHLY = ("attributed_leads", "campaign_cost_summaries", "email_channel_costs")
BELOW = ("router_performance", "scheduler_performance")
BACKWARD = DAILY + MONTHLY + BELOW
"""All streams of windows but the one that looks ahead."""

LOOK_BACK = dict.fromkeys(DAILY, 7) | dict.fromkeys(MONTHLY + BELOW, 1)
SPARSE = (*DAILY, "attributed_leads")
START = "2026-10-18"
"""So few days before the sandbox's today that they are asked one by one."""

SINCE = "2026-01-01"
"""From this day on, the sandbox tells the truth about sums."""

LAST_SECOND = timedelta(seconds=1)
DAY = 86_400.0
LONG = 10_000
"""More requests than any run makes."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant, without a limit to requests."""
    with serve(seed=1, scale=0.02) as running:
        running.config["requests_per_second"] = 10_000
        yield running


@dataclasses.dataclass(frozen=True)
class Case:
    """What one run over all windows asked and wrote."""

    sandbox: Sandbox
    output: Output
    records: dict[str, list[Message]]
    asked: dict[str, list[dict[str, str]]]
    first: dict[str, datetime]


@pytest.fixture(scope="module")
def case() -> Iterator[Case]:
    """Read all windows: days from a few days ago on, months from the year's first on."""
    with serve(seed=1, scale=0.02) as running, pytest.MonkeyPatch.context() as patch:
        # No STATE is left out, so that each bookmark is seen.
        patch.setattr(writer, "FREE_STATE_BYTES", 10**9)
        running.config["requests_per_second"] = 10_000
        days = run(running.config | {"start_date": f"{START}T10:30:00Z"}, *DAILY)
        months = run(running.config | {"start_date": f"{SINCE}T10:30:00Z"}, *MONTHLY, *BELOW, state=days.state)
        assert (days.error, months.error) == (None, None)
        asked = {stream: queries(running, stream) for stream in BACKWARD}
        first = {stream: moment(START if stream in DAILY else SINCE) for stream in BACKWARD}
        yield Case(running, Output(raw=days.raw + months.raw), days.records | months.records, asked, first)


def moment(text: str) -> datetime:
    """Read a date or a time."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def queries(sandbox: Sandbox, stream: str) -> list[dict[str, str]]:
    """List the queries of a stream."""
    return [one["query"] for one in sandbox.requests(stream)]


def spans(stream: str, asked: Iterable[dict[str, str]]) -> list[tuple[datetime, datetime]]:
    """List the spans that were asked for, each once, without those in which was only looked for a row."""
    window = BY_NAME[stream].window
    assert window
    found = [
        (moment(query[window.start]), moment(query[window.end])) for query in asked if query.get("pageSize") != "1"
    ]
    return list(dict.fromkeys(found))


def starts(stream: str, asked: Iterable[dict[str, str]]) -> list[str]:
    """List the days on which the spans begin that were asked for."""
    return [begin.date().isoformat() for begin, _ in spans(stream, asked)]


def days(first: str, last: str) -> list[str]:
    """List the days from one to another."""
    count = (moment(last) - moment(first)).days + 1
    return [(moment(first) + timedelta(days=number)).date().isoformat() for number in range(count)]


def since(rows: Iterable[Message], stream: str, first: str) -> list[Message]:
    """List the rows from a span on."""
    return [row for row in rows if row[BY_NAME[stream].replication_key or ""] >= first]


def newest(rows: Iterable[Message], stream: str) -> list[Message]:
    """Give the last version of each row."""
    return list({tuple(row[name] for name in BY_NAME[stream].key): row for row in rows}.values())


# Which spans are asked for.


@pytest.mark.parametrize("stream", BACKWARD)
def test_spans_follow_each_other(case: Case, stream: str) -> None:
    """Days or months are asked for in order, from that of the start date to today's, without a gap or an overlap."""
    found = spans(stream, case.asked[stream])
    gap = LAST_SECOND if stream not in {"attributed_leads", *BELOW} else timedelta(0)
    assert found[0][0] == case.first[stream]
    assert all(later[0] - earlier[1] == gap for earlier, later in itertools.pairwise(found))
    assert found[-1][0] <= moment(case.sandbox.now) < found[-1][1]
    for begin, end in found:
        after = end + gap
        assert after - begin == timedelta(days=1) if stream in DAILY else (begin.day, after.day) == (1, 1)
    written = [query[BY_NAME[stream].window.start] for query in case.asked[stream]]  # type: ignore[union-attr]
    assert all(text.endswith("T00:00:00Z") for text in written)


@pytest.mark.parametrize("stream", BACKWARD)
def test_the_rows_of_all_spans_come(case: Case, stream: str) -> None:
    """Each row of each span is written once, with the fields that tell which span it is of."""
    first = case.first[stream].date().isoformat()
    assert texts(case.records[stream]) == texts(since(truth(case.sandbox, stream), stream, first))
    for name in BY_NAME[stream].window.fields:  # type: ignore[union-attr]
        assert all(row[name] for row in case.records[stream])


@pytest.mark.parametrize("stream", BACKWARD)
def test_a_bookmark_follows_each_span(case: Case, stream: str) -> None:
    """After each span that had rows, and after the last, there is a STATE with its beginning, never past today."""
    told = [
        one["value"]["bookmarks"][stream]["replication_key_value"]
        for one in case.output.messages
        if one["type"] == "STATE" and stream in one["value"]["bookmarks"]
    ]
    marks = list(dict.fromkeys(told))
    begun = [begin.isoformat().replace("+00:00", "Z") for begin, _ in spans(stream, case.asked[stream])]
    cursors = [row[BY_NAME[stream].replication_key or ""] for row in case.records[stream]]
    # What lies on the border of two spans belongs to the earlier one.
    is_border = stream == "attributed_leads"
    had_rows = {
        one[:10] if stream in DAILY else f"{one[:7]}-01"
        for one in cursors
        if not (is_border and "-01T00:00:00Z" in one)
    }
    assert marks == [one for one in begun if one in marks]
    assert had_rows <= {mark[:10] for mark in marks}
    assert marks[-1] == begun[-1] <= case.sandbox.now


@pytest.mark.parametrize(("stream", "segment"), [*zip(DAILY, ("AdGroup", "Campaign", "Keyword"), strict=True)])
def test_figures_of_ads_are_asked_by_their_segment(case: Case, stream: str, segment: str) -> None:
    """Three streams of one address differ in the segment that each request names."""
    assert {query["performanceSegmentationType"] for query in case.asked[stream]} == {segment}
    assert {query["pageSize"] for query in case.asked[stream]} == {"5000"}


def test_a_row_on_the_border_of_two_spans_comes_once(case: Case) -> None:
    """A lead at the first instant of a month is in the answers for two months, and is written once."""
    borders = [row for row in case.records["attributed_leads"] if row["dateTime"].endswith("-01T00:00:00Z")]
    assert borders
    assert len({row["_key"] for row in borders}) == len(borders)


@pytest.mark.parametrize("stream", ["keyword_performance", "attributed_leads"])
def test_all_pages_of_a_span_are_read(sandbox: Sandbox, short_pages: Callable[[int], None], stream: str) -> None:
    """A span is read to its last page, each page once, and only then comes the next one."""
    size = 8
    short_pages(size)
    output = run(sandbox.config | {"start_date": "2026-10-25"}, stream)
    first = "2026-10-25" if stream in DAILY else "2026-10-01"
    rows = since(truth(sandbox, stream), stream, first)
    assert texts(output.records[stream]) == texts(rows)
    asked = queries(sandbox, stream)
    window = BY_NAME[stream].window
    assert window
    spans = [query[window.start] for query in asked]
    assert spans == sorted(spans)
    assert len({json.dumps(query, sort_keys=True) for query in asked}) == len(asked)
    assert len(spans) > len(set(spans))
    if stream in DAILY:
        counts = Counter(row["date"] for row in rows)
        asked_for = Counter(begin[:10] for begin in spans)
        assert all(asked_for[day] >= -(-count // size) for day, count in counts.items())


# What is read again.


@pytest.mark.parametrize("stream", BACKWARD)
def test_the_last_spans_are_read_again(case: Case, stream: str) -> None:
    """The next run asks for the last spans once more, and for no older one, and writes nothing that is the same."""
    case.sandbox.forget_requests()
    second = run(case.sandbox.config, stream, state=case.output.state)
    found = starts(stream, queries(case.sandbox, stream))
    wanted = days("2026-10-25", "2026-11-01") if stream in DAILY else ["2026-10-01", "2026-11-01"]
    assert found == wanted
    assert len(wanted) == LOOK_BACK[stream] + 1
    assert second.counts == {}
    assert second.bookmarks[stream]["replication_key_value"] == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize("stream", ["campaign_performance", "keyword_performance"])
def test_figures_that_are_corrected_come_again(sandbox: Sandbox, stream: str) -> None:
    """Day by day, just the rows come that are new or say something else, and in the end all are right."""
    state, written = None, []
    known: Counter[str] = Counter()
    for day in range(4):
        output = run(sandbox.config | {"start_date": "2026-10-25"}, stream, state=state)
        rows = since(truth(sandbox, stream), stream, "2026-10-25")
        assert texts(output.records[stream]) == sorted((Counter(texts(rows)) - known).elements())
        assert day == 0 or 0 < len(output.records[stream]) < len(rows)
        known, state = Counter(texts(rows)), output.state
        written += output.records[stream]
        sandbox.advance(DAY)
    assert {*texts(newest(written, stream))} == {*known}


def test_rows_that_are_gone_are_told_by_an_end_marker(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """However rows of a day vanish and come back, those without `_end_marker` are those that there are."""
    stream, state, table, markers = "keyword_performance", None, dict[str, Message](), 0
    # One of so many keywords is silent on a day: of 1, all are, and days become empty.
    for silent in (4, 2, 4, 1, 1, 3, 3):
        monkeypatch.setattr(ads, "_SILENT_ONCE_IN", silent)
        output = run(sandbox.config | {"start_date": "2026-10-25"}, stream, state=state)
        state, came = output.state, {str(row["_key"]): row for row in output.records[stream]}
        assert len(came) == len(output.records[stream])
        assert not any(texts([row]) == texts([table[key]]) for key, row in came.items() if key in table)
        assert {*came} <= {*table} | {key for key, row in came.items() if not row["_end_marker"]}
        table |= came
        markers += sum(row["_end_marker"] for row in came.values())
        left = [row for row in table.values() if not row["_end_marker"]]
        assert texts(left) == texts(since(truth(sandbox, stream), stream, "2026-10-25"))
        assert all(row["date"] for row in table.values())
    assert markers > 50


def test_a_lead_that_is_gone_is_told_by_an_end_marker(sandbox: Sandbox) -> None:
    """The marker has the key that the tap made, and when the row was."""
    stream = "attributed_leads"
    first = run(sandbox.config, stream)
    lead = next(row for row in truth(sandbox, stream) if row["dateTime"] >= "2026-10-02")
    sandbox.delete(stream, keys=[row for row in sandbox.rows(stream) if row["dateTime"] == lead["dateTime"]])
    second = run(sandbox.config, stream, state=first.state)
    (marker,) = second.records[stream]
    told = {name: value for name, value in marker.items() if value is not None}
    assert told == {"_key": lead["_key"], "dateTime": lead["dateTime"], "_end_marker": True}
    assert run(sandbox.config, stream, state=second.state).records == {}


def test_a_lead_that_is_attributed_late_comes_with_the_month_before(sandbox: Sandbox) -> None:
    """A lead of this month or the last that changes comes again; an older one is out of the window, as documented."""
    state = run(sandbox.config, "attributed_leads").state
    leads = sorted(sandbox.rows("attributed_leads"), key=lambda row: str(row["dateTime"]))
    old, late = leads[0], next(row for row in leads if row["dateTime"] >= "2026-10-02")
    assert old["dateTime"] < "2026-10-01"
    sandbox.touch("attributed_leads", keys=[old, late])
    second = run(sandbox.config, "attributed_leads", state=state)
    assert [row["dateTime"] for row in second.records["attributed_leads"]] == [late["dateTime"]]


@pytest.mark.parametrize("stream", ["attributed_leads", "campaign_cost_summaries", "scheduler_performance"])
def test_sums_of_a_month_that_goes_on_come_again(sandbox: Sandbox, stream: str) -> None:
    """As time passes, the sums of this month change and are written again, and those of closed months are not."""
    state = run(sandbox.config | {"start_date": SINCE}, stream).state
    before = Counter(texts(truth(sandbox, stream)))
    sandbox.advance(33 * DAY)
    second = run(sandbox.config, stream, state=state)
    news = sorted((Counter(texts(truth(sandbox, stream))) - before).elements())
    assert texts(second.records[stream]) == news
    assert news
    assert {row[BY_NAME[stream].replication_key or ""][:7] for row in second.records[stream]} <= {
        "2026-10", "2026-11", "2026-12",
    }  # fmt: skip


# Long stretches.


@pytest.mark.parametrize("stream", SPARSE)
def test_long_stretches_without_a_row_are_cheap(sandbox: Sandbox, stream: str) -> None:
    """Without a start date, twelve years are looked through at a few requests, and no row is missed."""
    output = run(sandbox.config, stream)
    assert texts(output.records[stream]) == texts(truth(sandbox, stream))
    asked = queries(sandbox, stream)
    looks = [query for query in asked if query["pageSize"] == "1"]
    window = BY_NAME[stream].window
    assert window
    assert looks[0][window.start] == "2015-01-01T00:00:00Z"
    assert len(looks) < 25
    assert len(asked) < 75


def test_a_tenant_without_any_row_costs_one_request(sandbox: Sandbox) -> None:
    """Where there is nothing in all the years, one request tells."""
    sandbox.fault("empty-page", "campaign_performance", times=0)
    output = run(sandbox.config, "campaign_performance", "zones")
    assert output.error is None
    assert len(sandbox.requests("campaign_performance")) == 1
    sandbox.clear_faults()
    second = run(sandbox.config, "campaign_performance", state=output.state)
    assert texts(second.records["campaign_performance"]) == texts(truth(sandbox, "campaign_performance"))


@pytest.mark.parametrize("stream", ["keyword_performance", "attributed_leads"])
def test_a_span_that_is_too_long_for_the_api_is_halved(sandbox: Sandbox, stream: str) -> None:
    """Where the API rejects a look at years, their halves are looked at, and no row is missed."""
    sandbox.fault("status", stream, status=400, times=2)
    output = run(sandbox.config, stream)
    assert output.error is None
    assert texts(output.records[stream]) == texts(truth(sandbox, stream))


def test_a_long_pause_is_made_up_for(sandbox: Sandbox) -> None:
    """After weeks without a run, all days since the last one come, and those before it that are read again."""
    state = run(sandbox.config, "campaign_performance").state
    sandbox.advance(40 * DAY)
    sandbox.forget_requests()
    second = run(sandbox.config, "campaign_performance", state=state)
    asked = starts("campaign_performance", queries(sandbox, "campaign_performance"))
    assert asked == days("2026-10-25", "2026-12-11")
    dates = {row["date"] for row in second.records["campaign_performance"]}
    assert {*days("2026-11-02", "2026-12-11")} <= dates


@pytest.mark.parametrize("stream", ["campaign_cost_summaries", "email_channel_costs"])
def test_sums_without_an_end_begin_in_2015(sandbox: Sandbox, stream: str) -> None:
    """Sums exist for every span, so that without a start date each month since 2015 is asked for."""
    run(sandbox.config, stream)
    found = starts(stream, queries(sandbox, stream))
    assert (found[0], found[-1], len(found)) == ("2015-01-01", "2026-11-01", 143)


def test_a_start_date_in_the_future_reads_nothing(sandbox: Sandbox) -> None:
    """Nothing is requested before its time has come by the clock of the API, which may be behind."""
    output = run(sandbox.config | {"start_date": "2026-11-20"}, "campaign_performance", "zones")
    assert output.error is None
    assert sandbox.requests("campaign_performance") == []


# Ahead.


def test_capacities_are_those_of_the_next_14_days(sandbox: Sandbox) -> None:
    """Today and the 13 days after it are posted for, one by one; the rows lie ahead, and each run brings them all."""
    state = None
    for first, last in (("2026-11-01", "2026-11-14"), ("2026-11-03", "2026-11-16")):
        sandbox.forget_requests()
        output = run(sandbox.config | {"emit_activate_version_messages": True}, "capacities", state=state)
        assert output.error is None
        requests = sandbox.requests("capacities")
        assert {one["method"] for one in requests} == {"POST"}
        assert all(one["query"].items() >= {"skillBasedAvailability": "false"}.items() for one in requests)
        asked = spans("capacities", (one["query"] for one in requests))
        assert [begin.date().isoformat() for begin, _ in asked] == days(first, last)
        assert all(end - begin == timedelta(days=1) for begin, end in asked)
        assert texts(output.records["capacities"]) == texts(truth(sandbox, "capacities"))
        assert min(row["startUtc"] for row in output.records["capacities"]) > sandbox.now
        assert len([one for one in output.messages if one["type"] == "ACTIVATE_VERSION"]) == 1
        assert output.bookmarks["capacities"] == {
            "tenant_id": "4242",
            "replication_key": None,
            "replication_key_value": None,
            "start_date": None,
            "parent_ids": [],
            "recent": [],
            "columns": None,
        }
        state = output.state
        sandbox.advance(2 * DAY)


# Interrupted.


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stream", ["keyword_performance", "campaign_cost_summaries", "scheduler_performance"])
def test_windows_that_break_off_are_gone_on_with(sandbox: Sandbox, stream: str) -> None:
    """The next run goes on at the last bookmark less the spans that are read again, and repeats no row."""
    settings = sandbox.config | {"start_date": START if stream in DAILY else SINCE}
    sandbox.fault("status", stream, skip=9, times=LONG)
    broken = run(settings, stream)
    assert isinstance(broken.error, RunError)
    mark = broken.bookmarks[stream]["replication_key_value"]
    sandbox.clear_faults()
    sandbox.forget_requests()
    rest = run(settings, stream, state=broken.state)
    begin = starts(stream, queries(sandbox, stream))[0]
    assert begin <= mark[:10]
    assert begin == (moment(mark) - timedelta(days=7)).date().isoformat() or stream not in DAILY
    both = broken.records[stream] + rest.records[stream]
    wanted = texts(since(truth(sandbox, stream), stream, START if stream in DAILY else SINCE))
    # Of the span that broke off, the pages that had come are not in the bookmark.
    assert texts(newest(both, stream)) == wanted
    assert len(both) - len(wanted) <= len(ROUTERS)


def test_every_state_can_be_resumed_from(sandbox: Sandbox) -> None:
    """Cut off after any STATE and resumed from it, the windows bring every row, and none of those before it again."""
    streams = ("campaign_performance", "attributed_leads", "router_performance")
    settings = sandbox.config | {"start_date": "2026-08-20"}
    output = run(settings, *streams)
    whole = output.records
    rounds = 0
    for bookmarks, before in bookmarks_and_rows(output.messages):
        rounds += 1
        if rounds % 5 == 2:
            rest = run(settings, *bookmarks, state={"bookmarks": bookmarks}).records
            for stream in bookmarks:
                assert texts(before[stream] + rest.get(stream, [])) == texts(whole[stream]), stream
    assert rounds > 40


# Below a parent.


def test_sums_are_asked_below_each_scheduler(case: Case) -> None:
    """Each month is asked for below each scheduler, whose id is in the row."""
    paths = [one["path"] for one in case.sandbox.requests("scheduler_performance")]
    ids = {row["id"] for row in case.sandbox.rows("schedulers")}
    assert {path.split("/")[-2] for path in paths} <= {str(one) for one in ids}
    assert {row["id"] for row in case.records["scheduler_performance"]} == ids
    assert {row["id"] for row in case.records["router_performance"]} == {*ROUTERS}


def test_a_scheduler_is_not_asked_for_the_time_before_it_was_made(sandbox: Sandbox) -> None:
    """A month that ended before a scheduler was made can have nothing of it."""
    [made] = sandbox.touch("schedulers", create=1)["rows"]
    output = run(sandbox.config | {"start_date": SINCE}, "scheduler_performance")
    assert output.error is None
    asked = [one["query"] for one in sandbox.requests("scheduler_performance") if f"/{made['id']}/" in one["path"]]
    assert [query["sessionCreatedOnOrAfter"] for query in asked] == ["2026-11-01T00:00:00Z"]


@pytest.mark.parametrize("status", [404, 409])
def test_a_scheduler_that_gives_nothing_is_passed_over(sandbox: Sandbox, status: int) -> None:
    """A 404 or 409 below one parent costs just that answer."""
    sandbox.fault("status", "scheduler_performance", status=status)
    output = run(sandbox.config | {"start_date": SINCE}, "scheduler_performance")
    assert output.error is None
    assert len(output.records["scheduler_performance"]) == len(sandbox.rows("scheduler_performance")) - 1


def test_routers_are_listed_by_a_setting(sandbox: Sandbox) -> None:
    """Without ids of routers, nothing is asked and nothing fails."""
    settings = {name: value for name, value in sandbox.config.items() if name != "router_ids"}
    output = run(settings | {"start_date": SINCE}, "router_performance", "zones")
    assert output.error is None
    assert sandbox.requests("router_performance") == []


def test_a_module_that_is_missing_is_skipped(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A 404 of an endpoint without a parent means that the tenant has no such module: one warning, no failure."""
    sandbox.disable_module("marketing_ads")
    with caplog.at_level(logging.WARNING):
        output = run(sandbox.config, *DAILY, "attributed_leads", "zones")
    assert output.error is None
    assert output.counts.keys() == {"zones"}
    assert len([one for one in caplog.messages if one.startswith("Skipped")]) == 4
