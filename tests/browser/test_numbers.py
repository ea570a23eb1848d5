"""Numbers that go wrong in a browser: typing, the table, the link."""

from collections.abc import Callable

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser


def write(one: Viewer, key: str, text: str) -> None:
    box = one.page.locator(f".st-key-{key} textarea")
    box.fill(text)
    box.press("Control+Enter")


def test_what_is_typed_is_scored_and_in_the_link(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/numbers")
    write(one, "numbers_actual", "0 0 0 0 0 0")
    one.address_has(numbers_actual="0 0 0 0 0 0")
    until(lambda: any("−0" in text for text in one.settled().drawn()["texts"]))
    again = viewer().open(one.address.removeprefix(one.server.url))
    assert again.drawn() == one.drawn()
    assert again.page.locator(".st-key-numbers_actual textarea").input_value() == "0 0 0 0 0 0"
    assert one.errors == again.errors == []


def test_a_mistake_is_a_sentence_and_what_was_typed_stays(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/numbers")
    write(one, "numbers_predicted", "0.9 0.2 x")
    one.page.get_by_text("item 3 of Predicted must be a finite number").wait_for()
    assert one.page.locator(".st-key-numbers_predicted textarea").input_value() == "0.9 0.2 x"
    assert one.exceptions() == []
    write(one, "numbers_predicted", "0.9 0.2 0.4 0.95 0.1 0.5")
    one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    until(lambda: any("0.693" in text for text in one.drawn()["texts"]))
    assert one.errors == []


def test_a_number_is_recognized_and_kept_in_the_link(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/numbers?numbers_view=This+number%3F")
    box = one.page.locator(".st-key-numbers_value input")
    box.fill("1.461")
    box.press("Enter")
    one.address_has(numbers_value="1.461")
    one.page.get_by_text("applies another").wait_for()
    again = viewer().open(one.address.removeprefix(one.server.url))
    assert again.page.locator(".st-key-numbers_value input").input_value() == "1.461"
    assert again.drawn() == one.settled().drawn()
    assert one.errors == again.errors == []
