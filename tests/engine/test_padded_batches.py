"""Batches of padded sequences of unlike length, which cannot be joined, count by their tokens."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossviz as lv


def _of_tokens(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape)


@pytest.mark.parametrize(
    "loss_fn",
    [
        lambda o, t: (_of_tokens(o, t) * ((t > 0) / (t > 0).sum())).sum(),
        lambda o, t: torch.where(t > 0, _of_tokens(o, t), torch.zeros(1).double()).sum() / (t > 0).sum(),
    ],
    ids=["normalized mask", "where"],
)
def test_padded_batches_that_cannot_be_joined_count_by_their_tokens(loss_fn: Any) -> None:
    torch.manual_seed(0)
    model, x, y = nn.Linear(4, 3).double(), torch.randn(9, 5, 4).double(), torch.randint(0, 3, (9, 5))
    y[:4, 2:] = 0
    batches = [(x[:4, :2], y[:4, :2]), (x[4:], y[4:])]
    line = lv.profile(model, loss_fn, batches, span=0.5, points=3, progress=False)
    assert line.loss[1] == pytest.approx(float(loss_fn(model(x), y).detach()), rel=1e-6)
