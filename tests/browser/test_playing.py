"""Keys and the play button move a slider and its picture."""

from collections.abc import Callable

import pytest
from driving import SEEN, WATCH, Viewer, assert_alike, once_at_rest, until

pytestmark = pytest.mark.browser
REDUCED = "reduce"


def test_the_picture_of_the_slope_is_that_of_the_logit(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron?neuron_z=6")
    markers = [t for t in one.drawn()["traces"] if t["x"] == [6, 6]]
    assert len(markers) == 3  # loss, slope and curvature of both losses
    assert markers[1]["y"] == pytest.approx([0.00492, 0.9975], abs=1e-4)


def test_keys_move_the_slider_and_the_picture(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron")
    one.slider("neuron_z").focus()
    for presses in range(1, 4):
        one.page.keyboard.press("ArrowRight")
        until(lambda presses=presses: one.frame == f"{4 + presses / 10:g}")
    one.address_is(neuron_z="4.3")
    one.page.keyboard.press("End")
    until(lambda: one.frame == "8")
    one.address_is(neuron_z="8")
    assert one.errors == []


def test_on_a_slow_machine_quick_keys_are_all_kept(viewer: Callable[..., Viewer]) -> None:
    """A preset is lit when the keys begin; what the browser says of it before it hears otherwise is old."""
    one = viewer(new=True).open("/stuck-neuron")
    one.context.new_cdp_session(one.page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    one.slider("neuron_z").focus()
    for _ in range(3):
        seen = one.value("neuron_z")
        one.page.keyboard.press("ArrowRight")
        until(lambda seen=seen: one.value("neuron_z") > seen)
    one.address_is(neuron_z="4.3")
    one.page.locator("[data-testid=stCode]").first.get_by_text("at=4.3").wait_for(state="attached")
    one.settled()
    assert one.query() == {"neuron_z": ["4.3"]}
    assert one.value("neuron_z") == 4.3
    assert one.frame == "4.3"


def test_one_click_plays_home_to_its_end(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/")
    pictures = one.pictures
    one.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: one.pictures, lambda n: n >= pictures + 5)
    assert "home_step" not in one.query(), "nothing is sent while it plays"
    until(lambda: one.frame == "250")
    one.address_is(home_step="250")  # where it stopped is in the link
    one.page.get_by_role("button", name="Play", exact=True).wait_for()  # and can be played again
    assert one.errors == []


def test_play_can_be_paused(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/?home_step=1")
    pictures = one.pictures
    one.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: one.pictures > pictures + 1)
    one.page.get_by_role("button", name="Pause", exact=True).click()
    one.page.get_by_role("button", name="Play", exact=True).wait_for()
    one.settled()
    stopped = one.value("home_step")
    assert 1 < stopped < 250
    one.address_is(home_step=f"{stopped:g}")
    assert abs(float(one.frame) - stopped) <= 1


def test_with_reduced_motion_play_shows_the_end_at_once(viewer: Callable[..., Viewer]) -> None:
    one = viewer(reduced_motion=REDUCED).open("/?home_step=10")
    pictures = one.pictures
    one.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: one.frame == "250")
    assert one.settled().pictures <= pictures + 2
    one.address_is(home_step="250")
    assert one.errors == []


def test_a_heat_map_that_is_patched_is_the_one_that_is_drawn_at_rest(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/race?race_step=100&race_seeds=2&race_view=Layers")
    one.chart.evaluate(WATCH)
    before = one.chart.evaluate(SEEN)
    one.page.get_by_role("button", name="Step").first.click()
    moved, drawn = once_at_rest(one)
    assert_alike(moved, drawn)
    pictures = [[node[0] for node in nodes if node[0].startswith("data:image")] for nodes in (before, drawn)]
    assert len(pictures[0]) == len(pictures[1]) == 4, "each run's heat map and its decision boundary"
    assert pictures[0] != pictures[1], "a record more"
    assert one.errors == []
