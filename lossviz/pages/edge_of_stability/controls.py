"""Controls of the page Edge of stability, and what the words on screen are in the library."""

from lossviz.ui.address import registry_labels
from lossviz.ui.controls import Choice, Slider

# The words of the control, which are also those of links, and the values of `lv.stability.quadratic`.
RULES = {"Heavy ball": "heavy-ball", "Nesterov": "nesterov"}


class Edge:
    """The controls. Optimizers, losses, datasets and networks have the names of the registries."""

    view = Choice("edge_view", "View", ("Network", "Bowl"), "Network", labels={"Bowl": "Quadratic"})
    step = Slider("edge_step", "Step", 0, 600, 500, 5, "Looks back at any step")
    rate = Choice(
        "edge_rate",
        "Learning rate",
        ("0.01", "0.02", "0.05", "0.1", "0.2", "0.3", "0.5", "0.7", "1", "1.5", "2", "3", "5", "10"),
        "0.7",
        "The size of a step; twice as large halves the edge",
    )
    optimizer = Choice(
        "edge_optimizer",
        "Optimizer",
        ("sgd", "momentum", "nesterov", "rmsprop", "adam"),
        "sgd",
        "How a step is made of a gradient; each has an edge of its own",
        registry_labels("OPTIMIZERS"),
    )
    network_controls = (step, rate, optimizer)

    data = Choice(
        "edge_data",
        "Data",
        ("moons", "circles", "xor", "spirals"),
        "xor",
        "What is learned; 80 points",
        registry_labels("DATASETS"),
    )
    network = Choice(
        "edge_network",
        "Hidden layers",
        ("mlp-12", "mlp-12-12", "mlp-12-12-12"),
        "mlp-12-12",
        "Of the network that is trained",
        registry_labels("NETWORKS"),
    )
    activation = Choice(
        "edge_activation",
        "Activation",
        ("tanh", "relu", "sigmoid"),
        "tanh",
        "Of the hidden layers",
        {"relu": "ReLU"},
    )
    losses = Choice(
        "edge_losses",
        "Losses",
        ("sigmoid-mse, sigmoid-ce", "mse, sigmoid-ce", "hinge, sigmoid-ce"),
        "sigmoid-mse, sigmoid-ce",
        "Which two are trained; squared error takes the sigmoid of the output, or the output itself",
        {
            "sigmoid-mse, sigmoid-ce": "Squared error, cross-entropy",
            "mse, sigmoid-ce": "Squared error without sigmoid, cross-entropy",
            "hinge, sigmoid-ce": "Hinge, cross-entropy",
        },
    )
    seed = Slider("edge_seed", "Seed", 0, 9, 0, 1, "Of the initial weights")
    setup = (data, network, activation, losses, seed)

    product = Slider(
        "edge_product", "Learning rate × sharpness", 0.02, 4.4, 1.9, 0.02, "Moves the point across the map"
    )
    beta = Slider(
        "edge_beta",
        "Momentum",
        0.0,
        0.98,
        0.0,
        0.02,
        "Moves the point up: how much of the last step is repeated",
    )
    rule = Choice(
        "edge_rule",
        "Rule",
        tuple(RULES),
        "Heavy ball",
        "Nesterov takes the gradient where the momentum leads to",
    )
    bowl_controls = (product, beta, rule)
    all = (view, *network_controls, *setup, *bowl_controls)
