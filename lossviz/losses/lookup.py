"""Find a loss by its name, and describe it for the legend of a figure."""

from collections.abc import Sequence
from dataclasses import dataclass

from lossviz.losses.base import Family, Loss
from lossviz.losses.nondifferentiable import NONDIFFERENTIABLE
from lossviz.losses.table import LOSSES


@dataclass(frozen=True)
class LossDescription:
    """The labels of a loss in a result: plain data, since a `Loss` holds functions."""

    name: str
    label: str  # with the values of its settings
    short_label: str
    family: Family
    minimizer: str  # which constant prediction is the best, in words
    differentiable: bool


def resolve_loss(loss: str | Loss) -> Loss:
    """The row of that name in `LOSSES` or `NONDIFFERENTIABLE`; a row is returned unchanged.

    Raises KeyError for an unknown name.
    """
    if not isinstance(loss, str):
        return loss
    return NONDIFFERENTIABLE[loss] if loss in NONDIFFERENTIABLE else LOSSES[loss]


def resolve_losses(losses: Sequence[str | Loss]) -> list[Loss]:
    """The rows of several losses; raises ValueError if there is none."""
    if not losses:
        raise ValueError("losses must name at least one loss; got none")
    return [resolve_loss(loss) for loss in losses]


def describe(row: Loss) -> LossDescription:
    """The labels of a loss, for a result."""
    label = label_with_settings(row)
    short = row.short_label or label.partition(",")[0]
    return LossDescription(row.name, label, short, row.family, row.minimizer_words(), row.differentiable)


def label_with_settings(row: Loss) -> str:
    """A loss's label with the values of its settings, such as "Huber, δ = 5"."""
    label = row.common_name or row.label if row.task == "regression" else row.label
    values = []
    for name, value in row.arguments.items():
        symbol = row.settings[name].symbol
        values.append(f"{symbol}{value:g}" if symbol == "±" else f"{symbol} = {value:g}")
    return ", ".join([label, *values])
