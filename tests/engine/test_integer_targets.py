"""Integers of any width and signedness, of numpy or torch, are the same targets for every evaluator."""

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


def _in_numpy(y: Tensor, dtype: str) -> np.ndarray:
    return y.numpy().astype(dtype)


def _in_torch(y: Tensor, dtype: str) -> Tensor:
    return y.to(getattr(torch, dtype))


every_width = pytest.mark.parametrize("dtype", WIDTHS)
either = pytest.mark.parametrize("convert", [_in_numpy, _in_torch], ids=["numpy", "torch"])
Convert = Callable[[Tensor, str], Any]


@every_width
@either
def test_targets_are_int64_in_a_batch_of_any_form(convert: Convert, dtype: str) -> None:
    x, y = torch.randn(4, 2), torch.tensor([0, 2, 1, 2])
    targets = convert(y, dtype)
    for data in ((x, targets), {"x": x, "labels": targets}, [(x, targets)], (x, {"first": targets})):
        (batch,) = read_batches(data, LIKE).items
        found = batch.targets["first"] if isinstance(batch.targets, dict) else batch.targets
        assert found.dtype == torch.int64
        assert torch.equal(found, y)
    assert str(targets.dtype).removeprefix("torch.") == dtype, "the user's targets are not changed"


LOSS_FUNCTIONS: dict[str, tuple[Any, int]] = {
    "cross-entropy": (CE, 3),
    "negative log-likelihood": (lambda o, t: F.nll_loss(o.log_softmax(1), t), 3),
    "indexing": (lambda o, t: -o.log_softmax(1)[torch.arange(len(t)), t].mean(), 3),
    "hinge by hand": (lambda o, t: (1 - (2 * t - 1) * o[:, 0]).clamp(min=0).square().mean(), 2),
    "softmax-ce": (LOSSES["softmax-ce"], 3),
    "sigmoid-mse": (LOSSES["sigmoid-mse"], 2),
    "poisson-nll": (LOSSES["poisson-nll"], 3),
}


@pytest.mark.parametrize("name", LOSS_FUNCTIONS)
@either
def test_every_evaluator_takes_targets_of_any_width(convert: Convert, name: str) -> None:
    loss_fn, classes = LOSS_FUNCTIONS[name]
    torch.manual_seed(0)
    x, y = torch.randn(40, 4), torch.randint(0, classes, (40,))
    multiclass = not hasattr(loss_fn, "task") or loss_fn.task == "multiclass"
    model = mlp(4, 5, 3 if multiclass else 1)
    expected, compiled = surface(model, loss_fn, (x, y), points=3), hessian_operator(model, loss_fn, (x, y))
    vector = torch.ones_like(compiled.like)
    for dtype in WIDTHS:
        data = (x, convert(y, dtype))
        found = surface(model, loss_fn, data, points=3)
        assert found.facts.evaluator == "vectorized", found.facts.reason
        assert np.array_equal(found.loss, expected.loss), dtype
        hessian = hessian_operator(model, loss_fn, data)
        assert type(hessian) is type(compiled)
        assert torch.equal(hessian @ vector, compiled @ vector), dtype


@every_width
@either
def test_the_reference_evaluator_and_edge_runs_take_targets_of_any_width(
    convert: Convert, dtype: str
) -> None:
    model, (x, y) = make("attention", examples=8)
    found = surface(model, CE, (x, convert(y, dtype)), points=2)
    assert np.array_equal(found.loss, surface(model, CE, (x, y), points=2).loss)
    small = mlp(4, 3, 3)
    x = torch.randn(8, 4)
    run, same = (edge_run(small, CE, (x, targets), 0.1, steps=2) for targets in (convert(y, dtype), y))
    assert np.array_equal(run.loss, same.loss)


def test_batches_with_targets_of_different_widths_are_joined() -> None:
    model, (x, y) = make("mlp")
    found = surface(model, CE, [(x[:40], y[:40].to(torch.uint8)), (x[40:], y[40:].int())], points=3)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    np.testing.assert_allclose(found.loss, surface(model, CE, (x, y), points=3).loss, rtol=2e-6)


def test_segmentation_maps_of_bytes_may_ignore_255() -> None:
    torch.manual_seed(0)
    model, x = nn.Conv2d(1, 3, 3, padding=1), torch.randn(6, 1, 4, 4)
    y = torch.randint(0, 3, (6, 4, 4))
    y[:, 0] = 255
    loss_fn = nn.CrossEntropyLoss(ignore_index=255)
    found = surface(model, loss_fn, (x, y.to(torch.uint8)), points=2)
    assert np.array_equal(found.loss, surface(model, loss_fn, (x, y), points=2).loss)


@every_width
def test_integer_inputs_become_int64_for_an_embedding(dtype: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 3))
    tokens, y = torch.randint(0, 9, (20, 3)), torch.randint(0, 3, (20,))
    (batch,) = read_batches((tokens.numpy().astype(dtype), y), LIKE).items
    if dtype == "uint8":  # an image
        assert batch.inputs.dtype == torch.uint8
        return
    assert batch.inputs.dtype == torch.int64
    found = surface(model, CE, (tokens.numpy().astype(dtype), y), points=2)
    assert np.array_equal(found.loss, surface(model, CE, (tokens, y), points=2).loss)
    (batch,) = read_batches((tokens.int(), y), LIKE).items
    assert batch.inputs.dtype == torch.int32, "a tensor stays what it is"


@either
def test_bool_targets_stay_a_mask_and_are_0_and_1_for_a_row_of_losses(convert: Convert) -> None:
    torch.manual_seed(0)
    x, model = torch.randn(30, 2), mlp(2, 4, 1)
    y = x[:, 0] > 0
    data = (x, convert(y, "bool"))
    (batch,) = read_batches(data, LIKE).items
    assert batch.targets.dtype == torch.bool
    masked = surface(model, lambda o, t: o[t].square().mean(), data, points=2)
    rows = surface(model, lambda o, t: o.square().mean(), (x[y], y[y]), points=2)
    np.testing.assert_allclose(masked.loss, rows.loss, rtol=2e-6)
    for name in ("sigmoid-ce", "hinge", "mse"):
        found, expected = (surface(model, LOSSES[name], (x, t), points=2) for t in (data[1], y.float()))
        assert found.facts.evaluator == "vectorized", found.facts.reason
        np.testing.assert_allclose(found.loss, expected.loss, rtol=2e-6)
        one, other = (hessian_operator(model, LOSSES[name], (x, t)) for t in (data[1], y.float()))
        assert isinstance(one, CompiledHessian)
        row = torch.ones_like(one.like)
        torch.testing.assert_close(one @ row, other @ row, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match=r"float32 \(30, 2\), bool \(30,\)\).*but got Bool"):
        surface(mlp(2, 3), CE, data, points=2)


def test_integers_beyond_int64_are_refused() -> None:
    x, y = torch.randn(2, 3), np.array([0, 2**63 + 5], dtype=np.uint64)
    for targets in (y, torch.from_numpy(y)):
        with pytest.raises(ValueError, match=r"below 2\^63; got 9223372036854775813"):
            read_batches((x, targets), LIKE)
    with pytest.raises(ValueError, match=r"below 2\^63"):
        read_batches((y, x[:, 0]), LIKE)
    assert as_int64(torch.tensor([0.5])).dtype == torch.float32


@pytest.mark.parametrize("name", LOSSES)
def test_rows_of_losses_take_targets_of_any_width(name: str) -> None:
    row = LOSSES[name]
    z = torch.randn(6, 3) if row.task == "multiclass" else torch.randn(6)
    y = torch.tensor([0, 1, 1, 0, 1, 0])
    for part in (row.value, row.gradient, row.curvature):
        expected = part(z, y)
        for convert in (_in_numpy, _in_torch):
            for dtype in WIDTHS:
                assert torch.equal(part(z, convert(y, dtype)), expected), dtype


def test_read_only_foreign_endian_and_strided_arrays_are_accepted() -> None:
    model, (x, y) = make("mlp")
    expected = surface(model, CE, (x, y), points=2).loss
    read_only = x.numpy().copy()
    read_only.flags.writeable = False
    for inputs in (read_only, x.numpy().astype(">f8"), np.asfortranarray(x.numpy()), x.numpy()[::-1][::-1]):
        data = (inputs, y.numpy().astype(">i4"))
        (batch,) = read_batches(data, LIKE).items
        assert torch.equal(batch.inputs, x)
        found = surface(model, CE, data, points=2)
        assert found.facts.evaluator == "vectorized", found.facts.reason
        np.testing.assert_allclose(found.loss, expected, rtol=1e-6)  # alignment changes the order of sums
        assert torch.equal(as_tensor(inputs).float(), x)
    heads = [
        HeadTraining(inputs, y.numpy(), CODES["one-hot"].code(3), "softmax-ce", 3)
        for inputs in (read_only, x.numpy().astype(">f8"))
    ]
    assert np.array_equal(*(head.logits(read_only) for head in heads))
