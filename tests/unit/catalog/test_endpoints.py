"""The stream table: each row against its facts, and what is said of a row that cannot be."""

from __future__ import annotations

import ast
import graphlib
import re
import runpy
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_servicetitan.catalog import endpoints
from tap_servicetitan.catalog.endpoint import BODY, Endpoint
from tap_servicetitan.catalog.endpoints import BY_NAME, ENDPOINTS
from tap_servicetitan.catalog.rows import (
    PAGE_SIZE,
    child,
    child_object,
    export,
    full_list,
    incremental_list,
    module,
    unpaged,
    windowed,
)
from tap_servicetitan.catalog.schema import stream_facts
from tap_servicetitan.catalog.window import Window
from tap_servicetitan.settings.schema import SETTINGS
from tests.support.each import for_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def each_row_that(is_meant: Callable[[Endpoint], object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Repeat a test for each row of a sort."""
    return for_each("row", [row for row in ENDPOINTS if is_meant(row)])


each_row = each_row_that(lambda _row: True)
TABLE = Path(endpoints.__file__)

WRITES = {"capacities": "tn.dis.capacity:w", "fleet_events": "tn.flt.events:w", "fleet_gps": "tn.flt.gps:w"}
"""POSTs that read: the vendor wants the scope to write."""

NULL_BY_DECLARATION = {
    # The vendor declares no property of these two rows as never null, and both are listed and asked for by id.
    ("journal_entries", "id"),
    ("payment_terms", "id"),
    # The id of journal_entries, in their lines.
    ("journal_entry_summaries", "journalEntryId"),
    ("journal_entry_details", "journalEntryId"),
}
"""Parts of keys that the documents allow to be null, and that can hardly be."""

SWITCHES = {
    "active": "Any",
    "activeState": "All",
    "includeInactive": "true",
    "activeOnly": "false",
    "isArchived": None,
}
"""The five ways in which the API brings inactive rows too.

isArchived has no such value: it is documented as a filter, without a default and without a value for both.
"""

OTHER_SWITCHES = {
    "empty": "Include",
    "includeSubtasks": "true",
    "includeChildren": "true",
    "skillBasedAvailability": "false",
}
"""What else leaves out rows, or parts of them, unless asked."""

STATUS_HIDES = {"forms", "submissions"}
"""Where `status` leaves out rows unless asked; elsewhere it is a filter like any other."""

SMALLER_PAGES = {
    # The documents name 500 as the maximum.
    "journal_entries": 500,
    "journal_entry_summaries": 500,
    "journal_entry_details": 500,
    "intacct_business_unit_mappings": 500,
    # Clients met the limit on live tenants.
    "submissions": 500,
    "return_types": 500,
    # Nothing is known: a cautious one.
    "fleet_events": 1_000,
    "fleet_gps": 1_000,
}

FEW = {"report_categories", "schedulers", "wbs_segments"}
"""Parents of which a tenant has so few, or of which so few change, that a request for each is cheap."""

MADE = {"_key": "string", "_line": "integer", "tenantId": "integer"}

Facts = dict[str, Any]


def declared(row: Endpoint) -> Facts:
    """List the fields of a row's records, as the vendor declares them."""
    known: Facts = stream_facts(row)["properties"]
    if row.nested_records is None:
        return known
    rest = {name: fact for name, fact in known.items() if name != row.nested_records}
    entry: Facts = known[row.nested_records]["items"]["properties"]
    return rest | entry


def known_fields(row: Endpoint) -> Facts:
    """List the fields of a row's records, those that the tap adds included."""
    added: Facts = {name: {"type": MADE[name]} for name in row.key if name in MADE}
    parent = BY_NAME.get(row.parent or "")
    for name, field in row.links.items():
        added[name] = known_fields(parent)[field] if parent else {"type": "string"}
    if row.window:
        added |= {name: {"type": "string", "format": "date"} for name in row.window.fields}
    added |= {name: at(declared(row), path) for name, path in row.copied_fields.items()}
    return added | declared(row)


def at(fields: Facts, path: str) -> Facts:
    """Follow a dotted path through fields and those within them."""
    *outer, last = path.split(".")
    for name in outer:
        assert types(fields[name]) == ["object"], path
        fields = fields[name]["properties"]
    found: Facts = fields[last]
    return found


def types(fact: Facts) -> list[str]:
    """List the types of a field, but null."""
    return [one for one in ([fact["type"]] if isinstance(fact["type"], str) else fact["type"]) if one != "null"]


def may_be_null(fact: Facts) -> bool:
    """Tell whether the vendor allows null."""
    return "null" in fact["type"]


def documented(row: Endpoint) -> set[str]:
    """List the parameters that the documents know for the path."""
    return set(stream_facts(row)["parameters"])


def sent(row: Endpoint) -> set[str]:
    """List every parameter that the tap may send for a row."""
    found = {*row.query, *(name for asked in row.each_pass for name in asked)}
    if row.kind == "export":
        found |= {"from", "includeRecentChanges"}
    if row.page_size:
        found |= {*row.page_parameters}
    if row.window:
        found |= {row.window.start, row.window.end}
    if "sort" in stream_facts(row):
        found.add("sort")
    return found | {one for one in (row.modified_since, row.ids) if one}


# The table as a whole


def test_every_feed_is_selected() -> None:
    """A feed is what the tap is there for, so all of them are read unless deselected."""
    assert [row.name for row in ENDPOINTS if row.kind == "export" and not row.selected] == []


def test_no_two_streams_read_the_same() -> None:
    """Streams of one path differ in what they ask, or in which part of the answer they take."""
    same = defaultdict(list)
    for row in ENDPOINTS:
        same[row.url].append((tuple(row.query.items()), row.records))
    assert [url for url, ways in same.items() if len(set(ways)) < len(ways)] == []
    assert sorted(len(ways) for ways in same.values() if len(ways) > 1) == [3, 4]


def test_a_row_of_a_module_is_in_that_module() -> None:
    """Each module has its own base path, and but for one that has two versions, no more than one."""
    bases = {(row.module, row.base) for row in ENDPOINTS}
    assert all(re.fullmatch(r"/[a-z-]+/v[23]/tenant/{tenant}/", base) for _, base in bases)
    assert {name for name, count in Counter(name for name, _ in bases).items() if count > 1} == {"telecom"}
    assert len({base for _, base in bases}) == len(bases)


def test_former_names_mean_one_stream() -> None:
    """A former name is not the name of another stream: its bookmark would be taken for the wrong stream."""
    former = [row.meltanolabs_name for row in ENDPOINTS if row.meltanolabs_name]
    assert len(set(former)) == len(former) > 0
    assert not set(former) & {row.name for row in ENDPOINTS}


# Facts, scope, keys and replication keys


@each_row
def test_facts_are_those_of_the_path(row: Endpoint) -> None:
    """The facts of a row were taken from the very path that it asks, however its placeholders are named."""
    assert _plain(stream_facts(row)["path"]) == _plain(row.url)


@each_row
def test_scope_is_read_only(row: Endpoint) -> None:
    """A row needs one scope, and only to read; the one exception is written down."""
    scope = stream_facts(row)["scope"]
    assert re.fullmatch(r"tn\.[a-z]+\.[a-z]+:r", scope) or scope == WRITES[row.name]
    assert (row.method == "POST") is (row.name in WRITES)


@each_row
def test_key_is_never_null(row: Endpoint) -> None:
    """Each part of a key is a field of the record, a plain value, and never null."""
    assert len(set(row.key)) == len(row.key)
    fields = known_fields(row)
    for name in row.key:
        assert types(fields[name]) in (["integer"], ["string"]), name
        assert may_be_null(fields[name]) is ((row.name, name) in NULL_BY_DECLARATION), name


def test_the_list_of_nullable_keys_is_short() -> None:
    """A key that is no longer nullable, or no key any more, leaves the list of exceptions."""
    assert all(may_be_null(known_fields(BY_NAME[stream])[name]) for stream, name in NULL_BY_DECLARATION)
    assert all(name in BY_NAME[stream].key for stream, name in NULL_BY_DECLARATION)


@each_row_that(lambda row: not may_be_null(declared(row).get("id", {"type": "null"})))
def test_what_has_an_id_of_its_own_is_known_by_it(row: Endpoint) -> None:
    """An id that is never null is in the key: what else is in it only tells apart what shares an id."""
    assert "id" in row.key


@each_row
def test_the_replication_key_is_a_time(row: Endpoint) -> None:
    """The replication key is a time among the fields; what is read by time has one, and the rest has none."""
    if row.replication_key is not None:
        fact = known_fields(row)[row.replication_key]
        assert types(fact) == ["string"]
        assert fact["format"] in (("date", "date-time") if row.window else ("date-time",))
    if row.kind == "export":
        assert row.replication_key or not {"modifiedOn", "createdOn"} & declared(row).keys()
    elif row.window:
        assert bool(row.replication_key) is not bool(row.window.ahead)
    else:
        assert bool(row.replication_key) is bool(row.modified_since)


@each_row_that(lambda row: "modifiedOn" in known_fields(row))
def test_the_replication_key_moves_with_a_change(row: Endpoint) -> None:
    """Where there is a modifiedOn, and the API filters by it, it is the replication key: createdOn does not move."""
    can_be_asked = "modifiedOnOrAfter" in documented(row) and not row.timestamp_misses
    assert row.replication_key == ("modifiedOn" if row.kind == "export" or can_be_asked else None)
    assert row.modified_since == ("modifiedOnOrAfter" if can_be_asked else None)


@each_row_that(lambda row: row.timestamp_misses)
def test_what_a_timestamp_misses_is_read_in_full(row: Endpoint) -> None:
    """A list whose timestamp does not say all changes is read in full, although the API could leave rows out."""
    assert (row.kind, row.replication_key, row.modified_since) == ("list", None, None)
    assert "modifiedOnOrAfter" in documented(row)


@pytest.mark.parametrize("stream", ["customers", "locations"])
def test_a_merged_row_says_what_it_was_merged_to(stream: str) -> None:
    """What was merged comes once more, with the id of the row that took its place."""
    assert types(declared(BY_NAME[stream])["mergedToId"]) == ["integer"]


@each_row_that(lambda row: row.modified_since)
def test_the_filter_is_by_the_replication_key(row: Endpoint) -> None:
    """A list is filtered by the very field that its bookmark is of."""
    assert row.modified_since == f"{row.replication_key}OrAfter"


@each_row_that(lambda row: row.start_date_applies)
def test_a_start_date_applies_where_there_is_a_filter(row: Endpoint) -> None:
    """A start date can apply only where the API filters by time."""
    assert row.modified_since


# Parameters


@each_row
def test_parameters_are_documented(row: Endpoint) -> None:
    """Every parameter sent is documented: the API ignores a misspelt one and sends the whole history."""
    assert sent(row) <= documented(row)


@each_row
def test_required_parameters_are_sent(row: Endpoint) -> None:
    """Every parameter that the documents require is sent."""
    assert set(stream_facts(row)["required"]) <= sent(row)


@each_row
def test_inactive_rows_are_asked_for(row: Endpoint) -> None:
    """A row that can leave out inactive rows is told not to, by the switch that its documents name."""
    known = [f"{switch}={value}" for switch, value in SWITCHES.items() if value and switch in documented(row)]
    assert [one for one in [row.inactive] if one is not None] == known


def test_each_switch_is_of_use() -> None:
    """It is known how often each of the five switches is met: a new one, or one that is gone, is looked at."""
    rows = {switch: [row.name for row in ENDPOINTS if switch in documented(row)] for switch in SWITCHES}
    assert {switch: len(names) for switch, names in rows.items() if switch != "active"} == {
        # Invoices and payments have it, and are read by their feeds.
        "activeState": 0,
        "includeInactive": 1,
        "activeOnly": 2,
        "isArchived": 1,
    }
    assert len(rows["active"]) > 40
    assert rows["isArchived"] == ["contacts"]


@each_row
def test_hidden_rows_are_asked_for(row: Endpoint) -> None:
    """A row whose documents name another switch that hides something sets it, and no other does."""
    wanted = {switch: value for switch, value in OTHER_SWITCHES.items() if switch in documented(row)}
    assert {name: value for name, value in row.params.items() if name in OTHER_SWITCHES} == wanted


@each_row
def test_every_status_is_asked_for(row: Endpoint) -> None:
    """Where `status` hides rows unless asked, it is asked for any."""
    assert row.params.get("status") == ("Any" if row.name in STATUS_HIDES else None)


@each_row
def test_the_switch_is_not_among_the_usual_parameters(row: Endpoint) -> None:
    """Inactive rows are asked for in the one column that is there for it, so that it can be found."""
    assert not row.params.keys() & SWITCHES.keys()
    assert not row.params.keys() & {name for asked in row.each_pass for name in asked}


@each_row
def test_pages_are_asked_for_where_there_are_pages(row: Endpoint) -> None:
    """A list is asked for pages exactly where the documents know them; a feed has none to ask for."""
    has_pages = {*row.page_parameters} <= documented(row)
    assert bool({*row.page_parameters} & documented(row)) is has_pages
    assert has_pages or not any(re.search("page(size|number)?$", name, re.IGNORECASE) for name in documented(row))
    assert row.page_size == (SMALLER_PAGES.get(row.name, PAGE_SIZE) if has_pages else None)
    assert row.first_page == (0 if row.name == "intacct_business_unit_mappings" else 1)


@each_row
def test_records_are_where_the_answer_has_them(row: Endpoint) -> None:
    """The field that the records are taken from is in the answer; without a field, the answer is the record."""
    envelope: list[str] = stream_facts(row).get("envelope", [])
    assert (row.records in envelope) is (row.records != BODY)
    assert bool(envelope) is (row.records != BODY)
    if row.kind == "export":
        assert sorted(envelope) == ["continueFrom", "data", "hasMore"]


@each_row
def test_a_sort_parameter_names_the_id(row: Endpoint) -> None:
    """Rows are asked for in the order of their id, and of nothing that a change moves."""
    assert stream_facts(row).get("sort") in (None, "+Id", "+ID")
    own = {name: value for name, value in row.params.items() if name in {"sort", "orderBy"}}
    assert {value.lower() for value in own.values()} <= {"id"}


# Parents


def test_parents_exist() -> None:
    """A parent is a stream of the table, or else a setting that lists ids."""
    parents = {row.parent for row in ENDPOINTS if row.parent}
    given = parents - BY_NAME.keys()
    assert given == {"router_ids"}
    assert [SETTINGS["properties"][name]["type"] for name in given] == [["array", "null"]]


def test_parents_are_no_circle() -> None:
    """Every stream has a parent that can be read before it."""
    order = [*graphlib.TopologicalSorter({row.name: [row.parent] for row in ENDPOINTS if row.parent}).static_order()]
    assert order.index("projects") < order.index("wbs_project_segments") < order.index("wbs_project_segment_items")


@each_row_that(lambda row: row.links)
def test_links_are_fields_of_the_parent(row: Endpoint) -> None:
    """What fills a placeholder is a field of the parent, and one that has a value."""
    parent = BY_NAME.get(row.parent or "")
    for field in row.links.values():
        if parent is None:
            assert field == "id"
        else:
            fact = known_fields(parent)[field]
            assert types(fact) in (["integer"], ["string"])
            assert not may_be_null(fact) or (parent.name, field) in NULL_BY_DECLARATION


@each_row_that(lambda row: row.links and row.parent in BY_NAME)
def test_a_placeholder_is_filled_by_its_namesake(row: Endpoint) -> None:
    """A parent that has a field of the placeholder's own name fills it by that; only what is its own, by its id."""
    fields = known_fields(BY_NAME[row.parent or ""])
    assert row.links == {name: name if name in fields else "id" for name in row.placeholders}


@each_row_that(lambda row: row.links)
def test_a_placeholder_is_named_as_its_field(row: Endpoint) -> None:
    """A record that tells its parent's id has it under the name of the placeholder: it is not there twice."""
    for name in row.links:
        assert re.fullmatch(r"id|[a-z][A-Za-z]*Id", name)
        fact = declared(row).get(name)
        assert fact is None or types(fact) in (["integer"], ["string"])


@each_row_that(lambda row: row.only)
def test_parents_are_picked_by_a_field_of_theirs(row: Endpoint) -> None:
    """The field by which parents are picked is one of theirs, and the value one that it may have."""
    assert row.only is not None
    field, value = row.only
    fact = declared(BY_NAME[row.parent or ""])[field]
    assert types(fact) == ["string"]
    assert value in fact.get("enum", [value])


@each_row_that(lambda row: row.kind == "child")
def test_a_child_that_costs_a_request_for_each_of_many_is_deselected(row: Endpoint) -> None:
    """What costs a request for each of thousands of parents is read only if it is selected."""
    assert row.selected is (row.parent in FEW)


# Made keys, copied and other special fields


@each_row_that(lambda row: row.made_key)
def test_parts_of_a_made_key_are_fields(row: Endpoint) -> None:
    """A key is made of fields that exist, of a kind that can tell rows apart, and never of all alternatives twice."""
    for parts in row.made_key:
        assert len(set(parts)) == len(parts) > 0
        for path in parts:
            fact = at(known_fields(row), path)
            kinds = types(fact["items"]) if types(fact) == ["array"] else types(fact)
            assert kinds in (["integer"], ["string"]), path
    assert len({frozenset(parts) for parts in row.made_key}) == len(row.made_key)


@each_row_that(lambda row: row.made_key)
def test_a_made_key_is_made_where_there_is_no_other(row: Endpoint) -> None:
    """A key is made only where no id is declared as never null."""
    assert row.key == ("_key",)
    assert may_be_null(declared(row).get("id", {"type": "null"}))


@each_row_that(lambda row: "_line" in row.key)
def test_lines_are_numbered_where_they_have_no_id(row: Endpoint) -> None:
    """The tap numbers what has neither an id nor anything else to be told by, within its parent."""
    assert row.kind == "child"
    assert set(row.key) == {"_line", *row.links}
    assert "id" not in declared(row)


@each_row_that(lambda row: "tenantId" in row.key)
def test_what_there_is_once_is_known_by_the_tenant(row: Endpoint) -> None:
    """A record that a tenant has once, and that has no id, is known by the tenant."""
    assert row.records == BODY
    assert row.page_size is None
    assert not {"id", "tenantId"} & declared(row).keys()


@each_row_that(lambda row: row.nested_records)
def test_nested_records_hide_nothing(row: Endpoint) -> None:
    """Nested records are objects, and none of their fields hides one of the item."""
    known = stream_facts(row)["properties"]
    assert known[row.nested_records]["type"] == "array"
    assert not (known.keys() - {row.nested_records}) & known[row.nested_records]["items"]["properties"].keys()


@each_row_that(lambda row: row.copied_fields or row.window)
def test_what_the_tap_adds_hides_nothing(row: Endpoint) -> None:
    """A copied field and the fields of a window are not fields of the record already."""
    added = {*row.copied_fields, *(row.window.fields if row.window else ())}
    assert not added & declared(row).keys()
    for path in row.copied_fields.values():
        assert "." in path
        assert types(at(declared(row), path)) == ["string"]


@each_row_that(lambda row: row.scalar)
def test_a_bare_value_is_one_field(row: Endpoint) -> None:
    """A body that is no object becomes a record of one field, known by its parent."""
    assert [*declared(row)] == [row.scalar]
    assert row.records == BODY
    assert set(row.key) == set(row.links)


def test_credentials_are_marked() -> None:
    """Every field of the table whose name tells that it is a key to something is marked as a secret."""
    looks = re.compile(r"api_?key|password|secret|credential|accesstoken", re.IGNORECASE)
    found = {(row.name, name) for row in ENDPOINTS for name in declared(row) if looks.search(name)}
    marked = {(row.name, name) for row in ENDPOINTS for name in row.secret}
    assert found == marked == {("schedulers", "dataApiKey")}


@each_row_that(lambda row: row.secret)
def test_a_secret_is_no_key(row: Endpoint) -> None:
    """A field that is left out by default is not one that each record must have."""
    assert not set(row.secret) & {*row.key, row.replication_key}


@each_row_that(lambda row: row.window)
def test_a_window_tells_its_span(row: Endpoint) -> None:
    """Where records do not tell their time, they are told which span they are of, and it is part of their key."""
    assert row.window is not None
    parts = {*row.key, *(path for one in row.made_key for path in one)}
    if row.window.fields:
        assert row.window.fields.get(row.replication_key or "") == "start"
        assert row.replication_key in parts
    else:
        assert types(known_fields(row)[row.replication_key or "startUtc"]) == ["string"]
    assert row.modified_since is None
    assert not (row.window.ahead and row.window.look_back)
    assert not row.window.sparse or row.page_size, "emptiness is asked with a page of one row"


# The table as a text


def test_the_table_is_nothing_but_literals() -> None:
    """The table has rows, made by constructors from literals; a decision taken by code has no place in it."""
    body = [node for node in ast.parse(TABLE.read_text(encoding="utf-8")).body if not isinstance(node, ast.ImportFrom)]
    # The docstring, the table, its index by name, and the check that names are unique.
    assert [type(node) for node in body] == [ast.Expr, ast.AnnAssign, ast.Assign, ast.If]
    assert [ast.unparse(node) for node in _code(_table())] == []


ROWS = ("export", "incremental_list", "full_list", "unpaged", "child", "child_object", "windowed")
ORDINARY = ("export", "incremental_list", "full_list", "unpaged")
CONSTANTS = ("AD_DAYS", "BODY", "COST_MONTHS", "FLEET_DAYS", "PAGE_SIZE", "SESSION_MONTHS")
LINE = 120
INDENT = 8


def test_an_ordinary_row_is_one_line() -> None:
    """A row with a name, perhaps a path, and at most two facts is one line, unless it is longer than a line can be."""
    split = [
        ast.unparse(call)
        for call in _rows()
        if _is_ordinary(call) and call.lineno != call.end_lineno and INDENT + len(ast.unparse(call)) + 1 <= LINE
    ]
    assert split == []


def test_most_rows_are_one_line() -> None:
    """The table can be read as a table."""
    rows = [*_rows()]
    assert len(rows) == len(ENDPOINTS)
    assert sum(call.lineno == call.end_lineno for call in rows) > len(rows) / 2
    assert sum(map(_is_ordinary, rows)) > len(rows) / 2


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    """A second row of the same name is refused by name, at import."""
    source = TABLE.read_text(encoding="utf-8")
    twice = source.replace('export("bookings"),', 'export("bookings"),\n        export("bookings"),')
    assert twice != source
    copy = tmp_path / "endpoints.py"
    copy.write_text(twice, encoding="utf-8")
    with pytest.raises(ValueError, match="streams named twice in the table: bookings;"):
        runpy.run_path(str(copy))


def _table() -> ast.Tuple:
    (table,) = (node for node in ast.parse(TABLE.read_text(encoding="utf-8")).body if isinstance(node, ast.AnnAssign))
    assert isinstance(table.value, ast.Tuple)
    return table.value


def _rows() -> Iterator[ast.Call]:
    for node in ast.walk(_table()):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ROWS:
            yield node


def _is_ordinary(call: ast.Call) -> bool:
    return ast.unparse(call.func) in ORDINARY and len(call.keywords) <= 2


def _code(node: ast.AST) -> list[ast.AST]:
    """List what is neither a literal, nor a constant of the vocabulary, nor the call of a constructor."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in ("module", "Window", *ROWS):
            parts: list[ast.AST] = [*args, *(word.value for word in keywords if word.arg)]
            unpacked = [word.value for word in keywords if word.arg is None]
            return [*unpacked, *(found for part in parts for found in _code(part))]
        case ast.Starred(value=ast.Call(func=ast.Name(id="module")) as call):
            return _code(call)
        case ast.Tuple(elts=elements):
            return [found for element in elements for found in _code(element)]
        case ast.Dict(keys=keys, values=values):
            return [found for part in (*keys, *values) for found in ([node] if part is None else _code(part))]
    is_known = isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id in CONSTANTS)
    return [] if is_known else [node]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('export("a" + "b")', id="sum"),
        pytest.param('export("a", selected=not True)', id="decision"),
        pytest.param('export("a", params={**other})', id="unpacked"),
        pytest.param('export("a", **other)', id="unpacked facts"),
        pytest.param("*[export(one) for one in names]", id="loop"),
        pytest.param('incremental_list("a", page_size=PAGE_SIZE // 2)', id="arithmetic"),
        pytest.param('incremental_list("a", page_size=SIZE)', id="another name"),
        pytest.param('shadowed("a")', id="another function"),
        pytest.param('export("a".lower())', id="method"),
    ],
)
def test_code_in_the_table_is_found(source: str) -> None:
    """What this test would find in the table is code, and it is found within rows too."""
    assert _code(ast.parse(f"({source},)", mode="eval").body) != []
    literal = 'windowed("a", "b", Window(start="c", end="d", unit="day"), page_size=PAGE_SIZE, key=("e",))'
    assert _code(ast.parse(f"({literal},)", mode="eval").body) == []


# What a row may say

DAY = Window(start="from", end="to", unit="day")
GOOD: dict[str, dict[str, Any]] = {
    "export": {"name": "jobs", "kind": "export", "path": "export/jobs"},
    "list": {"name": "teams", "kind": "list", "path": "teams", "modified_since": "modifiedOnOrAfter", "page_size": 50},
    "child": {
        "name": "notes",
        "kind": "child",
        "path": "leads/{leadId}/notes",
        "parent": "leads",
        "replication_key": None,
    },
    "window": {"name": "sums", "kind": "window", "path": "sums", "window": DAY},
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_row_that_can_be_is_made(kind: str) -> None:
    """The rows that the refusals start from are right themselves."""
    assert Endpoint(**GOOD[kind]).kind == kind


@pytest.mark.parametrize(
    ("kind", "facts", "fragment"),
    [
        pytest.param("export", {"name": "jobHistory"}, "snake case", id="name in camel case"),
        pytest.param("export", {"name": "job-history"}, "snake case", id="name in kebab case"),
        pytest.param("export", {"name": "jobs_"}, "snake case", id="name with an underscore at its end"),
        pytest.param("export", {"name": "job__notes"}, "snake case", id="name with two underscores"),
        pytest.param("export", {"name": "2jobs"}, "snake case", id="name begins with a digit"),
        pytest.param("export", {"name": ""}, "snake case", id="empty name"),
        pytest.param("export", {"path": "/export/jobs"}, "'/export/jobs' starts with a slash", id="path with a slash"),
        pytest.param("export", {"path": "jobs"}, "'jobs' does not fit the kind export", id="feed with a list's path"),
        pytest.param("export", {"path": "exported/jobs"}, "does not fit the kind export", id="path that looks alike"),
        pytest.param("list", {"path": "export/teams"}, "does not fit the kind list", id="list with a feed's path"),
        pytest.param("window", {"path": "export/sums"}, "does not fit the kind window", id="window with a feed's path"),
        pytest.param(
            "child", {"path": "export/{leadId}"}, "does not fit the kind child", id="child with a feed's path"
        ),
        pytest.param("export", {"key": ()}, "has no key", id="no key"),
        pytest.param("export", {"key": ("_key",)}, "'_key' as a key and made_key go together", id="_key unmade"),
        pytest.param(
            "export", {"made_key": (("id",),)}, "'_key' as a key and made_key go together", id="made key unused"
        ),
        pytest.param(
            "list",
            {"replication_key": None},
            "sends 'modifiedOnOrAfter' without a replication_key",
            id="filter without a replication key",
        ),
        pytest.param(
            "list", {"timestamp_misses": "items"}, "a replication_key that misses changes", id="misses changes"
        ),
        pytest.param("child", {"parent": None}, "is a child without a parent", id="child without a parent"),
        pytest.param(
            "child",
            {"path": "notes"},
            "has a parent; either its path has a placeholder, or `ids`",
            id="parent without a placeholder",
        ),
        pytest.param(
            "child",
            {"ids": "leadIds"},
            "has a parent; either its path has a placeholder, or `ids`",
            id="placeholder and ids",
        ),
        pytest.param(
            "list",
            {"path": "teams/{teamId}"},
            "path 'teams/{teamId}' has a placeholder but no parent",
            id="placeholder without a parent",
        ),
        pytest.param(
            "window", {"path": "sums/{id}"}, "has a placeholder but no parent", id="window with a placeholder alone"
        ),
        pytest.param(
            "child",
            {"link": {"leadId": "id", "jobId": "id", "id": "id"}},
            "links id, jobId, which the path does not have",
            id="link of another placeholder",
        ),
        pytest.param("list", {"window": DAY}, "a window and the kind 'window' go together", id="list with a window"),
        pytest.param(
            "window", {"window": None}, "a window and the kind 'window' go together", id="window without a window"
        ),
        pytest.param("list", {"inactive": "active"}, "'active' is not of the form name=value", id="switch, no value"),
        pytest.param("list", {"inactive": "active="}, "'active=' is not of the form", id="switch, empty value"),
        pytest.param("list", {"inactive": "=Any"}, "'=Any' is not of the form", id="switch, no name"),
        pytest.param("list", {"inactive": ""}, "'' is not of the form", id="switch, empty"),
        pytest.param("list", {"passes": ("a=b", "c")}, "'c' is not of the form name=value", id="pass without a value"),
    ],
)
def test_a_row_that_cannot_be_is_refused(kind: str, facts: dict[str, Any], fragment: str) -> None:
    """A row that contradicts itself is refused when it is made, by name and with what is wrong."""
    with pytest.raises(ValueError, match=re.escape(fragment)) as refusal:
        Endpoint(**(GOOD[kind] | facts))
    assert str(refusal.value).startswith(f"endpoint {(GOOD[kind] | facts)['name']}: ")


@pytest.mark.parametrize("base", ["jpm/v2", "/jpm/v2/", ""])
def test_a_module_without_a_base_path_is_refused(base: str) -> None:
    """A module's base path is checked, and the message names the module."""
    with pytest.raises(ValueError, match=r"^module jpm: base path"):
        module("jpm", base, export("jobs"))


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        pytest.param(
            export("job_notes"),
            {
                "kind": "export",
                "path": "export/job-notes",
                "replication_key": "modifiedOn",
                "modified_since": None,
                "page_size": None,
            },
            id="export",
        ),
        pytest.param(
            incremental_list("job_notes"),
            {
                "kind": "list",
                "path": "job-notes",
                "replication_key": "modifiedOn",
                "modified_since": "modifiedOnOrAfter",
                "page_size": PAGE_SIZE,
                "records": "data",
            },
            id="incremental list",
        ),
        pytest.param(
            full_list("job_notes"),
            {
                "kind": "list",
                "path": "job-notes",
                "replication_key": None,
                "modified_since": None,
                "page_size": PAGE_SIZE,
            },
            id="full list",
        ),
        pytest.param(
            unpaged("job_notes"),
            {"kind": "list", "path": "job-notes", "replication_key": None, "page_size": None, "records": BODY},
            id="unpaged",
        ),
        pytest.param(
            child("job_notes", "jobs", "jobs/{jobId}/notes"),
            {"kind": "child", "parent": "jobs", "replication_key": None, "page_size": PAGE_SIZE, "records": "data"},
            id="child",
        ),
        pytest.param(
            child_object("job_notes", "jobs", "jobs/{jobId}/notes"),
            {"kind": "child", "parent": "jobs", "replication_key": None, "page_size": None, "records": BODY},
            id="child object",
        ),
        pytest.param(
            windowed("job_notes", "notes", DAY),
            {"kind": "window", "window": DAY, "page_size": None, "records": "data"},
            id="windowed",
        ),
    ],
)
def test_a_row_says_only_what_is_unusual(row: Endpoint, wanted: dict[str, Any]) -> None:
    """A row that names nothing but itself gets the usual of its kind: path, replication key, pages and the rest."""
    assert {name: getattr(row, name) for name in wanted} == wanted
    assert (row.name, row.key, row.method, row.first_page) == ("job_notes", ("id",), "GET", 1)
    assert (row.query, row.each_pass, row.selected, row.start_date_applies, row.revisit) == (
        {},
        ({},),
        True,
        False,
        "changed",
    )
    nothing = (
        row.nested_records,
        row.scalar,
        row.only,
        row.ids,
        row.meltanolabs_name,
        row.made_key,
        row.secret,
        dict(row.copied_fields),
    )
    assert nothing == (None, None, None, None, None, (), (), {})


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda **facts: export("pay", "export/pay", **facts), id="export"),
        pytest.param(lambda **facts: incremental_list("pay", "pay", **facts), id="incremental list"),
        pytest.param(lambda **facts: full_list("pay", "pay", **facts), id="full list"),
        pytest.param(lambda **facts: unpaged("pay", "pay", **facts), id="unpaged"),
        pytest.param(lambda **facts: child("pay", "jobs", "jobs/{jobId}/pay", **facts), id="child"),
        pytest.param(lambda **facts: child_object("pay", "jobs", "jobs/{jobId}/pay", **facts), id="child object"),
        pytest.param(lambda **facts: windowed("pay", "pay", DAY, **facts), id="windowed"),
    ],
)
def test_a_row_keeps_what_it_says(make: Callable[..., Endpoint]) -> None:
    """What a row says about itself is kept, above what is usual, when it is placed in its module."""
    said: dict[str, Any] = {
        "key": ("_key",),
        "replication_key": "on",
        "params": {"a": "b"},
        "made_key": (("id",), ("date", "job.id")),
        "meltanolabs_name": "p",
        "selected": False,
        "inactive": "active=Any",
    }
    (row,) = module("payroll", "/payroll/v2", make(**said))
    assert {name: getattr(row, name) for name in said} == said
    assert (row.module, row.url) == ("payroll", f"/payroll/v2/tenant/{{tenant}}/{row.path}")


def test_a_query_has_the_switch_too() -> None:
    """What every request carries is the usual parameters and the switch for inactive rows."""
    assert incremental_list("teams", params={"a": "1"}, inactive="active=Any").query == {"a": "1", "active": "Any"}
    assert incremental_list("teams", inactive="filter=a=b").query == {"filter": "a=b"}


def test_each_pass_asks_for_its_own() -> None:
    """A list with passes is read once with each, and one without is read once with nothing more."""
    assert incremental_list("bills", passes=("type=A", "type=B")).each_pass == ({"type": "A"}, {"type": "B"})
    assert incremental_list("bills").each_pass == ({},)


def test_a_placeholder_is_filled_by_the_id_unless_linked() -> None:
    """Each placeholder but the tenant has a field of the parent; where nothing is said, its id."""
    path = "projects/{projectId}/segments/{segmentId}/items"
    (row,) = module("jpm", "/jpm/v2", child("items", "segments", path, link={"projectId": "projectId"}))
    assert row.placeholders == ("projectId", "segmentId")
    assert row.links == {"projectId": "projectId", "segmentId": "id"}
    holds = child("holds", "jobs", "jobs/holds", ids="ids")
    assert (holds.links, holds.id_field) == ({}, "id")
    assert child("holds", "jobs", "jobs/holds", ids="vins", link={"vins": "vin"}).id_field == "vin"


@each_row_that(lambda row: row.ids)
def test_what_is_asked_by_ids_names_a_field_of_the_parent(row: Endpoint) -> None:
    """The values that a request lists are those of a key of the parent, and never null."""
    parent = BY_NAME[row.parent or ""]
    assert parent.key == (row.id_field,)
    assert not may_be_null(known_fields(parent)[row.id_field])


def _plain(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)
