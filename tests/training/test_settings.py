"""Settings are checked before anything is trained, in `TrainingSettings` and in `train` alike."""

import math
from typing import Any

import numpy as np
import pytest

import lossviz as lv
from lossviz import DATASETS, LOSSES, OPTIMIZERS, TrainingSettings

GOOD: dict[str, Any] = {
    "dataset": "moons", "network": "linear", "losses": ("sigmoid-mse", "sigmoid-ce"), "lr": (0.1, 0.2)
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seeds": 0}, "seeds must be a whole number from 1 to 64; got 0"),
        ({"seeds": 65}, "seeds must be a whole number from 1 to 64; got 65"),
        ({"seeds": 1.5}, "seeds must be a whole number from 1 to 64; got 1.5"),
        ({"steps": 0}, "steps must be a whole number from 1 to 100000; got 0"),
        ({"steps": 10**6}, "steps must be a whole number from 1 to 100000; got 1000000"),
        ({"batch": -1}, "batch must be a whole number of at least 0; got -1"),
        ({"record_every": -1}, "record_every must be a whole number of at least 0; got -1"),
        ({"losses": (), "lr": ()}, "number of losses must be a whole number from 1 to 8; got 0"),
        ({"losses": 9 * ("sigmoid-ce",)}, "number of losses must be a whole number from 1 to 8; got 9"),
        ({"lr": (0.1,)}, "lr must have one rate per loss; got 1 rates for 2 losses"),
        ({"lr": (0.1, 0.0)}, r"lr must be a number in \(0, 1e\+12\]; got 0.0"),
        ({"lr": (0.1, 1e30)}, r"lr must be a number in \(0, 1e\+12\]; got 1e\+30"),
        ({"weight_decay": 1e300}, "weight_decay"),
        ({"checkpoints": 3}, "checkpoints must be a list of steps or None; got 3"),
        ({"lr": (math.nan, 0.1)}, "got nan"),
        ({"losses": 2 * ("sigmoid-ce",), "lr": (0.1, 0.1)}, "two runs are equal"),
        ({"losses": ("mse", "mae")}, "loss 'mse' is for regression, dataset 'moons' is for classification"),
        ({"dataset": "line"}, "loss 'sigmoid-mse' is for binary, dataset 'line' is for regression"),
        ({"dataset": "blobs"}, "loss 'sigmoid-mse' is for two classes; dataset 'blobs' has 4"),
    ],
)
def test_a_bad_setting_is_named(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        TrainingSettings(**{**GOOD, **change})


@pytest.mark.parametrize("lr", ["fast", [[0.1], [0.2]], {"sigmoid-ce": 0.1}])
def test_learning_rates_of_another_form_are_named(lr: Any) -> None:
    with pytest.raises(ValueError, match="lr must be a number or have one rate per loss; got"):
        lv.train("moons", "mlp-16", ["sigmoid-mse", "sigmoid-ce"], lr)


def test_one_loss_need_not_be_in_a_list() -> None:
    assert lv.train("moons", "mlp-16", "sigmoid-ce", steps=1).settings.losses == ("sigmoid-ce",)


@pytest.mark.parametrize("field", ["dataset", "network", "optimizer", "losses"])
def test_an_unknown_name_is_a_key_error_with_the_known_ones(field: str) -> None:
    wrong = ("no such", "sigmoid-ce") if field == "losses" else "no such"
    with pytest.raises(KeyError, match=r"unknown .* 'no such'; known: "):
        TrainingSettings(**{**GOOD, field: wrong})


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_only_allowed_on_data_of_its_task(loss: str) -> None:
    allowed, wanted = {}, {}
    for dataset, row in DATASETS.items():
        classes = len(row.classes)
        fits = {"regression": classes == 0, "binary": classes == 2, "multiclass": classes >= 2}
        wanted[dataset] = fits[LOSSES[loss].task]
        try:
            TrainingSettings(dataset, "linear", (loss,), (0.1,))
        except ValueError:
            allowed[dataset] = False
        else:
            allowed[dataset] = True
    assert allowed == wanted


def test_equal_settings_have_one_hash() -> None:
    assert TrainingSettings(**GOOD) == TrainingSettings(**GOOD)
    assert hash(TrainingSettings(**GOOD)) == hash(TrainingSettings(**GOOD))
    assert TrainingSettings(**GOOD) != TrainingSettings(**GOOD, seeds=2)


def test_defaults_are_published() -> None:
    settings = TrainingSettings(**GOOD)
    assert (settings.optimizer, settings.seeds, settings.steps, settings.batch) == ("sgd", 1, 500, 0)
    assert (settings.init_gain, settings.activation, settings.data_seed) == (1.0, "tanh", 0)
    assert (settings.n, settings.noise, settings.record_every) == (None, None, 0)


@pytest.mark.parametrize(("steps", "every", "interval"), [(500, 0, 5), (50, 0, 1), (1, 0, 1), (500, 7, 7)])
def test_about_a_hundred_records_are_taken(steps: int, every: int, interval: int) -> None:
    assert TrainingSettings(**GOOD, steps=steps, record_every=every).interval == interval


@pytest.mark.parametrize("lr", [0.5, 1, np.float32(0.5), np.float64(2)])
def test_one_learning_rate_is_for_all_runs(lr: float) -> None:
    history = lv.train("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr, steps=1)
    assert history.settings.lr == (float(lr), float(lr))


@pytest.mark.parametrize("lr", [[0.5, 0.25], (0.5, 0.25), np.array([0.5, 0.25])])
def test_learning_rates_are_in_the_order_of_the_losses(lr: list[float]) -> None:
    history = lv.train("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr, steps=1)
    assert history.settings.lr == (0.5, 0.25)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_without_a_learning_rate_the_optimizers_usual_one_is_taken(optimizer: str) -> None:
    history = lv.train("moons", "linear", ["sigmoid-ce"], optimizer=optimizer, steps=1)
    assert history.settings.lr == (OPTIMIZERS[optimizer].default_lr,)


def test_a_quarter_of_the_data_is_the_test_set() -> None:
    train, test = TrainingSettings(**GOOD, n=100, noise=0.0, data_seed=3).data()
    assert (len(train.x), len(test.x)) == (75, 25)
    whole = DATASETS["moons"].load(100, 0.0, seed=3)
    assert {row.tobytes() for row in whole.x} == {row.tobytes() for row in (*train.x, *test.x)}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schedule": "no such"}, "unknown schedule 'no such'; known: constant"),
        ({"weight_decay": -1.0}, r"weight_decay must be a number in \[0, 1e\+12\]; got -1.0"),
        ({"clip": math.inf}, "clip must be a finite number of at least 0; got inf"),
        ({"weight_decay": 0.1, "optimizer": "lbfgs"}, "lbfgs steps by a line search and has no weight decay"),
        ({"imbalance": 0.5}, r"imbalance must be a number in \[1, 1000\]; got 0.5"),
        ({"label_noise": 1.5}, r"label_noise must be a number in \[0, 1\]; got 1.5"),
        ({"optimizer": ("sgd", "adam", "sgd")}, "optimizer must be one value or one per loss; got 3 for 2"),
        (
            {"network": "mlp-1024-1024-1024-1024-1024", "seeds": 8},
            "this training is too large: its 2 losses × 8",
        ),
        ({"checkpoints": (500,)}, "a step of checkpoints must be a whole number from 0 to 100; got 500"),
    ],
)
def test_another_bad_setting_is_named(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, KeyError), match=sentence):
        TrainingSettings(**(GOOD | {"steps": 100, "seeds": 2} | change))
