"""Scores over a training: against scikit-learn and a plain loop, and what becomes of them."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics

import lossviz as lv
from lossviz.metrics.history import MEASURES


def settings(**more: Any) -> lv.metrics.ScoreSettings:
    return lv.metrics.ScoreSettings(**({"network": "mlp-16", "steps": 20, "record_every": 5} | more))


@pytest.fixture(scope="module")
def digits() -> lv.metrics.ScoreHistory:
    return lv.metrics.score_history(settings(dataset="digits", seed=3))


@pytest.fixture(scope="module")
def cancer() -> lv.metrics.ScoreHistory:
    return lv.metrics.score_history(settings(dataset="breast-cancer", train=200))


@pytest.fixture(scope="module")
def diabetes() -> lv.metrics.ScoreHistory:
    return lv.metrics.score_history(settings(dataset="diabetes"))


def test_the_training_is_that_of_a_plain_loop(digits: lv.metrics.ScoreHistory) -> None:
    """Cross-entropy, Adam, full batch: as anybody would write it."""
    train, held = digits.settings.data()
    model = lv.NETWORKS["mlp-16"].build(64, 10, seed=3)
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    x, y = torch.tensor(train.x, dtype=torch.float32), torch.tensor(train.y)
    for _ in range(20):
        adam.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        adam.step()
    with torch.no_grad():
        p = torch.softmax(model(torch.tensor(held.x, dtype=torch.float32)).double(), -1).numpy()
    assert len(train.x) == 100
    assert len(held.x) == 1697
    assert digits.steps.tolist() == [0, 5, 10, 15, 20]
    assert digits.loss[-1] == pytest.approx(metrics.log_loss(held.y, p), rel=1e-5)
    assert digits.scores["accuracy"][-1] == metrics.accuracy_score(held.y, p.argmax(1))
    assert digits.scores["f1"][-1] == pytest.approx(metrics.f1_score(held.y, p.argmax(1), average="macro"))
    auc = metrics.roc_auc_score(held.y, p / p.sum(1, keepdims=True), multi_class="ovr")
    assert digits.scores["roc-auc"][-1] == pytest.approx(auc, rel=1e-6)
    onehot = np.eye(10)[held.y]
    assert digits.scores["brier"][-1] == pytest.approx(10 * metrics.mean_squared_error(onehot, p), rel=1e-5)


def test_two_classes_are_no_and_yes(cancer: lv.metrics.ScoreHistory) -> None:
    assert cancer.classes == ("benign", "malignant")
    assert len(cancer.y) == 369
    assert cancer.y.sum() < len(cancer.y) / 2, "malignant is the rarer one"
    p = 1 / (1 + np.exp(-cancer.log_odds.astype(float)))
    np.testing.assert_allclose(p, cancer.confidence, atol=1e-6)
    for k in range(len(cancer.steps)):
        assert cancer.loss[k] == pytest.approx(metrics.log_loss(cancer.y, p[k]), rel=1e-5)
        assert cancer.scores["f1"][k] == pytest.approx(metrics.f1_score(cancer.y, p[k] > 0.5))
        assert cancer.scores["roc-auc"][k] == pytest.approx(metrics.roc_auc_score(cancer.y, p[k]), rel=1e-6)
        assert cancer.scores["brier"][k] == pytest.approx(
            2 * metrics.brier_score_loss(cancer.y, p[k]), rel=1e-5
        )
        assert cancer.right[k].mean() == pytest.approx(cancer.scores["accuracy"][k])
        assert cancer.each[k].mean() == pytest.approx(cancer.loss[k], rel=1e-5)


def test_rmse_and_mean_squared_error_choose_alike(diabetes: lv.metrics.ScoreHistory) -> None:
    np.testing.assert_allclose(diabetes.scores["rmse"] ** 2, diabetes.loss, rtol=1e-6)
    assert diabetes.best("rmse") == diabetes.best("loss") == diabetes.best("r2")
    assert diabetes.scores["r2"][-1] == pytest.approx(1 - diabetes.loss[-1] / diabetes.y.var(), rel=1e-6)
    assert not diabetes.right.size


def test_the_best_record_is_the_best(digits: lv.metrics.ScoreHistory) -> None:
    for name, values in digits.scores.items():
        best = values[digits.best(name)]
        assert best == (values.max() if MEASURES[name].higher else values.min())
    assert digits.loss[digits.best()] == digits.loss.min()


def test_where_the_loss_went_adds_up(digits: lv.metrics.ScoreHistory) -> None:
    moved = lv.metrics.prediction_change(digits, 1, 4)
    whole = (digits.loss[4] - digits.loss[1]) * len(digits.y)
    assert moved.nats_still_wrong + moved.nats_others == pytest.approx(whole, rel=1e-4)
    gained = (digits.scores["accuracy"][4] - digits.scores["accuracy"][1]) * len(digits.y)
    assert moved.newly_right - moved.newly_wrong == pytest.approx(gained)
    assert moved.still_wrong + moved.newly_wrong == int((~digits.right[4]).sum())


def test_the_same_settings_give_the_same_history(cancer: lv.metrics.ScoreHistory) -> None:
    again = lv.metrics.score_history(cancer.settings)
    np.testing.assert_array_equal(again.each, cancer.each)


def test_what_flies_apart_has_no_score() -> None:
    wild = lv.metrics.score_history(settings(dataset="diabetes", optimizer="sgd", lr=1e6, train=60))
    assert np.isnan(wild.scores["rmse"][-1])
    assert np.isfinite(wild.loss[0])
    assert wild.best("rmse") == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"dataset": "digits", "train": 1797}, "train must be a whole number from 4 to 1793; got 1797"),
        ({"dataset": "digits", "lr": 0.0}, "lr must be"),
        ({"dataset": "digits", "record_every": 21}, "record_every must be"),
        ({"dataset": "iris", "network": "cnn"}, "cnn takes 64 inputs"),
    ],
)
def test_impossible_settings_are_one_sentence(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        settings(**more)


def test_change_needs_classes(diabetes: lv.metrics.ScoreHistory) -> None:
    with pytest.raises(ValueError, match="no answer is right or wrong"):
        lv.metrics.prediction_change(diabetes, 0, 1)
