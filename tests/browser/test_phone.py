"""On a phone: the menu closes over the chosen page, and a race that is started early shows its end.

A page costs a slow phone seconds, so a race is started a few times; the environment variable LOSSVIZ_TAPS
says how often, as 50.
"""

import os
from collections.abc import Callable

import pytest
from driving import PHONE, Viewer, until

pytestmark = pytest.mark.browser
TAPS = int(os.environ.get("LOSSVIZ_TAPS", "3"))
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
    """Each time by a link, on a phone six times as slow as this machine."""
    one = viewer(new=True, viewport=PHONE, has_touch=True, is_mobile=True)
    one.context.new_cdp_session(one.page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    one.page.add_init_script(TAP)
    end = [True, "notRunning", f"n0l 600 {PHONE['width'] - 34}"]
    for _ in range(TAPS):
        one.page.goto(f"{one.server.url}{RACE}", wait_until="commit", timeout=60_000)
        until(lambda: one.page.evaluate(SHOWN), lambda shown: shown == end, seconds=120)
    assert one.exceptions() == one.errors == []


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
