"""A race's settings say what is wrong before anything is trained, and its records are stacked in order."""

import math
from typing import Any

import numpy as np
import pytest

from lossviz import DATASETS, LOSSES, OPTIMIZERS, Snapshot, TrainingSettings
from lossviz.training.history import MEASURED, stack
from lossviz.training.settings import training_settings

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
        ({"lr": (0.1,)}, "lr must have one rate a loss; got 1 rates for 2 losses"),
        ({"lr": (0.1, 0.0)}, r"lr must be a number in \(0, 1e\+12\]; got 0.0"),
        ({"lr": (0.1, 1e30)}, r"lr must be a number in \(0, 1e\+12\]; got 1e\+30"),
        ({"weight_decay": 1e300}, "weight_decay"),
        ({"checkpoints": 3}, "checkpoints must be a list of steps or None; got 3"),
        ({"lr": (math.nan, 0.1)}, "got nan"),
        ({"losses": 2 * ("sigmoid-ce",), "lr": (0.1, 0.1)}, "two contestants are equal"),
        ({"losses": ("mse", "mae")}, "loss 'mse' is for regression, dataset 'moons' is for classification"),
        ({"dataset": "line"}, "loss 'sigmoid-mse' is for binary, dataset 'line' is for regression"),
        ({"dataset": "blobs"}, "loss 'sigmoid-mse' is for two classes; dataset 'blobs' has 4"),
    ],
)
def test_a_bad_setting_is_named(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        TrainingSettings(**{**GOOD, **change})


@pytest.mark.parametrize("lr", ["fast", [[0.1], [0.2]], {"sigmoid-ce": 0.1}])
def test_rates_of_another_form_are_named(lr: Any) -> None:
    with pytest.raises(ValueError, match="lr must be a number or have one rate a loss; got"):
        training_settings("moons", "mlp-16", ["sigmoid-mse", "sigmoid-ce"], lr)


def test_one_loss_may_stand_alone() -> None:
    assert training_settings("moons", "mlp-16", "sigmoid-ce").losses == ("sigmoid-ce",)


@pytest.mark.parametrize("field", ["dataset", "network", "optimizer", "losses"])
def test_an_unknown_name_is_a_key_error_with_the_known_ones(field: str) -> None:
    wrong = ("no such", "sigmoid-ce") if field == "losses" else "no such"
    with pytest.raises(KeyError, match=r"unknown .* 'no such'; known: "):
        TrainingSettings(**{**GOOD, field: wrong})


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_runs_on_data_of_its_kind_alone(dataset: str, loss: str) -> None:
    task, classes = LOSSES[loss].task, len(DATASETS[dataset].classes)
    fits = {"regression": classes == 0, "binary": classes == 2, "multiclass": classes >= 2}[task]
    try:
        TrainingSettings(dataset, "linear", (loss,), (0.1,))
    except ValueError:
        assert not fits
    else:
        assert fits


def test_equal_settings_are_one_cache_key() -> None:
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
def test_one_rate_is_for_all(lr: float) -> None:
    assert training_settings("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr).lr == (
        float(lr),
        float(lr),
    )


@pytest.mark.parametrize("lr", [[0.5, 0.25], (0.5, 0.25), np.array([0.5, 0.25])])
def test_a_rate_each_is_in_the_order_of_the_losses(lr: list[float]) -> None:
    assert training_settings("moons", "linear", ["sigmoid-mse", "sigmoid-ce"], lr).lr == (0.5, 0.25)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_no_rate_is_the_optimizers_usual_one(optimizer: str) -> None:
    settings = training_settings("moons", "linear", ["sigmoid-ce"], optimizer=optimizer)
    assert settings.lr == (OPTIMIZERS[optimizer].default_lr,)


def test_a_quarter_of_the_data_is_held_out() -> None:
    train, test = TrainingSettings(**GOOD, n=100, noise=0.0, data_seed=3).data()
    assert (len(train.x), len(test.x)) == (75, 25)
    whole = DATASETS["moons"].load(100, 0.0, seed=3)
    assert {row.tobytes() for row in whole.x} == {row.tobytes() for row in (*train.x, *test.x)}


def test_records_are_stacked_along_the_third_axis() -> None:
    def shot(step: int) -> Snapshot:
        by_layer = ("gradient_norm", "saturated")
        shapes = {name: (2, 3, 4) if name in by_layer else (2, 3) for name in MEASURED}
        fields = {name: np.full(shape, float(step + k)) for k, (name, shape) in enumerate(shapes.items())}
        return Snapshot(step=step, **fields)

    race = stack(
        TrainingSettings(**GOOD, seeds=3), ("0", "2", "4", "6"), [shot(0), shot(10)], np.full((2, 3), -1)
    )
    assert race.steps.tolist() == [0, 10]
    for offset, name in enumerate(MEASURED):
        curve = getattr(race, name)
        deep = name in ("gradient_norm", "saturated")
        assert curve.shape == ((2, 3, 2, 4) if deep else (2, 3, 2))
        np.testing.assert_array_equal(curve[1, 2, :, 0] if deep else curve[1, 2], [offset, offset + 10])
