"""Models with only two weights, so that their whole loss surface can be seen, exactly.

Nothing is sliced or projected here: the plane *is* the weight space.
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
class TwoWeights:
    """A model of two weights with its data: a row of `TWO_WEIGHTS`."""

    name: str
    label: str
    axes: tuple[str, str]
    data: Callable[[], tuple[Floats, Floats]] = field(repr=False)  # x (n, d), y (n,) in {0, 1}
    logits: Callable[[Tensor, Tensor], Tensor] = field(repr=False)  # w (m, 2), x (n, d) -> (m, n)
    formula: str  # LaTeX
    convention: str
    source: str
    span: float  # how far to each side the plane goes


def _noisy_step() -> tuple[Floats, Floats]:
    """50 points on a line, 1 to the right of 0 and 0 to the left, a tenth of the labels turned."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, 50)
    turned = rng.uniform(size=50) < 0.1
    return x[:, None], ((x > 0) ^ turned).astype(np.float64)


def _one_example() -> tuple[Floats, Floats]:
    return np.array([[1.0]]), np.array([0.0])


def _two_features(
    dataset: str, columns: tuple[int, int], classes: tuple[int, int]
) -> Callable[[], tuple[Floats, Floats]]:
    def data() -> tuple[Floats, Floats]:
        whole = DATASETS[dataset].load()
        chosen = np.isin(whole.y, classes)
        x = whole.x[chosen][:, columns]
        return x - x.mean(axis=0), (whole.y[chosen] == classes[1]).astype(np.float64)

    return data


def _chain(w: Tensor, x: Tensor) -> Tensor:
    return w[:, 1:] * torch.tanh(w[:, :1] * x[:, 0])


def _neuron(w: Tensor, x: Tensor) -> Tensor:
    return w[:, :1] * x[:, 0] + w[:, 1:]


def _linear(w: Tensor, x: Tensor) -> Tensor:
    return w @ x.T


TWO_WEIGHTS: Registry[TwoWeights] = Registry(
    "two-weight model",
    [
        TwoWeights(
            name="noisy-step",
            label="Two layers, noisy step",
            axes=("w₁", "w₂"),
            data=_noisy_step,
            logits=_chain,
            formula=r"z = w_2 \tanh(w_1 x)",
            convention="50 points, y = [x > 0], a tenth of the labels turned",
            source="after X. Glorot and Y. Bengio, Understanding the difficulty of training (2010), figure 5",
            span=10.0,
        ),
        TwoWeights(
            name="neuron-step",
            label="One neuron, noisy step",
            axes=("w", "b"),
            data=_noisy_step,
            logits=_neuron,
            formula=r"z = w x + b",
            convention="50 points, y = [x > 0], a tenth of the labels turned",
            source="M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3",
            span=10.0,
        ),
        TwoWeights(
            name="one-example",
            label="One neuron, one example",
            axes=("w", "b"),
            data=_one_example,
            logits=_neuron,
            formula=r"z = w x + b, \quad x = 1,\ y = 0",
            convention="the race of Stuck neuron, seen from above",
            source="M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3",
            span=10.0,
        ),
        TwoWeights(
            name="breast-cancer",
            label="Breast cancer, two features",
            axes=("w of mean texture", "w of worst area"),
            data=_two_features("breast-cancer", (1, 23), (0, 1)),
            logits=_linear,
            formula=r"z = w_1 x_1 + w_2 x_2",
            convention="569 patients, standardized features, no bias; 1 is benign",
            source="UCI, Breast Cancer Wisconsin, Diagnostic (1993)",
            span=10.0,
        ),
        TwoWeights(
            name="iris",
            label="Iris, two features",
            axes=("w of petal length", "w of petal width"),
            data=_two_features("iris", (2, 3), (1, 2)),
            logits=_linear,
            formula=r"z = w_1 x_1 + w_2 x_2",
            convention="100 flowers, centred features, no bias; versicolor is 0, virginica is 1",
            source="R. Fisher, The Use of Multiple Measurements in Taxonomic Problems (1936)",
            span=10.0,
        ),
    ],
)
