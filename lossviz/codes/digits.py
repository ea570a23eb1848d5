"""Output heads and codes on ten handwritten digits, trained from several seeds and initializations.

`digits_table` gives the scores of every head from one call; `digit_bits` the outputs of one head, bit by bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lossviz.codes.code import OutputCode
from lossviz.codes.decoding import class_log_probabilities
from lossviz.codes.heads import HEADS, HeadTraining
from lossviz.codes.table import CODES, random_code
from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in
from lossviz.data.table import DATASETS

HIDDEN, LR, BATCH, N_TRAIN = 32, 0.1, 32, 1200
CALIBRATION_BINS = 15


@dataclass(frozen=True)
class DigitHead:
    """A head with a code for the ten digits: a row of `DIGIT_HEADS`."""

    name: str
    label: str
    head: str  # name of a row of HEADS
    code_name: str  # name of a row of CODES, or "random-15"

    def code(self, classes: int = 10) -> OutputCode:
        """The code; "random-15" is the best of 200 random codes of 15 bits."""
        if self.code_name == "random-15":
            return random_code(classes, 15)
        return CODES[self.code_name].code(classes)


DIGIT_HEADS = (
    DigitHead("softmax-ce", "Softmax", "softmax-ce", "one-hot"),
    DigitHead("softmax-mse", "Softmax", "softmax-mse", "one-hot"),
    DigitHead("sigmoid-ce", "Sigmoids, one a class", "sigmoid-ce", "one-hot"),
    DigitHead("sigmoid-mse", "Sigmoids, one a class", "sigmoid-mse", "one-hot"),
    DigitHead("15-bits-ce", "15 bits, correcting", "sigmoid-ce", "random-15"),
    DigitHead("15-bits-mse", "15 bits, correcting", "sigmoid-mse", "random-15"),
    DigitHead("4-bits-ce", "4 bits", "sigmoid-ce", "binary"),
    DigitHead("4-bits-mse", "4 bits", "sigmoid-mse", "binary"),
)


@dataclass(frozen=True, eq=False)
class HeadScores:
    """Scores of trained heads on the test digits. Axes: heads, gains, seeds."""

    heads: tuple[DigitHead, ...]
    gains: tuple[float, ...]
    seeds: tuple[int, ...]
    centred: bool
    accuracy: Floats  # (heads, gains, seeds)
    train_accuracy: Floats  # (heads, gains, seeds)
    log_loss: Floats  # (heads, gains, seeds) in nats
    calibration_error: Floats  # (heads, gains, seeds) expected calibration error, in [0, 1]
    lengths: NDArray[np.int64]  # (heads,) output neurons
    weights: NDArray[np.int64]  # (heads,) weights and biases of the output layer

    @property
    def generalization_gap(self) -> Floats:
        """Accuracy on training digits minus accuracy on test digits: (heads, gains, seeds)."""
        return np.asarray(self.train_accuracy - self.accuracy)


@dataclass(frozen=True, eq=False)
class DigitBits:
    """The outputs of one head on the test digits, bit by bit, for several seeds."""

    head: DigitHead
    code: OutputCode
    seeds: tuple[int, ...]
    y: NDArray[np.int64]  # (n,) the digits shown
    outputs: NDArray[np.float32]  # (seeds, n, bits) in [0, 1]


@dataclass(frozen=True, eq=False)
class DigitSplit:
    """The digits, 1,200 to train on and 597 to test on; x is pixels / 16, centred or not."""

    x: Floats  # (n, 64)
    y: NDArray[np.int64]  # (n,)
    x_test: Floats  # (m, 64)
    y_test: NDArray[np.int64]  # (m,)


def digit_split(centred: bool = False) -> DigitSplit:
    """Split the digits by a seeded permutation; centred, each pixel's mean over the training digits is 0."""
    data = DATASETS["digits"].load()
    order = np.random.default_rng(0).permutation(len(data.x))
    train, test = order[:N_TRAIN], order[N_TRAIN:]
    mean = data.x[train].mean(axis=0) if centred else np.zeros(data.x.shape[1])
    y = data.y.astype(np.int64)
    return DigitSplit(data.x[train] - mean, y[train], data.x[test] - mean, y[test])


def digits_table(
    centred: bool = False,
    seeds: int = 5,
    gains: Sequence[float] = (1.0, 20.0),
    epochs: int = 30,
    heads: Sequence[str] = (),
    progress: Progress = False,
) -> HeadScores:
    """Train every head and code on scikit-learn's digits and score it on the test digits.

    Networks 64-32-k, tanh, untuned; SGD with learning rate 0.1 and batches of 32; the loss is summed over
    outputs and averaged over examples. The decoded class is the likeliest one if the bits are independent,
    which for one neuron a class is the largest output.

    Args:
        centred: Whether the mean of each pixel is subtracted.
        seeds: Number of seeds, from 1 to 50.
        gains: Factors on PyTorch's initial weights and biases of the output layer, (gains,).
        epochs: Passes over the training digits, from 1 to 1,000.
        heads: Names of the heads, all by default: softmax-ce, softmax-mse, sigmoid-ce, sigmoid-mse,
            15-bits-ce, 15-bits-mse, 4-bits-ce, 4-bits-mse.
        progress: True for a bar, or a function of (done, total).

    Returns:
        Accuracy, log loss and calibration error of each head, gain and seed.

    Raises:
        ValueError: For a number out of range or an unknown head.

    Example:
        >>> import lossviz as lv
        >>> table = lv.codes.digits_table(seeds=2, epochs=1, heads=["4-bits-ce"])
        >>> table.accuracy.shape, table.weights.tolist()
        ((1, 2, 2), [132])
    """
    count_in("seeds", seeds, 1, 50)
    count_in("epochs", epochs, 1, 1000)
    known = {head.name: head for head in DIGIT_HEADS}
    for name in heads:
        if name not in known:
            raise ValueError(f"unknown head {name!r}; known: {', '.join(known)}")
    chosen = tuple(known[name] for name in heads) or DIGIT_HEADS
    data = digit_split(centred)
    scores = np.empty((4, len(chosen), len(gains), seeds))
    with ProgressBar(progress, len(chosen) * epochs, "Training heads") as meter:
        for h, head in enumerate(chosen):
            training = _train(data, head, seeds, gains, epochs, meter)
            for part, values in enumerate(_score(training, data)):
                scores[part, h] = values.reshape(len(gains), seeds)
    codes = [head.code() for head in chosen]
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
    head: str = "4-bits-mse", seeds: int = 5, epochs: int = 30, gain: float = 1.0, progress: Progress = False
) -> DigitBits:
    """Train one head of sigmoids as `digits_table` does, and return its outputs on the test digits.

    Args:
        head: Name of a head whose outputs are sigmoids: sigmoid-ce, sigmoid-mse, 15-bits-ce, 15-bits-mse,
            4-bits-ce, 4-bits-mse.
        seeds: Number of seeds, from 1 to 50.
        epochs: Passes over the training digits, from 1 to 1,000.
        gain: Factor on the initial weights and biases of the output layer.
        progress: True for a bar, or a function of (done, total).

    Returns:
        The probability of each bit for each seed and test digit.

    Raises:
        ValueError: For a number out of range, or a head that is unknown or has a softmax.

    Example:
        >>> import lossviz as lv
        >>> lv.codes.digit_bits("4-bits-ce", seeds=2, epochs=1).outputs.shape
        (2, 597, 4)
    """
    count_in("seeds", seeds, 1, 50)
    count_in("epochs", epochs, 1, 1000)
    sigmoid = {row.name: row for row in DIGIT_HEADS if HEADS[row.head].link == "sigmoid"}
    if head not in sigmoid:
        raise ValueError(f"no head with sigmoid outputs is called {head!r}; known: {', '.join(sigmoid)}")
    data = digit_split()
    with ProgressBar(progress, epochs, "Training heads") as meter:
        training = _train(data, sigmoid[head], seeds, (gain,), epochs, meter)
    outputs = torch.sigmoid(torch.from_numpy(training.logits(data.x_test))).float().numpy()
    return DigitBits(sigmoid[head], training.code, tuple(range(seeds)), data.y_test, outputs)


def _train(
    data: DigitSplit, head: DigitHead, seeds: int, gains: Sequence[float], epochs: int, meter: ProgressBar
) -> HeadTraining:
    """Train one head with every gain and seed."""
    training = HeadTraining(data.x, data.y, head.code(), head.head, HIDDEN, range(seeds), gains, LR, BATCH)
    for _ in range(epochs):
        training.advance(training.steps_per_epoch)
        meter.update(1)
    return training


def _score(training: HeadTraining, data: DigitSplit) -> tuple[Floats, Floats, Floats, Floats]:
    """Accuracy on test and training digits, log loss and calibration error of every member."""
    log_p = class_log_probabilities(training.logits(data.x_test), training.code)
    correct = log_p.argmax(axis=-1) == data.y_test
    train_log_p = class_log_probabilities(training.logits(data.x), training.code)
    train_correct = train_log_p.argmax(axis=-1) == data.y
    log_loss = -log_p[:, np.arange(len(data.y_test)), data.y_test].mean(axis=-1)
    errors = np.array(
        [
            calibration_error(np.exp(member.max(axis=-1)), hits)
            for member, hits in zip(log_p, correct, strict=True)
        ]
    )
    return correct.mean(axis=-1), train_correct.mean(axis=-1), log_loss, errors


def calibration_error(confidence: Floats, correct: NDArray[np.bool_], bins: int = CALIBRATION_BINS) -> float:
    """The expected calibration error: mean distance of confidence and accuracy over equal bins of [0, 1].

    ``confidence`` (n,) of the predicted class, ``correct`` (n,) whether it is right. C. Guo et al., On
    Calibration of Modern Neural Networks (2017), equation 3.
    """
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    gap = np.bincount(place, confidence - correct, minlength=bins)  # count times the mean distance
    return float(np.abs(gap).sum() / count.sum())
