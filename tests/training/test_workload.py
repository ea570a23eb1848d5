"""The work of a race is estimated before it begins: what is counted, and how the estimate grows."""

from dataclasses import replace
from typing import Any

import pytest

import lossviz as lv
from lossviz.training.workload import estimate_seconds, forward_of

SOME = lv.TrainingSettings(
    "circles", "mlp-16-16", ("sigmoid-mse", "sigmoid-ce"), (0.1, 0.1), "sgd", 4, 100, n=1000, record_every=50
)


def test_a_forward_pass_is_counted_layer_by_layer() -> None:
    mlp = forward_of("mlp-16-16", 2, 1)
    assert (mlp.multiply_adds, mlp.values, mlp.layers) == (2 * 16 + 16 * 16 + 16, 32, 3)
    assert mlp.weights == lv.NETWORKS["mlp-16-16"].parameter_count(2, 1)
    cnn = forward_of(lv.NETWORKS["cnn"], 64, 10)
    assert cnn.multiply_adds == 64 * (9 * 16 + 9 * 16 * 32) + 32 * 16 * 10
    assert (cnn.values, cnn.layers) == (64 * (16 + 32), 3)


def test_nothing_is_computed_to_estimate_it() -> None:
    huge = replace(SOME, network="mlp-1024-1024", n=5000, seeds=8, steps=100_000)
    assert estimate_seconds(huge) > 24 * 3600


@pytest.mark.parametrize(
    "more",
    [
        {"seeds": 8},
        {"steps": 200},
        {"n": 3000},
        {"network": "mlp-64-64"},
        {"network": "mlp-16-16-16"},
        {"losses": ("sigmoid-mse", "sigmoid-ce", "hinge"), "lr": (0.1, 0.1, 0.1)},
        {"optimizer": "lbfgs"},
        {"record_every": 1},
    ],
    ids=lambda more: next(iter(more)),
)
def test_more_work_is_a_longer_estimate(more: dict[str, Any]) -> None:
    assert estimate_seconds(replace(SOME, **more)) > 1.2 * estimate_seconds(SOME)


def test_small_batches_are_less_work_and_half_a_race_is_half() -> None:
    assert estimate_seconds(replace(SOME, batch=16)) < 0.5 * estimate_seconds(SOME)
    assert estimate_seconds(SOME, 50) == pytest.approx(estimate_seconds(SOME) / 2, rel=0.2)
    assert estimate_seconds(SOME, 10_000) == estimate_seconds(SOME)
    assert estimate_seconds(SOME, points=1296) > estimate_seconds(SOME)
