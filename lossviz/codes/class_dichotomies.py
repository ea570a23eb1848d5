"""The dichotomies of a code: the classes for which each neuron must output 1, and the best line for them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.codes.code import OutputCode
from lossviz.codes.plane_networks import cluster_centres, clusters
from lossviz.codes.separability import SeparableLabelings, best_lines, separable_labelings_of
from lossviz.codes.table import as_code
from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in

MAX_NEURONS = 7  # for which lines are computed


@dataclass(frozen=True, eq=False)
class Dichotomies:
    """Labelings of clusters, with the best line for each of the first neurons of a code."""

    code: OutputCode
    separable: SeparableLabelings  # of the centres
    separable_one_hot: SeparableLabelings  # of the centres, for one neuron a class
    x: Floats  # (n, 2)
    cluster: NDArray[np.int64]  # (n,) the cluster of each point
    centres: Floats  # (classes, 2)
    labels: NDArray[np.int8]  # (labelings, classes) the class of each cluster
    solvable: NDArray[np.bool_]  # (labelings,) whether lines separate the centres for every neuron
    separated: NDArray[np.bool_]  # (labelings, neurons) whether a line separates the centres
    lines: Floats  # (labelings, neurons, 3) a, b, c: the output is 1 where a x + b y + c > 0
    accuracy: Floats  # (labelings, neurons) share of the points on the right side of the line: the largest

    @property
    def neurons(self) -> int:
        """Neurons for which there are lines: the first seven at most."""
        return int(self.accuracy.shape[1])


def dichotomies(
    code: OutputCode | str | ArrayLike,
    classes: int = 4,
    max_labelings: int = 24,
    n: int = 180,
    progress: Progress = False,
) -> Dichotomies:
    """Assign codewords to clusters on a circle, and find the best line for each neuron.

    Each neuron of a code divides the classes in two: those whose bit is 1 and the rest. The lines are exact:
    no line gets more of the n points right.

    Args:
        code: An `OutputCode`, a matrix of bits (classes, bits), or the name of a row of `CODES`.
        classes: Number of clusters, from 2 to 9.
        max_labelings: The labelings that get lines: all, or a sample of so many from a fixed seed.
        n: Points.
        progress: True for a bar, or a function of (done, total).

    Returns:
        The labelings with their lines, and how many of all labelings can be separated.

    Raises:
        KeyError: For an unknown code.
        ValueError: If the code has another number of classes, or a number is out of range.

    Source:
        T. Cover, Geometrical and Statistical Properties of Systems of Linear Inequalities (1965).

    Example:
        >>> import lossviz as lv
        >>> facts = lv.codes.dichotomies("binary", 4)
        >>> facts.separable.solvable, facts.separable.total, facts.neurons
        (8, 24, 2)
    """
    count_in("classes", classes, 2, 9)
    count_in("max_labelings", max_labelings, 1, 1000)
    made = as_code(code, classes)
    centres = cluster_centres(classes)
    with ProgressBar(progress, made.length + classes, "Testing labelings") as meter:
        separable, separable_one_hot = separable_labelings_of([made, "one-hot"], centres, meter=meter)
    if separable.total <= max_labelings:
        chosen = np.arange(separable.total)
    else:
        chosen = np.sort(np.random.default_rng(0).choice(separable.total, max_labelings, replace=False))
    labels = separable.labels[chosen]
    x, cluster = clusters(classes, n)
    neurons = min(made.length, MAX_NEURONS)
    targets = made.bits[labels][:, :, :neurons].transpose(0, 2, 1)  # (labelings, neurons, classes)
    patterns, index = np.unique(targets.reshape(-1, classes), axis=0, return_inverse=True)
    best = best_lines(x, list(patterns[:, cluster]))
    index = index.reshape(len(labels), neurons)
    lines = np.array([np.r_[half_space.weights, half_space.bias] for half_space, _ in best])[index]
    accuracy = np.array([correct / n for _, correct in best])[index]
    return Dichotomies(
        made,
        separable,
        separable_one_hot,
        x,
        cluster,
        centres,
        labels,
        separable.all_bits[chosen],
        separable.by_bit[chosen][:, :neurons],
        lines,
        accuracy,
    )
