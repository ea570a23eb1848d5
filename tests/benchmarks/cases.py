"""One page a case: a slider, and what is drawn when it moves. The case is in the address."""

import streamlit as st

from lossviz.ui import preload, style
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.page import page

LINES, POINTS, GRID = 4, 401, 51


def line_chart(value: int) -> object:
    import numpy as np

    from lossviz.figures.base.style import blank

    figure = blank(430)
    x = np.linspace(0, 6, POINTS)
    for k in range(LINES):
        figure.add_scatter(x=x, y=np.sin(x + k + value / 10), mode="lines")
    return figure


def four_panels(value: int) -> object:
    import numpy as np

    from lossviz.figures.base.style import blank

    figure = blank(430)
    x = np.linspace(0, 6, POINTS)
    for k in range(4):
        tag = str(k + 1) if k else ""
        across, up = [0.55 * (k % 2), 0.45 + 0.55 * (k % 2)], [0.55 * (k // 2), 0.45 + 0.55 * (k // 2)]
        figure.update_layout({f"xaxis{tag}": {"domain": across, "anchor": f"y{tag}"}})
        figure.update_layout({f"yaxis{tag}": {"domain": up, "anchor": f"x{tag}"}})
        for i in range(LINES):
            y = np.sin(x + k + i + value / 10)
            figure.add_scatter(x=x, y=y, mode="lines", xaxis=f"x{tag}", yaxis=f"y{tag}")
    return figure


def surface(value: int) -> object:
    """A relief as the app draws it."""
    import numpy as np

    from lossviz.figures.base.meshes import draw_relief
    from lossviz.figures.base.style import blank

    x = np.linspace(-3, 3, GRID)
    z = 3 + 3 * np.sin(x[:, None] + value / 10) * np.cos(x[None, :])
    figure = blank(430)
    draw_relief(figure, x, x, z, z, ends=(0, 6), tallest=6)
    return figure


CASES = {"lines": line_chart, "panels": four_panels, "surface": surface}


@st.fragment
def case(name: str) -> None:
    value = st.slider("Value", 0, 1000, 0, key="value")
    if name in CASES:
        with page():  # as wide as every page of the app
            chart(figure_json(lambda narrow: CASES[name](value)), key="bench", alt=f"The case {name}.")
    else:
        st.html(f'<p class="bench">{value}</p>')


st.set_page_config(layout="wide")
style.apply()
preload.start().join()
case(st.query_params.get("case", "empty"))
preload.freeze_once_more()
