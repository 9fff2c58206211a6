"""Column types: which one a property gets, which values fit it, and which type is wider than another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Sums of amounts come out exact. Numbers with more digits behind the point are measures, which DOUBLE holds.
NUMBER = "DECIMAL(38,6)"

# Significant digits: all digits but leading zeros and those at the end behind a point. At most 15 survive in a DOUBLE;
# a number with more fits if it is the shortest text of its DOUBLE.
_DIGITS = "length(ltrim(rtrim(regexp_replace(regexp_replace({0}, '[eE].*$', ''), '[^0-9]', '', 'g'), '0'), '0'))"
_IS_NUMBER = r"regexp_full_match({0}, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?')"
_SURVIVES = (
    f"coalesce(isfinite(TRY_CAST({{0}} AS DOUBLE)), false) AND ({_DIGITS} = 0"
    f" OR {_DIGITS} <= 15 AND abs(TRY_CAST({{0}} AS DOUBLE)) > 1e-300"
    " OR replace(TRY_CAST({0} AS DOUBLE)::VARCHAR, 'e+', 'e') = replace(lower({0}), 'e+', 'e'))"
)

# When the text of a JSON value fits. DuckDB's own casts are too obliging for this question: they make 2 of '1.5',
# true of 'yes', a date of a time, and round what has too many digits.
FITS = {
    "BIGINT": r"regexp_full_match({0}, '-?(0|[1-9][0-9]*)([.]0+)?') AND TRY_CAST({0} AS BIGINT) IS NOT NULL",
    "BOOLEAN": "{0} IN ('true', 'false')",
    "DATE": r"regexp_full_match({0}, '[0-9-]+(T[0:.]+Z?)?') AND TRY_CAST({0} AS DATE) IS NOT NULL",
    # The cases of CASE are evaluated one by one, those of OR all at once: what is costly is left to few values.
    NUMBER: (
        r"CASE WHEN regexp_full_match({0}, '-?(0|[1-9][0-9]*)([.][0-9]{{1,6}}0*)?')"
        rf" THEN TRY_CAST({{0}} AS {NUMBER}) IS NOT NULL"
        rf" WHEN contains(lower({{0}}), 'e') AND {_IS_NUMBER}"
        rf" THEN {_SURVIVES} AND TRY_CAST({{0}} AS {NUMBER})::DOUBLE = TRY_CAST({{0}} AS DOUBLE)"
        " ELSE false END"
    ),
    "DOUBLE": f"{_IS_NUMBER} AND {_SURVIVES}",
    "TIMESTAMP": r"isfinite(TRY_CAST({0} AS TIMESTAMPTZ)) AND NOT regexp_matches({0}, '[.][0-9]{{6}}0*[1-9]')",
    "TIMESTAMP_NS": (
        "isfinite(TRY_CAST({0} AS TIMESTAMPTZ)) AND TRY_CAST({0} AS TIMESTAMPTZ_NS) IS NOT NULL"
        r" AND NOT regexp_matches({0}, '[.][0-9]{{9}}0*[1-9]')"
    ),
}

ALTERNATIVES = {NUMBER: "DOUBLE", "TIMESTAMP": "TIMESTAMP_NS"}
"""Types for columns with values that do not fit. Each holds some values that the first does not, and the other way."""

# A plain TIMESTAMP in UTC reads the same in every session, and from Python without pytz. The way to it is by
# TIMESTAMPTZ, because a cast to TIMESTAMP ignores the offset.
_CONVERT = {
    "TIMESTAMP": "TRY_CAST({0} AS TIMESTAMPTZ)::TIMESTAMP",
    "TIMESTAMP_NS": "TRY_CAST({0} AS TIMESTAMPTZ_NS)::TIMESTAMP_NS",
    "VARCHAR": "{0}",
}

# How values of a column read as text, when the column has to become one.
_AS_TEXT = {
    # Only a string is read as JSON: a number would lose digits.
    "JSON": "CASE WHEN starts_with({0}::VARCHAR, '\"') THEN {0} ->> '$' ELSE {0}::VARCHAR END",
    "TIMESTAMP": "replace(CAST({0} AS VARCHAR), ' ', 'T') || 'Z'",
    "TIMESTAMP_NS": "replace(CAST({0} AS VARCHAR), ' ', 'T') || 'Z'",
    NUMBER: "regexp_replace(CAST({0} AS VARCHAR), '[.]?0+$', '')",
}

# From a type to those that hold all its values.
_WIDER: Mapping[str, tuple[str, ...]] = {
    "BIGINT": (NUMBER, "VARCHAR"),
    "BOOLEAN": ("VARCHAR",),
    "DATE": ("TIMESTAMP", "VARCHAR"),
    NUMBER: ("DOUBLE", "VARCHAR"),
    "DOUBLE": ("VARCHAR",),
    "TIMESTAMP": ("VARCHAR",),
    "TIMESTAMP_NS": ("VARCHAR",),
    "JSON": ("VARCHAR",),
}


def column_type(schema: Mapping[str, Any]) -> str:
    """Give the type of a property; what has no single simple type is kept as JSON."""
    declared = schema.get("type", ())
    types = {declared} if isinstance(declared, str) else set(declared)
    match sorted(types - {"null"}):
        case ["integer"]:
            return "BIGINT"
        case ["number"] | ["integer", "number"]:
            return NUMBER
        case ["boolean"]:
            return "BOOLEAN"
        case ["string"]:
            return {"date-time": "TIMESTAMP", "date": "DATE"}.get(schema.get("format", ""), "VARCHAR")
    return "JSON"


def is_wider(new: str, old: str) -> bool:
    """Whether a type holds all values of another."""
    return new in _WIDER.get(old, ())


def all_fit(type_: str, text: str) -> str:
    """Write the condition that all rows have a text, an expression, that fits a type, or none."""
    if type_ not in FITS:
        return "true"
    return f"count(*) FILTER ({text} IS NOT NULL AND NOT coalesce({FITS[type_].format(text)}, false)) = 0"


def all_convert(new: str, old: str, column: str) -> str:
    """Write the condition that all rows of a column, a quoted name, have a value that another type holds too."""
    return f"count(*) FILTER (TRY_CAST(TRY_CAST({column} AS {new}) AS {old}) IS DISTINCT FROM {column}) = 0"


def converted(type_: str, text: str) -> str:
    """Write the value of a text, an expression, of which it is known that it fits."""
    return _CONVERT.get(type_, f"CAST({{0}} AS {type_})").format(text)


def as_text(type_: str, column: str) -> str:
    """Write the value of a column, a quoted name, as text."""
    return _AS_TEXT.get(type_, "CAST({0} AS VARCHAR)").format(column)


def widened(old: str, new: str, column: str) -> str:
    """Write the value of a column, a quoted name, in a wider type."""
    return as_text(old, column) if new == "VARCHAR" else f"CAST({column} AS {new})"
