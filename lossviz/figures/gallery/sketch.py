"""Small curves of a loss and its slope, without frames."""

import plotly.graph_objects as go

from lossviz.figures.base.families import line_styles
from lossviz.figures.base.style import blank, note
from lossviz.figures.gallery.curve_annotations import TITLES, curve_labels
from lossviz.figures.gallery.loss_curves import few_ticks, panel_range
from lossviz.losses.curves import LossCurves


def sketch(curves: LossCurves, narrow: bool = False) -> go.Figure:
    """Draw losses beside their slopes, without frames.

    Args:
        curves: L losses at n points of an axis.
        narrow: Whether to lay it out for a phone.

    Returns:
        A figure with 2 L lines.

    Example:
        >>> import lossviz as lv
        >>> len(lv.figures.sketch(lv.losses.loss_curves(["mae", "huber"])).data)
        4
    """
    figure = blank(250, margin={"l": 62, "r": 14, "t": 30, "b": 46}, meta={})
    styles = line_styles(curves.losses)
    for panel, (values, domain) in enumerate(
        zip((curves.value, curves.gradient), ((0.0, 0.44), (0.56, 1.0)), strict=True), start=1
    ):
        tag = "" if panel == 1 else str(panel)
        low, high = panel_range(values)
        figure.update_layout(
            {
                f"xaxis{tag}": {
                    "domain": domain, "anchor": f"y{tag}", "range": [curves.x[0], curves.x[-1]], "nticks": 5,
                },
                f"yaxis{tag}": {"anchor": f"x{tag}", "range": [low, high], "tickvals": few_ticks(low, high)},
            }
        )  # fmt: skip
        for style, value in zip(styles, values, strict=True):
            line = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
            figure.add_trace(
                go.Scatter(x=curves.x, y=value, mode="lines", line=line, xaxis=f"x{tag}", yaxis=f"y{tag}")
            )
    heads = [
        note(name, x, 1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=5)
        for name, x in (("loss", 0.0), ("slope" if narrow else "slope: the gradient of one example", 0.56))
    ]
    title = TITLES[curves.axis].partition(" = ")[0]
    for x in (0.22, 0.78):
        below = {"xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "top", "yshift": -24}
        heads.append(note(title, x, 0, **below))
    low, high = figure.layout.yaxis.range
    labels = curve_labels(curves, (low, high), (120.0, 170.0) if narrow else (450.0, 170.0), narrow=True)
    figure.update_layout(annotations=[*heads, *labels])
    return figure
