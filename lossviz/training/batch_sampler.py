"""The batches of a training."""

import torch
from torch import Tensor


class BatchSampler:
    """The rows of each batch in turn for one seed, the same for every run.

    The rows are shuffled anew for every epoch by a generator of the sampler's own. As with ``drop_last=True``
    of PyTorch's class of this name, a last, smaller batch is dropped.
    """

    def __init__(self, n: int, size: int, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._n, self._size = n, min(size, n)
        self._order = torch.empty(0, dtype=torch.int64)

    def __next__(self) -> Tensor | slice:
        """Row numbers (size,); for a batch size of 0 a slice of all rows."""
        if not self._size:
            return slice(None)
        if len(self._order) < self._size:
            self._order = torch.randperm(self._n, generator=self._generator)
        rows, self._order = self._order[: self._size], self._order[self._size :]
        return rows
