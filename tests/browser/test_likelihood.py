"""Likelihood in a browser: the drag, the click on a column, the link."""

from collections.abc import Callable

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("path", "key"), [("", "likelihood_m"), ("?likelihood_view=One+bar", "likelihood_toward")]
)
def test_dragging_moves_the_picture_while_the_pointer_is_down(
    viewer: Callable[..., Viewer], path: str, key: str
) -> None:
    one = viewer().open(f"/likelihood{path}")
    address, before = one.address, one.drawn()
    x, y = one.grip(key)
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    frames = set()
    for step in range(1, 6):
        one.page.mouse.move(x + 40 * step, y)
        until(lambda: abs(float(one.frame) - one.value(key)) < 0.051)
        frames.add(one.frame)
    assert len(frames) == 5, "it moves before the release"
    assert one.address == address, "nothing is sent while the pointer is down"
    one.page.mouse.up()
    until(lambda: key in one.query())
    one.settled()
    assert float(one.query()[key][0]) == pytest.approx(one.value(key))
    assert one.drawn() != before
    assert one.said == []


def test_a_click_sets_a_column_and_the_link_follows(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/likelihood?likelihood_view=One+bar")
    place = one.chart.evaluate(
        """root => {
          const plot = root.querySelector(".lossviz-plot"), { xaxis2: x, yaxis2: y } = plot._fullLayout;
          const box = plot.getBoundingClientRect();
          return [box.left + x._offset + x.d2p(0.2), box.top + y._offset + y.d2p(0.4)];
        }"""
    )
    one.page.mouse.click(*place)
    until(lambda: "likelihood_q_a" in one.query())
    one.settled()
    assert float(one.query()["likelihood_q_a"][0]) == pytest.approx(40, abs=1)
    assert "likelihood_p_a" not in one.query(), "the world stays"
    assert one.said == []


def test_the_slider_stands_under_its_axis(viewer: Callable[..., Viewer]) -> None:
    one = viewer(viewport={"width": 1440, "height": 1200}).open("/likelihood?likelihood_m=5.0")
    one.stands_under("likelihood_m", "xaxis2", 1.0)
