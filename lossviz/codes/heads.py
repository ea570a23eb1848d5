"""What stands on the last layer: an output code with a loss, on a network of one hidden layer.

`HeadTraining` trains one head from several starts at once, in lock step: the members share their examples
and differ in their seed and in how loud their last layer starts. Each member is what training it alone
gives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike
from torch import Tensor

from lossviz.codes.code import Code
from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.common.validation import as_tensor, count_in, number_in
from lossviz.networks.table import NETWORKS


@dataclass(frozen=True)
class Head:
    """One loss on the outputs of a code: a row of `HEADS`. Its name is that of the loss in `LOSSES`.

    ``function(z, words)`` is the loss summed over outputs: (...,) from logits and words, both (..., bits).
    ``slope(z, words)`` is its derivative by each logit, (..., bits), in closed form.
    """

    name: str
    label: str
    link: Literal["softmax", "sigmoid"]
    function: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    slope: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    formula: str  # LaTeX, per example, with b the word of the class
    convention: str
    source: str


def _softmax_ce(z: Tensor, words: Tensor) -> Tensor:
    return -(words * F.log_softmax(z, dim=-1)).sum(dim=-1)


def _softmax_mse(z: Tensor, words: Tensor) -> Tensor:
    return (torch.softmax(z, dim=-1) - words).square().sum(dim=-1)


def _sigmoid_ce(z: Tensor, words: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(z, words, reduction="none").sum(dim=-1)


def _sigmoid_mse(z: Tensor, words: Tensor) -> Tensor:
    return (torch.sigmoid(z) - words).square().sum(dim=-1)


def _softmax_ce_slope(z: Tensor, words: Tensor) -> Tensor:
    return torch.softmax(z, dim=-1) - words


def _softmax_mse_slope(z: Tensor, words: Tensor) -> Tensor:
    p = torch.softmax(z, dim=-1)
    pull = p * (p - words)
    return 2 * (pull - p * pull.sum(dim=-1, keepdim=True))


def _sigmoid_ce_slope(z: Tensor, words: Tensor) -> Tensor:
    return torch.sigmoid(z) - words


def _sigmoid_mse_slope(z: Tensor, words: Tensor) -> Tensor:
    p = torch.sigmoid(z)
    return 2 * (p - words) * p * (1 - p)


_BISHOP = "C. Bishop, Neural Networks for Pattern Recognition (1995), chapter 6"

HEADS: Registry[Head] = Registry(
    "head",
    [
        Head(
            name="softmax-ce",
            label="Softmax, cross-entropy",
            link="softmax",
            function=_softmax_ce,
            slope=_softmax_ce_slope,
            formula=r"L = -\textstyle\sum_j b_j \ln \mathrm{softmax}(z)_j",
            convention="in nats; one neuron a class only",
            source=_BISHOP,
        ),
        Head(
            name="softmax-mse",
            label="Softmax, squared error",
            link="softmax",
            function=_softmax_mse,
            slope=_softmax_mse_slope,
            formula=r"L = \textstyle\sum_j (\mathrm{softmax}(z)_j - b_j)^2",
            convention="summed over outputs, without the ½; one neuron a class only",
            source="G. Brier, Verification of forecasts expressed in terms of probability (1950)",
        ),
        Head(
            name="sigmoid-ce",
            label="Sigmoids, cross-entropy",
            link="sigmoid",
            function=_sigmoid_ce,
            slope=_sigmoid_ce_slope,
            formula=r"L = -\textstyle\sum_j b_j \ln \sigma(z_j) + (1 - b_j) \ln (1 - \sigma(z_j))",
            convention="in nats, summed over the bits",
            source=_BISHOP,
        ),
        Head(
            name="sigmoid-mse",
            label="Sigmoids, squared error",
            link="sigmoid",
            function=_sigmoid_mse,
            slope=_sigmoid_mse_slope,
            formula=r"L = \textstyle\sum_j (\sigma(z_j) - b_j)^2",
            convention="summed over the bits, without the ½",
            source=_BISHOP,
        ),
    ],
)


class HeadTraining:
    """Networks inputs-hidden-bits with tanh units that learn one code under one loss, in motion.

    x (n, d), y (n,) class numbers. There is a member for each gain and seed, gains first: member
    ``g * len(seeds) + s``. A gain multiplies the last layer's weights and biases at the start, which
    otherwise are torch's own. ``batch`` None takes all examples in every step; otherwise each seed has its
    own order of them, the same for every gain and every head.

    Raises ValueError for a softmax on a code that is not one-hot, or a number out of range.
    """

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        code: Code,
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
        self._size = len(self._x) if batch is None else count_in("batch", batch, 1, len(self._x))
        self._orders = [torch.Generator().manual_seed(seed) for seed in self.seeds]
        self._rows: list[Tensor] = []
        starts = [
            [
                parameter.detach()
                for parameter in NETWORKS[f"mlp-{hidden}"]
                .build(self._x.shape[1], code.length, "tanh", init_gain=gain, seed=seed)
                .parameters()
            ]
            for gain in self.gains
            for seed in self.seeds
        ]
        w, b, v, c = (torch.stack(list(parts)) for parts in zip(*starts, strict=True))
        self._weights = [w.mT.contiguous(), b[:, None], v.mT.contiguous(), c[:, None]]
        self._all_x = self._x.expand(self.members, -1, -1)
        # Of batches the words are looked up anew: those of 20,000 examples of 1,024 classes are 84 MB.
        whole = self._size == len(self._x)
        self._all_words = self._bits[self._y].expand(self.members, -1, -1) if whole else None
        self._lr = lr

    @property
    def members(self) -> int:
        return len(self.gains) * len(self.seeds)

    def _forward(self, x: Tensor) -> Tensor:
        w, b, v, c = self._weights
        return torch.baddbmm(c, torch.tanh(torch.baddbmm(b, x, w)), v)

    def _next_rows(self) -> Tensor:
        """(seeds, batch) rows of the next batch; each seed shuffles anew when it has seen all."""
        if not self._rows:
            orders = torch.stack([torch.randperm(len(self._x), generator=order) for order in self._orders])
            self._rows = list(torch.split(orders, self._size, dim=1))[::-1]
        return self._rows.pop()

    @property
    def steps_an_epoch(self) -> int:
        return -(-len(self._x) // self._size)

    @torch.no_grad()
    def advance(self, steps: int = 1) -> None:
        """So many steps of gradient descent with every member; each loss is a mean over its batch.

        The slopes are written out: for so small a network autograd takes longer than the work itself.
        """
        for _ in range(steps):
            if self._all_words is not None:
                x, words = self._all_x, self._all_words
            else:
                rows = self._next_rows().repeat(len(self.gains), 1)
                x, words = self._x[rows], self._bits[self._y[rows]]
            w, b, v, c = self._weights
            hidden = torch.tanh(torch.baddbmm(b, x, w))
            pull = self.head.slope(torch.baddbmm(c, hidden, v), words)
            back = torch.bmm(pull, v.mT) * (1 - hidden * hidden)
            rate = -self._lr / x.shape[1]
            c.add_(pull.sum(dim=1, keepdim=True), alpha=rate)
            v.baddbmm_(hidden.mT, pull, alpha=rate)
            b.add_(back.sum(dim=1, keepdim=True), alpha=rate)
            w.baddbmm_(x.mT, back, alpha=rate)

    @torch.no_grad()
    def logits(self, x: ArrayLike) -> Floats:
        """What every member says at x (n, d): logits (members, n, bits)."""
        points = as_tensor(x).float().expand(self.members, -1, -1)
        said: Floats = self._forward(points).double().numpy()
        return said
