"""Exceptions and messages that several packages share."""


class InvalidInputError(ValueError):
    """Raised by lossviz with a message of its own; re-raised unchanged where foreign errors are wrapped."""


def first_line(error: BaseException) -> str:
    """The type and the first line of an error, to be quoted at the end of another message."""
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"
