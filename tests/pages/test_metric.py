"""What is special to the page Loss against metric: its measures, and the numbers of its example."""

import numpy as np
import pytest
from support.pages import PageView, code, sound

import lossviz as lv
from lossviz.metrics.measures import MEASURES
from lossviz.metrics.thresholds import THRESHOLDS
from lossviz.pages.metric.controls import Metric
from lossviz.pages.metric.network import TRAININGS, settings
from lossviz.pages.metric.threshold import PREDICTIONS

PAGE = PageView("metric", "metric", Metric.view.default)
at, seen_at = PAGE.at, PAGE.seen_at


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
        f"{change.newly_right} become correct and {change.newly_wrong} become wrong" in m.value
        for m in app.markdown
    )


def test_the_two_predictors_have_their_numbers() -> None:
    app = at("Threshold", who="timid three")
    words = " ".join(m.value for m in app.markdown)
    for part in ("3 of 3 correct", "0.673 nats", "2 of 3 correct", "0.244 nats"):
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
