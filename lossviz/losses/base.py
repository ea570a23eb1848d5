"""What a loss is: its function, its gradient and curvature, and what a reader must know about it.

Binary losses take one logit z and a target y in [0, 1]; multi-class losses take K logits and a class number
(or K probabilities); regression losses take a prediction z and a number y.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.common.validation import as_int64, as_tensor, number_in
from lossviz.losses.targets import TargetKind, check_targets

Task = Literal["binary", "multiclass", "regression"]
Activation = Literal["identity", "sigmoid", "tanh", "softmax", "exp"]
Family = Literal["squared", "logarithm", "absolute", "mixed", "margin"]  # mixed: between squared and absolute
GradientFunction = Callable[[Tensor, Tensor], Tensor]
ConstantMinimizer = Callable[..., float]  # (y (n,), **settings) -> the best constant


@dataclass(frozen=True)
class Setting:
    """A parameter of a loss, such as Huber's delta: its default, its closed range, and its meaning."""

    default: float
    low: float
    high: float
    meaning: str
    symbol: str  # as in the formula


@dataclass(frozen=True)
class Loss:
    """A loss: a row of `LOSSES`.

    ``function(z, y, **settings)`` computes it for each example, as differentiable torch code without checks.
    Calling the row calls this function with the row's settings; train with that. `value`, `gradient` and
    `curvature` are for evaluation: they accept numbers, numpy arrays and tensors (integer logits count as
    float32), check the targets, and return detached tensors.

    Attributes:
        name: Its key in `LOSSES`, which also stands in links.
        label: How it is listed; unique among the rows.
        family: Losses of one family are drawn in one colour.
        task: What kind of prediction it is for.
        target_kind: Which targets it accepts; see `TargetKind`.
        activation: What turns z into the prediction inside the loss.
        function: The loss of each example.
        formula: LaTeX, for one example.
        convention: What the formula leaves open: the factor 1/2, sum or mean, the unit.
        source: Where it was introduced or is defined.
        unit: "nats" if the loss is a logarithm of a probability or density, else "".
        likelihood: The noise distribution of which it is the negative log-likelihood, if there is one.
        settings: Its parameters.
        overrides: Parameters that differ from their default, set by `set`.
        common_name: What it is called where its activation and target are clear from the context.
        short_label: A label for narrow screens.
        minimizer: Which constant prediction minimizes it, in words; may be a function of the settings.
        gradient_function: dL/dz in closed form for hard targets; None leaves it to autograd.
        constant_minimizer: Computes the best constant prediction where the gradient cannot find it.
        differentiable: False if the gradient is zero wherever it exists.

    Example:
        >>> import lossviz as lv
        >>> loss = lv.LOSSES["sigmoid-ce"]
        >>> loss.gradient(0.0, 1.0)
        tensor(-0.5000, dtype=torch.float64)
        >>> loss.convention
        'in nats'
    """

    name: str
    label: str
    family: Family
    task: Task
    target_kind: TargetKind
    activation: Activation
    function: Callable[..., Tensor] = field(repr=False)
    formula: str
    convention: str
    source: str
    unit: Literal["nats", ""] = ""
    likelihood: str = ""
    settings: Mapping[str, Setting] = field(default_factory=lambda: MappingProxyType({}))
    overrides: tuple[tuple[str, float], ...] = ()
    common_name: str = ""
    short_label: str = ""
    minimizer: str | Callable[..., str] = field(default="", repr=False)
    gradient_function: GradientFunction | None = field(default=None, repr=False)
    constant_minimizer: ConstantMinimizer | None = field(default=None, repr=False)
    differentiable: bool = True

    @property
    def arguments(self) -> dict[str, float]:
        """The value of each setting."""
        return {name: setting.default for name, setting in self.settings.items()} | dict(self.overrides)

    def set(self, **values: float) -> "Loss":
        """The same loss with other settings.

        Args:
            **values: New values by the name of the setting.

        Returns:
            A new row; this one does not change.

        Raises:
            ValueError: If the loss has no such setting, or a value is out of range.

        Example:
            >>> import lossviz as lv
            >>> lv.LOSSES["huber"].set(delta=2).value(3.0, 0.0)
            tensor(4., dtype=torch.float64)
        """
        numbers = {}
        for name, value in values.items():
            if name not in self.settings:
                known = ", ".join(self.settings) or "none"
                raise ValueError(f"{self.name} has no setting {name!r}; it has: {known}")
            setting = self.settings[name]
            numbers[name] = number_in(f"{name} of {self.name}", value, setting.low, setting.high)
        return replace(self, overrides=tuple({**dict(self.overrides), **numbers}.items()))

    def __call__(self, z: Tensor, y: Tensor) -> Tensor:
        """Loss of each example (...,), differentiable; targets are not checked."""
        return self.function(z, y, **self.arguments)

    def value(self, z: ArrayLike | Tensor, y: ArrayLike | Tensor) -> Tensor:
        """Loss of each example, unreduced.

        Args:
            z: Logits (...,), or (..., K) for a multi-class loss.
            y: Targets: (...,), broadcast with z, or for a multi-class loss class numbers (...,) or
                probabilities (..., K).

        Returns:
            A detached tensor (...,).

        Raises:
            ValueError: If the shapes do not fit, or a target is not possible for this loss.

        Example:
            >>> import lossviz as lv
            >>> lv.LOSSES["softmax-ce"].value([0.0, 0.0], 1)
            tensor(0.6931, dtype=torch.float64)
        """
        z, y = self._inputs(z, y)
        with torch.no_grad():
            return self(z, y)

    def gradient(self, z: ArrayLike | Tensor, y: ArrayLike | Tensor) -> Tensor:
        """dL/dz by autograd.

        Args:
            z: As for `value`.
            y: As for `value`.

        Returns:
            A detached tensor of the shape of z; for one logit, of z broadcast with y.

        Raises:
            ValueError: As `value`.

        Example:
            >>> import lossviz as lv
            >>> lv.LOSSES["mse"].gradient([1.0, 3.0], 2.0)
            tensor([-2.,  2.], dtype=torch.float64)
        """
        z, y = self._inputs(z, y)
        z.requires_grad_()
        with torch.enable_grad():
            return _gradient(self(z, y), z).detach()

    def curvature(self, z: ArrayLike | Tensor, y: ArrayLike | Tensor) -> Tensor:
        """d2L/dz2 by differentiating twice.

        Args:
            z: As for `value`.
            y: As for `value`.

        Returns:
            A detached tensor of the shape of `gradient`; for K logits the diagonal of the Hessian.

        Raises:
            ValueError: As `value`.

        Example:
            >>> import lossviz as lv
            >>> lv.LOSSES["sigmoid-ce"].curvature(0.0, 1.0)
            tensor(0.2500, dtype=torch.float64)
        """
        z, y = self._inputs(z, y)
        z.requires_grad_()
        with torch.enable_grad():
            gradient = _gradient(self(z, y), z, create_graph=True)
            if self.task != "multiclass":
                return _gradient(gradient, z).detach()
            diagonal = [_gradient(gradient[..., k], z, create_graph=True)[..., k] for k in range(z.shape[-1])]
            return torch.stack(diagonal, dim=-1).detach()

    def minimizer_words(self) -> str:
        """Which constant prediction minimizes the loss, such as "the mean"; "" if that has no name."""
        return self.minimizer if isinstance(self.minimizer, str) else self.minimizer(**self.arguments)

    def best_constants(self, y: Floats) -> Floats:
        """The best constant (k,) for each row of y (k, n), by ``constant_minimizer``."""
        assert self.constant_minimizer is not None
        return np.array([self.constant_minimizer(row, **self.arguments) for row in y])

    def _inputs(self, z: ArrayLike | Tensor, y: ArrayLike | Tensor) -> tuple[Tensor, Tensor]:
        """Checked logits that may require gradients, and targets broadcast with them."""
        logits = as_tensor(z)
        if not logits.is_floating_point():
            logits = logits.float()
        targets = as_int64(as_tensor(y)).to(logits.device)
        check_targets(self.name, self.target_kind, logits, targets)
        if self.task == "multiclass":
            return logits.clone(), targets
        targets = targets.to(logits.dtype)
        shape = np.broadcast_shapes(logits.shape, targets.shape)
        return logits.expand(shape).clone(), targets.expand(shape)


def logits_of(loss: Loss, outputs: Tensor) -> Tensor:
    """A network's outputs as the loss takes them: (..., n) of (..., n, 1), or (..., n, K) unchanged."""
    return outputs if loss.task == "multiclass" else outputs[..., 0]


@dataclass(frozen=True)
class MeanLoss:
    """A row as a torch loss: the mean over the examples.

    Outputs of many networks on the same data may be given at once, on leading axes.
    """

    loss: Loss

    @property
    def one_logit(self) -> bool:
        """Whether the loss takes one output for each example."""
        return self.loss.task != "multiclass"

    @property
    def __name__(self) -> str:
        return self.loss.name

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The mean (...,) over n examples, from outputs (..., n, K) and targets (n,)."""
        if targets.dtype == torch.bool:  # torch does not subtract booleans
            targets = targets.long()
        return self.loss(logits_of(self.loss, outputs), targets).mean(dim=-1)


def _gradient(value: Tensor, z: Tensor, create_graph: bool = False) -> Tensor:
    """d(sum of value)/dz; zeros where value does not depend on z, as for a piecewise constant loss."""
    if not value.requires_grad:
        return torch.zeros_like(z)
    (gradient,) = torch.autograd.grad(value.sum(), z, create_graph=create_graph, materialize_grads=True)
    return gradient + torch.zeros_like(z)  # allocates a gradient that autograd only knows to be zero
