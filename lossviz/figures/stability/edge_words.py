"""What is written on the picture of the edge: its number, the products, and where each run is."""

from collections.abc import Sequence
from typing import Any

from lossviz.figures.base.number_format import number, percent
from lossviz.figures.base.style import (
    INK,
    MUTE,
    PANEL,
    SERIF,
    LineStyle,
    loss_style,
    note,
    under_axis,
    y_axis_title,
)
from lossviz.losses.table import LOSSES
from lossviz.networks.optimizers import OPTIMIZERS
from lossviz.stability.run import EdgeRun

PLAIN = {"squared": "Squared error", "logarithm": "Cross-entropy"}
RULES = {row.name: row.inline_label or row.label for row in OPTIMIZERS.values()}
UNKNOWN = LineStyle(INK, INK, "solid", 4.5)  # a loss that is not in the registry


def style_of(run: EdgeRun) -> LineStyle:
    """How a run is drawn: as its loss is, or in ink if the loss is the visitor's own."""
    return loss_style(run.loss_name) if run.loss_name in LOSSES else UNKNOWN


def edge_names(runs: Sequence[EdgeRun]) -> list[str]:
    """What a class calls each: by its family, unless two are of one."""
    rows = [LOSSES.get(run.loss_name) for run in runs]
    families = [row.family if row else "" for row in rows]
    return [
        PLAIN[row.family]
        if row and row.family in PLAIN and families.count(row.family) == 1
        else (row.label if row else run.loss_name)
        for row, run in zip(rows, runs, strict=True)
    ]


def words_of(run: EdgeRun, step: int) -> str:
    """Where a run is, in two or three words."""
    standing = run.standing(step)
    if standing.place == "gone":
        return f"gone at step {run.diverged_at}"
    if standing.place == "left":
        return f"has left it: {percent(standing.share)}"
    if standing.place == "never":
        whole = step >= len(run.loss) - 1
        return f"never there: {percent(standing.share)}" if whole else f"not there: {percent(standing.share)}"
    return {"over": "over the edge", "at": "at the edge"}[standing.place]


def _told(run: EdgeRun, step: int) -> str:
    """Learning rate x sharpness at a step, without the swing."""
    gone = run.diverged_at is not None and step >= run.diverged_at
    return "gone" if gone else number(run.lr * float(run.steady[step]))


def live_words(runs: Sequence[EdgeRun], step: int, narrow: bool) -> list[dict[str, Any]]:
    """What changes with the step: the products, where each run is, and the axis's title."""
    names = edge_names(runs)
    what = "preconditioned sharpness" if runs[0].preconditioned else "sharpness"
    products = [
        f'<b><span style="color:{style_of(run).text}">{_told(run, step)}</span></b> '
        f"for {name[0].lower() + name[1:]}"
        for run, name in zip(runs, names, strict=True)
    ]
    first = f"is the edge: {runs[0].constant:.4g} ÷ {runs[0].lr:g}"
    if narrow:
        second = f"rate × {what}:<br>{', '.join(products)}"
    else:
        second = f"Learning rate × {what}: {', '.join(products)}."
    spot = {"xref": "paper", "yref": "paper", "yanchor": "bottom", "xanchor": "left"}
    size = 15 if narrow else 17
    label = number(runs[0].edge)
    shift = (20 if narrow else 24) * sum(0.55 if c in ".,\u2009" else 1 for c in label) + 18
    head = note(
        f"{first}<br>{second}" if not narrow else first,
        0, 1, xshift=shift, yshift=14 if not narrow else 60, font={"size": size, "color": MUTE}, **spot,
    )  # fmt: skip
    texts = [head]
    if narrow:
        texts.append(note(second, 0, 1, yshift=8, font={"size": size, "color": MUTE}, **spot))
    rule = RULES[runs[0].optimizer]
    texts.append(under_axis(f"after {step} {'step' if step == 1 else 'steps'} of {rule}"))
    places = [words_of(run, step) for run in runs]
    return texts + [_label(runs, i, place, narrow, False) for i, place in enumerate(places)]


def _label(runs: Sequence[EdgeRun], i: int, text: str, narrow: bool, name: bool) -> dict[str, Any]:
    """A run's name, or where it is: beside the sharpness, or on a phone above the loss."""
    colour = style_of(runs[i]).text
    if narrow:
        return note(
            text, i / max(2, len(runs)), 0.2, xref="paper", yref="paper", xanchor="left", yanchor="bottom",
            yshift=32 if name else 10, font={"size": 17 if name else 16, "color": colour},
        )  # fmt: skip
    return note(
        text, 1, 1, xref="paper", yref="y domain", xanchor="left", yanchor="top", xshift=14,
        yshift=-54 * i - (0 if name else 23) - 8, font={"size": 18 if name else 16, "color": colour},
    )  # fmt: skip


def still_words(runs: Sequence[EdgeRun], top: float, narrow: bool) -> list[dict[str, Any]]:
    """What does not change: the one number of the page, names, axes, and what the edge is."""
    size = 36 if narrow else 42
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    hero = note(
        f"<b>{number(runs[0].edge)}</b>",
        0, 1, yshift=52 if narrow else 10, font={"size": size, "family": SERIF, "color": INK}, **place,
    )  # fmt: skip
    inside = {"xref": "x domain", "xanchor": "right", "xshift": -8, "bgcolor": PANEL, "borderpad": 1}
    words = note("here a step overshoots", 1, top, yref="y", yanchor="top", yshift=-4, **inside)
    ink = {"size": 16, "color": INK}
    line = note("<b>the edge</b>", 1, runs[0].edge, yref="y", yanchor="bottom", yshift=3, font=ink, **inside)
    names = [_label(runs, i, f"<b>{name}</b>", narrow, True) for i, name in enumerate(edge_names(runs))]
    what = "preconditioned sharpness" if runs[0].preconditioned else "sharpness"
    return [hero, words, line, *names, y_axis_title(what), y_axis_title("loss", 2)]
