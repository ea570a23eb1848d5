"""Losses, one row each: what a mistake costs, written in the logit z that the network puts out.

Binary losses take one logit and a target y in [0, 1]; multi-class losses take K logits and a class
number (or a distribution over the K classes); regression losses take a prediction z and a number y.
No row averages: `Loss.value` is per example. Multi-class rows add over the K outputs. Logarithms are
natural, so that likelihood losses are in nats.

Write the value; autograd finds the slope. What `links` does is keep that slope right where it is tiny.
"""

import math
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.links import residual, sigmoid, softmax, softmax_cross_entropy, softplus
from lossviz.loss import Loss, Setting
from lossviz.registry import Registry


def targets_for(z: Tensor, y: Tensor) -> Tensor:
    """Targets (..., K) from class numbers (...,): one-hot. Distributions pass through."""
    if y.is_floating_point():
        return y.to(z.dtype)
    return F.one_hot(y.long(), z.shape[-1]).to(z.dtype)


# --- binary: z (...,), y (...,) in [0, 1] ------------------------------------------------------------


def sigmoid_mse(z: Tensor, y: Tensor) -> Tensor:
    return residual(*sigmoid(z), y) ** 2


def sigmoid_half_mse(z: Tensor, y: Tensor) -> Tensor:
    return 0.5 * sigmoid_mse(z, y)


def sigmoid_ce(z: Tensor, y: Tensor) -> Tensor:
    return (1 - y) * softplus(z) + y * softplus(-z)


def tanh_mse(z: Tensor, y: Tensor) -> Tensor:
    # tanh z = 2 sigmoid(2z) - 1, and the target 2y - 1 is on the same scale: twice the residual.
    return (2 * residual(*sigmoid(2 * z), y)) ** 2


def hinge(z: Tensor, y: Tensor) -> Tensor:
    return (1 - y) * F.relu(1 + z) + y * F.relu(1 - z)


def squared_hinge(z: Tensor, y: Tensor) -> Tensor:
    return (1 - y) * F.relu(1 + z) ** 2 + y * F.relu(1 - z) ** 2


def focal(z: Tensor, y: Tensor, gamma: float) -> Tensor:
    # (1 - p_t)^gamma as exp(-gamma softplus): a power of an underflowed p would have an infinite slope.
    miss, hit = softplus(z), softplus(-z)  # -log(1 - p), -log p
    return (1 - y) * torch.exp(-gamma * hit) * miss + y * torch.exp(-gamma * miss) * hit


# --- multi-class: z (..., K), y (...,) class numbers or (..., K) probabilities -----------------------


def softmax_ce(z: Tensor, y: Tensor) -> Tensor:
    return softmax_cross_entropy(z, targets_for(z, y))


def softmax_mse(z: Tensor, y: Tensor) -> Tensor:
    return (residual(*softmax(z), targets_for(z, y)) ** 2).sum(dim=-1)


def softmax_ce_smoothed(z: Tensor, y: Tensor, smoothing: float) -> Tensor:
    target = targets_for(z, y)
    return softmax_cross_entropy(z, (1 - smoothing) * target + smoothing / z.shape[-1])


def softmax_twice(z: Tensor, y: Tensor) -> Tensor:
    return softmax_cross_entropy(softmax(z)[0], targets_for(z, y))


def sigmoid_bce_onehot(z: Tensor, y: Tensor) -> Tensor:
    return sigmoid_ce(z, targets_for(z, y)).sum(dim=-1)


def sigmoid_mse_onehot(z: Tensor, y: Tensor) -> Tensor:
    return sigmoid_mse(z, targets_for(z, y)).sum(dim=-1)


# --- regression: z (...,) the prediction (or its logarithm), y (...,) --------------------------------


def mse(z: Tensor, y: Tensor) -> Tensor:
    return (z - y) ** 2


def mae(z: Tensor, y: Tensor) -> Tensor:
    return (z - y).abs()


def huber(z: Tensor, y: Tensor, delta: float) -> Tensor:
    return F.huber_loss(z, y, reduction="none", delta=delta)


def log_cosh(z: Tensor, y: Tensor) -> Tensor:
    # Near 0, |r| + log(1 + e^-2|r|) - log 2 is the difference of two equal numbers, and far out sinh
    # overflows: each half is used where it is exact, and kept finite where it is not used.
    miss = z - y
    near = miss.abs() < 1
    inside = torch.where(near, miss, torch.zeros_like(miss))
    outside = torch.where(near, torch.ones_like(miss), miss).abs()
    return torch.where(
        near,
        0.5 * torch.log1p(torch.sinh(inside) ** 2),
        outside + torch.log1p(torch.exp(-2 * outside)) - math.log(2),
    )


def quantile(z: Tensor, y: Tensor, tau: float) -> Tensor:
    return tau * F.relu(y - z) + (1 - tau) * F.relu(z - y)


def poisson_nll(z: Tensor, y: Tensor) -> Tensor:
    return torch.exp(z) - y * z


def gaussian_nll(z: Tensor, y: Tensor, sigma: float) -> Tensor:
    return 0.5 * ((z - y) / sigma) ** 2 + math.log(sigma)


_NIELSEN = "M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3"
_BISHOP = "C. Bishop, Neural Networks for Pattern Recognition (1995), section 6.7"
_GOODFELLOW = "I. Goodfellow, Y. Bengio and A. Courville, Deep Learning (2016), section 6.2.2"
_ONE_VS_REST = "R. Rifkin and A. Klautau, In Defense of One-Vs-All Classification, JMLR 5 (2004)"

LOSSES: Registry[Loss] = Registry(
    "loss",
    [
        Loss(
            name="sigmoid-mse",
            label="Squared error",
            family="squared",
            task="binary",
            link="sigmoid",
            function=sigmoid_mse,
            formula=r"L = (\sigma(z) - y)^2",
            convention="without the ½; this is the Brier score of one example",
            source="G. Brier, Verification of forecasts expressed in terms of probability (1950)",
        ),
        Loss(
            name="sigmoid-half-mse",
            label="Squared error with ½",
            family="squared",
            task="binary",
            link="sigmoid",
            function=sigmoid_half_mse,
            formula=r"L = \tfrac{1}{2} (\sigma(z) - y)^2",
            convention="with the ½: the quadratic cost of the book",
            source=_NIELSEN,
        ),
        Loss(
            name="sigmoid-ce",
            label="Cross-entropy",
            family="logarithm",
            task="binary",
            link="sigmoid",
            function=sigmoid_ce,
            formula=r"L = -y \ln \sigma(z) - (1 - y) \ln (1 - \sigma(z))",
            convention="in nats",
            source=_BISHOP,
            likelihood="Bernoulli",
        ),
        Loss(
            name="tanh-mse",
            label="Squared error after tanh",
            family="squared",
            task="binary",
            link="tanh",
            function=tanh_mse,
            formula=r"L = (\tanh z - (2y - 1))^2",
            convention="without the ½; the target 0 becomes −1",
            source="Y. LeCun et al., Efficient BackProp (1998), section 4.5",
        ),
        Loss(
            name="hinge",
            label="Hinge",
            family="margin",
            task="binary",
            link="identity",
            function=hinge,
            formula=r"L = \max(0,\, 1 - (2y - 1) z)",
            convention="margin 1; slope 0 at the kink; for soft y the mean over both labels",
            source="C. Cortes and V. Vapnik, Support-Vector Networks (1995)",
        ),
        Loss(
            name="squared-hinge",
            label="Squared hinge",
            family="margin",
            task="binary",
            link="identity",
            function=squared_hinge,
            formula=r"L = \max(0,\, 1 - (2y - 1) z)^2",
            convention="margin 1, without the ½; for soft y the mean over both labels",
            source="Y. Tang, Deep Learning using Linear Support Vector Machines (2013)",
        ),
        Loss(
            name="focal",
            label="Focal",
            family="logarithm",
            task="binary",
            link="sigmoid",
            function=focal,
            formula=r"L = -y (1 - p)^\gamma \ln p - (1 - y)\, p^\gamma \ln (1 - p), \quad p = \sigma(z)",
            convention="in nats; no class weight; gamma 0 is cross-entropy",
            source="T.-Y. Lin et al., Focal Loss for Dense Object Detection (2017), equation 4",
            settings=MappingProxyType(
                {"gamma": Setting(2.0, 0.0, 10.0, "how strongly easy examples are turned down")}
            ),
        ),
        Loss(
            name="softmax-ce",
            label="Softmax, cross-entropy",
            family="logarithm",
            task="multiclass",
            link="softmax",
            function=softmax_ce,
            formula=r"L = -\ln \mathrm{softmax}(z)_y",
            convention="in nats",
            source=_GOODFELLOW,
            likelihood="categorical",
        ),
        Loss(
            name="softmax-mse",
            label="Softmax, squared error",
            family="squared",
            task="multiclass",
            link="softmax",
            function=softmax_mse,
            formula=r"L = \sum_k (\mathrm{softmax}(z)_k - [k = y])^2",
            convention="summed over the K outputs, without the ½; the multi-class Brier score",
            source="G. Brier, Verification of forecasts expressed in terms of probability (1950)",
        ),
        Loss(
            name="softmax-ce-smoothed",
            label="Softmax, smoothed labels",
            family="logarithm",
            task="multiclass",
            link="softmax",
            function=softmax_ce_smoothed,
            formula=r"L = -\sum_k \left((1 - \alpha)[k = y] + \tfrac{\alpha}{K}\right) "
            r"\ln \mathrm{softmax}(z)_k",
            convention="in nats; alpha is shared by all K classes, the right one included",
            source="C. Szegedy et al., Rethinking the Inception Architecture (2016), section 7",
            settings=MappingProxyType(
                {"smoothing": Setting(0.1, 0.0, 1.0, "share of each label given to all classes alike")}
            ),
        ),
        Loss(
            name="softmax-twice",
            label="Softmax twice, cross-entropy",
            family="logarithm",
            task="multiclass",
            link="softmax",
            function=softmax_twice,
            formula=r"L = -\ln \mathrm{softmax}(\mathrm{softmax}(z))_y",
            convention="in nats; a mistake often made: never below ln(e + K − 1) − 1",
            source="PyTorch, documentation of CrossEntropyLoss: the input is expected to be raw logits",
        ),
        Loss(
            name="sigmoid-bce-onehot",
            label="Sigmoids, cross-entropy",
            family="logarithm",
            task="multiclass",
            link="sigmoid",
            function=sigmoid_bce_onehot,
            formula=r"L = -\sum_k [k = y] \ln \sigma(z_k) + [k \ne y] \ln (1 - \sigma(z_k))",
            convention="in nats, summed over the K outputs",
            source=_ONE_VS_REST,
            likelihood="K independent Bernoulli",
        ),
        Loss(
            name="sigmoid-mse-onehot",
            label="Sigmoids, squared error",
            family="squared",
            task="multiclass",
            link="sigmoid",
            function=sigmoid_mse_onehot,
            formula=r"L = \sum_k (\sigma(z_k) - [k = y])^2",
            convention="summed over the K outputs, without the ½",
            source=_ONE_VS_REST,
        ),
        Loss(
            name="mse",
            label="Squared",
            family="squared",
            task="regression",
            link="identity",
            function=mse,
            formula=r"L = (z - y)^2",
            convention="without the ½",
            source=_BISHOP,
            likelihood="Gaussian of fixed width",
        ),
        Loss(
            name="mae",
            label="Absolute",
            family="absolute",
            task="regression",
            link="identity",
            function=mae,
            formula=r"L = |z - y|",
            convention="slope 0 at the kink",
            source="P. Bloomfield and W. Steiger, Least Absolute Deviations (1983)",
            likelihood="Laplace of fixed width",
        ),
        Loss(
            name="huber",
            label="Huber",
            family="between",
            task="regression",
            link="identity",
            function=huber,
            formula=r"L = \tfrac{1}{2} r^2 \text{ if } |r| \le \delta, \text{ else } "
            r"\delta (|r| - \tfrac{1}{2}\delta), \quad r = z - y",
            convention="with the ½, as torch has it",
            source="P. Huber, Robust Estimation of a Location Parameter (1964)",
            settings=MappingProxyType(
                {"delta": Setting(1.0, 1e-6, 1e6, "the miss from which on the cost grows in a line")}
            ),
        ),
        Loss(
            name="log-cosh",
            label="Log-cosh",
            family="between",
            task="regression",
            link="identity",
            function=log_cosh,
            formula=r"L = \ln \cosh (z - y)",
            convention="half the square near 0, |r| − ln 2 far out",
            source="P. Green, Bayesian Reconstructions from Emission Tomography Data (1990)",
            likelihood="hyperbolic secant",
        ),
        Loss(
            name="quantile",
            label="Quantile",
            family="absolute",
            task="regression",
            link="identity",
            function=quantile,
            formula=r"L = \max(\tau (y - z),\, (\tau - 1)(y - z))",
            convention="the best constant is the tau-quantile; slope 0 at the kink",
            source="R. Koenker and G. Bassett, Regression Quantiles (1978)",
            likelihood="asymmetric Laplace of fixed width",
            settings=MappingProxyType(
                {"tau": Setting(0.9, 0.0, 1.0, "which quantile of y the prediction aims at")}
            ),
        ),
        Loss(
            name="poisson-nll",
            label="Poisson",
            family="between",
            task="regression",
            link="exp",
            function=poisson_nll,
            formula=r"L = e^z - y z",
            convention="z is the logarithm of the rate; in nats, without the constant ln y!",
            source="P. McCullagh and J. Nelder, Generalized Linear Models (1989), chapter 6",
            likelihood="Poisson",
        ),
        Loss(
            name="gaussian-nll",
            label="Gaussian",
            family="squared",
            task="regression",
            link="identity",
            function=gaussian_nll,
            formula=r"L = \frac{(z - y)^2}{2 \sigma^2} + \ln \sigma",
            convention="z is the mean, sigma is given; in nats, without the constant ½ ln 2π",
            source=_BISHOP,
            likelihood="Gaussian",
            settings=MappingProxyType({"sigma": Setting(1.0, 1e-6, 1e6, "standard deviation of the noise")}),
        ),
    ],
)
