"""A faster way that fails unexpectedly is warned of and named in the result; what it does not know is not."""

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
    """In the place of a faster way."""

    name = "vectorized"

    def __init__(self, *_: Any) -> None:
        raise IndexError("a fault of ours")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "VectorizedEvaluator", Broken)
    monkeypatch.setattr(compiled, "CompiledHessian", Broken)


def test_an_unexpected_failure_is_told_and_the_result_is_right(broken: None) -> None:
    model, data = make("mlp", examples=9)
    with pytest.warns(FallbackWarning, match="vectorized evaluator failed with IndexError: a fault of ours"):
        found = surface(model, CE, data, points=3)
    assert (found.facts.evaluator, found.facts.reason) == (
        "reference",
        "the vectorized evaluator failed with IndexError",
    )
    assert found.loss[1, 1] == pytest.approx(float(CE(model.eval()(data[0]), data[1]).detach()), rel=1e-6)
    with pytest.warns(FallbackWarning, match="compiled Hessian failed with IndexError: a fault of ours"):
        hessian = hessian_operator(model, CE, data)
    assert hessian.reason == "the compiled Hessian failed with IndexError"
    row = torch.ones_like(hessian.like)
    assert torch.equal(hessian @ row, AutogradHessian(model, CE, data) @ row)


def test_no_test_can_miss_one(broken: None) -> None:
    """Warnings are errors in all tests: each that takes a slower way unexpectedly fails."""
    model, data = make("mlp", examples=9)
    for asked in (surface, hessian_operator):
        with pytest.raises(FallbackWarning):
            asked(model, CE, data)


def test_no_failure_is_taken_in_silence() -> None:
    """Whoever catches every exception raises another or says so."""
    silent = []
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = "Exception" if node.type is None else ast.unparse(node.type)
            if caught not in ("Exception", "BaseException"):
                continue
            inside = [inner for statement in node.body for inner in ast.walk(statement)]
            if not any(isinstance(i, ast.Raise) or getattr(i, "id", "") == "warn_fallback" for i in inside):
                silent.append(f"{path.name}:{node.lineno}")
    assert silent == []


class Fixed(nn.Module):
    """Runs on as many examples as it was written for."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.first, self.last, self.how = nn.Linear(4, 5), nn.Linear(5, 3), how

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.first(x))
        return self.last(h.view(90, 5) if self.how == "view" else h + torch.zeros(90, 5))


@pytest.mark.parametrize("how", ["view", "zeros"])
def test_a_model_for_one_number_of_examples_is_differentiated_by_autograd(how: str) -> None:
    model, data = Fixed(how), (torch.randn(90, 4), torch.randint(0, 3, (90,)))
    hessian = hessian_operator(model, CE, data)
    assert isinstance(hessian, AutogradHessian)
    assert hessian.reason == "the model or the loss uses a pass that runs on 90 examples only"
    assert surface(model, CE, data, points=3).facts.evaluator == "vectorized"


class Casting(nn.Module):
    """Computes in bfloat16 on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = mlp(4, 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.layer(x).float()


@pytest.mark.parametrize("model", [Casting(), nn.Sequential(nn.Linear(4, 3), nn.Tanh())], ids=["own", "all"])
def test_what_is_cast_on_its_way_is_left_to_the_loop(model: nn.Module) -> None:
    data = (torch.randn(20, 4), torch.randint(0, 3, (20,)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, hessian = surface(model, CE, data, points=3), hessian_operator(model, CE, data)
    assert found.facts.evaluator == "reference"
    assert found.facts.reason == "the model or the loss uses linear in bfloat16, as under autocast"
    assert hessian.reason == found.facts.reason


def test_a_loss_that_is_finite_nowhere_says_so() -> None:
    model, data = make("mlp", examples=9)
    found = surface(model, lambda o, t: CE(o, t) * np.inf, data, points=2)
    assert "not finite at two random points" in found.facts.reason


def test_a_mistake_of_the_users_is_one_sentence_and_no_warning() -> None:
    model, data = make("mlp", examples=9)

    def mistaken(outputs: Tensor, targets: Tensor) -> Tensor:
        raise IndexError("the user's own")

    with pytest.raises(ValueError, match="IndexError: the user's own"):
        surface(model, mistaken, data, points=2)
    with pytest.raises(ValueError, match="cannot be differentiated here: IndexError: the user's own"):
        hessian_operator(model, mistaken, data)


@pytest.mark.parametrize("loss_fn", [nn.MultiMarginLoss(), lambda o, t: F.multi_margin_loss(o, t) + o.sum()])
def test_a_loss_without_a_second_derivative_is_one_sentence(loss_fn: Any) -> None:
    model, (x, y) = make("mlp", examples=9)
    with pytest.raises(ValueError, match="cannot be differentiated twice"):
        spectrum(model, loss_fn, (x, y), k=1)


def test_a_failure_in_the_midst_of_a_run_is_not_taken_for_divergence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(run.TopEigenvalueTracker):
        calls = 0

        def __call__(self, product: Any) -> float:
            self.calls += 1
            if self.calls > 2:
                raise ValueError("something else")
            return super().__call__(product)

    monkeypatch.setattr(run, "TopEigenvalueTracker", Failing)
    model, data = make("mlp", examples=9)
    with pytest.raises(ValueError, match="something else"):
        run.edge_run(model, CE, data, 0.1, steps=5)
