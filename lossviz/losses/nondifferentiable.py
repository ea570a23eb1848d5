"""Losses that say what is wanted and cannot be trained on: their slope is zero wherever it exists.

They stand outside `LOSSES`, so that no training is offered them, but have the same rows: what they punish
can be drawn beside the losses that stand in for them.
"""

from types import MappingProxyType

from torch import Tensor

from lossviz.common.registry import Registry
from lossviz.losses.base import Loss, Setting
from lossviz.losses.table import LOSSES


def zero_one(z: Tensor, y: Tensor) -> Tensor:
    yes = (z > 0).to(z.dtype)
    return (1 - y) * yes + y * (1 - yes)


def hit_or_miss(z: Tensor, y: Tensor, width: float) -> Tensor:
    return ((z - y).abs() > width).to(z.dtype)


NONDIFFERENTIABLE: Registry[Loss] = Registry(
    "untrainable loss",
    [
        Loss(
            name="zero-one",
            label="0-1 loss",
            family="margin",
            task="binary",
            link="identity",
            function=zero_one,
            formula=r"L = [(2y - 1)\, z \le 0]",
            convention="its mean is 1 − accuracy; z = 0 says no; for soft y the mean over both labels",
            source="P. Bartlett et al., Convexity, Classification, and Risk Bounds (2006)",
        ),
        Loss(
            name="hit-or-miss",
            label="Hit or miss",
            family="margin",
            task="regression",
            link="identity",
            function=hit_or_miss,
            formula=r"L = [\,|z - y| > w\,]",
            convention="as w goes to 0 the best constant goes to the mode",
            source="C. Bishop, Pattern Recognition and Machine Learning (2006), exercise 1.27",
            settings=MappingProxyType({"width": Setting(1.5, 1e-6, 1e6, "how near is near enough")}),
        ),
    ],
)


def any_loss(loss: str | Loss) -> Loss:
    """The row of that name in `LOSSES` or `UNTRAINABLE`; a row passes through.

    Raises KeyError for an unknown name; it lists the known ones.
    """
    if not isinstance(loss, str):
        return loss
    return NONDIFFERENTIABLE[loss] if loss in NONDIFFERENTIABLE else LOSSES[loss]


_SIGNS = {"delta": "δ", "gamma": "γ", "tau": "τ", "smoothing": "α", "sigma": "σ", "width": "±"}


def named(row: Loss) -> str:
    """The loss's label with the settings that it has: 'Huber, δ = 5'."""
    if row.name == "hit-or-miss":
        return f"{row.label}, ±{_value(row, 'width'):g}"
    told = [f"{_SIGNS.get(name, name)} = {_value(row, name):g}" for name in row.settings]
    label = f"{row.label} error" if row.name in ("mse", "mae") else row.label
    return ", ".join([label, *told])


def _value(row: Loss, name: str) -> float:
    return dict(row.chosen).get(name, row.settings[name].default)
