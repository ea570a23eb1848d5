"""Scores over a training against scikit-learn and a plain loop."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics

import lossviz as lv
from lossviz.metrics.measures import MEASURES


def settings(**values: Any) -> lv.metrics.ScoreSettings:
    return lv.metrics.ScoreSettings(**({"network": "mlp-16", "steps": 20, "record_every": 5} | values))


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
    """Cross-entropy, Adam, full batch."""
    train, held_out = digits.settings.data()
    model = lv.NETWORKS["mlp-16"].build(64, 10, seed=3)
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    x, y = torch.tensor(train.x, dtype=torch.float32), torch.tensor(train.y)
    for _ in range(20):
        adam.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        adam.step()
    with torch.no_grad():
        p = torch.softmax(model(torch.tensor(held_out.x, dtype=torch.float32)).double(), -1).numpy()
    assert len(train.x) == 100
    assert len(held_out.x) == 1697
    assert digits.steps.tolist() == [0, 5, 10, 15, 20]
    assert digits.loss[-1] == pytest.approx(metrics.log_loss(held_out.y, p), rel=1e-5)
    assert digits.scores["accuracy"][-1] == metrics.accuracy_score(held_out.y, p.argmax(1))
    assert digits.scores["f1"][-1] == pytest.approx(
        metrics.f1_score(held_out.y, p.argmax(1), average="macro")
    )
    auc = metrics.roc_auc_score(held_out.y, p / p.sum(1, keepdims=True), multi_class="ovr")
    assert digits.scores["roc-auc"][-1] == pytest.approx(auc, rel=1e-6)
    onehot = np.eye(10)[held_out.y]
    assert digits.scores["brier"][-1] == pytest.approx(10 * metrics.mean_squared_error(onehot, p), rel=1e-5)


def test_two_classes_are_negative_and_positive(cancer: lv.metrics.ScoreHistory) -> None:
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
        assert cancer.correct[k].mean() == pytest.approx(cancer.scores["accuracy"][k])
        assert cancer.example_loss[k].mean() == pytest.approx(cancer.loss[k], rel=1e-5)


def test_rmse_and_mean_squared_error_have_the_same_best_record(diabetes: lv.metrics.ScoreHistory) -> None:
    np.testing.assert_allclose(diabetes.scores["rmse"] ** 2, diabetes.loss, rtol=1e-6)
    assert diabetes.best_record("rmse") == diabetes.best_record("loss") == diabetes.best_record("r2")
    assert diabetes.scores["r2"][-1] == pytest.approx(1 - diabetes.loss[-1] / diabetes.y.var(), rel=1e-6)
    assert not diabetes.correct.size


def test_the_best_record_is_the_best(digits: lv.metrics.ScoreHistory) -> None:
    for name, values in digits.scores.items():
        best = values[digits.best_record(name)]
        assert best == (values.max() if MEASURES[name].higher_is_better else values.min())
    assert digits.loss[digits.best_record()] == digits.loss.min()


def test_prediction_changes_add_up_to_the_change_of_the_loss(digits: lv.metrics.ScoreHistory) -> None:
    change = lv.metrics.prediction_change(digits, 1, 4)
    total = (digits.loss[4] - digits.loss[1]) * len(digits.y)
    assert change.nats_still_wrong + change.nats_others == pytest.approx(total, rel=1e-4)
    gained = (digits.scores["accuracy"][4] - digits.scores["accuracy"][1]) * len(digits.y)
    assert change.newly_right - change.newly_wrong == pytest.approx(gained)
    assert change.still_wrong + change.newly_wrong == int((~digits.correct[4]).sum())


def test_the_same_settings_give_the_same_history(cancer: lv.metrics.ScoreHistory) -> None:
    again = lv.metrics.score_history(cancer.settings)
    np.testing.assert_array_equal(again.example_loss, cancer.example_loss)


def test_a_diverged_training_has_no_score() -> None:
    diverged = lv.metrics.score_history(settings(dataset="diabetes", optimizer="sgd", lr=1e6, train=60))
    assert np.isnan(diverged.scores["rmse"][-1])
    assert np.isfinite(diverged.loss[0])
    assert diverged.best_record("rmse") == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dataset": "digits", "train": 1797}, "train must be a whole number from 4 to 1793; got 1797"),
        ({"dataset": "digits", "lr": 0.0}, "lr must be"),
        ({"dataset": "digits", "record_every": 21}, "record_every must be"),
        ({"dataset": "iris", "network": "cnn"}, "cnn takes 64 inputs"),
    ],
)
def test_impossible_settings_are_one_sentence(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        settings(**values)


def test_change_needs_classes(diabetes: lv.metrics.ScoreHistory) -> None:
    with pytest.raises(ValueError, match="no prediction is right or wrong"):
        lv.metrics.prediction_change(diabetes, 0, 1)
