"""Controls of the page Stuck neuron."""

from lossviz.ui.controls import RATES, Choice, Slider, Toggle


class Neuron:
    """Stuck neuron."""

    view = Choice("neuron_view", "View", ("Slope", "Learning curve", "Escape time"), "Slope")
    z = Slider("neuron_z", "Logit z", -8.0, 8.0, 4.0, 0.1, "Moves the point along the curves")
    target = Choice("neuron_target", "Target", ("0", "1"), "0", "What the neuron should output")
    half = Toggle(
        "neuron_half", "½ in the squared error", False, "Halves its loss, its slope and its curvature"
    )
    slope_controls = (z, target, half)

    step = Slider("neuron_step", "Step", 0, 300, 150, 1, "How many steps both neurons have taken")
    w = Slider(
        "neuron_w",
        "Weight w at the start",
        -4.0,
        4.0,
        2.0,
        0.1,
        "With b it sets how wrong both neurons start",
    )
    b = Slider(
        "neuron_b", "Bias b at the start", -4.0, 4.0, 2.0, 0.1, "With w it sets how wrong both neurons start"
    )
    rate = Choice("neuron_rate", "Learning rate", RATES, "0.15", "The size of a step; larger falls faster")
    own = Choice(
        "neuron_own",
        "Cross-entropy’s own rate",
        ("the same", *RATES),
        "the same",
        "Equal rates are not a fair race: the two losses are measured in different units",
    )
    widget = Toggle(
        "neuron_widget", "The book’s widget", False, "Adds the curve that the book’s widget draws"
    )
    curve_controls = (step, w, b, rate, own, widget)

    z0 = Slider("neuron_z0", "Start z₀", 0.5, 14.0, 8.0, 0.5, "How wrong the neuron starts")
    escape_controls = (z0, rate)
    all = (view, z, target, half, step, w, b, rate, own, widget, z0)
