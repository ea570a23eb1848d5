"""Controls of the page Two weights."""

from lossviz.ui.address import registry_labels
from lossviz.ui.controls import RATES, Choice, MultiChoice, Slider


class Weights:
    """Two weights. The names of models and optimizers are those of the registries."""

    view = Choice("weights_view", "View", ("From above", "In relief"), "From above")
    step = Slider("weights_step", "Step", 0, 200, 200, 1, "How far the runs have come")
    model = Choice(
        "weights_model",
        "Model and data",
        ("noisy-step", "neuron-step", "one-example", "breast-cancer", "iris"),
        "noisy-step",
        "What the two weights are, and what they are fitted to",
        registry_labels("neuron.TWO_WEIGHT_MODELS"),
    )
    optimizers = MultiChoice(
        "weights_optimizer",
        "Optimizers",
        ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lbfgs"),
        ("sgd",),
        "Each runs from the same start under both losses",
        registry_labels("OPTIMIZERS"),
    )
    rate = Choice("weights_rate", "Learning rate", RATES, "1", "The size of a step, the same for all runs")
    mark = Choice(
        "weights_mark",
        "Mark",
        ("Plateau", "Bends down", "Nothing"),
        "Plateau",
        "Dots where the gradient is below 0.01, or strokes where the Hessian has a negative eigenvalue",
        {"Bends down": "Negative curvature"},
    )
    a = Slider("weights_a", "Start, first weight", -10.0, 10.0, 5.0, 0.1, "Where all runs start, across")
    b = Slider("weights_b", "Start, second weight", -10.0, 10.0, -8.0, 0.1, "Where all runs start, upwards")
    all = (view, step, model, optimizers, rate, mark, a, b)
