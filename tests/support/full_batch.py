"""A small network with its loss and data, for full-batch training."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

import lossviz as lv


def small_problem(
    loss: str = "mse", seed: int = 0
) -> tuple[nn.Module, Callable[..., Tensor], tuple[Tensor, Tensor]]:
    data = lv.DATASETS["moons"].load(40)
    row = lv.LOSSES[loss]

    def mean(outputs: Tensor, targets: Tensor) -> Tensor:
        return row(outputs[:, 0], targets).mean()

    model = lv.NETWORKS["mlp-8-8"].build(2, 1, seed=seed).double()
    return model, mean, (torch.from_numpy(data.x), torch.from_numpy(data.y).double())
