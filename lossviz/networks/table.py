"""Networks, one row each, built from a seed without touching the global random state.

Layers start as torch starts them after `torch.manual_seed(seed)` (uniform, bounded by 1 / sqrt(inputs)).
``init_gain`` multiplies the weights and biases of the *output* layer: with a large gain a network starts
out sure, and so, mostly, sure and wrong.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from lossviz.common.plain_text import quoted
from lossviz.common.registry import Registry
from lossviz.common.rng import IsolatedRNG
from lossviz.common.validation import count_in, number_in

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}
MOST_UNITS, MOST_LAYERS = 1024, 16


@dataclass(frozen=True)
class Network:
    """One architecture: a row of `NETWORKS`. ``layers(inputs, outputs, activation)`` makes its modules."""

    name: str
    label: str
    layers: Callable[[int, int, type[nn.Module]], list[nn.Module]] = field(repr=False)
    formula: str  # LaTeX
    convention: str
    source: str
    only_inputs: int | None = None  # the one number of inputs that it takes; None for any

    def check(self, inputs: int, activation: str = "tanh", init_gain: float = 1.0) -> None:
        """ValueError unless `build` would take these."""
        count_in("inputs", inputs, 1)
        if self.only_inputs not in (None, inputs):
            raise ValueError(f"{self.name} takes {self.only_inputs} inputs, 8 × 8 pixels; got {inputs}")
        number_in("init_gain", init_gain, 0.0, 1000.0)
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {quoted(activation)}")

    def count(self, inputs: int, outputs: int) -> int:
        """How many weights it has."""
        with torch.device("meta"):
            made = nn.Sequential(*self.layers(inputs, outputs, nn.Tanh))
        return sum(parameter.numel() for parameter in made.parameters())

    def build(
        self, inputs: int, outputs: int, activation: str = "tanh", init_gain: float = 1.0, seed: int = 0
    ) -> nn.Sequential:
        """A freshly initialized float32 model from (n, inputs) to logits (n, outputs).

        Raises ValueError for a count below 1, inputs that do not fit the network, an unknown activation,
        or a gain outside [0, 1000].
        """
        self.check(inputs, activation, init_gain)
        count_in("outputs", outputs, 1)
        numbers = IsolatedRNG(count_in("seed", seed, 0, 2**63 - 1))
        with numbers, torch.device("cpu"), _Float32():
            model = nn.Sequential(*self.layers(inputs, outputs, ACTIVATIONS[activation]))
        with torch.no_grad():
            for parameter in model[-1].parameters():
                parameter.mul_(init_gain)
        return model


class _Float32(TorchFunctionMode):
    """New tensors of this thread are float32, and start the same, whatever has been made torch's default."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if function in _MAKERS and kwargs.get("dtype") is None:
            kwargs = {**kwargs, "dtype": torch.float32}
        return function(*args, **kwargs)


_MAKERS = (torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.eye, torch.linspace)


def _mlp(*hidden: int) -> Callable[[int, int, type[nn.Module]], list[nn.Module]]:
    def layers(inputs: int, outputs: int, activation: type[nn.Module]) -> list[nn.Module]:
        modules: list[nn.Module] = []
        for fan_in, fan_out in pairwise((inputs, *hidden)):
            modules += [nn.Linear(fan_in, fan_out), activation()]
        return [*modules, nn.Linear((inputs, *hidden)[-1], outputs)]

    return layers


def _cnn(inputs: int, outputs: int, activation: type[nn.Module]) -> list[nn.Module]:
    return [
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1),
        activation(),
        nn.Conv2d(16, 32, 3, padding=1),
        activation(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, outputs),
    ]


def _mlp_row(name: str) -> Network | None:
    """The row for ``mlp-<h>-<h>...``; ValueError for a network too large to be a lesson."""
    if not re.fullmatch(r"mlp(-[1-9]\d{0,5})+", name):
        return None
    hidden = tuple(map(int, name.split("-")[1:]))
    if len(hidden) > MOST_LAYERS or max(hidden) > MOST_UNITS:
        raise ValueError(
            f"{quoted(name)} is too large: at most {MOST_LAYERS} hidden layers of at most {MOST_UNITS} units"
        )
    return Network(
        name=name,
        label=f"{len(hidden)} hidden, {' and '.join(map(str, hidden))} units",
        layers=_mlp(*hidden),
        formula=r"h_0 = x, \quad h_{l+1} = f(W_l h_l + b_l), \quad z = W_L h_L + b_L",
        convention="fully connected; the activation f follows each hidden layer, none the last",
        source="D. Rumelhart, G. Hinton and R. Williams, Learning representations (1986)",
    )


def _listed(name: str) -> Network:
    row = _mlp_row(name)
    assert row is not None
    return row


NETWORKS: Registry[Network] = Registry(
    "network",
    [
        Network(
            name="neuron",
            label="One neuron",
            layers=_mlp(),
            formula=r"z = w^\top x + b",
            convention="one logit for each output, no hidden layer; the same map as linear",
            source="F. Rosenblatt, The Perceptron (1958)",
        ),
        Network(
            name="linear",
            label="Linear",
            layers=_mlp(),
            formula=r"z = W x + b",
            convention="no hidden layer; with a logarithmic loss this is logistic regression",
            source="D. Cox, The Regression Analysis of Binary Sequences (1958)",
        ),
        _listed("mlp-16"),
        _listed("mlp-16-16"),
        _listed("mlp-64-64"),
        Network(
            name="cnn",
            label="Small convolutional network",
            layers=_cnn,
            formula=r"z = W\, \mathrm{pool}(f(K_2 * f(K_1 * x))) + b",
            convention="for 8 × 8 pixels: 3 × 3 kernels, 16 then 32 channels, one 2 × 2 max-pool",
            source="Y. LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998)",
            only_inputs=64,
        ),
    ],
    parse=_mlp_row,
    rule="mlp-<units>-<units>...",
)
