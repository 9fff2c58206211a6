"""Parents for which the API gives nothing: told from an endpoint that is out of order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_servicetitan.errors import NotFoundError, StreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DOUBTED = 20
"""So many parents in a row that give nothing are not believed without a look."""

MOST_WITNESSES = 5
"""Parents that are remembered: one alone may become one of those that give nothing."""


class Silence:
    """Parents that answer 404 or 409: there is none, or nothing that the API tells.

    An endpoint that is gone for a while answers the same. So before the bookmark moves past such parents, one that
    answered before is asked again; and after a long row of them, the first of these.
    """

    def __init__(
        self, stream: str, witnesses: Iterable[Mapping[str, Any]], answers: Callable[[Mapping[str, Any]], bool]
    ) -> None:
        """Begin with what is known.

        Args:
            stream: The stream, for messages.
            witnesses: Parents that answered, those that did so last first; each as the values of the path.
            answers: Asks for a parent; tells whether it answered.
        """
        self._stream, self._answers = stream, answers
        self._witnesses = list(witnesses)
        self._first: Mapping[str, Any] = {}
        self._streak = 0
        self.count = 0
        """How many parents gave nothing."""

    @property
    def witnesses(self) -> tuple[dict[str, Any], ...]:
        """Parents that answered, those that did so last first."""
        return tuple(map(dict, self._witnesses))

    def gave_nothing(self, parent: Mapping[str, Any]) -> None:
        """Note a parent that answered 404 or 409."""
        if not self._streak:
            self._first = parent
        self._streak += 1
        self.count += 1

    def answered(self, parent: Mapping[str, Any]) -> None:
        """Note a parent that answered.

        Raises:
            StreamError: One of those that gave nothing before answers as well by now.
        """
        is_doubted = self._streak >= DOUBTED or (self._streak and not self._witnesses)
        if is_doubted and self._answers(self._first):
            msg = (
                f"{self._stream}: {self._streak} parents in a row answered 404 or 409, and the first of them answers "
                "now: the endpoint was out of order. The bookmark stays where it is: run again"
            )
            raise StreamError(msg)
        self._streak = 0
        self._witnesses = [parent, *(one for one in self._witnesses if one != parent)][:MOST_WITNESSES]

    def is_believed(self) -> bool:
        """Tell whether those that gave nothing can be believed to have nothing.

        Raises:
            NotFoundError: Nor do those that answered before.
        """
        if not self._streak:
            return True
        if not self._witnesses:
            return False
        if not any(map(self._answers, self._witnesses)):
            msg = (
                f"{self._stream}: the last {self._streak} parents answered 404 or 409, and so do those "
                "that answered before: the endpoint is out of order, or the tenant no longer has the module"
            )
            raise NotFoundError(msg)
        self._streak = 0
        return True
