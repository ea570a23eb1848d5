"""Networks over the plane: decision boundaries, accuracy and unused words."""

import numpy as np
import pytest
import torch

import lossviz as lv
from lossviz.codes.decoding import NO_CLASS
from lossviz.codes.heads import HeadTraining
from lossviz.codes.plane_networks import clusters

BINARY = lv.codes.HeadConfig("binary", "sigmoid-mse", 1.0, "threshold")
ONE_HOT = lv.codes.HeadConfig("one-hot", "softmax-ce")
MATCHING, SWAPPED = (0, 1, 3, 2), (0, 1, 2, 3)


@pytest.fixture(scope="module")
def swapped() -> lv.codes.CodePlane:
    return lv.codes.code_plane([BINARY, ONE_HOT], SWAPPED, seeds=4, steps=150, record_every=50, grid=15)


def test_the_binary_code_learns_matching_labels_and_not_swapped_ones(
    swapped: lv.codes.CodePlane,
) -> None:
    suit = lv.codes.code_plane([BINARY, ONE_HOT], MATCHING, seeds=4, steps=150, record_every=150, grid=5)
    assert suit.accuracy[:, :, -1].min() > 0.95
    assert swapped.accuracy[1, :, -1].min() > 0.95
    assert swapped.accuracy[0, :, -1].mean() < 0.9
    assert suit.weights == (17, 25)


def test_accuracy_is_that_of_a_single_training(swapped: lv.codes.CodePlane) -> None:
    x, cluster = clusters(4, 180, seed=0)
    assert (swapped.x == x).all()
    y = np.array(SWAPPED)[cluster]
    code = lv.codes.CODES["binary"].code(4)
    alone = HeadTraining(x, y, code, "sigmoid-mse", 3, (swapped.seed,), lr=1.0)
    alone.advance(150)
    p = torch.sigmoid(torch.from_numpy(alone.logits(x)[0])).numpy()
    decoded = lv.codes.decode(p, code, method="threshold")
    assert ((decoded == y) == swapped.correct[0, -1]).mean() > 0.99
    x_test, cluster_test = clusters(4, 1000, seed=1)
    p = torch.sigmoid(torch.from_numpy(alone.logits(x_test)[0])).numpy()
    accuracy = (lv.codes.decode(p, code, method="threshold") == np.array(SWAPPED)[cluster_test]).mean()
    assert swapped.accuracy[0, swapped.seed, -1] == pytest.approx(accuracy, abs=0.003)
    ranks = np.sort(swapped.accuracy[0, :, -1])
    assert swapped.accuracy[0, swapped.seed, -1] == ranks[1], "the median of the seeds is shown"


@pytest.mark.parametrize("method", ["threshold", "hamming", "euclidean", "likelihood"])
def test_margins_spell_the_decoded_class(method: str) -> None:
    head = lv.codes.HeadConfig("binary", "sigmoid-ce", 1.0, method)
    plane = lv.codes.code_plane([head], (0, 3, 4, 1, 2), seeds=1, steps=40, record_every=20, grid=21)
    margins, decoded = plane.margins[0], plane.decision_map[0]
    assert (margins != 0).all()
    assert np.abs(margins.astype(int)).max() <= 99
    powers = 2 ** np.arange(margins.shape[1] - 1, -1, -1)
    spelled = ((margins > 0) * powers[:, None, None]).sum(axis=1)
    assert (spelled == np.where(decoded == NO_CLASS, 5, decoded)).all()
    if method != "threshold":
        assert (decoded >= 0).all(), "only thresholding can give no class"


def test_unused_words_are_counted_by_seed_and_step() -> None:
    head = lv.codes.HeadConfig("binary", "sigmoid-mse", 1.0, "threshold")
    plane = lv.codes.code_plane([head, ONE_HOT], (0, 3, 4, 1, 2), seeds=3, steps=30, record_every=30, grid=9)
    assert plane.unused_share.shape == (2, 3, 2)
    assert plane.unused_share[0, :, 1].mean() > 0.02
    assert (plane.unused_share[1] == 0).all(), "a softmax always gives a class"
    wrong = 1 - plane.accuracy[0]
    assert (plane.unused_share[0] <= wrong + 1e-12).all(), "no class counts as wrong"


def test_four_clusters_are_the_dataset_blobs() -> None:
    x, y = clusters(4, 300, seed=3)
    data = lv.DATASETS["blobs"].load(300, 0.6, seed=3)
    assert x == pytest.approx(data.x)
    assert (y == data.y).all()


BAD = [
    {"labels": (0, 1, 1)},
    {"labels": (0, 1, 2, 4)},
    {"seeds": 0},
    {"steps": 0},
    {"grid": 2},
    {"record_every": 301},
    {"hidden": 0},
    {"noise": -1.0},
    {"n": 3},
]


@pytest.mark.parametrize("setting", BAD, ids=str)
def test_an_impossible_setting_is_one_sentence(setting: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        lv.codes.code_plane([BINARY], **setting)  # type: ignore[arg-type]
