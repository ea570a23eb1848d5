"""Edge of stability, view Bowl: one weight on a quadratic, and the map of which settings converge."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.edge_of_stability.controls import RULES, Edge
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import Slider, presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "One step": {"edge_product": 1.0},
    "Oscillating": {},
    "Above the edge": {"edge_product": 2.2},
    "Momentum converges": {"edge_product": 2.2, "edge_beta": 0.3},
    "Nesterov diverges": {"edge_product": 2.2, "edge_beta": 0.3, "edge_rule": "Nesterov"},
    "Low curvature": {"edge_product": 0.1, "edge_beta": 0.46},
}


@st.cache_data(max_entries=64, show_spinner=False)
def compute(momentum: float, rule: str) -> lv.stability.Quadratic:
    """The result, computed once for all viewers."""
    return lv.stability.quadratic(momentum, rule, spacing=Edge.product.step)


@st.cache_data(max_entries=24, show_spinner=False)
def picture(momentum: float, rule: str) -> str:
    """The figure, packed for the chart component."""
    result = compute(momentum, rule)
    return figure_json(lambda narrow: lv.figures.quadratic(result, at=Edge.product.default, narrow=narrow))


def set_sliders(product: float, momentum: float) -> None:
    """Move both sliders to the place of a click."""
    for slide, value in ((Edge.product, product), (Edge.beta, momentum)):
        st.session_state[slide.key] = nearest_value(slide, value)


def nearest_value(slide: Slider, value: float) -> float:
    """The nearest value that the slider can have."""
    steps = round((min(max(value, slide.low), slide.high) - slide.low) / slide.step)
    return round(min(slide.low + steps * slide.step, slide.high), 6)


def show() -> None:
    """The view."""
    drawing, transport, convention, pills = (st.container() for _ in range(4))
    with transport:
        product = axis_slider(Edge.product)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        beta = Edge.beta.show(width=320)
        rule_label = Edge.rule.segments()
        rule = RULES[rule_label]
    with pills:
        presets("edge_bowl_try", TRIES, Edge.bowl_controls)
    momentum = round(beta, 2)
    result = compute(momentum, rule)
    with drawing:
        chart(
            picture(momentum, rule),
            key="edge_map",
            follow=Edge.product.key,
            on_click=set_sliders,
            alt="A map of learning rate times sharpness against momentum: light where few steps reach the "
            "minimum, shaded where they diverge, the edge between; beside it the steps of the marked "
            "setting.",
        )
    edge = "2 + 2 × momentum" if rule == "heavy-ball" else "(2 + 2 × momentum) ÷ (1 + 2 × momentum)"
    with convention:
        words = caption(
            f"{rule_label} on a quadratic, from distance 1 with velocity 0. Light: few steps. Heavy "
            "line: the "
            f"edge, {edge}. Dotted: the momentum that converges fastest."
        )

    def numbers() -> str:
        steps = {f"distance at step {i}": result.distance[:, i] for i in range(result.distance.shape[1])}
        table = {"learning rate x sharpness": result.product, "factor per step": result.radius}
        return files.columns(table | steps)

    Tabs().fill(
        see=text("bowl_see"),
        maths=text("bowl_maths"),
        code=f"""import lossviz as lv

result = lv.stability.quadratic(momentum={momentum:g}, rule="{rule}")
figure = lv.figures.quadratic(result, at={product:g})""",
        controls=(Edge.view, *Edge.bowl_controls),
        files=[
            FigurePage(
                "bowl.html", lambda: lv.figures.quadratic(result, at=product), "learning rate × sharpness"
            ),
            File("Numbers (CSV)", "bowl.csv", "text/csv", numbers),
        ],
        picture="edge_map",
        caption=words,
    )
