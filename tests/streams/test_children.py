"""Streams that are asked for once for each row of another: which parents are visited, and what comes of it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import logging
import random
import sqlite3
import subprocess
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.errors import RunError
from tap_servicetitan.sandbox.directory import ROUTERS
from tap_servicetitan.sandbox.server import Sandbox, serve
from tap_servicetitan.state.bookmarks import SWEEP_AFTER
from tests.support.running import Message, Output, bookmarks_and_rows, catalog_of, command_line, run, texts, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

CHILDREN = [row.name for row in ENDPOINTS if row.kind == "child"]
WITH_A_PARENT = [name for name in CHILDREN if BY_NAME[name].parent in BY_NAME]
SEVERAL = (
    "contact_method_preferences",
    "customer_notes",
    "job_attachments",
    "journal_entry_details",
    "location_preferred_technicians",
    "reports",
    "scheduler_sessions",
    "wbs_project_segment_items",
)
"""Children of feeds and of lists, of each rule of visiting, and one whose parent is a child itself."""

QUARTER = 901.0
"""Seconds after which a feed shows a change."""

DAY = 86_400.0
WEEK = SWEEP_AFTER.total_seconds()
LONG = 10_000
"""More requests than any run makes."""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Run a small tenant whose feeds have several pages, without a limit to requests."""
    with serve(seed=1, scale=0.02, page_size=20) as running:
        running.config["requests_per_second"] = 10_000
        yield running


@pytest.fixture(scope="module")
def first() -> Iterator[tuple[Sandbox, Output, dict[str, list[Message]]]]:
    """Read all children once."""
    with serve(seed=1, scale=0.02, page_size=20) as running:
        running.config["requests_per_second"] = 10_000
        output = run(running.config, *CHILDREN)
        assert output.error is None
        yield running, output, output.records


def path_of(stream: str, parent: Message) -> str:
    """Give the address below which a parent's rows of a stream are."""
    row = BY_NAME[stream]
    return row.url.format(tenant="4242", **{name: parent[field] for name, field in row.links.items()})


def visited(sandbox: Sandbox, stream: str) -> list[str]:
    """List the addresses that a child stream asked, each once."""
    return list(dict.fromkeys(one["path"] for one in sandbox.requests(stream)))


def paths(stream: str, parents: Iterable[Message]) -> set[str]:
    """Give the addresses of some parents."""
    return {path_of(stream, one) for one in parents}


def key_of(stream: str, row: Message) -> tuple[Any, ...]:
    """Give the key of a row."""
    return tuple(row[name] for name in BY_NAME[stream].key)


def newest(rows: Iterable[Message], stream: str) -> list[Message]:
    """Give the last version of each row."""
    return list({key_of(stream, row): row for row in rows}.values())


def versions(output: Output, stream: str) -> list[int]:
    """List the versions of a stream that were activated."""
    return [one["version"] for one in output.messages if one["type"] == "ACTIVATE_VERSION" and one["stream"] == stream]


# What their rows have.


@pytest.mark.parametrize("stream", CHILDREN)
def test_rows_know_their_parent(first: tuple[Sandbox, Output, dict[str, list[Message]]], stream: str) -> None:
    """The parent's ids are in schema and row, and with them each row can be joined to one row of the parent."""
    sandbox, output, records = first
    row = BY_NAME[stream]
    [schema] = [one["schema"] for one in output.messages if one["type"] == "SCHEMA" and one["stream"] == stream]
    assert schema["properties"].keys() >= {*row.placeholders}
    assert records[stream]
    if row.parent in BY_NAME and not row.ids:
        named = [tuple(one[field] for field in row.links.values()) for one in sandbox.rows(row.parent or "")]
        assert {tuple(one[name] for name in row.placeholders) for one in records[stream]} <= {*named}


@pytest.mark.parametrize("stream", CHILDREN)
def test_no_two_rows_have_the_same_key(first: tuple[Sandbox, Output, dict[str, list[Message]]], stream: str) -> None:
    """Rows of different parents never have the same key, although their own ids may repeat."""
    rows = first[2][stream]
    assert len({key_of(stream, row) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("stream", "own"),
    [("reports", "id"), ("wbs_project_segments", "id"), ("wbs_project_segment_items", "id")],
    ids=["a report in two categories", "a segment in two projects", "an item in two projects"],
)
def test_what_stands_below_two_parents_comes_twice(
    first: tuple[Sandbox, Output, dict[str, list[Message]]], stream: str, own: str
) -> None:
    """The same thing below two parents is two rows, apart by the parent's id in the key."""
    counts = Counter(row[own] for row in first[2][stream])
    assert max(counts.values()) > 1


@pytest.mark.parametrize("stream", ["journal_entry_summaries", "journal_entry_details"])
def test_lines_are_numbered_within_their_parent(
    first: tuple[Sandbox, Output, dict[str, list[Message]]], stream: str
) -> None:
    """Lines without an id are numbered from 1 in the order of the answer, for each parent anew."""
    lines = defaultdict(list)
    for row in first[2][stream]:
        lines[row["journalEntryId"]].append(row["_line"])
    assert max(map(len, lines.values())) > 1
    assert all(found == [*range(1, len(found) + 1)] for found in lines.values())


LINES_OF_NOW = """
SELECT d.* FROM lines AS d
JOIN (SELECT "journalEntryId", min(_line) AS _end FROM lines WHERE _end_marker GROUP BY 1) AS e USING ("journalEntryId")
WHERE d._line < e._end
"""
"""As docs/deletes.md has it."""


@pytest.mark.parametrize("stream", ["journal_entry_summaries", "journal_entry_details"])
def test_lines_that_are_gone_are_behind_an_end_marker(sandbox: Sandbox, stream: str) -> None:
    """However the lines of an entry become fewer and more again, the documented query gives those that there are."""
    chance = random.Random(7)  # noqa: S311 - no secret
    table: dict[tuple[Any, ...], Message] = {}
    state: Message = {}
    for _ in range(5):
        output = run(sandbox.config, stream, state=state)
        state = output.state
        table |= {key_of(stream, row): row for row in output.records[stream]}
        wanted = [row for row in truth(sandbox, stream) if not row["_end_marker"]]
        with contextlib.closing(sqlite3.connect(":memory:")) as db:
            db.execute('CREATE TABLE lines ("journalEntryId" TEXT, _line INTEGER, _end_marker BOOLEAN)')
            rows = [(*key, row["_end_marker"]) for key, row in table.items()]
            db.executemany("INSERT INTO lines VALUES (?, ?, ?)", rows)
            left = {row[:2] for row in db.execute(LINES_OF_NOW).fetchall()}
        assert texts([table[key] for key in left]) == texts(wanted)
        entries = chance.sample(sandbox.rows("journal_entries"), 4)
        of_them = [row for row in sandbox.rows(stream) if row["journalEntryId"] in [one["id"] for one in entries]]
        for row in of_them if chance.random() < 0.7 else ():
            sandbox.delete(stream, keys=[row])
        sandbox.touch(stream, create=2)
        sandbox.touch("journal_entries", keys=[{"id": one["id"]} for one in sandbox.rows("journal_entries")])
        sandbox.advance(DAY)


def test_lines_go_on_over_pages(sandbox: Sandbox, short_pages: Callable[[int], None]) -> None:
    """The lines of an entry that has several pages are numbered through."""
    short_pages(2)
    output = run(sandbox.config, "journal_entry_details")
    assert "2" in {one["query"]["page"] for one in sandbox.requests("journal_entry_details")}
    assert texts(output.records["journal_entry_details"]) == texts(truth(sandbox, "journal_entry_details"))


def test_a_bare_value_becomes_a_row(first: tuple[Sandbox, Output, dict[str, list[Message]]]) -> None:
    """An answer that is a technician's id or null is a row of its location, null included."""
    sandbox, _, records = first
    rows = records["location_preferred_technicians"]
    assert all(row.keys() == {"locationId", "technicianId"} for row in rows)
    assert len(rows) == len(sandbox.rows("locations"))
    assert None in [row["technicianId"] for row in rows]
    assert not all(row["technicianId"] is None for row in rows)


# What is remembered.


@pytest.mark.parametrize("stream", CHILDREN)
def test_there_is_one_bookmark_for_each_stream(
    first: tuple[Sandbox, Output, dict[str, list[Message]]], stream: str
) -> None:
    """A child's bookmark is that of its parents' endpoint and the time of the visit, however many parents there are."""
    bookmark = first[1].bookmarks[stream]
    remembered = {
        "tenant_id",
        "parent",
        "last_full_visit",
        "full_visit_began",
        "answered_parents",
        "parent_ids",
        "recent",
        "columns",
    }
    assert bookmark.keys() == remembered
    row = BY_NAME[stream]
    above = BY_NAME.get(row.parent or "")
    assert ("continue_from" in (bookmark["parent"] or {})) is (above is not None and above.kind == "export")
    assert (bookmark["last_full_visit"] is not None) is (row.revisit != "changed")
    assert len(json.dumps(bookmark)) < 50_000


@pytest.mark.parametrize(
    ("parent", "children"),
    [
        pytest.param("jobs", ("job_attachments", "job_booked_logs", "job_holds"), id="a feed"),
        pytest.param("journal_entries", ("journal_entry_summaries", "journal_entry_details"), id="a list"),
        pytest.param("schedulers", ("scheduler_sessions",), id="a list of which all are visited"),
    ],
)
def test_a_parent_is_read_as_if_it_had_no_children(sandbox: Sandbox, parent: str, children: tuple[str, ...]) -> None:
    """A parent goes on from its bookmark, selected children or not, and writes only what changed."""
    alone = run(sandbox.config, parent)
    together = run(sandbox.config, parent, *children)
    assert together.bookmarks[parent] == alone.bookmarks[parent]
    sandbox.forget_requests()
    touched = sandbox.touch(parent, 2)
    sandbox.advance(QUARTER)
    second = run(sandbox.config, parent, *children, state=together.state)
    assert {key["id"] for key in touched["keys"]} <= {row["id"] for row in second.records[parent]}
    assert len(second.records[parent]) < len(sandbox.rows(parent))
    asked = [one["query"] for one in sandbox.requests(parent)]
    assert len(asked) == 1 + len(children)
    bookmark = "from" if BY_NAME[parent].kind == "export" else "modifiedOnOrAfter"
    assert len([query for query in asked if bookmark in query]) == 1 + len(
        [one for one in children if BY_NAME[one].revisit != "always"]
    )


# Which parents are visited.

DAYS = (0, 3, 6, 8, 14, 15)
"""Days on which all children are read; between them, some of each parent's rows change."""

VISITS_OF_ALL = (0, 8, 15)
"""The days among them on which a week has passed since all parents were visited, or none ever were."""


@dataclasses.dataclass(frozen=True)
class Visit:
    """What one run asked for one child stream, and what it could have asked for."""

    paths: set[str]
    ids: set[str]
    since: set[str | None]
    everyone: list[Message]
    changed: list[Message]
    news: list[str]
    written: list[str]


@dataclasses.dataclass
class Diary:
    """What was there of each stream when it was last read."""

    sandbox: Sandbox
    seen: dict[str, Counter[str]] = dataclasses.field(default_factory=lambda: defaultdict(Counter))

    def shown(self, stream: str) -> list[Message]:
        """List the rows that the stream's endpoint shows by now."""
        if stream not in BY_NAME:
            return [{"id": router} for router in ROUTERS]
        return self.sandbox.rows(stream, settled=BY_NAME[stream].kind == "export")

    def changed(self, stream: str) -> list[Message]:
        """List those that changed since the stream was last read; all where nothing tells."""
        row = BY_NAME.get(stream)
        if row and row.kind == "child":
            above = {one["id"] for one in self.changed(row.parent or "")}
            return [one for one in self.shown(stream) if one[row.placeholders[0]] in above]
        if row is None or (row.kind == "list" and row.modified_since is None):
            return self.shown(stream)
        return [one for one in self.shown(stream) if not self.seen[stream][texts([one])[0]]]

    def visit(self, stream: str, written: list[Message]) -> Visit:
        """Look at the last run."""
        requests = self.sandbox.requests(stream)
        parent = BY_NAME[stream].parent or ""
        queries = [one["query"] for one in requests]
        return Visit(
            paths={one["path"] for one in requests},
            ids={name for query in queries for name in query.get("ids", "").split(",") if name},
            since={query.get("modifiedOnOrAfter") for query in queries},
            everyone=self.shown(parent),
            changed=self.changed(parent),
            news=sorted((Counter(texts(truth(self.sandbox, stream))) - self.seen[stream]).elements()),
            written=texts(written),
        )

    def remember(self) -> None:
        """Take down what there is."""
        for stream in {*CHILDREN, *PARENTS}:
            rows = truth(self.sandbox, stream) if stream in CHILDREN else self.shown(stream)
            self.seen[stream] = Counter(texts(rows))


PARENTS = {BY_NAME[name].parent or "" for name in WITH_A_PARENT}


@pytest.fixture(scope="module")
def visits() -> Iterator[dict[int, dict[str, Visit]]]:
    """Read all children on several days."""
    found, state = {}, None
    with serve(seed=1, scale=0.02, page_size=20) as sandbox:
        diary = Diary(sandbox)
        settings = sandbox.config | {"requests_per_second": 10_000}
        for day in DAYS:
            if day:
                sandbox.move_to(f"2026-11-{1 + day:02d}T12:00:00Z")
                for parent in sorted(PARENTS):
                    sandbox.touch(parent, 2)
                sandbox.touch("jobs", 1, values={"jobStatus": "Hold"})
                sandbox.advance(QUARTER)
            sandbox.forget_requests()
            output = run(settings, *CHILDREN, state=state)
            assert output.error is None
            records, state = output.records, output.state
            found[day] = {stream: diary.visit(stream, records[stream]) for stream in CHILDREN}
            diary.remember()
        yield found


@pytest.mark.parametrize("day", DAYS, ids="day {}".format)
@pytest.mark.parametrize("stream", CHILDREN)
def test_the_parents_are_visited_that_the_row_says(visits: dict[int, dict[str, Visit]], stream: str, day: int) -> None:
    """At first all parents are visited, and then those that changed, or all once in seven days, or always all."""
    row, visit = BY_NAME[stream], visits[day][stream]
    are_all = row.revisit == "always" or (row.revisit == "weekly" and day in VISITS_OF_ALL)
    wanted = visit.everyone if are_all else visit.changed
    assert visit.changed
    if row.ids:
        assert visit.ids == {str(one["id"]) for one in wanted if one["jobStatus"] == "Hold"}
    else:
        assert visit.paths == paths(stream, wanted)


@pytest.mark.parametrize("stream", [name for name in CHILDREN if BY_NAME[name].revisit == "weekly"])
def test_unchanged_parents_are_left_alone_for_a_week(visits: dict[int, dict[str, Visit]], stream: str) -> None:
    """Between two visits of all parents, fewer are visited than there are."""
    between = [visits[day][stream] for day in DAYS if day not in VISITS_OF_ALL]
    assert any(visit.paths < paths(stream, visit.everyone) for visit in between)


@pytest.mark.parametrize("stream", ["scheduler_sessions", "router_sessions"])
def test_all_parents_are_asked_for_what_changed(visits: dict[int, dict[str, Visit]], stream: str) -> None:
    """Where all parents are visited, just what changed since the last visit is asked for and written."""
    assert visits[0][stream].since == {None}
    for before, day in itertools.pairwise(DAYS):
        [since] = visits[day][stream].since
        assert since
        assert since[:13] == f"2026-11-{1 + before:02d}T11"
        assert visits[day][stream].written == visits[day][stream].news


@pytest.mark.parametrize("stream", [name for name in CHILDREN if BY_NAME[name].revisit == "always"])
def test_what_is_visited_always_is_up_to_date(visits: dict[int, dict[str, Visit]], stream: str) -> None:
    """Each run writes at least what is new."""
    for day in DAYS:
        assert {*visits[day][stream].news} <= {*visits[day][stream].written}


@pytest.mark.parametrize("stream", ["customer_notes", "job_attachments"])
def test_a_child_that_changes_without_its_parent_comes_with_the_weekly_visit(sandbox: Sandbox, stream: str) -> None:
    """What changed below a parent that did not is brought once seven days have passed, and nothing older with it."""
    state = run(sandbox.config, stream).state
    touched = {key_of(stream, row) for row in sandbox.touch(stream, 2)["rows"]}
    sandbox.advance(QUARTER)
    second = run(sandbox.config, stream, state=state)
    assert second.counts == {}
    sandbox.advance(WEEK)
    third = run(sandbox.config, stream, state=second.state)
    rows = [row for row in third.records[stream] if key_of(stream, row) in touched]
    assert texts(rows) == texts(row for row in truth(sandbox, stream) if key_of(stream, row) in touched)
    if BY_NAME[stream].modified_since:
        asked = [one["query"].get("modifiedOnOrAfter") for one in sandbox.requests(stream)]
        assert any(one and one.startswith("2026-11-01T11:0") for one in asked)
        assert len(third.records[stream]) < len(sandbox.rows(stream))


def test_a_child_of_a_child_is_reached(sandbox: Sandbox) -> None:
    """Items of a segment of a project come, though neither the project nor the segment is selected."""
    output = run(sandbox.config, "wbs_project_segment_items")
    assert output.counts.keys() == {"wbs_project_segment_items"}
    assert {*visited(sandbox, "wbs_project_segment_items")} == paths(
        "wbs_project_segment_items", sandbox.rows("wbs_project_segments")
    )
    assert {*visited(sandbox, "wbs_project_segments")} == paths("wbs_project_segments", sandbox.rows("projects"))
    sandbox.forget_requests()
    run(sandbox.config, "wbs_project_segment_items", state=output.state)
    assert Counter(one["stream"] for one in sandbox.requests()) == {"token": 1, "projects": 1}


def test_a_start_date_is_that_of_the_parents(sandbox: Sandbox) -> None:
    """With a start date, the parents that changed since are visited."""
    run(sandbox.config | {"start_date": "2026-10-20"}, "job_booked_logs")
    wanted = [row for row in sandbox.rows("jobs") if row["modifiedOn"] >= "2026-10-20"]
    assert {*visited(sandbox, "job_booked_logs")} == paths("job_booked_logs", wanted)


def test_recent_changes_of_parents_are_visited_once(sandbox: Sandbox) -> None:
    """With recent changes asked for, a new parent is visited at once, and not again when it comes again."""
    settings = sandbox.config | {"include_recent_changes": True}
    state = run(settings, "job_booked_logs").state
    touched = sandbox.touch("jobs", 2, create=1)
    sandbox.forget_requests()
    second = run(settings, "job_booked_logs", state=state)
    assert {*visited(sandbox, "job_booked_logs")} == paths("job_booked_logs", touched["rows"])
    sandbox.forget_requests()
    run(settings, "job_booked_logs", state=second.state)
    assert visited(sandbox, "job_booked_logs") == []


# Fifty at once.


def test_holds_are_asked_for_in_fifties(sandbox: Sandbox) -> None:
    """Just jobs on hold are asked for, 50 ids to a request, and each comes with its reason."""
    sandbox.set_limits(page_size=1_000)
    jobs = [{"id": row["id"]} for row in sandbox.rows("jobs")]
    sandbox.touch("jobs", keys=jobs[:73], values={"jobStatus": "Hold"})
    sandbox.advance(QUARTER)
    output = run(sandbox.config, "job_holds")
    held = [row["id"] for row in sandbox.rows("jobs") if row["jobStatus"] == "Hold"]
    asked = [one["query"]["ids"].split(",") for one in sandbox.requests("job_holds")]
    assert [len(one) for one in asked] == [50, len(held) - 50]
    assert sorted(int(one) for ids in asked for one in ids) == sorted(held)
    assert texts(output.records["job_holds"]) == texts(truth(sandbox, "job_holds"))


# What the catalog says of the parent.


def test_children_come_without_their_parents(sandbox: Sandbox) -> None:
    """Children that are selected alone bring all their rows, and not a word is written of their parents."""
    output = run(sandbox.config, *SEVERAL)
    assert output.error is None
    assert_truth(sandbox, output.records)
    assert {one["stream"] for one in output.messages if "stream" in one} == {*SEVERAL}
    assert output.bookmarks.keys() == {*SEVERAL}


def test_children_that_are_selected_later_start_with_the_first_parent(sandbox: Sandbox) -> None:
    """Children bring all their rows in their first run, wherever their parents' bookmarks are by then."""
    parents = {BY_NAME[stream].parent or "" for stream in SEVERAL}
    before = run(sandbox.config, *parents)
    after = run(sandbox.config, *parents, *SEVERAL, state=before.state)
    assert_truth(sandbox, after.records)
    assert after.counts.keys() - {*SEVERAL} == {"report_categories"}


def test_parents_may_be_missing_from_the_catalog(sandbox: Sandbox) -> None:
    """A catalog that does not know the parents at all does not keep their children from coming."""
    catalog = catalog_of(*SEVERAL)
    catalog["streams"] = [one for one in catalog["streams"] if one["stream"] in SEVERAL]
    output = run(sandbox.config, catalog=catalog)
    assert output.error is None
    assert_truth(sandbox, output.records)


def assert_truth(sandbox: Sandbox, *parts: dict[str, list[Message]]) -> None:
    """Compare what some runs wrote of several children with what there is."""
    for stream in SEVERAL:
        rows = newest([row for part in parts for row in part.get(stream, [])], stream)
        assert texts(rows) == texts(truth(sandbox, stream)), stream


def test_deselected_fields_of_the_parent_are_known_all_the_same(sandbox: Sandbox) -> None:
    """A child needs its parent's fields, whatever of them is written."""
    catalog = catalog_of("jobs", "job_holds")
    [jobs] = [one for one in catalog["streams"] if one["stream"] == "jobs"]
    for entry in jobs["metadata"]:
        if entry["breadcrumb"] == ["properties", "jobStatus"]:
            entry["metadata"]["selected"] = False
    output = run(sandbox.config, catalog=catalog)
    assert not any("jobStatus" in row for row in output.records["jobs"])
    assert texts(output.records["job_holds"]) == texts(truth(sandbox, "job_holds"))


def test_routers_are_listed_by_a_setting(sandbox: Sandbox) -> None:
    """The ids of routers come from the setting, an unknown one gives no rows, and without any nothing is asked."""
    ids = [*ROUTERS, "no such/router"]
    output = run(sandbox.config | {"router_ids": ids}, "router_sessions")
    assert output.error is None
    assert texts(output.records["router_sessions"]) == texts(truth(sandbox, "router_sessions"))
    assert {row["routerId"] for row in output.records["router_sessions"]} == {*ROUTERS}
    sandbox.forget_requests()
    settings = {name: value for name, value in sandbox.config.items() if name != "router_ids"}
    without = run(settings, "router_sessions", "zones")
    assert without.error is None
    assert without.counts.keys() == {"zones"}
    assert sandbox.requests("router_sessions") == []


# What is refused.


REFUSED = ("customer_notes", "job_attachments", "journal_entry_details", "reports")


@pytest.mark.parametrize("status", [404, 409])
def test_a_parent_that_gives_nothing_is_passed_over(sandbox: Sandbox, status: int) -> None:
    """A 404 or a 409 of one parent costs the rows of that parent, and the others come."""
    for stream in REFUSED:
        sandbox.fault("status", stream, status=status, skip=1)
    output = run(sandbox.config, *REFUSED)
    assert output.error is None
    for stream in REFUSED:
        refused = [one["path"] for one in sandbox.requests(stream) if one["status"] == status]
        assert refused
        wanted = [row for row in truth(sandbox, stream) if path_below(stream, row) not in refused]
        assert texts(output.records[stream]) == texts(wanted)
        assert output.bookmarks[stream]["parent"]


def path_below(stream: str, row: Message) -> str:
    """Give the address that a row came from."""
    return BY_NAME[stream].url.format(tenant="4242", **{name: row[name] for name in BY_NAME[stream].placeholders})


def test_an_inactive_customer_has_its_notes_later(sandbox: Sandbox) -> None:
    """Notes that the API kept back while their customer was inactive come when it is active again."""
    first = run(sandbox.config, "customer_notes")
    assert 409 in {one["status"] for one in sandbox.requests("customer_notes")}
    inactive = [{"id": row["id"]} for row in sandbox.rows("customers") if not row["active"]]
    before = len(truth(sandbox, "customer_notes"))
    sandbox.touch("customers", keys=inactive, values={"active": True})
    assert len(truth(sandbox, "customer_notes")) > before
    sandbox.advance(QUARTER)
    second = run(sandbox.config, "customer_notes", state=first.state)
    both = first.records["customer_notes"] + second.records["customer_notes"]
    assert texts(newest(both, "customer_notes")) == texts(truth(sandbox, "customer_notes"))


OUT_OF_ORDER = ("customer_notes", "job_booked_logs", "journal_entry_details", "reports", "router_sessions")


@pytest.mark.parametrize("body", ["json", "gateway", "html"])
@pytest.mark.parametrize("stream", OUT_OF_ORDER)
def test_an_endpoint_that_is_out_of_order_is_no_parent_without_children(
    sandbox: Sandbox, stream: str, body: str
) -> None:
    """A child that was read before and gets 404 of all parents has failed, and what it missed comes later."""
    before = run(sandbox.config, stream)
    parent = BY_NAME[stream].parent or ""
    if parent in BY_NAME:
        sandbox.touch(parent, 3)
    if BY_NAME[stream].revisit != "changed":
        sandbox.touch(stream, 2)
    sandbox.advance(WEEK)
    sandbox.fault("status", stream, status=404, times=0, body=body)
    broken = run(sandbox.config, stream, "zones", state=before.state)
    assert isinstance(broken.error, RunError)
    assert f"{stream}: " in str(broken.error)
    assert broken.counts.keys() == {"zones"}
    assert broken.bookmarks[stream] == before.bookmarks[stream]
    sandbox.clear_faults()
    back = run(sandbox.config, stream, state=broken.state)
    assert back.error is None
    both = before.records[stream] + back.records[stream]
    assert texts(newest(both, stream)) == texts(truth(sandbox, stream))


@pytest.mark.parametrize("stream", OUT_OF_ORDER)
def test_an_endpoint_that_never_answered_is_asked_again(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, stream: str
) -> None:
    """Where no parent ever answered, nobody can tell why: a warning says so, and the next run visits all of them."""
    sandbox.fault("status", stream, status=404, times=0)
    with caplog.at_level(logging.WARNING):
        broken = run(sandbox.config, stream)
    assert broken.error is None
    assert not [one for one in broken.messages if one["type"] == "STATE"]
    assert any("deselect the stream" in one for one in caplog.messages)
    sandbox.clear_faults()
    back = run(sandbox.config, stream)
    assert texts(back.records[stream]) == texts(truth(sandbox, stream))


@pytest.mark.parametrize("body", ["gateway", "html"])
def test_a_404_of_a_gateway_says_nothing_of_a_parent(sandbox: Sandbox, body: str) -> None:
    """One alone ends the stream, because the rows of that parent would be missed."""
    sandbox.fault("status", "job_booked_logs", status=404, skip=3, body=body)
    broken = run(sandbox.config, "job_booked_logs")
    assert isinstance(broken.error, RunError)
    assert "check api_url and st_app_key" in str(broken.error)
    assert not [one for one in broken.messages if one["type"] == "STATE"]
    back = run(sandbox.config, "job_booked_logs")
    assert texts(back.records["job_booked_logs"]) == texts(truth(sandbox, "job_booked_logs"))


@pytest.mark.parametrize("stream", ["location_preferred_technicians", "customer_notes", "customers", "zones"])
def test_no_content_is_an_empty_answer(sandbox: Sandbox, stream: str) -> None:
    """A 204 is how the API answers a null: no row below that parent. A feed has a token to give, and fails."""
    sandbox.fault("status", stream, status=204, body="empty")
    output = run(sandbox.config, stream)
    if stream == "customers":
        assert isinstance(output.error, RunError)
        assert not [one for one in output.messages if one["type"] == "STATE"]
        return
    assert output.error is None
    refused = [one["path"] for one in sandbox.requests(stream) if one["status"] == 204]
    assert refused
    wanted = [row for row in truth(sandbox, stream) if path_below(stream, row) not in refused]
    assert texts(output.records[stream]) == texts(wanted)


def test_a_router_that_is_added_brings_what_it_had(sandbox: Sandbox) -> None:
    """The bookmark remembers whose sessions were read, so that those of a new router come from the first on."""
    streams = ("router_sessions", "router_performance")
    settings = sandbox.config | {"start_date": "2026-06-01T00:00:00Z"}
    before = run(settings | {"router_ids": [*ROUTERS[:1]]}, *streams)
    sandbox.advance(WEEK)
    after = run(settings | {"router_ids": [*ROUTERS]}, *streams, state=before.state)
    alone = run(settings | {"router_ids": [*ROUTERS[1:]]}, *streams)
    assert (before.error, after.error, alone.error) == (None, None, None)
    for stream, name in zip(streams, ("routerId", "id"), strict=True):
        assert alone.records[stream]
        came = [row for row in after.records[stream] if row[name] in ROUTERS[1:]]
        assert texts(came) == texts(alone.records[stream])
        assert after.bookmarks[stream]["parent_ids"] == [*ROUTERS]
    sandbox.forget_requests()
    run(settings | {"router_ids": [*ROUTERS]}, *streams, state=after.state)
    assert len(sandbox.requests()) < 12


def test_a_child_whose_parents_are_not_granted_names_their_scope(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A 403 on the parents skips the child with one warning that names both, and the scope that is missing."""
    sandbox.revoke_scope("jobs")
    with caplog.at_level(logging.WARNING):
        output = run(sandbox.config, "job_attachments", "zones")
    assert output.error is None
    [warning] = [one for one in caplog.messages if "job_attachments" in one]
    assert "jobs: 403" in warning
    assert "tn.jpm.jobs:r" in warning
    assert "tn.frm.jobs:r" not in warning
    assert output.counts.keys() == {"zones"}


def test_a_child_that_is_not_granted_itself_names_its_own_scope(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A 403 on the child costs one request below a parent, and names the child's scope."""
    sandbox.revoke_scope("job_attachments")
    with caplog.at_level(logging.WARNING):
        output = run(sandbox.config, "jobs", "job_attachments")
    assert output.error is None
    [warning] = [one for one in caplog.messages if "job_attachments" in one]
    assert "tn.frm.jobs:r" in warning
    assert len(sandbox.requests("job_attachments")) == 1
    assert output.counts == {"jobs": len(sandbox.rows("jobs"))}


def test_a_child_that_lost_its_parents_has_failed(sandbox: Sandbox) -> None:
    """A scope that was granted before, when the child was read, is missed loudly, and the bookmark stays."""
    state = run(sandbox.config, "job_attachments").state
    scope = sandbox.revoke_scope("jobs")
    output = run(sandbox.config, "job_attachments", "zones", state=state)
    assert isinstance(output.error, RunError)
    assert "job_attachments: its parents cannot be read: jobs: 403" in str(output.error)
    assert scope in str(output.error)
    assert output.bookmarks["job_attachments"] == state["bookmarks"]["job_attachments"]


@pytest.mark.parametrize(("status", "activated"), [(404, 1), (409, 0)], ids=["there is none", "not told"])
def test_rows_that_are_not_told_are_not_taken_for_gone(sandbox: Sandbox, status: int, activated: int) -> None:
    """A 409 hides rows that exist, so no version is activated; a 404 says that there are none."""
    sandbox.fault("status", "membership_type_discounts", status=status, skip=1)
    output = run(sandbox.config | {"emit_activate_version_messages": True}, "membership_type_discounts")
    assert output.error is None
    assert len(versions(output, "membership_type_discounts")) == activated


# Rows that move while they are read.


@pytest.mark.parametrize(("stream", "parent"), [("reports", "report_categories"), ("scheduler_sessions", "schedulers")])
def test_parents_that_move_are_all_visited(
    sandbox: Sandbox, short_pages: Callable[[int], None], stream: str, parent: str
) -> None:
    """Parents that move while they are listed are all visited, and their children come."""
    half = 2
    short_pages(half)
    sandbox.fault("shift", parent, times=0, count=half)
    output = run(sandbox.config, stream)
    assert output.error is None
    assert {*visited(sandbox, stream)} == paths(stream, sandbox.rows(parent))
    assert texts(newest(output.records[stream], stream)) == texts(truth(sandbox, stream))


SHUFFLE = 1


@pytest.mark.parametrize(
    ("stream", "parent"),
    [("bank_deposit_transactions", "bank_deposits"), ("journal_entry_details", "journal_entries")],
)
def test_parents_that_cannot_be_proven_complete_are_visited_again(
    sandbox: Sandbox, short_pages: Callable[[int], None], stream: str, parent: str
) -> None:
    """Where some parents may have been missed, the child has no bookmark, and the next run visits all of them."""
    short_pages(4)
    # With so many rows in another order for each request, no two readings agree.
    assert len(sandbox.rows(parent)) > 10
    # The sandbox is in this process: its shuffling is the same each time.
    random.seed(SHUFFLE)
    sandbox.set_quirks(parent, shuffled=True, page_cap=3)
    first = run(sandbox.config, stream)
    assert first.error is None
    assert b'"STATE"' not in first.raw
    sandbox.clear_quirks()
    second = run(sandbox.config, stream)
    assert texts(newest(first.records[stream] + second.records[stream], stream)) == texts(truth(sandbox, stream))


def test_sessions_that_were_missed_come_next(sandbox: Sandbox, short_pages: Callable[[int], None]) -> None:
    """Where the rows of one parent came short, the bookmark does not pass them."""
    short_pages(4)
    sandbox.fault("shift", "scheduler_sessions", times=0, count=4)
    first = run(sandbox.config, "scheduler_sessions")
    assert len(newest(first.records["scheduler_sessions"], "scheduler_sessions")) < len(
        sandbox.rows("scheduler_sessions")
    )
    sandbox.clear_faults()
    state = first.state if "bookmarks" in first.raw.decode() else None
    second = run(sandbox.config, "scheduler_sessions", state=state)
    rows = newest(first.records["scheduler_sessions"] + second.records["scheduler_sessions"], "scheduler_sessions")
    assert texts(rows) == texts(truth(sandbox, "scheduler_sessions"))


# Interrupted.


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("skip", [1, 27], ids="after {} requests".format)
def test_a_first_walk_that_breaks_off_is_gone_on_with(sandbox: Sandbox, skip: int) -> None:
    """Resumed from the last STATE of a walk that failed, the next run brings all that is missing."""
    for stream in SEVERAL:
        sandbox.fault("status", stream, skip=skip, times=LONG)
    broken = run(sandbox.config, *SEVERAL, "zones")
    assert isinstance(broken.error, RunError)
    sandbox.clear_faults()
    sandbox.forget_requests()
    rest = run(sandbox.config, *SEVERAL, state=broken.state)
    assert rest.error is None
    assert_truth(sandbox, broken.records, rest.records)
    # The parents of a page that the bookmark has passed are not visited again.
    if skip > 20:
        for stream in ("customer_notes", "job_attachments"):
            assert len(visited(sandbox, stream)) == len(sandbox.rows(BY_NAME[stream].parent or "")) - 20


@pytest.mark.usefixtures("impatient")
def test_a_weekly_visit_that_breaks_off_is_gone_on_with(sandbox: Sandbox) -> None:
    """A visit of all parents goes on where it broke off, and asks for what changed since the last complete one."""
    first = run(sandbox.config, "customer_notes")
    sandbox.touch("customer_notes", len(sandbox.rows("customer_notes")))
    sandbox.advance(WEEK)
    sandbox.fault("status", "customer_notes", skip=21, times=LONG)
    broken = run(sandbox.config, "customer_notes", state=first.state)
    assert broken.bookmarks["customer_notes"]["full_visit_began"][:16] == sandbox.now[:16]
    sandbox.clear_faults()
    sandbox.forget_requests()
    sandbox.advance(DAY)
    rest = run(sandbox.config, "customer_notes", state=broken.state)
    both = {**dict.fromkeys(texts(broken.records["customer_notes"] + rest.records["customer_notes"]))}
    assert {*texts(truth(sandbox, "customer_notes"))} <= both.keys() | {*texts(first.records["customer_notes"])}
    assert len(visited(sandbox, "customer_notes")) < len(sandbox.rows("customers"))
    assert rest.bookmarks["customer_notes"]["full_visit_began"] is None
    assert rest.bookmarks["customer_notes"]["last_full_visit"] == broken.bookmarks["customer_notes"]["full_visit_began"]


def test_every_state_can_be_resumed_from(sandbox: Sandbox) -> None:
    """Cut off after any STATE and resumed from it, a walk brings every row."""
    streams = ("customer_notes", "job_attachments", "wbs_project_segment_items")
    output = run(sandbox.config, *streams)
    rounds = 0
    for bookmarks, before in bookmarks_and_rows(output.messages):
        rounds += 1
        rest = run(sandbox.config, *bookmarks, state={"bookmarks": bookmarks}).records
        for stream in bookmarks:
            rows = newest(before.get(stream, []) + rest.get(stream, []), stream)
            assert texts(rows) == texts(truth(sandbox, stream)), stream
    assert rounds > 4


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_in_the_middle_of_a_first_walk(sandbox: Sandbox, tmp_path: Path, seed: int) -> None:
    """However a run is killed, the next one goes on from the last STATE, and nothing is missing in the end."""
    dice = random.Random(seed)  # noqa: S311 - the same bytes in every test run
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps(catalog_of(*SEVERAL)))
    output, state, parts = b"", None, []
    for most in (dice.randrange(1, 150_000), -1):
        command = command_line(tmp_path, sandbox.config, "--catalog", str(catalog), state=state)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - ours
            assert process.stdout
            output = process.stdout.read(most)
            if most > 0:
                process.kill()
        whole = Output(raw=output[: output.rfind(b"\n") + 1])
        parts.append(whole.records)
        state = whole.state if b'"type":"STATE"' in whole.raw else None
    assert process.returncode == 0
    assert_truth(sandbox, *parts)
