"""The browser's Back and Forward: one step is one page, and address, control and picture agree."""

from collections.abc import Callable

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser
FIRST, SECOND = "/stuck-neuron", "/numbers"
PATIENT = 90_000  # ms


def visit(one: Viewer, section: str, title: str, path: str) -> None:
    """Go to a page by the navigation."""
    one.page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    one.page.get_by_role("menuitem", name=title, exact=True).first.click()
    arrived(one, path)


def arrived(one: Viewer, path: str) -> None:
    until(lambda: one.address.partition("?")[0] == one.server.url + path)
    one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    one.settled()


def neuron_shows(one: Viewer, z: str, in_address: str | None) -> None:
    arrived(one, FIRST)
    one.address_has(neuron_z=in_address)
    until(lambda: (one.slider("neuron_z").input_value(), one.frame), lambda seen: seen == (z, z))


def numbers_show(one: Viewer, actual: str, in_address: str | None) -> None:
    arrived(one, SECOND)
    one.address_has(numbers_actual=in_address)
    until(lambda: one.page.locator(".st-key-numbers_actual textarea").input_value() == actual)


def test_one_step_back_is_one_page_with_its_controls_and_picture(viewer: Callable[..., Viewer]) -> None:
    one = viewer(new=True)  # a browser counts at most 50 entries of a tab
    one.page.set_default_timeout(PATIENT)  # the first page of a cold server
    one.open(FIRST)
    usual = "1 0 1 0 0 1"

    def to_numbers() -> None:
        visit(one, "Why this loss", "Numbers that go wrong", SECOND)

    to_numbers()
    visit(one, "See it learn", "Stuck neuron", FIRST)
    one.slider("neuron_z").focus()
    one.page.keyboard.press("ArrowRight")  # the browser writes this into the address
    neuron_shows(one, "4.1", "4.1")
    to_numbers()
    numbers_show(one, usual, None)
    one.page.locator(".st-key-numbers_actual textarea").fill("1 0 1 0 0 0")
    one.page.keyboard.press("Control+Enter")  # and the server this
    numbers_show(one, "1 0 1 0 0 0", "1 0 1 0 0 0")
    entries = one.page.evaluate("history.length")
    visit(one, "See it learn", "Stuck neuron", FIRST)
    assert one.page.evaluate("history.length") == entries + 1
    for step, shows, values in (
        ("back", numbers_show, ("1 0 1 0 0 0", "1 0 1 0 0 0")),
        ("back", neuron_shows, ("4.1", "4.1")),
        ("back", numbers_show, (usual, None)),
        ("back", neuron_shows, ("4", None)),
        ("forward", numbers_show, (usual, None)),
        ("forward", neuron_shows, ("4.1", "4.1")),
        ("forward", numbers_show, ("1 0 1 0 0 0", "1 0 1 0 0 0")),
    ):
        one.page.evaluate(f"history.{step}()")
        shows(one, *values)
    assert one.exceptions() == one.errors == []
