"""Learning rate schedules, one row each: the factor of the learning rate at each point of a training."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from lossviz.common.registry import Registry


@dataclass(frozen=True)
class Schedule:
    """A learning rate schedule: a row of `SCHEDULES`.

    Attributes:
        name: Its key in `SCHEDULES`, which also stands in links.
        label: How it is listed.
        factor: Returns the factor of the learning rate for the proportion, in [0, 1), of steps already taken.
        formula: LaTeX, with s for that proportion.
        source: Where it was introduced.

    Example:
        >>> import lossviz as lv
        >>> lv.SCHEDULES["linear"].factor(0.25)
        0.75
    """

    name: str
    label: str
    factor: Callable[[float], float] = field(repr=False)
    formula: str
    source: str


SCHEDULES: Registry[Schedule] = Registry(
    "schedule",
    [
        Schedule(
            name="constant",
            label="Constant",
            factor=lambda progress: 1.0,
            formula=r"\eta_s = \eta",
            source="A. Cauchy (1847)",
        ),
        Schedule(
            name="linear",
            label="Linear decay",
            factor=lambda progress: 1.0 - progress,
            formula=r"\eta_s = (1 - s)\, \eta",
            source="A. Defazio et al., Optimal Linear Decay Learning Rate Schedules (2023)",
        ),
        Schedule(
            name="cosine",
            label="Cosine decay",
            factor=lambda progress: 0.5 * (1.0 + math.cos(math.pi * progress)),
            formula=r"\eta_s = \tfrac12 (1 + \cos \pi s)\, \eta",
            source="I. Loshchilov and F. Hutter, SGDR (2017), without restarts",
        ),
        Schedule(
            name="staircase",
            label="Step decay",
            factor=lambda progress: 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01,
            formula=r"\eta_s = \eta,\ \tfrac{\eta}{10} \text{ from } s = \tfrac12,\ "
            r"\tfrac{\eta}{100} \text{ from } s = \tfrac34",
            source="K. He et al., Deep Residual Learning (2016), section 4.2",
        ),
        Schedule(
            name="warm-up",
            label="Warm-up",
            factor=lambda progress: min(1.0, 10.0 * progress + 0.01),
            formula=r"\eta_s = \min(1,\, 10 s + 0.01)\, \eta",
            source="P. Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.2",
        ),
    ],
)
