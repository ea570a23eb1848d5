"""Optimizers, one row each: a class of torch.optim with the settings that make it the textbook's.

To add an optimizer, add a row here. A test asks for what else is needed: the same optimizer written with
torch alone, in ``tests/networks/test_optimizers.py``. To offer it on a page, name it in the controls of
that page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import Tensor
from torch.optim import Optimizer as TorchOptimizer

from lossviz.common.registry import Registry
from lossviz.common.validation import number_in


@dataclass(frozen=True)
class Optimizer:
    """An optimizer: a row of `OPTIMIZERS`.

    Attributes:
        name: Its key in `OPTIMIZERS`, which also stands in links.
        label: How it is listed.
        torch_class: The class of torch.optim.
        formula: LaTeX: one step of a weight w with gradient g and learning rate eta.
        convention: What the formula leaves open.
        source: Where it was introduced.
        default_lr: A learning rate to start from.
        settings: Arguments of the class besides the learning rate.
        inline_label: Its label inside a sentence; "" if that is ``label``.
        elementwise: Whether each weight is updated by its own gradient alone, so that many models can be
            trained as one stack of parameters.
        stacked_implementation: Which of torch's implementations is the fastest for such a stack; all
            compute the same step.
        stability: Which curvature has a known stability threshold: that of the Hessian, that of the Hessian
            preconditioned by the optimizer, or none. `lossviz.stability` computes the threshold from
            ``settings``.

    Example:
        >>> import lossviz as lv
        >>> import torch
        >>> w = torch.ones(1, requires_grad=True)
        >>> lv.OPTIMIZERS["momentum"].build([w], lr=0.1).defaults["momentum"]
        0.9
    """

    name: str
    label: str
    torch_class: Callable[..., TorchOptimizer] = field(repr=False)
    formula: str
    convention: str
    source: str
    default_lr: float
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    inline_label: str = ""
    elementwise: bool = True
    stacked_implementation: Literal["fused", "foreach"] = "fused"
    stability: Literal["hessian", "preconditioned", "unknown"] = "unknown"

    def build(
        self,
        parameters: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        weight_decay: float | None = None,
        stacked: bool = False,
    ) -> TorchOptimizer:
        """Build the torch optimizer.

        Args:
            parameters: Tensors or parameter groups, as torch takes them.
            lr: Learning rate, above 0.
            weight_decay: At least 0; None for the default of this row (0.01 for adamw, 0 for the others).
            stacked: Whether to use the implementation that is the fastest for one large tensor.

        Returns:
            The optimizer; step it with a closure that returns the loss, as L-BFGS needs.

        Raises:
            ValueError: If ``lr`` or ``weight_decay`` is out of range, or the optimizer has no weight decay.
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
            settings[self.stacked_implementation] = True
        return self.torch_class(parameters, lr=lr, **settings)


OPTIMIZERS: Registry[Optimizer] = Registry(
    "optimizer",
    [
        Optimizer(
            name="sgd",
            label="SGD",
            torch_class=torch.optim.SGD,
            formula=r"w \leftarrow w - \eta\, g",
            convention="stochastic only if the batches are",
            source="A. Cauchy (1847); H. Robbins and S. Monro (1951)",
            default_lr=0.5,
            inline_label="gradient descent",
            stability="hessian",
        ),
        Optimizer(
            name="momentum",
            label="Momentum",
            torch_class=torch.optim.SGD,
            formula=r"v \leftarrow 0.9\, v + g, \quad w \leftarrow w - \eta\, v",
            convention="heavy ball, without dampening: a steady gradient ends up ten times as strong",
            source="B. Polyak, Some methods of speeding up the convergence (1964)",
            default_lr=0.05,
            settings=MappingProxyType({"momentum": 0.9}),
            inline_label="momentum",
            stability="hessian",
        ),
        Optimizer(
            name="nesterov",
            label="Nesterov",
            torch_class=torch.optim.SGD,
            formula=r"v \leftarrow 0.9\, v + g, \quad w \leftarrow w - \eta\, (g + 0.9\, v)",
            convention="as torch implements it: the gradient is taken at w, not at the look-ahead point",
            source="Y. Nesterov (1983); I. Sutskever et al. (2013)",
            default_lr=0.05,
            settings=MappingProxyType({"momentum": 0.9, "nesterov": True}),
            stability="hessian",
        ),
        Optimizer(
            name="rmsprop",
            label="RMSprop",
            torch_class=torch.optim.RMSprop,
            formula=r"s \leftarrow 0.99\, s + 0.01\, g^2, \quad "
            r"w \leftarrow w - \eta\, g / (\sqrt{s} + 10^{-8})",
            convention="not centred, no momentum",
            source="T. Tieleman and G. Hinton, Lecture 6.5 (2012)",
            default_lr=0.01,
            stacked_implementation="foreach",
            stability="preconditioned",
        ),
        Optimizer(
            name="adam",
            label="Adam",
            torch_class=torch.optim.Adam,
            formula=r"w \leftarrow w - \eta\, \hat m / (\sqrt{\hat v} + 10^{-8})",
            convention="averages 0.9 of the gradient and 0.999 of its square, both bias-corrected",
            source="D. Kingma and J. Ba, Adam (2015)",
            default_lr=0.02,
            stability="preconditioned",
        ),
        Optimizer(
            name="adamw",
            label="AdamW",
            torch_class=torch.optim.AdamW,
            formula=r"w \leftarrow (1 - 0.01\, \eta)\, w - \eta\, \hat m / (\sqrt{\hat v} + 10^{-8})",
            convention="Adam with a weight decay of 0.01 beside the gradient",
            source="I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization (2019)",
            default_lr=0.02,
        ),
        Optimizer(
            name="lbfgs",
            label="L-BFGS",
            torch_class=torch.optim.LBFGS,
            formula=r"w \leftarrow w - \eta\, t\, H g",
            convention="one iteration a step, 10 pairs remembered; t by a strong Wolfe search of 30 trials",
            source="D. Liu and J. Nocedal, On the limited memory BFGS method (1989)",
            default_lr=1.0,
            settings=MappingProxyType(
                {"max_iter": 1, "max_eval": 30, "history_size": 10, "line_search_fn": "strong_wolfe"}
            ),
            elementwise=False,
        ),
    ],
)
