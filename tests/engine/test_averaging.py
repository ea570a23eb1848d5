"""The loss over several batches is that of all the data at once, for every loss of torch and in every form.

The ground truth is one call of the loss on the whole data, in float64.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from support.models import mlp
from torch import Tensor, nn

import lossviz as lv
from lossviz.curvature.products import AutogradHessian
from lossviz.losses.table import LOSSES

WEIGHTS = torch.tensor([1.0, 5.0, 19.0], dtype=torch.float64)
ROWS = 24


def _classes(seed: int = 1) -> Tensor:
    return torch.randint(0, 3, (ROWS,), generator=torch.Generator().manual_seed(seed))


def _numbers(low: float = 0.1) -> Tensor:
    return low + torch.rand(ROWS, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def _signs() -> Tensor:
    return (_numbers(-0.5) > 0).double() * 2 - 1


class Wrapped(nn.Module):
    """A loss of the user's own, which calls one of torch's."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return 0.5 * self.loss(outputs, targets)


def _gaussian(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.gaussian_nll_loss(outputs[:, 0], targets[:, 0], outputs[:, 1].exp())


def _ctc(outputs: Tensor, targets: Tensor) -> Tensor:
    """Each example is a sequence of three steps over two symbols, with one label."""
    log_probs = torch.stack([outputs, -outputs], -1).log_softmax(-1).transpose(0, 1)
    ones = torch.ones(len(targets), dtype=torch.long)
    return F.ctc_loss(log_probs, torch.ones(len(targets), 1).long(), 3 * ones, ones)


def _triplet(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.triplet_margin_loss(outputs, targets, -targets, margin=3.0)


def _cosine(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cosine_embedding_loss(outputs, targets, torch.sign(targets[:, 0] - 0.5))


def _ranking(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.margin_ranking_loss(outputs[:, 0], outputs[:, 1], torch.sign(targets[:, 0] - 0.5), margin=2.0)


def _ignored() -> Tensor:
    return torch.where(torch.arange(ROWS) % 5 == 1, -100, _classes())


def _by_mask(outputs: Tensor, targets: Tensor) -> Tensor:
    kept = targets != -100
    losses = F.cross_entropy(outputs, targets.clamp(min=0), reduction="none")
    return (losses * kept).sum() / kept.sum().clamp(min=1)


def _penalized(outputs: Tensor, targets: Tensor, model: nn.Module) -> Tensor:
    return F.cross_entropy(outputs, targets, WEIGHTS) + 0.1 * sum(
        p.square().sum() for p in model.parameters()
    )


def _penalized_sum(outputs: Tensor, targets: Tensor, model: nn.Module) -> Tensor:
    return (outputs - targets).square().sum() + 0.1 * sum(p.square().sum() for p in model.parameters())


PROBABILITIES = _numbers().softmax(1)
CE_SMOOTH = nn.CrossEntropyLoss(WEIGHTS, label_smoothing=0.2)


def _of_log(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda outputs, targets: loss(outputs.log_softmax(1), targets)


CLASSIFIERS = {
    "CE": (nn.CrossEntropyLoss(), _ignored()),
    "CE sum": (nn.CrossEntropyLoss(reduction="sum"), _ignored()),
    "CE weights": (nn.CrossEntropyLoss(WEIGHTS), _ignored()),
    "CE smoothing": (nn.CrossEntropyLoss(label_smoothing=0.2), _ignored()),
    "CE weights, smoothing": (CE_SMOOTH, _ignored()),
    "CE ignores class 1": (nn.CrossEntropyLoss(ignore_index=1), _ignored()),
    "F.cross_entropy": (F.cross_entropy, _ignored()),
    "partial": (partial(F.cross_entropy, weight=WEIGHTS), _ignored()),
    "module": (Wrapped(nn.CrossEntropyLoss(WEIGHTS)), _ignored()),
    "NLL": (_of_log(nn.NLLLoss()), _ignored()),
    "NLL weights": (_of_log(nn.NLLLoss(WEIGHTS)), _ignored()),
    "NLL sum": (_of_log(nn.NLLLoss(reduction="sum")), _ignored()),
}
ONE_LABEL = torch.stack([_classes(), *[-torch.ones(ROWS).long()] * 2], 1)
OTHERS = {
    "by mask": (_by_mask, _ignored()),
    "penalty": (_penalized, _ignored()),
    "of probabilities": (nn.CrossEntropyLoss(WEIGHTS), PROBABILITIES),
    "MultiMargin": (nn.MultiMarginLoss(weight=WEIGHTS), _classes()),
    "MultiLabelMargin": (nn.MultiLabelMarginLoss(), ONE_LABEL),
    "MultiLabelSoftMargin": (nn.MultiLabelSoftMarginLoss(WEIGHTS), (_signs() + 1) / 2),
    "BCEWithLogits": (nn.BCEWithLogitsLoss(WEIGHTS, pos_weight=WEIGHTS), (_signs() + 1) / 2),
    "BCE": (lambda o, t: F.binary_cross_entropy(torch.sigmoid(o), t), PROBABILITIES),
    "BCE sum": (lambda o, t: nn.BCELoss(reduction="sum")(torch.sigmoid(o), t), PROBABILITIES),
    "KLDiv batchmean": (
        lambda o, t: nn.KLDivLoss(reduction="batchmean")(o.log_softmax(1), t), PROBABILITIES),
    "KLDiv sum": (lambda o, t: F.kl_div(o.log_softmax(1), t, reduction="sum"), PROBABILITIES),
    "MSE": (nn.MSELoss(), _numbers()),
    "MSE sum": (nn.MSELoss(reduction="sum"), _numbers()),
    "MSE weights": (lambda o, t: F.mse_loss(o, t, weight=t), _numbers()),
    "L1": (nn.L1Loss(), _numbers()),
    "SmoothL1": (nn.SmoothL1Loss(beta=0.4), _numbers()),
    "Huber": (nn.HuberLoss(delta=0.4), _numbers()),
    "PoissonNLL": (nn.PoissonNLLLoss(), _numbers()),
    "SoftMargin": (nn.SoftMarginLoss(), _signs()),
    "HingeEmbedding": (nn.HingeEmbeddingLoss(), _signs()),
    "GaussianNLL": (_gaussian, _numbers()),
    "CTC": (_ctc, _classes()),
    "TripletMargin": (_triplet, _numbers()),
    "CosineEmbedding": (_cosine, _numbers()),
    "MarginRanking": (_ranking, _numbers()),
    "mean by hand": (lambda o, t: (o - t).square().sum(1).mean(), _numbers()),
    "sum divided by the examples": (lambda o, t: (o - t).square().sum() / len(t), _numbers()),
    "sum divided by a number": (lambda o, t: (o - t).square().sum() / 8, _numbers()),
    "penalty on a sum": (_penalized_sum, _numbers()),
    "root of a mean": (lambda o, t: (o - t).square().mean().sqrt(), _numbers()),
    "two denominators": (lambda o, t: F.cross_entropy(o, t, WEIGHTS) + o.square().mean(), _classes()),
    "centered over the data": (lambda o, t: (o - t - (o - t).mean(0)).square().mean(), _numbers()),
    "contrastive": (lambda o, t: F.cross_entropy(o @ o.T, torch.arange(len(o))), _numbers()),
    "hard examples alone": (
        lambda o, t: (each := F.cross_entropy(o, t, reduction="none"))[each > 1].mean(), _classes()),
    "sum of shares": (lambda o, t: (F.cross_entropy(o, t, reduction="none") / len(t)).sum(), _classes()),
    "half squares": (lambda o, t: (0.5 * (o - t) ** 2).sum(), _numbers()),
    "normalized weights": (
        lambda o, t: ((o - t).square().sum(1) * t[:, 0] / t[:, 0].sum()).sum(), _numbers()),
    "weights of mean 1": (
        lambda o, t: ((o - t).square().sum(1) * (t[:, 0] / t[:, 0].mean())).mean(), _numbers()),
    "softmax of the targets": (lambda o, t: ((o - t).square() * t.softmax(0)).sum(), _numbers()),
    "weights by frequency": (
        lambda o, t: F.cross_entropy(o, t, weight=1 / (torch.bincount(t, minlength=3) + 1.0).double()),
        _classes()),
    "largest alone": (
        lambda o, t: F.cross_entropy(o, t, reduction="none").topk(len(t) // 2).values.mean(), _classes()),
    "centered targets": (lambda o, t: (o - (t - t.mean(0))).square().mean(), _numbers()),
    "coefficient of determination": (
        lambda o, t: (o - t).square().sum() / (t - t.mean(0)).square().sum(), _numbers()),
    "a Python number": (lambda o, t: float((o - t).detach().square().mean()), _numbers()),
    "row": (LOSSES["softmax-ce"], _classes()),
}  # fmt: skip
CUTS = {"even": (0, 8, 16, 24), "uneven": (0, 3, 14, 24), "one empty": (0, 6, 12, 24)}


def _problem(targets: Tensor) -> tuple[nn.Module, Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = mlp(4, 5, 3).double()
        return model, torch.randn(len(targets), 4, dtype=torch.float64)


def _whole(model: nn.Module, loss_fn: Callable[..., Any], data: Any) -> Any:
    extra = {"model": model} if loss_fn in (_penalized, _penalized_sum) else {}
    return (lv.losses.base.MeanLoss(loss_fn) if isinstance(loss_fn, lv.Loss) else loss_fn)(
        model(data[0]), data[1], **extra
    )


ONCE_DIFFERENTIABLE = ("CTC", "MultiMargin", "MultiLabelMargin")  # torch has no second derivative of these
CASES = [
    (name, cut)
    for name in (*CLASSIFIERS, *OTHERS)
    for cut in CUTS
    if cut != "one empty" or name in (*CLASSIFIERS, "by mask", "penalty")
]


@pytest.mark.parametrize(("name", "cut"), CASES)
def test_batches_have_the_loss_gradient_and_curvature_of_the_whole(name: str, cut: str) -> None:
    loss_fn, targets = (CLASSIFIERS | OTHERS)[name]
    if cut == "one empty":
        targets = targets.clone()
        targets[6:12] = 1 if "class 1" in name else -100
    if "class 1" in name:
        targets = targets.where(targets != -100, 1)
    model, x = _problem(targets)
    batches = [(x[a:b], targets[a:b]) for a, b in pairwise(CUTS[cut])]
    plane = lv.random_plane(model)
    found = lv.losses_at(model, loss_fn, batches, plane, [0.0, 0.3], [0.0, -0.2])
    expected = lv.losses_at(model, loss_fn, [(x, targets)], plane, [0.0, 0.3], [0.0, -0.2])
    loss = _whole(model, loss_fn, (x, targets))
    value = float(loss.detach() if isinstance(loss, Tensor) else loss)
    assert expected[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    if isinstance(loss, Tensor):
        parts, whole = AutogradHessian(model, loss_fn, batches), AutogradHessian(model, loss_fn, (x, targets))
        assert parts.loss == pytest.approx(value, rel=1e-10)
        torch.testing.assert_close(parts.gradient, whole.gradient, rtol=1e-8, atol=1e-12)
    if isinstance(loss, Tensor) and name not in ONCE_DIFFERENTIABLE:
        row = torch.linspace(-1, 1, whole.like.numel(), dtype=torch.float64)
        torch.testing.assert_close(parts @ row, whole @ row, rtol=1e-7, atol=1e-11)


class TimeFirst(nn.Module):
    """A recurrent network over (time, examples, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.head = nn.RNN(4, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0])


def _over_steps(outputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), ignore_index=0)


def test_sequences_with_time_first_count_by_their_targets() -> None:
    torch.manual_seed(0)
    model, x, y = TimeFirst().double(), torch.randn(4, 9, 4).double(), torch.randint(0, 3, (4, 9))
    batches = [(x[:, :2], y[:, :2]), (x[:, 2:], y[:, 2:])]
    whole = _over_steps(model(x), y).detach()
    line = lv.profile(model, _over_steps, batches, span=0.5, points=3, progress=False)
    assert line.loss[1] == pytest.approx(float(whole), rel=1e-12)
    assert lv.sharpness(model, _over_steps, batches) == pytest.approx(
        lv.sharpness(model, _over_steps, (x, y)), rel=1e-4
    )


def test_full_batch_training_on_several_batches_is_that_on_the_whole() -> None:
    targets = _ignored()
    targets[14:] = -100
    model, x = _problem(targets)
    loss_fn = nn.CrossEntropyLoss(WEIGHTS)
    batches = [(x[:3], targets[:3]), (x[3:14], targets[3:14]), (x[14:], targets[14:])]
    found, expected = (lv.edge_run(model, loss_fn, data, 0.5, steps=4) for data in (batches, (x, targets)))
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-9)
    np.testing.assert_allclose(found.sharpness, expected.sharpness, rtol=1e-4)


def test_facts_name_the_convention_where_batches_cannot_be_joined() -> None:
    """The loss of each batch is read from a table, so that nothing tells what it is on both."""

    def of_size(outputs: Any, targets: Tensor) -> float:
        return {4: 1.0, 20: 7.0}[len(targets)] + 0 * float(outputs[0].sum())

    class Listed(nn.Linear):
        def forward(self, x: Tensor) -> Any:
            return [F.linear(x, self.weight, self.bias)] * len(x)

    model, x, y = Listed(4, 3).double(), _problem(_classes())[1], _classes()
    data = [(x[:4], y[:4]), (x[4:], y[4:])]
    found = lv.surface(model, of_size, data, points=2, progress=False)
    assert "by convention" in found.facts.averaging
    assert "by convention" in lv.figures.contour(found).layout.annotations[0].text
    np.testing.assert_allclose(found.loss, (4 * 1 + 20 * 7) / 24)
    for weight, expected in (
        (len, 6.0),
        ([3, 1], 2.5),
        ("sum", 8.0),
        (lambda t: 1 if len(t) > 9 else 0, 7.0),
    ):
        other = lv.surface(model, of_size, data, points=2, progress=False, batch_weight=weight)
        np.testing.assert_allclose(other.loss, expected)
        assert "convention" not in other.facts.averaging


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ("mean", "'mean'"),
        ([1.0], "each of the 2 batches; got 1"),
        ([1.0, -1.0], "batch_weight must be a finite number of at least 0; got -1"),
        (lambda targets: 0, "above 0 for at least one batch"),
        (3, "got 3"),
    ],
)
def test_a_weight_that_is_none_is_refused(weight: Any, message: str) -> None:
    model, x = _problem(_classes())
    with pytest.raises(ValueError, match=message):
        lv.surface(model, F.cross_entropy, [(x, _classes())] * 2, points=2, batch_weight=weight)
