"""Which loss do I want: every way through the questions ends somewhere, and the code there runs."""

import ast
import importlib
from itertools import product
from typing import Any

import pytest
import torch
from lossviz.losses.advice import MISSES, PREDICT, REPORT
from sklearn.base import BaseEstimator
from torch import nn

import lossviz as lv

EVERY = pytest.mark.parametrize("answer", list(lv.losses.ANSWERS.values()), ids=list(lv.losses.ANSWERS))
HOMES = ("linear_model", "ensemble", "model_selection", "multiclass", "multioutput")


def test_every_way_ends_and_every_answer_is_reached() -> None:
    reached = {lv.losses.advise(*way).name for way in product(PREDICT, MISSES, REPORT)}
    assert reached == set(lv.losses.ANSWERS)


@EVERY
def test_an_answer_says_all(answer: lv.losses.Answer) -> None:
    assert set(answer.losses) <= set(lv.LOSSES)
    for words in (answer.why, answer.report):
        assert words.endswith(".")
        assert "!" not in words
    assert answer.source


def _lines(code: str) -> list[str]:
    return code.split("\n")


@EVERY
def test_the_torch_code_is_a_loss(answer: lv.losses.Answer) -> None:
    z, y = torch.randn(6, 3), torch.rand(6, 3)
    for line in _lines(answer.torch):
        loss = eval(line, {"torch": torch, "nn": nn})  # ours
        more = (torch.ones(6, 3),) if "Gaussian" in line else ()
        assert torch.isfinite(loss(z, y, *more))


@EVERY
def test_the_sklearn_code_is_an_estimator(answer: lv.losses.Answer) -> None:
    names: dict[str, Any] = {}
    for home in HOMES:
        names |= vars(importlib.import_module(f"sklearn.{home}"))
    for line in _lines(answer.sklearn):
        assert isinstance(eval(line, names), BaseEstimator)  # ours


@EVERY
def test_the_keras_code_can_be_parsed(answer: lv.losses.Answer) -> None:
    for line in _lines(answer.keras):
        ast.parse(line, mode="eval")


def test_torchs_quantile_loss_is_ours() -> None:
    loss = eval(lv.losses.ANSWERS["quantile"].torch, {"torch": torch})
    z, y = torch.randn(50), torch.randn(50)
    assert float(loss(z, y)) == pytest.approx(float(lv.LOSSES["quantile"].value(z, y).mean()), rel=1e-6)


def test_the_quantile_is_that_of_the_costs() -> None:
    """A miss below that costs 9 times one above: no other constant is cheaper than the 0.9-quantile."""
    y = torch.arange(1001.0)
    costs = [float(torch.where(z < y, 9 * (y - z), z - y).sum()) for z in y]
    assert int(torch.tensor(costs).argmin()) == pytest.approx(900, abs=1)


def test_a_weight_moves_the_line_as_a_threshold_does() -> None:
    """Weighted by 5 the best output is 5q / (5q + 1 - q): ½ where q = 1/6, the threshold 1 / (5 + 1)."""
    q = 1 / 6
    z = torch.zeros((), requires_grad=True)
    weighted = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(5.0))
    (q * weighted(z, torch.tensor(1.0)) + (1 - q) * weighted(z, torch.tensor(0.0))).backward()
    assert float(z.grad) == pytest.approx(0, abs=1e-7)


def test_squared_distance_on_the_sphere_grows_with_the_way() -> None:
    angle = torch.linspace(0, torch.pi, 50)
    there = torch.stack([angle.cos(), angle.sin(), torch.zeros(50)], dim=-1)
    distance = (there - torch.tensor([1.0, 0.0, 0.0])).square().sum(dim=-1)
    assert bool((distance.diff() > 0).all())


def test_questions_that_do_not_matter_are_known() -> None:
    assert lv.losses.advice_matters("A place on Earth", MISSES[0]) == (False, False)
    assert lv.losses.advice_matters("A number", MISSES[0]) == (True, True)
    assert lv.losses.advice_matters("Yes or no", "A few wild ones") == (True, False)


@pytest.mark.parametrize("way", [("a number",), ("A number", "none"), ("A number", MISSES[0], "all")])
def test_an_unknown_answer_is_one_sentence(way: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=f"must be one of .*; got {way[-1]!r}"):
        lv.losses.advise(*way)
