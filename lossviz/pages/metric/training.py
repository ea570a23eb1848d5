"""Loss against metric, Training: two ways to choose the step to keep."""

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

OTHERS: dict[str, dict[str, Any]] = {
    "In patients": {"metric_data": "breast-cancer", "metric_step": 99},
    "A number": {"metric_data": "diabetes", "metric_error": "mae", "metric_step": 39},
}
NAMES = {"accuracy": "accuracy", "f1": "F1", "roc-auc": "ROC AUC", "brier": "Brier score",
         "rmse": "RMSE", "mae": "MAE", "r2": "R²"}  # fmt: skip


@st.cache_data(max_entries=16, show_spinner=False)
def picture(data: str, seed: int, measure: str) -> str:
    found, at = history(data, seed), Metric.step.default
    return figure_json(lambda narrow: lv.figures.score_curves(found, measure, at=at, narrow=narrow))


def show() -> None:
    drawing, transport, convention, tries = (st.container() for _ in range(4))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        data = Metric.data.menu(width=180)
        number = data == "diabetes"
        measure = (Metric.error if number else Metric.measure).segments()
        seed = int(Metric.seed.show(width=190))
    with transport:
        step = int(axis_slider(Metric.step, playable=7))
    with drawing:
        found = history(data, seed)
        chart(
            picture(data, seed, measure),
            key="metric_training",
            follow=Metric.step.key,
            alt=f"The held-out loss and the {measure} of a network over 300 steps of training. The loss is "
            f"smallest after {found.steps[found.best()]} steps, the {measure} best after "
            f"{found.steps[found.best(measure)]}.",
        )
    keep = {c.key: c.value for c in (Metric.measure, Metric.error, Metric.data, Metric.seed)}
    stops = {"Best loss": found.best(), "Best metric": found.best(measure), "The end": -1}
    table: dict[str, dict[str, Any]] = {
        name: keep | {Metric.step.key: int(found.steps[k])} for name, k in stops.items()
    }
    with tries:
        presets("metric_training_try", table | OTHERS, Metric.training_controls)
    with convention:
        caption(words(found))
    Tabs().fill(
        see=_see(found, measure) + "\n\n" + text("number_see" if number else "training_see"),
        maths=text("training_maths"),
        code=f"""import lossviz as lv

history = lv.metrics.score_history({code_of(data, seed)})
print(history.steps[history.best()], history.steps[history.best("{measure}")])
figure = lv.figures.score_curves(history, "{measure}", at={step})""",
        controls=(Metric.view, *Metric.training_controls),
        files=[
            File(
                "Page (HTML)",
                "training.html",
                "text/html",
                lambda: lv.figures.standalone(lv.figures.score_curves(found, measure, at=step), "step"),
            ),
            File("Numbers (CSV)", "training.csv", "text/csv", lambda: _numbers(found)),
        ],
        picture="metric_training",
    )


def _see(found: lv.metrics.ScoreHistory, measure: str) -> str:
    """What happened from the step with the best loss to that with the best measure, in its own numbers."""
    a, b = found.best(), found.best(measure)
    first, last = int(found.steps[a]), int(found.steps[b])
    name = NAMES[measure]
    if a == b:
        return f"Here the loss and {name} are best at the same step, {first}. Try another seed or metric."
    if found.task == "regression":
        return f"The loss is best after {first} steps, {name} after {last}."
    moved = lv.metrics.prediction_change(found, a, b)
    return (
        f"From step {first} to {last}, {moved.newly_right} turn right and {moved.newly_wrong} turn wrong. "
        f"The {moved.still_wrong} that stay wrong change the loss by {moved.nats_still_wrong:+.0f} nats in "
        f"all, the others by {moved.nats_others:+.0f}."
    ).replace("-", "−")


def _numbers(found: lv.metrics.ScoreHistory) -> str:
    table = {"step": found.steps, "loss in training": found.train_loss, "loss": found.loss}
    return files.columns({**table, **found.scores})
