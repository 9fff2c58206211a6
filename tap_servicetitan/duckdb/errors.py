"""The one error of the target."""


class LoadError(Exception):
    """The input or the file cannot be used. The message is for the user: what is wrong, and what to do."""
