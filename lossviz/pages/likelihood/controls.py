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
CLASSES = "abcd"
TRUE = (50.0, 25.0, 12.5, 12.5)  # percent
MODEL = (20.0, 10.0, 30.0, 40.0)


def _weight(side: str, name: str, default: float) -> Slider:
    """The slider of one class of p or q."""
    whose = "the world" if side == "p" else "the model"
    return Slider(
        f"likelihood_{side}_{name}",
        f"{side} of {name.upper()}, %",
        0.0,
        100.0,
        default,
        0.5,
        f"How often {whose} says {name.upper()}; the four are made to add up to 1",
        "%.1f",
    )


class Likelihood:
    """Likelihood."""

    view = Choice("likelihood_view", "View", ("Noise", "One bar", "More data"), "Noise")
    noise = Choice(
        "likelihood_noise",
        "Noise",
        tuple(NOISE),
        "Gaussian",
        "The law that the data are drawn from; it decides the loss",
    )
    m = Slider("likelihood_m", "Centre m", -3.0, 5.0, -0.6, 0.1, "Moves the hill over the dots")
    p = Slider("likelihood_p", "Probability", 0.02, 0.98, 0.2, 0.02, "How often the law says yes, or A")
    rate = Slider("likelihood_rate", "Rate λ", 0.2, 10.0, 1.0, 0.2, "How many events the law expects")
    width = Choice(
        "likelihood_width",
        "Width",
        ("0.1", "0.5", "1", "2"),
        "1",
        "σ of the Gaussian, b of the Laplace: how far the noise reaches",
    )
    sample = Choice(
        "likelihood_sample",
        "Dots",
        ("Spread", "Close", "One far out"),
        "Spread",
        "Seven numbers to fit; the third set has one that does not belong",
    )
    plain = Toggle(
        "likelihood_plain",
        "Plain density",
        False,
        "Shows the density itself: the usual bell, and no mirror of the loss any more",
    )
    noise_controls = (m, p, rate, noise, width, sample, plain)

    toward = Slider("likelihood_toward", "Model", 0, 100, 0, 2, "Walks the model straight to the world")
    unit = Choice("likelihood_unit", "Unit", ("bits", "nats"), "bits", "A nat is 1.44 bits")
    true = tuple(_weight("p", name, value) for name, value in zip(CLASSES, TRUE, strict=True))
    model = tuple(_weight("q", name, value) for name, value in zip(CLASSES, MODEL, strict=True))
    bar_controls: tuple[Control, ...] = (toward, unit, *true, *model)

    weight = Choice(
        "likelihood_weight", "Which weight", ("Slope", "Intercept"), "Slope", "Whose estimates are drawn"
    )
    slope = Choice(
        "likelihood_slope",
        "True slope",
        ("0.25", "1.5", "3"),
        "1.5",
        "How sure the true model is: the steeper, the surer",
    )
    seed = Slider("likelihood_seed", "Seed", 0, 9, 0, 1, "Fresh data for all fits")
    data_controls = (weight, slope, seed)
    all = (view, *noise_controls, *bar_controls, *data_controls)
