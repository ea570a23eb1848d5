"""Profiles: equality, and the loss along all kinds of directions."""

import numpy as np
import pytest
import torch
from support.models import make
from torch import nn

from lossviz.landscape.profile import profile
from lossviz.landscape.surface import surface

CE = nn.CrossEntropyLoss()


def test_profiles_are_equal_if_their_fields_are() -> None:
    model, data = make("mlp")
    one, same = profile(model, CE, data, points=3), profile(model, CE, data, points=3)
    assert one == same
    assert len({one, same}) == 1
    assert one != profile(model, CE, data, points=3, span=2.0)
    assert one != profile(model, lambda o, t: CE(o, t) * np.nan, data, points=3)


def test_profiles_along_all_kinds_of_directions() -> None:
    model, data = make("mlp")
    other, _ = make("mlp", seed=1)
    line = profile(model, CE, data, points=5)
    plane_surface = surface(model, CE, data, points=5)
    np.testing.assert_allclose(line.loss, plane_surface.loss[2], rtol=1e-6)
    toward = profile(model, CE, data, other, points=5)
    np.testing.assert_allclose(toward.a, [-0.5, 0, 0.5, 1, 1.5])
    assert toward.loss[3] == pytest.approx(float(CE(other(data[0]), data[1]).detach()), rel=1e-4)
    ones = [torch.ones_like(p) for p in model.parameters()]
    assert profile(model, CE, data, ones, span=(0.0, 1.0), points=3).loss[0] == pytest.approx(line.loss[2])
