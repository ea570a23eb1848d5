"""Controls of the page Race."""

from lossviz.ui.address import registry_labels
from lossviz.ui.controls import RATES, Choice, Slider, Toggle

# What a label on the screen, and in a link, is called in the API.
VIEWS = {"Curves": "curves", "Layers": "layers", "Seeds": "seeds"}
METRICS = {"Accuracy": "accuracy", "Loss": "loss", "Cross-entropy": "cross_entropy", "Brier": "brier"}
LAYER_METRICS = {"Gradient": "gradient_norm", "Saturated": "saturated"}
TABLE = "Table"  # the view that is no training

DEFAULT = "its own"
AS_USUAL = {DEFAULT: "default"}
PAIRS = {  # what is shown for the losses of a link
    "sigmoid-mse, sigmoid-ce": "Squared error, cross-entropy",
    "softmax-mse, softmax-ce": "Softmax: squared error, cross-entropy",
    "tanh-mse, sigmoid-ce": "Squared error after tanh, cross-entropy",
    "hinge, sigmoid-ce": "Hinge, cross-entropy",
    "focal, sigmoid-ce": "Focal, cross-entropy",
    "sigmoid-mse, sigmoid-ce, hinge": "Squared error, cross-entropy, hinge",
    "sigmoid-mse-onehot, sigmoid-bce-onehot": "Sigmoids: squared error, cross-entropy",
    "softmax-mse, softmax-ce, softmax-ce-smoothed": "Softmax: squared, cross-entropy, smoothed",
    "softmax-ce, softmax-twice": "Softmax once, softmax twice",
    "softmax-mse, softmax-ce, sigmoid-mse-onehot, sigmoid-bce-onehot": "Softmax and sigmoids: all four",
}
_MLPS = [f"mlp-{'-'.join([width] * depth)}" for width in ("4", "16", "64") for depth in range(1, 7)]
NETWORKS = ("linear", *_MLPS, "cnn")


class Race:
    """The names of datasets, networks, losses and optimizers are those of the registries."""

    view = Choice("race_view", "View", (*VIEWS, TABLE), "Curves")
    step = Slider("race_step", "Step", 0, 600, 240, 10, "Looks back at any recorded step")
    measure = Choice(
        "race_measure",
        "Metric",
        tuple(METRICS),
        "Accuracy",
        "Different losses can only be compared by a common metric: not by Loss",
    )
    layers = Choice(
        "race_layers",
        "In the layers",
        tuple(LAYER_METRICS),
        "Gradient",
        "Of each layer: the gradient's norm, or the share of its units that are saturated",
    )
    speed = Choice(
        "race_speed", "Speed", ("Slow", "Fast"), "Fast", "Slow shows every record; Fast what was trained"
    )
    shown = Slider(
        "race_shown",
        "Decision boundaries of seed",
        1,
        16,
        1,
        1,
        "Which seed they are of; a click on its dot beside the curves chooses too",
    )
    data = Choice(
        "race_data",
        "Data",
        ("moons", "circles", "xor", "spirals", "blobs", "digits", "iris", "wine", "breast-cancer"),
        "moons",
        "What is learned; three quarters are the training set, a quarter is the test set",
        registry_labels("DATASETS"),
    )
    size = Choice(
        "race_size",
        "Examples",
        (DEFAULT, "50", "100", "300", "1000", "3000"),
        DEFAULT,
        "How many are generated, for training and test together",
        AS_USUAL,
    )
    noise = Choice(
        "race_noise",
        "Noise",
        (DEFAULT, "0", "0.1", "0.2", "0.3", "0.5"),
        DEFAULT,
        "The noise of generated examples, a standard deviation",
        AS_USUAL,
    )
    rare = Choice(
        "race_rare",
        "Class imbalance (×)",
        ("1", "3", "9", "19"),
        "1",
        "How many times rarer the last class becomes, in the training set and in the test set",
    )
    wrong = Choice(
        "race_wrong",
        "Wrong labels",
        ("0", "0.1", "0.2", "0.4"),
        "0",
        "The share of training examples with a wrong label; the test set keeps its labels",
    )
    centred = Toggle(
        "race_centred", "Centre each feature", False, "Takes the training mean from each feature"
    )
    network = Choice(
        "race_network",
        "Hidden layers",
        NETWORKS,
        "mlp-16-16",
        "The network between inputs and outputs; the CNN reads digits only",
        registry_labels("NETWORKS"),
    )
    activation = Choice(
        "race_activation",
        "Activation",
        ("tanh", "relu", "sigmoid", "sigmoid, relu"),
        "tanh",
        "Of the hidden layers; with both, each loss is trained with either",
        {"relu": "ReLU", "sigmoid, relu": "sigmoid and ReLU"},
    )
    gain = Choice(
        "race_gain",
        "Output-layer initialization ×",
        ("1", "5", "20", "60"),
        "60",
        "Factor of its initial weights: large means confident, and often confidently wrong",
    )
    pair = Choice(
        "race_losses",
        "Losses",
        tuple(PAIRS),
        "sigmoid-mse, sigmoid-ce",
        "Which losses are compared; more than two classes need softmax or sigmoids, one a class",
        PAIRS,
    )
    optimizer = Choice(
        "race_optimizer",
        "Optimizer",
        ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "sgd, adam"),
        "sgd",
        "How a step is made of a gradient; with both, each loss is trained with either",
        lambda names: " and ".join(map(registry_labels("OPTIMIZERS"), names.split(", "))),
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
        "Batch size",
        ("all", "16", "32", "64"),
        "all",
        "Examples in each step: few make it noisy. All runs of a seed see the same batches",
    )
    schedule = Choice(
        "race_schedule",
        "Schedule",
        ("constant", "linear", "cosine", "staircase", "warm-up"),
        "constant",
        "How the learning rate changes during training",
        registry_labels("SCHEDULES"),
    )
    decay = Choice(
        "race_decay",
        "Weight decay",
        (DEFAULT, "0", "0.001", "0.01", "0.1"),
        DEFAULT,
        "Pulls weights towards 0",
        AS_USUAL,
    )
    clip = Choice(
        "race_clip",
        "Gradient clipping",
        ("any", "0.01", "0.1", "1"),
        "any",
        "The largest norm of a gradient: a larger one is scaled down to it",
        {"any": "off"},
    )
    seeds = Slider("race_seeds", "Seeds", 1, 16, 8, 1, "How many initializations; one alone may be luck")
    setup = (
        data, size, noise, rare, wrong, centred, network, activation, gain, pair, optimizer, rate, own, batch,
        schedule, decay, clip, seeds, shown,
    )  # fmt: skip
    all = (view, step, measure, layers, speed, *setup)
