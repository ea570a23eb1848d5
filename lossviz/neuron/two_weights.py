"""Models with only two weights, so that their whole loss surface can be drawn exactly.

Nothing is sliced or projected: the plane of the two weights is the whole weight space.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from lossviz.common.registry import Registry
from lossviz.common.typing import Floats
from lossviz.data.table import DATASETS


@dataclass(frozen=True)
class TwoWeightModel:
    """A model of two weights with its data: a row of `TWO_WEIGHT_MODELS`.

    Attributes:
        name: Name in the registry.
        label: Name for people.
        weight_names: What the two weights are called.
        data: Returns the examples x, (n, d), and their labels y in {0, 1}, (n,).
        logits: From weights w, (m, 2), and examples x, (n, d), to logits, (m, n).
        formula: The logit as LaTeX.
        convention: What the examples are and how they are scaled.
        source: Where the model or its data is from.
        span: The plane is shown from -span to span along both weights.
    """

    name: str
    label: str
    weight_names: tuple[str, str]
    data: Callable[[], tuple[Floats, Floats]] = field(repr=False)
    logits: Callable[[Tensor, Tensor], Tensor] = field(repr=False)
    formula: str
    convention: str
    source: str
    span: float


def _noisy_step() -> tuple[Floats, Floats]:
    """50 points on a line with labels y = [x > 0], of which about a tenth are flipped."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, 50)
    flipped = rng.uniform(size=50) < 0.1
    return x[:, None], ((x > 0) ^ flipped).astype(np.float64)


def _one_example() -> tuple[Floats, Floats]:
    """The input 1 with the target 0."""
    return np.array([[1.0]]), np.array([0.0])


def _two_features(
    dataset: str, columns: tuple[int, int], classes: tuple[int, int]
) -> Callable[[], tuple[Floats, Floats]]:
    """Two centred features of the examples of two classes; the label is 1 for the second class."""

    def data() -> tuple[Floats, Floats]:
        loaded = DATASETS[dataset].load()
        chosen = np.isin(loaded.y, classes)
        x = loaded.x[chosen][:, columns]
        return x - x.mean(axis=0), (loaded.y[chosen] == classes[1]).astype(np.float64)

    return data


def _two_layers(w: Tensor, x: Tensor) -> Tensor:
    """w2 tanh(w1 x)."""
    return w[:, 1:] * torch.tanh(w[:, :1] * x[:, 0])


def _neuron(w: Tensor, x: Tensor) -> Tensor:
    """w x + b."""
    return w[:, :1] * x[:, 0] + w[:, 1:]


def _linear(w: Tensor, x: Tensor) -> Tensor:
    """w1 x1 + w2 x2."""
    return w @ x.T


TWO_WEIGHT_MODELS: Registry[TwoWeightModel] = Registry(
    "two-weight model",
    [
        TwoWeightModel(
            name="noisy-step",
            label="Two layers, noisy step",
            weight_names=("w₁", "w₂"),
            data=_noisy_step,
            logits=_two_layers,
            formula=r"z = w_2 \tanh(w_1 x)",
            convention="50 points, y = [x > 0], a tenth of the labels turned",
            source="after X. Glorot and Y. Bengio, Understanding the difficulty of training (2010), figure 5",
            span=10.0,
        ),
        TwoWeightModel(
            name="neuron-step",
            label="One neuron, noisy step",
            weight_names=("w", "b"),
            data=_noisy_step,
            logits=_neuron,
            formula=r"z = w x + b",
            convention="50 points, y = [x > 0], a tenth of the labels turned",
            source="M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3",
            span=10.0,
        ),
        TwoWeightModel(
            name="one-example",
            label="One neuron, one example",
            weight_names=("w", "b"),
            data=_one_example,
            logits=_neuron,
            formula=r"z = w x + b, \quad x = 1,\ y = 0",
            convention="the race of Stuck neuron, seen from above",
            source="M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3",
            span=10.0,
        ),
        TwoWeightModel(
            name="breast-cancer",
            label="Breast cancer, two features",
            weight_names=("w of mean texture", "w of worst area"),
            data=_two_features("breast-cancer", (1, 23), (0, 1)),
            logits=_linear,
            formula=r"z = w_1 x_1 + w_2 x_2",
            convention="569 patients, standardized features, no bias; 1 is benign",
            source="UCI, Breast Cancer Wisconsin, Diagnostic (1993)",
            span=10.0,
        ),
        TwoWeightModel(
            name="iris",
            label="Iris, two features",
            weight_names=("w of petal length", "w of petal width"),
            data=_two_features("iris", (2, 3), (1, 2)),
            logits=_linear,
            formula=r"z = w_1 x_1 + w_2 x_2",
            convention="100 flowers, centred features, no bias; versicolor is 0, virginica is 1",
            source="R. Fisher, The Use of Multiple Measurements in Taxonomic Problems (1936)",
            span=10.0,
        ),
    ],
)
