"""Training: every run and seed is what a plain PyTorch loop makes of it, interrupted or not."""

import inspect
import math
from typing import Any

import numpy as np
import pytest
import torch
from support.plain_loop import mean_loss, plain_loop

from lossviz import DATASETS, LOSSES, OPTIMIZERS, History, Training, TrainingSettings, train
from lossviz.training.snapshot import METRICS

FAMILIES = [
    ("moons", ("sigmoid-ce", "sigmoid-mse"), 0),
    ("blobs", ("softmax-ce", "softmax-mse"), 16),
    ("sine", ("mse", "huber"), 0),
]


# L-BFGS is left to the next test, which is exact: its line search extrapolates from slopes, and so turns
# float32's rounding, where two formulas of one loss differ, into another step at once.
@pytest.mark.parametrize("optimizer", [name for name, row in OPTIMIZERS.items() if row.elementwise])
@pytest.mark.parametrize(("dataset", "losses", "batch"), FAMILIES, ids=[family[0] for family in FAMILIES])
def test_a_run_and_seed_equal_a_plain_loop(
    dataset: str, losses: tuple[str, str], optimizer: str, batch: int
) -> None:
    # Division by a small root of squares amplifies rounding errors: there the learning rate is low.
    steps, every = 25, 5
    lr = (0.002, 0.003) if optimizer in ("rmsprop", "adam", "adamw") else (0.02, 0.03)
    settings = TrainingSettings(
        dataset, "mlp-6", losses, lr, optimizer, seeds=2, steps=steps, batch=batch, n=72, record_every=every
    )
    history = np.stack([snapshot.loss for snapshot in Training(settings)], axis=-1)
    for run in range(2):
        for seed in range(2):
            expected, _ = plain_loop(settings, run, seed, every=every)
            np.testing.assert_allclose(history[run, seed], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("batch", [0, 16])
def test_a_sequential_run_is_bit_equal_to_a_plain_loop(batch: int) -> None:
    names = ("hinge", "sigmoid-ce")
    settings = TrainingSettings(
        "moons", "mlp-6", names, (0.03, 0.02), "lbfgs", 2, steps=20, batch=batch, n=72
    )
    training = Training(settings)
    training.advance(20)
    for run, name in enumerate(names):
        _, model = plain_loop(settings, run, 1, mean_loss(name))
        for key, value in model.state_dict().items():
            np.testing.assert_array_equal(training.state_dicts()[run][1][key], value)


def test_a_small_cnn_equals_a_plain_loop() -> None:
    settings = TrainingSettings("digits", "cnn", ("softmax-ce",), (0.1,), steps=4, batch=32, record_every=1)
    history = np.stack([snapshot.loss for snapshot in Training(settings)], axis=-1)
    np.testing.assert_allclose(history[0, 0], plain_loop(settings, 0, 0)[0], rtol=1e-5)


def test_all_runs_of_a_seed_have_the_same_initial_weights() -> None:
    training = Training(
        TrainingSettings("moons", "mlp-4", ("sigmoid-ce", "sigmoid-mse"), (0.1, 0.1), seeds=2)
    )
    (a, b), (c, d) = training.state_dicts()
    for name in a:
        np.testing.assert_array_equal(a[name], c[name])
        np.testing.assert_array_equal(b[name], d[name])
    assert any(not np.array_equal(a[name], b[name]) for name in a)


# --- shapes and the signature -------------------------------------------------------------------------


def small(**more: Any) -> History:
    arguments = {"lr": [0.5, 0.25], "seeds": 3, "steps": 20, "n": 60, "record_every": 6, **more}
    return train("moons", "mlp-4-3", ["sigmoid-mse", "sigmoid-ce"], **arguments)


def test_arrays_have_the_promised_shapes() -> None:
    history = small()
    assert history.steps.tolist() == [0, 6, 12, 18, 20]
    for curve in (history.loss, history.test_loss, history.accuracy, history.cross_entropy, history.brier):
        assert curve.shape == (2, 3, 5)
        assert np.isfinite(curve).all()
    assert history.gradient_norm.shape == (2, 3, 5, 3)
    assert len(history.layers) == 3
    assert history.diverged_at.tolist() == [[-1, -1, -1], [-1, -1, -1]]
    assert len(history.checkpoints(1, 2)) == 5


def test_the_signature_of_train() -> None:
    names = list(inspect.signature(train).parameters)
    assert names[:7] == ["data", "network", "losses", "lr", "optimizer", "seeds", "steps"]
    history = train("moons", "mlp-16-16", losses=["sigmoid-mse", "sigmoid-ce"], lr=[0.5, 0.5],
                 optimizer="sgd", seeds=2, steps=3, init_gain=1.0)  # fmt: skip
    assert history.loss.shape == (2, 2, 4)
    assert history.settings == TrainingSettings(
        "moons", "mlp-16-16", ("sigmoid-mse", "sigmoid-ce"), (0.5, 0.5), "sgd", 2, 3
    )


def test_the_same_call_gives_the_same_history() -> None:
    one, two = small(), small()
    np.testing.assert_array_equal(one.loss, two.loss)
    np.testing.assert_array_equal(one.gradient_norm, two.gradient_norm)


def test_the_global_random_state_is_unchanged() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    small(batch=8)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("batch", [0, 16])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_interrupted_training_is_bit_equal(optimizer: str, batch: int) -> None:
    settings = TrainingSettings(
        "moons", "mlp-4", ("sigmoid-ce", "hinge"), (0.05, 0.05), optimizer, 2, 21, batch, n=60, record_every=5
    )
    uninterrupted = list(Training(settings))
    resumed = Training(settings)
    resumed.advance(3)
    resumed.snapshot()
    resumed.predict(np.zeros((2, 2)))
    first = next(iter(resumed))
    assert first.step == 3
    resumed.advance(2)
    rest = list(resumed)  # it continues from step 5, at the interval of the settings
    assert [snapshot.step for snapshot in rest] == [5, 10, 15, 20, 21]
    for found, expected in zip(rest, uninterrupted[1:], strict=True):
        for name in METRICS:
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    resumed.advance(100)
    assert resumed.done
    assert resumed.step == 21


# --- divergence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adamw"])
def test_a_run_that_diverges_leaves_the_others_unchanged(optimizer: str) -> None:
    names = ["squared-hinge", "sigmoid-mse"]
    history = train(
        "moons", "linear", names, lr=[1e6, 0.1], optimizer=optimizer, seeds=2, steps=15, record_every=1
    )
    assert (history.diverged_at[0] > 0).all()
    assert (history.diverged_at[1] == -1).all()
    for seed in range(2):
        first = history.diverged_at[0, seed]
        assert np.isfinite(history.loss[0, seed, :first]).all()
        for curve in (history.loss, history.test_loss, history.accuracy, history.gradient_norm):
            assert np.isnan(curve[0, seed, first:]).all()
    unaffected = train(
        "moons", "linear", names[1:], lr=0.1, optimizer=optimizer, seeds=2, steps=15, record_every=1
    )
    np.testing.assert_allclose(history.loss[1], unaffected.loss[0], rtol=1e-6)


def test_a_huge_learning_rate_does_not_make_a_bounded_loss_diverge() -> None:
    history = train("moons", "mlp-4", ["sigmoid-mse", "sigmoid-ce"], lr=1e6, steps=20)
    assert (history.diverged_at == -1).all()
    assert np.isfinite(history.loss).all()


# --- bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lr": math.nan}, r"lr must be a number in \(0, 1e\+12\]; got nan"),
        ({"lr": [0.1]}, "lr must have one rate per loss; got 1 rates for 2 losses"),
        ({"seeds": 0}, "seeds must be a whole number from 1 to 64; got 0"),
        ({"steps": -5}, "steps must be a whole number from 1 to 100000; got -5"),
        ({"init_gain": -1}, r"init_gain must be a number in \[0, 1000\]; got -1"),
        ({"activation": "step"}, "activation must be one of tanh, relu, sigmoid; got 'step'"),
        ({"n": 3}, "n must be a whole number from 4 to 100000; got 3"),
        ({"noise": -1}, r"noise must be a number in \[0, 10\]; got -1"),
        ({"data_seed": -1}, "seed must be a whole number from 0"),
        ({"network": "cnn"}, "cnn takes 64 inputs, 8 × 8 pixels; got 2"),
        ({"network": "mlp-5000"}, "at most 1024 units"),
        ({"losses": ["mse", "mae"]}, "loss 'mse' is for regression"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        train(**{"data": "moons", "network": "linear", "losses": ["hinge", "focal"], "steps": 2, **change})


@pytest.mark.parametrize("field", ["data", "network", "optimizer", "losses"])
def test_an_unknown_name_is_a_key_error(field: str) -> None:
    wrong: Any = ["no such"] if field == "losses" else "no such"
    with pytest.raises(KeyError, match=r"unknown .* 'no such'; known: "):
        train(**{"data": "moons", "network": "linear", "losses": ["hinge"], "steps": 2, field: wrong})


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_dataset_can_be_trained_on(dataset: str) -> None:
    loss = {0: "huber", 2: "sigmoid-ce"}.get(len(DATASETS[dataset].classes), "softmax-ce")
    history = train(dataset, "linear", [loss], lr=0.05, steps=30)
    assert history.loss[0, 0, -1] < history.loss[0, 0, 0]


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_learns(loss: str) -> None:
    dataset = "sine" if LOSSES[loss].task == "regression" else "moons"
    history = train(dataset, "mlp-4", [loss], lr=0.05, steps=30)
    assert history.loss[0, 0, -1] < history.loss[0, 0, 0]
