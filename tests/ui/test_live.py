"""A training beside the page: it plays, pauses and steps, ends with its reader, and changes no number."""

import threading
import time

import numpy as np
import pytest
from support.waiting import until

import lossviz as lv
from lossviz.ui import live
from lossviz.ui.live import Live

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


def same(race: lv.History, other: lv.History) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(race, name), getattr(other, name), err_msg=name)


def uninterrupted(wanted: lv.TrainingSettings) -> lv.History:
    training = lv.Training(wanted)
    return lv.stack(wanted, training.layers, list(training), training.diverged_at)


def test_it_stands_ready_at_step_0() -> None:
    one = Live(settings())
    view = one.read()
    assert view.race.steps.tolist() == [0]
    assert (view.running, view.done, one.running) == (False, False, False)


def test_played_to_its_end_it_is_the_uninterrupted_training() -> None:
    one = Live(settings())
    one.play()
    until(lambda: one.read().done and not one.running)
    view = one.read()
    assert (view.running, view.done) == (False, True)
    assert view.race.steps.tolist() == [0, 10, 20, 30, 40, 50, 60]
    same(view.race, uninterrupted(settings()))


def test_paused_anywhere_and_gone_on_with_it_is_the_same_race() -> None:
    one = Live(settings(steps=200))
    while not one.done:
        before = len(one.read().race.steps)
        one.play()
        until(lambda before=before: one.done or len(one.read().race.steps) > before)  # type: ignore[misc]
        one.pause()
        assert not one.running
    same(one.read().race, uninterrupted(settings(steps=200)))


def test_stepped_by_hand_it_is_the_same_race() -> None:
    one = Live(settings())
    for step in range(10, 61, 10):
        one.step()
        assert one.read().race.steps[-1] == step
    one.step()  # past the end nothing happens
    assert one.read().race.steps[-1] == 60
    same(one.read().race, uninterrupted(settings()))


def test_a_step_after_a_pause_ends_the_record_that_was_begun() -> None:
    one = Live(settings(steps=10_000))
    one.play()
    until(lambda: len(one.read().race.steps) > 2)
    one.pause()
    stood = one.read().race.steps[-1]
    one.step()
    assert one.read().race.steps[-1] == stood + 10


def test_nothing_moves_while_it_is_paused() -> None:
    one = Live(settings(steps=10_000))
    one.play()
    until(lambda: len(one.read().race.steps) > 1)
    one.pause()
    threads = [thread.name for thread in threading.enumerate()]
    assert "lossviz-race" not in threads
    same(one.read().race, one.read().race)


def test_playing_twice_is_one_thread() -> None:
    one = Live(settings(steps=10_000))
    one.play()
    one.play()
    assert [t.name for t in threading.enumerate()].count("lossviz-race") == 1
    one.step()  # by hand only when it stands: two hands on one training would mix its records
    one.pause()
    steps = one.read().race.steps
    assert np.all(np.diff(steps) == 10)


def test_it_runs_to_a_step_and_tells_how_far() -> None:
    one, told = Live(settings()), []
    one.run_to(35, told.append)
    assert one.read().race.steps.tolist() == [0, 10, 20, 30, 40]
    assert told == sorted(told)
    assert told[-1] == 1.0
    one.run_to(10_000, told.append)
    assert one.done
    same(one.read().race, uninterrupted(settings()))


def test_it_runs_to_step_0_without_a_step() -> None:
    one = Live(settings())
    one.run_to(0, lambda share: pytest.fail("nothing to tell"))
    assert one.read().race.steps.tolist() == [0]


def test_without_a_reader_it_stops_by_itself_and_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.2)
    one = Live(settings(steps=10_000))
    one.play()
    until(lambda: not one.running, seconds=5)
    assert not one.done
    left = one.read().race.steps[-1]
    one.play()
    until(lambda: one.read().race.steps[-1] > left)
    one.pause()
    assert np.all(np.diff(one.read().race.steps) == 10)


def test_without_a_reader_it_stops_between_records_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.2)
    one = Live(
        lv.TrainingSettings("moons", "linear", ("sigmoid-ce",), (0.1,), steps=100_000, record_every=100_000)
    )
    one.play()
    until(lambda: not one.running, seconds=5)
    assert one.read().race.steps.tolist() == [0]


def test_a_reader_keeps_it_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 1.0)
    one = Live(settings(steps=10_000))
    one.play()
    begun = time.monotonic()
    while time.monotonic() < begun + 1.5:
        assert one.read().running
        time.sleep(0.01)
    one.pause()


def test_read_while_it_trains_every_record_is_whole() -> None:
    one = Live(settings(steps=240))
    one.play()
    while not one.done:
        time.sleep(0.002)  # as a page does between two pictures: who never lets go leaves no time to train
        view = one.read()
        records = len(view.race.steps)
        assert np.isfinite(view.race.loss).all()
        assert view.race.loss.shape[-1] == records
        assert view.portraits.said.shape[0] == records
    one.pause()


def test_portraits_are_drawn_where_the_data_lie_in_a_plane() -> None:
    one = Live(settings())
    said = one.read().portraits.said
    assert said.shape == (1, 2, live.GRID, live.GRID)
    assert ((said >= 0) & (said <= 1)).all()
    assert Live(settings(dataset="breast-cancer")).read().portraits is None


def test_a_member_that_flies_apart_leaves_the_others_running() -> None:
    wanted = lv.TrainingSettings("line", "linear", ("mse", "huber"), (1e12, 0.1), steps=40, record_every=10)
    one = Live(wanted)
    one.play()
    until(lambda: one.read().done)
    one.pause()
    race = one.read().race
    assert race.diverged_at[0, 0] >= 0
    assert race.diverged_at[1, 0] == -1
    assert np.isnan(race.loss[0, 0, -1])
    assert np.isfinite(race.loss[1, 0]).all()


def test_it_ends_at_once_when_its_viewer_is_no_longer_connected() -> None:
    connected = [True]
    one = Live(settings(steps=10_000), lambda: connected[0])
    one.play()
    until(lambda: len(one.read().race.steps) > 1)
    connected[0] = False
    until(lambda: not one.running, seconds=1)
    left = one.at
    connected[0] = True
    one.play()
    until(lambda: one.at > left)
    one.pause()


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])  # stacked, and one by one
def test_a_record_is_left_half_way_and_gone_on_with_it_is_the_same_race(optimizer: str) -> None:
    losses, rates = ("sigmoid-mse", "sigmoid-ce"), (0.1, 0.1)
    wanted = lv.TrainingSettings("moons", "mlp-4", losses, rates, optimizer, 2, 4, record_every=2)
    asked = [0]

    def here() -> bool:
        asked[0] += 1
        return asked[0] != 5  # twice for two steps, then for the networks that the record looks at

    one = Live(wanted, here)
    one.play()
    until(lambda: not one.running)
    assert (one.at, one.done) == (0, False)
    one.play()
    until(lambda: one.done and not one.running)
    same(one.read().race, uninterrupted(wanted))


def test_run_to_tells_at_every_step_and_is_left_there() -> None:
    class Gone(Exception):
        pass

    def leave(share: float) -> None:
        told.append(share)
        if len(told) == 15:
            raise Gone

    one, told = Live(settings()), list[float]()
    with pytest.raises(Gone):
        one.run_to(60, leave)
    assert one.at <= 20
    assert one.goal == 60
    one.run_to(60, told.append)
    same(one.read().race, uninterrupted(settings()))


def test_it_plays_to_a_step_and_stands_there() -> None:
    one = Live(settings(steps=200))
    one.play(goal=30)
    until(lambda: not one.running)
    assert one.at == one.goal == 30
    one.play()
    one.pause()
    assert one.goal == 0, "who pauses does not want to go on"
