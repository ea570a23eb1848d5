"""Every seed on its own, and the mean differences that chance would give."""

from typing import Any

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, percent, whole
from lossviz.figures.base.style import AXIS, INK, MUTE, PAPER, loss_style, note, with_opacity, y_axis_title
from lossviz.figures.training.panel import Changes, Panel, PanelLayout
from lossviz.figures.training.styles import LETTERS, TRAINING_METRICS, is_hollow
from lossviz.training.history import History
from lossviz.training.significance import paired_differences, sign_flip_means

BINS = 41


def draw_seeds(history: History, metric: str, layout: PanelLayout) -> Panel:
    """Left a line for each seed between the runs; right the null distribution of the paired test.

    That is the histogram of the mean difference under every flip of signs; the observed one is a marker below
    it.
    """
    row = TRAINING_METRICS[metric]
    values: Floats = getattr(history, metric)
    runs, seeds, records = values.shape
    across, up = layout.across, layout.up
    left = [across[0], across[0] + (across[1] - across[0]) * 0.44]
    right = [across[0] + (across[1] - across[0]) * 0.56, across[1]]
    top = (up[0], up[0] + 0.9 * (up[1] - up[0]))  # the panels' titles are above
    differences = [
        paired_differences(history, metric, record) if row.comparable else np.zeros(0)
        for record in range(records)
    ]
    spread = max([float(np.abs(each).mean()) for each in differences if each.size] or [0.0])
    limit = 1.08 * spread or 1.0  # of the histogram, to both sides
    edges = np.linspace(-limit, limit, BINS + 1)
    axes = _value_axes(values, metric, left, top) | _difference_axes(metric, limit, right, top)
    traces = [*_seed_traces(history, seeds), *_null_traces(edges)]

    def changes(record: int) -> Changes:
        data: list[dict[str, Any]] = []
        for seed in range(seeds):
            data.append({"x": list(range(runs)), "y": _finite(values[:, seed, record])})
        for run in range(runs):
            data.append({"x": [run] * seeds, "y": _finite(values[run, :, record])})
        heights, observed = np.zeros(BINS), None
        if differences[record].size:
            means = sign_flip_means(differences[record])
            heights = np.histogram(np.clip(means, -limit, limit), edges)[0] / len(means)
            heights = heights / heights.max()
            observed = float(means[0])
        data.append({"type": "bar", "y": heights.round(4).tolist()})
        data.append({"x": [observed], "y": [-0.08]})
        notes = [
            note(
                f"<b>{_signed(observed, metric)}</b>" if observed is not None else " ",
                0 if observed is None else observed,
                -0.08,
                xref="x21",
                yref="y21",
                yanchor="bottom",
                yshift=9,
                font={"size": 20, "color": INK},
                bgcolor=PAPER,
            )
        ]
        return list(range(len(data))), data, notes

    texts = [y_axis_title(row.axis)]
    if not layout.narrow:
        flips = whole(2 ** min(seeds, 16))
        titles = {left[0]: "a line for each seed", right[0]: f"if the losses were equal: {flips} sign flips"}
        font = {"size": 16, "color": MUTE}
        where = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "font": font}
        texts += [note(title, x, top[1], **where) for x, title in titles.items()]
    return Panel(axes, traces, texts, changes)


def _value_axes(values: Floats, metric: str, left: list[float], top: tuple[float, float]) -> dict[str, Any]:
    """The axes of the seeds' lines."""
    runs, is_share = len(values), TRAINING_METRICS[metric].is_share
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    margin = 0.08 * (high - low) or 0.05
    usual = np.array([t for t in (0.1, 0.25, 0.5, 0.75, 1.0) if low - margin <= t <= high + margin])
    ticks = usual if is_share and len(usual) > 1 else np.linspace(low, high, 4)
    write = percent if is_share else number
    return {
        "xaxis": {
            "domain": left,
            "range": [-0.4, runs - 0.6],
            "showline": False,
            "ticks": "",
            "tickvals": list(range(runs)),
            "ticktext": [f"<b>{LETTERS[run] if runs > 2 else ''}</b>" for run in range(runs)],
        },
        "yaxis": {
            "domain": top,
            "range": [low - margin, high + margin],
            "tickvals": ticks,
            "ticktext": [write(float(t)) for t in ticks],
        },
    }


def _difference_axes(
    metric: str, limit: float, right: list[float], top: tuple[float, float]
) -> dict[str, Any]:
    """The axes of the null distribution."""
    tick = _round_down(0.8 * limit)
    return {
        "xaxis21": {
            "domain": right,
            "anchor": "y21",
            "range": [-limit, limit],
            "fixedrange": True,
            "showgrid": False,
            "showline": True,
            "linecolor": AXIS,
            "tickvals": [-tick, 0, tick],
            "ticktext": [_signed(-tick, metric, True), "0", _signed(tick, metric, True)],
            "tickfont": {"size": 15, "color": MUTE},
            "zeroline": False,
        },
        "yaxis21": {
            "domain": top,
            "anchor": "x21",
            "visible": False,
            "range": [-0.16, 1.05],
            "fixedrange": True,
        },
    }


def _seed_traces(history: History, seeds: int) -> list[dict[str, Any]]:
    """A line per seed, and a set of markers per run."""
    line = {"type": "scatter", "mode": "lines", "line": {"color": with_opacity(MUTE, 0.45), "width": 1.6}}
    traces: list[dict[str, Any]] = [line] * seeds
    for run, loss in enumerate(history.settings.losses):
        colour = loss_style(loss).line
        fill, edge = (PAPER, colour) if is_hollow(history, run) else (colour, PAPER)
        marker = {"size": 13, "color": fill, "line": {"color": edge, "width": 2}, "opacity": 1}
        traces.append({"type": "scatter", "mode": "markers", "marker": marker})
    return traces


def _null_traces(edges: Floats) -> list[dict[str, Any]]:
    """The bars of the null distribution, and the marker of the observed difference."""
    centres, width = (edges[1:] + edges[:-1]) / 2, 0.86 * (edges[1] - edges[0])
    marker = {"size": 17, "color": INK, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    where = {"xaxis": "x21", "yaxis": "y21"}
    return [
        {"type": "bar", "x": centres, "width": width, "marker": {"color": AXIS}, **where},
        {"type": "scatter", "mode": "markers", "cliponaxis": False, "marker": marker, **where},
    ]


def _finite(values: Floats) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]


def _round_down(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above ``value``; 0 for 0."""
    if value == 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(m for m in (1, 2, 5) if m * power <= value * (1 + 1e-9)))


def _signed(value: float, metric: str, short: bool = False) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else ""
    if TRAINING_METRICS[metric].is_share:
        return f"{sign}{100 * abs(value):g}" if short else f"{sign}{100 * abs(value):.1f} points"
    return f"{sign}{number(abs(value))}"
