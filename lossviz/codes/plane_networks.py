"""Networks that classify clusters in the plane with output codes, recorded during training.

The networks differ in code, loss and decoding; they share the data and the initial hidden layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sklearn.datasets as sk
import torch
from numpy.typing import ArrayLike, NDArray

from lossviz.codes.code import OutputCode
from lossviz.codes.decoding import NO_CLASS, decode
from lossviz.codes.heads import HEADS, HeadTraining
from lossviz.codes.table import CODES, min_length
from lossviz.common.progress import Progress, ProgressBar
from lossviz.common.typing import Floats
from lossviz.common.validation import count_in, number_in

RADIUS = 2.0
N_TEST = 1_000  # new points on which accuracy is measured
MAX_CLUSTERS = 16


@dataclass(frozen=True)
class HeadConfig:
    """The output layer of one network: its code, loss, learning rate and decoding method.

    Example:
        >>> import lossviz as lv
        >>> lv.codes.HeadConfig("binary", "sigmoid-ce", decoding="threshold").lr
        1.0
    """

    code: str  # name of a row of CODES
    head: str  # name of a row of HEADS
    lr: float = 1.0
    decoding: str = "likelihood"  # a method of `decode`


@dataclass(frozen=True, eq=False)
class CodePlane:
    """Networks over the plane, at every record of their training.

    The shown seed is that with the median accuracy of the first network at the end.

    ``margins`` are for drawing decision boundaries as contour lines at 0. A field is positive where its bit
    of the decoded class's number is 1 (of the number ``classes`` where the word is no codeword); its
    magnitude tells how close another decoded class is. It is in hundredths, from -99 to 99 and never 0.
    """

    heads: tuple[HeadConfig, ...]
    codes: tuple[OutputCode, ...]  # of each network
    labels: tuple[int, ...]  # the class of each cluster
    hidden: int
    weights: tuple[int, ...]  # of each whole network
    steps: NDArray[np.int64]  # (records,)
    x: Floats  # (n, 2) training points
    y: NDArray[np.int64]  # (n,) their classes
    centres: Floats  # (classes, 2) of the clusters
    a: Floats  # (g,) grid, horizontal
    b: Floats  # (g,) grid, vertical
    seed: int  # the one that is shown
    decision_map: NDArray[np.int8]  # (heads, records, g, g) decoded class of the shown seed, or `NO_CLASS`
    margins: tuple[NDArray[np.int8], ...]  # for each network (records, bits of the class's number, g, g)
    correct: NDArray[np.bool_]  # (heads, records, n) of the shown seed, on the training points
    accuracy: Floats  # (heads, seeds, records) on 1,000 new points
    unused_share: Floats  # (heads, seeds, records) share of new points whose thresholded word is no codeword


def cluster_centres(classes: int) -> Floats:
    """Centres (classes, 2) evenly on a circle of radius 2, counter-clockwise; four lie in the corners."""
    count_in("clusters", classes, 2, MAX_CLUSTERS)
    angle = 2 * np.pi * (np.arange(classes) + 0.5) / classes
    return RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def clusters(
    classes: int = 4, n: int = 180, noise: float | None = None, seed: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Points (n, 2) of Gaussian clusters on a circle, and the number of each point's cluster (n,).

    ``noise`` is the standard deviation of a cluster; None separates neighbours as well as 0.6 does with four
    clusters.
    """
    count_in("n", n, 2 * classes, 100_000)
    std = (
        0.6 * np.sin(np.pi / classes) / np.sin(np.pi / 4)
        if noise is None
        else number_in("noise", noise, 0.0, 10.0)
    )
    x, y = sk.make_blobs(n, centers=cluster_centres(classes), cluster_std=std, random_state=seed)
    return x, y.astype(np.int64)


def code_plane(
    heads: Sequence[HeadConfig],
    labels: Sequence[int] = (0, 1, 3, 2),
    hidden: int = 3,
    seeds: int = 10,
    steps: int = 300,
    record_every: int = 10,
    n: int = 180,
    noise: float | None = None,
    grid: int = 41,
    progress: Progress = False,
) -> CodePlane:
    """Train networks 2-hidden-k on clusters in the plane, with full batches, and record their decisions.

    Args:
        heads: The output layer of each network.
        labels: The class of each cluster, a permutation; there are as many clusters as labels.
        hidden: Hidden neurons with tanh.
        seeds: Initializations of each network, from 1 to 100.
        steps: Steps of gradient descent, from 1 to 100,000.
        record_every: Steps between two records.
        n: Training points.
        noise: Standard deviation of a cluster; None separates neighbours as well as 0.6 does with four.
        grid: Points of the grid in each direction, from 3 to 200.
        progress: True for a bar, or a function of (done, total).

    Returns:
        The decision map of one seed and the accuracy of all, at every record.

    Raises:
        KeyError: For an unknown code, head or decoding method.
        ValueError: For a setting out of range.

    Example:
        >>> import lossviz as lv
        >>> head = lv.codes.HeadConfig("binary", "sigmoid-ce", decoding="threshold")
        >>> plane = lv.codes.code_plane([head], seeds=2, steps=20, grid=5)
        >>> plane.decision_map.shape, plane.accuracy.shape
        ((1, 3, 5, 5), (1, 2, 3))
    """
    classes = len(labels)
    if sorted(labels) != list(range(classes)):
        raise ValueError(f"labels must be a permutation of 0 to {classes - 1}; got {list(labels)}")
    count_in("seeds", seeds, 1, 100)
    count_in("steps", steps, 1, 100_000)
    count_in("record_every", record_every, 1, steps)
    count_in("grid", grid, 3, 200)
    class_of = np.array(labels)
    x, cluster = clusters(classes, n, noise, seed=0)
    x_test, cluster_test = clusters(classes, N_TEST, noise, seed=1)
    y, y_test = class_of[cluster], class_of[cluster_test]
    extent = np.abs(x).max() * 1.06
    axis = np.linspace(-extent, extent, grid)
    grid_points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    points = np.concatenate([grid_points, x, x_test])
    on_grid, on_train = slice(grid * grid), slice(grid * grid, grid * grid + n)
    on_test = slice(grid * grid + n, None)
    records = np.unique(np.r_[np.arange(0, steps + 1, record_every), steps])

    codes = tuple(CODES[head.code].code(classes) for head in heads)
    computed: dict[tuple[str, str, float], NDArray[np.float32]] = {}
    logits = []  # for each network (records, seeds, points, bits)
    decoded = []  # for each network (records, seeds, points)
    with ProgressBar(progress, 2 * len(heads), "Training networks") as meter:
        for head, code in zip(heads, codes, strict=True):
            key = head.code, head.head, head.lr
            if key not in computed:
                computed[key] = _logits(x, y, code, head, hidden, seeds, records, points)
            logits.append(computed[key])
            meter.update(1)
            decoded.append(_decoded(logits[-1], code, head.decoding))
            meter.update(1)
    accuracy = np.stack([(classes_of[..., on_test] == y_test).mean(axis=-1).T for classes_of in decoded])
    unused_share = np.stack(
        [
            (_decoded(z[..., on_test, :], code, "threshold") == NO_CLASS).mean(axis=-1).T
            if HEADS[head.head].link == "sigmoid"
            else np.zeros((seeds, len(records)))  # the largest output always stands for a class
            for z, code, head in zip(logits, codes, heads, strict=True)
        ]
    )
    seed = int(np.argsort(accuracy[0, :, -1], kind="stable")[(seeds - 1) // 2])
    margins = tuple(
        _margins(z[:, seed, on_grid], classes_of[:, seed, on_grid], code, head.decoding).reshape(
            len(records), -1, grid, grid
        )
        for z, classes_of, code, head in zip(logits, decoded, codes, heads, strict=True)
    )
    maps = [classes_of[:, seed, on_grid].reshape(len(records), grid, grid) for classes_of in decoded]
    return CodePlane(
        tuple(heads),
        codes,
        tuple(int(c) for c in labels),
        hidden,
        tuple(2 * hidden + hidden + code.weights(hidden) for code in codes),
        records,
        x,
        y,
        cluster_centres(classes),
        axis,
        axis,
        seed,
        np.stack(maps).astype(np.int8),
        margins,
        np.stack([classes_of[:, seed, on_train] == y for classes_of in decoded]),
        accuracy,
        unused_share,
    )


def _logits(
    x: Floats,
    y: NDArray[np.int64],
    code: OutputCode,
    head: HeadConfig,
    hidden: int,
    seeds: int,
    records: NDArray[np.int64],
    points: Floats,
) -> NDArray[np.float32]:
    """The logits of all seeds at all points at every record: (records, seeds, points, bits)."""
    training = HeadTraining(x, y, code, head.head, hidden, range(seeds), lr=head.lr)
    logits = [training.logits(points)]
    for steps in np.diff(records):
        training.advance(int(steps))
        logits.append(training.logits(points))
    return np.stack(logits).astype(np.float32)


def _decoded(z: NDArray[np.float32], code: OutputCode, method: str) -> NDArray[np.int64]:
    """Decode logits (records, seeds, points, bits) to classes (records, seeds, points), one record at a time.

    Decoding works in double precision with arrays that are several times as large.
    """
    return np.stack([decode(_sigmoid(record), code, method) for record in z])


def _sigmoid(z: ArrayLike) -> Floats:
    p: Floats = torch.sigmoid(torch.from_numpy(np.asarray(z)).double()).numpy()
    return p


def _margins(
    z: NDArray[np.float32], decoded: NDArray[np.int64], code: OutputCode, method: str
) -> NDArray[np.int8]:
    """The fields of `CodePlane.margins`, (records, bits, points), from logits and decoded classes."""
    if method in ("threshold", "hamming"):
        margin = np.abs(z).min(axis=-1)
    elif method == "likelihood":
        scores = np.sort(z @ code.bits.T.astype(np.float32), axis=-1)
        margin = scores[..., -1] - scores[..., -2]
    else:
        p = _sigmoid(z)
        scores = np.sort((1 - 2 * p) @ code.bits.T.astype(np.float64), axis=-1)
        margin = scores[..., 1] - scores[..., 0]
    # Scaled by a low quantile, so that the contour line at 0 has a fine resolution near the boundary.
    scale = np.maximum(np.quantile(margin, 0.3, axis=-1, keepdims=True), 1e-12)
    hundredths = np.maximum(np.rint(99 * np.minimum(margin / scale, 1)), 1)
    number = np.where(decoded == NO_CLASS, code.classes, decoded)
    length = min_length(code.classes + (code.unused > 0 and method == "threshold"))
    bits = (number[:, None, :] >> np.arange(length - 1, -1, -1)[:, None]) & 1
    margins: NDArray[np.int8] = (np.where(bits == 1, 1, -1) * hundredths[:, None, :]).astype(np.int8)
    return margins
