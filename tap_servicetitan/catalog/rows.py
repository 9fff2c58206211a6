"""The constructors that the stream table is written with: the defaults of each kind of row."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from tap_servicetitan.catalog.endpoint import BODY, Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.catalog.endpoint import Revisit
    from tap_servicetitan.catalog.window import Window


class Facts(TypedDict, total=False):
    """What any row may say beyond its name and path."""

    key: tuple[str, ...]
    replication_key: str | None
    params: Mapping[str, str]
    inactive: str
    nested_records: str
    made_key: tuple[tuple[str, ...], ...]
    meltanolabs_name: str
    large: bool
    selected: bool


class ListFacts(Facts, total=False):
    """What the row of a list may say."""

    modified_since: str | None
    timestamp_misses: str
    start_date_applies: bool
    passes: tuple[str, ...]
    records: str
    page_size: int | None
    first_page: int
    copied_fields: Mapping[str, str]
    secret: tuple[str, ...]


class ChildFacts(ListFacts, total=False):
    """What the row of a list below another stream's rows may say."""

    link: Mapping[str, str]
    revisit: Revisit
    only: tuple[str, str]
    ids: str
    scalar: str


class WindowFacts(Facts, total=False):
    """What the row of a resource that is read by spans of time may say."""

    method: Literal["GET", "POST"]
    records: str
    page_size: int | None
    page_parameters: tuple[str, str]
    parent: str
    link: Mapping[str, str]
    ids: str
    copied_fields: Mapping[str, str]


PAGE_SIZE = 5_000
"""Rows per page of a list: the most that the API sends (public clients; the documents name only the default, 50)."""


def export(name: str, path: str | None = None, **facts: Unpack[Facts]) -> Endpoint:
    """Describe a data export feed; its path is ``export/<name in kebab case>`` unless given."""
    return Endpoint(name=name, kind="export", path=path or f"export/{_kebab(name)}", **facts)


def incremental_list(name: str, path: str | None = None, **facts: Unpack[ListFacts]) -> Endpoint:
    """Describe a paged list that can leave out unchanged rows; its path is the name in kebab case unless given."""
    usual: ListFacts = {"page_size": PAGE_SIZE, "modified_since": "modifiedOnOrAfter"}
    return Endpoint(name=name, kind="list", path=path or _kebab(name), **usual | facts)


def full_list(name: str, path: str | None = None, **facts: Unpack[ListFacts]) -> Endpoint:
    """Describe a paged list that every run reads in full."""
    usual: ListFacts = {"page_size": PAGE_SIZE, "replication_key": None}
    return Endpoint(name=name, kind="list", path=path or _kebab(name), **usual | facts)


def unpaged(name: str, path: str | None = None, **facts: Unpack[ListFacts]) -> Endpoint:
    """Describe what one request without pages returns: an object, or a list in it."""
    usual: ListFacts = {"replication_key": None, "records": BODY}
    return Endpoint(name=name, kind="list", path=path or _kebab(name), **usual | facts)


def child(name: str, parent: str, path: str, **facts: Unpack[ChildFacts]) -> Endpoint:
    """Describe a paged list that each record of another stream has."""
    usual: ChildFacts = {"page_size": PAGE_SIZE, "replication_key": None}
    return Endpoint(name=name, kind="child", parent=parent, path=path, **usual | facts)


def child_object(name: str, parent: str, path: str, **facts: Unpack[ChildFacts]) -> Endpoint:
    """Describe what one request without pages returns for each record of another stream."""
    usual: ChildFacts = {"replication_key": None, "records": BODY}
    return Endpoint(name=name, kind="child", parent=parent, path=path, **usual | facts)


def windowed(name: str, path: str, window: Window, **facts: Unpack[WindowFacts]) -> Endpoint:
    """Describe a resource that is read by spans of time."""
    return Endpoint(name=name, kind="window", path=path, window=window, **facts)


def module(name: str, base: str, *rows: Endpoint) -> tuple[Endpoint, ...]:
    """Place rows in an API module, whose base path comes before ``/tenant/{tenant}/``."""
    if not base.startswith("/") or base.endswith("/"):
        msg = f"module {name}: base path {base!r} starts with a slash and ends without one"
        raise ValueError(msg)
    return tuple(dataclasses.replace(row, module=name, base=f"{base}/tenant/{{tenant}}/") for row in rows)


def _kebab(name: str) -> str:
    return name.replace("_", "-")
