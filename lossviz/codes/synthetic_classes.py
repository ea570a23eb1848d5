"""Up to 1,024 classes, made by hand: where the saving in weights begins to matter, and what it costs.

The classes are either arbitrary points, or every combination of attributes: then the bits of a binary code
mean something, as in "dog or cat" and "by day or by night".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossviz.codes.code import all_words
from lossviz.codes.decoding import class_log_probabilities
from lossviz.codes.heads import HeadTraining
from lossviz.codes.table import CODES
from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in

FEATURES, NOISE, BATCH, EXAMPLES, TESTED = 16, 0.4, 64, 20, 2048
BLOCK = 256  # new examples that are named at a time
RATES = {"softmax-ce": 1.0, "sigmoid-ce": 0.3}  # of 0.03, 0.1, 0.3 and 1 the best for each on 64 classes
RUNNERS = (("one-hot", "softmax-ce"), ("ecoc", "sigmoid-ce"), ("binary", "sigmoid-ce"))


@dataclass(frozen=True, eq=False)
class ManyClasses:
    """Three codes over the number of classes, all trained with cross-entropy on the same examples."""

    attributes: bool
    hidden: int
    steps: int
    sizes: NDArray[np.int64]  # (sizes,) numbers of classes
    codes: tuple[str, ...]  # names in CODES
    accuracy: Floats  # (codes, seeds, sizes) on new examples
    bits: NDArray[np.int64]  # (codes, sizes) output neurons
    weights: NDArray[np.int64]  # (codes, sizes) weights and biases of the last layer


def hand_made(
    classes: int, attributes: bool, examples: int, seed: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Examples (n, 16) of each class and the classes (n,), in turn.

    Arbitrary: each class is a point drawn from a normal law of variance 1 a feature, the same for every
    `seed`. Attributes: 2^m classes, where bit j of the class moves the example by +1 or -1 along feature j.
    Both with normal noise of standard deviation 0.4 in every feature.
    """
    rng = np.random.default_rng(seed)
    y = np.tile(np.arange(classes), examples)
    if attributes:
        words = all_words(int(np.log2(classes)))
        centres = np.zeros((classes, FEATURES))
        centres[:, : words.shape[1]] = 2.0 * words - 1
    else:
        centres = np.random.default_rng(7).standard_normal((classes, FEATURES))
    return centres[y] + NOISE * rng.standard_normal((len(y), FEATURES)), y


def _share_right(training: HeadTraining, x: Floats, y: NDArray[np.int64]) -> Floats:
    """The share of new points x (n, d) that each seed names right, (seeds,). A block of points at a time:
    a thousand classes for all of them are 150 MB."""
    right = np.zeros(training.members)
    for first in range(0, len(x), BLOCK):
        rows = slice(first, first + BLOCK)
        said = class_log_probabilities(training.logits(x[rows]), training.code).argmax(axis=-1)
        right += (said == y[rows]).sum(axis=-1)
    return right / len(x)


def many_classes(
    attributes: bool = False,
    sizes: Sequence[int] = (4, 16, 64, 256, 1024),
    hidden: int = 64,
    seeds: int = 2,
    steps: int = 1000,
    progress: Progress = False,
) -> ManyClasses:
    """Train one neuron a class, an error-correcting code and the binary code for each number of classes.

    Networks 16-hidden-k, tanh, SGD with batches of 64 for the same number of steps; the likeliest word is
    taken. ValueError for a number of classes that is no power of two from 4 to 1,024, or another number
    out of range.
    """
    for size in sizes:
        count_in("classes", size, 4, 1024)
        if size & (size - 1):
            raise ValueError(f"classes must be a power of two; got {size}")
    count_in("seeds", seeds, 1, 20)
    count_in("steps", steps, 1, 100_000)
    accuracy = np.empty((len(RUNNERS), seeds, len(sizes)))
    codes = [[CODES[name].code(size) for size in sizes] for name, _ in RUNNERS]
    with ProgressBar(progress, 4 * len(RUNNERS) * len(sizes), "Training on many classes") as meter:
        for k, size in enumerate(sizes):
            x, y = hand_made(size, attributes, EXAMPLES)
            new, new_y = hand_made(size, attributes, max(1, TESTED // size), seed=1)
            for r, (_, head) in enumerate(RUNNERS):
                code = codes[r][k]
                batch = min(BATCH, len(x))
                training = HeadTraining(x, y, code, head, hidden, range(seeds), lr=RATES[head], batch=batch)
                for part in range(4):
                    training.advance(steps * (part + 1) // 4 - steps * part // 4)
                    meter.update(1)
                accuracy[r, :, k] = _share_right(training, new, new_y)
    return ManyClasses(
        attributes,
        hidden,
        steps,
        np.array(sizes),
        tuple(name for name, _ in RUNNERS),
        accuracy,
        np.array([[code.length for code in row] for row in codes]),
        np.array([[code.weights(hidden) for code in row] for row in codes]),
    )
