"""Clicks in a picture while its page works: none is lost."""

from collections.abc import Callable

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser
CLICKS = 8
PATIENT = 90_000  # ms: the first page of a cold server
# Clicks a place of a panel, given as shares of it from its left and top, after some ms. Its coordinates.
CLICK = """async (root, [panel, across, down, wait]) => {
  await new Promise((done) => setTimeout(done, wait));
  const plot = root.querySelector(".lossviz-plot"), scale = Number(root.dataset.scale);
  const { xaxis, yaxis } = Object.values(plot._fullLayout._plots)[panel];
  const [x, y] = [across * xaxis._length, down * yaxis._length], box = plot.getBoundingClientRect();
  const where = {
    clientX: box.left + scale * (xaxis._offset + x), clientY: box.top + scale * (yaxis._offset + y),
  };
  plot.querySelector(".main-svg").dispatchEvent(new MouseEvent("click", { bubbles: true, ...where }));
  return [xaxis.p2d(x), yaxis.p2d(y)];
}"""

CLICK_SEED = """async (root, [dot, wait]) => {
  await new Promise((done) => setTimeout(done, wait));
  const plot = root.querySelector(".lossviz-plot"), scale = Number(root.dataset.scale);
  const { xaxis20: x, yaxis20: y } = plot._fullLayout, box = plot.getBoundingClientRect();
  const rug = plot._fullData.filter((trace) => trace.xaxis === "x20")[1];
  const where = {
    clientX: box.left + scale * (x._offset + x.d2p(rug.x[dot])),
    clientY: box.top + scale * (y._offset + y.d2p(rug.y[dot])),
  };
  plot.querySelector(".main-svg").dispatchEvent(new MouseEvent("click", { bubbles: true, ...where }));
}"""


@pytest.mark.parametrize(
    ("path", "panel", "keys", "other"),
    [
        ("/two-weights", 0, ("weights_a", "weights_b"), "weights_optimizer"),
        ("/edge-of-stability?edge_view=Bowl", 0, ("edge_product", "edge_beta"), "edge_rule"),
    ],
)
def test_no_click_in_a_map_is_lost(
    viewer: Callable[..., Viewer], path: str, panel: int, keys: tuple[str, str], other: str
) -> None:
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    one.open(path)
    steps = [float(one.slider(key).get_attribute("step")) for key in keys]
    for k in range(CLICKS):
        one.page.locator(f".st-key-{other} button").nth(k % 2).click()  # now the page works
        place = [panel, 0.2 + 0.05 * k, 0.7 - 0.05 * k, 30 * k]
        clicked = one.chart.evaluate(CLICK, place)
        until(
            lambda: [one.value(key) for key in keys],
            lambda found, clicked=clicked: all(
                abs(a - b) <= 0.51 * step for a, b, step in zip(found, clicked, steps, strict=True)
            ),
        )
    one.settled()
    for key in keys:
        one.address_has(**{key: one.value(key)})
    assert one.errors == []


def test_no_click_on_a_column_is_lost(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    one.open("/likelihood?likelihood_view=One+bar")
    for k in range(CLICKS):
        one.page.locator(".st-key-likelihood_unit button").nth(k % 2).click()
        before = one.address
        one.chart.evaluate(CLICK, [1, 0.14, 0.15 + 0.07 * k, 30 * k])
        until(lambda before=before: "likelihood_p_a" in one.address and one.address != before)
        one.settled()
    assert one.errors == []


def test_no_click_on_a_seed_is_lost(viewer: Callable[..., Viewer]) -> None:
    """Another measure has another axis: a click means the picture that it was made in."""
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    one.open("/race?race_step=100&race_seeds=3&race_measure=Cross-entropy&race_network=linear")
    for measure in ("Accuracy", "Cross-entropy"):  # by now the page is as it stays
        one.click("race_measure", measure)
        one.address_has(race_measure=None if measure == "Accuracy" else measure)
        one.settled()
    for k in range(CLICKS):
        one.click("race_measure", ("Brier", "Cross-entropy")[k % 2])
        before = one.query().get("race_shown")
        one.chart.evaluate(CLICK_SEED, [2 * (k % 2), 30 * k])  # the lowest and the highest by turns
        until(lambda before=before: one.query().get("race_shown") != before)
    one.settled()
    assert f"seed {one.query().get('race_shown', ['1'])[0]}" in one.page.inner_text("body")
    assert one.errors == []
