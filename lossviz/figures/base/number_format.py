"""How numbers are written: three digits, a true minus, thin spaces between thousands.

Each of these takes any float and any integer, and never raises: what is written may come from a file.
"""

import math
import operator
from decimal import Decimal

_FULL = 10**15  # from here on a whole number has more digits than anybody reads
_THIN = "\u2009"


def number(value: float) -> str:
    """Three significant digits, a true minus, thin spaces, no exponent between 0.0001 and a million.

    Beyond these two ends: two significant digits and a power of ten.
    """
    value = _real(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"
    size = abs(value)
    if 0.9995 <= size < 1:  # what only comes near 1 must not be printed as 1
        places = min(9, math.ceil(-math.log10(1 - size)))
        text = f"{min(size, 1 - 10.0**-places):.{places}f}"
    elif size == 0:
        text = "0"
    elif size < 1e-4 or size >= 1e6:  # without a power of ten as a float, which ends long before the least
        lead, _, power = f"{Decimal(size):.1e}".partition("e")
        text = f"{lead} × 10{power_of_ten(int(power))}"
    else:
        decimals = 2 - math.floor(math.log10(size))
        text = f"{round(size, decimals):,.{max(0, decimals)}f}".replace(",", _THIN)
    return ("−" if value < 0 else "") + text


def _real(value: float) -> float:
    """An integer as Python's own, which may be larger than any float; anything else as a float."""
    try:
        return operator.index(value)  # type: ignore[arg-type]  # a TypeError is the answer
    except TypeError:
        return float(value)


def power_of_ten(power: int) -> str:
    """An exponent in raised digits."""
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def percent(share: float) -> str:
    """A share as a percentage without decimals; a small one is not rounded away."""
    share = _real(share)
    if 0 < share < 0.005:
        return "under 1 %"
    if isinstance(share, float) and not math.isfinite(share):
        return number(share) if math.isnan(share) else f"{number(share)} %"
    if abs(share) >= 1e4:
        return f"{number(100 * int(share))} %"  # as an integer: a float times 100 may be infinite
    text = f"{100 * abs(share):.0f}"
    return f"{'−' if share < 0 and text != '0' else ''}{text} %"


def whole(count: float) -> str:
    """A whole number in full, with thin spaces between thousands; of more than 15 digits as `number` does."""
    count = _real(count)
    if isinstance(count, float):
        if not math.isfinite(count):
            return number(count)
        count = round(count)
    if abs(count) >= _FULL:
        return number(count)
    return f"{count:,}".replace(",", _THIN).replace("-", "−")


def every(stride: int) -> str:
    """Which points of a grid a coarse picture of it holds."""
    stride = operator.index(stride)
    ending = "th" if stride % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(stride % 10, "th")
    return f"every {whole(stride)}{ending} point"
