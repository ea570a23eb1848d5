"""Losses on the output layer of a network whose classes have codewords, and their training.

`HeadTraining` trains one head from several initializations at once: the members share their examples and
differ in their seed and in the gain of their output layer. Each member is what training it alone gives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from torch import Tensor

from lossviz.codes.code import OutputCode
from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.common.validation import as_tensor, count_in, number_in
from lossviz.networks.table import NETWORKS


@dataclass(frozen=True)
class Head:
    """An output activation with a loss on codewords: a row of `HEADS`, named as its row of `LOSSES`.

    ``value(z, codewords)`` is the loss summed over outputs, (...,), from logits and codewords (..., bits).
    ``gradient(z, codewords)`` is its derivative by each logit, (..., bits), in closed form.
    """

    name: str
    label: str
    link: Literal["softmax", "sigmoid"]
    value: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    gradient: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    formula: str  # LaTeX, per example, with b the codeword of the class
    convention: str
    source: str


def _softmax_ce(z: Tensor, codewords: Tensor) -> Tensor:
    return -(codewords * F.log_softmax(z, dim=-1)).sum(dim=-1)


def _softmax_mse(z: Tensor, codewords: Tensor) -> Tensor:
    return (torch.softmax(z, dim=-1) - codewords).square().sum(dim=-1)


def _sigmoid_ce(z: Tensor, codewords: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(z, codewords, reduction="none").sum(dim=-1)


def _sigmoid_mse(z: Tensor, codewords: Tensor) -> Tensor:
    return (torch.sigmoid(z) - codewords).square().sum(dim=-1)


def _softmax_ce_gradient(z: Tensor, codewords: Tensor) -> Tensor:
    return torch.softmax(z, dim=-1) - codewords


def _softmax_mse_gradient(z: Tensor, codewords: Tensor) -> Tensor:
    p = torch.softmax(z, dim=-1)
    weighted = p * (p - codewords)
    return 2 * (weighted - p * weighted.sum(dim=-1, keepdim=True))


def _sigmoid_ce_gradient(z: Tensor, codewords: Tensor) -> Tensor:
    return torch.sigmoid(z) - codewords


def _sigmoid_mse_gradient(z: Tensor, codewords: Tensor) -> Tensor:
    p = torch.sigmoid(z)
    return 2 * (p - codewords) * p * (1 - p)


_BISHOP = "C. Bishop, Neural Networks for Pattern Recognition (1995), chapter 6"

HEADS: Registry[Head] = Registry(
    "head",
    [
        Head(
            name="softmax-ce",
            label="Softmax, cross-entropy",
            link="softmax",
            value=_softmax_ce,
            gradient=_softmax_ce_gradient,
            formula=r"L = -\textstyle\sum_j b_j \ln \mathrm{softmax}(z)_j",
            convention="in nats; one neuron a class only",
            source=_BISHOP,
        ),
        Head(
            name="softmax-mse",
            label="Softmax, squared error",
            link="softmax",
            value=_softmax_mse,
            gradient=_softmax_mse_gradient,
            formula=r"L = \textstyle\sum_j (\mathrm{softmax}(z)_j - b_j)^2",
            convention="summed over outputs, without the ½; one neuron a class only",
            source="G. Brier, Verification of forecasts expressed in terms of probability (1950)",
        ),
        Head(
            name="sigmoid-ce",
            label="Sigmoids, cross-entropy",
            link="sigmoid",
            value=_sigmoid_ce,
            gradient=_sigmoid_ce_gradient,
            formula=r"L = -\textstyle\sum_j b_j \ln \sigma(z_j) + (1 - b_j) \ln (1 - \sigma(z_j))",
            convention="in nats, summed over the bits",
            source=_BISHOP,
        ),
        Head(
            name="sigmoid-mse",
            label="Sigmoids, squared error",
            link="sigmoid",
            value=_sigmoid_mse,
            gradient=_sigmoid_mse_gradient,
            formula=r"L = \textstyle\sum_j (\sigma(z_j) - b_j)^2",
            convention="summed over the bits, without the ½",
            source=_BISHOP,
        ),
    ],
)


class HeadTraining:
    """Train networks inputs-hidden-bits with tanh units on one code under one loss, by gradient descent.

    There is a member for each gain and seed, gains first: member ``g * len(seeds) + s``.

    Args:
        x: Inputs, (n, d).
        y: Class numbers from 0, (n,).
        code: The code of the classes.
        head: Name of a row of `HEADS`.
        hidden: Hidden neurons, from 1 to 1,024.
        seeds: Seeds of the initialization and of the order of the examples, one for each member of a gain.
        gains: Factors on the initial weights and biases of the output layer, which otherwise are PyTorch's.
        lr: Learning rate, above 0.
        batch: Examples in a step; None takes all in every step. Otherwise each seed has its own order of
            them, the same for every gain and every head.

    Raises:
        KeyError: For an unknown head.
        ValueError: For a softmax on a code that is not one-hot, or a number out of range.

    Example:
        >>> import lossviz as lv
        >>> code = lv.codes.CODES["binary"].code(4)
        >>> training = lv.codes.HeadTraining([[0.0], [1.0]], [0, 3], code, "sigmoid-ce", seeds=(0, 1))
        >>> training.advance(10)
        >>> training.logits([[0.5]]).shape
        (2, 1, 2)
    """

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        code: OutputCode,
        head: str,
        hidden: int = 32,
        seeds: Sequence[int] = (0,),
        gains: Sequence[float] = (1.0,),
        lr: float = 0.1,
        batch: int | None = None,
    ) -> None:
        self.code, self.head, self.seeds, self.gains = code, HEADS[head], tuple(seeds), tuple(gains)
        one_hot = code.length == code.classes and bool((code.bits == np.eye(code.classes)).all())
        if self.head.link == "softmax" and not one_hot:
            raise ValueError(
                f"{head} needs one neuron a class; the code {code.name!r} has {code.length} bits"
            )
        count_in("hidden", hidden, 1, 1024)
        number_in("lr", lr, 0.0, open_low=True)
        self._x = as_tensor(x).float()
        code.encode(np.unique(np.asarray(y)))  # ValueError for what is not a class
        self._y = torch.from_numpy(np.asarray(y)).long()
        self._bits = torch.from_numpy(code.bits.astype(np.float32))
        self._batch = len(self._x) if batch is None else count_in("batch", batch, 1, len(self._x))
        self._generators = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        self._batches: list[Tensor] = []  # those of this epoch that are left, the next one last
        initial = [
            [
                parameter.detach()
                for parameter in NETWORKS[f"mlp-{hidden}"]
                .build(self._x.shape[1], code.length, "tanh", init_gain=gain, seed=seed)
                .parameters()
            ]
            for gain in self.gains
            for seed in self.seeds
        ]
        w, b, v, c = (torch.stack(list(parts)) for parts in zip(*initial, strict=True))
        self._weights = [w.mT.contiguous(), b[:, None], v.mT.contiguous(), c[:, None]]
        self._all_x = self._x.expand(self.members, -1, -1)
        # With batches the codewords are looked up in every step: those of 20,000 examples of 1,024 classes
        # are 84 MB.
        full_batch = self._batch == len(self._x)
        self._all_codewords = self._bits[self._y].expand(self.members, -1, -1) if full_batch else None
        self._lr = lr

    @property
    def members(self) -> int:
        """Number of networks: one for each gain and seed."""
        return len(self.gains) * len(self.seeds)

    @property
    def steps_per_epoch(self) -> int:
        """Steps in which every example is used once."""
        return -(-len(self._x) // self._batch)

    def _forward(self, x: Tensor) -> Tensor:
        w, b, v, c = self._weights
        return torch.baddbmm(c, torch.tanh(torch.baddbmm(b, x, w)), v)

    def _next_batch(self) -> Tensor:
        """Rows of the next batch, (seeds, batch); each seed shuffles again after every epoch."""
        if not self._batches:
            orders = torch.stack([torch.randperm(len(self._x), generator=g) for g in self._generators])
            self._batches = list(torch.split(orders, self._batch, dim=1))[::-1]
        return self._batches.pop()

    @torch.no_grad()
    def advance(self, steps: int = 1) -> None:
        """Take so many steps of gradient descent with every member; each loss is a mean over its batch.

        The gradients are written out: for so small a network autograd takes longer than the work itself.
        """
        for _ in range(steps):
            if self._all_codewords is not None:
                x, codewords = self._all_x, self._all_codewords
            else:
                rows = self._next_batch().repeat(len(self.gains), 1)
                x, codewords = self._x[rows], self._bits[self._y[rows]]
            w, b, v, c = self._weights
            hidden = torch.tanh(torch.baddbmm(b, x, w))
            output_gradient = self.head.gradient(torch.baddbmm(c, hidden, v), codewords)
            hidden_gradient = torch.bmm(output_gradient, v.mT) * (1 - hidden * hidden)
            rate = -self._lr / x.shape[1]
            c.add_(output_gradient.sum(dim=1, keepdim=True), alpha=rate)
            v.baddbmm_(hidden.mT, output_gradient, alpha=rate)
            b.add_(hidden_gradient.sum(dim=1, keepdim=True), alpha=rate)
            w.baddbmm_(x.mT, hidden_gradient, alpha=rate)

    @torch.no_grad()
    def logits(self, x: ArrayLike) -> Floats:
        """The logits of every member at x (n, d): (members, n, bits)."""
        points = as_tensor(x).float().expand(self.members, -1, -1)
        outputs: Floats = self._forward(points).double().numpy()
        return outputs
