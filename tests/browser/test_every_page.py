"""Every page and view, opened once: no errors, no barriers in either theme, and it fits a phone."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from driving import PHONE, Viewer, until
from looking import faults, fits_a_phone, look_over

from lossviz.pages.edge_of_stability.controls import Edge
from lossviz.pages.gallery.controls import Gallery
from lossviz.pages.landscape.controls import Landscape
from lossviz.pages.likelihood.controls import Likelihood
from lossviz.pages.metric.controls import Metric
from lossviz.pages.numbers.controls import Numbers
from lossviz.pages.output_codes.controls import Codes
from lossviz.pages.race.controls import Race
from lossviz.pages.stuck_neuron.controls import Neuron
from lossviz.pages.two_weights.controls import Weights
from lossviz.ui.table import ENTRIES

pytestmark = pytest.mark.browser
PATIENT = 90_000  # ms: some views train first
DECLARED: dict[str, Any] = {
    "stuck-neuron": Neuron,
    "two-weights": Weights,
    "race": Race,
    "landscape": Landscape,
    "edge-of-stability": Edge,
    "gallery": Gallery,
    "likelihood": Likelihood,
    "numbers": Numbers,
    "metric": Metric,
    "output-codes": Codes,
}
LESS_WORK = {"race": {"race_step": 0}, "metric": {"metric_data": "diabetes"}}
MORE = (
    "/stuck-neuron?neuron_view=Learning+curve&neuron_widget=true",
    "/gallery?gallery_fit=A+line",
    "/metric?metric_view=Threshold",
    "/numbers?numbers_view=As+written&numbers_case=Too+few+digits",
)


def address(page: str, view: str) -> str:
    return f"/{page}?" + urlencode({DECLARED[page].view.key: view} | LESS_WORK.get(page, {}))


PAGES = [address(entry.address, DECLARED[entry.address].view.default) for entry in ENTRIES]
VIEWS = [
    address(entry.address, view)
    for entry in ENTRIES
    for view in DECLARED[entry.address].view.options
    if view != "At scale"  # test_output_codes looks it over when it has seen it train
]


@pytest.mark.parametrize("path", ["/", *VIEWS, *MORE])
def test_a_view_has_no_errors_and_no_barriers_in_either_theme_and_fits_a_phone(
    viewer: Callable[..., Viewer], path: str
) -> None:
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    look_over(one.open(path))


@pytest.mark.parametrize("path", ["/", *PAGES])
def test_a_page_that_is_opened_on_a_phone_fits_it(viewer: Callable[..., Viewer], path: str) -> None:
    one = viewer(viewport=PHONE, has_touch=True, is_mobile=True)
    one.page.set_default_timeout(PATIENT)
    one.open(path)
    assert one.layout == "n0l"
    fits_a_phone(one)
    assert one.exceptions() == one.said == []


def test_the_tabs_of_a_page_have_no_barriers(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/race?race_step=0")
    for tab in one.page.get_by_role("tab").all():
        tab.click()
        panel = f"[id='{tab.get_attribute('aria-controls')}']"
        one.page.locator(panel).wait_for()
        assert faults(one.page, where=panel) == [], tab.inner_text()
    assert faults(one.page) == []
    assert one.said == []


def test_axe_would_have_found_a_fault(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/")
    one.page.evaluate(
        """() => document.querySelector(".lossviz-chart").insertAdjacentHTML("beforebegin",
        '<p id="pale" style="color:#ddd;background:#fff">pale</p><button id="mute"></button>')"""
    )
    found = " ".join(faults(one.page))
    assert "color-contrast" in found
    assert "button-name" in found


def test_a_visit_from_page_to_page_keeps_what_each_says(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/")
    for section, title in (("See it learn", "Two weights"), ("Why this loss", "Likelihood"), ("", "Home")):
        question = one.page.locator("h1").inner_text()
        if section:
            one.page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
        one.page.get_by_role("menuitem" if section else "link", name=title, exact=True).first.click()
        until(lambda question=question: one.page.locator("h1").all_inner_texts() not in ([], [question]))
        one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
        one.settled()
        assert one.exceptions() == []
    assert one.said == []
