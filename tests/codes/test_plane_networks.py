"""Networks over the plane: their borders, their accuracy, and the words that name nothing."""

import numpy as np
import pytest
import torch

import lossviz as lv
from lossviz.codes.heads import HeadTraining
from lossviz.codes.plane_networks import clouds

ASKED = lv.codes.HeadConfig("binary", "sigmoid-mse", 1.0, "threshold")
USUAL = lv.codes.HeadConfig("one-hot", "softmax-ce")
SUIT, SWAPPED = (0, 1, 3, 2), (0, 1, 2, 3)


@pytest.fixture(scope="module")
def swapped() -> lv.codes.CodePlane:
    return lv.codes.code_plane([ASKED, USUAL], SWAPPED, seeds=4, steps=150, record_every=50, grid=15)


def test_the_asker_is_right_when_the_labels_suit_and_wrong_when_two_are_swapped(
    swapped: lv.codes.CodePlane,
) -> None:
    suit = lv.codes.code_plane([ASKED, USUAL], SUIT, seeds=4, steps=150, record_every=150, grid=5)
    assert suit.accuracy[:, :, -1].min() > 0.95
    assert swapped.accuracy[1, :, -1].min() > 0.95
    assert swapped.accuracy[0, :, -1].mean() < 0.9
    assert suit.weights == (17, 25)


def test_the_plane_is_that_of_a_training_alone(swapped: lv.codes.CodePlane) -> None:
    x, cloud = clouds(4, 180, seed=0)
    assert (swapped.x == x).all()
    y = np.array(SWAPPED)[cloud]
    code = lv.codes.CODES["binary"].code(4)
    alone = HeadTraining(x, y, code, "sigmoid-mse", 3, (swapped.seed,), lr=1.0)
    alone.advance(150)
    p = torch.sigmoid(torch.from_numpy(alone.logits(x)[0])).numpy()
    said = lv.codes.decode(p, code, how="threshold")
    assert ((said == y) == swapped.right[0, -1]).mean() > 0.99
    new, new_cloud = clouds(4, 1000, seed=1)
    p = torch.sigmoid(torch.from_numpy(alone.logits(new)[0])).numpy()
    right = (lv.codes.decode(p, code, how="threshold") == np.array(SWAPPED)[new_cloud]).mean()
    assert swapped.accuracy[0, swapped.seed, -1] == pytest.approx(right, abs=0.003)
    ranks = np.sort(swapped.accuracy[0, :, -1])
    assert swapped.accuracy[0, swapped.seed, -1] == ranks[1], "the middle of the seeds is shown"


@pytest.mark.parametrize("how", ["threshold", "hamming", "euclidean", "likelihood"])
def test_fields_spell_the_class_and_change_sign_at_every_border(how: str) -> None:
    one = lv.codes.HeadConfig("binary", "sigmoid-ce", 1.0, how)
    plane = lv.codes.code_plane([one], (0, 3, 4, 1, 2), seeds=1, steps=40, record_every=20, grid=21)
    fields, said = plane.fields[0], plane.said[0]
    assert (fields != 0).all()
    assert np.abs(fields.astype(int)).max() <= 99
    powers = 2 ** np.arange(fields.shape[1] - 1, -1, -1)
    spelt = ((fields > 0) * powers[:, None, None]).sum(axis=1)
    assert (spelt == np.where(said == -1, 5, said)).all()
    if how != "threshold":
        assert (said >= 0).all(), "only thresholding can name nothing"


def test_spare_words_are_counted_by_seed_and_step() -> None:
    one = lv.codes.HeadConfig("binary", "sigmoid-mse", 1.0, "threshold")
    plane = lv.codes.code_plane([one, USUAL], (0, 3, 4, 1, 2), seeds=3, steps=30, record_every=30, grid=9)
    assert plane.nameless.shape == (2, 3, 2)
    assert plane.nameless[0, :, 1].mean() > 0.02
    assert (plane.nameless[1] == 0).all(), "a softmax always names a class"
    wrong = 1 - plane.accuracy[0]
    assert (plane.nameless[0] <= wrong + 1e-12).all(), "who names nothing is wrong"


def test_four_clouds_are_the_dataset_of_that_name() -> None:
    x, y = clouds(4, 300, seed=3)
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
        lv.codes.code_plane([ASKED], **setting)  # type: ignore[arg-type]
