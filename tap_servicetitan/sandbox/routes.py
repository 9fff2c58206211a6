"""Which endpoint of the table an address belongs to: where some share one, a parameter decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.facts import FACTS, TWINS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_servicetitan.sandbox.facts import Facts

_TOLD_BY = "performanceSegmentationType"


def by_address() -> list[tuple[str, str, Sequence[Facts]]]:
    """Return each method and address with the endpoints that it serves; addresses without placeholders come first."""
    found: dict[tuple[str, str], list[Facts]] = {}
    for facts in (*FACTS.values(), *TWINS.values()):
        found.setdefault((facts.row.method, facts.row.url), []).append(facts)
    routes = [(method, url, sharing) for (method, url), sharing in found.items()]
    return sorted(routes, key=lambda route: len(route[2][0].row.placeholders))


def endpoint_for(sharing: Sequence[Facts], query: Mapping[str, str]) -> Facts:
    """Return which of the endpoints that share an address is requested; the first one if the parameter is missing."""
    wanted = query.get(_TOLD_BY, "")
    return next((facts for facts in sharing if facts.row.params.get(_TOLD_BY) == wanted), sharing[0])
