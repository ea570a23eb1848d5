"""How large the curvature may be before an optimizer's steps overshoot: its edge of stability.

On a quadratic an optimizer with momentum is a linear map, and grows exactly when learning rate x curvature
is above a constant of its own. J. Cohen et al., Gradient Descent on Neural Networks Typically Occurs at the
Edge of Stability (2021), for gradient descent, heavy ball and Nesterov; J. Cohen et al., Adaptive Gradient
Methods at the Edge of Stability (2022), for Adam and RMSprop: there the curvature is that of the
*preconditioned* Hessian P^-1/2 H P^-1/2, P being what each weight's step is divided by.

Momentum is that of torch.optim: v <- beta v + g without dampening. Adam averages, m <- beta m + (1 - beta) g,
so that its constant has another factor 1 - beta: 38 at beta = 0.9.
"""

from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, RMSprop
from torch.optim import Optimizer as TorchOptimizer

from lossviz.common.validation import number_in
from lossviz.networks.optimizers import OPTIMIZERS

STEADY = tuple(row.name for row in OPTIMIZERS.values() if row.stability != "unknown")
LARGEST_RATE = 1e6


def edge_constant(optimizer: str) -> float:
    """The largest learning rate x curvature with which an optimizer is stable on a quadratic.

    KeyError for an unknown name, ValueError for an optimizer whose edge is not known.
    """
    row = OPTIMIZERS[optimizer]
    if optimizer not in STEADY:
        raise ValueError(f"optimizer must be one of {', '.join(STEADY)}; got {optimizer!r}: no edge is known")
    rule: dict[str, Any] = row.build([torch.zeros(1, dtype=torch.float32)], 1.0).defaults
    if "betas" in rule:
        beta = float(rule["betas"][0])
        return (2 + 2 * beta) / (1 - beta)
    beta = float(rule.get("momentum", 0.0))
    return (2 + 2 * beta) / (1 + 2 * beta if rule.get("nesterov") else 1)


def stability_edge(optimizer: str, lr: float) -> float:
    """The sharpness above which an optimizer's steps grow on a quadratic: its constant / lr.

    For rmsprop and adam it is the edge of the preconditioned sharpness. Errors as in `edge_constant`, and
    ValueError unless lr is in (0, 10^6].
    """
    return edge_constant(optimizer) / number_in("lr", lr, 0.0, LARGEST_RATE, open_low=True)


def preconditioner(optimizer: TorchOptimizer, gradients: list[Tensor]) -> Tensor | None:
    """What the *next* step divides each weight's (averaged) gradient by, (n,); None if by nothing.

    ``gradients`` are those at the present weights, which the next step will put into its average of squares.
    For Adam it is (1 - beta1^t) (sqrt(v_hat) + eps): the bias correction of the first average counts too.
    """
    group = optimizer.param_groups[0]
    parts = []
    for weight, gradient in zip(group["params"], gradients, strict=True):
        state = optimizer.state.get(weight, {})
        if isinstance(optimizer, RMSprop):
            old, decay = state.get("square_avg"), group["alpha"]
        elif isinstance(optimizer, Adam):
            old, decay = state.get("exp_avg_sq"), group["betas"][1]
        elif isinstance(optimizer, SGD):
            return None
        else:
            raise ValueError(f"no preconditioner is known for {type(optimizer).__name__}")
        squares = gradient.square() * (1 - decay)
        if old is not None:
            squares = squares + decay * old
        if isinstance(optimizer, Adam):
            step = float(state.get("step", 0)) + 1
            divisor = (squares / (1 - decay**step)).sqrt() + group["eps"]
            parts.append((1 - group["betas"][0] ** step) * divisor.reshape(-1))
        else:
            parts.append((squares.sqrt() + group["eps"]).reshape(-1))
    return torch.cat(parts)
