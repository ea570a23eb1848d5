"""Loss against metric, Threshold: from a probability to a binary decision."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

from typing import Any

import streamlit as st

import lossviz as lv
from lossviz.pages.metric.controls import Metric
from lossviz.pages.metric.network import code_of, description, history, trained
from lossviz.ui import files
from lossviz.ui.chart import chart, figure_json
from lossviz.ui.controls import presets
from lossviz.ui.downloads import FigurePage, File
from lossviz.ui.page import Tabs, axis_slider, caption
from lossviz.ui.texts import texts_beside

text = texts_beside(__file__)

PRESETS: dict[str, dict[str, Any]] = {
    "50 %": {},
    "Fewer missed": {"metric_cut": -2.2},
    "Fewer false alarms": {"metric_cut": 2.2},
    "Timid three": {"metric_who": "timid three"},
    "Bold three": {"metric_who": "bold three"},
}
PREDICTIONS = {"timid three": (0.51, 0.51, 0.51), "bold three": (0.99, 0.99, 0.49)}


@st.cache_data(max_entries=4, show_spinner=False)
def curve(predictor: str) -> lv.metrics.ThresholdCurve:
    if predictor in PREDICTIONS:
        return lv.metrics.threshold_curve(PREDICTIONS[predictor], [1, 1, 1])
    result = history("breast-cancer", 0)
    log_odds = result.log_odds[result.best_record()]
    return lv.metrics.threshold_curve(log_odds=log_odds, y=result.y, classes=result.classes)


@st.cache_data(max_entries=4, show_spinner=False)
def picture(predictor: str) -> str:
    facts, at = curve(predictor), Metric.threshold.default
    return figure_json(lambda narrow: lv.figures.threshold_curve(facts, at=at, narrow=narrow))


def show() -> None:
    """The view."""
    drawing, transport, convention = (st.container() for _ in range(3))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        preset_row = st.container(width="content")
        predictor = Metric.predictor.segments()
    with transport:
        threshold = axis_slider(Metric.threshold)
    with preset_row:
        presets("metric_threshold_try", PRESETS, Metric.threshold_controls)
    with drawing:
        if trained("breast-cancer", 0) is None:
            return
        facts = curve(predictor)
        chart(
            picture(predictor),
            key="metric_threshold",
            follow=Metric.threshold.key,
            alt=f"{len(facts.y)} examples as dots over the predicted probability of yes, positives above "
            "and negatives below; a threshold, and the four counts of the confusion matrix.",
        )
    with convention:
        if predictor in PREDICTIONS:
            predictions = ", ".join(f"{100 * p:.0f} %" for p in PREDICTIONS[predictor])
            words = caption(f"Three examples, all of them yes, with predicted probabilities {predictions}.")
        else:
            result = history("breast-cancer", 0)
            step = result.steps[result.best_record()]
            words = caption(
                f"{description(result)} As it was after {step} steps, at its smallest loss. "
                "Below 0.05 % and above 99.95 % dots are packed in blocks."
            )
    tabs = Tabs()
    curve_code = (
        f"curve = lv.metrics.threshold_curve({PREDICTIONS[predictor]}, [1, 1, 1])"
        if predictor in PREDICTIONS
        else f"""history = lv.metrics.score_history({code_of("breast-cancer", 0)})
best = history.best_record()
curve = lv.metrics.threshold_curve(log_odds=history.log_odds[best], y=history.y, classes=history.classes)"""
    )
    tabs.fill(
        see=_three() if predictor in PREDICTIONS else text("threshold_see"),
        maths=text("threshold_maths"),
        code=f"""import lossviz as lv

{curve_code}
figure = lv.figures.threshold_curve(curve, at={threshold:.1f})""",
        controls=(Metric.view, *Metric.threshold_controls),
        files=[
            FigurePage("threshold.html", lambda: lv.figures.threshold_curve(facts, at=threshold), "log-odds"),
            File("Numbers (CSV)", "threshold.csv", "text/csv", lambda: _numbers(facts)),
        ],
        picture="metric_threshold",
        caption=words,
    )


def _three() -> str:
    """The text on two predictors that loss and accuracy rank differently, with their numbers."""
    timid, bold = (curve(predictor) for predictor in PREDICTIONS)
    half = len(timid.thresholds) // 2
    return text("three_see").format(
        timid_loss=lv.figures.number(timid.loss),
        bold_loss=lv.figures.number(bold.loss),
        timid_right=f"{3 * timid.accuracy[half]:.0f}",
        bold_right=f"{3 * bold.accuracy[half]:.0f}",
    )


def _numbers(facts: lv.metrics.ThresholdCurve) -> str:
    return files.columns(
        {
            "log-odds": facts.thresholds,
            "false negatives": facts.false_negatives,
            "true positives": facts.true_positives,
            "false positives": facts.false_positives,
            "true negatives": facts.true_negatives,
            "accuracy": facts.accuracy,
            "precision": facts.precision,
            "recall": facts.recall,
            "F1": facts.f1,
        }
    )
