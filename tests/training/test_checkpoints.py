"""Checkpoints are recorded at the chosen steps, in a bounded amount of memory."""

from typing import Any

import pytest

from lossviz import History, TrainingSettings, train
from lossviz.training.checkpoints import parameter_shapes
from lossviz.training.settings import MAX_RECORDS
from lossviz.training.trainer import Training


def train_two(**changes: Any) -> History:
    arguments = {"lr": [0.05, 0.02], "seeds": 2, "steps": 100, "n": 80, "record_every": 20} | changes
    return train("moons", "mlp-6-5", ["sigmoid-mse", "sigmoid-ce"], **arguments)


def test_a_history_has_a_thousand_records_at_most() -> None:
    for steps in (1000, 1001, 5000, 100_000):
        settings = TrainingSettings("moons", "mlp-6-5", ("sigmoid-ce",), (0.05,), steps=steps, record_every=1)
        assert steps / settings.interval <= MAX_RECORDS
        assert (settings.interval == 1) == (steps == 1000)


def test_weights_are_recorded_at_chosen_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert train_two().checkpoint_steps.tolist() == [0, 20, 40, 60, 80, 100]
    chosen = train_two(checkpoints=(0, 58, 100))
    assert chosen.checkpoint_steps.tolist() == [0, 60, 100]
    assert len(chosen.checkpoints(0, 0)) == 3
    nothing = train_two(checkpoints=())
    assert nothing.checkpoint_steps.tolist() == []
    with pytest.raises(IndexError, match="no weights were recorded"):
        nothing.checkpoints(0, 0)
    three_times_all_weights = 3 * 4 * 2 * 2 * 59
    monkeypatch.setattr("lossviz.training.checkpoints.MAX_CHECKPOINT_BYTES", three_times_all_weights)
    assert train_two().checkpoint_steps.tolist() == [0, 40, 80, 100]


@pytest.mark.parametrize(
    ("dataset", "network", "losses"),
    [
        ("moons", ("mlp-6-5", "linear"), ("sigmoid-mse", "softmax-ce")),
        ("digits", "cnn", ("softmax-ce", "softmax-mse")),
        ("sine", "mlp-3", ("mse", "huber")),
    ],
)
def test_shapes_from_the_meta_device_are_those_of_the_training(
    dataset: str, network: str | tuple[str, str], losses: tuple[str, str]
) -> None:
    settings = TrainingSettings(dataset, network, losses, (0.1, 0.1), activation=("relu", "sigmoid"), steps=1)
    assert parameter_shapes(settings) == tuple(Training(settings).shapes)
