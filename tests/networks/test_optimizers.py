"""Every optimizer is torch's own, and the textbook's arithmetic on a bowl."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from lossviz import OPTIMIZERS

# What each row promises, written out a second time: the class of torch.optim and its arguments.
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
BOWL = torch.tensor([3.0, 0.5], dtype=torch.float64)  # the loss is the sum of BOWL w^2 / 2
START = (2.0, -1.5)


def walk(
    build: Callable[[list[torch.Tensor], float], torch.optim.Optimizer],
    lr: float,
    steps: int,
    rosenbrock: bool = False,
) -> np.ndarray:
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = build([w], lr)

    def closure() -> float:
        optimizer.zero_grad()
        bowl = (BOWL * w**2).sum() / 2
        loss = (1 - w[0]) ** 2 + 5 * (w[1] - w[0] ** 2) ** 2 if rosenbrock else bowl
        loss.backward()
        return float(loss.detach())

    path = [w.detach().numpy().copy()]
    for _ in range(steps):
        optimizer.step(closure)
        path.append(w.detach().numpy().copy())
    return np.array(path)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_row_is_the_torch_optimizer_that_it_says(name: str) -> None:
    lr = 1.0 if name == "lbfgs" else 0.01
    ours = walk(lambda w, rate: OPTIMIZERS[name].build(w, rate), lr, 30, rosenbrock=True)
    np.testing.assert_array_equal(ours, walk(TORCH[name], lr, 30, rosenbrock=True))


def by_hand(name: str, lr: float, steps: int) -> np.ndarray:
    """The formula of each row in plain float arithmetic, one weight after the other."""
    paths = []
    for curvature, w in zip(BOWL.tolist(), START, strict=True):
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


@pytest.mark.parametrize("name", [name for name, row in OPTIMIZERS.items() if row.elementwise])
def test_the_formula_is_what_is_done(name: str) -> None:
    ours = walk(lambda w, lr: OPTIMIZERS[name].build(w, lr), 0.05, 60)
    np.testing.assert_allclose(ours, by_hand(name, 0.05, 60), rtol=1e-9, atol=1e-12)


def test_lbfgs_finds_the_bottom_of_a_bowl_in_a_few_steps() -> None:
    path = walk(lambda w, lr: OPTIMIZERS["lbfgs"].build(w, lr), 1.0, 8)
    np.testing.assert_allclose(path[-1], 0, atol=1e-6)


@pytest.mark.parametrize(("lr_times_sharpness", "converges"), [(1.99, True), (2.01, False)])
def test_gradient_descent_holds_up_to_two_over_the_sharpness(
    lr_times_sharpness: float, converges: bool
) -> None:
    path = walk(lambda w, lr: OPTIMIZERS["sgd"].build(w, lr), lr_times_sharpness / 3.0, 400)
    assert (abs(path[-1, 0]) < abs(START[0])) == converges


@pytest.mark.parametrize(("lr_times_sharpness", "converges"), [(3.75, True), (3.85, False)])
def test_the_heavy_ball_holds_up_to_two_plus_two_beta(lr_times_sharpness: float, converges: bool) -> None:
    path = walk(lambda w, lr: OPTIMIZERS["momentum"].build(w, lr), lr_times_sharpness / 3.0, 400)
    assert (abs(path[-1, 0]) < abs(START[0])) == converges


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_usual_rate_goes_down(name: str) -> None:
    path = walk(lambda w, lr: OPTIMIZERS[name].build(w, lr), OPTIMIZERS[name].default_lr, 50)
    loss = (BOWL.numpy() * path**2).sum(axis=1)
    assert loss[-1] < loss[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_elementwise_says_whether_weights_are_stepped_apart(name: str) -> None:
    together = walk(lambda w, lr: OPTIMIZERS[name].build(w, lr), 0.3, 5)
    w = torch.tensor(START[:1], dtype=torch.float64, requires_grad=True)
    optimizer = OPTIMIZERS[name].build([w], 0.3)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (BOWL[:1] * w**2).sum() / 2
        loss.backward()
        return float(loss.detach())

    for _ in range(5):
        optimizer.step(closure)
    apart = w.detach().item()
    assert (apart == pytest.approx(together[-1, 0], rel=1e-12, abs=1e-15)) == OPTIMIZERS[name].elementwise


@pytest.mark.parametrize("lr", [0.0, -0.1, math.nan, math.inf, "fast", None])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_bad_learning_rate_is_named(name: str, lr: float) -> None:
    with pytest.raises(ValueError, match="lr must be a finite number above 0; got"):
        OPTIMIZERS[name].build([torch.zeros(1, requires_grad=True)], lr)
