"""The error that lossviz raises itself, and how it quotes the errors of others."""


class InvalidInputError(ValueError):
    """Raised by lossviz with a complete sentence, and re-raised unchanged.

    What torch raises for the same input is quoted in a sentence of lossviz instead.
    """


def first_line(error: BaseException) -> str:
    """The type of an exception and the first line of its message, to be quoted at the end of a sentence."""
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"
