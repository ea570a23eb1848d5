"""Ten handwritten digits, named in seven ways: what a head and a code cost, from many starts.

`digits_table` is the whole table from one call. `digit_bits` looks at one head, bit by bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lossviz.codes.code import Code
from lossviz.codes.decoding import class_log_probabilities, decode
from lossviz.codes.heads import HEADS, HeadTraining
from lossviz.codes.table import CODES, random_code
from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in
from lossviz.data.table import DATASETS

HIDDEN, RATE, BATCH, TRAIN = 32, 0.1, 32, 1200
BINS = 15


def random_15(classes: int) -> Code:
    """The 15-bit code of the table: of 200 draws the one whose nearest words are farthest apart."""
    return random_code(classes, 15)


@dataclass(frozen=True)
class Entry:
    """A row of the table: a head on a code."""

    name: str
    label: str
    head: str
    code: str  # a row of CODES, or "random-15"

    def made(self, classes: int = 10) -> Code:
        return random_15(classes) if self.code == "random-15" else CODES[self.code].code(classes)


ENTRIES = (
    Entry("softmax-ce", "Softmax", "softmax-ce", "one-hot"),
    Entry("softmax-mse", "Softmax", "softmax-mse", "one-hot"),
    Entry("sigmoid-ce", "Sigmoids, one a class", "sigmoid-ce", "one-hot"),
    Entry("sigmoid-mse", "Sigmoids, one a class", "sigmoid-mse", "one-hot"),
    Entry("15-bits-ce", "15 bits, correcting", "sigmoid-ce", "random-15"),
    Entry("15-bits-mse", "15 bits, correcting", "sigmoid-mse", "random-15"),
    Entry("4-bits-ce", "4 bits", "sigmoid-ce", "binary"),
    Entry("4-bits-mse", "4 bits", "sigmoid-mse", "binary"),
)


@dataclass(frozen=True, eq=False)
class HeadScores:
    """What trained heads are worth on the test digits. Axes: entries, gains, seeds."""

    entries: tuple[Entry, ...]
    gains: tuple[float, ...]
    seeds: tuple[int, ...]
    centred: bool
    accuracy: Floats  # (entries, gains, seeds)
    train_accuracy: Floats  # (entries, gains, seeds)
    log_loss: Floats  # (entries, gains, seeds) in nats
    calibration: Floats  # (entries, gains, seeds) expected calibration error, in [0, 1]
    bits: NDArray[np.int64]  # (entries,) output neurons
    weights: NDArray[np.int64]  # (entries,) weights and biases of the last layer


@dataclass(frozen=True, eq=False)
class DigitBits:
    """One head on the test digits, bit by bit, for several seeds."""

    entry: Entry
    code: Code
    seeds: tuple[int, ...]
    y: NDArray[np.int64]  # (n,) the digits shown
    outputs: NDArray[np.float32]  # (seeds, n, bits) in [0, 1]


@dataclass(frozen=True, eq=False)
class Digits:
    """The digits, 1,200 to train on and 597 to test on; x is pixels / 16, centred or not."""

    x: Floats  # (n, 64)
    y: NDArray[np.int64]
    x_test: Floats
    y_test: NDArray[np.int64]


def digits(centred: bool = False) -> Digits:
    """The split by a seeded permutation. Centred: each pixel's mean over the training digits is 0."""
    data = DATASETS["digits"].load()
    order = np.random.default_rng(0).permutation(len(data.x))
    train, test = order[:TRAIN], order[TRAIN:]
    middle = data.x[train].mean(axis=0) if centred else np.zeros(data.x.shape[1])
    y = data.y.astype(np.int64)
    return Digits(data.x[train] - middle, y[train], data.x[test] - middle, y[test])


def digits_table(
    centred: bool = False,
    seeds: int = 5,
    gains: Sequence[float] = (1.0, 20.0),
    epochs: int = 30,
    entries: Sequence[str] = (),
    progress: Progress = False,
) -> HeadScores:
    """Every head and code on scikit-learn's digits, from every start.

    64-32-k, tanh, torch's start with the last layer's weights and biases times the gain; SGD, learning rate
    0.1, batches of 32; the loss is summed over outputs and averaged over examples. The class is the likeliest
    one if the bits are independent, which for one neuron a class is the largest output. Untuned.

    ``entries`` are names of `ENTRIES`, all by default. ``progress`` as everywhere: True, False or a function
    of (done, total). ValueError for a number out of range or an unknown entry.
    """
    count_in("seeds", seeds, 1, 50)
    count_in("epochs", epochs, 1, 1000)
    known = {entry.name: entry for entry in ENTRIES}
    for name in entries:
        if name not in known:
            raise ValueError(f"unknown entry {name!r}; known: {', '.join(known)}")
    chosen = tuple(known[name] for name in entries) or ENTRIES
    data = digits(centred)
    scores = np.empty((4, len(chosen), len(gains), seeds))
    with ProgressBar(progress, len(chosen) * epochs, "Training heads") as meter:
        for e, entry in enumerate(chosen):
            training = _trained(data, entry, seeds, gains, epochs, meter)
            for part, found in enumerate(_scored(training, data)):
                scores[part, e] = found.reshape(len(gains), seeds)
    codes = [entry.made() for entry in chosen]
    return HeadScores(
        chosen,
        tuple(float(gain) for gain in gains),
        tuple(range(seeds)),
        centred,
        scores[0],
        scores[1],
        scores[2],
        scores[3],
        np.array([code.length for code in codes]),
        np.array([code.weights(HIDDEN) for code in codes]),
    )


def digit_bits(
    entry: str = "4-bits-mse", seeds: int = 5, epochs: int = 30, gain: float = 1.0, progress: Progress = False
) -> DigitBits:
    """One row of the table, with what each of its neurons says to each test digit."""
    count_in("seeds", seeds, 1, 50)
    count_in("epochs", epochs, 1, 1000)
    found = next((row for row in ENTRIES if row.name == entry), None)
    if found is None or HEADS[found.head].link != "sigmoid":
        known = ", ".join(row.name for row in ENTRIES if HEADS[row.head].link == "sigmoid")
        raise ValueError(f"no entry with bits is called {entry!r}; known: {known}")
    data = digits()
    with ProgressBar(progress, epochs, "Training heads") as meter:
        training = _trained(data, found, seeds, (gain,), epochs, meter)
    outputs = torch.sigmoid(torch.from_numpy(training.logits(data.x_test))).float().numpy()
    return DigitBits(found, training.code, tuple(range(seeds)), data.y_test, outputs)


def _trained(
    data: Digits, entry: Entry, seeds: int, gains: Sequence[float], epochs: int, meter: ProgressBar
) -> HeadTraining:
    training = HeadTraining(
        data.x, data.y, entry.made(), entry.head, HIDDEN, range(seeds), gains, RATE, BATCH
    )
    for _ in range(epochs):
        training.advance(training.steps_an_epoch)
        meter.update(1)
    return training


def _scored(training: HeadTraining, data: Digits) -> tuple[Floats, Floats, Floats, Floats]:
    """Accuracy on test and training digits, log loss and calibration of every member."""
    log_p = class_log_probabilities(training.logits(data.x_test), training.code)
    right = log_p.argmax(axis=-1) == data.y_test
    seen = class_log_probabilities(training.logits(data.x), training.code).argmax(axis=-1) == data.y
    log_loss = -log_p[:, np.arange(len(data.y_test)), data.y_test].mean(axis=-1)
    errors = np.array(
        [calibration_error(np.exp(p.max(axis=-1)), hit) for p, hit in zip(log_p, right, strict=True)]
    )
    return right.mean(axis=-1), seen.mean(axis=-1), log_loss, errors


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = BINS) -> float:
    """The expected calibration error: the mean distance of confidence and accuracy over equal bins of [0, 1].

    confidence (n,) of the class that was said, right (n,) whether it was. C. Guo et al. (2017), equation 3.
    """
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    gap = np.bincount(place, confidence - right, minlength=bins)  # count times the mean distance
    return float(np.abs(gap).sum() / count.sum())


def accuracy_by(bits: DigitBits, how: str) -> Floats:
    """The share of the digits that one way to decode gets right: (seeds,)."""
    share: Floats = (decode(bits.outputs, bits.code, how) == bits.y).mean(axis=-1)
    return share
