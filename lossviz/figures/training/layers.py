"""A heat map of the layers against the steps: the norm of the gradient, or the share of saturated units."""

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import INK, PANEL, RAMP, loss_style, note, y_axis_title
from lossviz.figures.training.panel import Changes, Panel, PanelLayout
from lossviz.figures.training.styles import (
    LAYER_METRICS,
    own_settings,
    reference_to,
    references_to,
    title_of,
)
from lossviz.training.history import History

SHADES = (RAMP[2], RAMP[4], RAMP[6], RAMP[9])  # of a factor of ten each, or of a quarter
VANISHED = 1e-4  # a gradient with a smaller norm has no effect within any usual number of steps


def draw_layers(history: History, metric: str, layout: PanelLayout) -> Panel:
    """One block per run, the last layer on top.

    The colour is log10 of the gradient's norm, in steps of ten, or the share of saturated units, in quarters.
    Below 0.0001, or below a twentieth, a layer is left blank.
    """
    layers = len(history.layers)
    is_share = LAYER_METRICS[metric].is_share
    values = np.stack([layer_medians(history, metric, run) for run in range(len(history.settings.losses))])
    with np.errstate(divide="ignore", invalid="ignore"):
        colour = 4 * values - 4 if is_share else np.log10(values)
    blank = 0.05 if is_share else VANISHED
    count, high = len(values), 350 * (0.45 if layout.narrow else 1)
    gap = 26 * count * layers / (high - 26 * count)  # 26 pixels for a title, in rows
    texts, traces, shapes = ([y_axis_title(LAYER_METRICS[metric].axis)], [], [])
    scale = [[(k + end) / 4, colour] for k, colour in enumerate(SHADES) for end in (0, 1)]
    rows: list[tuple[int, int, float]] = []
    for run in range(len(values)):
        base = (len(values) - 1 - run) * (layers + gap)
        shown = np.where(values[run] < blank, np.nan, colour[run])  # (records, layers)
        heights = base + np.arange(layers) + 0.5
        edges = {"x0": 0, "x1": history.settings.steps, "y0": base, "y1": base + layers}
        shapes.append({"type": "rect", **edges, "fillcolor": PANEL, "line": {"width": 0}, "layer": "below"})
        traces.append(
            {
                "type": "heatmap",
                "x": history.steps,
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
        rows += [(run, layer, float(heights[layer])) for layer in range(layers)]
        own = own_settings(history, run)
        texts.append(
            note(
                f"<b>{title_of(history, run)}</b>{', ' if own else ''}{own}",
                0,
                base + layers,
                xref="x",
                yref="y",
                xanchor="left",
                yanchor="bottom",
                font={"size": 17, "color": loss_style(history.settings.losses[run]).text},
            )
        )
    total = len(values) * (layers + gap)
    every = 1 if total < 16 else layers - 1 or 1  # crowded: only the first and the last layer are named
    rows = [row for row in rows if row[1] % every == 0]
    known = [row for row in rows if np.isfinite(values[row[0], :, row[1]]).any()]
    y_layout = {
        "range": [-0.1, total + 0.1],
        "showgrid": False,
        "tickvals": [h for _, _, h in known],
        "ticktext": [_layer_name(layer, layers) for _, layer, _ in known],
    }

    def changes(record: int) -> Changes:
        notes = [
            note(
                _value_text(float(values[run, record, layer]), is_share)
                if (run, layer, height) in known
                else " ",
                layout.across[1],
                height,
                xref="paper",
                yref="y",
                xanchor="left",
                xshift=12,
                yanchor="middle",
                font={"size": 16, "color": INK},
            )
            for run, layer, height in rows
        ]
        return [], [], notes

    return Panel({"yaxis": y_layout}, traces, texts, changes, shapes)


def _legend(is_share: bool) -> str:
    """The shades, each between the two values that it stands for."""
    bounds = ("5 %", "25 %", "50 %", "75 %", "100 %") if is_share else ("0.0001", "0.001", "0.01", "0.1", "1")
    shades = (f"<span style='color:{shade};font-size:20px'>■</span>" for shade in SHADES)
    steps = (f"{shade} {bound}" for shade, bound in zip(shades, bounds[1:], strict=True))
    return " ".join([f"Blank below {bounds[0]}", *steps]) + ("" if is_share else " or more")


def _value_text(value: float, is_share: bool) -> str:
    if np.isnan(value):
        return "–"
    if is_share:
        return percent(value)
    return "vanished" if value < VANISHED else number(value)


def layer_medians(history: History, metric: str, run: int) -> Floats:
    """Median over the seeds that have not diverged: (records, layers); NaN where the run has no layer."""
    values = getattr(history, metric)[run]  # (seeds, records, layers)
    medians = np.full(values.shape[1:], np.nan)
    known = np.isfinite(values).any(axis=0)
    if known.any():
        medians[known] = np.nanmedian(values[:, known], axis=0)
    return medians


def _layer_name(layer: int, layers: int) -> str:
    return "first" if layer == 0 else "last" if layer == layers - 1 else str(layer + 1)


def layer_text(history: History, metric: str, record: int) -> tuple[str, str]:
    """A number in large type, and what it is.

    It is the ratio of the gradients in the first layers of two runs, or the largest share of saturated units.
    """
    runs = range(len(history.settings.losses))
    values = np.stack([layer_medians(history, metric, run)[record] for run in runs])
    if LAYER_METRICS[metric].is_share:
        if not np.isfinite(values).any():
            return " ", "No layer here can saturate."
        run, layer = np.unravel_index(int(np.nanargmax(values)), values.shape)
        name = _layer_name(int(layer), int(np.isfinite(history.gradient_norm[run, 0, record]).sum() or 1))
        return percent(float(values[run, layer])), (
            f"of the units are saturated in the {name} layer of {reference_to(history, int(run))}.<br>"
            f"Slope below a twentieth of the steepest.<br>{_legend(True)}"
        )
    first = values[:, 0]
    vanished = tuple(run for run in runs if (values[run][np.isfinite(values[run])] < VANISHED).all())
    dead = f"<b>Vanished</b> in every layer: {references_to(history, vanished)}.<br>" if vanished else ""
    if len(vanished) == len(first):
        return "Vanished", f"the gradient, in every layer of every run.<br>{_legend(False)}"
    if not np.isfinite(first).any():
        return "–", f"No gradient is known in the first layer.<br>{_legend(False)}"
    most, least = int(np.nanargmax(first)), int(np.nanargmin(first))
    if most == least:
        return number(float(first[0])), f"is the gradient in the first layer.<br>{_legend(False)}"
    ratio = float(first[most] / first[least]) if first[least] else float("inf")
    return f"{number(ratio)}×", (
        f"more gradient in the first layer of {reference_to(history, most)} than of "
        f"{reference_to(history, least)}.<br>{dead}{_legend(False)}"
    )
