"""The page Loss against metric: every view, preset, dataset and measure; its code, its link, and nonsense."""

from typing import Any

import numpy as np
import pytest
from support.pages import HOSTILE, PageView, code, made_by, opened, payload, presets_work, shown, sound, still

import lossviz as lv
from lossviz.metrics.history import MEASURES
from lossviz.metrics.thresholds import BOLD, CUTS, TIMID
from lossviz.pages.metric.controls import Metric
from lossviz.pages.metric.network import SETUP, settings
from lossviz.pages.metric.threshold import BY_HAND
from lossviz.ui.controls import Choice, Slider

VIEWS = Metric.view.options


ROOM = PageView("metric", "metric", Metric.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


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


def test_every_measure_is_drawn_and_tells_what_became_of_the_loss() -> None:
    for data, control, key in (
        ("breast-cancer", Metric.measure, "measure"), ("diabetes", Metric.error, "error"),
    ):  # fmt: skip
        app = at(data=data)
        for measure in control.options:
            app.session_state[f"metric_{key}"] = measure
            sound(app.run())
            history = lv.metrics.score_history(settings(data, 0))
            assert f'history, "{measure}"' in code(app)
            first, last = history.steps[history.best()], history.steps[history.best(measure)]
            words = " ".join(m.value for m in app.markdown)
            assert str(first) in words
            assert str(last) in words


def test_the_story_of_the_default_is_true() -> None:
    """From the best loss to the best accuracy: more right than before, and the wrong ones surer."""
    history = lv.metrics.score_history(settings("digits", 0))
    a, b = history.best(), history.best("accuracy")
    assert history.steps[b] == Metric.step.default > history.steps[a]
    assert history.loss[b] > 1.2 * history.loss[a]
    assert history.scores["accuracy"][b] > history.scores["accuracy"][a]
    moved = lv.metrics.prediction_change(history, a, b)
    assert moved.nats_still_wrong > 0 > moved.nats_others
    app = seen_at()
    assert any(
        f"{moved.newly_right} turn right and {moved.newly_wrong} turn wrong" in m.value for m in app.markdown
    )


def test_the_three_by_hand_are_told_with_their_numbers() -> None:
    app = at("Threshold", who="timid three")
    words = " ".join(m.value for m in app.markdown)
    for part in ("3 of 3 right", "0.673 nats", "2 of 3 right", "0.244 nats"):
        assert part in words


def test_what_is_offered_is_the_cores() -> None:
    assert set(Metric.measure.options) | set(Metric.error.options) == set(MEASURES)
    assert set(Metric.data.options) == set(SETUP) <= set(lv.DATASETS)
    assert set(Metric.about.options) == {n for n in SETUP if lv.DATASETS[n].task == "classification"}
    assert tuple(Metric.who.options[1:]) == tuple(BY_HAND)
    assert tuple(BY_HAND.values()) == (TIMID, BOLD)
    assert (Metric.cut.low, Metric.cut.high) == (CUTS[0], CUTS[-1])
    assert np.diff(CUTS) == pytest.approx(Metric.cut.step)
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
