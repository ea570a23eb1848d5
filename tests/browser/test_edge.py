"""Edge of stability in a browser: the drag, the click on the map, the link."""

from collections.abc import Callable
from typing import Any

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser
BOWL = "/edge-of-stability?edge_view=Bowl"
TRAINED = 90_000  # ms: the first to come waits for two trainings


def at(one: Viewer, path: str) -> Viewer:
    one.page.set_default_timeout(TRAINED)
    return one.open(path)


@pytest.mark.parametrize(
    ("path", "key", "unit"),
    [("/edge-of-stability?edge_step=300", "edge_step", 5), (BOWL, "edge_product", 0.02)],
)
def test_dragging_moves_the_picture_while_the_pointer_is_down(
    viewer: Callable[..., Viewer], path: str, key: str, unit: float
) -> None:
    one = at(viewer(), path)
    address, before = one.address, one.drawn()
    x, y = one.grip(key)
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    frames = set()
    for step in range(1, 7):
        one.page.mouse.move(x + 12 * step, y)
        until(lambda: abs(float(one.frame) - one.value(key)) <= unit / 2)
        frames.add(one.frame)
    assert len(frames) > 3, "it moves before the release"
    assert one.address == address, "nothing is sent while the pointer is down"
    one.page.mouse.up()
    until(lambda: [float(v) for v in one.query().get(key, ())] == [one.value(key)])
    one.settled()
    assert one.drawn() != before
    assert one.said == []


CENTRE = """(root, [x, y]) => {
  const plot = root.querySelector(".lossviz-plot"), box = plot.getBoundingClientRect();
  const { xaxis, yaxis } = plot._fullLayout._plots.xy;
  return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
}"""


def test_a_click_on_the_map_moves_the_dot_and_both_sliders(viewer: Callable[..., Viewer]) -> None:
    one = viewer(viewport={"width": 1440, "height": 1300}).open(BOWL)
    x, y = one.chart.evaluate(CENTRE, [2.5, 0.5])
    one.page.mouse.click(x, y)
    until(lambda: (one.value("edge_product"), one.value("edge_beta")), lambda v: v != (1.9, 0.0))
    one.settled()
    assert one.value("edge_product") == pytest.approx(2.5, abs=0.03)
    assert one.value("edge_beta") == pytest.approx(0.5, abs=0.03)
    assert {"edge_product", "edge_beta"} <= set(one.query())
    dot: Any = next(t for t in one.drawn()["traces"] if t["x"] and len(t["x"]) == 1)
    assert (dot["x"][0], dot["y"][0]) == pytest.approx((one.value("edge_product"), one.value("edge_beta")))
    assert one.said == []


@pytest.mark.parametrize(
    ("path", "key", "axis", "share"),
    [("/edge-of-stability", "edge_step", "xaxis2", 500 / 600), (BOWL, "edge_product", "xaxis", 1.9 / 4.4)],
)
def test_the_slider_stands_under_its_axis(
    viewer: Callable[..., Viewer], path: str, key: str, axis: str, share: float
) -> None:
    at(viewer(viewport={"width": 1440, "height": 1400}), path).stands_under(key, axis, share)


def test_a_preset_and_its_link_show_the_same_numbers(viewer: Callable[..., Viewer]) -> None:
    one, other = viewer().open(BOWL), viewer()
    for name in ("Over the edge", "Nesterov does not"):
        one.preset(name)
        other.open(one.address.removeprefix(one.server.url))
        assert other.drawn() == one.drawn()
    assert one.said == other.said == []
