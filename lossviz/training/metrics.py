"""What can be said of a network's answers: losses that can be compared, and shares that betray a plateau.

Everything here takes logits with any leading axes, (..., n) for one logit and (..., n, K) for one a class,
so that many networks are scored at once.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.losses.base import Loss

SURE = 0.01  # the right class is given less than this: sure and wrong
FLAT = 0.05  # an output is saturated where its link is less than 5 % as steep as at its steepest


def log_probabilities(loss: Loss, z: Tensor) -> Tensor | None:
    """The logarithms (..., K) of the class probabilities that logits mean; None where they mean none.

    One logit gives two classes. K sigmoids are divided by their sum. In logarithms, so that a certain
    miss keeps its price: at z = 40 it is 40 nats, though 1 - sigmoid(40) is 0 in float64.
    """
    z = z.double()
    if loss.task == "regression" or (loss.task == "binary" and loss.activation == "identity"):
        return None
    if loss.task == "binary":
        z = 2 * z if loss.activation == "tanh" else z
        return F.logsigmoid(torch.stack([-z, z], dim=-1))
    if loss.activation == "softmax":
        return torch.log_softmax(z, dim=-1)
    return torch.log_softmax(F.logsigmoid(z), dim=-1)


def decided(loss: Loss, z: Tensor) -> Tensor:
    """The class that is said, (..., n)."""
    return z.argmax(dim=-1) if loss.task == "multiclass" else (z > 0).long()


@dataclass(frozen=True)
class Scores:
    """Of some networks on some examples, each an array over the leading axes; NaN where it means nothing."""

    own: Floats
    accuracy: Floats
    cross_entropy: Floats
    brier: Floats
    sure_and_wrong: Floats
    common: Floats


@torch.no_grad()
def scores(loss: Loss, z: Tensor, y: Tensor) -> Scores:
    """Of logits (..., n) or (..., n, K), with targets y (n,) as the dataset has them."""
    targets = y if loss.task == "multiclass" else y.to(z.dtype).expand_as(z)
    own = loss(z, targets).mean(dim=-1).double().numpy()
    nothing = np.full_like(own, np.nan)
    if loss.task == "regression":
        return Scores(own, nothing, nothing, nothing, nothing, nothing)
    guess = decided(loss, z)
    accuracy = (guess == y).double().mean(dim=-1).numpy()
    classes = z.shape[-1] if loss.task == "multiclass" else 2
    common = F.one_hot(guess, classes).double().mean(dim=-2).amax(dim=-1).numpy()
    log_p = log_probabilities(loss, z)
    if log_p is None:
        return Scores(own, accuracy, nothing, nothing, nothing, common)
    right = log_p.gather(-1, y.expand(log_p.shape[:-1])[..., None])[..., 0]
    p = log_p.exp()
    others = p.square().sum(dim=-1) - right.exp().square()
    brier = ((1 - right.exp()).square() + others).mean(dim=-1).numpy()
    sure = (right.exp() < SURE).double().mean(dim=-1).numpy()
    return Scores(own, accuracy, (-right.mean(dim=-1)).numpy(), brier, sure, common)


@torch.no_grad()
def flat_outputs(loss: Loss, z: Tensor) -> Floats:
    """Share of outputs, over examples and classes, where the link is nearly flat; NaN for a link that
    nowhere is."""
    if loss.activation in ("identity", "exp"):
        return np.full(z.shape[: z.ndim - (2 if loss.task == "multiclass" else 1)], np.nan)
    if loss.activation == "softmax":
        p = torch.softmax(z.double(), dim=-1)
    else:
        p = torch.sigmoid(2 * z.double() if loss.activation == "tanh" else z.double())
    flat = (4 * p * (1 - p) < FLAT).double()
    return np.asarray(flat.mean(dim=(-2, -1) if loss.task == "multiclass" else -1).numpy())
