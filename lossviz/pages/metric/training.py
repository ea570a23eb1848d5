"""Loss against metric, Training: the best step by the loss and by a metric."""

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

OTHER_PRESETS: dict[str, dict[str, Any]] = {
    "Breast cancer": {"metric_data": "breast-cancer", "metric_step": 99},
    "Diabetes, a number": {"metric_data": "diabetes", "metric_error": "mae", "metric_step": 39},
}
MEASURE_NAMES = {"accuracy": "accuracy", "f1": "F1", "roc-auc": "ROC AUC", "brier": "Brier score",
         "rmse": "RMSE", "mae": "MAE", "r2": "R²"}  # fmt: skip


@st.cache_data(max_entries=16, show_spinner=False)
def picture(data: str, seed: int, measure: str) -> str:
    result, at = history(data, seed), Metric.step.default
    return figure_json(lambda narrow: lv.figures.score_curves(result, measure, at=at, narrow=narrow))


def show() -> None:
    """The view."""
    drawing, transport, convention, preset_row = (st.container() for _ in range(4))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        data = Metric.data.menu(width=180)
        number = data == "diabetes"
        measure = (Metric.error if number else Metric.measure).segments()
        seed = int(Metric.seed.show(width=190))
    with transport:
        step = int(axis_slider(Metric.step, playable=7))
    with drawing:
        result = trained(data, seed)
        if result is None:
            return
        chart(
            picture(data, seed, measure),
            key="metric_training",
            follow=Metric.step.key,
            alt=f"The test loss and the {MEASURE_NAMES[measure]} of a network over 300 steps of "
            "training. The loss is "
            f"smallest after {result.steps[result.best_record()]} steps, the {MEASURE_NAMES[measure]} "
            "best after "
            f"{result.steps[result.best_record(measure)]}.",
        )
    unchanged = {c.key: c.value for c in (Metric.measure, Metric.error, Metric.data, Metric.seed)}
    stops = {"Best loss": result.best_record(), "Best metric": result.best_record(measure), "The end": -1}
    table: dict[str, dict[str, Any]] = {
        name: unchanged | {Metric.step.key: int(result.steps[k])} for name, k in stops.items()
    }
    with preset_row:
        presets("metric_training_try", table | OTHER_PRESETS, Metric.training_controls)
    with convention:
        words = caption(description(result))
    Tabs().fill(
        see=_see(result, measure) + "\n\n" + text("number_see" if number else "training_see"),
        maths=text("training_maths"),
        code=f"""import lossviz as lv

history = lv.metrics.score_history({code_of(data, seed)})
print(history.steps[history.best_record()], history.steps[history.best_record("{measure}")])
figure = lv.figures.score_curves(history, "{measure}", at={step})""",
        controls=(Metric.view, *Metric.training_controls),
        files=[
            FigurePage("training.html", lambda: lv.figures.score_curves(result, measure, at=step), "step"),
            File("Numbers (CSV)", "training.csv", "text/csv", lambda: _numbers(result)),
        ],
        picture="metric_training",
        caption=words,
    )


def _see(result: lv.metrics.ScoreHistory, measure: str) -> str:
    """What changed from the step with the best loss to that with the best measure, in numbers."""
    a, b = result.best_record(), result.best_record(measure)
    first, last = int(result.steps[a]), int(result.steps[b])
    name = MEASURE_NAMES[measure]
    if a == b:
        return f"Here the loss and {name} are best at the same step, {first}. Try another seed or metric."
    if result.task == "regression":
        return f"The loss is best after {first} steps, {name} after {last}."
    change = lv.metrics.prediction_change(result, a, b)
    return (
        f"From step {first} to {last}, {change.newly_right} become correct and {change.newly_wrong} "
        "become wrong. "
        f"The {change.still_wrong} that stay wrong change the loss by {change.nats_still_wrong:+.0f} nats in "
        f"all, the others by {change.nats_others:+.0f}."
    ).replace("-", "−")


def _numbers(result: lv.metrics.ScoreHistory) -> str:
    table = {"step": result.steps, "training loss": result.train_loss, "loss": result.loss}
    return files.columns({**table, **result.scores})
