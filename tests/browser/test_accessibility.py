"""Every page and view, opened once: no errors, no barriers in either theme, and it fits a phone."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from driving import PHONE, WIDE, Viewer, until
from page_checks import check_page, faults, fits_a_phone
from support.pages import controls_of

from lossviz.pages import discover
from lossviz.ui.table import Page

pytestmark = pytest.mark.browser
PATIENT = 90_000  # ms: some views train first
LESS_WORK = {"race": {"race_step": 0}, "metric": {"metric_data": "diabetes"}}
MORE = (
    "/stuck-neuron?neuron_view=Learning+curve&neuron_widget=true",
    "/gallery?gallery_fit=A+line",
    "/numbers?numbers_view=As+written&numbers_case=Too+few+digits",
)


def address(page: Page) -> str:
    return f"/{page.address}?{urlencode(LESS_WORK.get(page.address, {}))}"


PAGES = [page for page in discover() if page.section and page.has_picture]
ADDRESSES = ["/", *map(address, PAGES)]
ELSEWHERE = ("At scale",)  # test_output_codes checks it when it has seen it train


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_all_views_of_a_page_have_no_errors_and_no_barriers_in_either_theme_and_fit_a_phone(
    viewer: Callable[..., Viewer], page: Page
) -> None:
    """One visit: from view to view by the control on the page."""
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    one.open(address(page))
    control = controls_of(page).view
    for view in control.options:
        if view in ELSEWHERE:
            continue
        if view != control.default:
            one.page.set_viewport_size(WIDE)
            one.page.emulate_media(color_scheme="light")
            one.click(control.key, control.label_of(view))
            one.address_has(**{control.key: view})
            until(lambda: one.settled().chart.count() == 1 and one.layout == "wl", seconds=90)
        check_page(one)


@pytest.mark.parametrize("path", ["/", *MORE])
def test_a_view_has_no_errors_and_no_barriers_in_either_theme_and_fits_a_phone(
    viewer: Callable[..., Viewer], path: str
) -> None:
    check_page(viewer().open(path))


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_page_that_is_opened_on_a_phone_fits_it(viewer: Callable[..., Viewer], path: str) -> None:
    one = viewer(viewport=PHONE, has_touch=True, is_mobile=True)
    one.page.set_default_timeout(PATIENT)
    one.open(path)
    assert one.layout == "n0l"
    fits_a_phone(one)
    assert one.exceptions() == one.errors == []


def test_the_tabs_of_a_page_have_no_barriers(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/race?race_step=0")
    for tab in one.page.get_by_role("tab").all():
        tab.click()
        panel = f"[id='{tab.get_attribute('aria-controls')}']"
        one.page.locator(panel).wait_for()
        assert faults(one.page, where=panel) == [], tab.inner_text()
    assert faults(one.page) == []
    assert one.errors == []


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
    assert one.errors == []
