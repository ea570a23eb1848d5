"""Each seed for itself, and all the ways that luck could have dealt them."""

from typing import Any

import numpy as np

from lossviz.common.typing import Floats
from lossviz.figures.base.number_format import number, percent, whole
from lossviz.figures.base.style import AXIS, INK, MUTE, PAPER, loss_style, note, with_opacity, y_axis_title
from lossviz.figures.race.panel import Panel, Place, Record
from lossviz.figures.race.styles import MEASURES, head_of, is_twin
from lossviz.training.history import History
from lossviz.training.significance import paired_differences, swaps

BARS = 41


def draw_seeds(race: History, measure: str, place: Place) -> Panel:
    """Left a line for each seed between the contestants; right the mean difference that the verdict is of,
    under every way to swap who is ahead with who is behind, seed by seed, and as a disc the one seen.
    """
    name, axis_title = MEASURES[measure]
    values: Floats = getattr(race, name)
    count, seeds, _ = values.shape
    across, up = place.across, place.up
    left = [across[0], across[0] + (across[1] - across[0]) * 0.44]
    right = [across[0] + (across[1] - across[0]) * 0.56, across[1]]
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    room = 0.08 * (high - low) or 0.05
    heads = [head_of(race, c).split(" · ")[0] if count > 2 else "" for c in range(count)]
    write = percent if measure == "Accuracy" else number
    usual = np.array([t for t in (0.1, 0.25, 0.5, 0.75, 1.0) if low - room <= t <= high + room])
    ticks = usual if measure == "Accuracy" and len(usual) > 1 else np.linspace(low, high, 4)
    unlike = measure == "Loss"  # in units of their own: there is no difference
    every = range(len(race.steps))
    differences = [np.zeros(0) if unlike else paired_differences(race, name, i) for i in every]
    wide = 1.08 * max([float(np.abs(each).mean()) for each in differences if each.size] or [0.0]) or 1.0
    edges = np.linspace(-wide, wide, BARS + 1)
    top = (up[0], up[0] + 0.9 * (up[1] - up[0]))  # above stand the panels' own heads
    tick = _round_down(0.8 * wide)
    axes: dict[str, dict[str, Any]] = {
        "xaxis": {
            "domain": left,
            "range": [-0.4, count - 0.6],
            "showline": False,
            "ticks": "",
            "tickvals": list(range(count)),
            "ticktext": [f"<b>{head}</b>" for head in heads],
        },
        "yaxis": {
            "domain": top,
            "range": [low - room, high + room],
            "tickvals": ticks,
            "ticktext": [write(float(t)) for t in ticks],
        },
        "xaxis21": {
            "domain": right,
            "anchor": "y21",
            "range": [-wide, wide],
            "fixedrange": True,
            "showgrid": False,
            "showline": True,
            "linecolor": AXIS,
            "tickvals": [-tick, 0, tick],
            "ticktext": [_signed(-tick, measure, True), "0", _signed(tick, measure, True)],
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
    pair = {"type": "scatter", "mode": "lines", "line": {"color": with_opacity(MUTE, 0.45), "width": 1.6}}
    traces: list[dict[str, Any]] = [pair] * seeds
    for c in range(count):
        line, twin = loss_style(race.settings.losses[c]).line, is_twin(race, c)
        fill, rim = (PAPER, line) if twin else (line, PAPER)
        look = {"size": 13, "color": fill, "line": {"color": rim, "width": 2}, "opacity": 1}
        traces.append({"type": "scatter", "mode": "markers", "marker": look})
    middles, bar = (edges[1:] + edges[:-1]) / 2, 0.86 * (edges[1] - edges[0])
    disc = {"size": 17, "color": INK, "line": {"color": PAPER, "width": 3}, "opacity": 1}
    dealt = {"xaxis": "x21", "yaxis": "y21"}
    traces += [
        {"type": "bar", "x": middles, "width": bar, "marker": {"color": AXIS}, **dealt},
        {"type": "scatter", "mode": "markers", "cliponaxis": False, "marker": disc, **dealt},
    ]

    def moving(i: int) -> Record:
        data: list[dict[str, Any]] = []
        for seed in range(seeds):
            data.append({"x": list(range(count)), "y": _finite(values[:, seed, i])})
        for c in range(count):
            data.append({"x": [c] * seeds, "y": _finite(values[c, :, i])})
        heights, seen = np.zeros(BARS), None
        if differences[i].size:
            means = swaps(differences[i])
            heights = np.histogram(np.clip(means, -wide, wide), edges)[0] / len(means)
            heights = heights / heights.max()
            seen = float(means[0])
        data.append({"type": "bar", "y": heights.round(4).tolist()})
        data.append({"x": [seen], "y": [-0.08]})
        notes = [
            note(
                f"<b>{_signed(seen, measure)}</b>" if seen is not None else " ",
                0 if seen is None else seen,
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

    texts = [y_axis_title(axis_title)]
    over = {"yanchor": "bottom", "font": {"size": 16, "color": MUTE}}
    if not place.narrow:
        texts.append(
            note("each seed, a line", left[0], top[1], xref="paper", yref="paper", xanchor="left", **over)
        )
        ways = whole(2 ** min(seeds, 16))
        texts.append(
            note(
                f"if luck had dealt: {ways} ways to swap names",
                right[0],
                top[1],
                xref="paper",
                yref="paper",
                xanchor="left",
                **over,
            )
        )
    return Panel(axes, traces, texts, moving)


def _finite(values: Floats) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]


def _round_down(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above; 0 for 0."""
    if value == 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(m for m in (1, 2, 5) if m * power <= value * (1 + 1e-9)))


def _signed(value: float | None, measure: str, short: bool = False) -> str:
    if value is None:
        return ""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    if measure == "Accuracy":
        return f"{sign}{100 * abs(value):g}" if short else f"{sign}{100 * abs(value):.1f} points"
    return f"{sign}{number(abs(value))}"
