"""How numbers are written: three digits, a true minus, thin spaces between thousands."""

import math


def number(value: float) -> str:
    """Three significant digits, a true minus, thin spaces, no exponent between 0.0001 and a million."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if 0.9995 <= size < 1:  # what only comes near 1 must not be printed as 1
        places = min(9, math.ceil(-math.log10(1 - size)))
        text = f"{min(size, 1 - 10.0**-places):.{places}f}"
    elif size == 0:
        text = "0"
    elif size < 1e-4 or size >= 1e6:
        power = math.floor(math.log10(size))
        lead = size / 10.0**power
        if round(lead, 1) == 10:
            lead, power = 1.0, power + 1
        text = f"{lead:.1f} × 10{power_of_ten(power)}"
    else:
        decimals = 2 - math.floor(math.log10(size))
        text = f"{round(size, decimals):,.{max(0, decimals)}f}".replace(",", "\u2009")
    return ("−" if value < 0 else "") + text


def power_of_ten(power: int) -> str:
    """An exponent in raised digits."""
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def percent(share: float) -> str:
    """A share as a percentage without decimals; a small one is not rounded away."""
    if 0 < share < 0.005:
        return "under 1 %"
    return f"{100 * share:.0f} %"


def whole(count: int) -> str:
    """A whole number in full, with thin spaces between thousands."""
    return f"{count:,}".replace(",", "\u2009")


_ORDINALS = {2: "nd", 3: "rd"}


def every(stride: int) -> str:
    """Which points of a grid a coarse picture of it holds."""
    return f"every {stride}{_ORDINALS.get(stride, 'th')} point"
