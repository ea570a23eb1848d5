"""Known values of an accuracy, such as that of always giving the most frequent class."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.metrics.references import MAX_CLASSES, class_shares


@dataclass(frozen=True)
class ReferenceAccuracy:
    """An accuracy that a model has for a known reason."""

    name: str
    value: float  # a share, from 0 to 1
    explanation: str
    distance: float = 0.0  # |value - the accuracy that was asked about|
    prominent: bool = False  # drawn even where it is far away


def reference_accuracies(
    accuracy: float, classes: int, frequencies: Sequence[float] | None = None
) -> list[ReferenceAccuracy]:
    """List known values of an accuracy, nearest to a given one first.

    Args:
        accuracy: The accuracy that a model stays at, a share from 0 to 1.
        classes: Number of classes, from 2 to ten million.
        frequencies: Counts or shares of the classes, (classes,), if they are known; else all classes are
            taken to be equally frequent.

    Returns:
        The values with explanations, sorted by ``distance``.

    Raises:
        ValueError: Unless ``accuracy`` is in [0, 1], ``classes`` in range, and ``frequencies``, one for each
            class, at least 0 and not all 0.

    Example:
        >>> import lossviz as lv
        >>> nearest = lv.metrics.reference_accuracies(0.95, classes=2, frequencies=[950, 50])[0]
        >>> nearest.name, nearest.value
        ('most frequent class', 0.95)
    """
    accuracy = number_in("accuracy", accuracy, 0.0, 1.0)
    classes = count_in("classes", classes, 2, MAX_CLASSES)
    share = None if frequencies is None else class_shares(classes, frequencies)
    found = [replace(r, distance=abs(r.value - accuracy)) for r in _references(classes, share)]
    return sorted(found, key=lambda r: r.distance)


def _references(classes: int, share: Floats | None) -> Iterator[ReferenceAccuracy]:
    unequal = share is not None and float(np.ptp(share)) > 0
    if share is not None and unequal:
        most, least = float(share.max()), float(share.min())
        yield ReferenceAccuracy(
            "most frequent class",
            most,
            "Every example gets the most frequent class, whatever the input: nothing is told apart. Any "
            "model must beat this before its accuracy says anything; look at recall, or at the loss.",
            prominent=True,
        )
        yield ReferenceAccuracy(
            "guessing by frequency",
            float((share**2).sum()),
            "Classes are guessed at random, each as often as it comes: the sum of the squared shares.",
            prominent=True,
        )
        if classes > 2:  # with two it is the one above
            yield ReferenceAccuracy(
                "rarest class never found",
                1 - least,
                "All examples but those of the rarest class are right: the model never gives that class.",
            )
        yield ReferenceAccuracy(
            "rarest class only",
            least,
            "Every example gets the rarest class: labels or columns may be swapped.",
        )
    alike = (
        "All answers are alike, or are drawn at random: with equally frequent classes either scores 1/K. "
        if not unequal
        else "Classes are guessed at random, all with the same chance: 1/K, whatever their frequencies. "
    )
    yield ReferenceAccuracy(
        "guessing, 1 / K",
        1 / classes,
        alike + "Look at the loss beside it: at ln K nothing is learned yet; far above, the model is "
        "confidently wrong.",
        prominent=True,
    )
    if classes > 2 and not unequal:
        yield ReferenceAccuracy(
            "one class never found",
            1 - 1 / classes,
            "All examples are right but those of one class, which the model never gives.",
        )
    yield ReferenceAccuracy(
        "all right",
        1.0,
        "Every answer is right. On the training set that may be learned by heart; on the test set, check "
        "that none of its examples, and nothing of the labels, is among the inputs.",
        prominent=True,
    )
    yield ReferenceAccuracy(
        "all wrong",
        0.0,
        "Every answer is wrong, which is as hard as all right: labels are swapped or shifted by one, or "
        "predictions and labels are compared in different forms.",
        prominent=True,
    )
