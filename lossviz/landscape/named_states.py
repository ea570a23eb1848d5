"""Buffers and frozen parameters at the named points of a plane, and in between."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from lossviz.common.typing import Floats
from lossviz.engine.state.plane_state import (
    LinearPart,
    NearestPart,
    PlaneState,
    copied,
    same_values,
    unmoved_state,
)

BETWEEN_MODELS = "buffers move linearly between the models"
FITTED = "buffers are a linear fit to those of the checkpoints"


def state_between(model: nn.Module, other: nn.Module, moved: Iterable[str]) -> PlaneState:
    """The state on the line from a model, at a = 0, to another, at a = 1."""
    fit = StateFit(copied(unmoved_state(model, moved)), np.array([[0.0, 0.0], [1.0, 0.0]]))
    fit.add(1, unmoved_state(other, moved))
    return fit.finish(BETWEEN_MODELS)


class StateFit:
    """The state that is linear in the coordinates, and at (0, 0) exactly that of one model.

    For two models, or three that are not on one line, it is exact at each of them; for more it is the
    least-squares fit. Integers are those of the nearest model.
    """

    def __init__(self, origin: Mapping[str, Tensor], points: Floats) -> None:
        """``points`` (k, 2) are the models' coordinates; ``origin`` is the state of the one at (0, 0)."""
        self.origin, self._points = origin, points
        self._sums: dict[str, Tensor] = {}  # (2, *shape), of coordinates times changes
        self._ranges: dict[str, tuple[Tensor, Tensor]] = {}
        self._integers: dict[str, dict[int, Tensor]] = {}

    def add(self, index: int, state: Mapping[str, Tensor]) -> None:
        """Add the model with this index. Raises ValueError if an entry has another shape than at (0, 0)."""
        for name, first in self.origin.items():
            value = state.get(name)
            if value is None or same_values(first, value):
                continue
            if value.shape != first.shape:
                raise ValueError(
                    f"model {index} has {name!r} with shape {tuple(value.shape)}; "
                    f"the others have {tuple(first.shape)}"
                )
            value = value.to(first.device)
            if not first.is_floating_point():
                self._integers.setdefault(name, {})[index] = value.clone()
                continue
            weights = torch.from_numpy(self._points[index]).view(2, *[1] * first.ndim).to(first.device)
            change = weights * (value.double() - first.double())
            self._sums[name] = self._sums[name].add_(change) if name in self._sums else change
            low, high = self._ranges.get(name, (first, first))
            self._ranges[name] = torch.minimum(low, value), torch.maximum(high, value)

    def finish(self, rule: str) -> PlaneState:
        """The state of all models together; ``rule`` says in a line how it moves."""
        inverse = torch.from_numpy(np.linalg.pinv(self._points.T @ self._points))
        linear = {}
        for name, total in self._sums.items():
            slopes = (inverse.to(total.device) @ total.reshape(2, -1)).view_as(total)
            rows = torch.cat([self.origin[name].double()[None], slopes])
            linear[name] = LinearPart(rows, *self._ranges[name])
        nearest = {
            name: NearestPart(
                self._points, tuple(values.get(k, self.origin[name]) for k in range(len(self._points)))
            )
            for name, values in self._integers.items()
        }
        return PlaneState(self.origin, linear, nearest, rule)
