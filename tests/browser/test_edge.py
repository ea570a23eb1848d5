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


CENTRE = """(root, [x, y]) => {
  const plot = root.querySelector(".lossviz-plot"), box = plot.getBoundingClientRect();
  const { xaxis, yaxis } = plot._fullLayout._plots.xy;
  return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
}"""


def test_a_click_on_the_map_moves_the_dot_and_both_sliders(viewer: Callable[..., Viewer]) -> None:
    one = viewer(viewport={"width": 1440, "height": 1300}).open(BOWL)
    x, y = one.chart.evaluate(CENTRE, [2.5, 0.5])
    one.page.mouse.click(x, y)
    there = {"edge_product": pytest.approx(2.5, abs=0.03), "edge_beta": pytest.approx(0.5, abs=0.03)}
    until(lambda: {key: one.value(key) for key in there}, lambda values: values == there)
    one.address_has(**there)
    one.settled()
    dot: Any = next(t for t in one.drawn()["traces"] if t["x"] and len(t["x"]) == 1)
    assert (dot["x"][0], dot["y"][0]) == pytest.approx((one.value("edge_product"), one.value("edge_beta")))
    assert one.errors == []


def test_a_preset_and_its_link_show_the_same_numbers(viewer: Callable[..., Viewer]) -> None:
    one, other = viewer().open(BOWL), viewer()
    for name in ("Above the edge", "Nesterov diverges"):
        one.preset(name)
        other.open(one.address.removeprefix(one.server.url))
        assert other.drawn() == one.drawn()
    assert one.errors == other.errors == []
