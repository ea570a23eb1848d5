"""Named points of a plane are the models they are named after, buffers and frozen parameters included."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from support.models import make
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

import lossviz as lv
from lossviz.engine.dispatch import choose_evaluator
from lossviz.engine.reference import ReferenceEvaluator
from lossviz.engine.vectorized import VectorizedEvaluator
from lossviz.landscape.evaluation import losses_at, prepare

CE = nn.CrossEntropyLoss()
ENDS = ("batch-norm", "cnn", "frozen", "steps", "spectral")


class Steps(nn.Module):
    """A model that reads an integer buffer, and one of floating-point numbers outside of BatchNorm."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.register_buffer("steps", torch.tensor(0))
        self.register_buffer("shift", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) * (1 + self.steps) + self.shift


def frozen() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    model[0].requires_grad_(False)
    return model


OTHERS: dict[str, Callable[[], nn.Module]] = {
    "frozen": frozen,
    "steps": Steps,
    "spectral": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3)),
}


def three(name: str) -> tuple[list[nn.Module], tuple[Tensor, Tensor]]:
    """Three models of one kind with other weights and other buffers, and data."""
    if name not in OTHERS:
        return [make(name, seed=seed)[0] for seed in range(3)], make(name)[1]
    generator, models = torch.Generator().manual_seed(0), []
    for seed in range(3):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = OTHERS[name]()
        if isinstance(model, Steps):
            model.steps += 3 * seed
            model.shift += seed
        models.append(model)
    return models, (
        torch.randn(20, 4, generator=generator),
        torch.randint(0, 3, (20,), generator=generator),
    )


def true_loss(model: nn.Module, data: tuple[Tensor, Tensor]) -> float:
    twin = copy.deepcopy(model).double().eval()
    with torch.no_grad():
        return float(CE(twin(data[0].double()), data[1]))


@pytest.mark.parametrize("name", ENDS)
def test_named_points_are_their_models(name: str) -> None:
    models, data = three(name)
    wanted = [true_loss(model, data) for model in models]
    assert abs(wanted[1] - wanted[0]) > 1e-3
    line = lv.profile(models[0], CE, data, models[1], points=5, progress=False)
    np.testing.assert_allclose(line.loss[[1, 3]], wanted[:2], rtol=1e-5)
    fresh = copy.deepcopy(models[2])
    states = [copy.deepcopy(model.state_dict()) for model in models]
    for plane in (
        lv.interpolation_plane(*models[:2]),
        lv.interpolation_plane(*models),
        lv.pca_plane(models),
        lv.pca_plane(states, models[0]),
    ):
        path = lv.project(states[: 2 if "two" in plane.method else 3], plane)
        found = losses_at(fresh, CE, data, plane, path.a, path.b)
        np.testing.assert_allclose(found, wanted[: len(found)], rtol=1e-5, err_msg=plane.method)


@pytest.mark.parametrize("make_plane", [lv.random_plane, lambda m: lv.hessian_plane(m, CE, make("cnn")[1])])
def test_the_origin_is_its_model_through_another_module(make_plane: Callable[..., Any]) -> None:
    model, data = make("cnn")
    other, _ = make("cnn", seed=1)
    found = losses_at(other, CE, data, make_plane(model), [0.0], [0.0])
    np.testing.assert_allclose(found, true_loss(model, data), rtol=1e-5)


def test_a_fit_to_many_checkpoints_is_exact_at_the_last() -> None:
    models = [make("batch-norm", seed=seed)[0] for seed in range(6)]
    data = make("batch-norm")[1]
    plane = lv.pca_plane([model.state_dict() for model in models])
    found = losses_at(models[0], CE, data, plane, [0.0], [0.0])
    np.testing.assert_allclose(found, true_loss(models[-1], data), rtol=1e-5)
    facts = lv.surface(models[0], CE, data, plane, points=2, progress=False).facts
    assert facts.buffers == "buffers are a linear fit to those of the checkpoints"


@pytest.mark.parametrize("name", ["batch-norm", "cnn"])
def test_evaluators_agree_with_a_float64_loop_on_the_way_and_beyond(name: str) -> None:
    """Between the models buffers are linear; beyond, each stays within the models' range."""
    (first, second, _), data = three(name)
    plane = lv.interpolation_plane(first, second)
    points = np.array([[0.3, 0.0], [1.0, 0.1], [-1.5, 0.0], [2.5, -0.2]])
    task = prepare(first, CE, data, plane, ((-2, 3), (-1, 1)), None).task
    for evaluator in (ReferenceEvaluator(task), VectorizedEvaluator(task)):
        np.testing.assert_allclose(evaluator(points), by_hand(first, second, plane, data, points), rtol=1e-5)
    assert choose_evaluator(task, ((0, 1), (0, 1))).evaluator.name == "vectorized"


def by_hand(
    first: nn.Module, second: nn.Module, plane: lv.Plane, data: tuple[Tensor, Tensor], points: np.ndarray
) -> list[float]:
    losses = []
    for a, b in points:
        twin = copy.deepcopy(first).double()
        weights = plane.origin + a * plane.u.astype(float) + b * plane.v.astype(float)
        nn.utils.vector_to_parameters(torch.from_numpy(weights), twin.parameters())
        for mine, start, end in zip(twin.buffers(), first.buffers(), second.buffers(), strict=True):
            mine.copy_(torch.lerp(start.double(), end.double(), min(max(a, 0.0), 1.0)))
        losses.append(true_loss(twin, data))
    return losses


def test_recomputed_statistics_are_those_of_update_bn() -> None:
    (first, second, _), (x, y) = three("cnn")
    batches = [(x[:40], y[:40]), (x[40:], y[40:])]
    before = copy.deepcopy(second.state_dict())
    line = lv.profile(first, CE, batches, second, points=5, batchnorm="recompute", progress=False)
    for k, model in ((1, first), (3, second)):
        twin = copy.deepcopy(model).double()
        update_bn([(x[:40].double(),), (x[40:].double(),)], twin)
        assert line.loss[k] == pytest.approx(true_loss(twin, (x, y)), rel=1e-5)
    assert line.facts.buffers == "BatchNorm statistics estimated anew at each point"
    assert all(torch.equal(value, before[name]) for name, value in second.state_dict().items())


def test_eval_keeps_the_buffers_of_the_origin_and_the_figure_says_which() -> None:
    (first, second, _), data = three("batch-norm")
    mixed = copy.deepcopy(first)
    nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(second.parameters()), mixed.parameters())
    line = lv.profile(first, CE, data, second, points=5, batchnorm="eval", progress=False)
    assert line.loss[3] == pytest.approx(true_loss(mixed, data), rel=1e-5)
    for mode, said in (("eval", "as at (0, 0)"), ("interpolate", "linearly"), ("recompute", "anew")):
        drawn = lv.figures.profile(
            lv.profile(first, CE, data, second, points=2, batchnorm=mode, progress=False)
        )
        assert said in drawn.layout.annotations[0].text
    with pytest.raises(ValueError, match="'interpolate', 'eval', 'recompute'; got 'train'"):
        lv.surface(first, CE, data, batchnorm="train")


def test_moving_buffers_leave_the_models_and_shared_frozen_weights_as_they_are() -> None:
    (first, second, _), data = three("frozen")
    before = [copy.deepcopy(model.state_dict()) for model in (first, second)]
    lv.profile(first, CE, data, second, points=3, progress=False)
    lv.surface(first, CE, data, lv.interpolation_plane(second, first), points=3, progress=False)
    for model, state in zip((first, second), before, strict=True):
        assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
