"""What a row of the stream table may say, and the checks on it."""

from __future__ import annotations

import dataclasses
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["export"]

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """How a key is made for rows that have none of their own.

    The key is a hash of ``field`` where the row has one, else of ``fallback``.
    """

    field: str
    fallback: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Endpoint:
    """One row of the stream table: a resource, and how it differs from the usual one."""

    name: str
    """The Singer stream: snake case, plural."""

    kind: Kind
    """How the resource is read; each kind is a stream class."""

    path: str
    """Below the module's base path."""

    key: tuple[str, ...] = ("id",)
    """Key properties."""

    cursor: str | None = "modifiedOn"
    """The replication key: the field that tells when a row changed; None if there is none."""

    params: Mapping[str, str] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    """Query parameters that every request carries."""

    explode: str | None = None
    """The field of an item whose entries are the records; the item's other fields join each."""

    made_key: MadeKey | None = None
    """Given where the key ``_key`` has to be made by the tap."""

    formerly: str | None = None
    """The stream's name in the MeltanoLabs tap, where it differs."""

    module: str = ""
    """The vendor's API module, filled in by `module`."""

    base: str = ""
    """Base path of the module up to the tenant, filled in by `module`."""

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
        if "export" not in self.path.split("/"):
            self._refuse(f"path {self.path!r} is not an export feed; it needs the segment 'export'")

    @property
    def url(self) -> str:
        """The path below the host, with the placeholder ``{tenant}``."""
        return self.base + self.path

    def _refuse(self, fault: str) -> None:
        msg = f"endpoint {self.name}: {fault}"
        raise ValueError(msg)


class ExportFacts(TypedDict, total=False):
    """What the row of an export feed may say beyond its name and path."""

    key: tuple[str, ...]
    cursor: str | None
    params: Mapping[str, str]
    explode: str
    made_key: MadeKey
    formerly: str


def export(name: str, path: str | None = None, **facts: Unpack[ExportFacts]) -> Endpoint:
    """Describe a data export feed; its path is ``export/<name in kebab case>`` unless given."""
    return Endpoint(name=name, kind="export", path=path or f"export/{name.replace('_', '-')}", **facts)


def module(name: str, base: str, *rows: Endpoint) -> tuple[Endpoint, ...]:
    """Place rows in an API module, whose base path comes before ``/tenant/{tenant}/``."""
    if not base.startswith("/") or base.endswith("/"):
        msg = f"module {name}: base path {base!r} starts with a slash and ends without one"
        raise ValueError(msg)
    return tuple(dataclasses.replace(row, module=name, base=f"{base}/tenant/{{tenant}}/") for row in rows)
