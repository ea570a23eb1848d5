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
    height, domains = 250, (((0.0, 0.44), (0.0, 1.0)), ((0.56, 1.0), (0.0, 1.0)))
    if narrow:  # one below the other
        height, domains = 440, (((0.0, 1.0), (0.6, 1.0)), ((0.0, 1.0), (0.0, 0.4)))
    figure = blank(height, margin={"l": 62, "r": 14, "t": 30, "b": 46}, meta={})
    styles = line_styles(curves.losses)
    for panel, (values, (across, up)) in enumerate(
        zip((curves.value, curves.gradient), domains, strict=True), start=1
    ):
        tag = "" if panel == 1 else str(panel)
        low, high = panel_range(values)
        figure.update_layout(
            {
                f"xaxis{tag}": {
                    "domain": across, "anchor": f"y{tag}", "range": [curves.x[0], curves.x[-1]], "nticks": 5,
                },
                f"yaxis{tag}": {
                    "domain": up, "anchor": f"x{tag}", "range": [low, high], "tickvals": few_ticks(low, high),
                },
            }
        )  # fmt: skip
        for style, value in zip(styles, values, strict=True):
            line = {"color": style.line, "width": style.width, "dash": style.dash, "simplify": False}
            figure.add_trace(
                go.Scatter(x=curves.x, y=value, mode="lines", line=line, xaxis=f"x{tag}", yaxis=f"y{tag}")
            )
    heads = []
    title = TITLES[curves.axis].partition(" = ")[0]
    for name, (across, up) in zip(("loss", "slope: the gradient of one example"), domains, strict=True):
        place = {"xref": "paper", "yref": "paper"}
        heads += [
            note(name, across[0], up[1], xanchor="left", yanchor="bottom", yshift=5, **place),
            note(title, sum(across) / 2, up[0], xanchor="center", yanchor="top", yshift=-24, **place),
        ]
    low, high = figure.layout.yaxis.range
    labels = curve_labels(curves, (low, high), (280.0, 145.0) if narrow else (450.0, 170.0), narrow=True)
    figure.update_layout(annotations=[*heads, *labels])
    return figure
