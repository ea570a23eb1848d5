"""BatchNorm's running statistics, estimated anew from the data as `torch.optim.swa_utils.update_bn` does."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def batch_norm_layers(model: nn.Module) -> list[_BatchNorm]:
    """The model's BatchNorm layers that keep running statistics."""
    layers = (module for module in model.modules() if isinstance(module, _BatchNorm))
    return [layer for layer in layers if layer.running_mean is not None]


class RecomputedStatistics:
    """The running statistics of a private copy of a model.

    They are the plain averages of the batches' means and unbiased variances, each batch counting once, as in
    `update_bn`. Unlike there all other layers stay in eval mode, so that no dropout draws random numbers.
    """

    def __init__(self, model: nn.Module) -> None:
        self._layers = batch_norm_layers(model)
        for layer in self._layers:
            layer.momentum = None  # a cumulative average
            for name, buffer in list(layer.named_buffers(recurse=False)):
                setattr(layer, name, buffer.clone())  # in memory of its own

    def estimate(self, forward: Callable[[int], object], batches: int) -> None:
        """Estimate them; ``forward`` runs the model on the batch with this index."""
        for layer in self._layers:
            layer.reset_running_stats()
            layer.train()
        try:
            with torch.no_grad():
                for index in range(batches):
                    forward(index)
        finally:
            for layer in self._layers:
                layer.eval()
