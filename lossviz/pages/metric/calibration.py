"""Loss against metric, Calibration: predicted probabilities against frequencies during a training."""

from __future__ import annotations  # a name of lv loads torch: not before the title is shown

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


@st.cache_data(max_entries=8, show_spinner=False)
def picture(data: str, seed: int) -> str:
    result, at = history(data, seed), Metric.calibration_step.default
    return figure_json(lambda narrow: lv.figures.calibration(result, at=at, narrow=narrow))


def show() -> None:
    """The view."""
    drawing, transport, convention = (st.container() for _ in range(3))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        preset_row = st.container(width="content")
        data = Metric.calibration_data.menu(width=170)
        seed = int(Metric.calibration_seed.show(width=150))
    with transport:
        step = int(axis_slider(Metric.calibration_step, playable=7))
    with drawing:
        result = trained(data, seed)
        if result is None:
            return
        chart(
            picture(data, seed),
            key="metric_calibration",
            follow=Metric.calibration_step.key,
            alt="Left, a reliability diagram: the observed frequency over the predicted probability, in ten "
            "bins, beside the diagonal of a calibrated model. Right, the expected calibration error over the "
            "training.",
        )
    keep = {Metric.calibration_seed.key: seed}
    best = int(result.steps[result.best_record()])
    with preset_row:
        presets(
            "metric_calibration_try",
            {
                "Before training": keep | {"metric_seen": 0},
                "Best loss": keep | {"metric_seen": best, "metric_about": data},
                "Overconfident": keep,
                "Breast cancer": keep | {"metric_about": "breast-cancer"},
            },
            Metric.calibration_controls,
        )
    with convention:
        words = caption(
            f"{description(result)} The size of a point is the number of predictions; bars are 95 % "
            "intervals."
        )
    Tabs().fill(
        see=text("calibration_see"),
        maths=text("calibration_maths"),
        code=f"""import lossviz as lv

history = lv.metrics.score_history({code_of(data, seed)})
figure = lv.figures.calibration(history, at={step})""",
        controls=(Metric.view, *Metric.calibration_controls),
        files=[
            FigurePage("calibration.html", lambda: lv.figures.calibration(result, at=step), "step"),
            File("Numbers (CSV)", "calibration.csv", "text/csv", lambda: _numbers(result, step)),
        ],
        picture="metric_calibration",
        caption=words,
    )


def _numbers(result: lv.metrics.ScoreHistory, step: int) -> str:
    facts = result.calibration(int(abs(result.steps - step).argmin()))
    return files.columns(
        {
            "bin from": facts.edges[:-1],
            "bin to": facts.edges[1:],
            "mean predicted": facts.mean_predicted,
            "observed frequency": facts.fraction_of_positives,
            "low": facts.low,
            "high": facts.high,
            "count": facts.count,
        }
    )
