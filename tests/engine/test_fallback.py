"""Unexpected failures of a faster method warn, and the result names them; unsupported models do not warn."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import make, mlp
from torch import Tensor, nn

import lossviz
from lossviz.curvature import compiled
from lossviz.curvature.compiled import hessian_operator
from lossviz.curvature.eigenvalues import spectrum
from lossviz.curvature.products import AutogradHessian
from lossviz.engine import dispatch
from lossviz.engine.fallback import FallbackWarning
from lossviz.landscape.surface import surface
from lossviz.stability import run

CE = nn.CrossEntropyLoss()
ROOT = Path(lossviz.__file__).parent


class Broken:
    """Replaces a faster method."""

    name = "vectorized"

    def __init__(self, *_: Any) -> None:
        raise IndexError("a bug of lossviz")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "VectorizedEvaluator", Broken)
    monkeypatch.setattr(compiled, "CompiledHessian", Broken)


def test_an_unexpected_failure_warns_and_the_result_is_right(broken: None) -> None:
    model, data = make("mlp", examples=9)
    with pytest.warns(FallbackWarning, match="vectorized evaluator failed with IndexError: a bug of lossviz"):
        found = surface(model, CE, data, points=3)
    assert (found.facts.evaluator, found.facts.reason) == (
        "reference",
        "the vectorized evaluator failed with IndexError",
    )
    assert found.loss[1, 1] == pytest.approx(float(CE(model.eval()(data[0]), data[1]).detach()), rel=1e-6)
    with pytest.warns(FallbackWarning, match="compiled Hessian failed with IndexError: a bug of lossviz"):
        hessian = hessian_operator(model, CE, data)
    assert hessian.reason == "the compiled Hessian failed with IndexError"
    row = torch.ones_like(hessian.like)
    assert torch.equal(hessian @ row, AutogradHessian(model, CE, data) @ row)


def test_the_warning_is_an_error_in_tests(broken: None) -> None:
    """A test in which a faster method fails unexpectedly fails, too."""
    model, data = make("mlp", examples=9)
    for function in (surface, hessian_operator):
        with pytest.raises(FallbackWarning):
            function(model, CE, data)


# Its text contains the type of the error that it catches.
REPORTS_THE_ERROR = ("common/plain_text.py",)


def test_no_exception_is_swallowed() -> None:
    """A handler of all exceptions raises another one or warns."""
    silent = []
    for path in ROOT.rglob("*.py"):
        file = path.relative_to(ROOT).as_posix()
        if file in REPORTS_THE_ERROR:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = "Exception" if node.type is None else ast.unparse(node.type)
            if caught not in ("Exception", "BaseException"):
                continue
            inside = [inner for statement in node.body for inner in ast.walk(statement)]
            if not any(isinstance(i, ast.Raise) or getattr(i, "id", "") == "warn_fallback" for i in inside):
                silent.append(f"{file}:{node.lineno}")
    assert silent == []


class FixedBatchSize(nn.Module):
    """Runs on 90 examples only."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self.first, self.last, self.method = nn.Linear(4, 5), nn.Linear(5, 3), method

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.first(x))
        return self.last(h.view(90, 5) if self.method == "view" else h + torch.zeros(90, 5))


@pytest.mark.parametrize("method", ["view", "zeros"])
def test_a_model_with_a_fixed_batch_size_is_differentiated_by_autograd(method: str) -> None:
    model, data = FixedBatchSize(method), (torch.randn(90, 4), torch.randint(0, 3, (90,)))
    hessian = hessian_operator(model, CE, data)
    assert isinstance(hessian, AutogradHessian)
    assert hessian.reason == "the model or the loss uses a pass that runs on 90 examples only"
    assert surface(model, CE, data, points=3).facts.evaluator == "vectorized"


class Autocasting(nn.Module):
    """Computes in bfloat16 inside."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = mlp(4, 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.layer(x).float()


@pytest.mark.parametrize(
    "model",
    [Autocasting(), nn.Sequential(nn.Linear(4, 3), nn.Tanh())],
    ids=["inside the model", "around all"],
)
def test_a_model_under_autocast_is_left_to_the_reference_evaluator(model: nn.Module) -> None:
    data = (torch.randn(20, 4), torch.randint(0, 3, (20,)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, hessian = surface(model, CE, data, points=3), hessian_operator(model, CE, data)
    assert found.facts.evaluator == "reference"
    assert found.facts.reason == "the model or the loss uses linear in bfloat16, as under autocast"
    assert hessian.reason == found.facts.reason


def test_a_loss_that_is_not_finite_is_named_as_the_reason() -> None:
    model, data = make("mlp", examples=9)
    found = surface(model, lambda o, t: CE(o, t) * np.inf, data, points=2)
    assert "not finite at two random points" in found.facts.reason


def test_an_error_of_the_user_is_one_sentence_and_no_warning() -> None:
    model, data = make("mlp", examples=9)

    def failing(outputs: Tensor, targets: Tensor) -> Tensor:
        raise IndexError("the user's error")

    with pytest.raises(ValueError, match="IndexError: the user's error"):
        surface(model, failing, data, points=2)
    with pytest.raises(ValueError, match="cannot be differentiated here: IndexError: the user's error"):
        hessian_operator(model, failing, data)


@pytest.mark.parametrize("loss_fn", [nn.MultiMarginLoss(), lambda o, t: F.multi_margin_loss(o, t) + o.sum()])
def test_a_loss_without_a_second_derivative_is_differentiated_by_differences(loss_fn: Any) -> None:
    model, (x, y) = make("mlp", examples=9)
    found = spectrum(model, loss_fn, (x, y), k=1, samples=2)
    assert (
        "differences of gradients in float64, since the loss cannot be differentiated twice" in found.method
    )


def test_an_error_during_a_training_is_not_taken_for_divergence(monkeypatch: pytest.MonkeyPatch) -> None:
    class FailingTracker(run.TopEigenvalueTracker):
        calls = 0

        def __call__(self, product: Any) -> float:
            self.calls += 1
            if self.calls > 2:
                raise ValueError("something else")
            return super().__call__(product)

    monkeypatch.setattr(run, "TopEigenvalueTracker", FailingTracker)
    model, data = make("mlp", examples=9)
    with pytest.raises(ValueError, match="something else"):
        run.edge_run(model, CE, data, 0.1, steps=5)
