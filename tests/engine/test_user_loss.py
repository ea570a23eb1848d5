"""Losses and data of the user: losses that hold the model, rows of LOSSES, data that draw random numbers."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import make, state
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lossviz.curvature.eigenvalues import sharpness
from lossviz.landscape.surface import surface
from lossviz.losses.table import LOSSES
from lossviz.stability.run import edge_run

CE = nn.CrossEntropyLoss()


class LossWithModel:
    """A loss that holds the model, as the loss of a physics-informed network often does."""

    def __init__(self, model: nn.Module, x: Tensor) -> None:
        self.model, self.x = model, x

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets) + self.model(self.x).square().mean()


class LossModuleWithModel(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets) + sum(p.square().sum() for p in self.model.parameters())


class ModelWithClosure(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 3)
        self.bound = lambda x: x @ self.layer.weight.T  # a copy's lambda still refers to the original

    def forward(self, x: Tensor) -> Tensor:
        return self.bound(x)


@pytest.mark.parametrize("holder", ["object", "method", "partial", "module", "model"])
def test_a_loss_that_uses_the_original_model_is_refused(holder: str) -> None:
    model, (x, y) = make("mlp")
    model = nn.Sequential(nn.BatchNorm1d(2), *model)
    loss_object = LossWithModel(model, x)
    losses = {
        "object": loss_object,
        "method": loss_object.__call__,
        "partial": partial(lambda loss, o, t: loss(o, t), loss_object),
        "module": LossModuleWithModel(model),
        "model": F.cross_entropy,
    }
    model = ModelWithClosure() if holder == "model" else model
    before = state(model)
    for function in (surface, sharpness):
        with pytest.raises(ValueError, match="parameter called `model`"):
            function(model, losses[holder], (x, y))
        assert state(model) == before


def test_a_loss_may_hold_the_model_and_read_its_device_and_buffers() -> None:
    model, (x, y) = make("mlp")
    model.register_buffer("share", torch.tensor([0.2, 0.3, 0.5]))
    loss_object = LossWithModel(model, x)

    def weighted(o: Tensor, t: Tensor, loss: LossWithModel = loss_object) -> Tensor:
        device = next(loss.model.parameters()).device
        return F.cross_entropy(o, t.to(device), weight=loss.model.share)

    expected = surface(
        model, lambda o, t: F.cross_entropy(o, t, weight=torch.tensor([0.2, 0.3, 0.5])), (x, y), points=3
    )
    found = surface(model, weighted, (x, y), points=3)
    assert found.facts.evaluator == expected.facts.evaluator  # the same arithmetic, so equal to the bit
    assert np.array_equal(found.loss, expected.loss)


class NoisyDataset(TensorDataset):
    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        x, y = super().__getitem__(index)
        return x + torch.rand(()), y  # as a transform may


def test_a_random_data_loader_does_not_advance_torchs_generator() -> None:
    model, (x, y) = make("mlp")
    own = torch.Generator().manual_seed(3)
    for generator in (None, own):
        loader = DataLoader(NoisyDataset(x, y), batch_size=32, shuffle=True, generator=generator)
        before = [state(model), random.getstate(), np.random.get_state()[1].tolist()]  # noqa: NPY002
        first = surface(model, CE, loader, points=2, max_batches=2)
        sharpness(model, CE, loader)
        assert [state(model), random.getstate(), np.random.get_state()[1].tolist()] == before  # noqa: NPY002
        torch.manual_seed(9)
        assert surface(model, CE, loader, points=2, max_batches=2) == first
    assert torch.equal(own.get_state(), torch.Generator().manual_seed(3).get_state())


def test_data_that_draw_from_numpy_or_python_advance_their_generators_as_usual() -> None:
    model, (x, y) = make("mlp")

    class NumpyNoiseDataset(TensorDataset):
        def __getitem__(self, index: int) -> tuple[Tensor, ...]:
            x, y = super().__getitem__(index)
            return x + random.random() + np.random.rand(), y  # noqa: NPY002

    def after(read: Callable[[DataLoader], object]) -> tuple[float, float]:
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        read(DataLoader(NumpyNoiseDataset(x, y), batch_size=32))
        return random.random(), np.random.rand()  # noqa: NPY002

    assert after(lambda data: surface(model, CE, data, points=2)) == after(list)


def test_a_row_of_losses_is_averaged_over_the_examples() -> None:
    model, data = make("mlp")
    row = LOSSES["softmax-ce"]
    found, expected = surface(model, row, data, points=3), surface(model, CE, data, points=3)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-6)
    assert found.facts.loss_name == "softmax-ce"
    assert sharpness(model, row, data) == pytest.approx(sharpness(model, CE, data), rel=1e-4)


class InPlaceCentering(nn.Module):
    """Subtracts the mean from its inputs in place, as some tutorials do."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x -= 0.1
        return self.layer(x)


@pytest.mark.parametrize("writer", ["model", "loss"])
def test_data_that_are_written_to_are_restored(writer: str) -> None:
    _, (x, y) = make("mlp", examples=12)
    model = InPlaceCentering() if writer == "model" else InPlaceCentering().layer
    inputs, targets, shift = x.numpy().copy(), F.one_hot(y, 3).float(), 0.1 if writer == "model" else 0.0

    def loss_fn(o: Tensor, t: Tensor) -> Tensor:
        return F.mse_loss(o, t.mul_(0.5) if writer == "loss" else t * 0.5)

    data = [(inputs, targets.clone())]
    found = surface(model, loss_fn, data, points=3)
    assert found.facts.reason == "the model or the loss writes into its data"
    assert np.array_equal(inputs, x.numpy())
    assert torch.equal(data[0][1], targets)
    layer = model.layer if writer == "model" else model
    expected = surface(layer, F.mse_loss, (x - shift, targets / 2), points=3)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-5)
    expected_sharpness = sharpness(layer, F.mse_loss, (x - shift, targets / 2))
    assert sharpness(model, loss_fn, data) == pytest.approx(expected_sharpness, rel=1e-4)
    run = edge_run(model, loss_fn, data, lr=0.1, steps=3)
    same = edge_run(layer, F.mse_loss, (x - shift, targets / 2), lr=0.1, steps=3)
    np.testing.assert_allclose(run.loss, same.loss, rtol=1e-4)
    assert np.array_equal(inputs, x.numpy())
    assert torch.equal(data[0][1], targets)


def test_a_partial_has_the_name_of_its_function() -> None:
    model, data = make("mlp", examples=9)
    smoothed = partial(partial(F.cross_entropy, label_smoothing=0.1), reduction="mean")
    assert surface(model, smoothed, data, points=2).facts.loss_name == "cross_entropy"
    assert edge_run(model, LOSSES["softmax-ce"], data, lr=0.1, steps=1).loss_name == "softmax-ce"


def _named_as_extras(inputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(inputs, targets)


def _outputs_called_model(model: Tensor, inputs: Tensor) -> Tensor:
    return F.cross_entropy(model, inputs)


class DecayedLoss(nn.Module):
    def forward(self, outputs: Tensor, targets: Tensor, model: nn.Module) -> Tensor:
        return _decayed(outputs, targets, model=model)


class DecayedObject:
    def __call__(self, inputs: Tensor, targets: Tensor, *, model: nn.Module) -> Tensor:
        return _decayed(inputs, targets, model=model)


def _decayed(inputs: Tensor, targets: Tensor, *, model: nn.Module) -> Tensor:
    return F.cross_entropy(inputs, targets) + 0.1 * sum(p.square().sum() for p in model.parameters())


def _by_inputs(outputs: Tensor, targets: Tensor, inputs: Tensor, scale: float) -> Tensor:
    return scale * (F.cross_entropy(outputs, targets, reduction="none") * inputs[:, 0].square()).mean()


def _distilled(outputs: Tensor, targets: Tensor, model: nn.Module, inputs: Tensor) -> Tensor:
    return F.mse_loss(outputs, model(inputs))


@pytest.mark.parametrize(
    ("loss_fn", "decay"),
    [
        (_named_as_extras, 0.0),
        (_outputs_called_model, 0.0),
        (_decayed, 0.1),
        (DecayedLoss(), 0.1),
        (DecayedObject(), 0.1),
    ],
)
def test_extras_are_given_to_further_parameters_only(loss_fn: Callable[..., Any], decay: float) -> None:
    model, (x, y) = make("mlp", examples=20)
    penalty = decay * float(sum(p.detach().square().sum() for p in model.parameters()))
    expected = float(CE(model(x), y).detach()) + penalty
    for data in ((x, y), [(x[:5], y[:5]), (x[5:], y[5:])]):
        found = surface(model, loss_fn, data, points=3, progress=False)
        assert found.loss[1, 1] == pytest.approx(expected, rel=1e-5)
    assert found.loss[0, 0] > 0
    assert np.isfinite(sharpness(model, loss_fn, (x, y)))


def test_what_a_partial_has_set_is_left_as_it_is() -> None:
    model, (x, y) = make("mlp", examples=20)
    teacher, _ = make("mlp", seed=1)
    loss_fn = partial(_distilled, model=teacher)
    found = surface(model, loss_fn, (x, y), points=3, progress=False)
    expected = F.mse_loss(model(x), teacher(x)).detach()
    assert found.loss[1, 1] == pytest.approx(float(expected), rel=1e-5)
    found = surface(model, partial(_by_inputs, scale=2.0), (x, y), points=3, progress=False)
    assert found.loss[1, 1] == pytest.approx(float(_by_inputs(model(x), y, x, 2.0).detach()), rel=1e-5)
