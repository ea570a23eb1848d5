"""Schedules, one row each: what a learning rate is multiplied by as a training goes on."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from lossviz.common.registry import Registry


@dataclass(frozen=True)
class Schedule:
    """One way to change the learning rate: a row of `SCHEDULES`.

    ``factor(done)`` is what the rate is multiplied by when the share ``done`` of the steps, in [0, 1), has
    been taken.
    """

    name: str
    label: str
    factor: Callable[[float], float] = field(repr=False)
    formula: str  # LaTeX, with the share s of the steps already taken
    source: str


SCHEDULES: Registry[Schedule] = Registry(
    "schedule",
    [
        Schedule(
            name="constant",
            label="Constant",
            factor=lambda done: 1.0,
            formula=r"\eta_s = \eta",
            source="A. Cauchy (1847)",
        ),
        Schedule(
            name="linear",
            label="Falling in a line",
            factor=lambda done: 1.0 - done,
            formula=r"\eta_s = (1 - s)\, \eta",
            source="A. Defazio et al., Optimal Linear Decay Learning Rate Schedules (2023)",
        ),
        Schedule(
            name="cosine",
            label="Falling as a cosine",
            factor=lambda done: 0.5 * (1.0 + math.cos(math.pi * done)),
            formula=r"\eta_s = \tfrac12 (1 + \cos \pi s)\, \eta",
            source="I. Loshchilov and F. Hutter, SGDR (2017), without restarts",
        ),
        Schedule(
            name="staircase",
            label="A tenth at one half, a tenth at three quarters",
            factor=lambda done: 1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01,
            formula=r"\eta_s = \eta,\ \tfrac{\eta}{10} \text{ from } s = \tfrac12,\ "
            r"\tfrac{\eta}{100} \text{ from } s = \tfrac34",
            source="K. He et al., Deep Residual Learning (2016), section 4.2",
        ),
        Schedule(
            name="warm-up",
            label="Rising over the first tenth",
            factor=lambda done: min(1.0, 10.0 * done + 0.01),
            formula=r"\eta_s = \min(1,\, 10 s + 0.01)\, \eta",
            source="P. Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.2",
        ),
    ],
)
