"""Loss against metric, Threshold: from a probability to a yes or no."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.metric.controls import Metric
from lossviz.pages.metric.network import code_of, history, words
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.page import File, Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

TRIES: dict[str, dict[str, Any]] = {
    "Half": {},
    "Miss fewer": {"metric_cut": -2.2},
    "Alarm fewer": {"metric_cut": 2.2},
    "Timid three": {"metric_who": "timid three"},
    "Bold three": {"metric_who": "bold three"},
}
BY_HAND = {"timid three": (0.51, 0.51, 0.51), "bold three": (0.99, 0.99, 0.49)}


@st.cache_data(max_entries=4, show_spinner=False)
def judged(who: str) -> lv.metrics.ThresholdCurve:
    if who in BY_HAND:
        return lv.metrics.threshold_curve(BY_HAND[who], [1, 1, 1])
    found = history("breast-cancer", 0)
    return lv.metrics.threshold_curve(log_odds=found.log_odds[found.best()], y=found.y, classes=found.classes)


@st.cache_data(max_entries=4, show_spinner=False)
def picture(who: str) -> str:
    facts, at = judged(who), Metric.cut.default
    return figure_json(lambda narrow: lv.figures.threshold_curve(facts, at=at, narrow=narrow))


def show() -> None:
    drawing, transport, convention = (st.container() for _ in range(3))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        tries = st.container(width="content")
        who = Metric.who.segments()
    with transport:
        cut = axis_slider(Metric.cut)
    with tries:
        presets("metric_threshold_try", TRIES, Metric.threshold_controls)
    with drawing:
        facts = judged(who)
        chart(
            picture(who),
            key="metric_threshold",
            follow=Metric.cut.key,
            alt=f"{len(facts.y)} examples as dots over how sure the model is of yes, the yes above "
            "and the no below; a line between no and yes, and the four counts that it makes.",
        )
    with convention:
        if who in BY_HAND:
            said = ", ".join(f"{100 * p:.0f} %" for p in BY_HAND[who])
            caption(f"Three examples, all of them yes, of which {who.partition(' ')[0]} says {said}.")
        else:
            found = history("breast-cancer", 0)
            caption(
                f"{words(found)} As it was after {found.steps[found.best()]} steps, at its smallest loss. "
                "Beyond 0.05 and 99.95 % dots are packed in blocks."
            )
    tabs = Tabs()
    made = (
        f"verdicts = lv.metrics.threshold_curve({BY_HAND[who]}, [1, 1, 1])"
        if who in BY_HAND
        else f"""history = lv.metrics.score_history({code_of("breast-cancer", 0)})
best = history.best()
verdicts = lv.metrics.threshold_curve(log_odds=history.log_odds[best], y=history.y, classes=history.classes)"""
    )
    tabs.fill(
        see=_three() if who in BY_HAND else text("threshold_see"),
        maths=text("threshold_maths"),
        code=f"""import lossviz as lv

{made}
figure = lv.figures.threshold_curve(verdicts, at={cut:.1f})""",
        controls=(Metric.view, *Metric.threshold_controls),
        files=[
            File(
                "Page (HTML)",
                "threshold.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.threshold_curve(facts, at=cut), "log-odds"),
            ),
            File("Numbers (CSV)", "threshold.csv", "text/csv", lambda: _numbers(facts)),
        ],
        picture="metric_threshold",
    )


def _three() -> str:
    """The two predictors that loss and accuracy judge differently, in their own numbers."""
    timid, bold = (judged(who) for who in BY_HAND)
    half = len(timid.cut) // 2
    return text("three_see").format(
        timid_loss=lv.figures.number(timid.loss),
        bold_loss=lv.figures.number(bold.loss),
        timid_right=f"{3 * timid.accuracy[half]:.0f}",
        bold_right=f"{3 * bold.accuracy[half]:.0f}",
    )


def _numbers(facts: lv.metrics.ThresholdCurve) -> str:
    return files.columns(
        {
            "log-odds": facts.cut,
            "missed": facts.missed,
            "found": facts.found,
            "false alarms": facts.alarms,
            "left in peace": facts.left,
            "accuracy": facts.accuracy,
            "precision": facts.precision,
            "recall": facts.recall,
            "F1": facts.f1,
        }
    )
