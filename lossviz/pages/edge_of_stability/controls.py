"""Controls of the page Edge of stability, and what the words on screen are in the library."""

from lossviz.ui.controls import Choice, Slider

# The words of the control, which are also those of links, and the values of `lv.stability.quadratic`.
RULES = {"Heavy ball": "heavy-ball", "Nesterov": "nesterov"}


class Edge:
    """The controls. Optimizers, losses, datasets and networks have the names of the registries."""

    view = Choice("edge_view", "View", ("Network", "Bowl"), "Network")
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
    )
    network_controls = (step, rate, optimizer)

    data = Choice(
        "edge_data", "Data", ("moons", "circles", "xor", "spirals"), "xor", "What is learned; 80 points"
    )
    network = Choice(
        "edge_network", "Network", ("mlp-12", "mlp-12-12", "mlp-12-12-12"), "mlp-12-12", "Its hidden layers"
    )
    activation = Choice(
        "edge_activation", "Activation", ("tanh", "relu", "sigmoid"), "tanh", "Of the hidden layers"
    )
    losses = Choice(
        "edge_losses",
        "Losses",
        ("sigmoid-mse, sigmoid-ce", "mse, sigmoid-ce", "hinge, sigmoid-ce"),
        "sigmoid-mse, sigmoid-ce",
        "Which two are trained; mse takes the raw output, the others a sigmoid of it",
    )
    seed = Slider("edge_seed", "Seed", 0, 9, 0, 1, "The start of the weights")
    setup = (data, network, activation, losses, seed)

    product = Slider(
        "edge_product", "Learning rate × sharpness", 0.02, 4.4, 1.9, 0.02, "Moves the dot across the map"
    )
    beta = Slider(
        "edge_beta", "Momentum", 0.0, 0.98, 0.0, 0.02, "Moves the dot up: how much of a step is repeated"
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
