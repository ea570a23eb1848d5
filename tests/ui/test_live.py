"""A training in the background plays, pauses, steps, stops without a reader, and gives the same numbers."""

import threading
import time

import numpy as np
import pytest
from support.waiting import until

import lossviz as lv
from lossviz.ui import live
from lossviz.ui.live import LiveTraining

FIELDS = ("steps", "loss", "test_loss", "accuracy", "cross_entropy", "brier", "gradient_norm")


def settings(steps: int = 60, dataset: str = "moons", seeds: int = 2) -> lv.TrainingSettings:
    return lv.TrainingSettings(
        dataset,
        "mlp-16",
        ("sigmoid-mse", "sigmoid-ce"),
        (0.5, 0.1),
        seeds=seeds,
        steps=steps,
        record_every=10,
    )


def assert_equal(history: lv.History, other: lv.History) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(history, name), getattr(other, name), err_msg=name)


def uninterrupted(wanted: lv.TrainingSettings) -> lv.History:
    training = lv.Training(wanted)
    return lv.History.from_snapshots(wanted, training.layers, list(training), training.diverged_at)


def test_it_begins_at_step_0() -> None:
    training = LiveTraining(settings())
    view = training.read()
    assert view.history.steps.tolist() == [0]
    assert (view.running, view.done, training.running) == (False, False, False)


def test_played_to_its_end_it_equals_the_uninterrupted_training() -> None:
    training = LiveTraining(settings())
    training.play()
    until(lambda: training.read().done and not training.running)
    view = training.read()
    assert (view.running, view.done) == (False, True)
    assert view.history.steps.tolist() == [0, 10, 20, 30, 40, 50, 60]
    assert_equal(view.history, uninterrupted(settings()))


def test_paused_and_continued_it_equals_the_uninterrupted_training() -> None:
    training = LiveTraining(settings(steps=200))
    while not training.done:
        before = len(training.read().history.steps)
        training.play()
        until(lambda before=before: training.done or len(training.read().history.steps) > before)  # type: ignore[misc]
        training.pause()
        assert not training.running
    assert_equal(training.read().history, uninterrupted(settings(steps=200)))


def test_advanced_record_by_record_it_equals_the_uninterrupted_training() -> None:
    training = LiveTraining(settings())
    for step in range(10, 61, 10):
        training.advance()
        assert training.read().history.steps[-1] == step
    training.advance()  # past the end nothing happens
    assert training.read().history.steps[-1] == 60
    assert_equal(training.read().history, uninterrupted(settings()))


def test_advancing_after_a_pause_completes_the_record() -> None:
    training = LiveTraining(settings(steps=10_000))
    training.play()
    until(lambda: len(training.read().history.steps) > 2)
    training.pause()
    before = training.read().history.steps[-1]
    training.advance()
    assert training.read().history.steps[-1] == before + 10


def test_a_paused_training_does_not_change() -> None:
    training = LiveTraining(settings(steps=10_000))
    training.play()
    until(lambda: len(training.read().history.steps) > 1)
    training.pause()
    threads = [thread.name for thread in threading.enumerate()]
    assert "lossviz-training" not in threads
    assert_equal(training.read().history, training.read().history)


def test_playing_twice_starts_one_thread() -> None:
    training = LiveTraining(settings(steps=10_000))
    training.play()
    training.play()
    assert [t.name for t in threading.enumerate()].count("lossviz-training") == 1
    training.advance()  # ignored while it runs: two threads would mix the records
    training.pause()
    steps = training.read().history.steps
    assert np.all(np.diff(steps) == 10)


def test_it_runs_to_a_step_and_reports_its_progress() -> None:
    training, shares = LiveTraining(settings()), []
    training.run_to(35, shares.append)
    assert training.read().history.steps.tolist() == [0, 10, 20, 30, 40]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    training.run_to(10_000, shares.append)
    assert training.done
    assert_equal(training.read().history, uninterrupted(settings()))


def test_it_runs_to_step_0_without_a_step() -> None:
    training = LiveTraining(settings())
    training.run_to(0, lambda share: pytest.fail("no step, no progress"))
    assert training.read().history.steps.tolist() == [0]


def test_without_a_reader_it_stops_and_can_be_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.2)
    training = LiveTraining(settings(steps=10_000))
    training.play()
    until(lambda: not training.running, seconds=5)
    assert not training.done
    left = training.read().history.steps[-1]
    training.play()
    until(lambda: training.read().history.steps[-1] > left)
    training.pause()
    assert np.all(np.diff(training.read().history.steps) == 10)


def test_without_a_reader_it_stops_between_records_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.2)
    training = LiveTraining(
        lv.TrainingSettings("moons", "linear", ("sigmoid-ce",), (0.1,), steps=100_000, record_every=100_000)
    )
    training.play()
    until(lambda: not training.running, seconds=5)
    assert training.read().history.steps.tolist() == [0]


def test_a_reader_keeps_it_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 1.0)
    training = LiveTraining(settings(steps=10_000))
    training.play()
    begun = time.monotonic()
    while time.monotonic() < begun + 1.5:
        assert training.read().running
        time.sleep(0.01)
    training.pause()


def test_every_record_is_complete_while_it_trains() -> None:
    training = LiveTraining(settings(steps=240))
    training.play()
    while not training.done:
        time.sleep(0.002)  # as a page does between two pictures, so that the training has time to run
        view = training.read()
        records = len(view.history.steps)
        assert np.isfinite(view.history.loss).all()
        assert view.history.loss.shape[-1] == records
        assert view.boundaries.predictions.shape[0] == records
    training.pause()


def test_there_are_decision_boundaries_for_data_of_two_features() -> None:
    training = LiveTraining(settings())
    found = training.read().boundaries.predictions
    assert found.shape == (1, 2, live.GRID, live.GRID)
    assert ((found >= 0) & (found <= 1)).all()
    assert LiveTraining(settings(dataset="breast-cancer")).read().boundaries is None


def test_a_run_that_diverges_leaves_the_others_running() -> None:
    wanted = lv.TrainingSettings("line", "linear", ("mse", "huber"), (1e12, 0.1), steps=40, record_every=10)
    training = LiveTraining(wanted)
    training.play()
    until(lambda: training.read().done)
    training.pause()
    history = training.read().history
    assert history.diverged_at[0, 0] >= 0
    assert history.diverged_at[1, 0] == -1
    assert np.isnan(history.loss[0, 0, -1])
    assert np.isfinite(history.loss[1, 0]).all()
