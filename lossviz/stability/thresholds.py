"""The edge of stability of an optimizer: the curvature above which its steps overshoot.

On a quadratic an optimizer with momentum is a linear map, which is unstable exactly if learning rate x
curvature is above a constant of the optimizer.

References:
    J. Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability (2021): for
    gradient descent, heavy ball and Nesterov. J. Cohen et al., Adaptive Gradient Methods at the Edge of
    Stability (2022): for Adam and RMSprop, where the curvature is that of the *preconditioned* Hessian
    P^-1/2 H P^-1/2, with P what each weight's step is divided by.

Momentum is that of torch.optim: v <- beta v + g without dampening. Adam averages, m <- beta m + (1 - beta) g,
so that its constant has another factor 1 - beta: 38 at beta = 0.9.
"""

from functools import cache

import torch
from torch import Tensor
from torch.optim import SGD, Adam, RMSprop
from torch.optim import Optimizer as TorchOptimizer

from lossviz.common.validation import number_in
from lossviz.networks.optimizers import OPTIMIZERS

MAX_LEARNING_RATE = 1e6
ADAPTIVE = (RMSprop, Adam)  # exactly these: a subclass such as AdamW takes other steps


def edge_constant(optimizer: str) -> float:
    """The largest learning rate x curvature at which an optimizer is stable on a quadratic.

    Args:
        optimizer: A name of `OPTIMIZERS`.

    Returns:
        2 for gradient descent, (2 + 2 beta) for momentum beta, and so on.

    Raises:
        KeyError: If the name is unknown.
        ValueError: If no edge is known for the optimizer.

    Example:
        >>> from lossviz.stability.thresholds import edge_constant
        >>> edge_constant("sgd"), edge_constant("momentum")
        (2.0, 3.8)
    """
    OPTIMIZERS[optimizer]  # KeyError for an unknown name
    constant = _constants().get(optimizer)
    if constant is None:
        known = ", ".join(optimizers_with_edge())
        raise ValueError(f"optimizer must be one of {known}; got {optimizer!r}: no edge is known")
    return constant


def optimizers_with_edge() -> tuple[str, ...]:
    """Names of the rows of `OPTIMIZERS` whose edge is known."""
    return tuple(_constants())


@cache
def _constants() -> dict[str, float]:
    """The constant of every optimizer whose edge is known, from the settings of its torch optimizer."""
    constants = {}
    for name, row in OPTIMIZERS.items():
        optimizer = row.build([torch.zeros(1, dtype=torch.float32)], 1.0)
        settings = optimizer.defaults
        if type(optimizer) is Adam:
            beta = float(settings["betas"][0])
            constants[name] = (2 + 2 * beta) / (1 - beta)
        elif type(optimizer) in (SGD, RMSprop):
            beta = float(settings.get("momentum", 0.0))
            constants[name] = (2 + 2 * beta) / (1 + 2 * beta if settings.get("nesterov") else 1)
    return constants


def stability_edge(optimizer: str, lr: float) -> float:
    """The sharpness above which an optimizer's steps grow on a quadratic: its constant / learning rate.

    Args:
        optimizer: A name of `OPTIMIZERS` whose edge is known: sgd, momentum, nesterov, rmsprop, adam.
        lr: Learning rate, in (0, 10^6].

    Returns:
        The edge of the sharpness; for rmsprop and adam, of the preconditioned sharpness.

    Raises:
        KeyError: If the name is unknown.
        ValueError: If no edge is known for the optimizer, or ``lr`` is out of range.

    References:
        J. Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability (2021);
        J. Cohen et al., Adaptive Gradient Methods at the Edge of Stability (2022).

    Example:
        >>> import lossviz as lv
        >>> lv.stability_edge("sgd", lr=0.5)
        4.0
    """
    return edge_constant(optimizer) / number_in("lr", lr, 0.0, MAX_LEARNING_RATE, open_low=True)


def is_adaptive(optimizer: TorchOptimizer) -> bool:
    """Whether each weight's step is divided by a number of its own, so that the Hessian is preconditioned."""
    return type(optimizer) in ADAPTIVE


def preconditioner(optimizer: TorchOptimizer, gradients: list[Tensor]) -> Tensor | None:
    """What the *next* step divides each weight's (averaged) gradient by, (n,); None if by nothing.

    ``gradients`` are those at the present weights, which the next step will add to its average of squares.
    For Adam it is (1 - beta1^t) (sqrt(v_hat) + eps): the bias correction of the first average counts too.
    """
    group = optimizer.param_groups[0]
    parts = []
    for weight, gradient in zip(group["params"], gradients, strict=True):
        state = optimizer.state.get(weight, {})
        if isinstance(optimizer, RMSprop):
            average, decay = state.get("square_avg"), group["alpha"]
        elif isinstance(optimizer, Adam):
            average, decay = state.get("exp_avg_sq"), group["betas"][1]
        elif isinstance(optimizer, SGD):
            return None
        else:
            raise ValueError(f"no preconditioner is known for {type(optimizer).__name__}")
        squares = gradient.square() * (1 - decay)
        if average is not None:
            squares = squares + decay * average
        if isinstance(optimizer, Adam):
            step = float(state.get("step", 0)) + 1
            divisor = (squares / (1 - decay**step)).sqrt() + group["eps"]
            parts.append((1 - group["betas"][0] ** step) * divisor.reshape(-1))
        else:
            parts.append((squares.sqrt() + group["eps"]).reshape(-1))
    return torch.cat(parts)
