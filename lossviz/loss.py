"""What a loss is: a row that knows its value, its slope and its curvature.

Binary losses take one logit and a target y in [0, 1]; multi-class losses take K logits and a class
number (or a distribution over the K classes); regression losses take a prediction z and a number y.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from lossviz.checks import as_tensor, number_in

Task = Literal["binary", "multiclass", "regression"]
Link = Literal["identity", "sigmoid", "tanh", "softmax", "exp"]
Family = Literal["squared", "logarithm", "absolute", "between", "margin"]


@dataclass(frozen=True)
class Setting:
    """A number that shapes a loss: its default and the closed range it may have."""

    default: float
    low: float
    high: float
    meaning: str


@dataclass(frozen=True)
class Loss:
    """One loss: a row of `LOSSES`.

    ``function(z, y, **settings)`` is the per-example value as differentiable torch code. Calling the
    row calls it with the row's settings; train with that. `value`, `gradient` and `curvature` are for
    looking: they accept numbers, numpy and torch (whole logits count as float32), check the targets, and
    return detached tensors.
    """

    name: str
    label: str
    family: Family
    task: Task
    link: Link
    function: Callable[..., Tensor] = field(repr=False)
    formula: str  # LaTeX, per example
    convention: str  # what the formula leaves open: the 1/2, sum or mean, the unit
    source: str
    likelihood: str = ""  # the noise law that this is the negative logarithm of, if there is one
    settings: Mapping[str, Setting] = field(default_factory=lambda: MappingProxyType({}))
    chosen: tuple[tuple[str, float], ...] = ()

    def set(self, **values: float) -> "Loss":
        """The same loss with other settings, as in ``LOSSES["huber"].set(delta=2)``.

        Raises ValueError for a setting that the loss has not, or a value out of its range.
        """
        numbers = {}
        for name, value in values.items():
            if name not in self.settings:
                known = ", ".join(self.settings) or "none"
                raise ValueError(f"{self.name} has no setting {name!r}; it has: {known}")
            setting = self.settings[name]
            numbers[name] = number_in(f"{name} of {self.name}", value, setting.low, setting.high)
        return replace(self, chosen=tuple({**dict(self.chosen), **numbers}.items()))

    def __call__(self, z: Tensor, y: Tensor) -> Tensor:
        """Per-example loss (...,), differentiable; targets are taken as they are."""
        defaults = {name: setting.default for name, setting in self.settings.items()}
        return self.function(z, y, **{**defaults, **dict(self.chosen)})

    def value(self, z: ArrayLike | Tensor, y: ArrayLike | Tensor) -> Tensor:
        """Per-example loss, unreduced: (...,) from z (...,), or from z (..., K) for multi-class.

        Raises ValueError if a target is impossible for this loss.
        """
        z, y = self._inputs(z, y)
        with torch.no_grad():
            return self(z, y)

    def gradient(self, z: ArrayLike | Tensor, y: ArrayLike | Tensor) -> Tensor:
        """dL/dz by autograd, of the shape of z (broadcast with y where a loss is elementwise)."""
        z, y = self._inputs(z, y)
        z.requires_grad_()
        with torch.enable_grad():
            return _slope(self(z, y), z).detach()

    def curvature(self, z: ArrayLike | Tensor, y: ArrayLike | Tensor) -> Tensor:
        """d2L/dz2 by differentiating twice, shaped as `gradient`; the Hessian's diagonal for K logits."""
        z, y = self._inputs(z, y)
        z.requires_grad_()
        with torch.enable_grad():
            slope = _slope(self(z, y), z, keep=True)
            if self.task != "multiclass":
                return _slope(slope, z).detach()
            diagonal = [_slope(slope[..., k], z, keep=True)[..., k] for k in range(z.shape[-1])]
            return torch.stack(diagonal, dim=-1).detach()

    def _inputs(self, z: ArrayLike | Tensor, y: ArrayLike | Tensor) -> tuple[Tensor, Tensor]:
        logits = as_tensor(z)
        if not logits.is_floating_point():
            logits = logits.float()
        targets = as_tensor(y).to(logits.device)
        if self.task == "multiclass":
            _check_classes(self.name, logits, targets)
            if self.link == "softmax" and targets.is_floating_point():
                _check_sums(self.name, targets)
            return logits.clone(), targets
        if self.task == "binary" and targets.numel() and not bool(((targets >= 0) & (targets <= 1)).all()):
            raise ValueError(f"y of {self.name} must lie in [0, 1]; got {_first_outside(targets)}")
        if self.name == "poisson-nll" and targets.numel() and not bool((targets >= 0).all()):
            raise ValueError(f"y of {self.name} must be a count, 0 or more; got {float(targets.min()):g}")
        targets = targets.to(logits.dtype)
        try:
            shape = (logits + targets).shape  # whatever broadcasting makes of the two
        except RuntimeError:
            raise ValueError(
                f"y of {self.name} must have a shape that broadcasts with z, {tuple(logits.shape)}; "
                f"got {tuple(targets.shape)}"
            ) from None
        return logits.expand(shape).clone(), targets.expand(shape)


def logits_of(loss: Loss, outputs: Tensor) -> Tensor:
    """What the loss takes of a network's outputs: (..., n) of (..., n, 1), and (..., n, K) as it is."""
    return outputs if loss.task == "multiclass" else outputs[..., 0]


@dataclass(frozen=True)
class MeanLoss:
    """A row as a function of a network's outputs (..., n, K) and targets (n,): the mean (...,) over the
    examples. Outputs of many networks on the same data may come at once, on leading axes."""

    loss: Loss

    @property
    def one_logit(self) -> bool:
        return self.loss.task != "multiclass"

    @property
    def __name__(self) -> str:
        return self.loss.name

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.loss(logits_of(self.loss, outputs), targets).mean(dim=-1)


def _slope(value: Tensor, z: Tensor, keep: bool = False) -> Tensor:
    """d(sum of value)/dz; zeros where value does not depend on z (the second derivative of a kink)."""
    if not value.requires_grad:
        return torch.zeros_like(z)
    (slope,) = torch.autograd.grad(value.sum(), z, create_graph=keep, materialize_grads=True)
    return slope + torch.zeros_like(z)  # gives storage to a gradient that autograd knows to be zero


def _first_outside(targets: Tensor) -> str:
    return f"{float(targets[~((targets >= 0) & (targets <= 1))].flatten()[0]):g}"


def _check_classes(name: str, z: Tensor, y: Tensor) -> None:
    if z.ndim == 0 or z.shape[-1] < 2:
        raise ValueError(f"z of {name} needs at least 2 logits on its last axis; got shape {tuple(z.shape)}")
    if y.is_floating_point():
        if y.shape != z.shape:
            raise ValueError(
                f"y of {name} must be class numbers {tuple(z.shape[:-1])} or probabilities "
                f"{tuple(z.shape)}; got floats of shape {tuple(y.shape)}"
            )
        if not bool(((y >= 0) & (y <= 1)).all()):
            raise ValueError(f"probabilities in y of {name} must lie in [0, 1]; got {_first_outside(y)}")
        return
    if y.shape != z.shape[:-1]:
        raise ValueError(f"y of {name} must have shape {tuple(z.shape[:-1])}; got {tuple(y.shape)}")
    classes = z.shape[-1]
    if y.numel() and not bool(((y >= 0) & (y < classes)).all()):
        wrong = int(y[(y < 0) | (y >= classes)].flatten()[0])
        raise ValueError(f"y of {name} must be a class from 0 to {classes - 1}; got {wrong}")


def _check_sums(name: str, y: Tensor) -> None:
    total = y.sum(dim=-1)
    wrong = total[(total - 1).abs() > 1e-3]
    if wrong.numel():
        raise ValueError(f"probabilities in y of {name} must add up to 1; got {float(wrong.flatten()[0]):g}")
