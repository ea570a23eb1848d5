"""Noise distributions: minus the logarithm of each is a loss, up to a factor and a constant.

A noise distribution gives the probability or the density of an outcome y for one parameter t: a centre, a
probability or a rate. Its negative log-likelihood is ``loss_factor * L(link(t), y) + constant``: the loss L
is a row of `LOSSES`, and the constant is what the loss leaves out because it does not depend on t.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from lossviz.common.typing import Floats
from lossviz.losses.table import LOSSES

Support = Literal["real", "classes", "counts"]


@dataclass(frozen=True)
class NoiseDistribution:
    """A noise distribution with one parameter: a row of `NOISE_DISTRIBUTIONS`.

    All functions take arrays that broadcast. The scale is that of a location-scale family, as in scipy.stats:
    sigma of a Gaussian, b of a Laplace distribution; distributions over classes and counts ignore it.

    Attributes:
        name: Name in the registry.
        label: Name for people.
        loss: Name in `LOSSES` of the loss that the negative log-likelihood is, up to factor and constant.
        loss_label: What that loss is commonly called.
        support: The possible outcomes: real numbers, classes 0 to K - 1, or counts from 0.
        parameter: What the parameter t is, in one word.
        parameter_label: What the parameter t is.
        symbol: The letter that stands for t.
        log_density: From outcomes y, parameters t and the scale to ln p(y).
        link: From t to the z that the loss takes; (..., K) for a loss of K logits.
        constant: From y and the scale to the part of the negative log-likelihood that does not depend on t.
        mle: From a sample, (n,), and the scale to the t of maximum likelihood.
        loss_factor: What the loss is multiplied by.
        formula: The density or probability as LaTeX.
        nll_formula: The negative log-likelihood as LaTeX: factor, loss and constant.
        source: A reference.
        class_names: Names of the classes, for a distribution over classes.
    """

    name: str
    label: str
    loss: str
    loss_label: str
    support: Support
    parameter: str
    parameter_label: str
    symbol: str
    log_density: Callable[[Floats, Floats, float], Floats] = field(repr=False)
    link: Callable[[Floats], Floats] = field(repr=False)
    constant: Callable[[Floats, float], Floats] = field(repr=False)
    mle: Callable[[Floats, float], float] = field(repr=False)
    loss_factor: float
    formula: str
    nll_formula: str
    source: str
    class_names: tuple[str, ...] = ()

    def nll(self, y: ArrayLike, t: ArrayLike, scale: float = 1.0) -> Floats:
        """Compute the negative log-likelihood from the loss, its factor and the constant.

        Args:
            y: Outcomes, of any shape that broadcasts with ``t``.
            t: Parameters.
            scale: The scale, above 0.

        Returns:
            -ln p(y) in nats, of the broadcast shape.

        Example:
            >>> import lossviz as lv
            >>> lv.likelihood.NOISE_DISTRIBUTIONS["laplace"].nll([0.0, 2.0], 0.0).round(3)  # |y| + ln 2
            array([0.693, 2.693])
        """
        outcome, at = np.broadcast_arrays(np.asarray(y, dtype=np.float64), np.asarray(t, dtype=np.float64))
        row = LOSSES[self.loss]
        z = self.link(at)
        if row.task == "multiclass":
            value = row.value(z, outcome.astype(np.int64))
        elif self.support == "real":
            value = row.value(z / scale, outcome / scale)
        else:
            value = row.value(z, outcome)
        return np.asarray(self.loss_factor * value.numpy() + self.constant(outcome, scale))
