"""Metrics are scikit-learn's and autograd's, recomputed from the checkpoints and the settings alone."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss
from support.plain_loop import TORCH_LOSSES

from lossviz import LOSSES, NETWORKS, History, train
from lossviz.training.metrics import log_probabilities, scores


def small() -> History:
    return train(
        "moons",
        "mlp-4-3",
        ["sigmoid-mse", "sigmoid-ce"],
        [0.5, 0.25],
        seeds=3,
        steps=20,
        n=60,
        record_every=6,
    )


def logits_on_test_set(history: History, run: int, record: int) -> tuple[np.ndarray, np.ndarray]:
    """(logits, labels) of the test set, from the checkpoint and the settings alone."""
    _, test = history.settings.data()
    state = {name: torch.from_numpy(v) for name, v in history.checkpoints(run, 0)[record].items()}
    outputs = next(reversed(state.values())).shape[0]
    model = NETWORKS[history.settings.network].build(test.x.shape[1], outputs, history.settings.activation)
    model.load_state_dict(state)
    with torch.no_grad():
        return model(torch.tensor(test.x, dtype=torch.float32)).double().numpy(), test.y


def class_probabilities(loss: str, z: np.ndarray) -> np.ndarray:
    if LOSSES[loss].activation == "softmax":
        p = np.exp(z - z.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)
    if LOSSES[loss].task == "multiclass":
        p = 1 / (1 + np.exp(-z))
        return p / p.sum(axis=1, keepdims=True)
    p = (1 + np.tanh(z[:, 0])) / 2 if loss == "tanh-mse" else 1 / (1 + np.exp(-z[:, 0]))
    return np.stack([1 - p, p], axis=1)


@pytest.mark.parametrize(
    ("dataset", "loss"),
    [("moons", name) for name, row in LOSSES.items() if row.task == "binary" and row.activation != "identity"]
    + [
        (data, name) for data in ("moons", "iris") for name, row in LOSSES.items() if row.task == "multiclass"
    ],
)
def test_scores_are_those_of_scikit_learn(dataset: str, loss: str) -> None:
    history = train(dataset, "mlp-5", [loss], lr=0.3, steps=15, record_every=5)
    for record in range(len(history.steps)):
        z, y = logits_on_test_set(history, 0, record)
        p = class_probabilities(loss, z)
        logits = torch.from_numpy(z if LOSSES[loss].task == "multiclass" else z[:, 0])
        found = scores(LOSSES[loss], logits, torch.from_numpy(y))
        assert float(found.accuracy) == pytest.approx(accuracy_score(y, p.argmax(axis=1)), abs=1e-12)
        assert float(found.cross_entropy) == pytest.approx(log_loss(y, p), rel=1e-9)
        brier = ((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1).mean()
        assert float(found.brier) == pytest.approx(brier, rel=1e-9)
        if p.shape[1] == 2:
            assert float(found.brier) == pytest.approx(2 * brier_score_loss(y, p[:, 1]), rel=1e-9)
        assert float(found.confidently_wrong) == pytest.approx((p[np.arange(len(y)), y] < 0.01).mean())
        assert float(found.majority_share) == np.bincount(p.argmax(axis=1)).max() / len(y)
        for name in ("accuracy", "cross_entropy", "brier"):  # the logits of the history are float32
            assert getattr(history, name)[0, 0, record] == pytest.approx(
                float(getattr(found, name)), rel=1e-5
            )


def test_the_test_loss_is_the_runs_own() -> None:
    history = small()
    for run, name in enumerate(history.settings.losses):
        z, y = logits_on_test_set(history, run, -1)
        assert history.test_loss[run, 0, -1] == pytest.approx(
            float(LOSSES[name].value(z[:, 0], y).mean()), rel=1e-6
        )
    np.testing.assert_allclose(history.test_loss[1], history.cross_entropy[1], rtol=1e-6)  # in nats, both


def test_a_confidently_wrong_prediction_has_its_true_loss() -> None:
    """At z = 40, where 1 - sigmoid(z) is 0 even in float64, a wrong label costs 40 nats."""
    z = torch.tensor([40.0, -40.0, 5000.0])
    for name, logit in (("sigmoid-ce", z), ("tanh-mse", 2 * z)):
        log_p = log_probabilities(LOSSES[name], z)
        assert log_p is not None
        np.testing.assert_allclose(log_p[:, 0], -np.logaddexp(0, logit.double().numpy()), rtol=1e-12)
    history = train("moons", "neuron", ["sigmoid-ce"], lr=0.1, steps=1, init_gain=1000.0, noise=1.0)
    np.testing.assert_allclose(history.cross_entropy, history.test_loss, rtol=1e-5)
    assert history.cross_entropy[0, 0, 0] > 40


@pytest.mark.parametrize("loss", ["hinge", "squared-hinge"])
def test_a_margin_loss_has_no_probabilities(loss: str) -> None:
    history = train("moons", "linear", [loss], lr=0.1, steps=5)
    assert np.isfinite(history.accuracy).all()
    assert np.isnan(history.cross_entropy).all()
    assert np.isnan(history.brier).all()


def test_regression_has_no_accuracy() -> None:
    history = train("line", "linear", ["mse", "mae"], lr=0.1, steps=5)
    assert np.isfinite(history.loss).all()
    assert np.isfinite(history.test_loss).all()
    for score in (history.accuracy, history.cross_entropy, history.brier):
        assert np.isnan(score).all()


def test_gradient_norms_are_those_of_autograd_by_layer() -> None:
    history = small()
    data, _ = history.settings.data()
    x, y = torch.tensor(data.x, dtype=torch.float32), torch.tensor(data.y)
    for run, name in enumerate(history.settings.losses):
        for record, state in enumerate(history.checkpoints(run, 1)):
            model = NETWORKS["mlp-4-3"].build(2, 1)
            model.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
            TORCH_LOSSES[name](model(x), y).backward()
            norms = [
                math.hypot(float(layer.weight.grad.norm()), float(layer.bias.grad.norm()))
                for layer in model
                if isinstance(layer, torch.nn.Linear)
            ]
            np.testing.assert_allclose(history.gradient_norm[run, 1, record], norms, rtol=1e-4)


def test_checkpoints_reproduce_the_recorded_loss() -> None:
    history = small()
    data, _ = history.settings.data()
    x, y = torch.tensor(data.x, dtype=torch.float32), torch.tensor(data.y)
    for run, name in enumerate(history.settings.losses):
        for seed in range(3):
            for record, state in enumerate(history.checkpoints(run, seed)):
                model = NETWORKS["mlp-4-3"].build(2, 1)
                model.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
                with torch.no_grad():
                    loss = float(TORCH_LOSSES[name](model(x), y))
                assert history.loss[run, seed, record] == pytest.approx(loss, rel=1e-5)
    with pytest.raises(IndexError):
        history.checkpoints(2, 0)


def train_two(**changes: Any) -> History:
    arguments = {"lr": [0.05, 0.02], "seeds": 2, "steps": 100, "n": 80, "record_every": 20} | changes
    return train("moons", "mlp-6-5", ["sigmoid-mse", "sigmoid-ce"], **arguments)


def test_distance_is_that_of_the_checkpoints() -> None:
    history = train_two()
    for run in range(2):
        states = history.checkpoints(run, 1)
        distances = [
            math.sqrt(sum(float(((state[k] - states[0][k]).astype(float) ** 2).sum()) for k in state))
            for state in states
        ]
        np.testing.assert_allclose(history.distance[run, 1], distances, rtol=1e-5)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_saturated_units_are_those_whose_mean_slope_is_small(activation: str) -> None:
    history = train_two(activation=activation, init_gain=20.0, lr=[20.0, 20.0])
    data, _ = history.settings.data()
    x = torch.tensor(data.x, dtype=torch.float32)
    slope = {
        "tanh": lambda z: 1 - torch.tanh(z) ** 2,
        "relu": lambda z: (z > 0).float(),
        "sigmoid": lambda z: 4 * torch.sigmoid(z) * torch.sigmoid(-z),
    }[activation]
    for run, name in enumerate(history.settings.losses):
        model = NETWORKS["mlp-6-5"].build(2, 1, activation)
        model.load_state_dict({k: torch.tensor(v) for k, v in history.checkpoints(run, 0)[-1].items()})
        with torch.no_grad():
            first = model[0](x)
            second = model[2](model[1](first))
            p = torch.sigmoid(model(x)).double()
        shares = [float((slope(z).mean(dim=0) < 0.05).float().mean()) for z in (first, second)]
        shares.append(float((4 * p * (1 - p) < 0.05).double().mean()))
        np.testing.assert_allclose(history.saturated[run, 0, -1], shares, rtol=1e-6, err_msg=name)
