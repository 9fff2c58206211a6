"""A report's columns: names that are safe in SQL, types that hold, and the schema made of both."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

from tap_servicetitan.catalog.schema import JSON_TEXT, LONGEST_KEY
from tap_servicetitan.errors import ReportError, TypeMismatchError
from tap_servicetitan.reports.values import FITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tap_servicetitan.reports.description import Field, Report
    from tap_servicetitan.reports.values import Kind

Schema = dict[str, Any]

KEY, REPORT_ID, WINDOW_FROM, WINDOW_TO, RUN_AT, MISFITS, END_MARKER = (
    "_key",
    "_report_id",
    "_window_from",
    "_window_to",
    "_run_at",
    "_misfits",
    "_end_marker",
)
"""Columns that the tap adds. Those of a report never begin with an underscore."""

LONGEST_NAME = 60
"""PostgreSQL cuts names at 63 letters; the rest is for a number that tells two apart."""

_KINDS: Mapping[str, Kind] = {"Number": "number", "Boolean": "boolean", "Date": "date"}
"""A Time may be a clock's or a duration, and no target has a type for both."""

_TYPES: Mapping[Kind, Schema] = {
    "number": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "time": {"type": ["string", "null"], "format": "date-time"},
    "text": {"type": ["string", "null"]},
}
_OWN: Mapping[str, Schema] = {
    KEY: {
        "type": "string",
        "maxLength": 32,
        "description": "Made by the tap: the window's first day, and the row's place in it",
    },
    REPORT_ID: {"type": ["integer", "null"], "description": "Id of the report"},
    WINDOW_FROM: {"type": ["string", "null"], "format": "date", "description": "First day of the request"},
    WINDOW_TO: {"type": ["string", "null"], "format": "date", "description": "Last day of the request"},
    RUN_AT: {"type": ["string", "null"], "format": "date-time", "description": "When this reading began"},
    MISFITS: JSON_TEXT | {"description": "Values that are not of their column's type, by column"},
    END_MARKER: {"type": ["boolean", "null"], "description": "True for no row of the report: it had none, and has had"},
}

# Reserved in PostgreSQL, DuckDB, Snowflake, BigQuery, Redshift or SQL Server.
_WORDS = """
account all alter analyse analyze and any array as asc asymmetric at authorization backup begin between both break
browse bulk by cascade case cast check checkpoint close clustered coalesce collate column commit compute connect
connection constraint contains continue convert create cross cube current current_date current_role current_time
current_timestamp current_user cursor database date deallocate declare default deferrable deny desc describe
distinct distributed do drop dump else end errlvl escape except exclude exec execute exists exit extract false fetch
file fillfactor following for foreign freetext freeze from full function goto grant group grouping groups gsclass
hash having holdlock identity if ignore ilike in increment index initially inner insert intersect interval into is
isnull issue join key kill lateral leading left like limit lineno load localtime localtimestamp lookup merge minus
national natural new no nocheck nonclustered not notnull null nullif nulls of off offset offline oid old on only
open option or order organization outer over overlaps partition percent pivot placing plan preceding primary print
proc procedure proto public qualify raise range read references replication respect restore restrict return
returning revert revoke right rlike rollback rollup row rows rule save schema select session session_user set
setuser share shutdown similar some start statistics struct summarize symmetric system_user table tablesample tag
then time timestamp to top trailing tran transaction treat trigger true truncate try_cast tsequal unbounded union
unique unnest unpivot update use user using value values variadic verbose view waitfor when whenever where while
window with within writetext
"""
_RESERVED = frozenset(_WORDS.split())
_SIGNS = {"#": " number ", "%": " percent ", "&": " and ", "ß": "ss"}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A column of a report, as the stream has it."""

    name: str
    field: Field
    kind: Kind

    @property
    def words(self) -> str:
        """The words of its name and of its label, in lower case."""
        return f"{_safe(self.field.name, 0)}_{_safe(self.field.label or '', 0)}"

    @property
    def fit(self) -> Callable[[Any], Any]:
        """What turns a value into one of the column's type, without losing anything of it, or raises a misfit."""
        return FITS[self.kind]


def columns_of(report: Report) -> list[Column]:
    """Give the columns of a report, of the types that it declares."""
    names = column_names([one.name for one in report.fields])
    return [
        Column(name, field, _KINDS.get(field.data_type, "text"))
        for name, field in zip(names, report.fields, strict=True)
    ]


def column_names(names: Sequence[str]) -> list[str]:
    """Give each of a report's columns a name that needs no quotes in SQL, in lower case, and no two the same.

    Whoever shares a name with nobody has it. Of those that share one, the first by its own name has it, wherever in
    the report it stands, and the others are numbered.
    """
    safe = [_safe(name, place) for place, name in enumerate(names, 1)]
    counts = Counter(safe)
    taken = {name for name, count in counts.items() if count == 1}
    found = list(safe)
    for place in sorted(range(len(names)), key=lambda place: (names[place], place)):
        if counts[safe[place]] > 1:
            found[place] = next(one for one in _numbered(safe[place], len(names)) if one not in taken)
            taken.add(found[place])
    return found


def _numbered(name: str, count: int) -> Iterable[str]:
    return [name, *(f"{name}_{number}" for number in range(2, 2 * count + 2))]


def _safe(name: str, place: int) -> str:
    for sign, word in _SIGNS.items():
        name = name.replace(sign, word)
    plain = unicodedata.normalize("NFKD", _HUMP.sub("_", name)).encode("ascii", "ignore").decode().lower()
    text = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_NAME].strip("_")
    if not text:
        return f"column_{place}"
    if text[0].isdigit():
        text = f"c_{text}"
    return f"{text}_" if text in _RESERVED else text


def find_columns(columns: Sequence[Column], wanted: Iterable[str], setting: str) -> list[str]:
    """Find columns by their names here, in the report or on the screen.

    Raises:
        ReportError: There is no such column.
    """
    known = {name: name for name in _OWN if name != KEY}
    for column in columns:
        for name in (column.field.label, column.field.name, column.name):
            known[name or column.name] = column.name
    wanted = list(wanted)
    if unknown := [name for name in wanted if name not in known]:
        listed = ", ".join(column.name for column in columns)
        msg = f"{setting} names {', '.join(unknown)}, which is no column of the report; it has {listed}"
        raise ReportError(msg)
    return list(dict.fromkeys(known[name] for name in wanted))


def with_kinds(columns: Iterable[Column], kinds: Mapping[str, str], texts: Iterable[str]) -> list[Column]:
    """Let columns keep the types that they were written with before; `texts` are texts in any case."""
    chosen: dict[str, Any] = {name: kind for name, kind in kinds.items() if kind in _TYPES}
    chosen |= dict.fromkeys(texts, "text")
    return [dataclasses.replace(one, kind=chosen.get(one.name, one.kind)) for one in columns]


def decided(columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> dict[str, Kind]:
    """Give the types of the columns whose values are not of the declared one: a time if all are, else text."""
    wrong = mistyped(columns, values)
    times = [
        dataclasses.replace(one, kind="time") if one.name in wrong and one.kind == "date" else one for one in columns
    ]
    still = mistyped(times, values)
    return {name: "text" if name in still else "time" for name in wrong}


def mistyped(columns: Sequence[Column], values: Iterable[Sequence[Any]]) -> list[str]:
    """Find columns with a value that is not of their type.

    Args:
        columns: The columns.
        values: Rows, with a value for each column.
    """
    fits = {place: column.fit for place, column in enumerate(columns) if column.kind != "text"}
    found: set[int] = set()
    for row in values:
        for place in fits.keys() - found:
            try:
                fits[place](row[place])
            except TypeMismatchError:
                found.add(place)
    return [columns[place].name for place in sorted(found)]


def report_schema(title: str, columns: Iterable[Column], key: Sequence[str], *, is_windowed: bool) -> Schema:
    """Make the JSON Schema of a report's stream."""
    own = [REPORT_ID, *((WINDOW_FROM, WINDOW_TO) if is_windowed else ()), RUN_AT, MISFITS, END_MARKER]
    properties = {name: dict(_OWN[name]) for name in key if name == KEY}
    properties |= {one.name: _TYPES[one.kind] | {"description": _description(one.field)} for one in columns}
    properties |= {name: dict(_OWN[name]) for name in own}
    for name in key:
        one = properties[name]
        one["type"] = one["type"] if isinstance(one["type"], str) else one["type"][0]
        if one["type"] == "string" and "format" not in one:
            one.setdefault("maxLength", LONGEST_KEY)
    return {"type": "object", "description": title, "properties": properties, "required": list(key)}


def _description(field: Field) -> str:
    """Name a column as the report does: as on the screen, and as the API does."""
    return f"{field.label} ({field.name})" if field.label and field.label != field.name else field.name
