"""Output codes in a browser: the drag, the summary, the phone."""

from collections.abc import Callable

import pytest
from driving import Viewer, until
from page_checks import check_page

pytestmark = pytest.mark.browser


def test_a_visitor_goes_from_view_to_view_and_the_summary_leads_back(
    viewer: Callable[..., Viewer],
) -> None:
    one = viewer().open("/output-codes")
    for view in ("Unions", "Meaning"):
        one.page.get_by_role("button", name=f"Next: {view} →").click()
        one.address_has(codes_view=view)
        one.settled()
        assert one.exceptions() == []
    one.page.locator(".st-key-codes_summary_1 button").click()
    one.address_has(codes_view=None)
    until(lambda: any("17 weights" in text for text in one.drawn()["texts"]))
    assert one.errors == []


def test_words_that_name_nothing_are_a_sentence(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    one.page.goto(f"{one.server.url}/output-codes?codes_view=Unions&codes_code=your+own&codes_words=00+01+00")
    one.page.get_by_text("These code words cannot be used").wait_for()
    field = one.page.locator(".st-key-codes_words input")
    field.fill("00 01 11")
    field.press("Enter")
    one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    one.settled()
    assert one.exceptions() == []
    assert one.errors == []


def test_training_at_scale_says_how_far_it_is_and_can_be_stopped(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    one.page.set_default_timeout(90_000)  # ms: eight heads are trained from ten starts each
    one.page.goto(f"{one.server.url}/output-codes?codes_view=At+scale&codes_centred=true")
    bar, stop, on = (
        one.page.get_by_role("progressbar"),
        one.page.get_by_role("button", name="Stop"),
        one.page.get_by_role("button", name="Go on"),
    )
    until(lambda: float(bar.get_attribute("aria-valuenow") or 0), lambda share: share > 0)
    stop.click()
    on.wait_for()
    until(one.page.get_by_text("Nothing else has changed").count, lambda n: n == 1)
    until(lambda: bar.count() == stop.count() == one.chart.count() == 0)
    one.settled()
    on.click()
    stop.wait_for()
    one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    until(lambda: bar.count() == stop.count() == on.count() == 0)
    one.settled()
    check_page(one)
