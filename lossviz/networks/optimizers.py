"""Optimizers, one row each: a class of torch.optim with the settings that make it the textbook's."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer as TorchOptimizer

from lossviz.common.registry import Registry
from lossviz.common.validation import number_in


@dataclass(frozen=True)
class Optimizer:
    """One way to walk downhill: a row of `OPTIMIZERS`.

    ``elementwise`` says that each weight is stepped by its own gradient alone, so that many models can
    be trained in one stack of parameters; L-BFGS mixes them all. ``quick`` names the form of torch's code
    that is fastest for such a stack; it computes the same step.
    """

    name: str
    label: str
    torch_class: Callable[..., TorchOptimizer] = field(repr=False)
    formula: str  # LaTeX, one step on a weight with gradient g
    convention: str
    source: str
    rate: float  # a learning rate to start from
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    elementwise: bool = True
    quick: str = "fused"

    def build(
        self,
        parameters: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        weight_decay: float | None = None,
        stacked: bool = False,
    ) -> TorchOptimizer:
        """The torch optimizer; step it with a closure that returns the loss.

        ``weight_decay`` None is the row's own (0.01 for adamw, 0 for the others). Raises ValueError unless
        lr is finite and above 0, and weight_decay a number of at least 0 that the optimizer knows of.
        """
        settings = dict(self.settings)
        number_in("lr", lr, 0.0, open_low=True)
        if weight_decay is not None:
            number_in("weight_decay", weight_decay, 0.0)
            if self.elementwise:
                settings["weight_decay"] = weight_decay
            elif weight_decay:
                raise ValueError(f"{self.name} has no weight decay; got weight_decay {weight_decay:g}")
        if stacked:
            settings[self.quick] = True
        return self.torch_class(parameters, lr=lr, **settings)


OPTIMIZERS: Registry[Optimizer] = Registry(
    "optimizer",
    [
        Optimizer(
            name="sgd",
            label="Gradient descent",
            torch_class=torch.optim.SGD,
            formula=r"w \leftarrow w - \eta\, g",
            convention="stochastic only if the batches are",
            source="A. Cauchy (1847); H. Robbins and S. Monro (1951)",
            rate=0.5,
        ),
        Optimizer(
            name="momentum",
            label="Momentum",
            torch_class=torch.optim.SGD,
            formula=r"v \leftarrow 0.9\, v + g, \quad w \leftarrow w - \eta\, v",
            convention="heavy ball, without dampening: a steady gradient ends up ten times as strong",
            source="B. Polyak, Some methods of speeding up the convergence (1964)",
            rate=0.05,
            settings=MappingProxyType({"momentum": 0.9}),
        ),
        Optimizer(
            name="nesterov",
            label="Nesterov",
            torch_class=torch.optim.SGD,
            formula=r"v \leftarrow 0.9\, v + g, \quad w \leftarrow w - \eta\, (g + 0.9\, v)",
            convention="as torch writes it, with the gradient taken before the look ahead",
            source="Y. Nesterov (1983); I. Sutskever et al. (2013)",
            rate=0.05,
            settings=MappingProxyType({"momentum": 0.9, "nesterov": True}),
        ),
        Optimizer(
            name="rmsprop",
            label="RMSprop",
            torch_class=torch.optim.RMSprop,
            formula=r"s \leftarrow 0.99\, s + 0.01\, g^2, \quad "
            r"w \leftarrow w - \eta\, g / (\sqrt{s} + 10^{-8})",
            convention="not centred, no momentum",
            source="T. Tieleman and G. Hinton, Lecture 6.5 (2012)",
            rate=0.01,
            quick="foreach",
        ),
        Optimizer(
            name="adam",
            label="Adam",
            torch_class=torch.optim.Adam,
            formula=r"w \leftarrow w - \eta\, \hat m / (\sqrt{\hat v} + 10^{-8})",
            convention="averages 0.9 of the gradient and 0.999 of its square, both bias-corrected",
            source="D. Kingma and J. Ba, Adam (2015)",
            rate=0.02,
        ),
        Optimizer(
            name="adamw",
            label="AdamW",
            torch_class=torch.optim.AdamW,
            formula=r"w \leftarrow (1 - 0.01\, \eta)\, w - \eta\, \hat m / (\sqrt{\hat v} + 10^{-8})",
            convention="Adam with a weight decay of 0.01 beside the gradient",
            source="I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization (2019)",
            rate=0.02,
        ),
        Optimizer(
            name="lbfgs",
            label="L-BFGS",
            torch_class=torch.optim.LBFGS,
            formula=r"w \leftarrow w - \eta\, t\, H g",
            convention="one iteration a step, 10 pairs remembered; t by a strong Wolfe search of 30 trials",
            source="D. Liu and J. Nocedal, On the limited memory BFGS method (1989)",
            rate=1.0,
            settings=MappingProxyType(
                {"max_iter": 1, "max_eval": 30, "history_size": 10, "line_search_fn": "strong_wolfe"}
            ),
            elementwise=False,
        ),
    ],
)
