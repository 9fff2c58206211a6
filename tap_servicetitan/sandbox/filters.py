"""Which rows of a list a request asks for, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tap_servicetitan.sandbox.clock import ticks
from tap_servicetitan.sandbox.responses import HttpError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tap_servicetitan.sandbox.facts import Facts
    from tap_servicetitan.sandbox.world import Row

Query: TypeAlias = "Mapping[str, str]"
State: TypeAlias = "Mapping[str, Any]"
Test: TypeAlias = "Callable[[Row, State], bool]"

_MOST_IDS = 50
_STAMPS = ("created", "modified", "submitted")
_ACTIVE_STATES: Mapping[str, str] = {"ActiveOnly": "true", "InactiveOnly": "false", "All": "any"}
# Filters that leave rows out by default: the field, its default, and the value that means all.
_CHOICES: Mapping[tuple[str, str], tuple[str, str, str | None]] = {
    ("ap_bills", "billType"): ("_billType", "Procurement", None),
    ("forms", "status"): ("_status", "Published", "Any"),
    ("journal_entries", "empty"): ("_empty", "Exclude", "Include"),
    ("submissions", "status"): ("status", "Completed", "Any"),
    ("user_roles", "employeeType"): ("employeeType", "Employee", "All"),
}
_SORTED_BY: Mapping[str, Callable[[Row, int], Any]] = {
    "id": lambda row, _: row.shown_id,
    "createdon": lambda row, _: row.created,
    "modifiedon": lambda row, now: row.changed(now),
    "submittedon": lambda row, now: row.changed(now),
    "name": lambda row, now: str(row.state(now).get("name", "")),
}


def require_parameters(facts: Facts, query: Query) -> None:
    """Refuse a request without the parameters that its endpoint requires."""
    if any(not query.get(name) for name in facts.required):
        raise HttpError(400)


def chosen(facts: Facts, query: Query, rows: Iterable[Row], now: int) -> list[Row]:
    """Pick the rows that a request asks for."""
    tests = [*_dates(facts, query, now), *_identities(facts, query), *_activity(facts, query), *_choices(facts, query)]
    if not tests:
        return list(rows)
    return [row for row in rows if _passes(row, row.state(now), tests)]


def _passes(row: Row, state: State, tests: Iterable[Test]) -> bool:
    return all(test(row, state) for test in tests)


def _dates(facts: Facts, query: Query, now: int) -> Iterable[Test]:
    for stamp in _STAMPS:
        for name, after in ((f"{stamp}OnOrAfter", True), (f"{stamp}Before", False)):
            if name in facts.parameters and query.get(name):
                yield _dated(stamp, after=after, mark=_instant(facts, query[name]), now=now)


def _dated(stamp: str, *, after: bool, mark: int, now: int) -> Test:
    def test(row: Row, _: State) -> bool:
        at = row.created if stamp == "created" else row.changed(now) or row.created
        return at >= mark if after else at < mark

    return test


def _instant(facts: Facts, text: str) -> int:
    # Seen on a live tenant: this list takes a Z and no offset.
    if facts.row.name == "submissions" and text.endswith(("+00:00", " 00:00")):
        raise HttpError(400)
    try:
        return ticks(text)
    except ValueError as error:
        raise HttpError(400) from error


def _identities(facts: Facts, query: Query) -> Iterable[Test]:
    if "ids" in facts.parameters and query.get("ids"):
        wanted = ids_of(query["ids"])
        yield lambda row, _: str(row.shown_id) in wanted


def ids_of(text: str) -> frozenset[str]:
    """Read the parameter that names rows by their ids."""
    wanted = [part.strip() for part in text.split(",")]
    if len(wanted) > _MOST_IDS:
        raise HttpError(400)
    return frozenset(wanted)


def _activity(facts: Facts, query: Query) -> Iterable[Test]:
    if "includeInactive" in facts.parameters:
        wanted = "any" if query.get("includeInactive", "").lower() == "true" else "true"
    elif "activeOnly" in facts.parameters:
        wanted = "any" if query.get("activeOnly", "").lower() == "false" else "true"
    elif "activeState" in facts.parameters:
        wanted = _ACTIVE_STATES.get(query.get("activeState", "ActiveOnly"), "")
    elif "active" in facts.parameters:
        wanted = query.get("active", "True").lower()
    else:
        wanted = "any"
    if wanted not in {"any", "true", "false"}:
        raise HttpError(400)
    if "includeChildren" in facts.parameters and query.get("includeChildren", "").lower() != "true":
        yield lambda _, state: state.get("parentId") is None
    if wanted != "any":
        yield lambda _, state: state.get("active", True) is (wanted == "true")


def _choices(facts: Facts, query: Query) -> Iterable[Test]:
    for name in facts.parameters:
        field, usual, everything = _CHOICES.get((facts.row.name, name), (name, "", None))
        wanted = query.get(name) or usual
        # A filter that is named as a field is a filter by that field; `ids` and `active` have rules of their own.
        if wanted and wanted != everything and (field != name or field in facts.properties) and field != "active":
            yield _equal(field, wanted)


def _equal(field: str, wanted: str) -> Test:
    return lambda _, state: str(state.get(field)).lower() == wanted.lower()


def ordered(facts: Facts, query: Query, rows: list[Row], now: int) -> list[Row]:
    """Put rows in the order that is requested; they come in the order of their changes."""
    for name, downward in (("sort", None), ("orderBy", "orderByDirection"), ("sortBy", "descending")):
        if name in facts.parameters and query.get(name):
            text = query[name]
            field = text.lstrip("+- ").lower()
            if field not in _SORTED_BY:
                raise HttpError(400)
            backward = query.get(downward, "").lower() in {"desc", "true"} if downward else text.startswith("-")
            by = _SORTED_BY[field]
            return sorted(rows, key=lambda row: by(row, now), reverse=backward)
    return rows
