"""One metric against the steps: the median over the seeds, their middle half, and each seed."""

from typing import Any

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import MUTE, PAPER, loss_style, note, with_opacity, y_axis_title
from lossviz.figures.training.marker_layout import label_heights, marker_positions
from lossviz.figures.training.panel import Changes, Panel, PanelLayout
from lossviz.figures.training.rug import rug_axes, rug_positions, rug_trace, y_axis
from lossviz.figures.training.styles import (
    LETTERS,
    TRAINING_METRICS,
    class_count,
    has_letters,
    inner_line,
    is_hollow,
    line_style,
)
from lossviz.training.baselines import majority_accuracy
from lossviz.training.history import History
from lossviz.training.settings import MAX_STEPS

VALUES = 0.082  # of the width: the numbers stand so far to the right of the curves, where the rug ends


def draw_curves(history: History, metric: str, layout: PanelLayout) -> Panel:
    """A curve per run, pale over the whole training and strong up to the record that is shown."""
    values: Floats = getattr(history, metric)
    runs = range(len(history.settings.losses))
    quartiles = [_quartiles(values[run]) for run in runs]
    medians = np.stack([median for _, median, _ in quartiles])
    axis, y_layout = y_axis(history, metric)
    traces: list[dict[str, Any]] = [_baseline(history, metric)]
    if len(runs) <= 2 and values.shape[1] > 1:
        traces += [_band(history, run, low, high) for run, (low, _, high) in enumerate(quartiles)]
    lines: list[list[int]] = []  # of each run: the traces that grow with time
    for run, median in enumerate(medians):
        pale = {"x": history.steps, "y": median, "opacity": 0.42, "line": line_style(history, run, 2.2)}
        traces.append({"type": "scatter", "mode": "lines", **pale})
        lines.append([len(traces)])
        traces.append({"type": "scatter", "mode": "lines", "line": line_style(history, run)})
        if is_hollow(history, run):
            lines[-1].append(len(traces))
            traces.append({"type": "scatter", "mode": "lines", "line": inner_line()})
    first_marker = len(traces)
    traces += [_marker(history, run, layout.running) for run in runs]
    first_rug = len(traces)
    traces += [rug_trace(history, run, layout.narrow) for run in runs]
    lettered = has_letters(history)
    # the distance between markers that would hide one another
    shift = (0.05 if lettered else 0.026) * history.settings.steps

    def changes(record: int) -> Changes:
        notes: list[dict[str, Any]] = []
        heights = label_heights(axis, medians[:, record], layout.pixels)
        markers = marker_positions(axis, history, medians, record, shift)
        numbers: list[int] = []
        data: list[dict[str, Any]] = []
        for run in runs:
            known = np.flatnonzero(np.isfinite(medians[run][: record + 1]))
            part = {"x": history.steps[known].tolist(), "y": medians[run][known].tolist()}
            for trace in lines[run]:
                numbers.append(trace)
                data.append(part)
            numbers.append(first_marker + run)
            data.append({"x": [markers[run][0]], "y": [markers[run][1]]})
            _, x, y = rug_positions(axis, values[run, :, record], run, len(medians))
            numbers.append(first_rug + run)
            data.append({"x": x, "y": y})
            letter = f"{LETTERS[run]} " if lettered else ""
            notes.append(
                note(
                    f"{letter}<b>{_value_text(history, run, float(medians[run, record]), metric)}</b>",
                    layout.across[1] + VALUES,
                    heights[run],
                    xref="paper",
                    yref="y",
                    xanchor="left",
                    yanchor="middle",
                    font={"size": 20, "color": loss_style(history.settings.losses[run]).text},
                )
            )
        return numbers, data, notes

    texts = [y_axis_title(TRAINING_METRICS[metric].axis), _baseline_label(history, metric, layout)]
    axes = {"yaxis": y_layout, **rug_axes(layout, y_layout)}
    return Panel(axes, traces, texts, changes)


def _band(history: History, run: int, low: Floats, high: Floats) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": np.concatenate([history.steps, history.steps[::-1]]),
        "y": np.concatenate([high, low[::-1]]),
        "fill": "toself",
        "mode": "lines",
        "line": {"width": 0},
        "fillcolor": with_opacity(loss_style(history.settings.losses[run]).line, 0.1),
        "hoverinfo": "skip",
    }


def _marker(history: History, run: int, running: bool) -> dict[str, Any]:
    """The marker at the record that is shown; while the training runs it has a halo."""
    style = loss_style(history.settings.losses[run])
    hollow = is_hollow(history, run)
    edge = {"color": with_opacity(style.line, 0.3), "width": 8} if running else {"color": PAPER, "width": 3}
    letter = LETTERS[run] if has_letters(history) else ""
    font = {"size": 13, "color": style.text if hollow else PAPER, "weight": 700}
    return {
        "type": "scatter",
        "mode": "markers+text" if letter else "markers",
        "cliponaxis": False,
        "textfont": font,
        **({"text": [letter]} if letter else {}),
        "marker": {
            "size": (22 if letter else 17) + (4 if running else 0),
            "color": PAPER if hollow else style.text if letter else style.line,
            "line": {"color": style.line, "width": 2.5} if hollow and not running else edge,
            "opacity": 1,
        },
    }


def _has_baseline(history: History, metric: str) -> bool:
    return TRAINING_METRICS[metric].is_share and class_count(history) > 0


def _baseline(history: History, metric: str) -> dict[str, Any]:
    """A line at the accuracy of always predicting one class; empty for other metrics, which have it too."""
    height = majority_accuracy(history.settings) if _has_baseline(history, metric) else None
    line = {"color": MUTE, "width": 1.5, "dash": "2px,4px"}
    x = [0, MAX_STEPS]  # beyond the panel, which cuts it, however long the training is
    return {"type": "scatter", "mode": "lines", "x": x, "y": [height, height], "line": line}


def _baseline_label(history: History, metric: str, layout: PanelLayout) -> dict[str, Any]:
    """What that line is; for other metrics it is empty, so that all have as many texts."""
    shown = _has_baseline(history, metric)
    return note(
        "always the majority class" if shown else " ",
        layout.across[1],
        majority_accuracy(history.settings) if shown else 0,
        xref="paper",
        yref="y",
        xanchor="right",
        yanchor="top",
        font={"size": 15 if layout.narrow else 16, "color": MUTE},
    )


def _quartiles(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Lower quartile, median and upper quartile over the seeds of values (seeds, records)."""
    known = np.isfinite(values).any(axis=0)
    low, median, high = (np.full(values.shape[1], np.nan) for _ in range(3))
    if known.any():
        some = values[:, known]
        quantile = np.quantile if np.isfinite(some).all() else np.nanquantile  # the latter is slow
        with np.errstate(invalid="ignore"):  # between two infinite seeds it is NaN
            low[known], median[known], high[known] = quantile(some, [0.25, 0.5, 0.75], axis=0)
    return low, median, high


def _value_text(history: History, run: int, value: float, metric: str) -> str:
    if np.isnan(value):
        return "diverged" if (history.diverged_at[run] >= 0).any() else "–"
    return percent(value) if TRAINING_METRICS[metric].is_share else number(value)
