"""Known values of a loss, such as ln K for guessing, to compare the value with at which a training is stuck.

Every value is computed from the number of classes. Logarithms are natural.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in
from lossviz.likelihood.information import entropy

MAX_CLASSES = 10_000_000


@dataclass(frozen=True)
class ReferenceLoss:
    """A value at which a loss stays for a known reason."""

    name: str
    value: float
    explanation: str
    distance: float = 0.0  # |value - the loss that was asked about|
    prominent: bool = False  # one of those that are met most often, drawn even where it is far away


@dataclass(frozen=True)
class ClippingLimit:
    """What one library charges for probability 0 of what happened, the largest loss of one example."""

    library: str
    rule: str  # what it does with a probability of 0
    value: float  # nats
    reference: str = ""  # what the value is called as a `ReferenceLoss`; "" for no such value
    prominent: bool = False


def clipping_limits() -> tuple[ClippingLimit, ...]:
    """List what a confidently wrong prediction costs, library by library.

    Clipping p to at least epsilon, or adding epsilon to p, limits the loss to -ln(epsilon). Keras's epsilon
    is the default of `keras.config.epsilon()`; torch's BCELoss clamps the logarithm itself.

    Returns:
        The limits in nats, from the least to infinity.

    Example:
        >>> import lossviz as lv
        >>> [limit.library for limit in lv.metrics.clipping_limits()][-2:]
        ['torch BCELoss', 'the definition']
    """
    float32, float64 = (float(np.finfo(dtype).eps) for dtype in (np.float32, np.float64))
    limits = [
        ClippingLimit(
            "scikit-learn, float32",
            f"clips p at {_scientific(float32)}",
            -math.log(float32),
            "scikit-learn’s limit, float32",
        ),
        ClippingLimit("Keras", "clips p at 10⁻⁷", -math.log(1e-7), "clipped at ε = 10⁻⁷", prominent=True),
        ClippingLimit(
            "the tutorial", "adds 10⁻¹⁵ to p", -math.log(1e-15), "clipped at ε = 10⁻¹⁵", prominent=True
        ),
        ClippingLimit(
            "scikit-learn, float64",
            f"clips p at {_scientific(float64)}",
            -math.log(float64),
            "scikit-learn’s limit",
        ),
        ClippingLimit("torch BCELoss", "clamps ln p at −100", 100.0, "torch BCELoss limit", prominent=True),
        ClippingLimit("the definition", "clips nothing", math.inf),
    ]
    return tuple(sorted(limits, key=lambda limit: limit.value))


def _scientific(value: float) -> str:
    mantissa, power = f"{value:.1e}".split("e-")
    return f"{mantissa} × 10⁻{str(int(power)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def softmax_twice_floor(classes: int) -> float:
    """The least cross-entropy when softmax is applied to probabilities: ln(e + K - 1) - 1."""
    return math.log(math.e + classes - 1) - 1


def smoothing_floor(classes: int, smoothing: float = 0.1) -> float:
    """The least cross-entropy with label smoothing: the entropy of a smoothed label, in nats."""
    rest = smoothing / classes
    return (
        float(entropy([1 - smoothing + rest, *[rest] * (classes - 1)]))
        if classes < 1000
        else (
            -(1 - smoothing + rest) * math.log(1 - smoothing + rest) - (classes - 1) * rest * math.log(rest)
        )
    )


def reference_losses(
    value: float, classes: int, frequencies: Sequence[float] | None = None
) -> list[ReferenceLoss]:
    """List known values of a loss, nearest to a given one first.

    Args:
        value: The loss at which a training has stopped falling, in nats.
        classes: Number of classes, from 2 to ten million.
        frequencies: Counts or shares of the classes, (classes,), if they are known: then the losses of the
            best constant prediction are listed too.

    Returns:
        The values with explanations, sorted by ``distance``.

    Raises:
        ValueError: Unless ``value`` is finite, ``classes`` in range, and ``frequencies``, one for each class,
            at least 0 and not all 0.

    Example:
        >>> import lossviz as lv
        >>> lv.metrics.reference_losses(2.303, classes=10)[0].name
        'guessing, ln K'
    """
    value = number_in("value", value)
    classes = count_in("classes", classes, 2, MAX_CLASSES)
    references = [
        ReferenceLoss(r.name, r.value, r.explanation, abs(r.value - value), r.prominent)
        for r in (*_class_frequency_references(classes, frequencies), *_references(classes))
    ]
    return sorted(references, key=lambda r: r.distance)


def _references(k: int) -> Iterator[ReferenceLoss]:
    """The values that depend on the number of classes alone."""
    yield ReferenceLoss(
        "guessing, ln K",
        math.log(k),
        f"All {k:,} classes get the same probability: nothing has been learned yet, or the inputs do not "
        "reach the network. A loss that starts here is normal; one that stays here is stuck.",
        prominent=True,
    )
    if k > 2:
        yield ReferenceLoss(
            "coin toss, ln 2",
            math.log(2),
            "Each output is ½: binary cross-entropy, averaged over outputs, before anything is learned.",
        )
        yield ReferenceLoss(
            "K coin tosses",
            k * math.log(2),
            "Each of K sigmoids is ½ and their binary cross-entropies are added, not averaged.",
        )
        share = 1 / k
        rate = -share * math.log(share) - (1 - share) * math.log1p(-share)
        yield ReferenceLoss(
            "base rate, averaged",
            rate,
            "Each of K sigmoids is 1/K, whatever the input: binary cross-entropy averaged over outputs is "
            "small, and yet nothing has been learned but how rare a class is.",
        )
    yield ReferenceLoss(
        "guessing, in bits",
        math.log2(k),
        "Guessing again, with logarithms to base 2: log2 K.",
        prominent=True,
    )
    yield ReferenceLoss(
        "softmax twice, smallest",
        softmax_twice_floor(k),
        "The model ends in a softmax and the loss applies another: probabilities between 0 and 1 are taken "
        "for logits, so even a perfect model cannot get below ln(e + K − 1) − 1.",
        prominent=True,
    )
    for alpha, prominent in ((0.1, True), (0.2, False)):
        yield ReferenceLoss(
            f"smoothing {alpha:g}, smallest",
            smoothing_floor(k, alpha),
            f"The entropy of a label smoothed by {alpha:g}: a perfect model with label smoothing stops here. "
            "Nothing is wrong.",
            prominent=prominent,
        )
    yield ReferenceLoss(
        "guessing, Brier",
        (k - 1) / k if k > 2 else 0.25,
        "Squared error of uniform guessing: ¼ for one output, (K − 1)/K summed over K of them.",
    )
    if k > 2:
        yield ReferenceLoss(
            "guessing, Brier averaged",
            (k - 1) / k**2,
            "Squared error of uniform guessing, averaged over the K outputs: (K − 1)/K².",
        )
    yield ReferenceLoss(
        "guessing, focal",
        (1 - 1 / k) ** 2 * math.log(k),
        "Focal loss with gamma 2 of uniform guessing: (1 − 1/K)² ln K.",
    )
    yield ReferenceLoss(
        "hinge at zero",
        1.0,
        "Hinge loss of a model whose outputs are 0: the margin is missed by 1 on every example.",
    )
    for limit in clipping_limits():
        if limit.reference:
            yield ReferenceLoss(
                limit.reference,
                limit.value,
                f"The largest loss of one example: {limit.library} {limit.rule}. At this limit every "
                "example is confidently wrong: labels may be swapped, or the logits have exploded.",
                prominent=limit.prominent,
            )
    yield ReferenceLoss(
        "no term counted",
        0.0,
        "Exactly 0: every term is left out. All labels are 0 in a cross-entropy without its second term, or "
        "all are masked.",
    )
    yield ReferenceLoss(
        "epsilon added",
        -math.log(1 + 1e-15),
        "Just below 0: an epsilon of 1e-15 was added to p = 1, so that the score of a perfect prediction is "
        "negative.",
    )


def class_shares(classes: int, frequencies: Sequence[float]) -> Floats:
    """The shares of the classes, (classes,); ValueError for counts of another length, below 0 or all 0."""
    if len(frequencies) != classes:
        raise ValueError(f"frequencies must be one for each of {classes} classes; got {len(frequencies)}")
    counts = np.array([number_in(f"frequencies[{i}]", f, 0.0) for i, f in enumerate(frequencies)])
    if counts.sum() == 0:
        raise ValueError("frequencies must not all be 0")
    return np.asarray(counts / counts.sum())


def _class_frequency_references(classes: int, frequencies: Sequence[float] | None) -> Iterator[ReferenceLoss]:
    """The losses of always predicting the class frequencies."""
    if frequencies is None:
        return
    share = class_shares(classes, frequencies)
    yield ReferenceLoss(
        "class frequencies",
        float(entropy(share)),
        "The entropy of your class frequencies: the model has learned how frequent each class is, and "
        "nothing from the inputs.",
        prominent=True,
    )
    yield ReferenceLoss(
        "class frequencies, Brier",
        float(1 - (share**2).sum()) if classes > 2 else float(share[0] * share[1]),
        "Squared error of predicting your class frequencies for every input.",
    )
