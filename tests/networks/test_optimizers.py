"""Every optimizer equals that of torch, and the textbook formula on a quadratic."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from lossviz import OPTIMIZERS

# The same optimizers written with torch alone.
TORCH: dict[str, Callable[[list[torch.Tensor], float], torch.optim.Optimizer]] = {
    "sgd": lambda w, lr: torch.optim.SGD(w, lr=lr),
    "momentum": lambda w, lr: torch.optim.SGD(w, lr=lr, momentum=0.9),
    "nesterov": lambda w, lr: torch.optim.SGD(w, lr=lr, momentum=0.9, nesterov=True),
    "rmsprop": lambda w, lr: torch.optim.RMSprop(w, lr=lr, alpha=0.99, eps=1e-8),
    "adam": lambda w, lr: torch.optim.Adam(w, lr=lr, betas=(0.9, 0.999), eps=1e-8),
    "adamw": lambda w, lr: torch.optim.AdamW(w, lr=lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01),
    "lbfgs": lambda w, lr: torch.optim.LBFGS(
        w, lr=lr, max_iter=1, max_eval=30, history_size=10, line_search_fn="strong_wolfe"
    ),
}
CURVATURES = torch.tensor([3.0, 0.5], dtype=torch.float64)  # the loss is the sum of CURVATURES w^2 / 2
START = (2.0, -1.5)


def path_of(
    build: Callable[[list[torch.Tensor], float], torch.optim.Optimizer],
    lr: float,
    steps: int,
    rosenbrock: bool = False,
) -> np.ndarray:
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = build([w], lr)

    def closure() -> float:
        optimizer.zero_grad()
        quadratic = (CURVATURES * w**2).sum() / 2
        loss = (1 - w[0]) ** 2 + 5 * (w[1] - w[0] ** 2) ** 2 if rosenbrock else quadratic
        loss.backward()
        return float(loss.detach())

    path = [w.detach().numpy().copy()]
    for _ in range(steps):
        optimizer.step(closure)
        path.append(w.detach().numpy().copy())
    return np.array(path)


def test_every_optimizer_is_written_with_torch_and_by_hand() -> None:
    elementwise = [name for name, row in OPTIMIZERS.items() if row.elementwise]
    for names, table, title in ((OPTIMIZERS, TORCH, "TORCH"), (elementwise, BY_HAND, "by_hand and BY_HAND")):
        lacking = ", ".join(sorted(set(names) - set(table)))
        assert not lacking, f"write {lacking} a second time in {title} in tests/networks/test_optimizers.py"
    assert set(TORCH) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", TORCH)
def test_row_builds_the_torch_optimizer(name: str) -> None:
    lr = 0.01 if OPTIMIZERS[name].elementwise else 1.0  # L-BFGS searches along a line
    ours = path_of(lambda w, rate: OPTIMIZERS[name].build(w, rate), lr, 30, rosenbrock=True)
    np.testing.assert_array_equal(ours, path_of(TORCH[name], lr, 30, rosenbrock=True))


BY_HAND = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")


def by_hand(name: str, lr: float, steps: int) -> np.ndarray:
    """The textbook formula in float arithmetic, one weight after the other."""
    paths = []
    for curvature, w in zip(CURVATURES.tolist(), START, strict=True):
        v = m = s = 0.0
        path = [w]
        for t in range(1, steps + 1):
            g = curvature * w
            if name == "sgd":
                w -= lr * g
            elif name == "momentum":
                v = 0.9 * v + g
                w -= lr * v
            elif name == "nesterov":
                v = 0.9 * v + g
                w -= lr * (g + 0.9 * v)
            elif name == "rmsprop":
                s = 0.99 * s + 0.01 * g**2
                w -= lr * g / (math.sqrt(s) + 1e-8)
            else:
                m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
                w *= 1 - 0.01 * lr if name == "adamw" else 1
                w -= lr * (m / (1 - 0.9**t)) / (math.sqrt(s / (1 - 0.999**t)) + 1e-8)
            path.append(w)
        paths.append(path)
    return np.array(paths).T


@pytest.mark.parametrize("name", BY_HAND)
def test_steps_follow_the_formula(name: str) -> None:
    ours = path_of(lambda w, lr: OPTIMIZERS[name].build(w, lr), 0.05, 60)
    np.testing.assert_allclose(ours, by_hand(name, 0.05, 60), rtol=1e-9, atol=1e-12)


def test_lbfgs_minimizes_a_quadratic_in_a_few_steps() -> None:
    path = path_of(lambda w, lr: OPTIMIZERS["lbfgs"].build(w, lr), 1.0, 8)
    np.testing.assert_allclose(path[-1], 0, atol=1e-6)


@pytest.mark.parametrize(("lr_times_sharpness", "converges"), [(1.99, True), (2.01, False)])
def test_gradient_descent_is_stable_up_to_two_over_the_sharpness(
    lr_times_sharpness: float, converges: bool
) -> None:
    path = path_of(lambda w, lr: OPTIMIZERS["sgd"].build(w, lr), lr_times_sharpness / 3.0, 400)
    assert (abs(path[-1, 0]) < abs(START[0])) == converges


@pytest.mark.parametrize(("lr_times_sharpness", "converges"), [(3.75, True), (3.85, False)])
def test_heavy_ball_is_stable_up_to_two_plus_two_beta(lr_times_sharpness: float, converges: bool) -> None:
    path = path_of(lambda w, lr: OPTIMIZERS["momentum"].build(w, lr), lr_times_sharpness / 3.0, 400)
    assert (abs(path[-1, 0]) < abs(START[0])) == converges


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_default_learning_rate_decreases_the_loss(name: str) -> None:
    path = path_of(lambda w, lr: OPTIMIZERS[name].build(w, lr), OPTIMIZERS[name].default_lr, 50)
    loss = (CURVATURES.numpy() * path**2).sum(axis=1)
    assert loss[-1] < loss[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_elementwise_means_that_weights_are_updated_independently(name: str) -> None:
    together = path_of(lambda w, lr: OPTIMIZERS[name].build(w, lr), 0.3, 5)
    w = torch.tensor(START[:1], dtype=torch.float64, requires_grad=True)
    optimizer = OPTIMIZERS[name].build([w], 0.3)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (CURVATURES[:1] * w**2).sum() / 2
        loss.backward()
        return float(loss.detach())

    for _ in range(5):
        optimizer.step(closure)
    apart = w.detach().item()
    assert (apart == pytest.approx(together[-1, 0], rel=1e-12, abs=1e-15)) == OPTIMIZERS[name].elementwise


@pytest.mark.parametrize("lr", [0.0, -0.1, math.nan, math.inf, "fast", None])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_invalid_learning_rate_is_named(name: str, lr: float) -> None:
    with pytest.raises(ValueError, match="lr must be a finite number above 0; got"):
        OPTIMIZERS[name].build([torch.zeros(1, requires_grad=True)], lr)
