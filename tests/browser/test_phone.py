"""On a phone: the menu closes over the page that was chosen, and a race shows its end however early it is started."""

from collections.abc import Callable

import pytest
from driving import PHONE, Viewer, until

pytestmark = pytest.mark.browser
PHONES, OPENED = 10, 5
RACE = "/race?race_step=540&race_network=linear&race_seeds=1"
# Taps Play as soon as it is there: before the chart has its data, its width, or Plotly.
TAP = """new MutationObserver(() => {
  const play = document.querySelector(".st-key-race_play button");
  if (window.tapped || !play || play.disabled || !play.textContent.includes("Play")) return;
  window.tapped = true;
  play.click();
}).observe(document, { subtree: true, childList: true, attributes: true });"""
SHOWN = """() => {
  const app = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
  return [Boolean(window.tapped), app, document.querySelector(".lossviz-chart")?.dataset.state];
}"""


def test_a_race_that_is_started_at_once_shows_its_end(viewer: Callable[..., Viewer]) -> None:
    """Fifty times, on ten phones at a time, each six times as slow as this machine."""
    phones = [viewer(new=True, viewport=PHONE, has_touch=True, is_mobile=True) for _ in range(PHONES)]
    for one in phones:
        one.context.new_cdp_session(one.page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
        one.page.add_init_script(TAP)
    for _ in range(OPENED):
        for one in phones:
            one.page.goto(f"{one.server.url}{RACE}", wait_until="commit", timeout=60_000)
        for one in phones:
            width = PHONE["width"] - 34
            until(
                lambda one=one: one.page.evaluate(SHOWN),
                lambda shown, width=width: shown == [True, "notRunning", f"n0l 600 {width}"],
                seconds=120,
            )
    assert [one.errors for one in phones] == [[]] * PHONES


def test_the_menu_closes_over_the_page_that_was_chosen(viewer: Callable[..., Viewer]) -> None:
    one = viewer(viewport=PHONE, has_touch=True, is_mobile=True).open("/stuck-neuron")
    button = one.page.get_by_test_id("stExpandSidebarButton")
    assert button.get_attribute("aria-label")
    button.tap()
    menu = one.page.get_by_test_id("stSidebar")
    until(lambda: menu.bounding_box()["x"] == 0)
    box = one.page.get_by_test_id("stSidebarCollapseButton").locator("button").bounding_box()
    assert min(box["width"], box["height"]) >= 40
    for link in menu.get_by_test_id("stSidebarNavLink").all():
        assert link.bounding_box()["height"] >= 40
    menu.get_by_role("link", name="Two weights").tap()
    until(lambda: one.address.endswith("/two-weights"))
    until(lambda: menu.bounding_box()["x"] + menu.bounding_box()["width"] <= 0)
    assert one.settled().errors == []
