"""What stands on the picture of a noise law: how likely the sample is, what it costs, and the names."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lossviz.figures.base.number_format import number, power_of_ten
from lossviz.figures.base.style import (
    INK,
    MUTE,
    SERIF,
    loss_style,
    note,
    under_axis,
    y_axis_title,
)
from lossviz.likelihood.noise import NOISE_DISTRIBUTIONS
from lossviz.likelihood.sample import SampleLikelihood
from lossviz.losses.table import LOSSES

COLUMN = 0.79  # share of the width that the panels have; the numbers stand right of them
NAMES = {  # of losses whose label does not stand alone
    "mse": "Squared error",
    "mae": "Absolute error",
    "softmax-ce": "Cross-entropy",
    "quantile": "Quantile loss",
    "poisson-nll": "Poisson loss",
}
OUTCOMES = {"Bernoulli": ("no", "yes"), "Categorical": ("A", "B", "C")}
CORNER: Mapping[str, Any] = MappingProxyType(
    {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "top"}
)


def share_of_best(share: float) -> str:
    """A likelihood as a share of the best: in percent, or as a power of ten where it is next to nothing."""
    if share >= 0.9995:
        return "100 %"
    if share >= 1e-6:
        return f"{100 * share:.{3 if share >= 0.1 else 2}g} %"
    if share == 0:
        return "0 %"
    return f"10{power_of_ten(math.floor(math.log10(share)))}"


def live_words(found: SampleLikelihood, k: int, narrow: bool) -> list[dict[str, Any]]:
    """How likely the sample is, what it costs, and the parameter, at parameter k."""
    law = NOISE_DISTRIBUTIONS[found.noise]
    lead = {"size": 34 if narrow else 38, "family": SERIF, "color": INK}
    second = {"size": 24, "family": SERIF, "color": loss_style(law.loss).text}
    upper: dict[str, Any] = {"x": COLUMN, "y": 0.94, "xshift": 24}
    lower: dict[str, Any] = {"x": COLUMN, "y": 0.375, "xshift": 24}
    if narrow:
        upper = {"x": 0, "y": 1, "xshift": -50, "yshift": 78}
        lower = {"x": 0.53, "y": 1, "yshift": 76}
    return [
        note(f"<b>{share_of_best(float(found.relative[k]))}</b>", font=lead, **CORNER, **upper),
        note(f"<b>{number(float(found.mean[k]))}</b>", font=second, **CORNER, **lower),
        under_axis(_parameter(found, k), x=0.5 if narrow else COLUMN / 2),
    ]


def _parameter(found: SampleLikelihood, k: int) -> str:
    """The parameter by its name, and its value."""
    law, t = NOISE_DISTRIBUTIONS[found.noise], float(found.parameter[k])
    if law.outcomes == "classes":
        of = OUTCOMES[law.name][1 if law.name == "Bernoulli" else 0]
        return f"probability of {of} p = {t:.2f}"
    return f"{'rate λ' if law.outcomes == 'counts' else 'centre of the noise m'} = {t:.1f}".replace("-", "−")


def still_words(found: SampleLikelihood, plain: bool, narrow: bool) -> list[dict[str, Any]]:
    """The law, the loss that it becomes, and what their numbers are."""
    law = NOISE_DISTRIBUTIONS[found.noise]
    name = {"size": 17 if narrow else 19, "color": loss_style(law.loss).text}
    law_name, loss_name = f"<b>{law.name} noise</b>", f"<b>{NAMES.get(law.loss, LOSSES[law.loss].label)}</b>"
    best = f"at the best {'m' if law.outcomes == 'any' else 'λ' if law.outcomes == 'counts' else 'p'}"
    count = len(found.sample)
    axes = [
        y_axis_title("density" if law.outcomes == "any" else "probability"),
        y_axis_title("−ln p, in nats", 2),
    ]
    if narrow:
        small: dict[str, Any] = {"font": {"size": 15, "color": MUTE}, **CORNER}
        return [
            note(law_name, 0, 1, font=name, xshift=-50, yshift=102, **CORNER),
            note(f"as likely as {best}", 0, 1, xshift=-50, yshift=34, **small),
            note(loss_name, 0.53, 1, font=name, yshift=102, **CORNER),
            note(f"nats, mean of {count}", 0.53, 1, yshift=46, **small),
            *axes,
        ]
    at: dict[str, Any] = {"x": COLUMN, "xshift": 24, **CORNER}
    turned = law.outcomes == "any" and not plain  # the density itself is no mirror of its cost
    black = "the ringed dot’s<br>hill, turned over" if turned else "the cost of<br>the ringed dot"
    return [
        note(law_name, y=1, font=name, **at),
        note(f"as likely as<br>{best}", y=0.81, **at),
        note(loss_name, y=0.44, font=name, **at),
        note(f"nats a dot,<br>mean of {count}", y=0.3, **at),
        note(f"black: {black}", y=0.15, **at, font={"size": 16, "color": INK}),
        *axes,
    ]
