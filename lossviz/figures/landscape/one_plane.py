"""A loss surface with the path of a training on it, beside its true loss and its loss on the plane."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.style import UNDER_SLIDER, blank, prepend_shape
from lossviz.figures.landscape.explained_variance import explained_annotations, explained_bar
from lossviz.figures.landscape.path_map import add_path_map
from lossviz.figures.landscape.surface_traces import TALLEST
from lossviz.figures.landscape.two_losses import add_losses, cursor, step_annotations
from lossviz.landscape.fidelity import PlaneFidelity


def one_plane(fidelity: PlaneFidelity, at: int = 0, relief: bool = False, narrow: bool = False) -> go.Figure:
    """Draw a loss surface with the path of a training, and the true loss beside the loss on the plane.

    Args:
        fidelity: The result of `plane_fidelity`.
        at: Training step at which the figure stands; its frames, named by the step, are the other records.
        relief: Whether to draw the surface in three dimensions instead of contours.
        narrow: Whether to arrange the figure for a phone.

    Returns:
        A figure with a frame for every record.

    Example:
        >>> import lossviz as lv
        >>> training = lv.landscape.record_training("moons", "mlp-16", steps=4)
        >>> figure = lv.figures.one_plane(lv.landscape.plane_fidelity(training, "path", points=5), at=2)
        >>> [frame.name for frame in figure.frames]
        ['0', '2', '4']
    """
    record = int(np.abs(fidelity.steps - at).argmin())
    figure = blank(
        700 if narrow else 490,
        margin={"l": 58, "r": 12, "t": 34, "b": UNDER_SLIDER},
        meta={
            "frame": str(fidelity.steps[record]),
            "spoken": "{2}: {0}, {1}. {3}.",
            "slider": [0.0 if narrow else 0.5, 1.0],
        },
    )
    across, up = ([0.0, 1.0], [0.385, 0.85]) if narrow else ([0.0, 0.395], [0.0, 1.0])
    texts = add_path_map(figure, fidelity, relief, across, up, narrow)
    moving = [len(figure.data) - 1]
    moving += add_losses(figure, fidelity, narrow)
    texts += explained_annotations(fidelity, narrow)
    figure.update_layout(
        annotations=[*step_annotations(fidelity, record, narrow), *texts],
        shapes=explained_bar(fidelity, narrow),
    )
    prepend_shape(figure, cursor(fidelity, record, narrow))
    for trace, part in zip(moving, _markers(fidelity, record, relief, narrow), strict=True):
        figure.data[trace].update(part)
    figure.frames = [
        {
            "name": str(step),
            "data": _markers(fidelity, k, relief, narrow),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in step_annotations(fidelity, k, narrow)],
                "shapes": [{"x0": int(step), "x1": int(step)}],
            },
        }
        for k, step in enumerate(fidelity.steps.tolist())
    ]
    return figure


def _markers(fidelity: PlaneFidelity, k: int, relief: bool, narrow: bool) -> list[dict[str, Any]]:
    """The positions of the markers at a record."""
    step = int(fidelity.steps[k])
    true_loss = float(fidelity.true_loss[k] / fidelity.chance_loss)
    plane_loss = float(fidelity.plane_loss[k] / fidelity.chance_loss)
    on_map: dict[str, Any] = {"x": [float(fidelity.path.a[k])], "y": [float(fidelity.path.b[k])]}
    if relief:
        on_map |= {"z": [min(max(plane_loss, 0.0), TALLEST) + 0.12], "type": "scatter3d"}
    markers = [on_map, {"x": [step, step], "y": [true_loss, plane_loss]}]
    if not narrow:
        markers.append({"x": [step], "y": [float(fidelity.path.off_plane[k])]})
    return markers
