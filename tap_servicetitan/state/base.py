"""What all bookmarks have in common: how they stand in a state, and what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

import msgspec

from tap_servicetitan.errors import StateError
from tap_servicetitan.state.columns import COLUMNS
from tap_servicetitan.state.timestamps import sortable

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS_OF_THE_SDK = frozenset(
    {"partitions", "progress_markers", "replication_key_signpost", "starting_replication_value"}
)
"""What the MeltanoLabs tap writes besides, which stays in a merged state; it says nothing that is needed."""

_FAULT = re.compile(r"(?P<fault>.*) - at `\$\.(?P<word>.*)`")


class Bookmark(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream remembers.

    A state has all of its words, null where nothing is to be said: Meltano can lay a new state over the old one key by
    key, and a word that is left out would keep its old value.
    """

    times: ClassVar[tuple[str, ...]] = ()
    """The words that are times."""

    @classmethod
    def words(cls) -> frozenset[str]:
        """Tell what stands in a state, under which names."""
        return frozenset(
            {"tenant_id", "replication_key", COLUMNS, *(one.encode_name for one in msgspec.structs.fields(cls))}
        )

    def to_state(self, tenant_id: str, cursor: str | None = None) -> dict[str, Any]:
        """Write the bookmark as it stands in a state.

        Args:
            tenant_id: Whose it is.
            cursor: The field that tells when a row changed.
        """
        written = msgspec.to_builtins(self)
        names = {"replication_key": cursor} if "replication_key_value" in written else {}
        return {"tenant_id": tenant_id, **names, **written}


B = TypeVar("B", bound=Bookmark)


def read_bookmark(kind: type[B], stream: str, state: Mapping[str, Any], tenant_id: str) -> B:
    """Read a bookmark; null is as good as none.

    Raises:
        StateError: It belongs to another tenant, was written by a newer version of the tap, or is not a bookmark.
    """
    said = {word: value for word, value in state.items() if value is not None}
    _check_owner(stream, said, tenant_id)
    try:
        found = msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        fault = _FAULT.fullmatch(str(error))
        _refuse(stream, f"{fault['word']}: {_lowered(fault['fault'])}" if fault else str(error))
    for word in kind.times:
        if (text := said.get(word)) and sortable(text) is None:
            _refuse(stream, f"{word}: expected a time, got something else")
    return found


def _check_owner(stream: str, state: Mapping[str, Any], tenant_id: str) -> None:
    """Refuse a bookmark of another tenant, or of a newer version; one without a tenant is of another tap."""
    owner = state.get("tenant_id")
    if owner is None:
        return
    if str(owner) != tenant_id:
        msg = (
            f"{stream}: the state has a bookmark of tenant {owner}, and the settings name tenant {tenant_id}; "
            "give the state of this tenant, or none for a first run"
        )
        raise StateError(msg)
    known = _WORDS_OF_THE_SDK.union(*(kind.words() for kind in Bookmark.__subclasses__()))
    if unknown := sorted(state.keys() - known):
        msg = (
            f"{stream}: the state's bookmark says {', '.join(unknown)}, which this version of the tap does not know: a "
            "newer one wrote it; update the tap, or remove the stream's bookmark to read the stream from its start"
        )
        raise StateError(msg)


def _refuse(stream: str, fault: str) -> NoReturn:
    msg = (
        f"{stream}: the state's {fault}; "
        "fix the state, or remove the stream's bookmark to read the stream from its start"
    )
    raise StateError(msg)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
