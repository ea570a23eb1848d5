"""Layer by layer against the steps: how much gradient there is, or how many units are saturated."""

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import INK, PANEL, RAMP, loss_style, note, y_axis_title
from lossviz.figures.race.panel import Panel, Place, Record
from lossviz.figures.race.styles import call, head_of, joined, own_words
from lossviz.training.history import History

DEAD = 1e-4  # a gradient whose norm is below this teaches nothing in any time that one waits


def draw_layers(race: History, measure: str, place: Place) -> Panel:
    """One block a contestant, last layer on top: log10 of the gradient's norm, in steps of ten, or the share
    of saturated units, in steps of a fifth.

    Below 0.0001, or below a twentieth, the panel shows through: a dead layer looks blank.
    """
    layers = len(race.layers)
    gradient = measure == "Gradient"
    values = np.stack([layer_medians(race, measure, c) for c in range(len(race.settings.losses))])
    with np.errstate(divide="ignore", invalid="ignore"):
        shade = np.log10(values) if gradient else 4 * values - 4
    blank = DEAD if gradient else 0.05
    count, high = len(values), 350 * (0.45 if place.narrow else 1)
    gap = 26 * count * layers / (high - 26 * count)  # 26 pixels, in rows: room for a head
    texts, traces, shapes = (
        [y_axis_title("gradient by layer" if gradient else "saturated, by layer")],
        [],
        [],
    )
    scale = [
        [0, RAMP[2]],
        [0.25, RAMP[2]],
        [0.25, RAMP[4]],
        [0.5, RAMP[4]],
        [0.5, RAMP[6]],
        [0.75, RAMP[6]],
        [0.75, RAMP[9]],
        [1, RAMP[9]],
    ]
    rows: list[tuple[int, int, float]] = []
    for c in range(len(values)):
        base = (len(values) - 1 - c) * (layers + gap)
        shown = np.where(values[c] < blank, np.nan, shade[c])  # (records, layers)
        heights = base + np.arange(layers) + 0.5
        edges = {"x0": 0, "x1": race.settings.steps, "y0": base, "y1": base + layers}
        shapes.append({"type": "rect", **edges, "fillcolor": PANEL, "line": {"width": 0}, "layer": "below"})
        traces.append(
            {
                "type": "heatmap",
                "x": race.steps,
                "y": heights,
                "z": shown.T.astype(np.float32),
                "zmin": -4,
                "zmax": 0,
                "colorscale": scale,
                "showscale": False,
                "hoverinfo": "skip",
                "ygap": 2,
            }
        )
        rows += [(c, layer, float(heights[layer])) for layer in range(layers)]
        own = own_words(race, c)
        texts.append(
            note(
                f"<b>{head_of(race, c)}</b>{', ' if own else ''}{own}",
                0,
                base + layers,
                xref="x",
                yref="y",
                xanchor="left",
                yanchor="bottom",
                font={"size": 17, "color": loss_style(race.settings.losses[c]).text},
            )
        )
    total = len(values) * (layers + gap)
    every = 1 if total < 16 else layers - 1 or 1  # crowded: only the first and the last layer are named
    rows = [row for row in rows if row[1] % every == 0]
    known = [row for row in rows if np.isfinite(values[row[0], :, row[1]]).any()]
    side = {
        "range": [-0.1, total + 0.1],
        "showgrid": False,
        "tickvals": [h for _, _, h in known],
        "ticktext": [_layer_name(layer, layers) for _, layer, _ in known],
    }

    def moving(i: int) -> Record:
        notes = [
            note(
                _told(float(values[c, i, layer]), gradient) if (c, layer, height) in known else " ",
                place.across[1],
                height,
                xref="paper",
                yref="y",
                xanchor="left",
                xshift=12,
                yanchor="middle",
                font={"size": 16, "color": INK},
            )
            for c, layer, height in rows
        ]
        return [], [], notes

    return Panel({"yaxis": side}, traces, texts, moving, shapes)


def _told(value: float, gradient: bool) -> str:
    if np.isnan(value):
        return "–"
    if not gradient:
        return percent(value)
    return "dead" if value < DEAD else number(value)


def layer_medians(race: History, measure: str, c: int) -> Floats:
    """Median over the seeds that are still there: (records, layers); NaN for a layer that is not there."""
    field = race.gradient_norm if measure == "Gradient" else race.saturated
    found = np.full(field.shape[2:], np.nan)
    known = np.isfinite(field[c]).any(axis=0)
    if known.any():
        found[known] = np.nanmedian(field[c][:, known], axis=0)
    return found


def _layer_name(layer: int, layers: int) -> str:
    return "first" if layer == 0 else "last" if layer == layers - 1 else str(layer + 1)


def layer_words(race: History, measure: str, record: int) -> tuple[str, str]:
    """The number, and what it is: how much more gradient there is in the first layer of one than of another,
    or how much is saturated where most is."""
    contestants = range(len(race.settings.losses))
    values = np.stack([layer_medians(race, measure, c)[record] for c in contestants])
    if measure == "Saturated":
        if not np.isfinite(values).any():
            return " ", "No layer here can saturate."
        c, layer = np.unravel_index(int(np.nanargmax(values)), values.shape)
        name = _layer_name(int(layer), int(np.isfinite(race.gradient_norm[c, 0, record]).sum() or 1))
        return percent(float(values[c, layer])), (
            f"of the units are flat in the {name} layer of {call(race, int(c))}.<br>"
            "Flat: less than a twentieth of the steepest slope, on average."
        )
    first = values[:, 0]
    dead = tuple(c for c in contestants if (values[c][np.isfinite(values[c])] < DEAD).all())
    every = f"<b>Dead</b> in every layer: {joined(race, dead)}. " if dead else ""
    if len(dead) == len(first):
        return "Dead", "in every layer of every contestant.<br>Blank is below 0.0001."
    if not np.isfinite(first).any():
        return "–", "No gradient is known in the first layer.<br>Blank is below 0.0001."
    most, least = int(np.nanargmax(first)), int(np.nanargmin(first))
    if most == least:
        return number(float(first[0])), "is the gradient in the first layer.<br>Blank is below 0.0001."
    ratio = float(first[most] / first[least]) if first[least] else float("inf")
    return f"{number(ratio)}×", (
        f"more gradient in the first layer of {call(race, most)} than of {call(race, least)}.<br>"
        f"{every}Blank is below 0.0001."
    )
