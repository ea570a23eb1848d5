"""Ticks of an axis of proportions, written as everywhere else: with a space before the percent sign."""

from typing import Any

import numpy as np

STEPS = [m * 10.0**e for e in range(-6, 1) for m in (1, 2, 5)]


def percent_ticks(low: float, high: float, most: int = 6) -> dict[str, Any]:
    """Choose round proportions within a range, and write them as percentages.

    Args:
        low: The lower end of the axis, as a proportion.
        high: Its upper end.
        most: The most ticks.

    Returns:
        ``tickvals`` and ``ticktext`` of a Plotly axis.
    """
    fitting = (step for step in STEPS if (high - low) / step <= most - 1)
    step = next(fitting, STEPS[-1])
    indices = range(int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9)) + 1)
    values = [round(i * step, 9) for i in indices]
    return {
        "tickvals": values,
        "ticktext": [f"{round(100 * value, 7):g} %".replace("-", "−") for value in values],
    }
