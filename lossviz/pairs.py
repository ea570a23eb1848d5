"""Ten digits, eight ways to say which: output codes and losses, at a usual start and at a loud one.

Each pair is a small network, 64-32-k with tanh, trained by stochastic gradient descent (rate 0.1, batches of
32, 30 epochs) on 1,200 of scikit-learn's 1,797 digits, drawn by the seed, and measured on the rest. Losses
are summed over outputs and averaged over examples. Nothing is tuned. All seeds and gains of all pairs with
as many outputs train in one stack.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossviz.checks import count_in, number_in
from lossviz.datasets import DATASETS
from lossviz.lockstep import Stack
from lossviz.networks import NETWORKS
from lossviz.slopes import sigmoid_ce, sigmoid_mse, softmax_ce, softmax_mse
from lossviz.training import Batches

Floats = NDArray[np.float64]
TRAINED_ON, RATE, BATCH = 1200, 0.1, 32


def onehot_code() -> NDArray[np.int64]:
    return np.eye(10, dtype=np.int64)


def binary_code() -> NDArray[np.int64]:
    """The digit as a number in four bits, lowest first: (10, 4)."""
    return np.array([[digit >> bit & 1 for bit in range(4)] for digit in range(10)])


def long_code(bits: int = 15, apart: int = 6) -> NDArray[np.int64]:
    """Codewords (10, bits) of which any two differ in at least ``apart`` bits: the first found by a seeded
    search, with no two columns alike or opposite. It corrects (apart - 1) // 2 wrong bits."""
    rng = np.random.default_rng(0)
    while True:
        words: list[NDArray[np.int64]] = []
        for _ in range(2000):
            word = rng.integers(0, 2, bits)
            if all((word != other).sum() >= apart for other in words):
                words.append(word)
            if len(words) == 10:
                code = np.stack(words)
                columns = {tuple(column ^ column[0]) for column in code.T}
                if len(columns) == bits and code.any(axis=0).all() and not code.all(axis=0).any():
                    return code
                break


@dataclass(frozen=True)
class Pair:
    """An output code with a loss: a row of the table."""

    name: str
    family: str  # of the loss: "logarithm" or "squared"
    code: NDArray[np.int64]  # (10, k)
    slope: Callable[[Tensor, Tensor], Tensor]  # dL/dz (..., n, k) from logits and from digits or bits
    by_digit: bool  # whether the slope wants digits (n,) instead of bits (n, k)


def pairs() -> tuple[Pair, ...]:
    one, four, fifteen = onehot_code(), binary_code(), long_code()
    return (
        Pair("softmax, cross-entropy", "logarithm", one, softmax_ce, True),
        Pair("softmax, squared error", "squared", one, softmax_mse, True),
        Pair("ten sigmoids, cross-entropy", "logarithm", one, sigmoid_ce, False),
        Pair("ten sigmoids, squared error", "squared", one, sigmoid_mse, False),
        Pair("4 bits, cross-entropy", "logarithm", four, sigmoid_ce, False),
        Pair("4 bits, squared error", "squared", four, sigmoid_mse, False),
        Pair("15 bits, cross-entropy", "logarithm", fifteen, sigmoid_ce, False),
        Pair("15 bits, squared error", "squared", fifteen, sigmoid_mse, False),
    )


@dataclass(frozen=True)
class EightPairs:
    """How often each pair is right on digits that it has not seen."""

    names: tuple[str, ...]  # of the pairs
    families: tuple[str, ...]  # of their losses
    gains: tuple[float, ...]  # what the output layer's first weights and biases were multiplied by
    accuracy: Floats  # (pairs, gains, seeds)
    centred: bool

    @property
    def mean(self) -> Floats:
        """(pairs, gains), over the seeds."""
        found: Floats = self.accuracy.mean(axis=2)
        return found


def eight_pairs(
    gains: tuple[float, ...] = (1.0, 20.0),
    seeds: int = 5,
    epochs: int = 30,
    centred: bool = False,
    progress: Callable[[float], object] | None = None,
) -> EightPairs:
    """Train all eight pairs at all gains with all seeds. ``centred`` takes the training mean from each pixel.

    ``progress`` is told the share that is done. Raises ValueError for a gain outside [0, 1000], seeds outside
    [1, 64] or epochs outside [1, 1000].
    """
    for gain in gains:
        number_in("a gain", gain, 0.0, 1000.0)
    count_in("seeds", seeds, 1, 64)
    count_in("epochs", epochs, 1, 1000)
    data = DATASETS["digits"].load()
    orders = [np.random.default_rng(seed).permutation(len(data.x)) for seed in range(seeds)]
    x = np.stack([data.x[order] for order in orders])  # (seeds, n, 64): each seed's own examples first
    if centred:
        x = x - x[:, :TRAINED_ON].mean(axis=1, keepdims=True)
    y = torch.from_numpy(np.stack([data.y[order] for order in orders]))
    inputs = torch.from_numpy(x).float()
    accuracy = np.zeros((8, len(gains), seeds))
    done = 0
    for _, group in groupby(enumerate(pairs()), key=lambda row: row[1].code.shape[1]):
        places, alike = zip(*group, strict=True)
        share = len(places) / 8

        def tell(part: float, share: float = share, before: float = done / 8) -> None:
            if progress:
                progress(before + share * part)

        accuracy[list(places)] = _trained(alike, gains, inputs, y, epochs, tell)
        done += len(places)
    rows = pairs()
    return EightPairs(
        tuple(row.name for row in rows), tuple(row.family for row in rows), gains, accuracy, centred
    )


@torch.no_grad()
def _trained(
    alike: tuple[Pair, ...],
    gains: tuple[float, ...],
    x: Tensor,
    y: Tensor,
    epochs: int,
    tell: Callable[[float], object],
) -> Floats:
    """The accuracy (pairs, gains, seeds) of pairs with one number of outputs, in one stack."""
    seeds, bits = len(x), [torch.from_numpy(row.code) for row in alike]
    stack = Stack(
        [
            NETWORKS["mlp-32"].build(64, len(bits[0][0]), "tanh", gain, seed)
            for _ in alike
            for gain in gains
            for seed in range(seeds)
        ]
    )
    stack.weights.grad = stack.gradient
    rule = torch.optim.SGD([stack.weights], RATE, fused=True)
    batches = [Batches(TRAINED_ON, BATCH, seed) for seed in range(seeds)]
    steps = epochs * (TRAINED_ON // BATCH)
    own, many = torch.arange(seeds)[:, None], len(alike) * len(gains)
    for step in range(steps):
        rows = torch.stack([next(one) for one in batches])  # type: ignore[misc]  # (seeds, 32)
        inputs = x[own, rows].transpose(1, 2).repeat(many, 1, 1)
        values = stack.forward(inputs)
        z = values[-1].transpose(1, 2).reshape(len(alike), len(gains), seeds, BATCH, -1)
        targets = y[own, rows]
        slopes = [
            row.slope(part, targets if row.by_digit else code[targets].float())
            for row, code, part in zip(alike, bits, z, strict=True)
        ]
        slope = torch.stack(slopes).flatten(0, 2).transpose(1, 2) / BATCH
        stack.backward(inputs, values, slope)
        rule.step()
        if step % 37 == 0:
            tell(step / steps)
    held_out = x[:, TRAINED_ON:].transpose(1, 2).repeat(many, 1, 1)
    z = stack.forward(held_out)[-1].transpose(1, 2)
    z = z.reshape(len(alike), len(gains), seeds, -1, z.shape[-1])
    # the likeliest codeword if the bits were independent: that whose bits gather the most logit
    said = torch.stack([(part @ code.T.float()).argmax(-1) for part, code in zip(z, bits, strict=True)])
    right: Floats = (said == y[:, TRAINED_ON:]).double().mean(dim=-1).numpy()
    return right
