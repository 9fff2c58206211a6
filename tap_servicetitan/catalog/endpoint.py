"""What a row of the stream table may say, and the checks on it."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Literal

from tap_servicetitan.catalog.window import no_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.catalog.window import Window

Kind = Literal["export", "list", "child", "window"]
"""How a resource is read; there is a reader for each kind."""

Revisit = Literal["changed", "weekly", "always"]
"""Which parents a run visits: those that changed, once a week all of them, or all of them in every run."""

BODY = ""
"""The records are the body itself: an array of them, or a single one."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PLACEHOLDER = re.compile(r"{(\w+)}")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Endpoint:
    """One row of the stream table: a resource, and how it differs from the usual one."""

    name: str
    """The Singer stream: snake case, plural."""

    kind: Kind
    """How the resource is read."""

    path: str
    """Below the module's base path. A placeholder is named after the field of the record that holds its value."""

    method: Literal["GET", "POST"] = "GET"
    """The HTTP method; the parameters of a POST go into its body."""

    key: tuple[str, ...] = ("id",)
    """Key properties. The tap makes `_key` and `_line`, and adds `tenantId`, a parent's id and a window's bounds."""

    replication_key: str | None = "modifiedOn"
    """The field that says when a row changed; None if there is none."""

    modified_since: str | None = None
    """The query parameter that leaves out rows unchanged since a time; None if the list is read in full."""

    timestamp_misses: str | None = None
    """Which changes do not move `modifiedOn`, for that reason no replication key: every run reads the list in full."""

    start_date_applies: bool = False
    """Rows are events, which age, so that a start date applies. Reference lists are needed from their first row on."""

    params: Mapping[str, str] = no_names()
    """Query parameters that every request carries."""

    inactive: str | None = None
    """The parameter that includes inactive rows, as ``name=value``."""

    passes: tuple[str, ...] = ()
    """The list is read once with each of these parameters, as ``name=value``."""

    records: str = "data"
    """The field of the body that holds the records, or `BODY`."""

    page_size: int | None = None
    """Rows per page; None if the list has no pages."""

    page_parameters: tuple[str, str] = ("page", "pageSize")
    """The parameters of a page's number and size; a dot leads into an object of a POST's body."""

    first_page: int = 1
    """The number of the first page."""

    nested_records: str | None = None
    """The field of an item whose entries are the records; the item's other fields are added to each."""

    copied_fields: Mapping[str, str] = no_names()
    """Fields copied from within an object to the first level, as name: dotted path."""

    scalar: str | None = None
    """The field that holds the body where that is a single value and no object."""

    made_key: tuple[tuple[str, ...], ...] = ()
    """The fields that `_key` is a hash of: the first set without a null, else the last. Dots lead into objects."""

    secret: tuple[str, ...] = ()
    """Fields that hold a credential: in the catalog, but deselected."""

    large: bool = False
    """Has the most rows in nearly every tenant, so that it is worth an early start."""

    selected: bool = True
    """Whether the stream is read unless the catalog says otherwise."""

    parent: str | None = None
    """The stream whose records fill the placeholders of the path, or the setting that lists their values."""

    link: Mapping[str, str] = no_names()
    """The parent's field that fills a placeholder, or goes into `ids`, where it is not the parent's id."""

    revisit: Revisit = "changed"
    """Which parents a run visits."""

    only: tuple[str, str] | None = None
    """Visit only parents whose field has a value, as (field, value)."""

    ids: str | None = None
    """The parameter that takes the ids of up to 50 parents at once, where the path has no placeholder."""

    window: Window | None = None
    """The spans of time that the resource is read by, if its endpoint takes one."""

    meltanolabs_name: str | None = None
    """The stream's name in the MeltanoLabs tap, where it differs."""

    module: str = ""
    """The vendor's API module, filled in by `rows.module`."""

    base: str = ""
    """Base path of the module up to the tenant, filled in by `rows.module`."""

    def __post_init__(self) -> None:
        """Refuse a row that contradicts itself, in terms of the row."""
        if not _NAME.fullmatch(self.name):
            self._refuse("is not a snake case name; write it like 'job_history'")
        if self.path.startswith("/"):
            self._refuse(f"path {self.path!r} starts with a slash; the module's base path ends with it")
        if not self.key:
            self._refuse("has no key; name the key properties, or make one with made_key")
        if bool(self.made_key) is not ("_key" in self.key):
            self._refuse("'_key' as a key and made_key go together; give both or neither")
        if (self.kind == "export") is not ("export" in self.path.split("/")):
            self._refuse(f"path {self.path!r} does not fit the kind {self.kind}; a feed has the segment 'export'")
        self._check_changes()
        self._check_parent()
        for word in (self.inactive, *self.passes):
            if word is not None and not all(word.partition("=")):
                self._refuse(f"{word!r} is not of the form name=value")

    def _check_changes(self) -> None:
        if self.modified_since and not self.replication_key:
            self._refuse(f"sends {self.modified_since!r} without a replication_key to take the time from; name it")
        if self.timestamp_misses and self.replication_key:
            self._refuse("has a replication_key that misses changes; read it in full, with full_list")

    def _check_parent(self) -> None:
        if self.kind == "child" and not self.parent:
            self._refuse("is a child without a parent; name the stream that its placeholders come from")
        if self.parent and bool(self.placeholders) is bool(self.ids):
            self._refuse("has a parent; either its path has a placeholder, or `ids` names a parameter")
        if self.placeholders and not self.parent:
            self._refuse(f"path {self.path!r} has a placeholder but no parent; add parent='…'")
        if wrong := sorted(set(self.link) - {*self.placeholders, self.ids}):
            self._refuse(f"links {', '.join(wrong)}, which the path does not have as a placeholder")
        if (self.kind == "window") is not bool(self.window):
            self._refuse("a window and the kind 'window' go together; give both or neither")

    @property
    def url(self) -> str:
        """The path below the host, with the placeholder ``{tenant}``."""
        return self.base + self.path

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What a parent's record fills in, the tenant aside."""
        return tuple(_PLACEHOLDER.findall(self.path))

    @property
    def links(self) -> dict[str, str]:
        """The parent's field for each placeholder."""
        return {name: self.link.get(name, "id") for name in self.placeholders}

    @property
    def id_field(self) -> str:
        """The parent's field whose values go into `ids`."""
        return self.link.get(self.ids or "", "id")

    @property
    def has_end_markers(self) -> bool:
        """Whether what is gone is told by a row: lines of a parent, and rows of windows that are read again."""
        return "_line" in self.key or (self.window is not None and self.window.look_back > 0 and self.records != BODY)

    @property
    def query(self) -> dict[str, str]:
        """The parameters that every request carries, the one for inactive rows included."""
        return dict(self.params) | (dict([_pair(self.inactive)]) if self.inactive else {})

    @property
    def each_pass(self) -> tuple[dict[str, str], ...]:
        """The additional parameters of each pass over the list; most have one pass, without any."""
        return tuple(dict([_pair(one)]) for one in self.passes) or ({},)

    def _refuse(self, fault: str) -> None:
        msg = f"endpoint {self.name}: {fault}"
        raise ValueError(msg)


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value
