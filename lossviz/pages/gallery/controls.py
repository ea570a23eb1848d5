"""Controls of the page Loss gallery."""

from lossviz.pages.gallery.losses import label_of
from lossviz.ui.controls import Choice, MultiChoice, Slider

# The options of the three questions, and the arguments of `lossviz.losses.recommend` that they stand for.
TARGETS = {
    "A number": "number",
    "A count": "count",
    "Yes or no": "binary",
    "One of several": "multiclass",
    "Several at once": "multilabel",
    "A place on Earth": "location",
}
ERRORS = {"All of one size": "similar", "A few wild ones": "outliers", "Cost more one way": "asymmetric"}
REPORTS = {"An average": "mean", "A typical case": "median", "A probability or range": "distribution"}


class Gallery:
    """All controls of the page. The options of losses are names of the registries."""

    view = Choice("gallery_view", "View", ("Outlier", "Shape", "Which one?"), "Outlier")

    far = Slider("gallery_far", "Minutes of the ninth person", 10, 80, 72, 1, "Moves the outlier")
    fit = Choice(
        "gallery_fit",
        "Fit",
        ("One number", "A line"),
        "One number",
        "One number for all, or a line over the distance to work",
    )
    losses = MultiChoice(
        "gallery_losses",
        "Losses",
        ("mse", "huber", "log-cosh", "mae", "quantile", "hit-or-miss"),
        ("mse", "huber", "mae", "quantile"),
        "Which losses are minimized",
        label_of,
    )
    reach = Slider(
        "gallery_reach",
        "Huber’s δ, minutes",
        1.0,
        40.0,
        5.0,
        1.0,
        "The residual beyond which Huber is linear instead of squared",
    )
    share = Slider(
        "gallery_share",
        "Quantile τ",
        0.05,
        0.95,
        0.75,
        0.05,
        "The share of people who should lie below the prediction",
    )
    near = Slider(
        "gallery_near",
        "Tolerance, minutes",
        0.5,
        6.0,
        1.5,
        0.5,
        "How close a prediction must be for the 0-1 loss to be 0",
    )
    km = Slider(
        "gallery_km", "Kilometres of the ninth person", 1, 24, 10, 1, "How far to the side the outlier lies"
    )
    outlier_controls = (far, fit, losses, reach, share, near, km)

    against = Choice(
        "gallery_against",
        "Against",
        ("residual", "logit", "probability", "margin", "lead"),
        "residual",
        "What is on the axis; it decides which losses can be drawn together",
        {
            "residual": "Residual",
            "logit": "Logit",
            "probability": "Probability",
            "margin": "Margin",
            "lead": "Margin, K classes",
        },
    )
    residual = Slider("gallery_residual", "Residual", -5.0, 5.0, 2.0, 0.1, "Prediction minus target")
    logit = Slider(
        "gallery_logit", "Logit z", -8.0, 8.0, 4.0, 0.1, "What the network puts out before the sigmoid"
    )
    probability = Slider(
        "gallery_probability", "Probability p", 0.01, 0.99, 0.9, 0.01, "What the model predicts for yes"
    )
    margin = Slider(
        "gallery_margin", "Margin", -4.0, 4.0, -1.0, 0.1, "How far the logit lies on the correct side"
    )
    lead = Slider(
        "gallery_lead", "Margin", -8.0, 8.0, -2.0, 0.1, "The correct class’s logit minus the others’"
    )
    numbers = MultiChoice(
        "gallery_numbers",
        "Losses",
        ("mse", "huber", "mae", "log-cosh", "quantile", "gaussian-nll", "poisson-nll", "hit-or-miss"),
        ("mse", "huber", "mae", "quantile"),
        "Losses for predicting a number",
        label_of,
    )
    binary = MultiChoice(
        "gallery_binary",
        "Losses",
        (
            "sigmoid-mse", "sigmoid-half-mse", "sigmoid-ce", "tanh-mse", "hinge", "squared-hinge", "focal",
            "zero-one",
        ),
        ("sigmoid-mse", "sigmoid-ce", "hinge", "focal"),
        "Losses of one logit; against the probability only those that have one",
        label_of,
    )  # fmt: skip
    classes = MultiChoice(
        "gallery_several",
        "Losses",
        (
            "softmax-ce",
            "softmax-mse",
            "softmax-ce-smoothed",
            "softmax-twice",
            "sigmoid-bce-onehot",
            "sigmoid-mse-onehot",
        ),
        ("softmax-ce", "softmax-mse", "softmax-ce-smoothed"),
        "Losses with one logit for each class",
        label_of,
    )
    y = Slider("gallery_y", "Target y", 0.0, 1.0, 0.0, 0.05, "The label; between 0 and 1 it is a soft label")
    delta = Slider(
        "gallery_delta",
        "Huber’s δ",
        0.5,
        5.0,
        1.0,
        0.5,
        "The residual beyond which Huber is linear instead of squared",
    )
    tau = Slider(
        "gallery_tau",
        "Quantile τ",
        0.05,
        0.95,
        0.9,
        0.05,
        "Predicting too low costs τ / (1 − τ) times as much as too high",
    )
    gamma = Slider(
        "gallery_gamma", "Focal γ", 0.0, 5.0, 2.0, 0.5, "How strongly easy examples are down-weighted"
    )
    smoothing = Slider(
        "gallery_smoothing",
        "Label smoothing α",
        0.0,
        0.5,
        0.1,
        0.05,
        "The share of the label that is spread over all classes",
    )
    sigma = Slider("gallery_sigma", "Gaussian σ", 0.1, 3.0, 1.0, 0.1, "The standard deviation of the noise")
    count = Slider("gallery_count", "Count y", 1, 20, 4, 1, "The observed count; only Poisson depends on it")
    width = Slider(
        "gallery_width",
        "Tolerance ±",
        0.5,
        4.0,
        1.5,
        0.5,
        "How close a prediction must be for the 0-1 loss to be 0",
    )
    k = Slider("gallery_k", "Classes K", 2, 20, 10, 1, "How many classes there are")
    unit = Choice("gallery_unit", "Unit", ("nats", "bits"), "nats", "Of the losses that are logarithms")
    shape_controls = (
        against, residual, logit, probability, margin, lead, numbers, binary, classes, y, delta, tau, gamma,
        smoothing, sigma, count, width, k, unit,
    )  # fmt: skip

    predict = Choice(
        "gallery_predict",
        "**1** What do you predict?",
        tuple(TARGETS),
        "A number",
        "It decides the output unit",
    )
    misses = Choice(
        "gallery_misses",
        "**2** What are the errors like?",
        tuple(ERRORS),
        "A few wild ones",
        "For yes or no, outliers are wrong labels",
        {
            "All of one size": "All of similar size",
            "A few wild ones": "A few outliers",
            "Cost more one way": "One direction costs more",
        },
    )
    report = Choice(
        "gallery_report",
        "**3** What will you report?",
        tuple(REPORTS),
        "A typical case",
        "What the number that you show to people should be",
    )
    which_controls = (predict, misses, report)
    all = (view, *outlier_controls, *shape_controls, *which_controls)
