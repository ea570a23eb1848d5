"""What is said where a faster way fails and should not: the slower one gives the result, but not in silence.

What a faster way does not know it refuses by `lossviz.engine.trace.Untraceable`, which is no fault. Anything else
that it raises is a fault of ours: the user is warned, and where warnings are errors, as in tests, it fails.
"""

import warnings

from lossviz.common.errors import first_line


class FallbackWarning(RuntimeWarning):
    """A faster way failed unexpectedly. The result is right; it took longer than it should have."""


def fell_back(who: str, error: Exception) -> str:
    """Warns of an unexpected error of a faster way; returns the reason in a few words, for the result."""
    reason = f"{who} failed with {type(error).__name__}"
    text = f"{who} failed with {first_line(error)}; a slower way was taken. Please report this"
    warnings.warn(text, FallbackWarning, stacklevel=2)
    return reason
