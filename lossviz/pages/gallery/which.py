"""Loss gallery, Which one?: three questions, and the recommended loss in three libraries."""

from __future__ import annotations  # names of lv would load torch before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.gallery.controls import ERRORS, REPORTS, TARGETS, Gallery
from lossviz.pages.gallery.losses import chosen, formulas_of, row
from lossviz.pages.gallery.shape import numbers_of, offered
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

TRIES = {
    "House prices": {"gallery_misses": "All of one size", "gallery_report": "An average"},
    "Minutes to work": {},
    "Stock to order": {"gallery_misses": "Cost more one way", "gallery_report": "An average"},
    "Spam": {"gallery_predict": "Yes or no", "gallery_misses": "All of one size"},
    "Rare disease": {"gallery_predict": "Yes or no", "gallery_misses": "Cost more one way",
                     "gallery_report": "A probability or range"},
    "Where a ship is": {"gallery_predict": "A place on Earth"},
}  # fmt: skip
AXES = {"regression": "residual", "binary": "logit", "multiclass": "lead"}


def axis_of(recommendation: lv.losses.Recommendation) -> str:
    """The axis against which the recommended losses are drawn."""
    return AXES[row(recommendation.losses[0]).task]


@st.cache_data(max_entries=32, show_spinner=False)
def picture(losses: tuple[str, ...], axis: str) -> str:
    curves = lv.losses.loss_curves(losses, axis)
    return figure_json(lambda narrow: lv.figures.sketch(curves, narrow=narrow))


def open_in_shape(recommendation: lv.losses.Recommendation) -> None:
    """Switch to the view Shape, with the recommended losses."""
    axis = axis_of(recommendation)
    st.session_state[Gallery.view.key] = "Shape"
    st.session_state[Gallery.against.key] = axis
    st.session_state[offered(axis).key] = list(recommendation.losses)


def show() -> None:
    columns = st.columns(3, gap="medium")
    with columns[0]:
        target: Any = TARGETS[Gallery.predict.radio()]
    by_errors, _ = lv.losses.relevant_questions(target)
    with columns[1]:
        errors: Any = ERRORS[Gallery.misses.radio(disabled=not by_errors)]
    _, by_report = lv.losses.relevant_questions(target, errors)
    with columns[2]:
        report: Any = REPORTS[Gallery.report.radio(disabled=not by_report)]
    presets("gallery_which_try", TRIES, Gallery.which_controls)
    answer = lv.losses.recommend(target, errors, report)
    with st.container(gap="xsmall"):
        st.header(f"{answer.output}, {answer.loss}.", anchor=False)
        with st.container(width=760):
            st.markdown(f"{answer.why} **Report:** {answer.report}")
    with st.container(key="gallery_names"):
        boxes = st.columns(3, gap="medium")
    for box, name, code in zip(
        boxes, ("PyTorch", "Keras", "scikit-learn"), (answer.torch, answer.keras, answer.sklearn), strict=True
    ):
        with box:
            caption(name)
            st.code(_wrapped(code), language="python", wrap_lines=True)
    axis = axis_of(answer)
    chart(
        picture(answer.losses, axis),
        key="gallery_sketch",
        alt=f"The loss and its slope, against the {axis}: "
        f"{', '.join(row(name).label for name in answer.losses)}.",
    )
    st.button(
        "Show it under Shape",
        on_click=open_in_shape,
        args=(answer,),
        type="tertiary",
        icon=":material/show_chart:",
    )
    curves = lv.losses.loss_curves(answer.losses, axis)
    formulas = formulas_of(chosen(answer.losses, {}))
    Tabs().fill(
        see=text("which_see"),
        maths=f"{formulas}\n\n{text('which_maths')}\n\nSource of this answer: {answer.source}.",
        code=f"""import lossviz as lv

answer = lv.losses.recommend("{target}", "{errors}", "{report}")
print(answer.output, answer.loss, answer.why, answer.torch, answer.keras, answer.sklearn, sep="\\n")
figure = lv.figures.sketch(lv.losses.loss_curves(answer.losses, "{axis}"))""",
        controls=(Gallery.view, *Gallery.which_controls),
        files=[
            FigurePage("loss.html", lambda: lv.figures.sketch(curves)),
            File("Numbers (CSV)", "loss.csv", "text/csv", lambda: numbers_of(curves)),
        ],
        picture="gallery_sketch",
        caption=f"{answer.output}, {answer.loss}. {answer.why}",
    )


def _wrapped(code: str) -> str:
    """Break long lines after their first bracket, so that they fit into a third of the page."""
    lines = []
    for line in code.split("\n"):
        head, _, rest = line.partition("(")
        lines.append(f"{head}(\n    {rest}" if len(line) > 36 else line)
    return "\n".join(lines)
