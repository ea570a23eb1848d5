"""Controls of the page Race."""

from lossviz.ui.controls import Choice, Slider, Toggle
from lossviz.ui.learning_rates import RATES

# What a label on the screen, and in a link, is called in the API.
VIEWS = {"Curves": "curves", "Layers": "layers", "Seeds": "seeds"}
METRICS = {"Accuracy": "accuracy", "Loss": "loss", "Cross-entropy": "cross_entropy", "Brier": "brier"}
LAYER_METRICS = {"Gradient": "gradient_norm", "Saturated": "saturated"}
TABLE = "Table"  # the view that is no training

DEFAULT = "its own"
_MLPS = [f"mlp-{'-'.join([width] * depth)}" for width in ("4", "16", "64") for depth in range(1, 7)]
NETWORKS = ("linear", *_MLPS, "cnn")


class Race:
    """The names of datasets, networks, losses and optimizers are those of the registries."""

    view = Choice("race_view", "View", (*VIEWS, TABLE), "Curves")
    step = Slider("race_step", "Step", 0, 600, 240, 10, "Looks back at any recorded step")
    measure = Choice(
        "race_measure",
        "Measure",
        tuple(METRICS),
        "Accuracy",
        "Unlike losses can only be compared by a common measure: not by Loss",
    )
    layers = Choice(
        "race_layers",
        "In the layers",
        tuple(LAYER_METRICS),
        "Gradient",
        "Of each layer: the gradient's norm, or the share of its units that are flat",
    )
    speed = Choice(
        "race_speed", "Speed", ("Slow", "Fast"), "Fast", "Slow shows every record; Fast what was trained"
    )
    shown = Slider(
        "race_shown",
        "Portraits show seed",
        1,
        16,
        1,
        1,
        "Whose borders are drawn; a click on its dot beside the curves chooses too",
    )
    data = Choice(
        "race_data",
        "Data",
        ("moons", "circles", "xor", "spirals", "blobs", "digits", "iris", "wine", "breast-cancer"),
        "moons",
        "What is learned; three quarters to train on, a quarter to measure on",
    )
    size = Choice(
        "race_size", "Examples", (DEFAULT, "50", "100", "300", "1000", "3000"), DEFAULT, "How many are made"
    )
    noise = Choice(
        "race_noise",
        "Noise",
        (DEFAULT, "0", "0.1", "0.2", "0.3", "0.5"),
        DEFAULT,
        "How far made examples stray",
    )
    rare = Choice(
        "race_rare",
        "Last class rarer, times",
        ("1", "3", "9", "19"),
        "1",
        "Leaves out most examples of the last class, in training and in measuring",
    )
    wrong = Choice(
        "race_wrong",
        "Wrong labels",
        ("0", "0.1", "0.2", "0.4"),
        "0",
        "The share of training examples with another label; those measured on stay right",
    )
    centred = Toggle(
        "race_centred", "Centre each feature", False, "Takes the training mean from each feature"
    )
    network = Choice(
        "race_network", "Network", NETWORKS, "mlp-16-16", "Its hidden layers; cnn reads digits only"
    )
    activation = Choice(
        "race_activation",
        "Activation",
        ("tanh", "relu", "sigmoid", "sigmoid, relu"),
        "tanh",
        "Of the hidden layers; two of them double the contestants",
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
            "softmax-ce, softmax-twice",
            "softmax-mse, softmax-ce, sigmoid-mse-onehot, sigmoid-bce-onehot",
        ),
        "sigmoid-mse, sigmoid-ce",
        "Who races; more than two classes need softmax or one-hot losses",
    )
    optimizer = Choice(
        "race_optimizer",
        "Optimizer",
        ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "sgd, adam"),
        "sgd",
        "How a step is made of a gradient; two of them double the contestants",
    )
    rate = Choice("race_rate", "Learning rate", RATES, "0.1", "The size of a step, the same for all")
    own = Choice(
        "race_own",
        "Cross-entropy’s own rate",
        ("the same", *RATES),
        "the same",
        "A rate of its own for the second loss",
    )
    batch = Choice(
        "race_batch",
        "Examples a step",
        ("all", "16", "32", "64"),
        "all",
        "A few make steps noisy; all contestants of a seed see the same few",
    )
    schedule = Choice(
        "race_schedule",
        "Schedule",
        ("constant", "linear", "cosine", "staircase", "warm-up"),
        "constant",
        "How the learning rate changes as the race goes on",
    )
    decay = Choice(
        "race_decay",
        "Weight decay",
        (DEFAULT, "0", "0.001", "0.01", "0.1"),
        DEFAULT,
        "Pulls weights towards 0",
    )
    clip = Choice(
        "race_clip", "Longest gradient", ("any", "0.01", "0.1", "1"), "any", "Shortens a longer one to this"
    )
    seeds = Slider("race_seeds", "Seeds", 1, 16, 8, 1, "How many starts; one start alone may be luck")
    setup = (
        data, size, noise, rare, wrong, centred, network, activation, gain, pair, optimizer, rate, own, batch,
        schedule, decay, clip, seeds, shown,
    )  # fmt: skip
    all = (view, step, measure, layers, speed, *setup)
