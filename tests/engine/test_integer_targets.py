"""Whole numbers of any width and signedness, numpy's or torch's, are the same targets to every evaluator."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import make, mlp
from torch import Tensor, nn

from lossviz.codes.heads import HeadTraining
from lossviz.codes.table import CODES
from lossviz.common.validation import as_int64, as_tensor
from lossviz.curvature.compiled import CompiledHessian, hessian_operator
from lossviz.engine.batches import read_batches
from lossviz.landscape.surface import surface
from lossviz.losses.table import LOSSES
from lossviz.stability.run import edge_run

WIDTHS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
CE = nn.CrossEntropyLoss()
LIKE = torch.zeros(1)


def _in_numpy(y: Tensor, kind: str) -> np.ndarray:
    return y.numpy().astype(kind)


def _in_torch(y: Tensor, kind: str) -> Tensor:
    return y.to(getattr(torch, kind))


every_width = pytest.mark.parametrize("kind", WIDTHS)
either = pytest.mark.parametrize("given", [_in_numpy, _in_torch], ids=["numpy", "torch"])
Given = Callable[[Tensor, str], Any]


@every_width
@either
def test_targets_are_int64_in_a_batch_of_any_form(given: Given, kind: str) -> None:
    x, y = torch.randn(4, 2), torch.tensor([0, 2, 1, 2])
    targets = given(y, kind)
    for data in ((x, targets), {"x": x, "labels": targets}, [(x, targets)], (x, {"first": targets})):
        (batch,) = read_batches(data, LIKE).items
        found = batch.targets["first"] if isinstance(batch.targets, dict) else batch.targets
        assert found.dtype == torch.int64
        assert torch.equal(found, y)
    assert str(targets.dtype).removeprefix("torch.") == kind, "the user's own are as they were"


LOSS_FUNCTIONS: dict[str, tuple[Any, int]] = {
    "cross-entropy": (CE, 3),
    "negative log-likelihood": (lambda o, t: F.nll_loss(o.log_softmax(1), t), 3),
    "an index": (lambda o, t: -o.log_softmax(1)[torch.arange(len(t)), t].mean(), 3),
    "a margin by hand": (lambda o, t: (1 - (2 * t - 1) * o[:, 0]).clamp(min=0).square().mean(), 2),
    "softmax-ce": (LOSSES["softmax-ce"], 3),
    "sigmoid-mse": (LOSSES["sigmoid-mse"], 2),
    "poisson-nll": (LOSSES["poisson-nll"], 3),
}


@pytest.mark.parametrize("name", LOSS_FUNCTIONS)
@either
def test_every_evaluator_takes_targets_of_any_width(given: Given, name: str) -> None:
    loss_fn, classes = LOSS_FUNCTIONS[name]
    torch.manual_seed(0)
    x, y = torch.randn(40, 4), torch.randint(0, classes, (40,))
    many = not hasattr(loss_fn, "task") or loss_fn.task == "multiclass"
    model = mlp(4, 5, 3 if many else 1)
    wanted, written = surface(model, loss_fn, (x, y), points=3), hessian_operator(model, loss_fn, (x, y))
    row = torch.ones_like(written.like)
    for kind in WIDTHS:
        data = (x, given(y, kind))
        found = surface(model, loss_fn, data, points=3)
        assert found.facts.evaluator == "vectorized", found.facts.reason
        assert np.array_equal(found.loss, wanted.loss), kind  # what is done is the same from the cast on
        hessian = hessian_operator(model, loss_fn, data)
        assert type(hessian) is type(written)
        assert torch.equal(hessian @ row, written @ row), kind


@every_width
@either
def test_the_loop_and_training_at_the_edge_take_targets_of_any_width(given: Given, kind: str) -> None:
    model, (x, y) = make("attention", examples=8)
    found = surface(model, CE, (x, given(y, kind)), points=2)
    assert np.array_equal(found.loss, surface(model, CE, (x, y), points=2).loss)
    small = mlp(4, 3, 3)
    x = torch.randn(8, 4)
    run, same = (edge_run(small, CE, (x, targets), 0.1, steps=2) for targets in (given(y, kind), y))
    assert np.array_equal(run.loss, same.loss)


def test_batches_of_different_widths_are_joined() -> None:
    model, (x, y) = make("mlp")
    found = surface(model, CE, [(x[:40], y[:40].to(torch.uint8)), (x[40:], y[40:].int())], points=3)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    np.testing.assert_allclose(found.loss, surface(model, CE, (x, y), points=3).loss, rtol=2e-6)


def test_a_map_of_classes_may_be_of_bytes_and_255_may_be_ignored() -> None:
    torch.manual_seed(0)
    model, x = nn.Conv2d(1, 3, 3, padding=1), torch.randn(6, 1, 4, 4)
    y = torch.randint(0, 3, (6, 4, 4))
    y[:, 0] = 255
    loss_fn = nn.CrossEntropyLoss(ignore_index=255)
    found = surface(model, loss_fn, (x, y.to(torch.uint8)), points=2)
    assert np.array_equal(found.loss, surface(model, loss_fn, (x, y), points=2).loss)


@every_width
def test_inputs_of_whole_numbers_are_for_an_embedding(kind: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 3))
    tokens, y = torch.randint(0, 9, (20, 3)), torch.randint(0, 3, (20,))
    (batch,) = read_batches((tokens.numpy().astype(kind), y), LIKE).items
    if kind == "uint8":  # an image
        assert batch.inputs.dtype == torch.uint8
        return
    assert batch.inputs.dtype == torch.int64
    found = surface(model, CE, (tokens.numpy().astype(kind), y), points=2)
    assert np.array_equal(found.loss, surface(model, CE, (tokens, y), points=2).loss)
    (batch,) = read_batches((tokens.int(), y), LIKE).items
    assert batch.inputs.dtype == torch.int32, "a tensor stays what it is"


@either
def test_bools_stay_a_mask_and_are_0_and_1_to_a_row_of_losses(given: Given) -> None:
    torch.manual_seed(0)
    x, model = torch.randn(30, 2), mlp(2, 4, 1)
    y = x[:, 0] > 0
    data = (x, given(y, "bool"))
    (batch,) = read_batches(data, LIKE).items
    assert batch.targets.dtype == torch.bool
    masked = surface(model, lambda o, t: o[t].square().mean(), data, points=2)
    rows = surface(model, lambda o, t: o.square().mean(), (x[y], y[y]), points=2)
    np.testing.assert_allclose(masked.loss, rows.loss, rtol=2e-6)
    for name in ("sigmoid-ce", "hinge", "mse"):
        mine, plain = (surface(model, LOSSES[name], (x, t), points=2) for t in (data[1], y.float()))
        assert mine.facts.evaluator == "vectorized", mine.facts.reason
        np.testing.assert_allclose(mine.loss, plain.loss, rtol=2e-6)
        one, other = (hessian_operator(model, LOSSES[name], (x, t)) for t in (data[1], y.float()))
        assert isinstance(one, CompiledHessian)
        row = torch.ones_like(one.like)
        torch.testing.assert_close(one @ row, other @ row, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"float32 \(30, 2\), bool \(30,\)\).*but got Bool"):
        surface(mlp(2, 3), CE, data, points=2)


def test_what_int64_does_not_hold_is_named() -> None:
    x, y = torch.randn(2, 3), np.array([0, 2**63 + 5], dtype=np.uint64)
    for targets in (y, torch.from_numpy(y)):
        with pytest.raises(ValueError, match=r"below 2\^63; got 9223372036854775813"):
            read_batches((x, targets), LIKE)
    with pytest.raises(ValueError, match=r"below 2\^63"):
        read_batches((y, x[:, 0]), LIKE)
    assert as_int64(torch.tensor([0.5])).dtype == torch.float32


@pytest.mark.parametrize("name", LOSSES)
def test_a_row_looks_at_targets_of_any_width(name: str) -> None:
    row = LOSSES[name]
    z = torch.randn(6, 3) if row.task == "multiclass" else torch.randn(6)
    y = torch.tensor([0, 1, 1, 0, 1, 0])
    for part in (row.value, row.gradient, row.curvature):
        wanted = part(z, y)
        for given in (_in_numpy, _in_torch):
            for kind in WIDTHS:
                assert torch.equal(part(z, given(y, kind)), wanted), kind


def test_arrays_of_any_make() -> None:
    model, (x, y) = make("mlp")
    wanted = surface(model, CE, (x, y), points=2).loss
    frozen = x.numpy().copy()
    frozen.flags.writeable = False
    for inputs in (frozen, x.numpy().astype(">f8"), np.asfortranarray(x.numpy()), x.numpy()[::-1][::-1]):
        data = (inputs, y.numpy().astype(">i4"))
        (batch,) = read_batches(data, LIKE).items
        assert torch.equal(batch.inputs, x)
        found = surface(model, CE, data, points=2)
        assert found.facts.evaluator == "vectorized", found.facts.reason
        np.testing.assert_allclose(found.loss, wanted, rtol=1e-6)  # numbers at odd addresses add up otherwise
        assert torch.equal(as_tensor(inputs).float(), x)
    heads = [
        HeadTraining(inputs, y.numpy(), CODES["one-hot"].code(3), "softmax-ce", 3)
        for inputs in (frozen, x.numpy().astype(">f8"))
    ]
    assert np.array_equal(*(head.logits(frozen) for head in heads))
