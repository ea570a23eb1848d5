"""Format numbers: three significant digits, a minus sign (not a hyphen), thin spaces between thousands.

Each function accepts any float and any integer, and never raises, since numbers may come from a file.
"""

import math
import operator
from decimal import Decimal

_LARGEST_IN_FULL = 10**15  # larger integers are written with a power of ten
_THIN = "\u2009"


def number(value: float) -> str:
    """Format a number with three significant digits.

    Args:
        value: Any number.

    Returns:
        Decimal notation from 0.0001 to a million, else two significant digits and a power of ten. Numbers
        just below 1 get as many digits as it takes not to read 1.

    Example:
        >>> import lossviz as lv
        >>> lv.figures.number(-0.03456), lv.figures.number(1.5e7), lv.figures.number(0.99996)
        ('−0.0346', '1.5 × 10⁷', '0.99996')
    """
    value = _real(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"
    size = abs(value)
    if 0.9995 <= size < 1:  # must not be rounded to 1
        places = min(9, math.ceil(-math.log10(1 - size)))
        text = f"{min(size, 1 - 10.0**-places):.{places}f}"
    elif size == 0:
        text = "0"
    elif size < 1e-4 or size >= 1e6:  # Decimal, since 10.0**-power would underflow for subnormal numbers
        lead, _, power = f"{Decimal(size):.1e}".partition("e")
        text = f"{lead} × 10{power_of_ten(int(power))}"
    else:
        decimals = 2 - math.floor(math.log10(size))
        text = f"{round(size, decimals):,.{max(0, decimals)}f}".replace(",", _THIN)
    return ("−" if value < 0 else "") + text


def _real(value: float) -> float:
    """An integer as an int, which may be larger than any float; anything else as a float."""
    try:
        return operator.index(value)  # type: ignore[arg-type]  # raises TypeError
    except TypeError:
        return float(value)


def power_of_ten(power: int) -> str:
    """An exponent in superscript digits."""
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def percent(share: float) -> str:
    """Format a proportion as a percentage without decimals.

    Args:
        share: Any number; 1 is 100 %.

    Returns:
        The percentage; "under 1 %" for a proportion above 0 that would be rounded to 0.

    Example:
        >>> import lossviz as lv
        >>> lv.figures.percent(0.274), lv.figures.percent(0.001)
        ('27 %', 'under 1 %')
    """
    share = _real(share)
    if 0 < share < 0.005:
        return "under 1 %"
    if isinstance(share, float) and not math.isfinite(share):
        return number(share) if math.isnan(share) else f"{number(share)} %"
    if abs(share) >= 1e4:
        return f"{number(100 * int(share))} %"  # an integer, since 100 times a float may be infinite
    text = f"{100 * abs(share):.0f}"
    return f"{'−' if share < 0 and text != '0' else ''}{text} %"


def whole(count: float) -> str:
    """Format an integer with thin spaces between thousands.

    Args:
        count: Any number; a float is rounded.

    Returns:
        All digits, or what `number` returns from 10^15 on.

    Example:
        >>> import lossviz as lv
        >>> lv.figures.whole(1234567)
        '1\u2009234\u2009567'
    """
    count = _real(count)
    if isinstance(count, float):
        if not math.isfinite(count):
            return number(count)
        count = round(count)
    if abs(count) >= _LARGEST_IN_FULL:
        return number(count)
    return f"{count:,}".replace(",", _THIN).replace("-", "−")


def every(stride: int) -> str:
    """Say in words which points of a grid a subsampled one has.

    Args:
        stride: A positive integer.

    Returns:
        Such as "every 3rd point".

    Example:
        >>> import lossviz as lv
        >>> lv.figures.every(3)
        'every 3rd point'
    """
    stride = operator.index(stride)
    ending = "th" if stride % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(stride % 10, "th")
    return f"every {whole(stride)}{ending} point"
