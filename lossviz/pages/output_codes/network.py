"""Output codes, The network and Unused words: networks that classify clusters in the plane."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.output_codes.controls import Codes
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import Control, presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside
from lossviz.ui.work import progress_bar, stoppable

text = texts_beside(__file__)

HEAD_NAMES = {"Squared error": "sigmoid-mse", "Cross-entropy": "sigmoid-ce"}
FOUR_LABELS = {"Suit the data": (0, 1, 3, 2), "Two swapped": (0, 1, 2, 3)}
FIVE_LABELS = {"Suit the data": (0, 1, 3, 2, 4), "Two swapped": (0, 3, 4, 1, 2)}
DECODING = {"Nearest word": "hamming", "Likeliest word": "likelihood"}
NOISE = {"Apart": None, "Touching": 0.7, "Overlapping": 1.0}
TUNED_RATE = 4.0  # of squared error, whose gradients are smaller
SEEDS = 10
Heads = tuple[tuple[str, str, float, str], ...]  # what `lv.codes.HeadConfig` takes
Settings = tuple[Heads, tuple[int, ...], int, float | None, int]  # labels, hidden, noise, seeds

NETWORK_PRESETS: dict[str, dict[str, Any]] = {
    "Labels that suit": {"codes_labels": "Suit the data"},
    "Two labels swapped": {},
    "Another loss": {"codes_loss": "Cross-entropy"},
    "More hidden neurons": {"codes_hidden": "8"},
    "Two hidden neurons": {"codes_hidden": "2", "codes_step": 300},
}
UNUSED_PRESETS: dict[str, dict[str, Any]] = {
    "Early in training": {"codes_step": 30},
    "Trained": {"codes_step": 300},
    "Labels that suit": {"codes_labels": "Suit the data", "codes_step": 300},
    "Overlapping clusters": {"codes_spread": "Overlapping", "codes_step": 300},
    "Wide, likeliest word": {"codes_hidden": "8", "codes_step": 300, "codes_decode": "Likeliest word"},
}


@st.cache_data(max_entries=24, show_spinner=False)
def trained(settings: Settings) -> lv.codes.CodePlane:
    heads, labels, hidden, noise, seeds = settings
    with progress_bar("Training both networks …") as progress:
        return lv.codes.code_plane(
            [lv.codes.HeadConfig(*head) for head in heads],
            labels,
            hidden,
            seeds,
            noise=noise,
            progress=progress,
        )


@st.cache_data(max_entries=24, show_spinner=False)
def picture(settings: Settings, unused: bool) -> str:
    facts = trained(settings)
    return figure_json(lambda narrow: lv.figures.code_plane(facts, unused=unused, narrow=narrow))


def code_of(settings: Settings, step: int, unused: bool) -> str:
    heads, labels, hidden, noise, seeds = settings
    rows = "\n".join(f"    lv.codes.HeadConfig{one},".replace("'", '"') for one in heads)
    more = "" if noise is None else f", noise={noise}"
    drawn = ", unused=True" if unused else ""
    return f"""import lossviz as lv

heads = [
{rows}
]
plane = lv.codes.code_plane(heads, labels={labels}, hidden={hidden}, seeds={seeds}{more})
figure = lv.figures.code_plane(plane, at={step}{drawn})"""


def tabs(settings: Settings, step: int, unused: bool, controls: tuple[Control, ...], words: str) -> None:
    facts = trained(settings)
    name = "spare" if unused else "network"  # of the chart and its downloads
    texts = "unused" if unused else "network"

    def numbers() -> str:
        table: dict[str, Any] = {"step": facts.steps}
        for c, head in enumerate(facts.heads):
            for seed in range(facts.accuracy.shape[1]):
                column = f"{head.code} {head.head} {head.decoding} seed {seed}"
                table[f"{column} accuracy"] = facts.accuracy[c, seed]
                if unused:
                    table[f"{column} unused words"] = facts.unused_share[c, seed]
        return files.columns(table)

    Tabs().fill(
        see=text(f"{texts}_see"),
        maths=text(f"{texts}_maths"),
        code=code_of(settings, step, unused),
        controls=(Codes.view, *controls),
        files=[
            FigurePage(f"{name}.html", lambda: lv.figures.code_plane(facts, at=step, unused=unused), "step"),
            File("Numbers (CSV)", f"{name}.csv", "text/csv", numbers),
        ],
        picture=f"codes_{name}",
        caption=words,
    )


def show() -> None:
    """The view The network."""
    drawing, transport, convention, preset_row = (st.container() for _ in range(4))
    with transport:
        step = int(axis_slider(Codes.step, playable=5))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        labels = Codes.labels.segments()
        hidden = Codes.hidden.segments()
        loss = Codes.loss.segments()
        rate = Codes.rate.segments()
    with preset_row:
        presets("codes_try", NETWORK_PRESETS, Codes.network_controls)
    head = HEAD_NAMES[loss]
    lr = TUNED_RATE if rate == "Each its own" and head == "sigmoid-mse" else 1.0
    heads = (("binary", head, lr, "threshold"), ("one-hot", "softmax-ce", 1.0, "likelihood"))
    settings: Settings = (heads, FOUR_LABELS[labels], int(hidden), None, SEEDS)
    with drawing:
        body = stoppable("codes", ("network", settings), lambda: picture(settings, False))
        if body is None:
            return
        chart(
            body,
            key="codes_network",
            follow=Codes.step.key,
            alt="Four clusters of points and the decision boundaries of two networks, one with two sigmoid "
            "outputs and one with a softmax over four, with crosses where they are wrong; beside them a "
            "dot for the "
            "test accuracy of each of ten seeds.",
        )
    with convention:
        rates = "rate 1" if lr == 1 else f"rates {lr:g} and 1"
        summed = "in nats" if loss == "Cross-entropy" else "without ½"
        words = caption(
            f"Crosses: wrong. 180 points, {hidden} hidden tanh neurons in both, gradient descent at "
            f"{rates}. {loss} is summed over the bits, {summed}. Drawn: the seed with the median accuracy."
        )
    tabs(settings, step, False, Codes.network_controls, words)


def show_unused() -> None:
    """The view of unused code words."""
    drawing, transport, convention, preset_row = (st.container() for _ in range(4))
    with transport:
        step = int(axis_slider(Codes.step, playable=5))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        decode = Codes.decode.segments()
        labels = Codes.labels.segments()
        spread = Codes.spread.segments()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        hidden = Codes.hidden.segments()
        loss = Codes.loss.segments()
    with preset_row:
        presets("codes_spare_try", UNUSED_PRESETS, Codes.unused_controls)
    head = HEAD_NAMES[loss]
    heads = tuple(("binary", head, 1.0, how) for how in ("threshold", DECODING[decode]))
    settings: Settings = (heads, FIVE_LABELS[labels], int(hidden), NOISE[spread], SEEDS)
    with drawing:
        body = stoppable("codes", ("spare", settings), lambda: picture(settings, True))
        if body is None:
            return
        chart(
            body,
            key="codes_spare",
            follow=Codes.step.key,
            alt="Five clusters and three sigmoid neurons. On the left, dots mark where the "
            "thresholded code word is unused; on the right the same outputs are decoded to the nearest or "
            "likeliest code word, "
            "so that every point has a class. Beside them the test accuracy of ten seeds.",
        )
    facts = trained(settings)
    with convention:
        unused_words = facts.codes[0].unused_words
        unused = " ".join("".join("●" if bit else "○" for bit in word) for word in unused_words)
        words = caption(
            f"Unused code words: {unused}. Both pictures are of one network, {hidden} hidden tanh "
            "neurons, rate 1, "
            f"{loss.lower()} summed over the bits. An unused code word counts as wrong."
        )
    tabs(settings, step, True, Codes.unused_controls, words)
