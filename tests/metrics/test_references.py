"""Reference losses against optimization and libraries; float_curves and softmax_twice against autograd."""

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as some
from sklearn.metrics import log_loss

import lossviz as lv
from lossviz.metrics.references import smoothing_floor, softmax_twice_floor


def nearest(value: float, classes: int, **more: Any) -> str:
    return lv.metrics.reference_losses(value, classes, **more)[0].name


def test_the_nearest_reference_of_well_known_values() -> None:
    assert nearest(2.303, 10) == "guessing, ln K"
    assert nearest(6.908, 1000) == "guessing, ln K"
    assert nearest(1.461, 10) == "softmax twice, smallest"
    assert nearest(0.3133, 2) == "softmax twice, smallest"
    assert nearest(0.5003, 10) == "smoothing 0.1, smallest"
    assert nearest(0.693, 2) == "guessing, ln K"
    assert nearest(0.693, 10) == "coin toss, ln 2"
    assert nearest(0.325, 10) == "base rate, averaged"
    assert nearest(3.322, 10) == "guessing, in bits"
    assert nearest(16.12, 10) == "clipped at ε = 10⁻⁷"
    assert nearest(34.54, 10) == "clipped at ε = 10⁻¹⁵"
    assert nearest(36.04, 10) == "scikit-learn’s limit"
    assert nearest(100.0, 10) == "torch BCELoss limit"
    assert nearest(0.0, 10) == "no term counted"
    assert nearest(-1.1e-15, 2) == "epsilon added"
    assert nearest(0.1347, 2, frequencies=[970, 30]) == "class frequencies"
    assert nearest(0.0475, 2, frequencies=[950, 50]) == "class frequencies, Brier"


@given(some.floats(-1e300, 1e300), some.integers(2, 10_000_000))
def test_references_are_sorted_by_distance(value: float, classes: int) -> None:
    result = lv.metrics.reference_losses(value, classes)
    assert [c.distance for c in result] == [abs(c.value - value) for c in result]
    assert sorted(result, key=lambda c: c.distance) == result
    assert all(c.name and c.explanation and math.isfinite(c.value) for c in result)
    assert len({c.name for c in result}) == len(result)


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_floors_are_what_optimization_reaches(classes: int) -> None:
    certain = torch.full((1, classes), -200.0, dtype=torch.float64)
    certain[0, 0] = 200.0
    twice = F.cross_entropy(F.softmax(certain, dim=1), torch.tensor([0]))
    assert float(twice) == pytest.approx(softmax_twice_floor(classes), abs=1e-12)
    target = np.full(classes, 0.1 / classes)
    target[0] += 0.9
    best = torch.tensor(np.log(target))[None]
    smooth = F.cross_entropy(best, torch.tensor([0]), label_smoothing=0.1)
    assert float(smooth) == pytest.approx(smoothing_floor(classes), abs=1e-12)
    worse = F.cross_entropy(best + 0.1 * torch.randn(20, classes, dtype=torch.float64),
                            torch.zeros(20, dtype=torch.long), label_smoothing=0.1)  # fmt: skip
    assert float(worse) > smoothing_floor(classes)


def test_floors_of_many_classes_are_the_same_formula() -> None:
    assert smoothing_floor(10) == pytest.approx(0.5003, abs=5e-5)
    assert smoothing_floor(999) == pytest.approx(smoothing_floor(1000), rel=1e-3)
    assert softmax_twice_floor(2) == pytest.approx(0.3133, abs=5e-5)
    assert softmax_twice_floor(10) == pytest.approx(1.4612, abs=5e-5)


def test_clipping_limits_are_those_of_the_libraries() -> None:
    result = {limit.library: limit.value for limit in lv.metrics.clipping_limits()}
    zero = torch.tensor([0.0], dtype=torch.float64)
    assert result["torch BCELoss"] == float(F.binary_cross_entropy(zero, torch.ones(1, dtype=torch.float64)))
    assert result["scikit-learn, float64"] == pytest.approx(log_loss([1], [0.0], labels=[0, 1]), abs=1e-12)
    single = log_loss([1], np.array([0.0], dtype=np.float32), labels=[0, 1])
    assert result["scikit-learn, float32"] == pytest.approx(single, rel=1e-6)
    assert result["the tutorial"] == pytest.approx(34.54, abs=0.005)
    assert result["Keras"] == pytest.approx(16.12, abs=0.005)
    assert result["the definition"] == math.inf
    values = [limit.value for limit in lv.metrics.clipping_limits()]
    assert sorted(values) == values


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((math.nan, 10), "value must be a finite number; got nan"),
        ((math.inf, 10), "value must be a finite number; got inf"),
        (("2.3", 10), "value must be a finite number"),
        ((2.3, 1), "classes must be a whole number from 2"),
        ((2.3, 2.5), "classes must be a whole number from 2"),
        ((2.3, 3, [1, 2]), "frequencies must be one for each of 3 classes; got 2"),
        ((2.3, 2, [0, 0]), "frequencies must not all be 0"),
        ((2.3, 2, [1, -1]), r"frequencies\[1\] must be a finite number of at least 0; got -1"),
    ],
)
def test_wrong_arguments_are_one_sentence(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lv.metrics.reference_losses(*arguments)


# --- one loss by several methods ---------------------------------------------------------------------------


def test_sigmoid_then_log_in_float32_has_gradient_0_at_logit_17() -> None:
    result = lv.metrics.float_curves([17.0])
    assert result.loss[:, 0] == pytest.approx([100, 17, 17], abs=1e-6)
    assert result.gradient[:, 0] == pytest.approx([0, 1, 1], abs=1e-6)


def test_the_loss_from_the_logit_is_accurate() -> None:
    result = lv.metrics.float_curves()
    assert result.loss[2] == pytest.approx(np.logaddexp(0, result.z), rel=1e-6)
    assert result.gradient[2] == pytest.approx(1 / (1 + np.exp(-result.z)), rel=1e-6)
    assert result.loss[1, result.z > 37] == pytest.approx(100)
    assert (result.gradient[1, result.z > 37] == 0).all()


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_softmax_twice_is_what_torch_computes(classes: int) -> None:
    result = lv.metrics.softmax_twice(classes, np.linspace(-8, 12, 41))
    margin = torch.tensor(result.margin, requires_grad=True)
    logits = torch.cat([margin[:, None], torch.zeros(41, classes - 1, dtype=torch.float64)], dim=1)
    right = torch.zeros(41, dtype=torch.long)
    for curve, slope, scores in (
        (result.once, result.gradient_once, logits),
        (result.twice, result.gradient_twice, F.softmax(logits, dim=1)),
    ):
        loss = F.cross_entropy(scores, right, reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), margin, retain_graph=True)
        assert curve == pytest.approx(loss.detach().numpy(), abs=1e-12)
        assert slope == pytest.approx(gradient.numpy(), abs=1e-12)
    assert (result.twice > result.floor - 1e-12).all()
    at = int(np.abs(result.margin).argmin())
    assert result.once[at] == pytest.approx(result.chance)


def test_too_few_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="classes must be a whole number from 2"):
        lv.metrics.softmax_twice(1)
