"""Numbers that go wrong, This number?: known values near the loss that a training is stuck at."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.numbers import accuracy
from lossviz.pages.numbers.class_counts import as_argument, candidates, frequencies, say_unusable
from lossviz.pages.numbers.controls import Numbers
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage
from lossviz.ui.page import TEXT_WIDTH, Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

PRESETS: dict[str, dict[str, Any]] = {
    "2.303": {},
    "1.461": {"numbers_value": 1.461},
    "0.693": {"numbers_value": 0.693},
    "0.500": {"numbers_value": 0.5},
    "34.54": {"numbers_value": 34.54},
    "0.325, classes 9 to 1": {"numbers_value": 0.325, "numbers_classes": 2, "numbers_counts": "900 100"},
}


def nearest_references(value: float, classes: int, counts: str) -> list[lv.metrics.ReferenceLoss]:
    """Known values of the loss; ValueError, in one sentence, for invalid class counts."""
    return lv.metrics.reference_losses(value, classes, frequencies(counts))


@st.cache_data(max_entries=32, show_spinner=False)
def picture_of(value: float, classes: int, counts: str) -> str:
    references = nearest_references(value, classes, counts)
    return figure_json(lambda narrow: lv.figures.reference_losses(references, value, narrow=narrow))


def explanation(reference: lv.metrics.ReferenceLoss) -> str:
    """Its name, its distance and its explanation."""
    difference = f"off by {lv.figures.number(reference.distance)}" if reference.distance else "exactly"
    return f"**{reference.name}**, {reference.value:.6g}: {difference}. {reference.explanation}"


def show() -> None:
    """Show the view: of a loss, or of an accuracy."""
    drawing, answer = st.container(), st.container(width=TEXT_WIDTH)
    preset_row = st.container()
    control_row = st.container(horizontal=True, gap="medium", vertical_alignment="top")
    with control_row:
        of = Numbers.of.segments()
    if of == "Accuracy":
        accuracy.show(drawing, answer, preset_row, control_row)
        return
    with control_row:
        value = float(Numbers.value.show(width=170))
        classes = int(Numbers.classes.show(width=170))
        counts = Numbers.counts.show(width=320, height=80)
    with preset_row:
        presets("numbers_value_try", PRESETS, Numbers.value_controls)
    try:
        references = nearest_references(value, classes, counts)
    except ValueError as error:
        say_unusable(drawing, error)
        return
    first, second, third = references[:3]
    with drawing:
        chart(
            picture_of(value, classes, counts),
            key="numbers_ruler",
            alt=f"An axis of known losses. {value:g} is nearest to {first.name}, {first.value:.4g}.",
        )
    with answer:
        st.markdown(explanation(first))
        words = caption(f"Next: {second.name}, {second.value:.4g}; then {third.name}, {third.value:.4g}.")
    Tabs().fill(
        see=text("value_see"),
        maths=text("value_maths"),
        code=f"""import lossviz as lv

references = lv.metrics.reference_losses({value!r}, {classes}{as_argument(counts)})
print(references[0].name, references[0].distance)
figure = lv.figures.reference_losses(references, {value!r})""",
        controls=(Numbers.view, *Numbers.value_controls),
        files=[
            FigurePage("ruler.html", lambda: lv.figures.reference_losses(references, value)),
            candidates("candidates.csv", "value", references),
        ],
        picture="numbers_ruler",
        caption=f"{value:g} is nearest to {first.name}, {first.value:.4g}. {words}",
    )
