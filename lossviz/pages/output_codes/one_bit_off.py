"""Output codes, One bit off: wrong bits on digits, and the outputs on both sides of the threshold."""

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

HEADS = {"Squared error": "4-bits-mse", "Cross-entropy": "4-bits-ce"}
ORDERS = {"By neurons wrong": "wrong-bits", "By word": "word"}
EPOCHS = 30
PRESETS: dict[str, dict[str, Any]] = {
    "By wrong bits": {},
    "By code word": {"codes_order": "By word"},
    "Low threshold": {"codes_threshold": 0.2},
    "High threshold": {"codes_threshold": 0.8},
    "Cross-entropy": {"codes_loss": "Cross-entropy"},
}


@st.cache_data(max_entries=4, show_spinner=False)
def trained(head: str, epochs: int) -> lv.codes.BitErrors:
    with progress_bar("Training four neurons on digits, from five starts …") as progress:
        bits = lv.codes.digit_bits(head, epochs=epochs, progress=progress)
    return lv.codes.bit_errors(bits, [k / 20 for k in range(1, 20)])


@st.cache_data(max_entries=8, show_spinner=False)
def picture(head: str, epochs: int, order: str) -> str:
    facts = trained(head, epochs)
    return figure_json(lambda narrow: lv.figures.bit_errors(facts, order=order, narrow=narrow))


def show() -> None:
    """The view."""
    drawing, transport, convention, preset_row = (st.container() for _ in range(4))
    with transport:
        at = axis_slider(Codes.threshold)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        order = ORDERS[Codes.order.segments()]
        loss = Codes.loss.segments()
    with preset_row:
        presets("codes_bits_try", PRESETS, Codes.bit_controls)
    head = HEADS[loss]
    with drawing:
        body = stoppable("codes", ("bits", head, EPOCHS), lambda: picture(head, EPOCHS, order))
        if body is None:
            return
        chart(
            body,
            key="codes_bits",
            follow=Codes.threshold.key,
            alt="How often each digit was decoded with which bits wrong, or to which code word. Beside it "
            "the outputs "
            "of neurons with target 1 and of those with target 0, on either side of the "
            "threshold: what "
            "lies on the wrong side is dark.",
        )
    facts = trained(head, EPOCHS)
    with convention:
        gradients = ""
        if facts.confidently_wrong:
            squared, cross = (lv.figures.number(float(gradient)) for gradient in facts.mean_gradient)
            gradients = (
                f" {facts.confidently_wrong} bits are wrong with more than 95 % confidence: "
                f"the mean gradient of squared error is {squared} there, "
                f"that of cross-entropy would be {cross}: see [Stuck neuron](/stuck-neuron)."
            )
        words = caption(
            "Digits, test set 597, five seeds added up; code words are the digits in binary. Faded: "
            "correct. Heights "
            "and shades are square roots." + gradients
        )

    def numbers() -> str:
        table: dict[str, list[float]] = {"threshold": facts.thresholds.tolist()}
        for wrong in range(facts.bits.code.length + 1):
            table[f"{wrong} bits wrong"] = [
                int(facts.by_error_count(t)[wrong]) for t in range(len(facts.thresholds))
            ]
        table["no class"] = [facts.unused(t) for t in range(len(facts.thresholds))]
        return files.columns(table)

    epochs = "" if EPOCHS == 30 else f", epochs={EPOCHS}"
    Tabs().fill(
        see=text("bits_see"),
        maths=text("bits_maths"),
        code=f"""import lossviz as lv

bits = lv.codes.digit_bits("{head}", seeds=5{epochs})
facts = lv.codes.bit_errors(bits, [k / 20 for k in range(1, 20)])
figure = lv.figures.bit_errors(facts, at={at:g}, order="{order}")""",
        controls=(Codes.view, *Codes.bit_controls),
        files=[
            FigurePage("bits.html", lambda: lv.figures.bit_errors(facts, at=at, order=order), "threshold"),
            File("Numbers (CSV)", "bits.csv", "text/csv", numbers),
        ],
        picture="codes_bits",
        caption=words,
    )
