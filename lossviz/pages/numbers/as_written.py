"""Numbers that go wrong, As written: five losses that look correct, beside correct ones."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.numbers.controls import Numbers
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import Control, Slider, presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

PRESETS: dict[str, dict[str, object]] = {
    "Missing term": {},
    "Rows of 1.1": {"numbers_case": "Rows that miss 1"},
    "Clipped at 0": {"numbers_case": "Sure and wrong"},
    "No slope in float32": {"numbers_case": "Too few digits"},
    "Softmax twice": {"numbers_case": "Softmax twice"},
    "1000 classes": {"numbers_case": "Softmax twice", "numbers_classes": 1000},
}


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong: its result, its figure and its texts."""

    facts: Callable[[int], Any]  # of the number of classes
    draw: Callable[..., Any]  # of the facts
    facts_code: str  # shown in the Code tab
    figure_code: str
    texts: str  # name of its texts
    alt: str
    convention: str
    slide: Slider | None = None
    slide_label: str = ""  # in the downloaded page
    classes: bool = False


def cases() -> dict[str, Case]:
    """The options of the control `Numbers.case`; a function, because a name of lv loads torch."""
    return {
        "A missing term": Case(
            lambda k: lv.metrics.binary_as_written(),
            lv.figures.as_written,
            "lv.metrics.binary_as_written()",
            "lv.figures.as_written(facts)",
            "missing",
            "A table of four inputs through the tutorial’s function, a reader’s correction, the correct "
            "one and "
            "scikit-learn’s; what differs from the definition is in bold.",
            "Binary cross-entropy in nats. Dark: not what the definition gives; that clips nothing.",
        ),
        "Rows that miss 1": Case(
            lambda k: lv.metrics.categorical_as_written(),
            lv.figures.as_written,
            "lv.metrics.categorical_as_written()",
            "lv.figures.as_written(facts)",
            "rows",
            "A table of four inputs of three classes through the tutorial’s function, one that divides rows "
            "by their sums, the correct one and scikit-learn’s.",
            "Categorical cross-entropy in nats, rows as they are. Dark: not what the definition gives.",
        ),
        "Sure and wrong": Case(
            lambda k: lv.metrics.clipping_limits(),
            lv.figures.clipping_limits,
            "lv.metrics.clipping_limits()",
            "lv.figures.clipping_limits(facts)",
            "clipping",
            "The loss of the worst mistake in six libraries: from 15.9 nats to infinity.",
            "One example, probability 0 for what happened. The value for Keras is arithmetic, not run here.",
        ),
        "Too few digits": Case(
            lambda k: lv.metrics.float_curves(),
            lv.figures.float_curves,
            "lv.metrics.float_curves()",
            "lv.figures.float_curves(facts, at={at})",
            "float",
            "Loss and slope against the logit, by sigmoid and then logarithm in two precisions, and from the "
            "logit. The first jumps to 100 and loses its slope at 17.",
            "Target 0, in nats, as torch’s BCELoss and BCEWithLogitsLoss return it; slopes by autograd.",
            Numbers.z,
            "logit z =",
        ),
        "Softmax twice": Case(
            lambda k: lv.metrics.softmax_twice(k),
            lv.figures.softmax_twice,
            "lv.metrics.softmax_twice({k})",
            "lv.figures.softmax_twice(facts, at={at})",
            "twice",
            "Cross-entropy and its slope against the margin of the correct class, after one softmax "
            "and after "
            "two: the second never falls below its smallest value.",
            "All wrong classes have the same logit. In nats; the slope is with respect to the margin.",
            Numbers.margin,
            "margin",
            classes=True,
        ),
    }


@st.cache_data(max_entries=16, show_spinner=False)
def picture_of(name: str, classes: int) -> str:
    case = cases()[name]
    facts = case.facts(classes)
    at = {"at": case.slide.default} if case.slide else {}
    return figure_json(lambda narrow: case.draw(facts, **at, narrow=narrow))


def show() -> None:
    """The view."""
    source, drawing, transport, convention = (st.container() for _ in range(4))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        preset_row = st.container(width="content")
        name = Numbers.case.menu(width=200)
        case = cases()[name]
        classes = int(Numbers.classes.show(width=150)) if case.classes else int(Numbers.classes.default)
    at = 0.0
    if case.slide:
        with transport:
            at = axis_slider(case.slide)
    with preset_row:
        slides = (case.slide,) if case.slide else ()
        controls: tuple[Control, ...] = (Numbers.case, *slides)
        if case.classes:
            controls = (*controls, Numbers.classes)
        presets("numbers_written_try", PRESETS, Numbers.case_controls)
    facts = case.facts(classes)
    if isinstance(facts, lv.metrics.AsWritten):
        with source:
            left, right = st.columns(2, gap="medium")
            with left:
                caption("As written in the tutorial")
                st.code(facts.written_source, language=None, wrap_lines=True)
            with right:
                caption("Correct, and as scikit-learn’s")
                st.code(facts.correct_source, language=None, wrap_lines=True)
    key = f"numbers_{case.texts}"
    with drawing:
        chart(
            picture_of(name, classes),
            key=key,
            follow=case.slide.key if case.slide else None,
            alt=case.alt,
        )
    with convention:
        words = caption(case.convention)

    def draw() -> Any:
        return case.draw(facts, **({"at": at} if case.slide else {}))

    Tabs().fill(
        see=text(f"{case.texts}_see"),
        maths=text("written_maths"),
        code=f"""import lossviz as lv

facts = {case.facts_code.format(k=classes)}
figure = {case.figure_code.format(at=f"{at:g}")}""",
        controls=(Numbers.view, *controls),
        files=[
            FigurePage(f"{key}.html", lambda: draw(), case.slide_label),
            File("Numbers (CSV)", f"{key}.csv", "text/csv", lambda: numbers(facts)),
        ],
        picture=key,
        caption=words,
    )


def numbers(facts: Any) -> str:
    """The facts of a case as columns."""
    if isinstance(facts, lv.metrics.AsWritten):
        table: dict[str, Any] = {"input": [scored.name for scored in facts.inputs]}
        table |= {"actual": [" ".join(scored.actual) for scored in facts.inputs]}
        table |= {"predicted": ["; ".join(scored.predicted) for scored in facts.inputs]}
        for k, method in enumerate(facts.methods):
            table[method] = [scored.values[k] for scored in facts.inputs]
    elif isinstance(facts, lv.metrics.FloatCurves):
        table = {"z": facts.z}
        for k, method in enumerate(facts.methods):
            table |= {f"{method}: loss": facts.loss[k], f"{method}: gradient": facts.gradient[k]}
    elif isinstance(facts, lv.metrics.SoftmaxTwiceCurves):
        table = {"margin": facts.margin, "once": facts.once, "twice": facts.twice}
        table |= {"slope once": facts.gradient_once, "slope twice": facts.gradient_twice}
    else:
        table = {"library": [c.library for c in facts], "how": [c.rule for c in facts]}
        table |= {"nats": [c.value for c in facts]}
    return files.columns(table)
