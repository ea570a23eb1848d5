"""Losses against an axis: the gradient and curvature are finite differences of the values, on every axis."""

import math
from typing import Any

import numpy as np
import pytest

import lossviz as lv
from lossviz.losses.curves import AXES, fits_axis
from lossviz.losses.lookup import label_with_settings

ROWS = [*lv.LOSSES.values(), *lv.losses.NONDIFFERENTIABLE.values()]
PAIRS = [(row, axis) for axis in AXES for row in ROWS if fits_axis(row, axis)]
EVERY = pytest.mark.parametrize(("row", "axis"), PAIRS, ids=[f"{r.name} {a}" for r, a in PAIRS])
MIDDLE = {"residual": 0.7371, "logit": 0.7371, "probability": 0.3371, "margin": 0.7371, "lead": 0.7371}


def test_every_loss_of_the_registry_has_an_axis() -> None:
    assert {row.name for row, _ in PAIRS} == {*lv.LOSSES, *lv.losses.NONDIFFERENTIABLE}


@EVERY
def test_gradient_and_curvature_are_finite_differences(row: lv.Loss, axis: str) -> None:
    h = 1e-3
    at = MIDDLE[axis] + h * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    y = {"logit": 0.3, "probability": 0.3}.get(axis)
    facts = lv.losses.loss_curves([row], axis, y=y, x=at)
    v = facts.value[0]
    gradient = (v[0] - 8 * v[1] + 8 * v[3] - v[4]) / (12 * h)
    curvature = (-v[0] + 16 * v[1] - 30 * v[2] + 16 * v[3] - v[4]) / (12 * h * h)
    assert facts.gradient[0, 2] == pytest.approx(gradient, rel=1e-7, abs=1e-9)
    assert facts.curvature[0, 2] == pytest.approx(curvature, rel=1e-5, abs=1e-6)


@EVERY
def test_all_values_are_finite_by_default(row: lv.Loss, axis: str) -> None:
    facts = lv.losses.loss_curves([row], axis)
    known = slice(None) if row.activation != "exp" else facts.x > -4
    for part in (facts.value, facts.gradient, facts.curvature):
        assert np.isfinite(part[0][known]).all()


def test_bits_divide_only_losses_in_nats() -> None:
    for axis in AXES:
        rows = [row for row in ROWS if fits_axis(row, axis)]
        nats, bits = lv.losses.loss_curves(rows, axis), lv.losses.loss_curves(rows, axis, unit="bits")
        for i, row in enumerate(rows):
            factor = math.log(2) if row.unit == "nats" else 1.0
            for part in ("value", "gradient", "curvature"):
                np.testing.assert_allclose(
                    getattr(bits, part)[i] * factor, getattr(nats, part)[i], rtol=1e-14
                )
    for row in lv.LOSSES.values():
        assert (row.unit == "nats") == ("in nats" in row.convention), "the convention names the unit"


def test_against_the_probability_cross_entropy_is_a_logarithm() -> None:
    facts = lv.losses.loss_curves(["sigmoid-ce", "sigmoid-mse"], "probability", y=1.0)
    p = facts.x
    np.testing.assert_allclose(facts.value[0], -np.log(p), rtol=1e-12)
    np.testing.assert_allclose(facts.gradient[0], -1 / p, rtol=1e-12)
    np.testing.assert_allclose(facts.curvature[0], 1 / p**2, rtol=1e-9)
    np.testing.assert_allclose(facts.gradient[1], -2 * (1 - p), rtol=1e-9)
    np.testing.assert_allclose(facts.curvature[1], 2, rtol=1e-7)


def test_squared_error_is_not_convex_in_the_logit_but_in_the_probability() -> None:
    assert lv.losses.loss_curves(["sigmoid-mse"], "logit").negative_curvature.any()
    assert not lv.losses.loss_curves(["sigmoid-mse"], "probability").negative_curvature.any()
    assert not lv.losses.loss_curves(["sigmoid-ce"], "logit").negative_curvature.any()


def test_margin_is_the_logit_with_the_sign_of_the_class() -> None:
    yes, no = (lv.losses.loss_curves(["hinge", "zero-one", "sigmoid-ce"], "margin", y=y) for y in (1.0, 0.0))
    np.testing.assert_allclose(yes.value[0], np.maximum(0, 1 - yes.x))
    np.testing.assert_array_equal(yes.value[1], yes.x <= 0)
    np.testing.assert_allclose(yes.value[2], np.log1p(np.exp(-yes.x)))
    for part in ("value", "gradient", "curvature"):
        hard = slice(1, None, 2)  # at m = 0 the 0-1 loss says no
        np.testing.assert_allclose(getattr(yes, part)[::2], getattr(no, part)[::2], atol=1e-12)
        assert getattr(yes, part)[hard].shape == getattr(no, part)[hard].shape


def test_lead_is_the_logit_over_equal_others() -> None:
    facts = lv.losses.loss_curves(["softmax-ce", "softmax-ce-smoothed"], "lead", classes=4)
    e = np.exp(facts.x)
    np.testing.assert_allclose(facts.value[0], -np.log(e / (e + 3)), rtol=1e-9)
    even = int(np.abs(facts.x).argmin())
    assert facts.value[:, even] == pytest.approx([math.log(4)] * 2)


def test_poisson_is_drawn_against_its_rate() -> None:
    facts = lv.losses.loss_curves(["poisson-nll"], "residual", y=4, x=[-4.5, -3.0, 0.0, 2.0])
    rate = 4 + facts.x[1:]
    assert np.isnan(facts.value[0, 0]), "a rate is positive"
    np.testing.assert_allclose(facts.value[0, 1:], rate - 4 * np.log(rate))
    np.testing.assert_allclose(facts.gradient[0, 1:], 1 - 4 / rate, atol=1e-15)
    np.testing.assert_allclose(facts.curvature[0, 1:], 4 / rate**2)


def test_negative_log_density_may_be_negative() -> None:
    narrow = lv.LOSSES["gaussian-nll"].set(sigma=0.1)
    assert lv.losses.loss_curves([narrow], "residual").value.min() == pytest.approx(math.log(0.1))


def test_nondifferentiable_losses_have_zero_gradient() -> None:
    for row in lv.losses.NONDIFFERENTIABLE.values():
        z = np.linspace(-3, 3, 13)
        assert not row.gradient(z, 1.0).any()
        assert not row.curvature(z, 1.0).any()
    y = np.array([0, 1, 1, 0, 1.0])
    z = np.array([-1, 2, -3, 0.5, 0.1])
    assert float(lv.losses.NONDIFFERENTIABLE["zero-one"].value(z, y).mean()) == 1 - np.mean(
        (z > 0) == (y > 0.5)
    )
    hits = lv.losses.NONDIFFERENTIABLE["hit-or-miss"].set(width=1.0)
    assert hits.value([0.0, 1.0, 1.5], 0.0).tolist() == [0, 0, 1]


def test_label_shows_the_settings() -> None:
    assert label_with_settings(lv.LOSSES["huber"].set(delta=5)) == "Huber, δ = 5"
    assert label_with_settings(lv.LOSSES["mse"]) == "Squared error"
    assert label_with_settings(lv.losses.NONDIFFERENTIABLE["hit-or-miss"]) == "0-1 loss, ±1.5"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["mse"], "logits"), "axis must be one of residual, .*; got 'logits'"),
        ((["mse"], "logit"), "mse cannot be drawn against the logit: it is a regression loss"),
        ((["hinge"], "probability"), "hinge cannot be drawn against the probability"),
        (([], "logit"), "at least one loss"),
        ((["sigmoid-ce"], "logit", 1.5), r"y must be a number in \[0, 1\]; got 1.5"),
        ((["sigmoid-ce"], "probability", 0.0, [0.0, 0.5]), "between 0 and 1"),
        ((["mse"], "residual", 0.0, None, "bit"), "unit must be nats or bits; got 'bit'"),
        ((["softmax-ce"], "lead", None, None, "nats", 1), "classes must be a whole number"),
    ],
)
def test_invalid_arguments_raise_one_sentence(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lv.losses.loss_curves(*arguments)
