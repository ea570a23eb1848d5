"""Race as only a browser shows it: the paired test waits for the end, every view streams, slow is slow."""

from collections.abc import Callable

import pytest
from driving import Server, Viewer, until

pytestmark = pytest.mark.browser
SLOW = "/race?race_step=0&race_speed=Slow&race_seeds=6&race_rate=0.02"


def press(one: Viewer, name: str) -> None:
    one.page.get_by_role("button", name=name).first.click()


def texts(one: Viewer) -> str:
    return " | ".join(one.drawn()["texts"])


def test_a_preset_opens_where_there_is_something_to_see(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/race?race_step=0&race_seeds=1&race_network=linear")
    one.preset("Large output weights")
    until(lambda: "Significant" in texts(one))
    one.address_has(race_step=None)  # the default step is not in the link
    until(lambda: one.frame == "240")
    assert one.errors == []


def test_an_earlier_step_shows_its_boundaries_and_its_diagnosis(
    viewer: Callable[..., Viewer],
) -> None:
    one = viewer().open("/race?race_step=60&race_seeds=2&race_gain=1&race_rate=0.5")
    before, maps = texts(one), [t["z"] for t in one.drawn()["traces"] if t["z"]]
    one.slider("race_step").focus()
    one.page.keyboard.press("Home")
    until(lambda: one.frame == "0")
    until(lambda: "Ready" in texts(one))
    assert texts(one) != before
    until(lambda: [t["z"] for t in one.drawn()["traces"] if t["z"]] != maps)
    assert one.errors == []


def test_a_click_on_a_seeds_dot_shows_its_decision_boundaries(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/race?race_step=100&race_seeds=3&race_measure=Cross-entropy")
    maps = [t["z"] for t in one.drawn()["traces"] if t["z"]]
    place = one.chart.evaluate(
        """root => {
          const plot = root.querySelector(".lossviz-plot"), { xaxis20: x, yaxis20: y } = plot._fullLayout;
          const box = plot.getBoundingClientRect(), rug = plot._fullData.filter((t) => t.xaxis === "x20")[1];
          return [box.left + x._offset + x.d2p(rug.x[2]), box.top + y._offset + y.d2p(rug.y[2])];
        }"""
    )
    one.page.mouse.click(*place)
    until(lambda: "race_shown" in one.query())
    shown = f"decision boundaries of seed {one.query()['race_shown'][0]}"
    until(lambda: shown in one.page.inner_text("body"))
    until(lambda: [t["z"] for t in one.drawn()["traces"] if t["z"]] != maps)
    assert one.errors == []


def test_the_paired_test_comes_when_the_training_stops(viewer: Callable[..., Viewer], server: Server) -> None:
    one = viewer().open(SLOW)
    assert "Ready" in texts(one)
    press(one, "Play")
    until(lambda: "Tested when the training stops." in texts(one))
    one.click("race_measure", "Brier")  # the browser has this picture already
    until(lambda: one.frame == "Brier")
    until(lambda: "Brier score" in texts(one))
    for view, mark in (("Layers", "gradient by layer"), ("Seeds", "a line for each seed")):
        one.click("race_view", view)
        until(lambda mark=mark: mark in texts(one))
        pictures = one.pictures
        until(lambda: one.pictures, lambda n, pictures=pictures: n > pictures)
    press(one, "Pause")
    one.page.get_by_role("button", name="Play").first.wait_for()
    until(lambda: any(word in texts(one) for word in ("luck", "No difference", "Significant")))
    assert "Tested when" not in texts(one)
    until(server.racing, lambda n: n == 0)
    assert one.errors == one.exceptions() == []
