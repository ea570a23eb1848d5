"""Numbers that go wrong, This number?: known values near the accuracy that a training is stuck at."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.numbers.class_counts import as_argument, candidates, frequencies, say_unusable
from lossviz.pages.numbers.controls import Numbers
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage
from lossviz.ui.page import Tabs, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

PRESETS: dict[str, dict[str, Any]] = {
    "50 %": {},
    "10 %, ten classes": {"numbers_accuracy": 10.0, "numbers_groups": 10},
    "95 %, nineteen to one": {"numbers_accuracy": 95.0, "numbers_counts": "950 50"},
    "90.5 %, nineteen to one": {"numbers_accuracy": 90.5, "numbers_counts": "950 50"},
    "0 %": {"numbers_accuracy": 0.0},
}


def nearest_references(accuracy: float, classes: int, counts: str) -> list[lv.metrics.ReferenceAccuracy]:
    """Known accuracies; ValueError, in one sentence, for invalid class counts."""
    return lv.metrics.reference_accuracies(accuracy / 100, classes, frequencies(counts))


@st.cache_data(max_entries=32, show_spinner=False)
def picture_of(accuracy: float, classes: int, counts: str) -> str:
    references = nearest_references(accuracy, classes, counts)
    return figure_json(
        lambda narrow: lv.figures.reference_accuracies(references, accuracy / 100, narrow=narrow)
    )


def explanation(reference: lv.metrics.ReferenceAccuracy) -> str:
    """Its name, its distance in percentage points and its explanation."""
    points = lv.figures.number(100 * reference.distance)
    difference = f"off by {points} percentage points" if reference.distance > 5e-7 else "exactly"
    value = f"{100 * reference.value:.4g} %"
    return f"**{reference.name}**, {value}: {difference}. {reference.explanation}"


def show(drawing: Any, answer: Any, preset_row: Any, control_row: Any) -> None:
    """Show picture, answer, presets and controls in their containers, and the tabs."""
    with control_row:
        accuracy = float(Numbers.accuracy.show(width=170))
        classes = int(Numbers.groups.show(width=170))
        counts = Numbers.counts.show(width=320, height=80)
    with preset_row:
        keep = {Numbers.of.key: "Accuracy"}
        table = {name: keep | values for name, values in PRESETS.items()}
        presets("numbers_accuracy_try", table, Numbers.accuracy_controls)
    try:
        references = nearest_references(accuracy, classes, counts)
    except ValueError as error:
        say_unusable(drawing, error)
        return
    first, second, third = references[:3]
    with drawing:
        chart(
            picture_of(accuracy, classes, counts),
            key="numbers_accuracies",
            alt=f"A ruler of known accuracies from 0 to 100 %. {accuracy:g} % is nearest to {first.name}, "
            f"{100 * first.value:.4g} %.",
        )
    with answer:
        st.markdown(explanation(first))
        words = caption(
            f"Next: {second.name}, {100 * second.value:.4g} %; then {third.name}, {100 * third.value:.4g} %. "
            + ("" if counts.strip() else "All classes are taken to be equally frequent.")
        )
    share = f"{accuracy / 100!r}"
    Tabs().fill(
        see=text("accuracy_see"),
        maths=text("accuracy_maths"),
        code=f"""import lossviz as lv

references = lv.metrics.reference_accuracies({share}, {classes}{as_argument(counts)})
print(references[0].name, references[0].distance)
figure = lv.figures.reference_accuracies(references, {share})""",
        controls=(Numbers.view, *Numbers.accuracy_controls),
        files=[
            FigurePage(
                "accuracies.html", lambda: lv.figures.reference_accuracies(references, accuracy / 100)
            ),
            candidates("accuracies.csv", "accuracy", references),
        ],
        picture="numbers_accuracies",
        caption=f"{accuracy:g} % is nearest to {first.name}, {100 * first.value:.4g} %. {words}",
    )
