"""A training streams, pauses, goes on, and ends when its viewer leaves."""

from collections.abc import Callable

import pytest
from driving import Server, Viewer, until

pytestmark = pytest.mark.browser
# Some twenty seconds to train, on an idle machine.
LONG = (
    "/race?race_step=0&race_data=digits&race_network=mlp-64-64&race_seeds=8"
    "&race_losses=softmax-mse%2C+softmax-ce&race_gain=1"
)


def reached(one: Viewer) -> int:
    """The step that the transport shows, while it trains and when it stands."""
    sliders = one.page.locator('[class*="st-key-axis_slider_race"] input[type=range]')
    return int(float(sliders.first.input_value()))


def press(one: Viewer, name: str) -> None:
    one.page.get_by_role("button", name=name).first.click()


def is_running(one: Viewer) -> None:
    one.page.get_by_role("button", name="Pause").first.wait_for()


def is_paused(one: Viewer) -> None:
    one.page.get_by_role("button", name="Play").first.wait_for()
    one.settled()


def paused_at(one: Viewer) -> int:
    """The step at which it stands, once the transport and the link say the same (no step is step 240)."""
    is_paused(one)
    until(lambda: one.query().get("race_step", ["240"]) == [str(reached(one))])
    return reached(one.settled())


def test_a_training_streams_pauses_goes_on_steps_and_starts_again(
    viewer: Callable[..., Viewer], server: Server
) -> None:
    one = viewer().open(LONG)
    assert reached(one) == 0
    pictures = one.pictures
    press(one, "Play")
    is_running(one)
    assert until(server.racing) == 1
    until(lambda: one.pictures, lambda n: n >= pictures + 3)
    until(lambda: reached(one), lambda n: n >= 20)

    press(one, "Pause")
    until(server.racing, lambda n: n == 0)
    paused = paused_at(one)
    assert paused >= 20
    pictures = one.pictures
    assert one.settled().pictures == pictures
    assert reached(one) == paused

    press(one, "Play")
    is_running(one)
    until(lambda: reached(one), lambda n: n > paused)
    press(one, "Pause")
    again = paused_at(one)

    press(one, "Step")
    until(lambda: reached(one) == again + 10)

    press(one, "Reset")
    until(lambda: reached(one) == 0)
    one.address_has(race_step="0")
    assert paused_at(one) == 0
    assert one.errors == []


def test_another_view_or_metric_restarts_nothing(viewer: Callable[..., Viewer], server: Server) -> None:
    one = viewer().open(LONG)
    press(one, "Play")
    is_running(one)
    seen = until(lambda: reached(one), lambda n: n >= 20)
    for key, name in (("race_measure", "Loss"), ("race_view", "Layers"), ("race_view", "Curves")):
        one.click(key, name)
        one.page.locator(f".st-key-{key} button[aria-checked=true]").get_by_text(name, exact=True).wait_for()
        after = until(lambda: reached(one), lambda n, seen=seen: n > seen)
        assert server.racing() == 1
        seen = after
    one.address_has(race_measure="Loss")
    press(one, "Pause")
    is_paused(one)
    assert reached(one) >= seen
    assert one.errors == []


def test_a_reload_while_it_trains_shows_as_many_steps(
    viewer: Callable[..., Viewer],
) -> None:
    one = viewer(new=True).open(LONG)
    usual = {key: values for key, values in one.query().items() if key != "race_step"}
    press(one, "Play")
    is_running(one)
    until(lambda: reached(one), lambda n: n >= 20)
    step = int(until(lambda: one.query().get("race_step", ["0"])[0], lambda text: int(text) >= 20))
    one.page.reload()
    one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    assert step <= paused_at(one) < 240, "not the step that the page begins with"
    one.address_is(**usual, race_step=str(reached(one)))
    assert one.exceptions() == one.errors == []


def test_a_link_that_takes_seconds_shows_its_progress_and_can_be_stopped(
    viewer: Callable[..., Viewer],
) -> None:
    one = viewer()
    one.page.goto(f"{one.server.url}/race?race_step=600&race_network=mlp-64-64&race_seeds=16")
    one.page.get_by_text("Training to step 600").wait_for()
    press(one, "Stop")
    is_paused(one)
    assert 0 <= reached(one) < 600
    until(one.page.get_by_text("Training to step 600").count, lambda n: n == 0)
    assert one.errors == []


def test_its_thread_is_gone_within_ten_seconds_of_the_tab(
    viewer: Callable[..., Viewer], server: Server
) -> None:
    until(server.racing, lambda n: n == 0)
    one = viewer(new=True).open(LONG)
    press(one, "Play")
    is_running(one)
    until(lambda: reached(one), lambda n: n >= 10)
    assert server.racing() == 1
    assert reached(one) < 200, "a race that is nearly over would end by itself"
    one.page.close()
    until(server.racing, lambda n: n == 0, seconds=10)


def test_a_finished_training_can_be_shown_at_any_earlier_step(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/race?race_step=570&race_network=linear&race_seeds=1")
    press(one, "Play")
    until(lambda: reached(one) == 600)
    until(one.page.get_by_role("button", name="Play").first.is_disabled)
    one.address_has(race_step="600")
    one.settled()
    one.slider("race_step").focus()
    one.page.keyboard.press("Home")
    until(lambda: one.frame == "0")
    one.address_has(race_step="0")
    drawn = one.settled().drawn()["traces"][:6]
    assert max(t["x"][-1] for t in drawn if len(t["x"] or ()) > 2) == 600, "nothing is forgotten"
    assert one.errors == []


def test_losses_that_do_not_fit_the_data_are_a_sentence(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    one.page.goto(f"{one.server.url}/race?race_data=digits")
    one.page.get_by_text("sigmoid-mse").first.wait_for()
    until(one.page.get_by_text("has 10").count, lambda n: n == 1)
    assert one.exceptions() == one.errors == []
