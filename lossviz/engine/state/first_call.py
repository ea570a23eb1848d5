"""Models that make something of their weights at their first call and keep it: found, and evaluated rightly.

Such a model moves only in part when its weights do. It is found by comparing one point with a copy that has
never run; then each point is evaluated by a copy of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.engine.dispatch import TOLERANCE, Evaluator, random_points
from lossviz.engine.parameters import trainable_parameters
from lossviz.engine.reference import ReferenceEvaluator, Task

# Attributes of torch's own modules, which hold no results of earlier calls.
OF_TORCH = frozenset(vars(nn.Module()))


def model_to_copy(
    task: Task,
    evaluator: Evaluator,
    new_copy: Callable[[], nn.Module],
    window: Sequence[tuple[float, float]],
) -> nn.Module | None:
    """The model of which each point needs a copy; None if one copy can be moved from point to point.

    Args:
        task: What is evaluated.
        evaluator: How; its model has run already.
        new_copy: Makes a copy of the user's model at the plane's (0, 0).
        window: ((low, high), (low, high)) of the two coordinates.
    """
    point = random_points(window)[0]

    def agrees(model: nn.Module, at: np.ndarray) -> bool:
        a, b = at.tolist()
        new = ReferenceEvaluator(replace(task, model=model), start=(a, b)).first_loss
        dtype = next(iter(trainable_parameters(task.model).values())).dtype
        found = float(evaluator(at[None])[0])
        return bool(np.isclose(found, new, rtol=TOLERANCE.get(dtype, 0.02), atol=0, equal_nan=True))

    if not agrees(new_copy(), point):
        return new_copy()
    emptied = new_copy()
    if not forget_tensors(emptied):
        return None
    try:  # what the user's model has kept from calls before this one is right at (0, 0) alone
        same_at_origin = agrees(emptied, np.zeros(2))
    except ValueError:  # the model cannot do without: it is no result of a call
        return None
    emptied, kept = new_copy(), new_copy()
    forget_tensors(emptied)
    forget_tensors(kept)
    return kept if same_at_origin and not agrees(emptied, point) else None


def forget_tensors(model: nn.Module) -> bool:
    """Empty all attributes that hold tensors beside parameters and buffers; returns whether there are any."""
    found = False
    for module in model.modules():
        for name, value in list(vars(module).items()):
            if name in OF_TORCH or isinstance(value, nn.Parameter):
                continue
            inner = value.values() if isinstance(value, dict) else value
            if isinstance(value, Tensor):
                vars(module)[name] = None
            elif isinstance(value, (dict, list)) and any(_is_result(part) for part in inner):
                vars(module)[name] = type(value)()
            else:
                continue
            found = True
    return found


def _is_result(value: object) -> bool:
    return isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter)
