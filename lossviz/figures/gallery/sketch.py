"""A loss and its slope, small and still: what a loss looks like."""

import plotly.graph_objects as go

from lossviz.figures.base.families import line_styles
from lossviz.figures.base.style import blank, note
from lossviz.figures.gallery.curve_words import TITLES, beside
from lossviz.figures.gallery.loss_curves import few_ticks, span
from lossviz.losses.curves import LossCurves


def sketch(facts: LossCurves, narrow: bool = False) -> go.Figure:
    """Loss beside slope, each loss by its name."""
    figure = blank(250, margin={"l": 62, "r": 14, "t": 30, "b": 46}, meta={})
    marks = line_styles(facts.names, facts.families)
    for panel, (values, domain) in enumerate(
        zip((facts.value, facts.gradient), ((0.0, 0.44), (0.56, 1.0)), strict=True), start=1
    ):
        tag = "" if panel == 1 else str(panel)
        low, high = span(values)
        figure.update_layout(
            {
                f"xaxis{tag}": {
                    "domain": domain, "anchor": f"y{tag}", "range": [facts.x[0], facts.x[-1]], "nticks": 5,
                },
                f"yaxis{tag}": {"anchor": f"x{tag}", "range": [low, high], "tickvals": few_ticks(low, high)},
            }
        )  # fmt: skip
        for mark, value in zip(marks, values, strict=True):
            line = {"color": mark.line, "width": mark.width, "dash": mark.dash, "simplify": False}
            figure.add_trace(
                go.Scatter(x=facts.x, y=value, mode="lines", line=line, xaxis=f"x{tag}", yaxis=f"y{tag}")
            )
    heads = [
        note(name, x, 1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=5)
        for name, x in (("loss", 0.0), ("slope" if narrow else "slope: how hard it pulls", 0.56))
    ]
    title = TITLES[facts.against].partition(" = ")[0]
    for x in (0.22, 0.78):
        below = {"xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "top", "yshift": -24}
        heads.append(note(title, x, 0, **below))
    low, high = figure.layout.yaxis.range
    names = beside(facts, (low, high), (120.0, 170.0) if narrow else (450.0, 170.0), narrow=True)
    figure.update_layout(annotations=[*heads, *names])
    return figure
