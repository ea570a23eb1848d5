"""Every kind of diagnosis is found in a training that is known to be in that state."""

import math
from dataclasses import replace

import pytest

import lossviz as lv
from lossviz.training.diagnosis import diagnose, lower_bound


def diagnosed(data: str, network: str, loss: str, **more: object) -> lv.Diagnosis:
    more = {"lr": 0.1, "seeds": 2, "steps": 60} | more
    return diagnose(lv.train(data, network, [loss], **more), 0)


def test_a_deep_sigmoid_network_is_at_chance_level() -> None:
    found = diagnosed("moons", "mlp-16-16-16-16-16", "sigmoid-ce", activation="sigmoid")
    assert (found.kind, found.description, found.target) == ("chance-level", "guesses ½", math.log(2))
    assert found.value == pytest.approx(math.log(2), rel=0.02)
    found = diagnosed("blobs", "mlp-16-16-16-16-16", "softmax-ce", activation="sigmoid")
    assert found.description == "guesses 1/4"


def test_large_initial_output_weights_are_confidently_wrong() -> None:
    found = diagnosed("moons", "mlp-16-16", "sigmoid-mse", init_gain=100.0, lr=1e-6)
    assert found.kind == "confidently-wrong"
    assert found.description == f"{100 * found.value:.0f} % confidently wrong"
    assert 0.05 <= found.value <= 1


def test_label_smoothing_and_softmax_applied_twice_have_a_lower_bound() -> None:
    assert lower_bound("softmax-ce-smoothed", 10) == pytest.approx(0.5003, abs=1e-4)
    assert lower_bound("softmax-twice", 2) == pytest.approx(0.3133, abs=1e-4)
    assert lower_bound("softmax-twice", 10) == pytest.approx(1.4612, abs=1e-4)
    assert lower_bound("softmax-ce", 10) is None
    for loss in ("softmax-ce-smoothed", "softmax-twice"):
        found = diagnosed("iris", "mlp-16", loss, lr=0.1, optimizer="adam", steps=600, seeds=1)
        assert found.kind == "lower-bound"
        assert found.value == pytest.approx(found.target, rel=0.02)
        assert found.target == lower_bound(loss, 3)


def test_relus_that_are_inactive_for_all_examples_are_dead() -> None:
    relu = lv.train("moons", "mlp-16-16", ["sigmoid-mse"], 0.1, seeds=3, steps=2, activation="relu")
    assert diagnose(relu, 0).kind != "dead-units"  # half of the units are inactive at first, which is healthy
    saturated = relu.saturated.copy()
    saturated[:, :, :, 1] = 15 / 16
    found = diagnose(replace(relu, saturated=saturated), 0)
    assert (found.kind, found.value, found.description) == ("dead-units", 15 / 16, "94 % dead units")
    tanh = lv.train("moons", "mlp-16-16", ["sigmoid-mse"], 0.1, seeds=3, steps=2)
    assert diagnose(replace(tanh, saturated=saturated), 0).kind != "dead-units"


def test_a_rare_class_is_never_predicted() -> None:
    found = diagnosed("moons", "linear", "sigmoid-ce", imbalance=19.0, steps=20, lr=0.5)
    assert found.kind == "constant-prediction"
    assert found.value > 0.9
    assert "one class only" in found.description


def test_a_run_that_learns_has_its_accuracy_and_one_that_diverged_has_its_step() -> None:
    found = diagnosed("moons", "mlp-16-16", "sigmoid-ce", optimizer="adam", lr=0.02, steps=200)
    assert found.kind == "learning"
    assert found.description == f"{100 * found.value:.0f} % training accuracy"
    diverged = diagnosed("sine", "linear", "mse", lr=1e6)
    assert diverged.kind == "diverged"
    assert diverged.description == f"diverged at step {diverged.value:g}"
    assert diverged.value > 0
    assert diagnosed("sine", "linear", "mse").description.startswith("loss ")
