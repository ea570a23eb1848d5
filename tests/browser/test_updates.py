"""A chart is updated in place: camera and element stay, clicks and the theme take effect."""

from collections.abc import Callable
from typing import Any

import pytest
from driving import PHONE, Viewer, until

pytestmark = pytest.mark.browser
CAMERAS = """root => {
  const full = root.querySelector(".lossviz-plot")._fullLayout;
  const eye = (scene) => (({ x, y, z }) => [x, y, z])(scene._scene.getCamera().eye);
  return [eye(full.scene), eye(full.scene2)];
}"""


def near(a: Any, b: Any) -> bool:
    return bool(a == pytest.approx(b, abs=1e-3))


def test_a_turned_camera_is_shared_and_outlives_a_change_of_a_control(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/two-weights?weights_view=In+relief")
    first = one.chart.evaluate(CAMERAS)
    assert near(first[0], first[1])
    box = one.chart.bounding_box()
    x, y = box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"]
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    for step in range(1, 9):
        one.page.mouse.move(x + 12 * step, y - 4 * step)
    one.page.mouse.up()
    turned = until(lambda: one.chart.evaluate(CAMERAS), lambda c: not near(c[0], first[0]) and near(*c))
    pictures = one.pictures
    one.slider("weights_a").focus()
    one.page.keyboard.press("ArrowLeft")
    until(lambda: one.pictures > pictures)
    one.settled()
    one.address_has(weights_a="4.9")
    after = one.chart.evaluate(CAMERAS)
    assert near(after[0], turned[0])
    assert near(after[1], turned[0])
    assert one.errors == []


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/stuck-neuron", "neuron_half"),
        ("/stuck-neuron?neuron_view=Learning+curve", "neuron_w"),
        ("/two-weights", "weights_a"),
    ],
)
def test_a_control_changes_the_picture_in_the_same_element(
    viewer: Callable[..., Viewer], path: str, key: str
) -> None:
    one = viewer().open(path)
    before, pictures = one.drawn(), one.pictures
    one.chart.evaluate(
        """root => {
      const plot = root.querySelector(".lossviz-plot");
      plot.dataset.mine = "yes";
      window.blanks = 0;
      const look = () => {
        if (!plot.isConnected || !plot.querySelector(".main-svg")) window.blanks += 1;
        requestAnimationFrame(look);
      };
      look();
    }"""
    )
    if key == "neuron_half":
        one.page.locator(f".st-key-{key} label").first.click()
    else:
        one.slider(key).focus()
        one.page.keyboard.press("ArrowRight")
    until(lambda: one.pictures > pictures)
    until(lambda: one.drawn() != before)
    one.settled()
    assert one.chart.locator(".lossviz-plot").get_attribute("data-mine") == "yes"
    assert one.page.evaluate("window.blanks") == 0
    assert one.errors == []


def test_a_click_in_a_map_is_the_new_start(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/two-weights")
    for map_, share, want in ((0, (0.25, 0.25), (-5.0, 5.0)), (1, (0.6, 0.7), (2.0, -4.0))):
        spot = one.chart.evaluate(
            """(root, [map, across, down]) => {
          const plot = root.querySelector(".lossviz-plot");
          const { xaxis, yaxis } = Object.values(plot._fullLayout._plots)[map];
          const box = plot.getBoundingClientRect();
          return [
            box.left + xaxis._offset + across * xaxis._length,
            box.top + yaxis._offset + down * yaxis._length,
          ];
        }""",
            [map_, *share],
        )
        one.page.mouse.click(*spot)
        until(lambda want=want: abs(one.value("weights_a") - want[0]) < 0.2)
        until(lambda want=want: abs(one.value("weights_b") - want[1]) < 0.2)
        one.settled()
        one.address_has(weights_a=one.value("weights_a"), weights_b=one.value("weights_b"))
        starts = [t for t in one.drawn()["traces"] if t["x"] and len(t["x"]) == 201]
        assert starts, "the paths are drawn"
        assert {(t["x"][0], t["y"][0]) for t in starts} == {(one.value("weights_a"), one.value("weights_b"))}
    assert one.errors == []


def test_the_picture_turns_dark_with_the_theme_and_back(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron")
    colours = """root => {
      const plot = root.querySelector(".lossviz-plot");
      return [plot._fullData[0].line.color, plot._fullLayout.font.color];
    }"""
    light = one.chart.evaluate(colours)
    assert light == ["#D55E00", "#1F2530"]
    one.page.emulate_media(color_scheme="dark")
    until(lambda: one.layout == "wd")
    assert one.chart.evaluate(colours) == ["#FF8C42", "#E9E6DF"]
    one.page.emulate_media(color_scheme="light")
    until(lambda: one.layout == "wl")
    assert one.chart.evaluate(colours) == light
    assert one.errors == []


def test_on_a_phone_a_tap_shows_the_other_map(viewer: Callable[..., Viewer]) -> None:
    one = viewer(viewport=PHONE, has_touch=True, is_mobile=True).open("/two-weights")
    tabs = one.chart.locator(".lossviz-tabs button")
    assert [tab.get_attribute("aria-pressed") for tab in tabs.all()] == ["true", "false"]
    first = one.drawn()
    tabs.nth(1).tap()
    until(lambda: one.layout == "n1l")
    assert [tab.get_attribute("aria-pressed") for tab in tabs.all()] == ["false", "true"]
    assert one.drawn()["traces"][0]["z"] != first["traces"][0]["z"]
    pictures = one.pictures
    one.slider("weights_a").focus()  # a control changes the map that is shown, and shows no other
    one.page.keyboard.press("ArrowLeft")
    until(lambda: one.pictures > pictures)
    assert one.settled().layout == "n1l"
    assert one.errors == []


def test_a_wide_window_made_narrow_draws_the_narrow_layout(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron")
    assert one.layout == "wl"
    one.page.set_viewport_size(PHONE)
    until(lambda: one.layout == "n0l")
    one.page.set_viewport_size({"width": 1024, "height": 768})
    until(lambda: one.layout == "wl")
    assert one.errors == []
