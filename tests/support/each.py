"""Tests that hold for each of many values, as one test.

With ``parametrize``, hundreds of streams make hundreds of tests, which every process that runs tests collects: that
takes longer than a look into a table.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pytest


def for_each(name: str, values: Collection[object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Repeat a test for each value, and name each that fails. Fixtures are set up once for all of them."""

    def repeat(function: Callable[..., None]) -> Callable[..., None]:
        # What else is noted at a function is its own: hypothesis would take this one for a test of its.
        @functools.wraps(function, updated=())
        def test(*, subtests: pytest.Subtests, **fixtures: Any) -> None:  # noqa: ANN401 - fixtures are of any type
            assert values, "nothing to test"
            for value in values:
                with subtests.test(str(getattr(value, "name", value))):
                    function(**{name: value}, **fixtures)

        wanted = sorted({*inspect.signature(function).parameters, "subtests"} - {name})
        fixtures = [inspect.Parameter(one, inspect.Parameter.KEYWORD_ONLY) for one in wanted]
        # What pytest goes by.
        vars(test).update(__signature__=inspect.Signature(fixtures), pytestmark=getattr(function, "pytestmark", []))
        return test

    return repeat
