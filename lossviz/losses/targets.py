"""Which targets a loss accepts, and the check of them."""

from typing import Literal

import numpy as np
from torch import Tensor

TargetKind = Literal["probability", "class", "labels", "real", "count"]
"""Kinds of targets.

- "probability": a number in [0, 1], the probability of class 1; 0 and 1 are hard labels.
- "class": a class number, or K probabilities that sum to 1.
- "labels": a class number, or K probabilities that are independent of each other.
- "real": any number.
- "count": a number of at least 0.
"""


def check_targets(name: str, kind: TargetKind, z: Tensor, y: Tensor) -> None:
    """Check the shapes of logits and targets, and the values of the targets.

    Args:
        name: Name of the loss, for the error message.
        kind: Which targets it accepts.
        z: Logits (...,), or (..., K) for the kinds "class" and "labels".
        y: Targets; integers are class numbers.

    Raises:
        ValueError: If the shapes do not fit, or a target is not of this kind.
    """
    if kind in ("class", "labels"):
        _check_classes(name, z, y)
        if kind == "class" and y.is_floating_point():
            _check_sums(name, y)
        return
    if kind == "probability" and not bool(_in_unit_interval(y).all()):
        raise ValueError(f"y of {name} must lie in [0, 1]; got {_first_outside(y)}")
    if kind == "count" and not bool((y >= 0).all()):
        raise ValueError(f"y of {name} must be a count, 0 or more; got {float(y.min()):g}")
    try:
        np.broadcast_shapes(z.shape, y.shape)
    except ValueError:
        raise ValueError(
            f"y of {name} must have a shape that broadcasts with z, {tuple(z.shape)}; got {tuple(y.shape)}"
        ) from None


def _in_unit_interval(y: Tensor) -> Tensor:
    return (y >= 0) & (y <= 1)


def _first_outside(y: Tensor) -> str:
    return f"{float(y[~_in_unit_interval(y)].flatten()[0]):g}"


def _check_classes(name: str, z: Tensor, y: Tensor) -> None:
    """Check class numbers (...,) or probabilities (..., K) for logits (..., K)."""
    if z.ndim == 0 or z.shape[-1] < 2:
        raise ValueError(f"z of {name} needs at least 2 logits on its last axis; got shape {tuple(z.shape)}")
    if y.is_floating_point():
        if y.shape != z.shape:
            raise ValueError(
                f"y of {name} must be class numbers {tuple(z.shape[:-1])} or probabilities "
                f"{tuple(z.shape)}; got floats of shape {tuple(y.shape)}"
            )
        if not bool(_in_unit_interval(y).all()):
            raise ValueError(f"probabilities in y of {name} must lie in [0, 1]; got {_first_outside(y)}")
        return
    if y.shape != z.shape[:-1]:
        raise ValueError(f"y of {name} must have shape {tuple(z.shape[:-1])}; got {tuple(y.shape)}")
    classes = z.shape[-1]
    if not bool(((y >= 0) & (y < classes)).all()):
        wrong = int(y[(y < 0) | (y >= classes)].flatten()[0])
        raise ValueError(f"y of {name} must be a class from 0 to {classes - 1}; got {wrong}")


def _check_sums(name: str, y: Tensor) -> None:
    """Check that probabilities (..., K) sum to 1 over the last axis."""
    total = y.sum(dim=-1)
    wrong = total[(total - 1).abs() > 1e-3]
    if wrong.numel():
        raise ValueError(f"probabilities in y of {name} must add up to 1; got {float(wrong.flatten()[0]):g}")
