"""Controls of the page Likelihood."""

from lossviz.ui.controls import Choice, Control, Slider, Toggle

# The noise distributions by their words in links.
NOISE = {
    "Gaussian": "gaussian",
    "Laplace": "laplace",
    "Bernoulli": "bernoulli",
    "Categorical": "categorical",
    "Poisson": "poisson",
    "Hyperbolic secant": "hyperbolic-secant",
    "Asymmetric Laplace": "asymmetric-laplace",
}
VIEW_LABELS = {"One bar": "Entropy and KL"}
CLASSES = "abcd"
TRUE = (50.0, 25.0, 12.5, 12.5)  # percent
MODEL = (20.0, 10.0, 30.0, 40.0)


def _weight(side: str, name: str, default: float) -> Slider:
    """The slider of one class of p or q."""
    whose = "the true distribution" if side == "p" else "the model"
    return Slider(
        f"likelihood_{side}_{name}",
        f"{side} of {name.upper()}, %",
        0.0,
        100.0,
        default,
        0.5,
        f"The probability of {name.upper()} under {whose}; the four are scaled to add up to 1",
        "%.1f",
    )


class Likelihood:
    """Likelihood."""

    view = Choice("likelihood_view", "View", ("Noise", "One bar", "More data"), "Noise", labels=VIEW_LABELS)
    noise = Choice(
        "likelihood_noise",
        "Noise",
        tuple(NOISE),
        "Gaussian",
        "The distribution that the data are drawn from; it decides the loss",
    )
    m = Slider("likelihood_m", "Centre m", -3.0, 5.0, -0.6, 0.1, "Moves the density over the data")
    p = Slider("likelihood_p", "Probability", 0.02, 0.98, 0.2, 0.02, "The probability of yes, or of A")
    rate = Slider("likelihood_rate", "Rate λ", 0.2, 10.0, 1.0, 0.2, "The mean number of events")
    width = Choice(
        "likelihood_width",
        "Width",
        ("0.1", "0.5", "1", "2"),
        "1",
        "σ of the Gaussian, b of the Laplace: the scale of the noise",
    )
    sample = Choice(
        "likelihood_sample",
        "Data",
        ("Spread", "Close", "One far out"),
        "Spread",
        "Seven numbers to fit; the third set has an outlier",
        {"One far out": "One outlier"},
    )
    plain = Toggle(
        "likelihood_plain",
        "Density, not its logarithm",
        False,
        "Shows the density itself, which is no longer the mirror image of the loss",
    )
    noise_controls = (m, p, rate, noise, width, sample, plain)

    toward = Slider(
        "likelihood_toward",
        "Model",
        0,
        100,
        0,
        2,
        "Moves the model in a straight line to the true distribution",
    )
    unit = Choice("likelihood_unit", "Unit", ("bits", "nats"), "bits", "A nat is 1.44 bits")
    true = tuple(_weight("p", name, value) for name, value in zip(CLASSES, TRUE, strict=True))
    model = tuple(_weight("q", name, value) for name, value in zip(CLASSES, MODEL, strict=True))
    bar_controls: tuple[Control, ...] = (toward, unit, *true, *model)

    weight = Choice(
        "likelihood_weight", "Weight", ("Slope", "Intercept"), "Slope", "The weight whose estimates are drawn"
    )
    slope = Choice(
        "likelihood_slope",
        "True slope",
        ("0.25", "1.5", "3"),
        "1.5",
        "The steeper, the more confident the true model is",
    )
    seed = Slider("likelihood_seed", "Seed", 0, 9, 0, 1, "New data for all fits")
    data_controls = (weight, slope, seed)
    all = (view, *noise_controls, *bar_controls, *data_controls)
