"""What the example on one machine can be told."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Executor = Literal["local", "celery"]


class Options(NamedTuple):
    """What the example can be told."""

    tenants: int = 20
    executor: Executor = "local"
    at_once: int = 4
    broker: str | None = None
    """An address for Celery, such as of Redis; without it, the PostgreSQL server is the broker as well."""
    groups: Mapping[str, Sequence[str]] = MappingProxyType({})
    """Which tenants are split, and into which groups."""
    settings: Mapping[str, str] = MappingProxyType({})
    """More variables for Airflow, its workers and the pipelines."""
