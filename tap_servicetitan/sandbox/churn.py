"""Rows that change, go and come while a stream is being read."""

from __future__ import annotations

import dataclasses
from random import Random
from typing import TYPE_CHECKING, Any

from tap_servicetitan.sandbox.faults import LISTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_servicetitan.sandbox.faults import Fault
    from tap_servicetitan.sandbox.tenant import Tenant
    from tap_servicetitan.sandbox.world import Row


def churn(
    tenant: Tenant, stream: str, query: Mapping[str, str], read: Sequence[Row] = (), unread: Sequence[Row] = ()
) -> None:
    """Let happen what a fault orders after this request; the rows that it read, and has yet to read, are candidates."""
    for fault in tenant.faults.take_all(LISTED, stream, query):
        _happen(tenant, fault, fault.of or stream, unread if fault.side == "unread" else read)


def _happen(tenant: Tenant, fault: Fault, stream: str, candidates: Sequence[Row]) -> None:
    match fault.kind:
        case "insert-rows":
            tenant.touch(stream, create=fault.count)
        case "reorder":
            quirks = tenant.quirks.of(stream)
            options: dict[str, Any] = dataclasses.asdict(quirks) | {"reverse": not quirks.reverse}
            tenant.quirks.set(stream, **options)
        case _:
            rows = _chosen(tenant, fault, stream, candidates)
            if fault.kind == "delete-rows":
                tenant.delete(rows)
            else:
                tenant.change(rows, fault.values)


def _chosen(tenant: Tenant, fault: Fault, stream: str, candidates: Sequence[Row]) -> list[Row]:
    if fault.keys is not None:
        return tenant.rows_with(stream, fault.keys)
    if fault.of is not None:
        candidates = tenant.rows_of(stream)
    if fault.seed is None:
        return list(candidates[: fault.count])
    draws = Random(f"{fault.seed}:{fault.times}")  # noqa: S311 - chance that repeats itself
    return draws.sample(list(candidates), min(fault.count, len(candidates)))
