"""Regression losses, one row each: a prediction z, or its logarithm, and a number y."""

from types import MappingProxyType

from lossviz.losses import functions, gradients
from lossviz.losses.base import Loss, Setting

_BISHOP = "C. Bishop, Neural Networks for Pattern Recognition (1995), section 6.7"


def _quantile_words(tau: float) -> str:
    """Which quantile minimizes the quantile loss, in words."""
    names = {25.0: "the lower quartile", 50.0: "the median", 75.0: "the upper quartile"}
    percent = float(f"{100 * tau:g}")
    return names.get(percent, f"{percent:g} % lie below it")


REGRESSION: tuple[Loss, ...] = (
    Loss(
        name="mse",
        label="Squared",
        family="squared",
        task="regression",
        target_kind="real",
        activation="identity",
        function=functions.mse,
        gradient_function=gradients.mse,
        formula=r"L = (z - y)^2",
        convention="without the ½",
        source=_BISHOP,
        likelihood="Gaussian of fixed width",
        common_name="Squared error",
        minimizer="the mean",
    ),
    Loss(
        name="mae",
        label="Absolute",
        family="absolute",
        task="regression",
        target_kind="real",
        activation="identity",
        function=functions.mae,
        formula=r"L = |z - y|",
        convention="slope 0 at the kink",
        source="P. Bloomfield and W. Steiger, Least Absolute Deviations (1983)",
        likelihood="Laplace of fixed width",
        common_name="Absolute error",
        minimizer="the median",
    ),
    Loss(
        name="huber",
        label="Huber",
        family="mixed",
        task="regression",
        target_kind="real",
        activation="identity",
        function=functions.huber,
        formula=r"L = \tfrac{1}{2} r^2 \text{ if } |r| \le \delta, \text{ else } "
        r"\delta (|r| - \tfrac{1}{2}\delta), \quad r = z - y",
        convention="with the ½, as torch has it",
        source="P. Huber, Robust Estimation of a Location Parameter (1964)",
        settings=MappingProxyType(
            {"delta": Setting(1.0, 1e-6, 1e6, "the residual from which on the loss is linear", "δ")}
        ),
        minimizer="between the two",
    ),
    Loss(
        name="log-cosh",
        label="Log-cosh",
        family="mixed",
        task="regression",
        target_kind="real",
        activation="identity",
        function=functions.log_cosh,
        formula=r"L = \ln \cosh (z - y)",
        convention="half the square near 0, |r| − ln 2 far out",
        source="P. Green, Bayesian Reconstructions from Emission Tomography Data (1990)",
        likelihood="hyperbolic secant",
        minimizer="nearly the median",
    ),
    Loss(
        name="quantile",
        label="Quantile",
        family="absolute",
        task="regression",
        target_kind="real",
        activation="identity",
        function=functions.quantile,
        formula=r"L = \max(\tau (y - z),\, (\tau - 1)(y - z))",
        convention="the best constant is the tau-quantile; slope 0 at the kink",
        source="R. Koenker and G. Bassett, Regression Quantiles (1978)",
        likelihood="asymmetric Laplace of fixed width",
        settings=MappingProxyType(
            {"tau": Setting(0.9, 0.0, 1.0, "which quantile of y the prediction aims at", "τ")}
        ),
        minimizer=_quantile_words,
    ),
    Loss(
        name="poisson-nll",
        label="Poisson",
        family="mixed",
        task="regression",
        target_kind="count",
        activation="exp",
        function=functions.poisson_nll,
        formula=r"L = e^z - y z",
        convention="z is the logarithm of the rate; in nats, without the constant ln y!",
        source="P. McCullagh and J. Nelder, Generalized Linear Models (1989), chapter 6",
        likelihood="Poisson",
        unit="nats",
    ),
    Loss(
        name="gaussian-nll",
        label="Gaussian",
        family="squared",
        task="regression",
        target_kind="real",
        activation="identity",
        function=functions.gaussian_nll,
        formula=r"L = \frac{(z - y)^2}{2 \sigma^2} + \ln \sigma",
        convention="z is the mean, sigma is given; in nats, without the constant ½ ln 2π",
        source=_BISHOP,
        likelihood="Gaussian",
        settings=MappingProxyType({"sigma": Setting(1.0, 1e-6, 1e6, "standard deviation of the noise", "σ")}),
        unit="nats",
        minimizer="the mean",
    ),
)
