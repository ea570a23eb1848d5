"""Networks, one row each, built from a seed without touching the global random state.

Parameters are initialized as torch does after ``torch.manual_seed(seed)``: uniform, with bound 1 /
sqrt(inputs). ``init_gain`` multiplies the weights and biases of the *output* layer: with a large gain a
network starts with confident predictions, many of them wrong.

To add a network, add a row with a function (inputs, outputs, activation) -> modules.
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

LayerFunction = Callable[[int, int, type[nn.Module]], list[nn.Module]]

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}
MAX_UNITS, MAX_LAYERS = 1024, 16


@dataclass(frozen=True)
class Network:
    """An architecture: a row of `NETWORKS`.

    Attributes:
        name: Its key in `NETWORKS`, which also stands in links.
        label: How it is listed.
        layers: Returns new modules for (inputs, outputs, activation).
        formula: LaTeX, from x to the logits z.
        convention: What the formula leaves open.
        source: Where it was introduced.
        input_size: The only number of inputs that it takes; None for any.

    Example:
        >>> import lossviz as lv
        >>> model = lv.NETWORKS["mlp-16-16"].build(inputs=2, outputs=1, activation="relu", seed=0)
        >>> lv.NETWORKS["mlp-16-16"].parameter_count(2, 1)
        337
    """

    name: str
    label: str
    layers: LayerFunction = field(repr=False)
    formula: str
    convention: str
    source: str
    input_size: int | None = None

    def check(self, inputs: int, activation: str = "tanh", init_gain: float = 1.0) -> None:
        """Check arguments of `build` without building anything.

        Args:
            inputs: Number of features.
            activation: A key of `ACTIVATIONS`.
            init_gain: In [0, 1000].

        Raises:
            ValueError: If the network does not take them.
        """
        count_in("inputs", inputs, 1)
        if self.input_size not in (None, inputs):
            raise ValueError(f"{self.name} takes {self.input_size} inputs, 8 × 8 pixels; got {inputs}")
        number_in("init_gain", init_gain, 0.0, 1000.0)
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {quoted(activation)}")

    def parameter_count(self, inputs: int, outputs: int) -> int:
        """Number of parameters, without allocating them.

        Args:
            inputs: Number of features.
            outputs: Number of logits.

        Returns:
            The number of weights and biases.
        """
        with torch.device("meta"):
            model = nn.Sequential(*self.layers(inputs, outputs, nn.Tanh))
        return sum(parameter.numel() for parameter in model.parameters())

    def build(
        self, inputs: int, outputs: int, activation: str = "tanh", init_gain: float = 1.0, seed: int = 0
    ) -> nn.Sequential:
        """Build an initialized float32 model on the CPU.

        Args:
            inputs: Number of features.
            outputs: Number of logits.
            activation: A key of `ACTIVATIONS`, used after each hidden layer.
            init_gain: Factor of the weights and biases of the output layer, in [0, 1000].
            seed: Seed of the initialization.

        Returns:
            A model from (n, inputs) to logits (n, outputs).

        Raises:
            ValueError: If a number is below 1, the network does not take so many inputs, the activation is
                unknown, or the gain is out of range.
        """
        self.check(inputs, activation, init_gain)
        count_in("outputs", outputs, 1)
        numbers = IsolatedRNG(count_in("seed", seed, 0, 2**63 - 1))
        with numbers, _Float32():
            model = nn.Sequential(*self.layers(inputs, outputs, ACTIVATIONS[activation])).cpu()
        with torch.no_grad():
            for parameter in model[-1].parameters():
                parameter.mul_(init_gain)
        return model


class _Float32(TorchFunctionMode):
    """New tensors of this thread are float32 on the CPU, whatever torch's defaults are."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if function in _FACTORIES and kwargs.get("dtype") is None:
            kwargs = {**kwargs, "dtype": torch.float32, "device": kwargs.get("device") or "cpu"}
        return function(*args, **kwargs)


_FACTORIES = frozenset(
    (torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.eye, torch.linspace)
)


def _mlp(*hidden: int) -> LayerFunction:
    """A fully connected network with hidden layers of these sizes."""

    def layers(inputs: int, outputs: int, activation: type[nn.Module]) -> list[nn.Module]:
        modules: list[nn.Module] = []
        for fan_in, fan_out in pairwise((inputs, *hidden)):
            modules += [nn.Linear(fan_in, fan_out), activation()]
        return [*modules, nn.Linear((inputs, *hidden)[-1], outputs)]

    return layers


def _cnn(inputs: int, outputs: int, activation: type[nn.Module]) -> list[nn.Module]:
    """Two convolutions of 8 x 8 pixels, max-pooling, and a linear layer."""
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


def _layers_label(hidden: tuple[int, ...]) -> str:
    """The hidden layers in words: "2 layers of 16", or "layers of 16 and 8" if they differ."""
    if len(set(hidden)) > 1:
        return f"layers of {', '.join(map(str, hidden[:-1]))} and {hidden[-1]}"
    return f"{len(hidden)} {'layer' if len(hidden) == 1 else 'layers'} of {hidden[0]}"


def _mlp_row(name: str) -> Network | None:
    """The row of ``mlp-<h>-<h>...``, None for another name; ValueError for a network that is too large."""
    if not re.fullmatch(r"mlp(-[1-9]\d{0,5})+", name):
        return None
    hidden = tuple(map(int, name.split("-")[1:]))
    if len(hidden) > MAX_LAYERS or max(hidden) > MAX_UNITS:
        raise ValueError(
            f"{quoted(name)} is too large: at most {MAX_LAYERS} hidden layers of at most {MAX_UNITS} units"
        )
    return Network(
        name=name,
        label=_layers_label(hidden),
        layers=_mlp(*hidden),
        formula=r"h_0 = x, \quad h_{l+1} = f(W_l h_l + b_l), \quad z = W_L h_L + b_L",
        convention="fully connected; the activation f follows each hidden layer, none the last",
        source="D. Rumelhart, G. Hinton and R. Williams, Learning representations (1986)",
    )


def _listed_mlp(name: str) -> Network:
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
        _listed_mlp("mlp-16"),
        _listed_mlp("mlp-16-16"),
        _listed_mlp("mlp-64-64"),
        Network(
            name="cnn",
            label="Small CNN",
            layers=_cnn,
            formula=r"z = W\, \mathrm{pool}(f(K_2 * f(K_1 * x))) + b",
            convention="for 8 × 8 pixels: 3 × 3 kernels, 16 then 32 channels, one 2 × 2 max-pool",
            source="Y. LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998)",
            input_size=64,
        ),
    ],
    parse=_mlp_row,
    pattern="mlp-<units>-<units>...",
)
