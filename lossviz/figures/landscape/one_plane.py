"""A landscape and its honesty: the map, and beside it what the network had and what the map shows."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.base.style import UNDER_SLIDER, blank, put_first
from lossviz.figures.landscape.explained_variance import share_bar, share_heads
from lossviz.figures.landscape.path_map import walked_map
from lossviz.figures.landscape.surface_traces import TALLEST
from lossviz.figures.landscape.two_losses import cursor, live, two_losses
from lossviz.landscape.fidelity import PlaneFidelity


def one_plane(look: PlaneFidelity, at: int = 0, relief: bool = False, narrow: bool = False) -> go.Figure:
    """The map with the path on it, the share of the path that it holds, and the two losses over the steps.

    ``at`` is the training step that is looked at; the frames are the pictures at every record.
    """
    here = int(np.abs(look.steps - at).argmin())
    figure = blank(
        700 if narrow else 490,
        margin={"l": 58, "r": 12, "t": 34, "b": UNDER_SLIDER},
        meta={"follows": "landscape_step", "slider": [0.0 if narrow else 0.5, 1.0]},
    )
    across, up = ([0.0, 1.0], [0.385, 0.85]) if narrow else ([0.0, 0.395], [0.0, 1.0])
    texts = walked_map(figure, look, relief, across, up, narrow)
    moving = [len(figure.data) - 1]
    moving += two_losses(figure, look, narrow)
    texts += share_heads(look, narrow)
    figure.update_layout(annotations=[*live(look, here, narrow), *texts], shapes=share_bar(look, narrow))
    put_first(figure, cursor(look, here, narrow))
    for trace, part in zip(moving, _places(look, here, relief, narrow), strict=True):
        figure.data[trace].update(part)
    figure.frames = [
        {
            "name": str(step),
            "data": _places(look, k, relief, narrow),
            "traces": moving,
            "layout": {
                "annotations": [{"text": text["text"]} for text in live(look, k, narrow)],
                "shapes": [{"x0": int(step), "x1": int(step)}],
            },
        }
        for k, step in enumerate(look.steps.tolist())
    ]
    return figure


def _places(look: PlaneFidelity, k: int, relief: bool, narrow: bool) -> list[dict[str, Any]]:
    """Where the markers are at a record."""
    step = int(look.steps[k])
    had, says = float(look.had[k] / look.guess), float(look.says[k] / look.guess)
    now: dict[str, Any] = {"x": [float(look.path.a[k])], "y": [float(look.path.b[k])]}
    if relief:
        now |= {"z": [min(max(says, 0.0), TALLEST) + 0.12], "type": "scatter3d"}
    places = [now, {"x": [step, step], "y": [had, says]}]
    if not narrow:
        places.append({"x": [step], "y": [float(look.path.off_plane[k])]})
    return places
