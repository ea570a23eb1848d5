"""Likelihood in a browser: the drag, the click on a column, the link, the phone."""

from collections.abc import Callable

import pytest
from driving import PHONE, Viewer, until
from test_every_page import faults

pytestmark = pytest.mark.browser
VIEWS = ("", "?likelihood_view=One+bar", "?likelihood_view=More+data")


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


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_has_no_barriers_in_either_light_and_fits_a_phone(
    viewer: Callable[..., Viewer], path: str
) -> None:
    one = viewer().open(f"/likelihood{path}")
    assert faults(one.page) == []
    assert len(one.chart.get_attribute("aria-label")) > 40
    one.page.emulate_media(color_scheme="dark")
    until(lambda: one.layout == "wd")
    assert faults(one.settled().page) == []
    one.page.set_viewport_size(PHONE)
    until(lambda: one.layout == "n0d")
    assert one.settled().page.evaluate("document.documentElement.scrollWidth") <= 390
    assert one.exceptions() == one.said == []


@pytest.mark.parametrize("width", [1440, 390])
def test_the_slider_stands_under_its_axis(viewer: Callable[..., Viewer], width: int) -> None:
    one = viewer(viewport={"width": width, "height": 1200}).open("/likelihood?likelihood_m=5.0")
    end, _ = one.grip("likelihood_m")
    axis = one.chart.evaluate(
        """root => {
          const plot = root.querySelector(".lossviz-plot"), x = plot._fullLayout.xaxis2;
          return plot.getBoundingClientRect().left + x._offset + x._length;
        }"""
    )
    assert end == pytest.approx(axis, abs=6)
