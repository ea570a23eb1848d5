"""Predictions: what they are for each task, and at each record of a finished training."""

import numpy as np
import pytest

from lossviz import Training, TrainingSettings, train
from lossviz.training.predictions import recorded_predictions


def test_predictions_are_probabilities_classes_or_numbers() -> None:
    points = np.array([[0.0, 1.0], [1.0, -0.5], [0.4, 0.2]])
    two = Training(
        TrainingSettings("moons", "mlp-4", ("sigmoid-ce", "softmax-ce", "hinge"), 3 * (0.5,), steps=300)
    )
    two.advance(300)
    found = two.predict(points)
    assert found.shape == (3, 3)
    assert ((found >= 0) & (found <= 1)).all()
    assert (found[:, 0] < 0.5).all()  # the first moon
    assert (found[:, 1] > 0.5).all()  # the second
    four = Training(
        TrainingSettings("blobs", "linear", ("softmax-ce", "sigmoid-mse-onehot"), (0.5, 0.5), steps=200)
    )
    four.advance(200)
    x, y = four.settings.data()[1].x, four.settings.data()[1].y
    assert set(four.predict(x).ravel()) <= {0.0, 1.0, 2.0, 3.0}
    np.testing.assert_allclose((four.predict(x) == y).mean(axis=1), four.snapshot().accuracy[:, 0])
    line = Training(TrainingSettings("line", "linear", ("mse",), (0.3,), steps=200))
    line.advance(200)
    assert line.predict(np.array([[0.0], [1.0]]))[0] == pytest.approx([0.3, 1.1], abs=0.1)


def test_a_diverged_run_has_no_predictions() -> None:
    training = Training(TrainingSettings("moons", "linear", ("squared-hinge",), (1e6,), steps=60))
    training.advance(60)
    assert training.diverged_at[0, 0] > 0
    assert np.isnan(training.predict(np.zeros((4, 2)))).all()


def test_recorded_predictions_are_those_of_the_training_at_each_record() -> None:
    settings = TrainingSettings(
        "moons", "mlp-4", ("sigmoid-mse", "hinge"), (0.5, 0.1), steps=20, seeds=2, n=40, record_every=10
    )
    x = np.random.default_rng(0).normal(size=(7, 2))
    training = Training(settings)
    expected = [training.predict(x, seed=1) for _ in training]
    history = train(
        "moons", "mlp-4", ["sigmoid-mse", "hinge"], [0.5, 0.1], steps=20, seeds=2, n=40, record_every=10
    )
    np.testing.assert_array_equal(recorded_predictions(history, x, seed=1), expected)


def test_recorded_predictions_end_where_a_run_diverged() -> None:
    history = train("sine", "mlp-4", ["mse", "mae"], [1e6, 0.01], steps=20, n=40, record_every=2)
    diverged_at = history.diverged_at[0, 0]
    assert diverged_at > 0
    found = recorded_predictions(history, np.zeros((1, 1)))
    np.testing.assert_array_equal(np.isnan(found[:, 0, 0]), history.steps >= diverged_at)
    assert np.isfinite(found[:, 1]).all()
