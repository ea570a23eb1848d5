"""Output codes, At scale: the digits table, and up to 1,024 classes."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar, stoppable

text = texts_beside(__file__)

EPOCHS, STEPS = 30, 1000
MEASURES = {  # label of the control -> measure of `lv.figures.head_scores`
    "Accuracy": "accuracy",
    "Log loss": "log-loss",
    "Calibration": "calibration-error",
    "Overfitting": "generalization-gap",
}
PRESETS: dict[str, dict[str, Any]] = {
    "Ten digits": {},
    "Centred pixels": {"codes_centred": True},
    "Probabilities": {"codes_measure": "Calibration"},
    "Overfitting": {"codes_measure": "Overfitting"},
    "Arbitrary classes": {"codes_show": "Arbitrary, to 1024"},
    "Attributes": {"codes_show": "Attributes, to 1024"},
}


@st.cache_data(max_entries=4, show_spinner=False)
def table(centred: bool, epochs: int) -> lv.codes.HeadScores:
    with progress_bar("Training eight output layers, two initializations, five seeds …") as progress:
        return lv.codes.digits_table(centred=centred, epochs=epochs, progress=progress)


@st.cache_data(max_entries=4, show_spinner=False)
def many(attributes: bool, steps: int) -> lv.codes.ManyClasses:
    with progress_bar("Training three codes on 4 to 1,024 classes …") as progress:
        return lv.codes.many_classes(attributes, steps=steps, progress=progress)


@st.cache_data(max_entries=16, show_spinner=False)
def digits_picture(centred: bool, epochs: int, measure: str) -> str:
    facts = table(centred, epochs)
    return figure_json(lambda narrow: lv.figures.head_scores(facts, measure, narrow=narrow))


@st.cache_data(max_entries=4, show_spinner=False)
def many_picture(attributes: bool, steps: int) -> str:
    facts = many(attributes, steps)
    return figure_json(lambda narrow: lv.figures.many_classes(facts, narrow=narrow))


def table_code(centred: bool, measure: str) -> str:
    """The code that makes the figure of the digits, for a measure of `lv.figures.head_scores`."""
    epochs = "" if EPOCHS == 30 else f", epochs={EPOCHS}"
    return f"""import lossviz as lv

table = lv.codes.digits_table(centred={centred}, seeds=5{epochs})
figure = lv.figures.head_scores(table, "{measure}")"""


def table_numbers(facts: lv.codes.HeadScores) -> str:
    """The digits table as CSV: a row for each head, gain and seed."""
    columns: dict[str, list[Any]] = {}
    rows = [(h, g, s) for h in range(len(facts.heads)) for g in range(len(facts.gains)) for s in facts.seeds]
    columns["head"] = [facts.heads[h].name for h, _, _ in rows]
    columns["gain"] = [facts.gains[g] for _, g, _ in rows]
    columns["seed"] = [s for _, _, s in rows]
    columns["weights"] = [int(facts.weights[h]) for h, _, _ in rows]
    for name, scores in (
        ("accuracy", facts.accuracy),
        ("train_accuracy", facts.train_accuracy),
        ("log_loss", facts.log_loss),
        ("calibration", facts.calibration_error),
    ):
        columns[name] = [float(scores[row]) for row in rows]
    return files.columns(columns)


def show() -> None:
    """The view."""
    drawing, transport, convention, preset_row = (st.container() for _ in range(4))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        shown = Codes.show.segments()
        digits = shown == "Digits"
        measure = Codes.measure.segments() if digits else Codes.measure.value
        centred = Codes.centred.show() if digits else Codes.centred.value
    power = int(Codes.size.value)
    if not digits:
        with transport:
            power = int(axis_slider(Codes.size))
    with preset_row:
        presets("codes_scale_try", PRESETS, Codes.scale_controls)
    if digits:
        show_digits(drawing, convention, measure, centred)
    else:
        show_many(drawing, convention, shown.startswith("Attributes"), power)


def show_digits(drawing: Any, convention: Any, measure: str, centred: bool) -> None:
    """The handwritten digits; `measure` is a label of the control."""
    with drawing:
        body = stoppable(
            "codes", ("digits", centred, EPOCHS), lambda: digits_picture(centred, EPOCHS, MEASURES[measure])
        )
        if body is None:
            return
        chart(
            body,
            key="codes_digits",
            alt=f"{Codes.measure.label_of(measure)} on handwritten digits of eight output layers: "
            "softmax and sigmoids, "
            "with one neuron a class, with 15 and with 4 bits, each with squared error and with "
            "cross-entropy, at "
            "the usual initialization and at one 20 times larger, a dot for each of five seeds.",
        )
    facts = table(centred, EPOCHS)
    with convention:
        words = caption(
            "64-32-k, tanh, SGD at rate 0.1, batches of 32, 30 epochs, untuned; pixels ÷ 16, "
            f"{'centred' if centred else 'not centred'}; training set 1 200, test set 597. Bits are "
            "decoded to "
            "the likeliest code word. Weights: last layer, with biases."
        )

    Tabs().fill(
        see=text("scale_see"),
        maths=text("scale_maths"),
        code=table_code(centred, MEASURES[measure]),
        controls=(Codes.view, *Codes.scale_controls),
        files=[
            FigurePage("digits.html", lambda: lv.figures.head_scores(facts, MEASURES[measure])),
            File("Table (CSV)", "digits.csv", "text/csv", lambda: table_numbers(facts)),
        ],
        picture="codes_digits",
        caption=words,
    )


def show_many(drawing: Any, convention: Any, attributes: bool, power: int) -> None:
    """Up to 1,024 synthetic classes."""
    with drawing:
        body = stoppable("codes", ("many", attributes, STEPS), lambda: many_picture(attributes, STEPS))
        if body is None:
            return
        chart(
            body,
            key="codes_many",
            follow=Codes.size.key,
            alt="Accuracy, and below it the weights of the last layer, over 4 to 1,024 classes, for one "
            "neuron a class, an error-correcting code and the binary code.",
        )
    facts = many(attributes, STEPS)
    with convention:
        made = "every combination of attributes, one feature each" if attributes else "random points"
        words = caption(
            f"Classes: {made}, in 16 features, noise 0.4. Networks 16-{facts.hidden}-k, tanh, "
            f"{facts.steps} steps of SGD with batches of 64, cross-entropy, rates 1 and 0.3 (bits); "
            "mean of two seeds."
        )

    def numbers() -> str:
        columns: dict[str, Any] = {"classes": facts.classes}
        for c, code in enumerate(facts.codes):
            columns |= {f"{code} weights": facts.weights[c], f"{code} neurons": facts.lengths[c]}
            columns |= {f"{code} accuracy {s}": facts.accuracy[c, s] for s in range(facts.accuracy.shape[1])}
        return files.columns(columns)

    steps = "" if STEPS == 1000 else f", steps={STEPS}"
    Tabs().fill(
        see=text("many_see"),
        maths=text("many_maths"),
        code=f"""import lossviz as lv

facts = lv.codes.many_classes(attributes={attributes}{steps})
figure = lv.figures.many_classes(facts, at={power})""",
        controls=(Codes.view, *Codes.scale_controls),
        files=[
            FigurePage("classes.html", lambda: lv.figures.many_classes(facts, at=power), "classes, 2 to the"),
            File("Numbers (CSV)", "classes.csv", "text/csv", numbers),
        ],
        picture="codes_many",
        caption=words,
    )
