"""The page Loss against metric: every view, preset, dataset and measure; its code, its link, and nonsense."""

from typing import Any

import numpy as np
import pytest
from support.pages import HOSTILE, PageView, code, made_by, opened, payload, presets_work, shown, sound, still

import lossviz as lv
from lossviz.metrics.measures import MEASURES
from lossviz.metrics.thresholds import THRESHOLDS
from lossviz.pages.metric.controls import Metric
from lossviz.pages.metric.network import TRAININGS, settings
from lossviz.pages.metric.threshold import PREDICTIONS
from lossviz.ui.controls import Choice, Slider

VIEWS = Metric.view.options


PAGE = PageView("metric", "metric", Metric.view.default)
at, seen_at = PAGE.at, PAGE.seen_at


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_a_question_a_picture_and_its_texts(view: str) -> None:
    app = seen_at(view)
    assert [title.value for title in app.title] == ["Worse loss, better accuracy?"]
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert given["narrow"][""]["data"]
    assert [tab.label for tab in app.tabs] == ["What to see", "Maths", "Code", "Share", "Download"]
    assert any("$$" in m.value for m in app.markdown)
    assert any("Often got wrong" in m.value for m in app.markdown)
    slide = next(c for c in Metric.all if c.key == given["follow"])
    assert isinstance(slide, Slider)
    wanted = np.arange(slide.low, slide.high + slide.step / 2, slide.step)
    for figure in (given["wide"], given["narrow"][""]):
        assert [float(frame["name"]) for frame in figure["frames"]] == pytest.approx(
            wanted.tolist(), abs=1e-9
        )


@pytest.mark.parametrize("view", VIEWS)
def test_every_preset_works_is_lit_and_is_its_link(view: str) -> None:
    presets_work("metric", at(view))


QUERIES: list[tuple[str, dict[str, str]]] = [
    ("Training", {}),
    ("Training", {"data": "breast-cancer", "measure": "f1", "step": "39", "seed": "1"}),
    ("Training", {"data": "diabetes", "error": "mae", "step": "9"}),
    ("Threshold", {"cut": "-2.2"}),
    ("Threshold", {"who": "bold three", "cut": "-0.2"}),
    ("Calibration", {"seen": "18"}),
]


@pytest.mark.parametrize(("view", "query"), QUERIES, ids=[f"{v} {q}" for v, q in QUERIES])
def test_the_code_under_the_picture_makes_that_picture(view: str, query: dict[str, str]) -> None:
    app = seen_at(view, **query)
    assert still(made_by(app)) == shown(app)


def test_every_measure_is_drawn_with_its_best_step() -> None:
    for data, control, key in (
        ("breast-cancer", Metric.measure, "measure"), ("diabetes", Metric.error, "error"),
    ):  # fmt: skip
        app = at(data=data)
        for measure in control.options:
            app.session_state[f"metric_{key}"] = measure
            sound(app.run())
            history = lv.metrics.score_history(settings(data, 0))
            assert f'history, "{measure}"' in code(app)
            first, last = history.steps[history.best_record()], history.steps[history.best_record(measure)]
            words = " ".join(m.value for m in app.markdown)
            assert str(first) in words
            assert str(last) in words


def test_the_default_has_a_worse_loss_and_a_better_accuracy() -> None:
    """From the best loss to the best accuracy: more are right, and the wrong ones cost more."""
    history = lv.metrics.score_history(settings("digits", 0))
    a, b = history.best_record(), history.best_record("accuracy")
    assert history.steps[b] == Metric.step.default > history.steps[a]
    assert history.loss[b] > 1.2 * history.loss[a]
    assert history.scores["accuracy"][b] > history.scores["accuracy"][a]
    change = lv.metrics.prediction_change(history, a, b)
    assert change.nats_still_wrong > 0 > change.nats_others
    app = seen_at()
    assert any(
        f"{change.newly_right} turn right and {change.newly_wrong} turn wrong" in m.value
        for m in app.markdown
    )


def test_the_two_predictors_have_their_numbers() -> None:
    app = at("Threshold", who="timid three")
    words = " ".join(m.value for m in app.markdown)
    for part in ("3 of 3 right", "0.673 nats", "2 of 3 right", "0.244 nats"):
        assert part in words


def test_options_are_those_of_the_core() -> None:
    assert set(Metric.measure.options) | set(Metric.error.options) == set(MEASURES)
    assert set(Metric.data.options) == set(TRAININGS) <= set(lv.DATASETS)
    assert set(Metric.calibration_data.options) == {
        n for n in TRAININGS if lv.DATASETS[n].task == "classification"
    }
    assert tuple(Metric.predictor.options[1:]) == tuple(PREDICTIONS)
    assert tuple(PREDICTIONS.values()) == ((0.51, 0.51, 0.51), (0.99, 0.99, 0.49))
    assert (Metric.threshold.low, Metric.threshold.high) == (THRESHOLDS[0], THRESHOLDS[-1])
    assert np.diff(THRESHOLDS) == pytest.approx(Metric.threshold.step)
    assert settings("digits", 0).steps == Metric.step.high


# --- the link -------------------------------------------------------------------------------------------

PUBLISHED: dict[str, Any] = {
    "metric_view": "Training", "metric_step": 270, "metric_measure": "accuracy", "metric_error": "rmse",
    "metric_data": "digits", "metric_seed": 0, "metric_cut": 0.0, "metric_who": "a model",
    "metric_seen": 300, "metric_about": "digits", "metric_draw": 0,
}  # fmt: skip


def test_defaults_are_published() -> None:
    assert {control.key: control.default for control in Metric.all} == PUBLISHED
    assert all(control.help or control.key == "metric_view" for control in Metric.all)
    for control in Metric.all:
        assert type(control.default) is type(PUBLISHED[control.key])
        if isinstance(control, Choice):
            assert control.default in control.options


@pytest.mark.parametrize("value", [HOSTILE[i] for i in (0, 2, 5, 7, 8)], ids=lambda v: repr(v[:24]))
@pytest.mark.parametrize("view", VIEWS)
def test_nonsense_in_the_address_is_the_default(view: str, value: str) -> None:
    attack = dict.fromkeys(PUBLISHED, value)
    app = opened("metric", attack if view == "Training" else attack | {"metric_view": view})
    assert code(app) == code(seen_at(view))
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown), "nothing is echoed"
