"""A body of the Reporting API in, a page of a report out, or the token to ask for it again with."""

from __future__ import annotations

from typing import Any

import msgspec

from tap_servicetitan.api.pages import ListPage, items_of, read_as

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_table = msgspec.json.Decoder(list[list[msgspec.Raw]] | None)
_fields = msgspec.json.Decoder(list[dict[str, Any]])

_MOST_NAMED = 8
"""How many of the fields that came a message names."""


class ReportPage(msgspec.Struct):
    """One page of a report: the names of its columns, and rows with a value for each of them."""

    names: list[str]
    page: ListPage

    @property
    def rows(self) -> list[list[Any]]:
        """The values of each row, in the order of the columns."""
        return items_of(self.page.data)


class Query(msgspec.Struct):
    """A run of a report that is not done yet."""

    token: str

    def __repr__(self) -> str:
        """Keep the token out of messages."""
        return "Query()"


def read_report(body: bytes) -> ReportPage:
    """Read a page of a report. Live tenants were seen to begin names of fields with a capital, against the document.

    Raises:
        UnreadableBodyError: The body is not JSON.
        UnexpectedBodyError: The body is not such a page.
    """
    return read_as(body, lambda text: _page(_lower(text)), "{hasMore, fields, data}")


def read_query(body: bytes) -> ReportPage | Query:
    """Read what a query of a report gives: its rows, or a token while they are not ready.

    Raises:
        UnreadableBodyError: The body is not JSON.
        UnexpectedBodyError: The body is neither.
    """
    return read_as(body, _page_or_token, "rows {hasMore, fields, data} or a {token}")


def _page_or_token(body: bytes) -> ReportPage | Query:
    members = _lower(body)
    if "data" in members or "fields" in members:
        return _page(members)
    token = _optional(members, "token", str)
    if not token:
        came = ", ".join(ascii(name[:40]) for name in sorted(members)[:_MOST_NAMED]) or "nothing"
        msg = f"there are neither rows nor a token, but {came}"
        raise msgspec.ValidationError(msg)
    return Query(token)


def _page(members: dict[str, msgspec.Raw]) -> ReportPage:
    for name in ("fields", "data"):
        if name not in members:
            msg = f"no field {name!r}"
            raise msgspec.ValidationError(msg)
    rows = bytes(members["data"])
    fields = [{name.lower(): value for name, value in one.items()} for one in _fields.decode(members["fields"])]
    if any(not isinstance(one.get("name"), str) for one in fields):
        msg = "a column in 'fields' has no name"
        raise msgspec.ValidationError(msg)
    table = _table.decode(rows) or []
    odd = next((row for row in table if len(row) != len(fields)), None)
    if odd is not None:
        msg = f"a row has {len(odd)} values for {len(fields)} fields"
        raise msgspec.ValidationError(msg)
    return ReportPage(
        names=[one["name"] for one in fields],
        page=ListPage(
            data=rows if table else b"[]",
            count=len(table),
            more=_optional(members, "hasmore", bool),
            total=_optional(members, "totalcount", int),
            size=_optional(members, "pagesize", int),
        ),
    )


def _lower(body: bytes) -> dict[str, msgspec.Raw]:
    return {name.lower(): value for name, value in _members.decode(body).items()}


def _optional(members: dict[str, msgspec.Raw], name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - of the kind
    return msgspec.json.decode(members[name], type=kind | None) if name in members else None
