"""Every view, from a phone to a wide screen: nothing overlaps, nothing is cut off or too small."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from driving import WIDE, Viewer, until
from layout_checks import FAULTS, layout_faults
from support.pages import controls_of

from lossviz.pages import discover
from lossviz.ui.table import Page

pytestmark = pytest.mark.browser
PATIENT = 90_000  # ms: some views train first
LESS_WORK = {"metric": {"metric_data": "diabetes"}}
MORE = (
    "/race?race_step=60&race_rate=0.5&race_gain=1&race_seeds=6&race_activation=sigmoid%2C+relu",
    "/race?race_step=0",
    "/gallery?gallery_fit=A+line",
)


def address(page: Page) -> str:
    query = urlencode(LESS_WORK.get(page.address, {}))
    return f"/{page.address if page.section else ''}{f'?{query}' if query else ''}"


@pytest.mark.parametrize("page", discover(), ids=lambda page: page.name)
def test_no_view_of_a_page_has_texts_that_overlap_or_are_cut(
    viewer: Callable[..., Viewer], page: Page
) -> None:
    """One visit: from view to view by the control on the page, from size to size by the window."""
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    if page.has_picture:
        one.open(address(page))
    else:
        one.page.goto(f"{one.server.url}{address(page)}")
        one.page.locator("h1").wait_for()
        one.settled()
    control = getattr(controls_of(page), "view", None)
    found = {}
    for view in control.options if control else ("",):
        if control and view != control.default:
            one.page.set_viewport_size(WIDE)
            one.click(control.key, control.label_of(view))
            one.address_has(**{control.key: view})
            until(lambda: one.settled().chart.count() == 1 and one.layout.startswith("w"), seconds=90)
        if faults := layout_faults(one):
            found[view] = faults
    assert found == {}
    assert one.errors == []


@pytest.mark.parametrize("path", MORE)
def test_no_texts_overlap_or_are_cut(viewer: Callable[..., Viewer], path: str) -> None:
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    assert layout_faults(one.open(path)) == {}
    assert one.errors == []


def test_faults_of_the_layout_would_be_found(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron")
    one.page.evaluate(
        """() => {
          const [first, second] = document.querySelectorAll(".lossviz-plot .annotation text");
          second.closest(".annotation").replaceWith(first.closest(".annotation").cloneNode(true));
          document.querySelector("h1").insertAdjacentHTML("beforebegin",
            `<div style="width:30px;overflow:hidden"><p style="white-space:nowrap">cut at its end</p></div>
            <button style="position:fixed;left:-9px;width:20px">X</button>`);
        }"""
    )
    faults = " ".join(one.page.evaluate(FAULTS, {"phone": True}))
    for part in ("lies on", "of the page is cut", "beside the window", 'the control "X" is'):
        assert part in faults
