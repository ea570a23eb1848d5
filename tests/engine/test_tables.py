"""The tables of operations know the same ones: no network is slow for want of a row in one of them."""

import numpy as np
import pytest
import torch
from support.models import plain_loop
from torch import Tensor, nn

import lossviz as lv
from lossviz.curvature.compiled import CompiledHessian, hessian_operator
from lossviz.curvature.op_rules import DERIVATIVE_RULES
from lossviz.curvature.products import AutogradHessian
from lossviz.engine.batchable import _PER_EXAMPLE
from lossviz.engine.op_names import ALONG_AXIS, DROPOUTS, JOINS, LAYERS, REDUCTIONS, RESHAPES
from lossviz.engine.operations import FORWARD_RULES

LOSS = nn.NLLLoss()


def test_every_table_has_every_layer() -> None:
    by_arguments = JOINS | REDUCTIONS | RESHAPES | ALONG_AXIS | {"__getitem__"}
    tables = {"forward": FORWARD_RULES, "derivative": DERIVATIVE_RULES, "convolutional": _PER_EXAMPLE}
    lacking = {name: sorted(LAYERS - set(table)) for name, table in tables.items()}
    assert lacking == {"forward": [], "derivative": [], "convolutional": sorted(by_arguments)}
    assert not DROPOUTS & LAYERS, "which are the identity in every table"


class Parts(nn.Module):
    """Values side by side, slices of them, and sums over features, beside a convolution or not."""

    def forward(self, h: Tensor) -> Tensor:
        both = torch.cat([h, -h.square()], dim=1)
        return torch.where(both > 0.1, both, 0.3 * both)[:, 2:8] + h.mean(1, keepdim=True)


ACTIVATIONS = {
    kind.__name__: kind
    for kind in (
        *(nn.CELU, nn.ELU, nn.GELU, nn.Hardshrink, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU),
        *(nn.LogSigmoid, nn.Mish, nn.PReLU, nn.ReLU, nn.ReLU6, nn.SELU, nn.SiLU, nn.Sigmoid, nn.Softplus),
        *(nn.Softshrink, nn.Softsign, nn.Tanh, nn.Tanhshrink, nn.Dropout, nn.AlphaDropout, nn.Identity),
    )
}
LAYER_KINDS = {
    **{name: lambda kind=kind: kind() for name, kind in ACTIVATIONS.items()},
    "Threshold": lambda: nn.Threshold(0.1, 0.2),
    "Softmax": lambda: nn.Softmax(dim=1),
    "LogSoftmax": lambda: nn.LogSoftmax(dim=-1),
    "Softmin": lambda: nn.Softmin(dim=1),
    "PReLU by feature": lambda: nn.PReLU(6),
    "GroupNorm": lambda: nn.GroupNorm(2, 6),
}
VECTORS_ONLY = {
    "GLU": nn.GLU, "LayerNorm": lambda: nn.LayerNorm(6), "RMSNorm": lambda: nn.RMSNorm(6),
    "BatchNorm1d": lambda: nn.BatchNorm1d(6), "Parts": Parts,
}  # fmt: skip
IMAGES_ONLY = {
    "BatchNorm2d": lambda: nn.BatchNorm2d(6), "InstanceNorm2d": lambda: nn.InstanceNorm2d(6),
    "ZeroPad2d": lambda: nn.ZeroPad2d(1), "Softmax2d": nn.Softmax2d,
    "Upsample": lambda: nn.Upsample(scale_factor=2), "AvgPool2d": lambda: nn.AvgPool2d(2),
    "ConvTranspose2d": lambda: nn.ConvTranspose2d(6, 6, 2),
    "Dropout2d": nn.Dropout2d, "LPPool2d": lambda: nn.LPPool2d(2, 2),
}  # fmt: skip


def _check(model: nn.Module, x: Tensor) -> None:
    model, y = model.double(), torch.arange(len(x)) % 3
    plane = lv.random_plane(model, include_bias=True)
    found = lv.surface(model, LOSS, (x.double(), y), plane, span=0.5, points=3, progress=False)
    assert found.facts.evaluator == "vectorized", found.facts.reason
    expected = plain_loop(model, LOSS, (x, y), plane, found.a, found.b)
    np.testing.assert_allclose(found.loss, expected, rtol=1e-9)


@pytest.mark.parametrize("name", [*LAYER_KINDS, *VECTORS_ONLY])
def test_a_layer_in_a_perceptron_is_vectorized_and_its_hessian_compiled(name: str) -> None:
    torch.manual_seed(0)
    layer = (LAYER_KINDS | VECTORS_ONLY)[name]()
    width = 3 if name == "GLU" else 6
    model = nn.Sequential(nn.Linear(4, 6), layer, nn.Linear(width, 3), nn.LogSoftmax(1)).eval()
    x = torch.randn(12, 4)
    _check(model, x)
    if name == "Hardsigmoid":
        return  # torch has no second derivative of it
    data = (x.double(), torch.arange(12) % 3)
    compiled, autograd = hessian_operator(model, LOSS, data), AutogradHessian(model, LOSS, data)
    assert isinstance(compiled, CompiledHessian), compiled.reason
    for _ in range(2):
        row = torch.linspace(-1, 1, len(autograd.like), dtype=torch.float64)
        torch.testing.assert_close(compiled.gradient, autograd.gradient, rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(compiled @ row, autograd @ row, rtol=1e-8, atol=1e-10)
        compiled.like += 0.1
        torch.nn.utils.vector_to_parameters(compiled.like, autograd.weights)
        compiled.refresh()
        autograd.refresh()


@pytest.mark.parametrize("name", [*LAYER_KINDS, *IMAGES_ONLY])
def test_a_layer_in_a_convolutional_network_is_vectorized(name: str) -> None:
    torch.manual_seed(0)
    layer = (LAYER_KINDS | IMAGES_ONLY)[name]()
    pooled = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3), nn.LogSoftmax(1))
    _check(nn.Sequential(nn.Conv2d(1, 6, 3), layer, *pooled), torch.randn(9, 1, 6, 6))


@pytest.mark.parametrize("dimensions", [1, 3])
def test_convolutions_of_other_dimensions_are_vectorized(dimensions: int) -> None:
    torch.manual_seed(0)
    convolution, pool = (getattr(nn, f"{name}{dimensions}d") for name in ("Conv", "AdaptiveMaxPool"))
    model = nn.Sequential(
        convolution(2, 5, 2), nn.ReLU(), pool(1), nn.Flatten(), Parts(), nn.Linear(6, 3), nn.LogSoftmax(1)
    )
    _check(model, torch.randn(9, 2, *[4] * dimensions))
