"""A race equals its members trained alone by plain torch loops, and its scores are scikit-learn's."""

import inspect
import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss
from support.alone import PLAIN, plain_run, row_cost

from lossviz import DATASETS, LOSSES, NETWORKS, OPTIMIZERS, History, Training, TrainingSettings, train
from lossviz.training.history import MEASURED
from lossviz.training.metrics import log_probabilities, scores
from lossviz.training.trainer import answers

FAMILIES = [
    ("moons", ("sigmoid-ce", "sigmoid-mse"), 0),
    ("blobs", ("softmax-ce", "softmax-mse"), 16),
    ("sine", ("mse", "huber"), 0),
]


# L-BFGS is left to the next test, which is exact: its line search extrapolates from slopes, and so turns
# float32's rounding, where two formulas of one loss differ, into another step at once.
@pytest.mark.parametrize("optimizer", [name for name, row in OPTIMIZERS.items() if row.elementwise])
@pytest.mark.parametrize(("dataset", "losses", "batch"), FAMILIES, ids=[family[0] for family in FAMILIES])
def test_a_member_is_the_same_model_trained_alone(
    dataset: str, losses: tuple[str, str], optimizer: str, batch: int
) -> None:
    # What is divided by a small root of squares is thrown far, and rounding with it: there the rate is low.
    steps, every = 25, 5
    lr = (0.002, 0.003) if optimizer in ("rmsprop", "adam", "adamw") else (0.02, 0.03)
    settings = TrainingSettings(
        dataset, "mlp-6", losses, lr, optimizer, seeds=2, steps=steps, batch=batch, n=72, record_every=every
    )
    race = np.stack([shot.loss for shot in Training(settings)], axis=-1)
    for contestant in range(2):
        for seed in range(2):
            alone, _ = plain_run(settings, contestant, seed, every=every)
            np.testing.assert_allclose(race[contestant, seed], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("batch", [0, 16])
def test_company_changes_no_bit_of_what_is_trained_by_a_plain_loop(batch: int) -> None:
    names = ("hinge", "sigmoid-ce")
    settings = TrainingSettings(
        "moons", "mlp-6", names, (0.03, 0.02), "lbfgs", 2, steps=20, batch=batch, n=72
    )
    training = Training(settings)
    training.advance(20)
    for contestant, name in enumerate(names):
        _, model = plain_run(settings, contestant, 1, row_cost(name))
        for key, value in model.state_dict().items():
            np.testing.assert_array_equal(training.states()[contestant][1][key], value)


def test_a_small_cnn_learns_digits_like_the_same_cnn_alone() -> None:
    settings = TrainingSettings("digits", "cnn", ("softmax-ce",), (0.1,), steps=4, batch=32, record_every=1)
    race = np.stack([shot.loss for shot in Training(settings)], axis=-1)
    np.testing.assert_allclose(race[0, 0], plain_run(settings, 0, 0)[0], rtol=1e-5)


def test_within_a_seed_all_start_alike_and_only_the_loss_differs() -> None:
    training = Training(
        TrainingSettings("moons", "mlp-4", ("sigmoid-ce", "sigmoid-mse"), (0.1, 0.1), seeds=2)
    )
    (a, b), (c, d) = training.states()
    for name in a:
        np.testing.assert_array_equal(a[name], c[name])
        np.testing.assert_array_equal(b[name], d[name])
    assert any(not np.array_equal(a[name], b[name]) for name in a)


# --- shapes and the interface -------------------------------------------------------------------------


def small(**more: Any) -> History:
    arguments = {"lr": [0.5, 0.25], "seeds": 3, "steps": 20, "n": 60, "record_every": 6, **more}
    return train("moons", "mlp-4-3", ["sigmoid-mse", "sigmoid-ce"], **arguments)


def test_arrays_have_the_promised_shapes() -> None:
    race = small()
    assert race.steps.tolist() == [0, 6, 12, 18, 20]
    for curve in (race.loss, race.test_loss, race.accuracy, race.cross_entropy, race.brier):
        assert curve.shape == (2, 3, 5)
        assert np.isfinite(curve).all()
    assert race.gradient_norm.shape == (2, 3, 5, 3)
    assert len(race.layers) == 3
    assert race.diverged_at.tolist() == [[-1, -1, -1], [-1, -1, -1]]
    assert len(race.checkpoints(1, 2)) == 5


def test_train_is_called_as_promised() -> None:
    names = list(inspect.signature(train).parameters)
    assert names[:7] == ["dataset", "network", "losses", "lr", "optimizer", "seeds", "steps"]
    race = train("moons", "mlp-16-16", losses=["sigmoid-mse", "sigmoid-ce"], lr=[0.5, 0.5],
                 optimizer="sgd", seeds=2, steps=3, init_gain=1.0)  # fmt: skip
    assert race.loss.shape == (2, 2, 4)
    assert race.settings == TrainingSettings(
        "moons", "mlp-16-16", ("sigmoid-mse", "sigmoid-ce"), (0.5, 0.5), "sgd", 2, 3
    )


def test_the_same_call_gives_the_same_race() -> None:
    one, two = small(), small()
    np.testing.assert_array_equal(one.loss, two.loss)
    np.testing.assert_array_equal(one.gradient_norm, two.gradient_norm)


def test_the_global_random_state_is_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    small(batch=8)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("batch", [0, 16])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_training_that_is_left_and_gone_on_with_is_bit_equal(optimizer: str, batch: int) -> None:
    settings = TrainingSettings(
        "moons", "mlp-4", ("sigmoid-ce", "hinge"), (0.05, 0.05), optimizer, 2, 21, batch, n=60, record_every=5
    )
    straight = list(Training(settings))
    halting = Training(settings)
    halting.advance(3)
    halting.snapshot()
    halting.predict(np.zeros((2, 2)))
    first = next(iter(halting))
    assert first.step == 3
    halting.advance(2)
    rest = list(halting)  # it goes on from step 5, in the rhythm of the settings
    assert [shot.step for shot in rest] == [5, 10, 15, 20, 21]
    for ours, theirs in zip(rest, straight[1:], strict=True):
        for name in MEASURED:
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    halting.advance(100)
    assert halting.done
    assert halting.step == 21


# --- scores -------------------------------------------------------------------------------------------


def held_out_logits(race: History, contestant: int, record: int) -> tuple[np.ndarray, np.ndarray]:
    """(logits, labels) of the held-out examples, from the checkpoint and the settings alone."""
    _, test = race.settings.data()
    state = {name: torch.from_numpy(v) for name, v in race.checkpoints(contestant, 0)[record].items()}
    outputs = next(reversed(state.values())).shape[0]
    model = NETWORKS[race.settings.network].build(test.x.shape[1], outputs, race.settings.activation)
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
    race = train(dataset, "mlp-5", [loss], lr=0.3, steps=15, record_every=5)
    for record in range(len(race.steps)):
        z, y = held_out_logits(race, 0, record)
        p = class_probabilities(loss, z)
        logits = torch.from_numpy(z if LOSSES[loss].task == "multiclass" else z[:, 0])
        said = scores(LOSSES[loss], logits, torch.from_numpy(y))
        assert float(said.accuracy) == pytest.approx(accuracy_score(y, p.argmax(axis=1)), abs=1e-12)
        assert float(said.cross_entropy) == pytest.approx(log_loss(y, p), rel=1e-9)
        brier = ((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1).mean()
        assert float(said.brier) == pytest.approx(brier, rel=1e-9)
        if p.shape[1] == 2:
            assert float(said.brier) == pytest.approx(2 * brier_score_loss(y, p[:, 1]), rel=1e-9)
        assert float(said.sure_and_wrong) == pytest.approx((p[np.arange(len(y)), y] < 0.01).mean())
        assert float(said.common) == np.bincount(p.argmax(axis=1)).max() / len(y)
        for name in ("accuracy", "cross_entropy", "brier"):  # the race's own logits are float32
            assert getattr(race, name)[0, 0, record] == pytest.approx(float(getattr(said, name)), rel=1e-5)


def test_the_held_out_loss_is_the_contestants_own() -> None:
    race = small()
    for contestant, name in enumerate(race.settings.losses):
        z, y = held_out_logits(race, contestant, -1)
        assert race.test_loss[contestant, 0, -1] == pytest.approx(
            float(LOSSES[name].value(z[:, 0], y).mean()), rel=1e-6
        )
    np.testing.assert_allclose(race.test_loss[1], race.cross_entropy[1], rtol=1e-6)  # in nats, both


def test_who_is_sure_and_wrong_pays_the_true_price() -> None:
    """At z = 40, where 1 - sigmoid(z) is 0 even in float64, a miss costs 40 nats."""
    z = torch.tensor([40.0, -40.0, 5000.0])
    for name, price in (("sigmoid-ce", z), ("tanh-mse", 2 * z)):
        said = log_probabilities(LOSSES[name], z)
        assert said is not None
        np.testing.assert_allclose(said[:, 0], -np.logaddexp(0, price.double().numpy()), rtol=1e-12)
    race = train("moons", "neuron", ["sigmoid-ce"], lr=0.1, steps=1, init_gain=1000.0, noise=1.0)
    np.testing.assert_allclose(race.cross_entropy, race.test_loss, rtol=1e-5)
    assert race.cross_entropy[0, 0, 0] > 40


@pytest.mark.parametrize("loss", ["hinge", "squared-hinge"])
def test_a_margin_means_no_probability(loss: str) -> None:
    race = train("moons", "linear", [loss], lr=0.1, steps=5)
    assert np.isfinite(race.accuracy).all()
    assert np.isnan(race.cross_entropy).all()
    assert np.isnan(race.brier).all()


def test_regression_has_no_accuracy() -> None:
    race = train("line", "linear", ["mse", "mae"], lr=0.1, steps=5)
    assert np.isfinite(race.loss).all()
    assert np.isfinite(race.test_loss).all()
    for score in (race.accuracy, race.cross_entropy, race.brier):
        assert np.isnan(score).all()


def test_gradient_norms_are_those_of_autograd_by_layer() -> None:
    race = small()
    data, _ = race.settings.data()
    x, y = torch.tensor(data.x, dtype=torch.float32), torch.tensor(data.y)
    for contestant, name in enumerate(race.settings.losses):
        for record, state in enumerate(race.checkpoints(contestant, 1)):
            model = NETWORKS["mlp-4-3"].build(2, 1)
            model.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
            PLAIN[name](model(x), y).backward()
            norms = [
                math.hypot(float(layer.weight.grad.norm()), float(layer.bias.grad.norm()))
                for layer in model
                if isinstance(layer, torch.nn.Linear)
            ]
            np.testing.assert_allclose(race.gradient_norm[contestant, 1, record], norms, rtol=1e-4)


def test_checkpoints_reproduce_the_recorded_loss() -> None:
    race = small()
    data, _ = race.settings.data()
    x, y = torch.tensor(data.x, dtype=torch.float32), torch.tensor(data.y)
    for contestant, name in enumerate(race.settings.losses):
        for seed in range(3):
            for record, state in enumerate(race.checkpoints(contestant, seed)):
                model = NETWORKS["mlp-4-3"].build(2, 1)
                model.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
                with torch.no_grad():
                    loss = float(PLAIN[name](model(x), y))
                assert race.loss[contestant, seed, record] == pytest.approx(loss, rel=1e-5)
    with pytest.raises(IndexError):
        race.checkpoints(2, 0)


# --- what is said at a point --------------------------------------------------------------------------


def test_predictions_are_probabilities_classes_or_numbers() -> None:
    points = np.array([[0.0, 1.0], [1.0, -0.5], [0.4, 0.2]])
    two = Training(
        TrainingSettings("moons", "mlp-4", ("sigmoid-ce", "softmax-ce", "hinge"), 3 * (0.5,), steps=300)
    )
    two.advance(300)
    said = two.predict(points)
    assert said.shape == (3, 3)
    assert ((said >= 0) & (said <= 1)).all()
    assert (said[:, 0] < 0.5).all()  # the first moon
    assert (said[:, 1] > 0.5).all()  # the second
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


# --- divergence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adamw"])
def test_who_diverges_stops_and_the_others_go_on(optimizer: str) -> None:
    names = ["squared-hinge", "sigmoid-mse"]
    race = train(
        "moons", "linear", names, lr=[1e6, 0.1], optimizer=optimizer, seeds=2, steps=15, record_every=1
    )
    assert (race.diverged_at[0] > 0).all()
    assert (race.diverged_at[1] == -1).all()
    for seed in range(2):
        first = race.diverged_at[0, seed]
        assert np.isfinite(race.loss[0, seed, :first]).all()
        for curve in (race.loss, race.test_loss, race.accuracy, race.gradient_norm):
            assert np.isnan(curve[0, seed, first:]).all()
    calm = train("moons", "linear", names[1:], lr=0.1, optimizer=optimizer, seeds=2, steps=15, record_every=1)
    np.testing.assert_allclose(race.loss[1], calm.loss[0], rtol=1e-6)


def test_a_diverged_member_says_nothing() -> None:
    training = Training(TrainingSettings("moons", "linear", ("squared-hinge",), (1e6,), steps=60))
    training.advance(60)
    assert training.diverged_at[0, 0] > 0
    assert np.isnan(training.predict(np.zeros((4, 2)))).all()


def test_a_huge_rate_does_not_break_a_bounded_loss() -> None:
    race = train("moons", "mlp-4", ["sigmoid-mse", "sigmoid-ce"], lr=1e6, steps=20)
    assert (race.diverged_at == -1).all()
    assert np.isfinite(race.loss).all()


# --- bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lr": math.nan}, r"lr must be a number in \(0, 1e\+12\]; got nan"),
        ({"lr": [0.1]}, "lr must have one rate a loss; got 1 rates for 2 losses"),
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
        train(**{"dataset": "moons", "network": "linear", "losses": ["hinge", "focal"], "steps": 2, **change})


@pytest.mark.parametrize("field", ["dataset", "network", "optimizer", "losses"])
def test_an_unknown_name_is_a_key_error(field: str) -> None:
    wrong: Any = ["no such"] if field == "losses" else "no such"
    with pytest.raises(KeyError, match=r"unknown .* 'no such'; known: "):
        train(**{"dataset": "moons", "network": "linear", "losses": ["hinge"], "steps": 2, field: wrong})


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_dataset_can_be_raced_on(dataset: str) -> None:
    loss = {0: "huber", 2: "sigmoid-ce"}.get(len(DATASETS[dataset].classes), "softmax-ce")
    race = train(dataset, "linear", [loss], lr=0.05, steps=30)
    assert race.loss[0, 0, -1] < race.loss[0, 0, 0]


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_learns(loss: str) -> None:
    dataset = "sine" if LOSSES[loss].task == "regression" else "moons"
    race = train(dataset, "mlp-4", [loss], lr=0.05, steps=30)
    assert race.loss[0, 0, -1] < race.loss[0, 0, 0]


def test_answers_are_what_the_race_said_at_each_record() -> None:
    settings = TrainingSettings(
        "moons", "mlp-4", ("sigmoid-mse", "hinge"), (0.5, 0.1), steps=20, seeds=2, n=40, record_every=10
    )
    x = np.random.default_rng(0).normal(size=(7, 2))
    live = Training(settings)
    said = [live.predict(x, seed=1) for _ in live]
    race = train(
        "moons", "mlp-4", ["sigmoid-mse", "hinge"], [0.5, 0.1], steps=20, seeds=2, n=40, record_every=10
    )
    np.testing.assert_array_equal(answers(race, x, seed=1), said)


def test_who_has_diverged_says_nothing_from_then_on() -> None:
    race = train("sine", "mlp-4", ["mse", "mae"], [1e6, 0.01], steps=20, n=40, record_every=2)
    gone = race.diverged_at[0, 0]
    assert gone > 0
    said = answers(race, np.zeros((1, 1)))
    np.testing.assert_array_equal(np.isnan(said[:, 0, 0]), race.steps >= gone)
    assert np.isfinite(said[:, 1]).all()
