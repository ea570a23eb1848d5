"""Output codes on synthetic data with up to 1,024 classes: accuracy against weights of the output layer.

The classes are either arbitrary points, or every combination of binary attributes. With attributes each bit
of the binary code is a feature of the data.
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

FEATURES, NOISE, BATCH, EXAMPLES_PER_CLASS, N_TEST = 16, 0.4, 64, 20, 2048
BLOCK = 256  # test examples that are decoded at a time
LR = {"softmax-ce": 1.0, "sigmoid-ce": 0.3}  # of 0.03, 0.1, 0.3 and 1 the best for each on 64 classes
HEAD_OF_CODE = {"one-hot": "softmax-ce", "ecoc": "sigmoid-ce", "binary": "sigmoid-ce"}
PARTS = 20  # in which a training reports its progress


@dataclass(frozen=True, eq=False)
class ManyClasses:
    """Three codes over the number of classes, all trained with cross-entropy on the same examples."""

    attributes: bool
    hidden: int
    steps: int
    classes: NDArray[np.int64]  # (k,) numbers of classes
    codes: tuple[str, ...]  # names in CODES
    accuracy: Floats  # (codes, seeds, k) on test examples
    lengths: NDArray[np.int64]  # (codes, k) output neurons
    weights: NDArray[np.int64]  # (codes, k) weights and biases of the output layer


def make_classes(
    classes: int, attributes: bool, examples: int, seed: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Draw ``examples`` of each class: inputs (n, 16) and class numbers (n,), in turn.

    Arbitrary classes are points from a standard normal distribution, the same for every ``seed``. With
    attributes there are 2^m classes, and bit j of the class moves the example by +1 or -1 along feature j.
    Both have normal noise of standard deviation 0.4 in every feature.
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


def _accuracy(training: HeadTraining, x: Floats, y: NDArray[np.int64]) -> Floats:
    """The accuracy of each seed on points x (n, d), (seeds,).

    The points are decoded in blocks: log probabilities of a thousand classes for all of them are 150 MB.
    """
    correct = np.zeros(training.members)
    for first in range(0, len(x), BLOCK):
        rows = slice(first, first + BLOCK)
        predicted = class_log_probabilities(training.logits(x[rows]), training.code).argmax(axis=-1)
        correct += (predicted == y[rows]).sum(axis=-1)
    return correct / len(x)


def many_classes(
    attributes: bool = False,
    classes: Sequence[int] = (4, 16, 64, 256, 1024),
    hidden: int = 64,
    seeds: int = 2,
    steps: int = 1000,
    progress: Progress = False,
) -> ManyClasses:
    """Train one neuron a class, an error-correcting code and the binary code for each number of classes.

    Networks 16-hidden-k, tanh, SGD with batches of 64 for the same number of steps; the likeliest codeword
    is decoded.

    Args:
        attributes: Whether the classes are combinations of binary attributes, or arbitrary points.
        classes: Numbers of classes, (k,): powers of two from 4 to 1,024.
        hidden: Hidden neurons.
        seeds: Number of seeds, from 1 to 20.
        steps: Steps of SGD, from 1 to 100,000.
        progress: True for a bar, or a function of (done, total).

    Returns:
        Accuracy on test examples, output neurons and weights of the output layer for each code.

    Raises:
        ValueError: For a number of classes that is no power of two, or a number out of range.

    Example:
        >>> import lossviz as lv
        >>> facts = lv.codes.many_classes(classes=[4, 16], hidden=8, seeds=1, steps=20)
        >>> facts.codes, facts.lengths.tolist()
        (('one-hot', 'ecoc', 'binary'), [[4, 16], [12, 14], [2, 4]])
    """
    for count in classes:
        count_in("classes", count, 4, 1024)
        if count & (count - 1):
            raise ValueError(f"classes must be a power of two; got {count}")
    count_in("seeds", seeds, 1, 20)
    count_in("steps", steps, 1, 100_000)
    accuracy = np.empty((len(HEAD_OF_CODE), seeds, len(classes)))
    codes = [[CODES[name].code(count) for count in classes] for name in HEAD_OF_CODE]
    with ProgressBar(progress, PARTS * len(HEAD_OF_CODE) * len(classes), "Training on many classes") as meter:
        for k, count in enumerate(classes):
            x, y = make_classes(count, attributes, EXAMPLES_PER_CLASS)
            x_test, y_test = make_classes(count, attributes, max(1, N_TEST // count), seed=1)
            for c, head in enumerate(HEAD_OF_CODE.values()):
                batch = min(BATCH, len(x))
                training = HeadTraining(
                    x, y, codes[c][k], head, hidden, range(seeds), lr=LR[head], batch=batch
                )
                for part in range(PARTS):
                    training.advance(steps * (part + 1) // PARTS - steps * part // PARTS)
                    meter.update(1)
                accuracy[c, :, k] = _accuracy(training, x_test, y_test)
    return ManyClasses(
        attributes,
        hidden,
        steps,
        np.array(classes),
        tuple(HEAD_OF_CODE),
        accuracy,
        np.array([[code.length for code in row] for row in codes]),
        np.array([[code.weights(hidden) for code in row] for row in codes]),
    )
