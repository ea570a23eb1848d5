"""Metrics of a network's logits: scores that are comparable between losses, and shares for the diagnosis.

All functions take logits with any leading axes, (..., n) for one logit and (..., n, K) for one per class, so
that many networks are scored at once.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.common.typing import Floats
from lossviz.losses.base import Loss

CONFIDENT = 0.01  # an example whose label has a smaller probability is confidently wrong
SATURATED_SLOPE = (
    0.05  # an output is saturated where its link's slope is below this share of its largest slope
)


def log_probabilities(loss: Loss, z: Tensor) -> Tensor | None:
    """Logarithms (..., K) of the class probabilities that logits stand for; None where they are none.

    One logit gives two classes. K sigmoids are divided by their sum. Everything is computed with logarithms,
    so that a confidently wrong prediction has its true loss: at z = 40 it is 40 nats, though 1 - sigmoid(40)
    is 0 in float64.
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


def predicted_class(loss: Loss, z: Tensor) -> Tensor:
    """The number of the predicted class, (..., n)."""
    return z.argmax(dim=-1) if loss.task == "multiclass" else (z > 0).long()


@dataclass(frozen=True)
class Scores:
    """Scores of some networks on some examples, over the leading axes; NaN where a score is not defined."""

    loss: Floats
    accuracy: Floats
    cross_entropy: Floats
    brier: Floats
    confidently_wrong: Floats
    majority_share: Floats


@torch.no_grad()
def scores(loss: Loss, z: Tensor, y: Tensor) -> Scores:
    """Scores of logits (..., n) or (..., n, K), with targets y (n,) as the dataset has them."""
    targets = y if loss.task == "multiclass" else y.to(z.dtype).expand_as(z)
    mean_loss = loss(z, targets).mean(dim=-1).double().numpy()
    undefined = np.full_like(mean_loss, np.nan)
    if loss.task == "regression":
        return Scores(mean_loss, undefined, undefined, undefined, undefined, undefined)
    predicted = predicted_class(loss, z)
    accuracy = (predicted == y).double().mean(dim=-1).numpy()
    classes = z.shape[-1] if loss.task == "multiclass" else 2
    majority_share = F.one_hot(predicted, classes).double().mean(dim=-2).amax(dim=-1).numpy()
    log_p = log_probabilities(loss, z)
    if log_p is None:
        return Scores(mean_loss, accuracy, undefined, undefined, undefined, majority_share)
    log_p_label = log_p.gather(-1, y.expand(log_p.shape[:-1])[..., None])[..., 0]
    p, p_label = log_p.exp(), log_p_label.exp()
    others = p.square().sum(dim=-1) - p_label.square()
    brier = ((1 - p_label).square() + others).mean(dim=-1).numpy()
    confidently_wrong = (p_label < CONFIDENT).double().mean(dim=-1).numpy()
    cross_entropy = (-log_p_label.mean(dim=-1)).numpy()
    return Scores(mean_loss, accuracy, cross_entropy, brier, confidently_wrong, majority_share)


@torch.no_grad()
def saturated_outputs(loss: Loss, z: Tensor) -> Floats:
    """Share of saturated outputs, over examples and classes; NaN for a link that cannot saturate."""
    if loss.activation in ("identity", "exp"):
        return np.full(z.shape[: z.ndim - (2 if loss.task == "multiclass" else 1)], np.nan)
    if loss.activation == "softmax":
        p = torch.softmax(z.double(), dim=-1)
    else:
        p = torch.sigmoid(2 * z.double() if loss.activation == "tanh" else z.double())
    saturated = (4 * p * (1 - p) < SATURATED_SLOPE).double()
    return np.asarray(saturated.mean(dim=(-2, -1) if loss.task == "multiclass" else -1).numpy())
