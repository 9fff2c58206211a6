"""Whether what a state says can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from tap_servicetitan.errors import StateError
from tap_servicetitan.state.timestamps import sortable

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = frozenset(
    {
        *("tenant_id", "replication_key", "replication_key_value", "recent"),
        *("continue_from", "settled_value", "parent", "swept_on", "sweep_began"),
        *("grid", "read_to", "resume", "reaches", "cuts", "kinds"),
    }
)
"""All that this version writes into a bookmark. A bookmark without a tenant is of another tap, and may say more."""


def check_owner(stream: str, state: Mapping[str, Any], tenant_id: str) -> None:
    """Refuse a bookmark of another tenant, or of a newer version of the tap."""
    owner = state.get("tenant_id")
    if owner is not None and str(owner) != tenant_id:
        msg = (
            f"{stream}: the state has a bookmark of tenant {owner}, and the settings name tenant {tenant_id}; "
            "give the state of this tenant, or none for a first run"
        )
        raise StateError(msg)
    if owner is not None and (unknown := sorted(state.keys() - _WORDS)):
        msg = (
            f"{stream}: the state's bookmark says {', '.join(unknown)}, which this version of the tap does not know: a "
            "newer one wrote it; update the tap, or remove the stream's bookmark to read the stream from its start"
        )
        raise StateError(msg)


def check_times(stream: str, **values: str | None) -> None:
    """Refuse what should be a time, and is none."""
    for word, value in values.items():
        if value and sortable(value) is None:
            _refuse(stream, word, "not a time")


def recent_entries(stream: str, state: Mapping[str, Any]) -> tuple[str, ...]:
    """Read what would come again."""
    check_type(stream, "recent", state.get("recent"), list)
    return tuple(str(entry) for entry in state.get("recent") or ())


def read_text(stream: str, state: Mapping[str, Any], word: str) -> str | None:
    """Read a text, which may be missing."""
    value = state.get(word)
    check_type(stream, word, value, str)
    return value


def check_type(stream: str, word: str, value: object, wanted: type) -> None:
    """Refuse a value of another type."""
    if value is not None and not isinstance(value, wanted):
        _refuse(stream, word, f"a {type(value).__name__}, not a {wanted.__name__}")


def _refuse(stream: str, word: str, fault: str) -> NoReturn:
    msg = (
        f"{stream}: the state's {word} is {fault}; "
        "fix the state, or remove the stream's bookmark to read the stream from its start"
    )
    raise StateError(msg)
