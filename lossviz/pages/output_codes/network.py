"""Output codes, The network and Spare words: what networks make of clouds in the plane."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import Control, presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

HEADS = {"Squared error": "sigmoid-mse", "Cross-entropy": "sigmoid-ce"}
FOUR = {"Suit the data": (0, 1, 3, 2), "Two swapped": (0, 1, 2, 3)}
FIVE = {"Suit the data": (0, 1, 3, 2, 4), "Two swapped": (0, 3, 4, 1, 2)}
READ = {"Nearest word": "hamming", "Likeliest word": "likelihood"}
NOISE = {"Apart": None, "Touching": 0.7, "Overlapping": 1.0}
OWN_RATE = 4.0  # of squared error
STARTS = 10
Rivals = tuple[tuple[str, str, float, str], ...]  # what `lv.codes.HeadConfig` takes
Settings = tuple[Rivals, tuple[int, ...], int, float | None, int]  # labels, hidden, noise, starts

NETWORK_TRIES: dict[str, dict[str, Any]] = {
    "Labels that suit": {"codes_labels": "Suit the data"},
    "Two labels swapped": {},
    "Another loss": {"codes_loss": "Cross-entropy"},
    "More hidden neurons": {"codes_hidden": "8"},
    "Too few": {"codes_hidden": "2", "codes_step": 300},
}
SPARE_TRIES: dict[str, dict[str, Any]] = {
    "Hardly trained": {"codes_step": 30},
    "Trained": {"codes_step": 300},
    "Labels that suit": {"codes_labels": "Suit the data", "codes_step": 300},
    "Overlapping clouds": {"codes_spread": "Overlapping", "codes_step": 300},
    "Wide and likeliest": {"codes_hidden": "8", "codes_step": 300, "codes_decode": "Likeliest word"},
}


@st.cache_data(max_entries=24, show_spinner="Training …")
def trained(settings: Settings) -> lv.codes.CodePlane:
    rivals, labels, hidden, noise, starts = settings
    return lv.codes.code_plane(
        [lv.codes.HeadConfig(*one) for one in rivals], labels, hidden, starts, noise=noise
    )


@st.cache_data(max_entries=24, show_spinner=False)
def picture(settings: Settings, spare: bool) -> str:
    facts = trained(settings)
    return figure_json(lambda narrow: lv.figures.code_plane(facts, spare=spare, narrow=narrow))


def code_of(settings: Settings, step: int, spare: bool) -> str:
    rivals, labels, hidden, noise, starts = settings
    rows = "\n".join(f"    lv.codes.HeadConfig{one},".replace("'", '"') for one in rivals)
    more = "" if noise is None else f", noise={noise}"
    drawn = ", spare=True" if spare else ""
    return f"""import lossviz as lv

contestants = [
{rows}
]
plane = lv.codes.code_plane(contestants, labels={labels}, hidden={hidden}, seeds={starts}{more})
figure = lv.figures.code_plane(plane, at={step}{drawn})"""


def tabs(settings: Settings, step: int, spare: bool, controls: tuple[Control, ...]) -> None:
    facts = trained(settings)
    name = "spare" if spare else "network"

    def numbers() -> str:
        table: dict[str, Any] = {"step": facts.steps}
        for c, one in enumerate(facts.contestants):
            for seed in range(facts.accuracy.shape[1]):
                called = f"{one.code} {one.head} {one.how} seed {seed}"
                table[f"{called} accuracy"] = facts.accuracy[c, seed]
                if spare:
                    table[f"{called} nameless"] = facts.nameless[c, seed]
        return files.columns(table)

    def html() -> str:
        return lv.figures.standalone(lv.figures.code_plane(facts, at=step, spare=spare), "step")

    Tabs().fill(
        see=text(f"{name}_see"),
        maths=text(f"{name}_maths"),
        code=code_of(settings, step, spare),
        controls=(Codes.view, *controls),
        files=[
            File("Page (HTML)", f"{name}.html", "text/html", html),
            File("Numbers (CSV)", f"{name}.csv", "text/csv", numbers),
        ],
        picture=f"codes_{name}",
    )


def show() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with transport:
        step = int(axis_slider(Codes.step, playable=5))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        labels = Codes.labels.segments()
        hidden = Codes.hidden.segments()
        loss = Codes.loss.segments()
        rate = Codes.rate.segments()
    with tries:
        presets("codes_try", NETWORK_TRIES, Codes.network_controls)
    head = HEADS[loss]
    own = OWN_RATE if rate == "Each its own" and head == "sigmoid-mse" else 1.0
    rivals = (("binary", head, own, "threshold"), ("one-hot", "softmax-ce", 1.0, "likelihood"))
    settings: Settings = (rivals, FOUR[labels], int(hidden), None, STARTS)
    with drawing:
        chart(
            picture(settings, False),
            key="codes_network",
            follow=Codes.step.key,
            alt="Four clouds of points and the borders of two networks between them, one with two sigmoid "
            "outputs and one with a softmax over four, with crosses where they err; beside them a "
            "dot for the "
            "accuracy of each of ten starts.",
        )
    with convention:
        rates = "rate 1" if own == 1 else f"rates {own:g} and 1"
        summed = "in nats" if loss == "Cross-entropy" else "without ½"
        caption(
            f"Crosses: wrong. 180 points, {hidden} hidden tanh neurons in both, gradient descent at "
            f"{rates}. {loss} is summed over the bits, {summed}. Drawn: the start in the middle."
        )
    tabs(settings, step, False, Codes.network_controls)


def show_spare() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with transport:
        step = int(axis_slider(Codes.step, playable=5))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        decode = Codes.decode.segments()
        labels = Codes.labels.segments()
        spread = Codes.spread.segments()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        hidden = Codes.hidden.segments()
        loss = Codes.loss.segments()
    with tries:
        presets("codes_spare_try", SPARE_TRIES, Codes.spare_controls)
    head = HEADS[loss]
    rivals = tuple(("binary", head, 1.0, how) for how in ("threshold", READ[decode]))
    settings: Settings = (rivals, FIVE[labels], int(hidden), NOISE[spread], STARTS)
    with drawing:
        chart(
            picture(settings, True),
            key="codes_spare",
            follow=Codes.step.key,
            alt="Five clouds named by three sigmoid neurons. On the left, dots mark where the "
            "thresholded word "
            "names no class; on the right the same network is read by the nearest or likeliest word, "
            "and every "
            "place has a class. Beside them the accuracy of ten starts.",
        )
    facts = trained(settings)
    with convention:
        spare = " ".join("".join("●" if bit else "○" for bit in word) for word in facts.codes[0].spare_words)
        caption(
            f"Words without a class: {spare}. Both pictures are of one network, {hidden} hidden tanh "
            "neurons, rate 1, "
            f"{loss.lower()} summed over the bits. A word without a class counts as wrong."
        )
    tabs(settings, step, True, Codes.spare_controls)
