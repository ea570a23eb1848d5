"""Controls of the page Race."""

from lossviz.ui.controls import Choice, Slide
from lossviz.ui.declared.rates import RATES


class Race:
    """Race. The names of datasets, networks, losses and optimizers are those of the registries."""

    view = Choice("race_view", "View", ("Curves", "Layers"), "Curves")
    step = Slide("race_step", "Step", 0, 600, 240, 10, "Looks back at any recorded step")
    measure = Choice(
        "race_measure",
        "Measure",
        ("Accuracy", "Loss", "Cross-entropy", "Brier"),
        "Accuracy",
        "Unlike losses can only be compared by a common measure: not by Loss",
    )
    data = Choice(
        "race_data",
        "Data",
        ("moons", "circles", "xor", "spirals", "blobs", "digits", "iris", "wine", "breast-cancer"),
        "moons",
        "What is learned; three quarters to train on, a quarter to measure on",
    )
    network = Choice(
        "race_network",
        "Network",
        ("linear", "mlp-16", "mlp-16-16", "mlp-64-64", "mlp-16-16-16-16-16", "cnn"),
        "mlp-16-16",
        "Its hidden layers; cnn reads digits only",
    )
    activation = Choice(
        "race_activation", "Activation", ("tanh", "relu", "sigmoid"), "tanh", "Of the hidden layers"
    )
    gain = Choice(
        "race_gain",
        "Output layer, times",
        ("1", "5", "20", "60"),
        "60",
        "How loud the last layer starts: loud means sure, and mostly sure and wrong",
    )
    pair = Choice(
        "race_losses",
        "Losses",
        (
            "sigmoid-mse, sigmoid-ce",
            "softmax-mse, softmax-ce",
            "tanh-mse, sigmoid-ce",
            "hinge, sigmoid-ce",
            "focal, sigmoid-ce",
            "sigmoid-mse, sigmoid-ce, hinge",
            "sigmoid-mse-onehot, sigmoid-bce-onehot",
            "softmax-mse, softmax-ce, softmax-ce-smoothed",
        ),
        "sigmoid-mse, sigmoid-ce",
        "Who races; more than two classes need softmax or one-hot losses",
    )
    optimizer = Choice(
        "race_optimizer",
        "Optimizer",
        ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"),
        "sgd",
        "How a step is made of a gradient",
    )
    rate = Choice("race_rate", "Learning rate", RATES, "0.1", "The size of a step, the same for all")
    own = Choice(
        "race_own",
        "Cross-entropy’s own rate",
        ("the same", *RATES),
        "the same",
        "A rate of its own for the second loss",
    )
    seeds = Slide("race_seeds", "Seeds", 1, 8, 4, 1, "How many starts; one start alone may be luck")
    all = (view, step, measure, data, network, activation, gain, pair, optimizer, rate, own, seeds)
    setup = (data, network, activation, gain, pair, optimizer, rate, own, seeds)
