"""Loss gallery and Loss against metric in a browser: the drag, the point itself, the link."""

from collections.abc import Callable
from typing import Any

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser
GRIP = """root => {
  const plot = root.querySelector(".lossviz-plot"), [index] = plot.layout.meta.grip;
  const trace = plot._fullData[index], full = plot._fullLayout, box = plot.getBoundingClientRect();
  const axis = (name) => full[`${name[0]}axis${name.slice(1)}`];
  const [x, y] = [axis(trace.xaxis), axis(trace.yaxis)];
  return [box.left + x._offset + x.c2p(trace.x.at(-1)), box.top + y._offset + y.c2p(trace.y.at(-1))];
}"""


@pytest.mark.parametrize(("path", "dx", "dy"), [("/gallery", -80, 0), ("/gallery?gallery_fit=A+line", 0, 70)])
def test_the_far_point_itself_can_be_dragged(
    viewer: Callable[..., Viewer], path: str, dx: int, dy: int
) -> None:
    one = viewer().open(path)
    address = one.address
    x, y = one.chart.evaluate(GRIP)
    one.page.mouse.move(x, y)
    until(lambda: one.chart.locator(".lossviz-plot").evaluate("plot => plot.style.cursor") == "grab")
    one.page.mouse.down()
    for step in range(1, 5):
        one.page.mouse.move(x + dx * step / 4, y + dy * step / 4)
        until(lambda: float(one.frame) == one.value("gallery_far"))
    there = one.value("gallery_far")
    assert there < 70, "the slider goes with the point"
    near: Any = pytest.approx((x + dx, y + dy), abs=8)
    assert tuple(one.chart.evaluate(GRIP)) == near, "and the point with the pointer"
    assert one.address == address, "nothing is sent while it is held"
    one.page.mouse.up()
    one.address_has(gallery_far=there)
    one.settled()
    assert one.value("gallery_far") == there
    assert one.errors == []


def test_the_threshold_is_where_the_slider_is(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/metric?metric_view=Threshold&metric_cut=7.6")
    line = one.chart.evaluate(
        """root => {
          const plot = root.querySelector(".lossviz-plot"), x = plot._fullLayout.xaxis;
          return plot.getBoundingClientRect().left + x._offset + x.c2p(plot._fullLayout.shapes[0].x0);
        }"""
    )
    assert one.grip("metric_cut")[0] == pytest.approx(line, abs=6)
