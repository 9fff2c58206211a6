"""Every error that the tap raises: one root, so that each command catches one class."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class TapError(Exception):
    """The root. The message is for the user: what is wrong, and what to do."""


class ConfigError(TapError):
    """The settings are wrong; `errors` has a sentence for each fault."""

    def __init__(self, errors: Sequence[str]) -> None:
        """Keep the faults."""
        super().__init__("; ".join(errors))
        self.errors = errors


class FileError(TapError):
    """A file named on the command line cannot be read, or holds something else."""


class CatalogError(TapError):
    """The catalog cannot be used."""


class StateError(TapError):
    """The state cannot be used."""


class OutputError(TapError):
    """Nobody reads the output any more, or it cannot be written."""


class ClosedError(TapError):
    """The run is being stopped: nothing may be written any more. Never shown."""


class RunError(TapError):
    """The run did not load all that was selected."""


class StreamError(TapError):
    """A stream cannot be read any further; the message names it."""


class ReportError(TapError):
    """A report cannot be read with these settings; the message says which values are accepted."""


class ApiError(TapError):
    """The API did not return what was requested; the message names the stream."""


class CredentialsError(ApiError):
    """No stream can be read with these credentials."""


class ForbiddenError(ApiError):
    """The app lacks the scope of this entity (403)."""


class NotFoundError(ApiError):
    """The tenant does not have the module, or does not exist (404)."""


class NotAllowedError(ApiError):
    """The API does not know the request by this method (405)."""


class UnroutedError(NotFoundError):
    """A gateway answered 404: it says nothing of the entity, nor of its parent."""


class ConflictError(ApiError):
    """The API has no response for the state that something is in (409), such as the notes of an inactive customer."""


class RejectedError(ApiError):
    """The API rejects the request as it is (400)."""


class OverloadError(ApiError):
    """The server failed repeatedly, so a smaller request may help."""


class TransientError(ApiError):
    """A retry may help; `wait` is the number of seconds that the API asks for, if it does."""

    def __init__(self, message: str, wait: float | None = None, *, overload: bool = False) -> None:
        """Keep the wait, and whether it was the server itself that failed."""
        super().__init__(message)
        self.wait = wait
        self.overload = overload


class UnreadableBodyError(TapError):
    """A body is not JSON: cut short, empty or a proxy's page. A retry may help."""


class UnexpectedBodyError(TapError):
    """A body is JSON, but not what was requested. A retry will not help."""


class EndlessFeedError(UnexpectedBodyError):
    """A feed says that there is more, and never gives anything new."""


class NonConformingPageError(TapError):
    """A page, or the schema itself, cannot be passed through. The message names the field, never a value."""


class TypeMismatchError(TapError):
    """A value is not of its column's type."""
