"""The warning where a faster method fails that should not: the slower one gives the result, but not silently.

What a faster method does not support it refuses by `lossviz.engine.trace.UntraceableError`, which is no
error. Any other exception is a bug of lossviz: the user is warned, and where warnings are errors, as in
tests, it fails.
"""

import warnings

from lossviz.common.errors import first_line


class FallbackWarning(RuntimeWarning):
    """A faster method failed unexpectedly. The result is right; it took longer than it should have."""


def warn_fallback(method: str, error: Exception) -> str:
    """Warn of an unexpected error of a faster method.

    Args:
        method: The method's name, as the subject of a sentence.
        error: The exception that it raised.

    Returns:
        The reason in a few words, to be stored with the result.
    """
    reason = f"{method} failed with {type(error).__name__}"
    text = f"{method} failed with {first_line(error)}; a slower method was used. Please report this"
    warnings.warn(text, FallbackWarning, stacklevel=2)
    return reason
