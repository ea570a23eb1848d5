"""Numbers that go wrong, This number?: what a loss is that a training is stuck at."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.common.parsing import read_column
from lossviz.common.plain_text import sentence
from lossviz.pages.numbers.controls import Numbers
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import TEXT_WIDTH, File, Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "2.303": {},
    "1.461": {"numbers_value": 1.461},
    "0.693": {"numbers_value": 0.693},
    "0.500": {"numbers_value": 0.5},
    "34.54": {"numbers_value": 34.54},
    "0.325, nine to one": {"numbers_value": 0.325, "numbers_classes": 2, "numbers_counts": "900 100"},
}


def candidates(value: float, classes: int, counts: str) -> list[lv.metrics.Landmark]:
    """ValueError, in one sentence, for counts that are none."""
    frequencies = read_column("Class counts", counts).values.tolist() if counts.strip() else None
    return lv.metrics.recognize(value, classes, frequencies)


@st.cache_data(max_entries=32, show_spinner=False)
def picture_of(value: float, classes: int, counts: str) -> str:
    found = candidates(value, classes, counts)
    return figure_json(lambda narrow: lv.figures.ruler(found, value, narrow=narrow))


def words(candidate: lv.metrics.Landmark) -> str:
    """What it is, how close, and why."""
    off = f"off by {lv.figures.number(candidate.distance)}" if candidate.distance else "exactly"
    return f"**{candidate.name}**, {candidate.value:.6g}: {off}. {candidate.explanation}"


def show() -> None:
    drawing, verdict = st.container(), st.container(width=TEXT_WIDTH)
    tries = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="top"):
        value = float(Numbers.value.show(width=170))
        classes = int(Numbers.classes.show(width=170))
        counts = Numbers.counts.show(width=320, height=80)
    with tries:
        presets("numbers_value_try", TRIES, Numbers.value_controls)
    try:
        found = candidates(value, classes, counts)
    except ValueError as error:
        with drawing.container(width=TEXT_WIDTH):
            said = sentence(error).replace("frequencies", "Class counts")
            st.markdown(f"**The class counts cannot be used:** {said}.")
        return
    with drawing:
        chart(
            picture_of(value, classes, counts),
            key="numbers_ruler",
            alt=f"A ruler of known losses. {value:g} is nearest to {found[0].name}, {found[0].value:.4g}.",
        )
    with verdict:
        st.markdown(words(found[0]))
        caption(f"Next: {found[1].name}, {found[1].value:.4g}; then {found[2].name}, {found[2].value:.4g}.")

    def numbers() -> str:
        table: dict[str, Any] = {"name": [c.name for c in found], "value": [c.value for c in found]}
        return files.columns(
            {**table, "distance": [c.distance for c in found], "explanation": [c.explanation for c in found]}
        )

    given = f", {read_column('Class counts', counts).values.tolist()}" if counts.strip() else ""
    Tabs().fill(
        see=text("value_see"),
        maths=text("value_maths"),
        code=f"""import lossviz as lv

found = lv.metrics.recognize({value!r}, {classes}{given})
print(found[0].name, found[0].distance)
figure = lv.figures.ruler(found, {value!r})""",
        controls=(Numbers.view, *Numbers.value_controls),
        files=[
            File(
                "Page (HTML)",
                "ruler.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.ruler(found, value)),
            ),
            File("Candidates (CSV)", "candidates.csv", "text/csv", numbers),
        ],
        picture="numbers_ruler",
    )
