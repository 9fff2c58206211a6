"""Parents that give nothing are believed only while the endpoint is known to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_servicetitan.errors import NotFoundError, StreamError
from tap_servicetitan.readers.silence import DOUBTED, MOST_WITNESSES, Silence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Endpoint:
    """An endpoint that has something for some parents, and is out of order at times."""

    def __init__(self, full: Iterable[int]) -> None:
        """Begin in order."""
        self.full = set(full)
        self.is_up = True
        self.asked: list[int] = []

    def answers(self, parent: Mapping[str, Any]) -> bool:
        """Answer for a parent."""
        self.asked.append(parent["id"])
        return self.is_up and parent["id"] in self.full


def read(endpoint: Endpoint, silence: Silence, parents: Iterable[int]) -> None:
    """Read what some parents have."""
    for number in parents:
        parent = {"id": number}
        note = silence.answered if endpoint.is_up and number in endpoint.full else silence.gave_nothing
        note(parent)


def begin(endpoint: Endpoint, *witnesses: int) -> Silence:
    """Begin a reading, of an endpoint that some parents answered before."""
    return Silence("notes", [{"id": one} for one in witnesses], endpoint.answers)


@pytest.mark.parametrize("parents", [1, 5, 100])
def test_an_outage_that_lasts_is_seen(parents: int) -> None:
    """Where the parents that answered before give nothing either, the stream has failed."""
    endpoint = Endpoint(range(200))
    endpoint.is_up = False
    silence = begin(endpoint, 7, 8)
    read(endpoint, silence, range(100, 100 + parents))
    with pytest.raises(NotFoundError, match=f"notes: the last {parents} parents.* out of order"):
        silence.is_believed()
    assert endpoint.asked == [7, 8]


def test_an_outage_that_began_midway_is_seen() -> None:
    """What answered earlier in the same reading tells it too."""
    endpoint = Endpoint(range(200))
    silence = begin(endpoint)
    read(endpoint, silence, range(10))
    endpoint.is_up = False
    read(endpoint, silence, range(10, 12))
    with pytest.raises(NotFoundError):
        silence.is_believed()


@pytest.mark.parametrize("parents", [1, DOUBTED])
def test_an_outage_that_ends_in_a_first_reading_is_seen(parents: int) -> None:
    """Once a parent answers, the first of those that gave nothing is asked again."""
    endpoint = Endpoint(range(200))
    endpoint.is_up = False
    silence = begin(endpoint)
    read(endpoint, silence, range(parents))
    assert not silence.is_believed()
    endpoint.is_up = True
    with pytest.raises(StreamError, match="The bookmark stays"):
        read(endpoint, silence, [100])


def test_a_long_outage_in_the_middle_is_seen() -> None:
    """A long row of parents that give nothing is looked into, also where others answer before and after it."""
    endpoint = Endpoint(range(200))
    silence = begin(endpoint)
    read(endpoint, silence, range(10))
    endpoint.is_up = False
    read(endpoint, silence, range(10, 10 + DOUBTED))
    endpoint.is_up = True
    with pytest.raises(StreamError):
        read(endpoint, silence, [100])


def test_nothing_is_believed_where_no_parent_ever_answered() -> None:
    """The tenant may not have the module, or the endpoint may be out of order: nobody can tell."""
    endpoint = Endpoint([])
    silence = begin(endpoint)
    read(endpoint, silence, range(10))
    assert not silence.is_believed()
    assert (silence.count, silence.witnesses, endpoint.asked) == (10, (), [])


def test_one_that_answered_may_have_nothing_by_now() -> None:
    """Several are remembered, those that answered last first, and one that answers suffices."""
    endpoint = Endpoint({1, 2, 3, 4, 5, 6, 7})
    silence = begin(endpoint, 7, 6)
    read(endpoint, silence, [1, 2, 3, 4, 2])
    assert [one["id"] for one in silence.witnesses] == [2, 4, 3, 1, 7]
    assert len(silence.witnesses) == MOST_WITNESSES
    endpoint.full -= {2, 4}
    read(endpoint, silence, [50])
    assert silence.is_believed()
    assert endpoint.asked == [2, 4, 3]


@settings(deadline=None, derandomize=True, max_examples=200)
@given(pages=st.lists(st.lists(st.booleans(), max_size=60), max_size=6))
def test_an_endpoint_in_order_is_believed_at_little_cost(pages: list[list[bool]]) -> None:
    """Whoever has nothing is believed, at a request for each page and one for twenty parents in a row."""
    numbers = iter(range(1, 1_000))
    parents = [[(next(numbers), has) for has in page] for page in pages]
    endpoint = Endpoint([0, *(number for page in parents for number, has in page if has)])
    silence = begin(endpoint, 0)
    for page in parents:
        read(endpoint, silence, [number for number, _ in page])
        assert silence.is_believed()
    assert silence.count == sum(not has for page in pages for has in page)
    assert len(endpoint.asked) <= len(pages) + silence.count / DOUBTED
