"""Runs trained together equal a plain PyTorch loop, for every loss, optimizer and setting."""

from typing import Any

import numpy as np
import pytest
from support.plain_loop import mean_loss, plain_loop
from torch import nn

from lossviz import LOSSES, OPTIMIZERS, Network, Training, TrainingSettings, train
from lossviz.networks.schedules import SCHEDULES
from lossviz.training.snapshot import METRICS

STEPS, EVERY = 100, 20
SHORT = 40  # steps: optimizers that differ at all differ in the first of them
FEW = 20  # steps of L-BFGS, which evaluates the loss up to twenty times in each
DATASET = {"binary": "moons", "multiclass": "blobs", "regression": "sine"}
LOSSES_OF = {task: [name for name, row in LOSSES.items() if row.task == task] for task in DATASET}
# Division of a gradient by its own size amplifies rounding errors: there the learning rate is low.
LOW_RATES = {"rmsprop": 0.001, "adam": 0.001, "adamw": 0.001, "lbfgs": 0.05}


def curve(wanted: TrainingSettings) -> np.ndarray:
    """(runs, seeds, records) of the training loss."""
    return np.stack([snapshot.loss for snapshot in Training(wanted)], axis=-1)


# Every loss with two optimizers, and every optimizer with two losses of each task.
COMBINATIONS = [
    (task, optimizer, tuple(names if optimizer in ("sgd", "adam") else names[:2]))
    for task, names in LOSSES_OF.items()
    for optimizer in OPTIMIZERS
]


@pytest.mark.parametrize(
    ("task", "optimizer", "names"), COMBINATIONS, ids=[f"{t}-{o}" for t, o, _ in COMBINATIONS]
)
def test_losses_and_optimizers_equal_a_plain_loop(task: str, optimizer: str, names: tuple[str, ...]) -> None:
    steps = SHORT if OPTIMIZERS[optimizer].elementwise else FEW
    every = steps // 5
    wanted = TrainingSettings(
        DATASET[task], "mlp-5", names, (LOW_RATES.get(optimizer, 0.02),) * len(names), optimizer, seeds=2,
        steps=steps, n=64, record_every=every,
    )  # fmt: skip
    found = curve(wanted)
    for run, name in enumerate(names):
        expected, _ = plain_loop(wanted, run, 1, mean_loss(name), every)
        np.testing.assert_allclose(found[run, 1], expected, rtol=1e-5, atol=1e-5, err_msg=name)


TWO: dict[str, Any] = {
    "dataset": "moons", "network": "mlp-6-5", "losses": ("sigmoid-mse", "sigmoid-ce"), "lr": (0.05, 0.02),
    "seeds": 2, "steps": STEPS, "n": 80, "record_every": EVERY,
}  # fmt: skip
# The first and the last row of the stack: both runs, both seeds. Every run's second seed is compared above.
MEMBERS = ((0, 0), (1, 1))
PER_RUN: dict[str, dict[str, Any]] = {
    **{schedule: {"schedule": schedule} for schedule in SCHEDULES},
    "weight decay": {"weight_decay": (0.3, None), "optimizer": "adamw", "lr": (0.001, 0.002)},
    "clipping": {"clip": (0.02, 0.0), "lr": (0.5, 0.2)},
    "one clipping limit": {"clip": 0.01, "batch": 16},
    "optimizer per run": {"optimizer": ("momentum", "adam"), "lr": (0.01, 0.001)},
    "network per run": {"network": ("mlp-6-5", "mlp-4")},
    "activation per run": {"activation": ("sigmoid", "relu")},
    "initial gain per run": {"init_gain": (5.0, 1.0)},
    "one sequential run": {"optimizer": ("sgd", "lbfgs"), "lr": (0.05, 0.05), "steps": 40},
    "batches": {"batch": 16, "optimizer": "momentum", "lr": (0.02, 0.01)},
    "batches of all": {"batch": 1000},
    "wrong labels of a rare class": {"imbalance": 3.0, "label_noise": 0.2, "centred": True},
}


@pytest.mark.parametrize("setting", PER_RUN)
def test_every_setting_equals_a_plain_loop(setting: str) -> None:
    wanted = TrainingSettings(**(TWO | {"steps": 2 * EVERY} | PER_RUN[setting]))
    found = curve(wanted)
    for run, seed in MEMBERS:
        # by the same formula of the loss: L-BFGS turns rounding errors into another step at once
        expected, _ = plain_loop(wanted, run, seed, mean_loss(wanted.losses[run]), EVERY)
        np.testing.assert_allclose(found[run, seed], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("setting", ["cosine", "clipping", "optimizer per run", "batches"])
def test_an_interrupted_training_is_bit_equal(setting: str) -> None:
    wanted = TrainingSettings(**(TWO | PER_RUN[setting]))
    uninterrupted = list(Training(wanted))
    resumed = Training(wanted)
    for steps in (3, 1, 16, 33):
        resumed.advance(steps)
        resumed.snapshot()
        resumed.predict(np.zeros((3, 2)))
        resumed.state_dicts()
    resumed.advance(100)
    for name in METRICS:
        np.testing.assert_array_equal(getattr(resumed.snapshot(), name), getattr(uninterrupted[-1], name))


def test_a_stack_computed_in_blocks_gives_the_same_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = TrainingSettings(**(TWO | {"batch": 16, "seeds": 3}))
    whole = curve(wanted)
    monkeypatch.setattr("lossviz.training.grouping.TRAINING_BLOCK", 1000)
    np.testing.assert_allclose(curve(wanted), whole, rtol=1e-5)


def test_a_network_of_the_user_equals_a_plain_loop() -> None:
    own = Network(
        "mine", "Mine", lambda i, o, act: [nn.Linear(i, 5), nn.LayerNorm(5), nn.GELU(), nn.Linear(5, o)],
        formula="", convention="", source="",
    )  # fmt: skip
    wanted = TrainingSettings(**(TWO | {"network": (own, "mlp-6")}))
    more = {name: value for name, value in TWO.items() if name not in ("dataset", "network")}
    history = train(TWO["dataset"], [own, "mlp-6"], **more)
    assert history.settings == wanted
    for run in range(2):
        expected, model = plain_loop(wanted, run, 1, every=EVERY)
        np.testing.assert_allclose(history.loss[run, 1], expected, rtol=1e-5)
        last = history.checkpoints(run, 1)[-1]
        for name, value in model.state_dict().items():
            np.testing.assert_allclose(last[name], value, rtol=1e-4, atol=1e-5)
    assert np.isnan(history.gradient_norm[1, :, :, 2]).all(), "the shallower one has no third layer"
