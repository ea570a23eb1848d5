"""Output codes, One bit off: which neurons erred on digits, and how near the threshold they were."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar, stoppable

text = texts_beside(__file__)

ENTRIES = {"Squared error": "4-bits-mse", "Cross-entropy": "4-bits-ce"}
EPOCHS = 30
TRIES: dict[str, dict[str, Any]] = {
    "One neuron wrong": {},
    "By word": {"codes_order": "By word"},
    "Bold": {"codes_threshold": 0.2},
    "Timid": {"codes_threshold": 0.8},
    "Cross-entropy": {"codes_loss": "Cross-entropy"},
}


@st.cache_data(max_entries=4, show_spinner=False)
def trained(entry: str, epochs: int) -> lv.codes.BitErrors:
    say, over = progress_bar("Training four neurons on digits, from five starts …")
    bits = lv.codes.digit_bits(entry, epochs=epochs, progress=lambda done, total: say(done / total))
    over()
    return lv.codes.bit_errors(bits, [k / 20 for k in range(1, 20)])


@st.cache_data(max_entries=8, show_spinner=False)
def picture(entry: str, epochs: int, order: str) -> str:
    facts = trained(entry, epochs)
    return figure_json(lambda narrow: lv.figures.bit_errors(facts, order=order, narrow=narrow))


def show() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with transport:
        at = axis_slider(Codes.threshold)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        order = Codes.order.segments()
        loss = Codes.loss.segments()
    with tries:
        presets("codes_bits_try", TRIES, Codes.bit_controls)
    entry = ENTRIES[loss]
    with drawing:
        body = stoppable("codes", ("bits", entry, EPOCHS), lambda: picture(entry, EPOCHS, order))
        if body is None:
            return
        chart(
            body,
            key="codes_bits",
            follow=Codes.threshold.key,
            alt="How often each digit came out with which neurons wrong, or as which word. Beside it "
            "the outputs "
            "of neurons that should say 1 and of those that should say 0, on either side of the "
            "threshold: what "
            "lies on the wrong side is dark.",
        )
    facts = trained(entry, EPOCHS)
    with convention:
        pulls = ""
        if facts.sure:
            squared, cross = (lv.figures.number(float(pull)) for pull in facts.pull)
            pulls = (
                f" {facts.sure} bits are wrong and more than 95 % sure: squared error pulls them with "
                f"{squared} on "
                f"average, cross-entropy would with {cross}: see [Stuck neuron](/stuck-neuron)."
            )
        caption(
            "Digits, 597 to test on, five starts added up; words count the digits in binary. Faded: "
            "right. Heights "
            "and shades are square roots." + pulls
        )

    def numbers() -> str:
        table: dict[str, list[float]] = {"threshold": facts.thresholds.tolist()}
        for wrong in range(facts.bits.code.length + 1):
            table[f"{wrong} bits wrong"] = [
                int(facts.by_size(t)[wrong]) for t in range(len(facts.thresholds))
            ]
        table["no class"] = [facts.nameless(t) for t in range(len(facts.thresholds))]
        return files.columns(table)

    epochs = "" if EPOCHS == 30 else f", epochs={EPOCHS}"
    Tabs().fill(
        see=text("bits_see"),
        maths=text("bits_maths"),
        code=f"""import lossviz as lv

bits = lv.codes.digit_bits("{entry}", seeds=5{epochs})
facts = lv.codes.bit_errors(bits, [k / 20 for k in range(1, 20)])
figure = lv.figures.bit_errors(facts, at={at:g}, order="{order}")""",
        controls=(Codes.view, *Codes.bit_controls),
        files=[
            File(
                "Page (HTML)",
                "bits.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.bit_errors(facts, at=at, order=order), "threshold"),
            ),
            File("Numbers (CSV)", "bits.csv", "text/csv", numbers),
        ],
        picture="codes_bits",
    )
