"""Clouds in the plane, named by the neurons of a code: what each network has learned, step by step.

Contestants differ in code, loss and decoding; they share the data and the start of their hidden layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sklearn.datasets as sk
import torch
from numpy.typing import ArrayLike, NDArray

from lossviz.checks import count_in, number_in
from lossviz.code_words import Code
from lossviz.codes import CODES, least_length
from lossviz.decoding import NO_CLASS, decode
from lossviz.heads import HEADS, HeadTraining
from lossviz.meter import Say, silent

Floats = NDArray[np.float64]
RADIUS = 2.0
NEW = 1_000  # new points on which accuracy is measured
MOST_CLOUDS = 16


@dataclass(frozen=True)
class Contestant:
    """A network's last layer: a row of `CODES`, one of `HEADS`, a learning rate, and how it is read."""

    code: str
    head: str
    lr: float = 1.0
    how: str = "likelihood"


@dataclass(frozen=True, eq=False)
class CodePlane:
    """Networks over the plane. The shown seed is that with the first contestant's middle accuracy at the end.

    A field is positive where its bit of the class's number is 1 (of the number `classes`, where the word
    names no class); its zeros are the borders between classes. It is in hundredths, from -99 to 99 and never
    0, of a scale that keeps the borders fine.
    """

    contestants: tuple[Contestant, ...]
    codes: tuple[Code, ...]
    labels: tuple[int, ...]  # which class each cloud is
    hidden: int
    weights: tuple[int, ...]  # of each whole network
    steps: NDArray[np.int64]  # (records,)
    x: Floats  # (n, 2) training points
    y: NDArray[np.int64]  # (n,) their classes
    centres: Floats  # (classes, 2) of the clouds
    a: Floats  # (g,) across
    b: Floats  # (g,) upwards
    seed: int  # the one that is shown
    said: NDArray[np.int8]  # (contestants, records, g, g) the class of the shown seed, -1 for none
    fields: tuple[NDArray[np.int8], ...]  # a contestant: (records, bits of the class's number, g, g)
    right: NDArray[np.bool_]  # (contestants, records, n) of the shown seed
    accuracy: Floats  # (contestants, seeds, records) on 1,000 new points
    nameless: Floats  # (contestants, seeds, records) share of new points whose word is spare


def cloud_centres(classes: int) -> Floats:
    """Centres (classes, 2) evenly on a circle of radius 2, counter-clockwise; four stand in the corners."""
    count_in("clouds", classes, 2, MOST_CLOUDS)
    angle = 2 * np.pi * (np.arange(classes) + 0.5) / classes
    return RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def clouds(
    classes: int = 4, n: int = 180, noise: float | None = None, seed: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Points (n, 2) and the number of their cloud (n,).

    ``noise`` is the standard deviation of a cloud; None keeps neighbours as far apart as four clouds of 0.6.
    """
    count_in("n", n, 2 * classes, 100_000)
    wide = (
        0.6 * np.sin(np.pi / classes) / np.sin(np.pi / 4)
        if noise is None
        else number_in("noise", noise, 0.0, 10.0)
    )
    x, y = sk.make_blobs(n, centers=cloud_centres(classes), cluster_std=wide, random_state=seed)
    return x, y.astype(np.int64)


def code_plane(
    contestants: Sequence[Contestant],
    labels: Sequence[int] = (0, 1, 3, 2),
    hidden: int = 3,
    seeds: int = 10,
    steps: int = 300,
    record_every: int = 10,
    n: int = 180,
    noise: float | None = None,
    grid: int = 41,
    progress: Say = silent,
) -> CodePlane:
    """Train contestants on clouds round a circle, full batches of gradient descent, and record the plane.

    labels: the class of each cloud, a permutation; there are as many clouds as labels. ``progress`` is told
    how far it has come, 0 to 1. Raises KeyError for an unknown code, head or way to decode, ValueError for an
    impossible setting.
    """
    classes = len(labels)
    if sorted(labels) != list(range(classes)):
        raise ValueError(f"labels must be a permutation of 0 to {classes - 1}; got {list(labels)}")
    count_in("seeds", seeds, 1, 100)
    count_in("steps", steps, 1, 100_000)
    count_in("record_every", record_every, 1, steps)
    count_in("grid", grid, 3, 200)
    of = np.array(labels)
    x, cloud = clouds(classes, n, noise, seed=0)
    new, new_cloud = clouds(classes, NEW, noise, seed=1)
    y, new_y = of[cloud], of[new_cloud]
    reach = np.abs(x).max() * 1.06
    side = np.linspace(-reach, reach, grid)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    places = np.concatenate([points, x, new])
    at = np.unique(np.r_[np.arange(0, steps + 1, record_every), steps])

    codes = tuple(CODES[one.code].code(classes) for one in contestants)
    known: dict[tuple[str, str, float], NDArray[np.float32]] = {}
    logits = []
    for one, code in zip(contestants, codes, strict=True):
        key = one.code, one.head, one.lr
        if key not in known:
            known[key] = _logits(x, y, code, one, hidden, seeds, at, places)
        logits.append(known[key])
        progress(len(logits) / (2 * len(contestants)))
    cut = [grid * grid, grid * grid + n]
    says = []  # each (records, seeds, places)
    for z, code, one in zip(logits, codes, contestants, strict=True):
        says.append(_decoded(z, code, one.how))
        progress(0.5 + len(says) / (2 * len(contestants)))
    accuracy = np.stack([(said[..., cut[1] :] == new_y).mean(axis=-1).T for said in says])
    nameless = np.stack(
        [
            (_decoded(z[..., cut[1] :, :], code, "threshold") == NO_CLASS).mean(axis=-1).T
            if HEADS[one.head].link == "sigmoid"
            else np.zeros((seeds, len(at)))  # the largest output always names a class
            for z, code, one in zip(logits, codes, contestants, strict=True)
        ]
    )
    seed = int(np.argsort(accuracy[0, :, -1], kind="stable")[(seeds - 1) // 2])
    fields = tuple(
        _fields(z[:, seed, : cut[0]], said[:, seed, : cut[0]], code, one.how).reshape(len(at), -1, grid, grid)
        for z, said, code, one in zip(logits, says, codes, contestants, strict=True)
    )
    return CodePlane(
        tuple(contestants),
        codes,
        tuple(int(c) for c in labels),
        hidden,
        tuple(2 * hidden + hidden + code.weights(hidden) for code in codes),
        at,
        x,
        y,
        cloud_centres(classes),
        side,
        side,
        seed,
        np.stack([said[:, seed, : cut[0]].reshape(len(at), grid, grid) for said in says]).astype(np.int8),
        fields,
        np.stack([said[:, seed, cut[0] : cut[1]] == y for said in says]),
        accuracy,
        nameless,
    )


def _logits(
    x: Floats,
    y: NDArray[np.int64],
    code: Code,
    one: Contestant,
    hidden: int,
    seeds: int,
    at: NDArray[np.int64],
    places: Floats,
) -> NDArray[np.float32]:
    """What all seeds say at all places at every record: (records, seeds, places, bits)."""
    training = HeadTraining(x, y, code, one.head, hidden, range(seeds), lr=one.lr)
    said = [training.logits(places)]
    for steps in np.diff(at):
        training.advance(int(steps))
        said.append(training.logits(places))
    return np.stack(said).astype(np.float32)


def _decoded(z: NDArray[np.float32], code: Code, how: str) -> NDArray[np.int64]:
    """The classes (records, seeds, places) that logits (records, seeds, places, bits) name, a record at a
    time: what decoding holds is in double precision, and several times as large."""
    return np.stack([decode(_sigmoid(record), code, how) for record in z])


def _sigmoid(z: ArrayLike) -> Floats:
    p: Floats = torch.sigmoid(torch.from_numpy(np.asarray(z)).double()).numpy()
    return p


def _fields(z: NDArray[np.float32], said: NDArray[np.int64], code: Code, how: str) -> NDArray[np.int8]:
    """Borders as zeros: (records, bits, places). The size is how far it is to any change of the answer."""
    if how in ("threshold", "hamming"):
        size = np.abs(z).min(axis=-1)
    elif how == "likelihood":
        scores = np.sort(z @ code.bits.T.astype(np.float32), axis=-1)
        size = scores[..., -1] - scores[..., -2]
    else:
        p = _sigmoid(z)
        scores = np.sort((1 - 2 * p) @ code.bits.T.astype(np.float64), axis=-1)
        size = scores[..., 1] - scores[..., 0]
    scale = np.maximum(np.quantile(size, 0.3, axis=-1, keepdims=True), 1e-12)
    hundredths = np.maximum(np.rint(99 * np.minimum(size / scale, 1)), 1)
    number = np.where(said == NO_CLASS, code.classes, said)
    length = least_length(code.classes + (code.spare > 0 and how == "threshold"))
    bits = (number[:, None, :] >> np.arange(length - 1, -1, -1)[:, None]) & 1
    fields: NDArray[np.int8] = (np.where(bits == 1, 1, -1) * hundredths[:, None, :]).astype(np.int8)
    return fields
