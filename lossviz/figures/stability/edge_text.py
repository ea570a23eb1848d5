"""The annotations of the figure `edge`: the edge, learning rate x sharpness, and the status of each run."""

from collections.abc import Sequence
from typing import Any

from lossviz.curvature.products import AUTOMATIC
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
from lossviz.stability.result import EdgeRun

FAMILY_NAMES = {"squared": "Squared error", "logarithm": "Cross-entropy"}
OPTIMIZER_NAMES = {"sgd": "gradient descent", "momentum": "momentum"}
USER_LOSS = LineStyle(INK, INK, "solid", 4.5)  # for a loss that is not in LOSSES


def style_of(run: EdgeRun) -> LineStyle:
    """The line style of a run: that of its loss, or ink for the user's own loss."""
    return loss_style(run.loss_name) if run.loss_name in LOSSES else USER_LOSS


def edge_names(runs: Sequence[EdgeRun]) -> list[str]:
    """A short name for each run: that of its loss's family, or its loss's label if two are of one family.

    Args:
        runs: The results of `edge_run` or `edge_runs`.

    Returns:
        A name for each run; for a loss that is not in `LOSSES`, the name of its function.

    Example:
        >>> import lossviz as lv
        >>> runs = lv.stability.edge_runs("moons", "mlp-4", ["mse", "sigmoid-ce"], lr=0.5, steps=2)
        >>> lv.figures.edge_names(runs)
        ['Squared error', 'Cross-entropy']
    """
    rows = [LOSSES.get(run.loss_name) for run in runs]
    families = [row.family if row else "" for row in rows]
    return [
        FAMILY_NAMES[row.family]
        if row and row.family in FAMILY_NAMES and families.count(row.family) == 1
        else (row.label if row else run.loss_name)
        for row, run in zip(rows, runs, strict=True)
    ]


def status_text(run: EdgeRun, step: int) -> str:
    """The status of a run at a step, in two or three words."""
    status = run.status(step)
    if status.state == "diverged":
        return f"diverged at step {run.diverged_at}"
    if status.state == "left":
        return f"below the edge: {percent(status.ratio)} of it"
    if status.state == "below":
        finished = step >= len(run.loss) - 1
        return f"never at it: {percent(status.ratio)}" if finished else f"below it: {percent(status.ratio)}"
    return {"above": "above the edge", "at": "at the edge"}[status.state]


def _product_text(run: EdgeRun, step: int) -> str:
    """Learning rate x sharpness at a step, in the mean of two steps."""
    diverged = run.diverged_at is not None and step >= run.diverged_at
    return "diverged" if diverged else number(run.lr * float(run.smoothed_sharpness[step]))


def step_annotations(runs: Sequence[EdgeRun], step: int, narrow: bool) -> list[dict[str, Any]]:
    """The annotations that change with the step: products, status of each run, and the axis's title."""
    names = edge_names(runs)
    quantity = "preconditioned sharpness" if runs[0].preconditioned else "sharpness"
    products = [
        f'<b><span style="color:{style_of(run).text}">{_product_text(run, step)}</span></b> '
        f"for {name[0].lower() + name[1:]}"
        for run, name in zip(runs, names, strict=True)
    ]
    first = f"is the edge: {runs[0].edge_constant:.4g} ÷ {runs[0].lr:g}"
    if narrow:
        second = f"rate × {quantity}:<br>{', '.join(products)}"
    else:
        second = f"Learning rate × {quantity}: {', '.join(products)}."
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
    name = OPTIMIZER_NAMES.get(runs[0].optimizer, OPTIMIZERS[runs[0].optimizer].label)
    how = next((run.method.partition(", since")[0] for run in runs if run.method != AUTOMATIC), "")
    under = f"after {step} {'step' if step == 1 else 'steps'} of {name}"
    texts.append(under_axis(f"{under}; sharpness by {how}" if how else under))
    statuses = [status_text(run, step) for run in runs]
    return texts + [_label(runs, i, text, narrow, False) for i, text in enumerate(statuses)]


def _label(runs: Sequence[EdgeRun], i: int, text: str, narrow: bool, name: bool) -> dict[str, Any]:
    """A run's name or status: beside the sharpness, or on a phone above the loss."""
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


def constant_annotations(runs: Sequence[EdgeRun], top: float, narrow: bool) -> list[dict[str, Any]]:
    """The annotations that stay: the edge as a number, names of runs and axes, and labels of the edge."""
    size = 36 if narrow else 42
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    large_number = note(
        f"<b>{number(runs[0].edge)}</b>",
        0, 1, yshift=52 if narrow else 10, font={"size": size, "family": SERIF, "color": INK}, **place,
    )  # fmt: skip
    inside = {"xref": "x domain", "xanchor": "right", "xshift": -8, "bgcolor": PANEL, "borderpad": 1}
    overshoot = note("above: diverges on a quadratic", 1, top, yref="y", yanchor="top", yshift=-4, **inside)
    ink = {"size": 16, "color": INK}
    line = note("<b>the edge</b>", 1, runs[0].edge, yref="y", yanchor="bottom", yshift=3, font=ink, **inside)
    names = [_label(runs, i, f"<b>{name}</b>", narrow, True) for i, name in enumerate(edge_names(runs))]
    quantity = "preconditioned sharpness" if runs[0].preconditioned else "sharpness"
    return [large_number, overshoot, line, *names, y_axis_title(quantity), y_axis_title("loss", 2)]
