"""One neuron: its loss, slope and curvature against the logit, its descent, its escape."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lossviz.figures.frames import upto
from lossviz.figures.style import (
    AXIS,
    INK,
    PAPER,
    UNDER_SLIDER,
    axis_name,
    blank,
    faded,
    hero,
    mark,
    note,
    number,
    put_first,
    short_name,
)
from lossviz.neuron import Descent, EscapeTime, LogitCurves


def _line(loss: str, x: Any, y: Any, **more: Any) -> go.Scatter:
    style = mark(loss)
    line = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
    return go.Scatter(x=x, y=y, mode="lines", line=line | more.pop("line", {}), **more)


def _name(loss: str, x: float, y: float, narrow: bool, **more: Any) -> dict[str, Any]:
    font = {"size": 17 if narrow else 19, "color": mark(loss).text}
    return note(f"<b>{short_name(loss)}</b>", x, y, font=font, bgcolor=PAPER, borderpad=1, **more)


def _value(loss: str, x: float, y: float, flip: bool, **more: Any) -> dict[str, Any]:
    """A live number beside its marker, on the side of the cursor where there is room."""
    return note(
        f"<b>{number(y)}</b>",
        x,
        y,
        xanchor="right" if flip else "left",
        xshift=-10 if flip else 10,
        yshift=17,
        font={"size": 20, "color": mark(loss).text},
        bgcolor=PAPER,
        borderpad=0,
        **more,
    )


def _cursor(x: float, axis: str = "x") -> dict[str, Any]:
    return {
        "type": "line",
        "xref": axis,
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "line": {"color": AXIS, "width": 1.5},
    }


def slopes(curves: LogitCurves, at: float = 4.0, every: int = 1, narrow: bool = False) -> go.Figure:
    """Loss, slope and curvature against the logit, one panel each, with a marker at the logit nearest `at`.

    Two losses: the first is the one that dies, the second the one that does not. The frames are the
    pictures for every `every`-th logit, named by it.
    """
    panels = ((0.69, 1.0), (0.34, 0.63), (0.0, 0.28))
    rows = (curves.value, curves.gradient, curves.curvature)
    figure = blank(
        600 if narrow else 490,
        margin={"l": 62, "r": 14, "t": 76 if narrow else 6, "b": UNDER_SLIDER},
        meta={"follows": "z"},
    )
    for panel, (domain, values) in enumerate(zip(panels, rows, strict=True), start=1):
        tag = "" if panel == 1 else str(panel)
        low, high = float(values.min()), float(values.max())
        room = 0.16 * (high - low)
        ticks = _few_ticks(low, high)
        figure.update_layout(
            {
                f"yaxis{tag}": {"domain": domain, "range": [low - room / 2, high + room], "tickvals": ticks},
                f"xaxis{tag}": {
                    "anchor": f"y{tag}",
                    "range": [curves.z[0], curves.z[-1]],
                    "visible": panel == 3,
                    "dtick": 2,
                },
            }
        )
        for loss, value in zip(curves.losses, values, strict=True):
            figure.add_trace(_line(loss, curves.z, value, xaxis=f"x{tag}", yaxis=f"y{tag}"))
    _shade_bend(figure, curves)
    markers = range(len(figure.data), len(figure.data) + 3)
    for panel in range(3):
        tag = "" if panel == 0 else str(panel + 1)
        colours = [mark(loss).line for loss in curves.losses]
        figure.add_trace(
            go.Scatter(
                mode="markers",
                xaxis=f"x{tag}",
                yaxis=f"y{tag}",
                cliponaxis=False,
                marker={"size": 15, "color": colours, "line": {"color": PAPER, "width": 3}, "opacity": 1},
            )
        )

    def moving(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
        z = float(curves.z[i])
        ratio = _ratio(curves.gradient[:, i])
        lead, words = hero(f"{number(ratio)}×", "steeper under cross-entropy", narrow, x=0.0)
        if narrow:
            lead["yshift"] = 68
            words |= {"yshift": 70, "xshift": 118, "text": "steeper under<br>cross-entropy"}
        flip = z > curves.z[0] + (0.78 if narrow else 0.92) * (curves.z[-1] - curves.z[0])
        texts = [lead, words]
        for panel, values in ((2, curves.gradient), (3, curves.curvature)):
            for loss, value in zip(curves.losses, values[:, i], strict=True):
                texts.append(_value(loss, z, float(value), flip, xref=f"x{panel}", yref=f"y{panel}"))
        _part(texts[2:4], curves.gradient[:, i], 0.09)
        _part(texts[4:6], curves.curvature[:, i], 0.06)
        texts.append(
            note(
                f"logit z = {number(z) if z else '0'}, output {number(1 / (1 + np.exp(-z)))}",
                0.5,
                0,
                xref="paper",
                yref="paper",
                yshift=-32,
                yanchor="top",
                font={"size": 16, "color": INK},
            )
        )
        data = [{"x": [z, z], "y": [_short(v) for v in values[:, i]]} for values in rows]
        return data, texts, [_cursor(z, "x3")]

    here = int(np.abs(curves.z - at).argmin())
    data, texts, cursor = moving(here)
    for trace, part in zip(markers, data, strict=True):
        figure.data[trace].update(part)
    sure = "sure, wrong →" if curves.y < 0.5 else "sure, right →"
    unsure = "← sure, right" if curves.y < 0.5 else "← sure, wrong"
    ends = [
        note(unsure, 0, 0, xref="paper", yref="paper", xanchor="left", yshift=-32, yanchor="top"),
        note(sure, 1, 0, xref="paper", yref="paper", xanchor="right", yshift=-32, yanchor="top"),
    ]
    if narrow:
        texts[-1]["text"] = f"z = {number(float(curves.z[here]))}"
    figure.update_layout(
        annotations=[
            *texts,
            *ends,
            *_loss_names(curves, narrow),
            axis_name("loss L", 1),
            axis_name("slope dL/dz", 2),
            axis_name("curvature", 3),
        ],
    )
    put_first(figure, cursor[0])
    frames = []
    for i in range(0, len(curves.z), every):
        data, texts, cursor = moving(i)
        if narrow:
            texts[-1]["text"] = f"z = {number(float(curves.z[i]))}"
        changed = [
            {k: t[k] for k in ("text", "x", "y", "xanchor", "xshift", "yshift") if k in t} for t in texts
        ]
        frames.append(
            {
                "name": f"{curves.z[i]:g}",
                "data": data,
                "traces": list(markers),
                "layout": {
                    "annotations": changed,
                    "shapes": [{"x0": cursor[0]["x0"], "x1": cursor[0]["x1"]}],
                },
            }
        )
    figure.frames = frames
    return figure


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _few_ticks(low: float, high: float) -> list[float]:
    """0 and the few round numbers that it takes to read a height."""
    step = next(s for s in (8, 4, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02) if s <= high / 1.9)
    return [k * step for k in range(-3, 4) if low - 0.01 * high <= k * step <= high * 1.01]


def _ratio(gradients: Any) -> float:
    slow, fast = np.abs(gradients)
    return float(fast / slow) if slow else float("inf")


def _part(pair: list[dict[str, Any]], values: Any, apart: float) -> None:
    """Two numbers at one cursor must not lie on each other: the lower one goes below its marker."""
    low, high = sorted(range(2), key=lambda i: values[i])
    if values[high] - values[low] < apart * 4:
        pair[low]["yshift"] = -17


def _shade_bend(figure: go.Figure, curves: LogitCurves) -> None:
    """Where squared error bends down, the ground of its curvature panel is tinted."""
    down = curves.z[curves.curvature[0] < 0]
    if len(down):
        figure.add_shape(
            type="rect",
            x0=down[0],
            x1=down[-1],
            y0=0,
            y1=1,
            xref="x3",
            yref="y3 domain",
            layer="below",
            fillcolor=faded(mark(curves.losses[0]).line, 0.10),
            line_width=0,
        )


def _loss_names(curves: LogitCurves, narrow: bool) -> list[dict[str, Any]]:
    wrong = curves.z[-1] if curves.y < 0.5 else curves.z[0]
    right_end = curves.y < 0.5
    slow, fast = (float(row[-1 if right_end else 0]) for row in curves.value)
    anchor = "right" if right_end else "left"
    spot = wrong * 0.62
    return [
        _name(
            curves.losses[1],
            spot,
            fast * 0.62,
            narrow,
            xanchor=anchor,
            xshift=-14 if right_end else 14,
            yshift=8,
        ),
        _name(curves.losses[0], wrong, slow, narrow, xanchor=anchor, yshift=20),
    ]


# --- descent -----------------------------------------------------------------------------------------


def descents(
    runs: Sequence[Descent], at: int, every: int = 1, target: float = 0.0, narrow: bool = False
) -> go.Figure:
    """The output of neurons that descend side by side; each is a disc, filled as strongly as it fires.

    What lies after step `at` is drawn faint. The frames are the pictures at every `every`-th step. A third
    run, if there is one, is the widget's curve: thin and grey.
    """
    steps = len(runs[0].output) - 1
    size = 54 if narrow else 68
    figure = blank(
        400 if narrow else 430,
        margin={"l": 62, "r": 42, "t": 8, "b": UNDER_SLIDER},
        meta={"follows": "step"},
        xaxis={"range": [0, steps]},
        yaxis={"range": [-0.19, 1.19], "tickvals": [0, 0.5, 1]},
    )
    x = np.arange(steps + 1)
    for run in runs[2:]:
        figure.add_trace(
            go.Scatter(
                x=x,
                y=run.output,
                mode="lines",
                line={"color": faded(INK, 0.55), "width": 2, "dash": "2px,3px"},
            )
        )
    extra = len(figure.data)
    for run in runs[:2]:
        figure.add_trace(_line(run.loss_name, x, run.output, line={"width": 2.2}, opacity=0.42))
    for run in runs[:2]:
        grown = _line(run.loss_name, x.tolist(), run.output.tolist(), line={"width": 5})
        figure.add_trace(grown)
    solid = [extra + 2, extra + 3]
    for run in runs[:2]:
        colour = mark(run.loss_name).line
        common = {"mode": "markers", "cliponaxis": False}
        figure.add_trace(go.Scatter(**common, marker={"size": size, "color": PAPER, "opacity": 1}))
        figure.add_trace(
            go.Scatter(
                mode="markers+text",
                cliponaxis=False,
                textfont={"size": 17 if narrow else 20, "color": INK},
                marker={"size": size, "line": {"color": colour, "width": 4}, "opacity": 1},
            )
        )
    discs = list(range(extra + 4, extra + 8))
    per_step = steps / (270 if narrow else 960)  # steps in a pixel, near enough to part two discs

    def moving(step: int) -> list[dict[str, Any]]:
        outputs = [float(run.output[step]) for run in runs[:2]]
        gap = abs(outputs[0] - outputs[1]) * (240 if narrow else 260)
        shift = max(0.0, 1 - gap / size) * size * 0.32 * per_step
        parts: list[dict[str, Any]] = []
        for run, output, side in zip(runs[:2], outputs, (1, -1), strict=True):
            place = {"x": [step + side * shift], "y": [output]}
            fill = faded(mark(run.loss_name).line, round(0.06 + 0.42 * output, 3))
            parts += [place, {**place, "text": [f"<b>{output:.2f}</b>"], "marker": {"color": fill}}]
        return parts

    def words(step: int) -> str:
        return f"after {step} steps of gradient descent" if step != 1 else "after 1 step of gradient descent"

    for trace, part in zip(discs, moving(at), strict=True):
        figure.data[trace].update(part)
    title = note(
        words(at),
        0.5,
        0,
        xref="paper",
        yref="paper",
        yshift=-32,
        yanchor="top",
        font={"size": 16, "color": INK},
    )
    figure.update_layout(
        annotations=[
            title,
            axis_name("output of the neuron"),
            note(
                f"target {target:g}", 0, target, xanchor="left", xshift=4, yshift=-14 if target < 0.5 else 14
            ),
            *_run_names(runs, narrow),
        ],
        shapes=[_cursor(at)],
    )
    figure.update_layout(meta=upto(solid, at) | {"follows": "step"})
    figure.frames = [
        {
            "name": str(step),
            "data": moving(step),
            "traces": discs,
            "layout": {
                "annotations": [{"text": words(step)}],
                "shapes": [{"x0": step, "x1": step}],
                "meta": upto(solid, step),
            },
        }
        for step in sorted({*range(0, steps + 1, every), at, steps})
    ]
    return figure


def _run_names(runs: Sequence[Descent], narrow: bool) -> list[dict[str, Any]]:
    """Each name beside its own curve, where the two are farthest apart."""
    gap = np.abs(runs[0].output - runs[1].output)
    steps = len(gap) - 1
    place = int(np.clip(np.nanargmax(gap), 0.1 * steps, 0.26 * steps))
    names = []
    upper = 0 if runs[0].output[place] >= runs[1].output[place] else 1
    for i, run in enumerate(runs[:2]):
        down = -20 if i == upper else 20
        names.append(
            _name(
                run.loss_name, place, float(run.output[place]), narrow, xanchor="left", xshift=8, yshift=down
            )
        )
    for run in runs[2:]:
        spot = int(0.8 * steps)
        names.append(
            note("as the book’s widget draws it", spot, float(run.output[spot]), yshift=14, bgcolor=PAPER)
        )
    return names


# --- escape ------------------------------------------------------------------------------------------


def escape(
    z0: Sequence[float], times: dict[str, Sequence[EscapeTime]], at: float, lr: float, narrow: bool = False
) -> go.Figure:
    """Steps to escape against the start, on a log axis: the line is the gradient flow, the dots are runs.

    ``times`` has, by loss, one `EscapeTime` for each of z0: first the loss that dies. The frames are
    named by z0.
    """
    slow, fast = times
    known = [t.steps for row in times.values() for t in row if t.steps]
    figure = blank(
        460 if narrow else 470,
        margin={"l": 62, "r": 14, "t": 76 if narrow else 8, "b": UNDER_SLIDER},
        meta={"follows": "z0"},
        xaxis={"range": [min(z0), max(z0)], "dtick": 2, "tick0": 0},
        yaxis={"type": "log", "range": [0, np.log10(max(known)) + 0.6], "dtick": 1, "exponentformat": "none"},
    )
    figure.update_yaxes(
        tickvals=[10.0**k for k in range(0, 9)],
        ticktext=["1", "10", "100", "1\u2009000", "10⁴", "10⁵", "10⁶", "10⁷", "10⁸"],
    )
    for loss, row in times.items():
        closed = [t.closed_form for t in row]
        if None not in closed:
            figure.add_trace(_line(loss, list(z0), closed, line={"width": 3}))
        steps = [t.steps for t in row]
        figure.add_trace(
            go.Scatter(
                x=list(z0),
                y=steps,
                mode="markers",
                marker={"size": 8, "color": PAPER, "line": {"color": mark(loss).line, "width": 2}},
            )
        )
    lit = [len(figure.data), len(figure.data) + 1]
    for loss in times:
        figure.add_trace(
            go.Scatter(
                mode="markers",
                cliponaxis=False,
                marker={
                    "size": 17,
                    "color": mark(loss).line,
                    "line": {"color": PAPER, "width": 3},
                    "opacity": 1,
                },
            )
        )

    def moving(i: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        steps = {loss: row[i].steps for loss, row in times.items()}
        ratio = (steps[slow] or 0) / (steps[fast] or 1)
        lead, text = hero(f"{number(ratio)}×", "as long under squared error", narrow, x=0.02)
        if narrow:
            lead["yshift"], lead["x"] = 66, 0
            text |= {"yshift": 68, "xshift": 158, "x": 0, "text": "as long under<br>squared error"}
        flip = z0[i] > 0.7 * max(z0)
        texts = [lead, text]
        for loss in times:
            count = steps[loss]
            told = "never" if count is None else f"{count:,}".replace(",", "\u2009")
            texts.append(
                note(
                    f"<b>{told}</b> steps",
                    z0[i],
                    float(np.log10(count)) if count else 0.0,
                    xanchor="right" if flip else "left",
                    xshift=-14 if flip else 14,
                    yshift=20 if flip else -18,
                    font={"size": 20, "color": mark(loss).text},
                    bgcolor=PAPER,
                )
            )
        texts.append(
            note(
                f"start z₀ = {z0[i]:g}, output {number(1 / (1 + np.exp(-z0[i])))}",
                0.5,
                0,
                xref="paper",
                yref="paper",
                yshift=-32,
                yanchor="top",
                font={"size": 16, "color": INK},
            )
        )
        return [{"x": [z0[i]], "y": [steps[loss]]} for loss in times], texts

    here = int(np.abs(np.asarray(z0) - at).argmin())
    data, texts = moving(here)
    for trace, part in zip(lit, data, strict=True):
        figure.data[trace].update(part)
    figure.update_layout(
        annotations=[
            *texts,
            axis_name("steps to escape"),
            _name(
                slow,
                z0[len(z0) // 2],
                _log(times[slow], len(z0) // 2),
                narrow,
                xanchor="right",
                xshift=-16,
                yshift=12,
            ),
            _name(fast, z0[-1], _log(times[fast], -1), narrow, xanchor="right", yshift=26),
        ],
        shapes=[_cursor(z0[here])],
    )
    frames = []
    for i in range(len(z0)):
        data, texts = moving(i)
        keep = ("text", "x", "y", "xanchor", "xshift", "yshift")
        frames.append(
            {
                "name": f"{z0[i]:g}",
                "data": data,
                "traces": lit,
                "layout": {
                    "annotations": [{k: t[k] for k in keep if k in t} for t in texts],
                    "shapes": [{"x0": z0[i], "x1": z0[i]}],
                },
            }
        )
    figure.frames = frames
    return figure


def _log(times: Sequence[EscapeTime], i: int) -> float:
    return float(np.log10(times[i].steps or 1))
