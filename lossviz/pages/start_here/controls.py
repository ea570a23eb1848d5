"""Controls of the page Start here."""

from lossviz.ui.controls import Choice, Control, Slider


class Start:
    """Start here. Each view is a step and has one slider."""

    view = Choice(
        "start_view",
        "View",
        ("Number", "Curve", "Surface", "Training", "Logarithm", "Unit", "Sign", "Accuracy"),
        "Number",
    )
    p = Slider("start_p", "Wednesday’s prediction", 0.01, 0.99, 0.4, 0.01, "The chance of rain that was said")
    loss = Choice(
        "start_loss",
        "Loss",
        ("Squared error", "Cross-entropy"),
        "Squared error",
        "How each prediction’s miss becomes a number",
    )
    number_controls: tuple[Control, ...] = (p, loss)

    q = Slider("start_q", "Prediction", 0.01, 0.99, 0.2, 0.01, "The chance of rain that was said")
    weather = Choice("start_weather", "It was", ("rain", "dry"), "rain", "What happened: the target")
    curve_controls: tuple[Control, ...] = (q, weather)

    w = Slider("start_w", "Weight w", -6.0, 6.0, -2.0, 0.1, "How steeply the chance rises with the hours")
    surface_controls: tuple[Control, ...] = (w,)

    step = Slider("start_step", "Step", 0, 60, 8, 1, "How many steps of gradient descent were taken")
    training_controls: tuple[Control, ...] = (step,)

    n = Slider("start_n", "Examples", 0, 1200, 100, 10, "How many examples are predicted together")
    product_controls: tuple[Control, ...] = (n,)

    classes = Slider("start_classes", "Answers", 1, 64, 8, 1, "Among how many equally likely answers")
    unit_controls: tuple[Control, ...] = (classes,)

    sigma = Slider("start_sigma", "Standard deviation", 0.1, 2.0, 1.0, 0.05, "How wide the density is")
    sign_controls: tuple[Control, ...] = (sigma,)

    reached = Slider("start_reached", "Step", 0, 200, 60, 2, "How many steps both trainings have taken")
    accuracy_controls: tuple[Control, ...] = (reached,)
    all = (
        view,
        *number_controls,
        *curve_controls,
        *surface_controls,
        *training_controls,
        *product_controls,
        *unit_controls,
        *sign_controls,
        *accuracy_controls,
    )
