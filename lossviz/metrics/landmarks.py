"""What a number is that a training is stuck at: known values of known mistakes, sorted by how near.

Every value is computed from the number of classes; none is a constant that was once seen somewhere.
Logarithms are natural.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lossviz.common.validation import count_in, number_in
from lossviz.likelihood.information import entropy

MOST_CLASSES = 10_000_000


@dataclass(frozen=True)
class Landmark:
    """Something that a loss is stuck at for a known reason."""

    name: str
    value: float
    explanation: str
    distance: float = 0.0  # |value - yours|


@dataclass(frozen=True)
class ClippingLimit:
    """What one library charges for the worst mistake: probability 0 for what happened."""

    library: str
    how: str
    value: float  # nats


def clipping_limits() -> tuple[ClippingLimit, ...]:
    """What sure and wrong costs, library by library, from the least to infinity.

    An epsilon e that p is clipped to, or that is added to it, caps the loss at -ln e. Keras's is its
    default of `keras.config.epsilon()`; torch's clamps the logarithm itself.
    """
    float32, float64 = (float(np.finfo(kind).eps) for kind in (np.float32, np.float64))
    found = [
        ClippingLimit("scikit-learn, float32", f"clips p at {_small(float32)}", -math.log(float32)),
        ClippingLimit("Keras", "clips p at 10⁻⁷", -math.log(1e-7)),
        ClippingLimit("the tutorial", "adds 10⁻¹⁵ to p", -math.log(1e-15)),
        ClippingLimit("scikit-learn, float64", f"clips p at {_small(float64)}", -math.log(float64)),
        ClippingLimit("torch BCELoss", "clamps ln p at −100", 100.0),
        ClippingLimit("the definition", "clips nothing", math.inf),
    ]
    return tuple(sorted(found, key=lambda cap: cap.value))


def _small(value: float) -> str:
    lead, power = f"{value:.1e}".split("e-")
    return f"{lead} × 10⁻{str(int(power)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def softmax_twice_floor(classes: int) -> float:
    """The least that cross-entropy can be when softmax is applied to probabilities: ln(e + K - 1) - 1."""
    return math.log(math.e + classes - 1) - 1


def smoothing_floor(classes: int, smoothing: float = 0.1) -> float:
    """The least that cross-entropy can be with smoothed labels: the entropy of such a label, in nats."""
    rest = smoothing / classes
    return (
        float(entropy([1 - smoothing + rest, *[rest] * (classes - 1)]))
        if classes < 1000
        else (
            -(1 - smoothing + rest) * math.log(1 - smoothing + rest) - (classes - 1) * rest * math.log(rest)
        )
    )


def recognize(value: float, classes: int, frequencies: Sequence[float] | None = None) -> list[Landmark]:
    """What a loss of this value probably is, for so many classes: candidates, the nearest first.

    ``frequencies`` (classes,) are counts or shares of the classes, if you know them: then what the best
    constant prediction costs is a candidate too.

    Raises ValueError unless value is finite, classes from 2 to ten million, and frequencies, one for each
    class, at least 0 and not all 0.
    """
    value = number_in("value", value)
    classes = count_in("classes", classes, 2, MOST_CLASSES)
    found = [
        Landmark(c.name, c.value, c.explanation, abs(c.value - value))
        for c in (*_by_frequency(classes, frequencies), *_known(classes))
    ]
    return sorted(found, key=lambda c: c.distance)


def _known(k: int) -> Iterator[Landmark]:
    yield Landmark(
        "guessing, ln K",
        math.log(k),
        f"All {k:,} classes get the same probability: nothing has been learned yet, or the inputs do not "
        "reach the network. A loss that starts here is right; one that stays here is stuck.",
    )
    if k > 2:
        yield Landmark(
            "coin toss, ln 2",
            math.log(2),
            "Each output says ½: binary cross-entropy, averaged over outputs, before anything is learned.",
        )
        yield Landmark(
            "K coin tosses",
            k * math.log(2),
            "Each of K sigmoids says ½ and their binary cross-entropies are added, not averaged.",
        )
        share = 1 / k
        rate = -share * math.log(share) - (1 - share) * math.log1p(-share)
        yield Landmark(
            "base rate, averaged",
            rate,
            "Each of K sigmoids says 1/K, whatever the input: binary cross-entropy averaged over outputs is "
            "small, and yet nothing is known but how rare a class is.",
        )
    yield Landmark(
        "guessing, in bits",
        math.log2(k),
        "Guessing again, with logarithms to base 2: log2 K.",
    )
    yield Landmark(
        "softmax twice, floor",
        softmax_twice_floor(k),
        "The model ends in a softmax and the loss applies another: probabilities between 0 and 1 are taken "
        "for logits, so even a perfect model cannot get below ln(e + K − 1) − 1.",
    )
    for alpha in (0.1, 0.2):
        yield Landmark(
            f"smoothing {alpha:g}, floor",
            smoothing_floor(k, alpha),
            f"The entropy of a label smoothed by {alpha:g}: a perfect model with label smoothing stops here. "
            "Nothing is wrong.",
        )
    yield Landmark(
        "guessing, Brier",
        (k - 1) / k if k > 2 else 0.25,
        "Squared error of guessing alike: ¼ for one output, (K − 1)/K summed over K of them.",
    )
    if k > 2:
        yield Landmark(
            "guessing, Brier averaged",
            (k - 1) / k**2,
            "Squared error of guessing alike, averaged over the K outputs: (K − 1)/K².",
        )
    yield Landmark(
        "guessing, focal",
        (1 - 1 / k) ** 2 * math.log(k),
        "Focal loss with gamma 2 of guessing alike: (1 − 1/K)² ln K.",
    )
    yield Landmark(
        "hinge at zero",
        1.0,
        "Hinge loss of a model whose outputs are 0: margin 1, and nothing on either side of it.",
    )
    yield from _caps()
    yield Landmark(
        "nothing counted",
        0.0,
        "Exactly 0: every term is left out. All labels are 0 in a cross-entropy without its second term, or "
        "all are masked.",
    )
    yield Landmark(
        "epsilon added",
        -math.log(1 + 1e-15),
        "Just below 0: an epsilon of 1e-15 was added to p = 1, so that a perfect prediction scores less than "
        "nothing.",
    )


def _caps() -> Iterator[Landmark]:
    names = {
        "scikit-learn, float32": "scikit-learn’s cap, float32",
        "Keras": "ε = 10⁻⁷: sure, wrong",
        "the tutorial": "ε = 10⁻¹⁵: sure, wrong",
        "scikit-learn, float64": "scikit-learn’s cap",
        "torch BCELoss": "torch BCELoss cap",
    }
    for cap in clipping_limits():
        if cap.library in names:
            yield Landmark(
                names[cap.library],
                cap.value,
                f"The most that one example can cost: {cap.library} {cap.how}. At the cap, every "
                "example is sure and wrong: labels may be swapped, or the last layer has exploded.",
            )


def _by_frequency(classes: int, frequencies: Sequence[float] | None) -> Iterator[Landmark]:
    if frequencies is None:
        return
    if len(frequencies) != classes:
        raise ValueError(f"frequencies must be one for each of {classes} classes; got {len(frequencies)}")
    counts = np.array([number_in(f"frequencies[{i}]", f, 0.0) for i, f in enumerate(frequencies)])
    if counts.sum() == 0:
        raise ValueError("frequencies must not all be 0")
    share = counts / counts.sum()
    yield Landmark(
        "class frequencies",
        float(entropy(share)),
        "The entropy of your class frequencies: the model has learned how often each class comes, and "
        "looks at no input.",
    )
    yield Landmark(
        "class frequencies, Brier",
        float(1 - (share**2).sum()) if classes > 2 else float(share[0] * share[1]),
        "Squared error of predicting your class frequencies for every input.",
    )
