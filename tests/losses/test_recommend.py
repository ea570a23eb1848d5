"""Every combination of arguments has a recommendation, and the code in it runs."""

import ast
import importlib
from itertools import product
from typing import Any

import pytest
import torch
from sklearn.base import BaseEstimator
from torch import nn

import lossviz as lv
from lossviz.losses.recommend import ERRORS, REPORTS, TARGETS

EVERY = pytest.mark.parametrize(
    "recommendation", list(lv.losses.RECOMMENDATIONS.values()), ids=list(lv.losses.RECOMMENDATIONS)
)
MODULES = ("linear_model", "ensemble", "model_selection", "multiclass", "multioutput")


def test_every_combination_has_a_recommendation_and_each_is_reached() -> None:
    reached = {lv.losses.recommend(*arguments).name for arguments in product(TARGETS, ERRORS, REPORTS)}
    assert reached == set(lv.losses.RECOMMENDATIONS)


@EVERY
def test_recommendation_is_complete(recommendation: lv.losses.Recommendation) -> None:
    assert set(recommendation.losses) <= set(lv.LOSSES)
    for words in (recommendation.why, recommendation.report):
        assert words.endswith(".")
        assert "!" not in words
    assert recommendation.source


def _lines(code: str) -> list[str]:
    return code.split("\n")


@EVERY
def test_torch_code_is_a_loss(recommendation: lv.losses.Recommendation) -> None:
    z, y = torch.randn(6, 3), torch.rand(6, 3)
    for line in _lines(recommendation.torch):
        loss = eval(line, {"torch": torch, "nn": nn})  # code of the package
        more = (torch.ones(6, 3),) if "Gaussian" in line else ()
        assert torch.isfinite(loss(z, y, *more))


@EVERY
def test_sklearn_code_is_an_estimator(recommendation: lv.losses.Recommendation) -> None:
    names: dict[str, Any] = {}
    for module in MODULES:
        names |= vars(importlib.import_module(f"sklearn.{module}"))
    for line in _lines(recommendation.sklearn):
        assert isinstance(eval(line, names), BaseEstimator)  # code of the package


@EVERY
def test_keras_code_can_be_parsed(recommendation: lv.losses.Recommendation) -> None:
    for line in _lines(recommendation.keras):
        ast.parse(line, mode="eval")


def test_torch_code_of_the_quantile_loss_equals_the_row() -> None:
    loss = eval(lv.losses.RECOMMENDATIONS["quantile"].torch, {"torch": torch})
    z, y = torch.randn(50), torch.randn(50)
    assert float(loss(z, y)) == pytest.approx(float(lv.LOSSES["quantile"].value(z, y).mean()), rel=1e-6)


def test_quantile_minimizes_an_asymmetric_cost() -> None:
    """A miss below that costs 9 times one above: no other constant is cheaper than the 0.9-quantile."""
    y = torch.arange(1001.0)
    costs = [float(torch.where(z < y, 9 * (y - z), z - y).sum()) for z in y]
    assert int(torch.tensor(costs).argmin()) == pytest.approx(900, abs=1)


def test_class_weight_equals_a_moved_threshold() -> None:
    """Weighted by 5 the best output is 5q / (5q + 1 - q): ½ where q = 1/6, the threshold 1 / (5 + 1)."""
    q = 1 / 6
    z = torch.zeros((), requires_grad=True)
    weighted = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(5.0))
    (q * weighted(z, torch.tensor(1.0)) + (1 - q) * weighted(z, torch.tensor(0.0))).backward()
    assert float(z.grad) == pytest.approx(0, abs=1e-7)


def test_squared_distance_on_the_sphere_increases_with_the_angle() -> None:
    angle = torch.linspace(0, torch.pi, 50)
    points = torch.stack([angle.cos(), angle.sin(), torch.zeros(50)], dim=-1)
    distance = (points - torch.tensor([1.0, 0.0, 0.0])).square().sum(dim=-1)
    assert bool((distance.diff() > 0).all())


def test_irrelevant_questions_are_known() -> None:
    assert lv.losses.relevant_questions("location") == (False, False)
    assert lv.losses.relevant_questions("number") == (True, True)
    assert lv.losses.relevant_questions("binary", "outliers") == (True, False)


@pytest.mark.parametrize("arguments", [("Number",), ("number", "none"), ("number", "similar", "all")])
def test_unknown_value_lists_the_known_ones(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=f"must be one of .*; got {arguments[-1]!r}"):
        lv.losses.recommend(*arguments)  # type: ignore[arg-type]
