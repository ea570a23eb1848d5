"""One neuron against plain Python loops, the numbers of Nielsen's book, and the gradient flow."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit

from lossviz import LOSSES, descend, escape_time
from lossviz.neuron import descend_widget, escape_times, logit_curves
from lossviz.neuron.descent import MAX_STEPS
from lossviz.neuron.escape import MAX_ESCAPE_STEPS

BINARY = [name for name, row in LOSSES.items() if row.task == "binary"]


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


# dL/dz for the target 0, in closed form.
GRADIENT: dict[str, Callable[[float], float]] = {
    "sigmoid-ce": sigmoid,
    "sigmoid-mse": lambda z: 2 * sigmoid(z) ** 2 * sigmoid(-z),
    "sigmoid-half-mse": lambda z: sigmoid(z) ** 2 * sigmoid(-z),
    "tanh-mse": lambda z: 2 * (math.tanh(z) + 1) / math.cosh(z) ** 2,
    "hinge": lambda z: 1.0 if z > -1 else 0.0,
    "squared-hinge": lambda z: 2 * max(0.0, 1 + z),
    "focal": lambda z: (
        2 * sigmoid(z) ** 2 * sigmoid(-z) * math.log1p(math.exp(z)) + sigmoid(z) ** 3  # gamma = 2
    ),
}


def test_every_binary_loss_has_a_closed_form_gradient_in_this_file() -> None:
    assert set(GRADIENT) == set(BINARY)


# --- descend ------------------------------------------------------------------------------------------


def plain_descent(
    gradient: Callable[[float], float], w: float, b: float, x: float, lr: float, steps: int
) -> tuple[list[float], list[float]]:
    ws, bs = [w], [b]
    for _ in range(steps):
        g = gradient(w * x + b)
        w, b = w - lr * x * g, b - lr * g
        ws.append(w)
        bs.append(b)
    return ws, bs


@pytest.mark.parametrize("lr", [0.05, 0.15, 1.0])
@pytest.mark.parametrize("name", BINARY)
def test_descent_equals_a_plain_loop(name: str, lr: float) -> None:
    run = descend(name, w=1.2, b=0.7, x=1.5, y=0.0, lr=lr, steps=200)
    w, b = plain_descent(GRADIENT[name], 1.2, 0.7, 1.5, lr, 200)
    np.testing.assert_allclose(run.w, w, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(run.b, b, rtol=1e-12, atol=1e-12)
    z = np.array(w) * 1.5 + np.array(b)
    output = np.tanh(z) if name == "tanh-mse" else expit(z)
    np.testing.assert_allclose(run.output, output, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(run.gradient, [GRADIENT[name](at) for at in z], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(run.loss, LOSSES[name].value(z, 0.0), rtol=1e-11, atol=1e-12)
    assert run.diverged_at is None
    assert (run.loss_name, run.lr) == (name, lr)


def test_nielsens_neuron_goes_from_0_82_to_0_09() -> None:
    run = descend("sigmoid-half-mse", w=0.6, b=0.9, x=1.0, y=0.0, lr=0.15, steps=300)
    assert run.output.shape == run.w.shape == run.b.shape == run.loss.shape == run.gradient.shape == (301,)
    assert run.output[0] == pytest.approx(0.8176, abs=5e-5)
    assert run.output[-1] == pytest.approx(0.0940, abs=5e-5)
    np.testing.assert_allclose(run.loss, run.output**2 / 2, rtol=1e-12)


def test_without_the_half_nielsens_neuron_would_end_at_0_0610() -> None:
    assert descend("sigmoid-mse", 0.6, 0.9, lr=0.15, steps=300).output[-1] == pytest.approx(0.0610, abs=5e-5)


def test_the_half_equals_a_learning_rate_half_as_large() -> None:
    half = descend("sigmoid-half-mse", 2.0, 2.0, lr=0.30)
    whole = descend("sigmoid-mse", 2.0, 2.0, lr=0.15)
    np.testing.assert_allclose(half.output, whole.output, rtol=1e-13)


def test_from_w_2_b_2_squared_error_is_stuck_and_cross_entropy_is_not() -> None:
    squared = descend("sigmoid-half-mse", w=2.0, b=2.0)
    entropy = descend("sigmoid-ce", w=2.0, b=2.0)
    assert squared.output[0] == entropy.output[0] == pytest.approx(0.9820, abs=5e-5)
    assert squared.output[100] > 0.9
    assert entropy.output[100] < 0.1
    z = [4.0]
    for _ in range(300):
        z.append(z[-1] - 2 * 0.15 / (1 + math.exp(-z[-1])))  # dC/dz = a, and both weights move
    np.testing.assert_allclose(entropy.output, [sigmoid(at) for at in z], rtol=1e-12, atol=1e-12)


def test_the_widget_steps_by_the_derivative_with_respect_to_the_output() -> None:
    run = descend_widget(w=2.0, b=2.0, lr=0.005, steps=200)
    z = 4.0
    for output in run.output:
        assert output == pytest.approx(sigmoid(z), rel=1e-12)
        z -= 2 * 0.005 / (1 - sigmoid(z))
    true = descend("sigmoid-ce", w=2.0, b=2.0, lr=0.005, steps=200)
    assert run.output[0] == true.output[0]
    assert run.output[20] < true.output[20] - 0.1  # the published curve falls far faster
    np.testing.assert_allclose(run.loss, LOSSES["sigmoid-ce"].value(run.w + run.b, 0.0))


def test_the_widget_approaches_the_target_1_too() -> None:
    run = descend_widget(w=-1.0, b=-1.0, y=1.0, lr=0.01, steps=50)
    z = -2.0
    for output in run.output:
        assert output == pytest.approx(sigmoid(z), rel=1e-12)
        z += 2 * 0.01 / sigmoid(z)


@pytest.mark.parametrize("name", BINARY)
def test_a_soft_target_is_reached(name: str) -> None:
    run = descend(name, 0.5, 0.5, y=0.3, lr=0.4, steps=300)
    assert abs(run.gradient[-1]) < 1e-3 or name == "hinge"  # the hinge oscillates around its kink
    assert run.loss[-1] <= run.loss[0]


def test_zero_steps_give_the_start_alone() -> None:
    run = descend("sigmoid-ce", 1.0, 2.0, steps=0)
    assert (run.w.tolist(), run.b.tolist()) == ([1.0], [2.0])


def test_an_input_of_zero_changes_the_bias_alone() -> None:
    run = descend("sigmoid-ce", 1.0, 2.0, x=0.0, steps=10)
    assert set(run.w) == {1.0}
    assert (np.diff(run.b) < 0).all()


def test_a_loss_object_is_accepted() -> None:
    plain = descend(LOSSES["focal"].set(gamma=0), 2.0, 2.0)
    np.testing.assert_allclose(plain.output, descend("sigmoid-ce", 2.0, 2.0).output, rtol=1e-12)


def test_values_are_nan_from_the_step_of_divergence_on() -> None:
    run = descend("squared-hinge", w=2.0, b=2.0, y=0.5, lr=1e6, steps=100)
    assert run.diverged_at is not None
    w, b, step = 2.0, 2.0, 0
    while math.isfinite(w + b) and math.isfinite((1 + abs(w + b)) * (1 + abs(w + b))):
        z = w + b
        g = (max(0.0, 1 + z) * 2 - max(0.0, 1 - z) * 2) / 2
        w, b, step = w - 1e6 * g, b - 1e6 * g, step + 1
    assert run.diverged_at == step
    for curve in (run.w, run.b, run.output, run.loss, run.gradient):
        assert np.isfinite(curve[: run.diverged_at]).all()
        assert np.isnan(curve[run.diverged_at :]).all()


@pytest.mark.parametrize(
    "name", ["sigmoid-mse", "sigmoid-half-mse", "sigmoid-ce", "tanh-mse", "hinge", "focal"]
)
def test_a_bounded_gradient_does_not_diverge_at_a_huge_learning_rate(name: str) -> None:
    run = descend(name, w=2.0, b=2.0, lr=1e6, steps=50)
    assert run.diverged_at is None
    assert np.isfinite(run.loss).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"lr": 0.0}, "lr must be a finite number above 0; got 0.0"),
        ({"lr": -1}, "lr must be a finite number above 0; got -1"),
        ({"lr": math.nan}, "lr must be a finite number above 0; got nan"),
        ({"lr": math.inf}, "lr must be a finite number above 0; got inf"),
        ({"lr": 10**400}, "lr must be a finite number above 0; got 1000"),
        ({"lr": "0.15"}, "lr must be a finite number above 0; got '0.15'"),
        ({"steps": -1}, "steps must be a whole number from 0 to 1000000; got -1"),
        ({"steps": MAX_STEPS + 1}, "steps must be a whole number from 0 to 1000000; got 1000001"),
        ({"steps": 2.5}, "steps must be a whole number from 0 to 1000000; got 2.5"),
        ({"y": -0.1}, r"y must be a number in \[0, 1\]; got -0.1"),
        ({"y": 1.1}, r"y must be a number in \[0, 1\]; got 1.1"),
        ({"y": math.nan}, r"y must be a number in \[0, 1\]; got nan"),
        ({"w": math.nan}, "w must be a finite number; got nan"),
        ({"b": math.inf}, "b must be a finite number; got inf"),
        ({"x": -math.inf}, "x must be a finite number; got -inf"),
    ],
)
def test_a_bad_argument_is_refused_with_its_name_value_and_range(
    arguments: dict[str, float], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        descend("sigmoid-ce", **{"w": 1.0, "b": 1.0, **arguments})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=sentence):
        descend_widget(**{"w": 1.0, "b": 1.0, **arguments})  # type: ignore[arg-type]


def test_only_binary_losses_are_accepted() -> None:
    for call in (lambda: descend("softmax-ce", 1, 1), lambda: escape_time("mse", 1.0)):
        with pytest.raises(ValueError, match="loss must be binary, with one logit"):
            call()
    with pytest.raises(KeyError, match="unknown loss 'sigmoid-cd'; known: sigmoid-mse"):
        descend("sigmoid-cd", 1, 1)


# --- escape time --------------------------------------------------------------------------------------


def plain_escape(gradient: Callable[[float], float], z0: float, lr: float) -> int:
    w = b = z0 / 2
    steps = 0
    while w + b > 0:
        g = gradient(w + b)
        w, b, steps = w - lr * g, b - lr * g, steps + 1
    return steps


STARTS = [-3.0, 0.0, 1e-9, 0.7, 2.3, 3.0, 4.4, 5.0, 7.0, 8.2, 9.0]


@pytest.mark.parametrize("lr", [0.15, 0.4, 2.0])
@pytest.mark.parametrize("name", BINARY)
def test_escape_times_equal_a_plain_loop(name: str, lr: float) -> None:
    starts = (
        STARTS if name != "tanh-mse" else [z for z in STARTS if z < 5]
    )  # e^2z steps take a plain loop too long
    expected = [plain_escape(GRADIENT[name], z0, lr) for z0 in starts]
    assert [escape.steps for escape in escape_times(name, starts, lr)] == expected


@pytest.mark.parametrize("z0", [0.1, 1.0, 4.0, 8.0])
@pytest.mark.parametrize("name", BINARY)
def test_the_closed_form_equals_the_integral_of_the_gradient_flow(name: str, z0: float) -> None:
    integral, _ = quad(lambda z: 1 / GRADIENT[name](z), 0, z0, epsabs=0, epsrel=1e-12)
    closed = escape_time(name, z0, lr=0.15).closed_form
    if name == "focal":
        assert closed is None
    else:
        assert closed == pytest.approx(integral / 0.3, rel=1e-10)


@pytest.mark.parametrize("z0", [0.5, 3.0, 12.0])
def test_the_closed_forms_equal_their_formulas(z0: float) -> None:
    lr = 0.1
    entropy = ((z0 - 0) + math.exp(0) - math.exp(-z0)) * -1 + 2 * (z0 + 1 - math.exp(-z0))
    assert escape_time("sigmoid-ce", z0, lr).closed_form == pytest.approx(entropy / (2 * lr))

    def flow(z: float) -> float:
        return math.exp(z) + 3 * z - 3 * math.exp(-z) - math.exp(-2 * z) / 2

    quadratic = (flow(z0) - flow(0)) / (2 * lr)
    assert escape_time("sigmoid-half-mse", z0, lr).closed_form == pytest.approx(quadratic, rel=1e-12)
    assert escape_time("sigmoid-mse", z0, lr).closed_form == pytest.approx(quadratic / 2, rel=1e-12)


@pytest.mark.parametrize("name", BINARY)
def test_small_steps_take_the_time_of_the_gradient_flow(name: str) -> None:
    escape = escape_time(name, 3.0, lr=1e-4)
    assert escape.steps is not None
    integral, _ = quad(lambda z: 1 / GRADIENT[name](z), 0, 3.0)
    assert escape.steps == pytest.approx(integral / 2e-4, rel=1e-3)


def test_cross_entropy_is_linear_and_squared_error_exponential_in_the_start() -> None:
    entropy = [escape.steps for escape in escape_times("sigmoid-ce", [8.0, 10.0, 12.0])]
    squared = [escape.steps for escape in escape_times("sigmoid-half-mse", [8.0, 10.0, 12.0])]
    assert entropy[2] - entropy[1] == pytest.approx(2 / 0.3, abs=1)
    assert squared[2] / squared[1] == pytest.approx(math.e**2, rel=0.01)


def test_more_than_a_million_steps_are_counted() -> None:
    escape = escape_time("sigmoid-half-mse", 14.0)
    assert escape.steps is not None
    assert escape.closed_form is not None
    assert escape.steps > 4_000_000
    # Euler's steps differ from the flow by less than a ten-thousandth for this start.
    assert escape.steps == pytest.approx(escape.closed_form, rel=1e-4)


def test_a_count_is_independent_of_the_other_starts() -> None:
    starts = [10.0, 3.0, 9.5, -1.0, 10.0]
    together = [escape.steps for escape in escape_times("sigmoid-half-mse", starts)]
    assert together == [escape_time("sigmoid-half-mse", z0).steps for z0 in starts]
    assert escape_times("sigmoid-half-mse", []) == []


@pytest.mark.parametrize("name", BINARY)
def test_a_neuron_that_is_not_wrong_takes_no_steps(name: str) -> None:
    for z0 in (0.0, -1e-9, -5.0, -700.0):
        assert escape_time(name, z0).steps == 0
        assert escape_time(name, z0).closed_form in (0.0, None)


@pytest.mark.parametrize("z0", [30.0, 300.0, 700.0])
def test_beyond_the_limit_there_is_a_closed_form_but_no_count(z0: float) -> None:
    escape = escape_time("sigmoid-half-mse", z0)
    assert escape.steps is None
    assert escape.closed_form is not None
    assert escape.closed_form > MAX_ESCAPE_STEPS
    assert escape_time("sigmoid-ce", z0).steps == pytest.approx((z0 + 1) / 0.3, abs=2)


def test_a_denormal_learning_rate_gives_no_count() -> None:
    assert escape_time("sigmoid-ce", 5.0, lr=1e-320).steps is None
    assert escape_time("tanh-mse", 700.0).closed_form == math.inf


def test_a_huge_learning_rate_takes_one_step() -> None:
    assert escape_time("sigmoid-half-mse", 5.0, lr=1e300).steps == 1


@pytest.mark.parametrize(
    ("z0", "lr", "sentence"),
    [
        (701, 0.15, r"z0 must be a number in \[-700, 700\]; got 701"),
        (math.nan, 0.15, r"z0 must be a number in \[-700, 700\]; got nan"),
        (5, 0, "lr must be a finite number above 0; got 0"),
        (5, math.inf, "lr must be a finite number above 0; got inf"),
    ],
)
def test_a_bad_start_or_learning_rate_is_named(z0: float, lr: float, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        escape_time("sigmoid-ce", z0, lr)


# --- curves against the logit ----------------------------------------------------------------------


def test_logit_curves_equal_the_closed_forms() -> None:
    z = np.linspace(-8, 8, 33)
    curves = logit_curves(["sigmoid-mse", "sigmoid-ce"], y=0.0, z=z)
    assert curves.losses == ("sigmoid-mse", "sigmoid-ce")
    p = expit(z)
    np.testing.assert_allclose(curves.value, [p**2, -np.log(expit(-z))], rtol=1e-12)
    np.testing.assert_allclose(curves.gradient, [2 * p**2 * (1 - p), p], rtol=1e-11)
    np.testing.assert_allclose(
        curves.curvature, [2 * p**2 * (1 - p) * (2 - 3 * p), p * (1 - p)], rtol=1e-9, atol=1e-12
    )
    with pytest.raises(ValueError, match=r"y must be a number in \[0, 1\]; got 2"):
        logit_curves(["sigmoid-ce"], y=2, z=z)
