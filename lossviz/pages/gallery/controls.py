"""Controls of the page Loss gallery."""

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

    far = Slider("gallery_far", "Minutes of the ninth", 10, 80, 72, 1, "Moves the far point")
    fit = Choice(
        "gallery_fit",
        "Fit",
        ("One number", "A line"),
        "One number",
        "The same guess for all, or a line over the distance to work",
    )
    losses = MultiChoice(
        "gallery_losses",
        "Losses",
        ("mse", "huber", "log-cosh", "mae", "quantile", "hit-or-miss"),
        ("mse", "huber", "mae", "quantile"),
        "Which losses pick their guess",
    )
    reach = Slider(
        "gallery_reach",
        "Huber’s δ, minutes",
        1.0,
        40.0,
        5.0,
        1.0,
        "The miss from which on Huber stops squaring",
    )
    share = Slider(
        "gallery_share",
        "Quantile τ",
        0.05,
        0.95,
        0.75,
        0.05,
        "The share of people who should lie below the guess",
    )
    near = Slider(
        "gallery_near", "Near enough, minutes", 0.5, 6.0, 1.5, 0.5, "How close a guess must be to be a hit"
    )
    km = Slider(
        "gallery_km", "Kilometres of the ninth", 1, 24, 10, 1, "How far to the side the far point lies"
    )
    outlier_controls = (far, fit, losses, reach, share, near, km)

    against = Choice(
        "gallery_against",
        "Against",
        ("residual", "logit", "probability", "margin", "lead"),
        "residual",
        "What is on the axis; it decides which losses can be laid over each other",
    )
    residual = Slider(
        "gallery_residual", "Miss", -5.0, 5.0, 2.0, 0.1, "How far the prediction lies from the truth"
    )
    logit = Slider(
        "gallery_logit", "Logit z", -8.0, 8.0, 4.0, 0.1, "What the network puts out before the sigmoid"
    )
    probability = Slider("gallery_probability", "Probability p", 0.01, 0.99, 0.9, 0.01, "What is said of yes")
    margin = Slider(
        "gallery_margin", "Margin", -4.0, 4.0, -1.0, 0.1, "How far on the right side the logit lies"
    )
    lead = Slider("gallery_lead", "Lead", -8.0, 8.0, -2.0, 0.1, "How far the right class’s logit is ahead")
    numbers = MultiChoice(
        "gallery_numbers",
        "Losses",
        ("mse", "huber", "mae", "log-cosh", "quantile", "gaussian-nll", "poisson-nll", "hit-or-miss"),
        ("mse", "huber", "mae", "quantile"),
        "Losses of a number that is predicted",
    )
    binary = MultiChoice(
        "gallery_binary",
        "Losses",
        (
            "sigmoid-mse", "sigmoid-half-mse", "sigmoid-ce", "tanh-mse", "hinge", "squared-hinge", "focal",
            "zero-one",
        ),
        ("sigmoid-mse", "sigmoid-ce", "hinge", "focal"),
        "Losses of one logit; against the probability only those that make one",
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
        "Losses of one logit a class",
    )
    y = Slider("gallery_y", "Truth y", 0.0, 1.0, 0.0, 0.05, "What the answer is; between 0 and 1 it is soft")
    delta = Slider(
        "gallery_delta", "Huber’s δ", 0.5, 5.0, 1.0, 0.5, "The miss from which on Huber stops squaring"
    )
    tau = Slider(
        "gallery_tau", "Quantile τ", 0.05, 0.95, 0.9, 0.05, "How much dearer a miss below is: τ / (1 − τ)"
    )
    gamma = Slider(
        "gallery_gamma", "Focal γ", 0.0, 5.0, 2.0, 0.5, "How strongly easy examples are turned down"
    )
    smoothing = Slider(
        "gallery_smoothing", "Smoothing α", 0.0, 0.5, 0.1, 0.05, "The share of the label that all classes get"
    )
    sigma = Slider(
        "gallery_sigma", "Gaussian σ", 0.1, 3.0, 1.0, 0.1, "The width of the noise that is expected"
    )
    count = Slider(
        "gallery_count", "Count y", 1, 20, 4, 1, "The count that was seen; matters to Poisson alone"
    )
    width = Slider(
        "gallery_width", "Hit within ±", 0.5, 4.0, 1.5, 0.5, "How close a prediction must be to be a hit"
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
        "**2** What are the misses like?",
        tuple(ERRORS),
        "A few wild ones",
        "For yes or no, wild misses are wrong labels",
    )
    report = Choice(
        "gallery_report",
        "**3** What will you report?",
        tuple(REPORTS),
        "A typical case",
        "What the number is for that you will show to people",
    )
    which_controls = (predict, misses, report)
    all = (view, *outlier_controls, *shape_controls, *which_controls)
