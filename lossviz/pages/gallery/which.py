"""Loss gallery, Which one?: three questions, and the answer in three libraries' words."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

import streamlit as st

import lossviz as lv
from lossviz.pages.gallery.controls import Gallery
from lossviz.pages.gallery.losses import chosen, formulas_of, row
from lossviz.pages.gallery.shape import numbers_of, offered
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, caption
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
AGAINST = {"regression": "residual", "binary": "logit", "multiclass": "lead"}


def against(answer: lv.losses.Answer) -> str:
    """The axis that an answer's losses are drawn on."""
    return AGAINST[row(answer.losses[0]).task]


@st.cache_data(max_entries=32, show_spinner=False)
def picture(losses: tuple[str, ...], axis: str) -> str:
    facts = lv.losses.loss_curves(losses, axis)
    return figure_json(lambda narrow: lv.figures.sketch(facts, narrow=narrow))


def look(answer: lv.losses.Answer) -> None:
    """Go to Shape, with the losses of the answer."""
    axis = against(answer)
    st.session_state[Gallery.view.key] = "Shape"
    st.session_state[Gallery.against.key] = axis
    st.session_state[offered(axis).key] = list(answer.losses)


def show() -> None:
    asked = st.columns(3, gap="medium")
    with asked[0]:
        predict = Gallery.predict.radio()
    second, _ = lv.losses.advice_matters(predict)
    with asked[1]:
        misses = Gallery.misses.radio(disabled=not second)
    _, third = lv.losses.advice_matters(predict, misses)
    with asked[2]:
        report = Gallery.report.radio(disabled=not third)
    presets("gallery_which_try", TRIES, Gallery.which_controls)
    answer = lv.losses.advise(predict, misses, report)
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
            st.code(_broken(code), language="python", wrap_lines=True)
    axis = against(answer)
    chart(
        picture(answer.losses, axis),
        key="gallery_sketch",
        alt=f"The loss and its slope, against the {axis}: {', '.join(answer.losses)}.",
    )
    st.button(
        "Look at it under Shape", on_click=look, args=(answer,), type="tertiary", icon=":material/show_chart:"
    )
    facts = lv.losses.loss_curves(answer.losses, axis)

    formulas = formulas_of(chosen(answer.losses, {}))
    Tabs().fill(
        see=text("which_see"),
        maths=f"{formulas}\n\n{text('which_maths')}\n\nSource of this answer: {answer.source}.",
        code=f"""import lossviz as lv

answer = lv.losses.advise("{predict}", "{misses}", "{report}")
print(answer.output, answer.loss, answer.why, answer.torch, answer.keras, answer.sklearn, sep="\\n")
figure = lv.figures.sketch(lv.losses.loss_curves(answer.losses, "{axis}"))""",
        controls=(Gallery.view, *Gallery.which_controls),
        files=[
            File(
                "Page (HTML)",
                "loss.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.sketch(facts)),
            ),
            File("Numbers (CSV)", "loss.csv", "text/csv", lambda: numbers_of(facts)),
        ],
        picture="gallery_sketch",
    )


def _broken(code: str) -> str:
    """Each line broken after its first bracket if it is too long for a third of the page."""
    lines = []
    for line in code.split("\n"):
        head, _, rest = line.partition("(")
        lines.append(f"{head}(\n    {rest}" if len(line) > 36 else line)
    return "\n".join(lines)
