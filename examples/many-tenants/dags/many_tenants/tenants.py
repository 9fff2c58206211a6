"""The list of tenants: one line each, no secrets."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ALL = "all"
"""The group of a tenant whose streams are not split."""
SPLIT = ("fast", "slow")
"""The groups that a tenant's streams can be split into; what is in them is in meltano.yml."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KNOWN = {"name", "tenant_id", "groups", "settings"}
# What the line says itself, and what belongs into a connection.
_ELSEWHERE = {"tenant_id", "client_id", "client_secret", "st_app_key"}


class TenantsError(Exception):
    """The list is not as it should be; the message says which line and why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one task loads: the streams of one group of one tenant."""

    tenant: str
    tenant_id: int
    group: str = ALL
    settings: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        """How reports and the user interface call it."""
        return self.tenant if self.group == ALL else f"{self.tenant}/{self.group}"


def read(file: Path, groups: Iterable[str] = (ALL, *SPLIT)) -> list[Load]:
    """Read the list; give what there is to load of some groups."""
    lines = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(lines, list):
        msg = f"{file.name}: there is no list of tenants"
        raise TenantsError(msg)
    loads = [load for number, line in enumerate(lines, 1) for load in _loads(line, f"{file.name}, tenant {number}")]
    _refuse_doubles(loads)
    wanted = set(groups)
    return [load for load in loads if load.group in wanted]


def _loads(line: Any, where: str) -> Iterator[Load]:  # noqa: ANN401 - any YAML value
    if not isinstance(line, dict) or not {"name", "tenant_id"} <= line.keys() <= _KNOWN:
        msg = f"{where}: a line has name and tenant_id, and may have groups and settings"
        raise TenantsError(msg)
    groups, settings = line.get("groups"), line.get("settings", {})
    if not _NAME.fullmatch(str(line["name"])) or type(line["tenant_id"]) is not int:
        msg = f"{where}: name is made of a-z, 0-9 and _, and tenant_id is a number"
        raise TenantsError(msg)
    if groups is not None and (not isinstance(groups, list) or not set() < set(groups) <= set(SPLIT)):
        msg = f"{where}: groups are some of {', '.join(SPLIT)}"
        raise TenantsError(msg)
    if not isinstance(settings, dict) or settings.keys() & _ELSEWHERE:
        msg = f"{where}: settings are the tap's, without tenant_id and credentials: these belong into the connection"
        raise TenantsError(msg)
    for group in groups or [ALL]:
        texts = {name: str(value) for name, value in settings.items()}
        yield Load(tenant=line["name"], tenant_id=line["tenant_id"], group=group, settings=texts)


def _refuse_doubles(loads: Iterable[Load]) -> None:
    """Refuse what would write to one state twice, or mix up two tenants."""
    seen: set[str] = set()
    ids: dict[int, str] = {}
    for load in loads:
        if load.name in seen or ids.setdefault(load.tenant_id, load.tenant) != load.tenant:
            msg = f"tenant {load.name}, {load.tenant_id}: it is in the list twice"
            raise TenantsError(msg)
        seen.add(load.name)
