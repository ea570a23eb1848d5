"""Every control that is in a URL: its name there, its range, its default. All of this is published.

A default that changes, changes what old links show; a test pins them. ``data`` and ``seed`` would be
shared by all pages; what belongs to one page begins with that page's name.
"""

from lossviz.ui.controls import Choice, Several, Slide, Switch

RATES = ("0.005", "0.01", "0.02", "0.05", "0.1", "0.15", "0.2", "0.5", "1", "2", "5", "10")


class Home:
    step = Slide("home_step", "Step", 0, 250, 150, 1, "How many steps of gradient descent both have taken")
    all = (step,)


class Neuron:
    """Stuck neuron."""

    view = Choice("neuron_view", "View", ("Slope", "Learning curve", "Escape time"), "Slope")
    z = Slide("neuron_z", "Logit z", -8.0, 8.0, 4.0, 0.1, "Moves the point along the curves")
    target = Choice("neuron_target", "Target", ("0", "1"), "0", "What the neuron should put out")
    half = Switch(
        "neuron_half", "½ in the squared error", False, "Halves its loss, its slope and its curvature"
    )
    slope_controls = (z, target, half)

    step = Slide("neuron_step", "Step", 0, 300, 150, 1, "How many steps both neurons have taken")
    w = Slide(
        "neuron_w",
        "Weight w at the start",
        -4.0,
        4.0,
        2.0,
        0.1,
        "With b it sets how wrong both neurons start",
    )
    b = Slide(
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
    widget = Switch(
        "neuron_widget", "The book’s widget", False, "Adds the curve that the book’s widget draws"
    )
    curve_controls = (step, w, b, rate, own, widget)

    z0 = Slide("neuron_z0", "Start z₀", 0.5, 14.0, 8.0, 0.5, "How wrong the neuron starts")
    escape_controls = (z0, rate)
    all = (view, z, target, half, step, w, b, rate, own, widget, z0)


class Weights:
    """Two weights. The names of models and optimizers are those of the registries."""

    view = Choice("weights_view", "View", ("From above", "In relief"), "From above")
    step = Slide("weights_step", "Step", 0, 200, 200, 1, "How far the runs have come")
    model = Choice(
        "weights_model",
        "Model and data",
        ("noisy-step", "neuron-step", "one-example", "breast-cancer", "iris"),
        "noisy-step",
        "What the two weights are, and what they are fitted to",
    )
    optimizers = Several(
        "weights_optimizer",
        "Optimizers",
        ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lbfgs"),
        ("sgd",),
        "Each runs from the same start under both losses",
    )
    rate = Choice("weights_rate", "Learning rate", RATES, "1", "The size of a step, the same for all runs")
    mark = Choice(
        "weights_mark",
        "Mark",
        ("Plateau", "Bends down", "Nothing"),
        "Plateau",
        "Dots where the slope is below 0.01, or strokes where the surface curves downwards",
    )
    a = Slide("weights_a", "Start, first weight", -10.0, 10.0, 5.0, 0.1, "Where all runs start, across")
    b = Slide("weights_b", "Start, second weight", -10.0, 10.0, -8.0, 0.1, "Where all runs start, upwards")
    all = (view, step, model, optimizers, rate, mark, a, b)


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


class Landscape:
    """Landscape. The names of datasets, networks and activations are those of the registries."""

    view = Choice("landscape_view", "View", ("One plane", "Eight planes", "Rescaled"), "One plane")
    step = Slide("landscape_step", "Step", 0, 300, 0, 2, "Moves the training along its path")
    plane = Choice(
        "landscape_plane",
        "Plane",
        ("Random", "Its path", "Curvature", "Three minima", "A random walk"),
        "Random",
        "Which two of all directions the map shows; all go through the end of the training",
    )
    normalize = Choice(
        "landscape_normalize",
        "Normalised",
        ("By filter", "By layer", "Not at all"),
        "By filter",
        "How long a random direction is in each part of the network",
    )
    drawn = Choice(
        "landscape_drawn",
        "Drawn",
        ("From above", "In relief"),
        "From above",
        "The same map, flat or as hills",
    )
    one_controls = (step, plane, normalize, drawn)

    scale = Slide(
        "landscape_scale",
        "Scale",
        -20,
        20,
        20,
        1,
        "Moves weight from one layer into the next: at 20 the first layer is times 20, the second ÷ 20",
    )

    data = Choice(
        "landscape_data",
        "Data",
        ("moons", "circles", "xor", "spirals", "digits"),
        "moons",
        "What the network learns",
    )
    network = Choice(
        "landscape_network", "Network", ("mlp-16", "mlp-16-16"), "mlp-16-16", "Its hidden layers"
    )
    activation = Choice(
        "landscape_activation", "Activation", ("relu", "tanh", "sigmoid"), "relu", "Of the hidden layers"
    )
    loss = Choice(
        "landscape_loss",
        "Loss",
        ("cross-entropy", "squared error"),
        "cross-entropy",
        "What it is trained to make small, and what the map shows",
    )
    seed = Slide("landscape_seed", "Seed", 0, 9, 0, 1, "The start of the weights and the order of the data")
    setup = (data, network, activation, loss, seed)
    all = (view, step, plane, normalize, drawn, scale, *setup)
