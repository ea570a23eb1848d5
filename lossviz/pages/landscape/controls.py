"""Controls of the page Landscape, and what the words on screen are in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossviz.ui.address import registry_labels
from lossviz.ui.controls import Choice, Slider

if TYPE_CHECKING:  # loads torch: not before the title is shown
    from lossviz.landscape.planes import Normalize

# The words of the controls, which are also those of links, and the values of `lv.landscape.plane_fidelity`.
PLANES = {
    "Random": "random",
    "Its path": "path",
    "Curvature": "curvature",
    "Three minima": "minima",
    "A random walk": "random-walk",
}
NORMALIZE: dict[str, Normalize] = {"By filter": "filter", "By layer": "layer", "Not at all": "none"}
PLANE_LABELS = {
    "Its path": "PCA of the path",
    "Curvature": "Hessian eigenvectors",
    "A random walk": "PCA of a random walk",
}
# Names of losses for two classes and for more.
LOSSES = {
    "cross-entropy": ("sigmoid-ce", "softmax-ce"),
    "squared error": ("sigmoid-mse", "softmax-mse"),
}


class Landscape:
    """The controls. Datasets, networks and activations have the names of the registries."""

    view = Choice("landscape_view", "View", ("One plane", "Eight planes", "Rescaled"), "One plane")
    step = Slider("landscape_step", "Step", 0, 300, 0, 2, "Moves the training along its path")
    plane = Choice(
        "landscape_plane",
        "Plane",
        tuple(PLANES),
        "Random",
        "Which two of all directions the map shows; every plane goes through the end of the training",
        PLANE_LABELS,
    )
    normalize = Choice(
        "landscape_normalize",
        "Normalized",
        tuple(NORMALIZE),
        "By filter",
        "How long a random direction is in each part of the network",
    )
    drawn = Choice(
        "landscape_drawn",
        "Drawn",
        ("From above", "In relief"),
        "From above",
        "The same surface as a contour map, or in 3-D",
    )
    points = Choice(
        "landscape_points",
        "Points",
        ("21", "41", "81", "161"),
        "41",
        "Along each side of the map; a fine one comes from coarse to fine",
    )
    one_controls = (step, plane, normalize, drawn)

    scale = Slider(
        "landscape_scale",
        "Scale",
        -20,
        20,
        20,
        1,
        "Scales two layers against each other: at 20 the first is multiplied by 20, the second divided by it",
    )

    data = Choice(
        "landscape_data",
        "Data",
        ("moons", "circles", "xor", "spirals", "digits"),
        "moons",
        "What the network learns",
        registry_labels("DATASETS"),
    )
    network = Choice(
        "landscape_network",
        "Hidden layers",
        ("mlp-16", "mlp-16-16"),
        "mlp-16-16",
        "Of the network that is trained",
        registry_labels("NETWORKS"),
    )
    activation = Choice(
        "landscape_activation",
        "Activation",
        ("relu", "tanh", "sigmoid"),
        "relu",
        "Of the hidden layers",
        {"relu": "ReLU"},
    )
    loss = Choice(
        "landscape_loss",
        "Loss",
        tuple(LOSSES),
        "cross-entropy",
        "What is minimized in training, and what the map shows",
    )
    seed = Slider("landscape_seed", "Seed", 0, 9, 0, 1, "Of the initial weights and the order of the data")
    setup = (data, network, activation, loss, seed)
    all = (view, *one_controls, points, scale, *setup)
