"""Every loss against its textbook formula in arbitrary precision, torch's own loss, and known values."""

import math
from collections.abc import Callable, Sequence
from decimal import Context, Decimal, getcontext, localcontext
from functools import cache

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.special import expit, softmax
from torch import Tensor

from lossviz import LOSSES

BINARY = [name for name, row in LOSSES.items() if row.task == "binary"]
MULTICLASS = [name for name, row in LOSSES.items() if row.task == "multiclass"]
REGRESSION = [name for name, row in LOSSES.items() if row.task == "regression"]
PROBABILISTIC = [name for name in BINARY if LOSSES[name].activation == "sigmoid"]


# --- textbook formulas in arbitrary precision ------------------------------------------------------------


def _sigmoid(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


def _surprise(z: Decimal) -> Decimal:
    """-ln sigmoid(z)."""
    return (1 + (-z).exp()).ln()


def cached_by_logits(of_logits: Callable[[Sequence[Decimal]], list[Decimal]]) -> Callable[..., list[Decimal]]:
    """Cache by the logits and the number of digits, so that other targets need no new exponentials."""
    cached: dict[tuple[int, tuple[Decimal, ...]], list[Decimal]] = {}

    def lookup(z: Sequence[Decimal]) -> list[Decimal]:
        key = getcontext().prec, tuple(z)
        if key not in cached:
            cached[key] = of_logits(z)
        return cached[key]

    return lookup


@cached_by_logits
def _softmax(z: Sequence[Decimal]) -> list[Decimal]:
    powers = [part.exp() for part in z]
    return [power / sum(powers) for power in powers]


@cached_by_logits
def _surprises(z: Sequence[Decimal]) -> list[Decimal]:
    """-ln softmax(z)."""
    return [sum((other - part).exp() for other in z).ln() for part in z]


@cached_by_logits
def _both_surprises(z: Sequence[Decimal]) -> list[Decimal]:
    """-ln sigmoid(z) and -ln sigmoid(-z)."""
    return [_surprise(z[0]), _surprise(-z[0])]


@cached_by_logits
def _softmax_twice(z: Sequence[Decimal]) -> list[Decimal]:
    return [p.ln() for p in _softmax(_softmax(z))]


def _cross_entropy(z: Decimal, y: Decimal) -> Decimal:
    yes, no = _both_surprises([z])
    return y * yes + (1 - y) * no


def _tanh(z: Decimal) -> Decimal:
    return (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())


def _hinge(z: Decimal, y: Decimal, power: int) -> Decimal:
    """The mean over both labels of max(0, 1 - label z)^power."""
    return y * max(Decimal(0), 1 - z) ** power + (1 - y) * max(Decimal(0), 1 + z) ** power


def _focal(z: Decimal, y: Decimal) -> Decimal:
    p = _sigmoid(z)
    return y * (1 - p) ** 2 * _surprise(z) + (1 - y) * p**2 * _surprise(-z)


def _huber(r: Decimal) -> Decimal:
    return r * r / 2 if abs(r) <= 1 else abs(r) - Decimal("0.5")


TEXTBOOK: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "sigmoid-mse": lambda z, y: (_sigmoid(z) - y) ** 2,
    "sigmoid-half-mse": lambda z, y: (_sigmoid(z) - y) ** 2 / 2,
    "sigmoid-ce": _cross_entropy,
    "tanh-mse": lambda z, y: (_tanh(z) - (2 * y - 1)) ** 2,
    "hinge": lambda z, y: _hinge(z, y, 1),
    "squared-hinge": lambda z, y: _hinge(z, y, 2),
    "focal": _focal,
    "mse": lambda z, y: (z - y) ** 2,
    "mae": lambda z, y: abs(z - y),
    "huber": lambda z, y: _huber(z - y),
    "log-cosh": lambda z, y: (((z - y).exp() + (y - z).exp()) / 2).ln(),
    "quantile": lambda z, y: max(Decimal("0.9") * (y - z), Decimal("-0.1") * (y - z)),
    "poisson-nll": lambda z, y: z.exp() - y * z,
    "gaussian-nll": lambda z, y: (z - y) ** 2 / 2,
}
Many = Sequence[Decimal]
TEXTBOOK_OF_MANY: dict[str, Callable[[Many, Many], Decimal]] = {
    "softmax-ce": lambda z, y: sum(t * cost for t, cost in zip(y, _surprises(z), strict=True)),
    "softmax-mse": lambda z, y: sum((p - t) ** 2 for t, p in zip(y, _softmax(z), strict=True)),
    "softmax-twice": lambda z, y: -sum(t * p for t, p in zip(y, _softmax_twice(z), strict=True)),
    "softmax-ce-smoothed": lambda z, y: sum(
        (t * 9 / 10 + Decimal(1) / (10 * len(z))) * cost for t, cost in zip(y, _surprises(z), strict=True)
    ),
    "sigmoid-bce-onehot": lambda z, y: sum(_cross_entropy(a, t) for a, t in zip(z, y, strict=True)),
    "sigmoid-mse-onehot": lambda z, y: sum((_sigmoid(a) - t) ** 2 for a, t in zip(z, y, strict=True)),
}
H = Decimal("1e-30")


def _in_digits(largest: float) -> Context:
    """Enough digits for a second difference with step H of values near e^-largest that fit a float64."""
    return Context(prec=120 + int(0.9 * min(largest, 300)), Emax=999_999_999, Emin=-999_999_999)


def _derivatives(f: Callable[[Decimal], Decimal], z: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """f, f' and f'' by central differences, with an error far below that of float64."""
    low, middle, high = f(z - H), f(z), f(z + H)
    return middle, (high - low) / (2 * H), (high - 2 * middle + low) / H**2


@cache
def truth(name: str, z: float, y: float) -> tuple[float, float, float]:
    """Value, gradient and curvature of a loss of one number."""
    with localcontext(_in_digits(abs(z))):
        target = Decimal(y)
        value, gradient, curvature = _derivatives(lambda at: TEXTBOOK[name](at, target), Decimal(z))
        return float(value), float(gradient), float(curvature)


@cache
def truth_of_many(
    name: str, z: tuple[float, ...], y: tuple[float, ...]
) -> tuple[float, list[float], list[float]]:
    """Value, gradient and the Hessian's diagonal of a loss of K logits."""
    with localcontext(_in_digits(max(z) - min(z))):
        logits, target = [Decimal(part) for part in z], [Decimal(part) for part in y]

        def along(k: int) -> Callable[[Decimal], Decimal]:
            return lambda at: TEXTBOOK_OF_MANY[name]([*logits[:k], at, *logits[k + 1 :]], target)

        parts = [_derivatives(along(k), logits[k]) for k in range(len(z))]
        return float(parts[0][0]), [float(part[1]) for part in parts], [float(part[2]) for part in parts]


def assert_close(ours: Tensor, true: object, dtype: torch.dtype, slack: float = 0.0) -> None:
    """Check relative errors, down to the smallest normal number; infinity only if the truth is too large."""
    limits = np.finfo(np.float32 if dtype == torch.float32 else np.float64)
    with np.errstate(over="ignore"):
        expected = np.asarray(true).astype(limits.dtype)
    assert ours.dtype == dtype
    rtol = 1e-5 if dtype == torch.float32 else 1e-11
    np.testing.assert_allclose(ours.numpy(), expected, rtol=rtol, atol=max(float(limits.tiny), slack))


SIZES = [0.25, 4.0, 20.0, 80.0, 1e4]
LOGITS = sorted({0.0, *SIZES, *(-size for size in SIZES)})
DTYPES = [torch.float32, torch.float64]


def test_every_loss_has_its_textbook_formula() -> None:
    lacking = sorted({*BINARY, *REGRESSION} - set(TEXTBOOK))
    assert not lacking, f"add the formula of {', '.join(lacking)} to TEXTBOOK in tests/losses/test_table.py"
    lacking = sorted(set(MULTICLASS) - set(TEXTBOOK_OF_MANY))
    assert not lacking, (
        f"add the formula of {', '.join(lacking)} to TEXTBOOK_OF_MANY in tests/losses/test_table.py"
    )
    assert set(TEXTBOOK) | set(TEXTBOOK_OF_MANY) == set(LOSSES)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("y", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("name", BINARY)
def test_binary_losses_equal_the_formula_from_minus_to_plus_ten_thousand(
    name: str, y: float, dtype: torch.dtype
) -> None:
    z = torch.tensor(LOGITS, dtype=dtype)
    true = np.array([truth(name, logit, y) for logit in LOGITS])
    assert_close(LOSSES[name].value(z, y), true[:, 0], dtype)
    assert_close(LOSSES[name].gradient(z, y), true[:, 1], dtype)
    assert_close(LOSSES[name].curvature(z, y), true[:, 2], dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("y", [2.75, 0.125])
@pytest.mark.parametrize("name", REGRESSION)
def test_regression_losses_equal_the_formula_from_minus_to_plus_ten_thousand(
    name: str, y: float, dtype: torch.dtype
) -> None:
    z = torch.tensor(LOGITS, dtype=dtype)
    true = np.array([truth(name, logit, y) for logit in LOGITS])
    assert_close(LOSSES[name].value(z, y), true[:, 0], dtype)
    assert_close(LOSSES[name].gradient(z, y), true[:, 1], dtype)
    assert_close(LOSSES[name].curvature(z, y), true[:, 2], dtype)


MANY_LOGITS = [
    (0.5, 0.5, -0.25),
    (1.5, -0.5, 0.25),
    (20.0, 0.0, -20.0),
    (-80.0, 0.5, 1.5),
    (1e4, 0.0, -1.0),
    (1e4, 1e4, -1e4),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("y", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.125, 0.375)])
@pytest.mark.parametrize("name", MULTICLASS)
def test_multiclass_losses_equal_the_formula_up_to_ten_thousand(
    name: str, y: tuple[float, ...], dtype: torch.dtype
) -> None:
    for logits in MANY_LOGITS:
        z = torch.tensor(logits, dtype=dtype)
        value, gradient, curvature = truth_of_many(name, logits, y)
        targets: list[Tensor] = [torch.tensor(y, dtype=dtype)]
        if 1.0 in y:
            targets.append(torch.tensor(y.index(1.0)))  # a class number means the same as its one-hot row
        for target in targets:
            assert_close(LOSSES[name].value(z, target), value, dtype)
            # the second softmax of equal probabilities cancels
            slack = 1e-16 if name == "softmax-twice" else 0.0
            assert_close(LOSSES[name].gradient(z, target), gradient, dtype, slack)
            assert_close(LOSSES[name].curvature(z, target), curvature, dtype, slack)


# --- float64 finite differences: law 1 ----------------------------------------------------------------


@pytest.mark.parametrize("name", [*BINARY, *REGRESSION])
def test_gradient_and_curvature_equal_finite_differences(name: str) -> None:
    rng = np.random.default_rng(7)
    row, h = LOSSES[name], 1e-5
    z, y = rng.uniform(-6, 6, 400), rng.uniform(0, 1, 400)
    smooth = np.ones_like(z, dtype=bool)
    for kink in (np.abs(z) - 1, z - y, np.abs(z - y) - 1):
        smooth &= np.abs(kink) > 1e-3
    z, y = z[smooth], y[smooth]
    gradient = (row.value(z + h, y) - row.value(z - h, y)) / (2 * h)
    curvature = (row.gradient(z + h, y) - row.gradient(z - h, y)) / (2 * h)
    np.testing.assert_allclose(row.gradient(z, y), gradient, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(row.curvature(z, y), curvature, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", MULTICLASS)
def test_gradient_and_curvature_of_many_logits_equal_finite_differences(name: str) -> None:
    rng = np.random.default_rng(7)
    row, h = LOSSES[name], 1e-5
    z, y = rng.normal(0, 3, (50, 4)), rng.integers(0, 4, 50)
    for k in range(4):
        step = h * np.eye(4)[k]
        gradient = (row.value(z + step, y) - row.value(z - step, y)) / (2 * h)
        curvature = (row.gradient(z + step, y) - row.gradient(z - step, y))[:, k] / (2 * h)
        np.testing.assert_allclose(row.gradient(z, y)[:, k], gradient, rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(row.curvature(z, y)[:, k], curvature, rtol=1e-7, atol=1e-8)


# --- torch's own losses -------------------------------------------------------------------------------

TORCH: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sigmoid-mse": lambda z, y: F.mse_loss(torch.sigmoid(z), y, reduction="none"),
    "sigmoid-half-mse": lambda z, y: F.mse_loss(torch.sigmoid(z), y, reduction="none") / 2,
    "tanh-mse": lambda z, y: F.mse_loss(torch.tanh(z), 2 * y - 1, reduction="none"),
    "sigmoid-ce": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none"),
    "mse": lambda z, y: F.mse_loss(z, y, reduction="none"),
    "mae": lambda z, y: F.l1_loss(z, y, reduction="none"),
    "huber": lambda z, y: F.huber_loss(z, y, reduction="none"),
    "poisson-nll": lambda z, y: F.poisson_nll_loss(z, y, reduction="none"),
    "gaussian-nll": lambda z, y: F.gaussian_nll_loss(z, y, torch.ones_like(z), reduction="none"),
}
TORCH_OF_MANY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "softmax-ce": lambda z, y: F.cross_entropy(z, y, reduction="none"),
    "softmax-ce-smoothed": lambda z, y: F.cross_entropy(z, y, reduction="none", label_smoothing=0.1),
    "softmax-mse": lambda z, y: (torch.softmax(z, -1) - F.one_hot(y, 5)).square().sum(-1),
    "sigmoid-bce-onehot": lambda z, y: F.binary_cross_entropy_with_logits(
        z, F.one_hot(y, 5).double(), reduction="none"
    ).sum(-1),
    "sigmoid-mse-onehot": lambda z, y: (torch.sigmoid(z) - F.one_hot(y, 5)).square().sum(-1),
}


@pytest.mark.parametrize("name", TORCH)
def test_losses_agree_with_torch(name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    z = (4 * torch.randn(300, generator=generator, dtype=torch.float64)).requires_grad_()
    y = torch.rand(300, generator=generator, dtype=torch.float64)
    theirs = TORCH[name](z, y)
    (slope,) = torch.autograd.grad(theirs.sum(), z)
    torch.testing.assert_close(LOSSES[name].value(z, y), theirs.detach(), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(LOSSES[name].gradient(z, y), slope, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", TORCH_OF_MANY)
def test_multiclass_losses_agree_with_torch(name: str) -> None:
    generator = torch.Generator().manual_seed(3)
    z = (4 * torch.randn(300, 5, generator=generator, dtype=torch.float64)).requires_grad_()
    y = torch.randint(5, (300,), generator=generator)
    theirs = TORCH_OF_MANY[name](z, y)
    (slope,) = torch.autograd.grad(theirs.sum(), z)
    torch.testing.assert_close(LOSSES[name].value(z, y), theirs.detach(), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(LOSSES[name].gradient(z, y), slope, rtol=1e-10, atol=1e-14)


def test_hinges_agree_with_torch_on_labels_of_plus_and_minus_one() -> None:
    z = torch.linspace(-3, 3, 50, dtype=torch.float64)
    for y in (0.0, 1.0):
        label = torch.full_like(z, 2 * y - 1)
        margin = torch.tensor(
            [F.multi_margin_loss(torch.stack([-a, a]) / 2, torch.tensor(int(y))) for a in z]
        )
        torch.testing.assert_close(LOSSES["hinge"].value(z, y), 2 * margin.double())
        torch.testing.assert_close(LOSSES["squared-hinge"].value(z, y), (1 - label * z).clamp_min(0) ** 2)


# --- known values ------------------------------------------------------------------------------

Z = np.linspace(-30, 30, 2001)


def test_gradient_of_squared_error_is_largest_at_two_thirds() -> None:
    gradient = LOSSES["sigmoid-mse"].gradient(Z, 0.0).numpy()
    assert float(LOSSES["sigmoid-mse"].gradient(math.log(2), 0.0)) == pytest.approx(8 / 27, rel=1e-14)
    assert gradient.max() <= 8 / 27
    assert expit(Z[gradient.argmax()]) == pytest.approx(2 / 3, abs=0.01)


def test_curvature_of_squared_error_is_negative_beyond_two_thirds() -> None:
    curvature = LOSSES["sigmoid-mse"].curvature(Z, 0.0).numpy()
    np.testing.assert_array_equal(curvature < 0, math.log(2) < Z)


def test_cross_entropy_has_gradient_p_minus_y_and_curvature_p_times_1_minus_p() -> None:
    for y in (0.0, 0.3, 1.0):
        p = expit(Z)
        np.testing.assert_allclose(LOSSES["sigmoid-ce"].gradient(Z, y), p - y, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(LOSSES["sigmoid-ce"].curvature(Z, y), p * expit(-Z), rtol=1e-12)
    assert float(LOSSES["sigmoid-ce"].curvature(0.0, 0.0)) == 0.25
    assert bool((LOSSES["sigmoid-ce"].curvature(Z, 0.0) > 0).all())


def test_at_4_the_gradient_of_cross_entropy_is_28_times_as_large() -> None:
    gradient = {name: float(LOSSES[name].gradient(4.0, 0.0)) for name in PROBABILISTIC}
    p = 1 / (1 + math.exp(-4))
    ratio = gradient["sigmoid-ce"] / gradient["sigmoid-mse"]
    assert ratio == pytest.approx(1 / (2 * p * (1 - p)), rel=1e-12)
    assert ratio == pytest.approx(28.3, abs=0.05)
    assert gradient["sigmoid-ce"] / gradient["sigmoid-half-mse"] == pytest.approx(2 * ratio, rel=1e-12)


def test_float32_gradient_of_a_saturated_sigmoid_is_accurate() -> None:
    slope = LOSSES["sigmoid-mse"].gradient(torch.tensor(80.0), 0.0)
    assert slope.dtype == torch.float32
    assert float(slope) == pytest.approx(2 * math.exp(-80), rel=1e-5)


def test_float32_cross_entropy_is_17_at_17() -> None:
    z = torch.tensor(17.0)
    assert float(LOSSES["sigmoid-ce"].value(z, 0.0)) == 17.0
    assert float(LOSSES["sigmoid-ce"].gradient(z, 0.0)) == pytest.approx(1.0)


def test_gradient_of_softmax_with_squared_error_is_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(0, 2, (100, 6)), rng.integers(0, 6, 100)
    p, target = softmax(z, axis=-1), np.eye(6)[y]
    miss = p - target
    closed = 2 * p * (miss - (p * miss).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(LOSSES["softmax-mse"].gradient(z, y), closed, rtol=1e-10, atol=1e-15)
    assert not np.allclose(LOSSES["softmax-mse"].gradient(z, y), miss * p * (1 - p), atol=0.01)


def test_gradient_of_softmax_cross_entropy_is_p_minus_target() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(0, 2, (100, 6)), rng.integers(0, 6, 100)
    p = softmax(z, axis=-1)
    np.testing.assert_allclose(LOSSES["softmax-ce"].gradient(z, y), p - np.eye(6)[y], rtol=1e-10)
    np.testing.assert_allclose(LOSSES["softmax-ce"].curvature(z, y), p * (1 - p), rtol=1e-10)


def test_huber_of_3_is_2_and_a_half() -> None:
    assert float(LOSSES["huber"].value(3.0, 0.0)) == 2.5


def test_minimum_of_smoothed_cross_entropy_is_half_a_nat() -> None:
    target = np.full(10, 0.01) + 0.9 * np.eye(10)[0]
    assert float(LOSSES["softmax-ce-smoothed"].value(np.log(target), 0)) == pytest.approx(0.5003, abs=5e-5)
    np.testing.assert_allclose(LOSSES["softmax-ce-smoothed"].gradient(np.log(target), 0), 0, atol=1e-15)


@pytest.mark.parametrize("classes", [2, 10])
def test_uniform_prediction_has_a_loss_of_the_logarithm_of_the_number_of_classes(classes: int) -> None:
    assert float(LOSSES["softmax-ce"].value(np.zeros(classes), 1)) == pytest.approx(math.log(classes))


def test_narrow_gaussian_has_a_negative_loss() -> None:
    density = float(LOSSES["gaussian-nll"].set(sigma=0.1).value(2.0, 2.0)) + 0.5 * math.log(2 * math.pi)
    assert density == pytest.approx(-1.38, abs=0.005)


def test_cross_entropy_of_a_soft_target_is_never_below_its_entropy() -> None:
    y = 0.3
    floor = -y * math.log(y) - (1 - y) * math.log(1 - y)
    assert float(LOSSES["sigmoid-ce"].value(Z, y).min()) >= floor
    assert float(LOSSES["sigmoid-ce"].value(math.log(y / (1 - y)), y)) == pytest.approx(floor, rel=1e-14)


def test_loss_and_accuracy_can_disagree() -> None:
    loss = LOSSES["sigmoid-ce"]

    def mean(*p: float) -> float:
        return float(loss.value(np.log(p) - np.log1p(-np.array(p)), 1.0).mean())

    assert mean(0.51, 0.51, 0.51) == pytest.approx(0.673, abs=5e-4)
    assert mean(0.99, 0.99, 0.49) == pytest.approx(0.244, abs=5e-4)


def test_the_best_constant_for_a_quantile_loss_is_the_quantile() -> None:
    y = np.arange(1, 101, dtype=float)
    for tau in (0.1, 0.5, 0.9):
        guesses = np.linspace(0, 100, 1001)
        cost = LOSSES["quantile"].set(tau=tau).value(guesses[:, None], y).mean(dim=1).numpy()
        assert guesses[cost.argmin()] == pytest.approx(np.quantile(y, tau), abs=1.0)


def test_log_cosh_is_half_the_square_at_a_thousandth_in_float32() -> None:
    r = torch.tensor(1e-3)
    assert float(LOSSES["log-cosh"].value(r, 0.0)) == pytest.approx(math.log(math.cosh(1e-3)), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "at", "y"),
    [("hinge", 1.0, 1.0), ("hinge", -1.0, 0.0), ("mae", 2.0, 2.0), ("quantile", 2.0, 2.0)],
)
def test_gradient_at_a_kink_is_zero_as_the_row_says(name: str, at: float, y: float) -> None:
    assert float(LOSSES[name].gradient(at, y)) == 0.0
    assert float(LOSSES[name].curvature(at, y)) == 0.0
    assert "slope 0 at the kink" in LOSSES[name].convention


# --- shapes, kinds of input, results ------------------------------------------------------------------


@pytest.mark.parametrize("name", [*BINARY, *REGRESSION])
@pytest.mark.parametrize(
    ("z_shape", "y_shape", "shape"),
    [
        ((), (), ()),
        ((0,), (), (0,)),
        ((0, 3), (3,), (0, 3)),
        ((5,), (), (5,)),
        ((), (5,), (5,)),
        ((3, 1), (4,), (3, 4)),
        ((2, 3, 4), (2, 3, 4), (2, 3, 4)),
    ],
)
def test_shapes_broadcast(
    name: str, z_shape: tuple[int, ...], y_shape: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    z, y = torch.full(z_shape, 2.5), torch.full(y_shape, 0.5)
    single = [
        float(part(2.5, 0.5)) for part in (LOSSES[name].value, LOSSES[name].gradient, LOSSES[name].curvature)
    ]
    together = [part(z, y) for part in (LOSSES[name].value, LOSSES[name].gradient, LOSSES[name].curvature)]
    for one, many in zip(single, together, strict=True):
        assert many.shape == shape
        np.testing.assert_allclose(many, np.full(shape, one), rtol=1e-5)


@pytest.mark.parametrize("name", MULTICLASS)
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 0), (2, 3)])
def test_shapes_of_many_logits(name: str, shape: tuple[int, ...]) -> None:
    z = torch.linspace(-2, 2, 4).expand(*shape, 4)
    y = torch.ones(shape, dtype=torch.int64)
    assert LOSSES[name].value(z, y).shape == shape
    assert LOSSES[name].gradient(z, y).shape == (*shape, 4)
    assert LOSSES[name].curvature(z, y).shape == (*shape, 4)


@pytest.mark.parametrize("name", LOSSES)
def test_numbers_lists_numpy_and_torch_give_the_same_detached_result(name: str) -> None:
    many = LOSSES[name].task == "multiclass"
    z = [[0.5, -1.5, 2.0], [2.0, 0.25, -3.0]] if many else [0.5, -1.5, 2.0]
    y = [2, 0] if many else [1, 0, 1]
    tensor = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    before = tensor.detach().clone()
    for part in (LOSSES[name].value, LOSSES[name].gradient, LOSSES[name].curvature):
        ours = part(tensor, torch.tensor(y))
        assert not ours.requires_grad
        for other in (part(z, y), part(np.array(z), np.array(y)), part(np.array(z)[::-1].copy()[::-1], y)):
            assert other.dtype == torch.float64
            torch.testing.assert_close(other, ours, rtol=0, atol=0)
    assert tensor.grad is None
    assert torch.equal(tensor, before)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_works_under_no_grad(name: str) -> None:
    z, y = ([0.5, -1.5, 2.0], 2) if LOSSES[name].task == "multiclass" else (0.5, 0)
    expected = LOSSES[name].gradient(z, y)
    with torch.no_grad():
        torch.testing.assert_close(LOSSES[name].gradient(z, y), expected)
        LOSSES[name].curvature(z, y)


@pytest.mark.parametrize("name", LOSSES)
def test_calling_a_row_is_differentiable_for_training(name: str) -> None:
    many = LOSSES[name].task == "multiclass"
    z = torch.tensor([[0.5, -1.5, 2.0]] if many else [0.5], requires_grad=True)
    y = torch.tensor([2]) if many else torch.tensor([0.0])
    LOSSES[name](z, y).sum().backward()
    torch.testing.assert_close(z.grad, LOSSES[name].gradient(z, y))


def test_integers_and_booleans_are_targets() -> None:
    assert float(LOSSES["sigmoid-ce"].value(0, 1)) == pytest.approx(math.log(2))
    assert float(LOSSES["sigmoid-ce"].gradient([1.0], [True])[0]) == pytest.approx(expit(1) - 1)
    assert float(LOSSES["softmax-ce"].value(np.zeros(3), np.uint8(2))) == pytest.approx(math.log(3))


# --- settings -----------------------------------------------------------------------------------------


def test_settings_mean_the_same_as_in_torch() -> None:
    r = torch.linspace(-5, 5, 41, dtype=torch.float64)
    zero = torch.zeros_like(r)
    torch.testing.assert_close(
        LOSSES["huber"].set(delta=2).value(r, zero), F.huber_loss(r, zero, reduction="none", delta=2.0)
    )
    torch.testing.assert_close(
        LOSSES["gaussian-nll"].set(sigma=0.5).value(r, zero),
        F.gaussian_nll_loss(r, zero, torch.full_like(r, 0.25), reduction="none"),
    )
    z, y = torch.randn(20, 6, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 6
    torch.testing.assert_close(
        LOSSES["softmax-ce-smoothed"].set(smoothing=0.3).value(z, y),
        F.cross_entropy(z, y, reduction="none", label_smoothing=0.3),
    )


def test_focal_without_gamma_is_cross_entropy() -> None:
    plain = LOSSES["focal"].set(gamma=0)
    for y in (0.0, 0.4, 1.0):
        np.testing.assert_allclose(plain.value(Z, y), LOSSES["sigmoid-ce"].value(Z, y), rtol=1e-14)
        np.testing.assert_allclose(plain.gradient(Z, y), LOSSES["sigmoid-ce"].gradient(Z, y), atol=1e-15)


def test_no_smoothing_is_cross_entropy() -> None:
    z = np.random.default_rng(0).normal(0, 3, (20, 5))
    y = np.arange(20) % 5
    np.testing.assert_allclose(
        LOSSES["softmax-ce-smoothed"].set(smoothing=0.0).value(z, y), LOSSES["softmax-ce"].value(z, y)
    )


def test_set_returns_a_new_row() -> None:
    wide = LOSSES["huber"].set(delta=10)
    assert float(wide.value(3.0, 0.0)) == 4.5
    assert float(LOSSES["huber"].value(3.0, 0.0)) == 2.5
    assert float(wide.set(delta=1).value(3.0, 0.0)) == 2.5
    assert wide.set(delta=1).overrides == (("delta", 1.0),)


@pytest.mark.parametrize("name", [name for name, row in LOSSES.items() if row.settings])
def test_setting_out_of_range_is_named_with_its_range(name: str) -> None:
    for key, setting in LOSSES[name].settings.items():
        assert setting.low <= setting.default <= setting.high
        assert setting.meaning
        for wrong in (setting.low - 1, setting.high * 2 + 1, math.nan, math.inf, "1", None, 10**400):
            with pytest.raises(ValueError, match=rf"{key} of {name} must be a number in \["):
                LOSSES[name].set(**{key: wrong})  # type: ignore[arg-type]
        for edge in (setting.low, setting.high):
            shaped = LOSSES[name].set(**{key: edge})
            z = [0.5, 2.0] if shaped.task == "multiclass" else 2.5
            assert bool(torch.isfinite(shaped.value(z, 1)))
            assert bool(torch.isfinite(shaped.gradient(z, 1)).all())


def test_unknown_setting_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="huber has no setting 'gamma'; it has: delta"):
        LOSSES["huber"].set(gamma=1.0)
    with pytest.raises(ValueError, match="mse has no setting 'delta'; it has: none"):
        LOSSES["mse"].set(delta=1.0)


# --- invalid targets -------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [-0.1, 1.5, -1, 2, math.nan, math.inf])
@pytest.mark.parametrize("name", BINARY)
def test_binary_target_outside_0_to_1_raises(name: str, wrong: float) -> None:
    for part in (LOSSES[name].value, LOSSES[name].gradient, LOSSES[name].curvature):
        with pytest.raises(ValueError, match=rf"y of {name} must lie in \[0, 1\]; got {wrong:g}"):
            part([0.0, 1.0], [0.5, wrong])


@pytest.mark.parametrize("name", MULTICLASS)
@pytest.mark.parametrize(
    ("z", "y", "sentence"),
    [
        (np.zeros((2, 3)), [0, 3], "must be a class from 0 to 2; got 3"),
        (np.zeros((2, 3)), [-1, 2], "must be a class from 0 to 2; got -1"),
        (np.zeros((2, 3)), [0, 1, 2], r"must have shape \(2,\); got \(3,\)"),
        (np.zeros((2, 3)), [0.0, 1.0], r"got floats of shape \(2,\)"),
        (np.zeros((1, 3)), [[0.5, 1.5, -1.0]], r"must lie in \[0, 1\]; got 1.5"),
        (np.zeros((1, 3)), [[0.5, math.nan, 0.5]], r"must lie in \[0, 1\]; got nan"),
        (np.zeros((2, 1)), [0, 0], "needs at least 2 logits on its last axis"),
        (0.0, 0, "needs at least 2 logits on its last axis"),
    ],
)
def test_invalid_class_raises(name: str, z: np.ndarray, y: list[float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        LOSSES[name].value(z, y)


@pytest.mark.parametrize("name", [name for name in MULTICLASS if LOSSES[name].activation == "softmax"])
def test_probabilities_that_do_not_sum_to_1_raise(name: str) -> None:
    with pytest.raises(ValueError, match=r"must add up to 1; got 0\.7"):
        LOSSES[name].value(np.zeros((2, 3)), [[0.5, 0.5, 0.0], [0.5, 0.2, 0.0]])


def test_negative_count_raises() -> None:
    with pytest.raises(ValueError, match="y of poisson-nll must be a count, 0 or more; got -1"):
        LOSSES["poisson-nll"].value([0.0, 1.0], [2, -1])


def test_shapes_that_do_not_broadcast_raise() -> None:
    with pytest.raises(ValueError, match=r"broadcasts with z, \(3,\); got \(2,\)"):
        LOSSES["mse"].value(np.zeros(3), np.zeros(2))
