"""A race of losses: curves over the steps, portraits of what each has learned, the gradient by layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from lossviz.datasets import DATASETS, Data
from lossviz.figures.style import (
    AXIS,
    INK,
    MUTE,
    PANEL,
    PAPER,
    SEA,
    UNDER_SLIDER,
    axis_name,
    blank,
    faded,
    fixed,
    hero,
    mark,
    note,
    number,
    percent,
    put_first,
    short_name,
)
from lossviz.race import Race, standings

Floats = NDArray[np.float64]
MEASURES = {
    "Accuracy": ("accuracy", "accuracy on new examples"),
    "Loss": ("loss", "loss, each its own"),
    "Cross-entropy": ("cross_entropy", "cross-entropy on new examples, nats"),
    "Brier": ("brier", "Brier score on new examples"),
}
_REGION = [[i / 10, fixed(colour)] for i, colour in enumerate(SEA)]


@dataclass(frozen=True)
class Portraits:
    """What each contestant says over the plane of two features, at each record of a race."""

    a: Floats  # (k,) the first feature
    b: Floats  # (k,) the second feature
    said: NDArray[np.float32]  # (records, contestants, k, k) probability of class 1, or the class; NaN: gone
    x: Floats  # (n, 2) training examples
    y: NDArray[np.int64]  # (n,)
    classes: int


@dataclass(frozen=True)
class PortraitPlane:
    """The plane that portraits are drawn on, before anybody has said anything."""

    a: Floats  # (k,)
    b: Floats  # (k,)
    points: Floats  # (k * k, 2) in the order of the portrait's rows
    train: Data

    def with_answers(self, said: Sequence[Floats]) -> Portraits:
        """The portraits of answers (contestants, k * k), one array a record."""
        k = len(self.a)
        stacked = np.stack(said).astype(np.float32).reshape(len(said), -1, k, k)
        y = self.train.y.astype(np.int64)
        return Portraits(self.a, self.b, stacked, self.train.x, y, len(self.train.classes))


def portrait_plane(train: Data, points: int = 36) -> PortraitPlane:
    """A square grid over the examples of two features, with a margin of a tenth."""
    low, high = train.x.min(axis=0), train.x.max(axis=0)
    room = 0.1 * (high - low)
    a, b = (np.linspace(low[i] - room[i], high[i] + room[i], points) for i in range(2))
    grid = np.stack(np.meshgrid(a, b), axis=-1).reshape(-1, 2)
    return PortraitPlane(a, b, grid, train)


def training_curves(
    race: Race,
    measure: str = "Accuracy",
    at: int | None = None,
    view: str = "Curves",
    portraits: Portraits | None = None,
    running: bool = False,
    frames: bool = True,
    narrow: bool = False,
) -> go.Figure:
    """Median over seeds of one measure, with the middle half of the seeds as a band for two contestants.

    ``at`` is the step that is looked at (None: the last). ``view`` "Layers" draws the gradient's norm by
    layer instead. To the right, or below on a narrow chart, the portraits, where the data lie in a plane.
    The frames are the pictures at every record; a running race has none.
    """
    step = int(race.steps[-1]) if at is None else at
    here = int(np.abs(race.steps - step).argmin())
    beside = portraits is not None
    figure = blank(760 if narrow and beside else 510, margin={"l": 62, "r": 14, "t": 84, "b": UNDER_SLIDER})
    figure.update_layout(meta={"follows": "race_step"})
    across = [0.0, 0.72] if beside and not narrow else [0.0, 0.86]
    up = [0.47, 1.0] if beside and narrow else [0.0, 1.0]
    figure.update_layout(
        xaxis={"domain": across, "range": [0, race.settings.steps], "anchor": "y", "nticks": 6},
        yaxis={"domain": up},
    )
    draw = _layers if view == "Layers" else _curves
    texts, moving = draw(figure, race, measure, here, narrow, across, running)
    shown: list[int] = []
    if portraits is not None:
        head_texts, shown = _portraits(figure, race, portraits, here, narrow)
        texts += head_texts
    words = _time_words(int(race.steps[here]), running)
    title = note(
        words,
        (across[0] + across[1]) / 2,
        up[0],
        xref="paper",
        yref="paper",
        yshift=-32,
        yanchor="top",
        font={"size": 16, "color": INK},
    )
    figure.update_layout(annotations=[*moving(here)[1], title, *_lead(race, measure, here, narrow), *texts])
    put_first(
        figure,
        {
            "type": "line",
            "x0": race.steps[here],
            "x1": race.steps[here],
            "y0": 0,
            "y1": 1,
            "yref": "y domain",
            "line": {"color": INK if running else AXIS, "width": 2 if running else 1.5},
        },
    )
    traces, _, data = moving(here)
    for trace, part in zip(traces, data, strict=True):
        figure.data[trace].update(part)
    if frames and not running:
        figure.frames = [
            _frame(race, i, moving, portraits, shown, _lead(race, measure, i, narrow))
            for i in range(len(race.steps))
        ]
    return figure


def _frame(
    race: Race,
    i: int,
    moving: Any,
    portraits: Portraits | None,
    shown: list[int],
    lead: list[dict[str, Any]],
) -> dict[str, Any]:
    traces, notes, data = moving(i)
    answers = [] if portraits is None else [_region(portraits, i, c) for c in range(len(shown))]
    step = int(race.steps[i])
    moved = [{key: text[key] for key in ("text", "x", "y")} for text in notes]
    return {
        "name": str(step),
        "data": [*data, *({"type": "contour", "z": z} for z in answers)],
        "traces": [*traces, *shown],
        "layout": {
            "annotations": [*moved, {"text": _time_words(step, False)}, *({"text": t["text"]} for t in lead)],
            "shapes": [{"x0": step, "x1": step}],
        },
    }


def _lead(race: Race, measure: str, record: int, narrow: bool) -> list[dict[str, Any]]:
    """Who is ahead, for how many starts: the one number of the page. Empty where nothing can be compared."""
    starts, step = race.settings.seeds, int(race.steps[record])
    wins = standings(race, MEASURES[measure][0], record)
    first = max(range(len(wins)), key=lambda c: wins[c])
    said, words = (
        f"{wins[first]} of {starts}",
        f"starts have {_name_of(race, first).lower()} ahead at step {step}",
    )
    if measure == "Loss":
        said, words = " ", "each loss in its own unit: not to be compared"
    elif step == 0:
        said, words = "Ready", f"{len(wins)} losses, {starts} starts"
    elif not wins[first]:
        said, words = f"0 of {starts}", f"starts have anybody ahead at step {step}"
    texts = hero(said, words, narrow, x=0.0)
    for text in texts:
        text["yshift"] = text.get("yshift", 0) + 70
    texts[1]["yshift"], texts[1]["xshift"] = (14, 0) if narrow else (56, 130)
    texts[1]["yanchor"] = "top"
    return texts


def _time_words(step: int, running: bool) -> str:
    return (
        f"training: step {step:,}".replace(",", "\u2009")
        if running
        else f"after {step:,} steps".replace(",", "\u2009")
    )


def _line_style(race: Race, c: int) -> dict[str, Any]:
    """Hue and dash say the loss. A second contestant of the same family is thinner."""
    style = mark(race.settings.losses[c])
    twin = any(mark(loss).line == style.line for loss in race.settings.losses[:c])
    return {"color": style.line, "dash": style.dash, "width": 2.5 if twin else 5, "simplify": False}


def _name_of(race: Race, c: int) -> str:
    losses = race.settings.losses
    name = short_name(losses[c])
    if sum(short_name(loss) == name for loss in losses) > 1:
        return losses[c]
    return name


def _summary(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Median and middle half over seeds, by record, of values (seeds, records); NaN where none is known."""
    known = np.isfinite(values).any(axis=0)
    low, middle, high = (np.full(values.shape[1], np.nan) for _ in range(3))
    if known.any():
        low[known], middle[known], high[known] = np.nanquantile(values[:, known], [0.25, 0.5, 0.75], axis=0)
    return low, middle, high


def _curves(
    figure: go.Figure, race: Race, measure: str, here: int, narrow: bool, across: list[float], running: bool
) -> tuple[list[dict[str, Any]], Any]:
    field, axis_title = MEASURES[measure]
    values: Floats = getattr(race, field)
    contestants = range(len(race.settings.losses))
    summaries = [_summary(values[c]) for c in contestants]
    middles = np.stack([middle for _, middle, _ in summaries])
    _curve_axis(figure, race, measure, values)
    if len(summaries) <= 2 and values.shape[1] > 1:
        for c, (low, _, high) in enumerate(summaries):
            figure.add_trace(
                go.Scatter(
                    x=[*race.steps, *race.steps[::-1]],
                    y=[*high, *low[::-1]],
                    fill="toself",
                    mode="lines",
                    line={"width": 0},
                    fillcolor=faded(mark(race.settings.losses[c]).line, 0.12),
                    hoverinfo="skip",
                )
            )
    for c, middle in enumerate(middles):
        known = np.flatnonzero(np.isfinite(middle))
        kept = known if running else known[known <= here]
        figure.add_trace(
            go.Scatter(
                x=race.steps, y=middle, mode="lines", opacity=0.4, line=_line_style(race, c) | {"width": 2.2}
            )
        )
        figure.add_trace(
            go.Scatter(
                x=race.steps[kept].tolist(), y=middle[kept].tolist(), mode="lines", line=_line_style(race, c)
            )
        )
    first = len(figure.data)
    for c in contestants:
        colour = mark(race.settings.losses[c]).line
        figure.add_trace(
            go.Scatter(
                mode="markers",
                cliponaxis=False,
                marker={"size": 17, "color": colour, "line": {"color": PAPER, "width": 3}, "opacity": 1},
            )
        )
    lines = [first - 2 * len(middles) + 2 * c + 1 for c in contestants]

    def moving(i: int) -> tuple[list[int], list[dict[str, Any]], list[dict[str, Any]]]:
        data: list[dict[str, Any]] = []
        notes: list[dict[str, Any]] = []
        spots = _apart(figure, middles[:, i], measure)
        for c in contestants:
            last = _last_known(middles[c], i)
            data.append({"x": [int(race.steps[last])], "y": [_finite(middles[c, last])]})
            notes.append(
                note(
                    f"<b>{_told(race, c, i, middles, measure)}</b>",
                    across[1],
                    spots[c],
                    xref="paper",
                    yref="y",
                    xanchor="left",
                    xshift=12,
                    yanchor="middle",
                    font={"size": 20, "color": mark(race.settings.losses[c]).text},
                )
            )
        grown = [
            {"x": race.steps[k].tolist(), "y": middles[c][k].tolist()}
            for c in contestants
            for k in [np.flatnonzero(np.isfinite(middles[c][: i + 1]))]
        ]
        return [*lines, *range(first, first + len(middles))], notes, [*grown, *data]

    texts = [axis_name(axis_title)]
    for c in contestants:
        spot = _name_spot(race, middles, c)
        if spot:
            texts.append(
                note(
                    f"<b>{_name_of(race, c)}</b>",
                    spot[0],
                    spot[1],
                    xanchor="left",
                    yshift=spot[2],
                    font={"size": 17 if narrow else 19, "color": mark(race.settings.losses[c]).text},
                    bgcolor=PAPER,
                )
            )
    return texts, moving


def _curve_axis(figure: go.Figure, race: Race, measure: str, values: Floats) -> None:
    if measure == "Accuracy":
        chance = 1 / max(2, _classes(race))
        known = values[np.isfinite(values)]
        low = min(chance, float(known.min())) if known.size else chance
        ticks = [t for t in (0, 0.1, 0.25, 0.5, 0.75, 1.0) if t >= low - 0.06]
        figure.update_yaxes(
            range=[low - 0.05, 1.04],
            tickvals=ticks,
            ticktext=[f"{t:.0%}".replace("%", " %") for t in ticks],
            selector=0,
        )
        return
    known = values[np.isfinite(values) & (values > 0)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.1, 1.0)
    exponents = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [m * 10.0**e for e in exponents for m in ((1, 2, 5) if high / low < 100 else (1,))]
    figure.update_yaxes(
        type="log",
        range=[np.log10(low) - 0.1, np.log10(high) + 0.1],
        tickvals=ticks,
        ticktext=[number(t) for t in ticks],
        selector=0,
    )


def _classes(race: Race) -> int:
    return len(DATASETS[race.settings.dataset].classes)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _last_known(middle: Floats, i: int) -> int:
    known = np.flatnonzero(np.isfinite(middle[: i + 1]))
    return int(known[-1]) if len(known) else 0


def _told(race: Race, c: int, i: int, middles: Floats, measure: str) -> str:
    value = float(middles[c, i])
    if np.isnan(value):
        gone = race.diverged_at[c]
        return f"gone at {int(gone[gone >= 0].min())}" if (gone >= 0).any() else "–"
    return percent(value) if measure == "Accuracy" else number(value)


def _apart(figure: go.Figure, values: Floats, measure: str) -> list[float]:
    """Heights for the numbers at the right edge, pushed apart so that none lies on another."""
    log = figure.layout.yaxis.type == "log"
    low, high = figure.layout.yaxis.range
    heights = [np.log10(v) if log and v > 0 else v for v in values]
    heights = [h if np.isfinite(h) else low for h in heights]
    least = 0.075 * (high - low)
    placed: list[float] = [0.0] * len(heights)
    floor = -np.inf
    for c in sorted(range(len(heights)), key=lambda c: heights[c]):
        placed[c] = max(heights[c], floor + least)
        floor = placed[c]
    over = max(0.0, floor - high)
    return [p - over for p in placed]


def _name_spot(race: Race, middles: Floats, c: int) -> tuple[float, float, int] | None:
    """Beside its own curve, where the curves are farthest apart; below the lowest, above the others."""
    whole = np.isfinite(middles).all(axis=0)
    if whole.sum() < 3:
        return None
    usable = np.flatnonzero(
        whole & (race.steps >= 0.04 * race.settings.steps) & (race.steps <= 0.6 * race.settings.steps)
    )
    if not len(usable):
        return None
    spread = np.ptp(middles[:, usable], axis=0)
    i = int(usable[int(spread.argmax())])
    order = sorted(range(len(middles)), key=lambda k: middles[k, i])
    below = order[0] == c
    return float(race.steps[i]), float(middles[c, i]), -20 if below else 20


# --- the gradient by layer ---------------------------------------------------------------------------


def _layers(
    figure: go.Figure, race: Race, measure: str, here: int, narrow: bool, across: list[float], running: bool
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
        shown = np.where(power[c] < -4, np.nan, power[c])  # (records, layers)
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
                f"<b>{_name_of(race, c)}</b>",
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
                "dead" if norms[c, i, layer] < 1e-4 else number(float(norms[c, i, layer])),
                across[1],
                height,
                xref="paper",
                yref="y",
                xanchor="left",
                xshift=12,
                yanchor="middle",
                font={"size": 16, "color": MUTE if norms[c, i, layer] < 1e-4 else INK},
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


# --- portraits ---------------------------------------------------------------------------------------


def _region(portraits: Portraits, record: int, c: int) -> NDArray[Any]:
    """What a contestant says, in hundredths: small whole numbers, unless something is unknown."""
    said = portraits.said[min(record, len(portraits.said) - 1), c]
    hundredths = 100 * said / max(1, portraits.classes - 1) if portraits.classes > 2 else 100 * said
    return np.round(hundredths).astype(np.uint8) if np.isfinite(said).all() else hundredths


def _portraits(
    figure: go.Figure, race: Race, portraits: Portraits, here: int, narrow: bool
) -> tuple[list[dict[str, Any]], list[int]]:
    """One map a contestant, its colour on its rim; the numbers of the traces that change."""
    count, last = len(race.settings.losses), max(1, portraits.classes - 1)
    texts: list[dict[str, Any]] = []
    changing: list[int] = []
    for c in range(count):
        axis = str(c + 2)
        if narrow:
            wide = (1 - 0.06 * (count - 1)) / count
            x0 = c * (wide + 0.06)
            domain = ([x0, x0 + wide], [0.0, 0.27])
        else:
            tall = (1 - 0.14 * count) / count
            top = 1 - c * (tall + 0.14) - 0.1
            domain = ([0.82, 1.0], [top - tall, top])
        figure.update_layout(
            {
                f"xaxis{axis}": {
                    "domain": domain[0],
                    "anchor": f"y{axis}",
                    "visible": False,
                    "range": [portraits.a[0], portraits.a[-1]],
                    "constrain": "domain",
                },
                f"yaxis{axis}": {
                    "domain": domain[1],
                    "anchor": f"x{axis}",
                    "visible": False,
                    "range": [portraits.b[0], portraits.b[-1]],
                },
            }
        )
        axes = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        z = _region(portraits, here, c)
        ground = {"x": portraits.a, "y": portraits.b, "z": z, "showscale": False, "hoverinfo": "skip", **axes}
        changing.append(len(figure.data))
        border = (0.5, 0.5, 1.0) if portraits.classes == 2 else (0.5 / last, (last - 0.5) / last, 1 / last)
        figure.add_trace(
            go.Contour(
                **ground,
                zmin=-6,
                zmax=130,
                colorscale=_REGION,
                line={"width": 2.2, "color": fixed(INK)},
                contours={
                    "coloring": "heatmap",
                    "start": 100 * border[0],
                    "end": 100 * border[1],
                    "size": 100 * border[2],
                },
            )
        )
        _examples(figure, portraits, axes)
        style = _line_style(race, c)
        figure.add_shape(
            type="line",
            x0=0,
            x1=1,
            y0=1,
            y1=1,
            xref=f"x{axis} domain",
            yref=f"y{axis} domain",
            line={"color": style["color"], "width": 5, "dash": style["dash"]},
        )
        texts.append(
            note(
                f"<b>{_name_of(race, c)}</b>",
                0,
                1,
                xref=f"x{axis} domain",
                yref=f"y{axis} domain",
                xanchor="left",
                yanchor="bottom",
                yshift=5,
                font={"size": 17, "color": mark(race.settings.losses[c]).text},
            )
        )
    return texts, changing


def _examples(figure: go.Figure, portraits: Portraits, axes: dict[str, str]) -> None:
    """Classes are not losses and so have no hue: hollow and full, or numbers."""
    shown = slice(None, 160)
    x, y = portraits.x[shown], portraits.y[shown]
    ink, white = fixed(INK), "rgb(255,255,255)"
    if portraits.classes == 2:
        fill, rim = np.where(y == 1, ink, white), np.where(y == 1, white, ink)
        marker: dict[str, Any] = {
            "size": 5.4,
            "color": fill,
            "line": {"color": rim, "width": 0.9},
            "opacity": 1,
        }
        figure.add_trace(
            go.Scatter(x=x[:, 0], y=x[:, 1], mode="markers", marker=marker, hoverinfo="skip", **axes)
        )
        return
    symbols = np.array(["circle", "circle-open", "square", "square-open", "diamond", "diamond-open"])[y % 6]
    figure.add_trace(
        go.Scatter(
            x=x[:, 0],
            y=x[:, 1],
            mode="markers",
            hoverinfo="skip",
            **axes,
            marker={"size": 5.4, "symbol": symbols, "color": ink, "line": {"width": 0.9, "color": ink}},
        )
    )
