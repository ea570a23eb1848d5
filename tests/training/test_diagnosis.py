"""Each plateau that has a name is found where it is, by its number."""

import math
from dataclasses import replace

import pytest

import lossviz as lv
from lossviz.training.diagnosis import diagnose, floor_of


def read(dataset: str, network: str, loss: str, **more: object) -> lv.Diagnosis:
    more = {"lr": 0.1, "seeds": 2, "steps": 60} | more
    return diagnose(lv.train(dataset, network, [loss], **more), 0)


def test_a_deep_sigmoid_net_guesses() -> None:
    said = read("moons", "mlp-16-16-16-16-16", "sigmoid-ce", activation="sigmoid")
    assert (said.name, said.words, said.target) == ("guessing", "guesses ½", math.log(2))
    assert said.value == pytest.approx(math.log(2), rel=0.02)
    assert read("blobs", "mlp-16-16-16-16-16", "softmax-ce", activation="sigmoid").words == "guesses 1/4"


def test_a_loud_start_is_sure_and_wrong() -> None:
    said = read("moons", "mlp-16-16", "sigmoid-mse", init_gain=100.0, lr=1e-6)
    assert said.name == "sure and wrong"
    assert said.words == f"{100 * said.value:.0f} % sure and wrong"
    assert 0.05 <= said.value <= 1


def test_smoothed_labels_have_a_floor_and_so_has_softmax_applied_twice() -> None:
    assert floor_of("softmax-ce-smoothed", 10) == pytest.approx(0.5003, abs=1e-4)
    assert floor_of("softmax-twice", 2) == pytest.approx(0.3133, abs=1e-4)
    assert floor_of("softmax-twice", 10) == pytest.approx(1.4612, abs=1e-4)
    assert floor_of("softmax-ce", 10) is None
    for loss in ("softmax-ce-smoothed", "softmax-twice"):
        said = read("iris", "mlp-16", loss, lr=0.1, optimizer="adam", steps=600, seeds=1)
        assert said.name == "floor"
        assert said.value == pytest.approx(said.target, rel=0.02)
        assert said.target == floor_of(loss, 3)


def test_units_that_are_off_for_all_examples_are_dead() -> None:
    race = lv.train("moons", "mlp-16-16", ["sigmoid-mse"], 0.1, seeds=3, steps=2, activation="relu")
    assert diagnose(race, 0).name != "dead units"  # at a usual start a half is off, and that is well
    off = race.saturated.copy()
    off[:, :, :, 1] = 15 / 16
    said = diagnose(replace(race, saturated=off), 0)
    assert (said.name, said.value, said.words) == ("dead units", 15 / 16, "94 % of a layer is off")
    tanh = lv.train("moons", "mlp-16-16", ["sigmoid-mse"], 0.1, seeds=3, steps=2)
    assert diagnose(replace(tanh, saturated=off), 0).name != "dead units"


def test_a_rare_class_is_never_said() -> None:
    said = read("moons", "linear", "sigmoid-ce", imbalance=19.0, steps=20, lr=0.5)
    assert said.name == "constant"
    assert said.value > 0.9
    assert "says one class always" in said.words


def test_who_learns_is_told_how_much_and_who_has_gone_when() -> None:
    said = read("moons", "mlp-16-16", "sigmoid-ce", optimizer="adam", lr=0.02, steps=200)
    assert said.name == "learning"
    assert said.words == f"{100 * said.value:.0f} % of its points right"
    gone = read("sine", "linear", "mse", lr=1e6)
    assert gone.words == f"gone at step {gone.value:g}"
    assert gone.value > 0
    assert read("sine", "linear", "mse").words.startswith("loss ")
