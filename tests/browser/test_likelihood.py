"""Likelihood in a browser: the drag, the click on a column, the link."""

from collections.abc import Callable

import pytest
from driving import Viewer

pytestmark = pytest.mark.browser


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
    one.address_has(likelihood_q_a=pytest.approx(40, abs=1))
    assert "likelihood_p_a" not in one.settled().query(), "the world stays"
    assert one.errors == []
