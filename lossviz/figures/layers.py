"""The gradient's norm by layer against the steps: where does it die?"""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.figures.contestants import name_of
from lossviz.figures.style import INK, MUTE, PANEL, SEA, axis_name, mark, note, number
from lossviz.race import Race

Floats = NDArray[np.float64]
DEAD = 1e-4  # a gradient whose norm is below this teaches nothing in any time that one waits


def draw_layers(
    figure: go.Figure,
    race: Race,
    measure: str,
    narrow: bool,
    across: list[float],
    running: bool,
    named: bool,
) -> tuple[list[dict[str, Any]], Any]:
    """One block a contestant, last layer on top: log10 of the gradient's norm, five steps of ten.

    Below 0.0001 the panel shows through: a dead layer looks blank.
    """
    layers = len(race.layers)
    norms = np.stack([_summary_layers(race.gradient_norm[c]) for c in range(len(race.settings.losses))])
    with np.errstate(divide="ignore"):
        power = np.log10(norms)
    gap = 0.9
    texts: list[dict[str, Any]] = []
    scale = [
        [0, SEA[2]],
        [0.25, SEA[2]],
        [0.25, SEA[4]],
        [0.5, SEA[4]],
        [0.5, SEA[6]],
        [0.75, SEA[6]],
        [0.75, SEA[9]],
        [1, SEA[9]],
    ]
    rows: list[tuple[int, int, float]] = []
    for c in range(len(norms)):
        base = (len(norms) - 1 - c) * (layers + gap)
        shown = np.where(norms[c] < DEAD, np.nan, power[c])  # (records, layers)
        heights = base + np.arange(layers) + 0.5
        figure.add_shape(
            type="rect",
            x0=0,
            x1=race.settings.steps,
            y0=base,
            y1=base + layers,
            fillcolor=PANEL,
            line_width=0,
            layer="below",
        )
        figure.add_trace(
            go.Heatmap(
                x=race.steps,
                y=heights,
                z=shown.T.astype(np.float32),
                zmin=-4,
                zmax=0,
                colorscale=scale,
                showscale=False,
                hoverinfo="skip",
                ygap=2,
            )
        )
        rows += [(c, layer, float(heights[layer])) for layer in range(layers)]
        texts.append(
            note(
                f"<b>{name_of(race, c)}</b>",
                0,
                base + layers,
                xref="x",
                yref="y",
                xanchor="left",
                yanchor="bottom",
                font={"size": 17, "color": mark(race.settings.losses[c]).text},
            )
        )
    total = len(norms) * (layers + gap)
    figure.update_yaxes(
        range=[-0.1, total + 0.1],
        showgrid=False,
        selector=0,
        tickvals=[h for _, _, h in rows],
        ticktext=[_layer_name(layer, layers) for _, layer, _ in rows],
    )
    texts.append(axis_name("gradient by layer"))

    def moving(i: int) -> tuple[list[int], list[dict[str, Any]], list[dict[str, Any]]]:
        notes = [
            note(
                "dead" if norms[c, i, layer] < DEAD else number(float(norms[c, i, layer])),
                across[1],
                height,
                xref="paper",
                yref="y",
                xanchor="left",
                xshift=12,
                yanchor="middle",
                font={"size": 16, "color": MUTE if norms[c, i, layer] < DEAD else INK},
            )
            for c, layer, height in rows
        ]
        return [], notes, []

    return texts, moving


def _summary_layers(norm: Floats) -> Floats:
    """Median over seeds: (records, layers) from (seeds, records, layers)."""
    with np.errstate(all="ignore"):
        filled = np.where(np.isfinite(norm), norm, 0.0)
    return np.median(filled, axis=0)


def _layer_name(layer: int, layers: int) -> str:
    return "first" if layer == 0 else "last" if layer == layers - 1 else str(layer + 1)


def first_layer(race: Race, record: int) -> Floats:
    """The norm of the gradient in the first layer, median over seeds, by contestant: (contestants,)."""
    return np.array([_summary_layers(norm)[record, 0] for norm in race.gradient_norm])
