"""From Home to the first answers on a phone, from page to page by Next, and words explained on the spot."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from driving import PHONE, WIDE, Viewer, until
from page_checks import SIDEWAYS, faults
from support.pages import controls_of

from lossviz.pages import discover

pytestmark = pytest.mark.browser
PATIENT = 90_000  # ms: some pages train first
MOST_TAPS = 4
# What a first-year student asks, the view that answers it, and a word that must then be on the screen.
ASKED = (
    ("What is a loss?", "Number", "turns all predictions into one number"),
    ("Why the logarithm?", "Logarithm", "makes a sum of the product"),
    ("Bits or nats?", "Unit", "Programs compute nats"),
    ("Can a loss be negative?", "Sign", "a density is not limited"),
    ("Why is my accuracy 50 %?", "Accuracy", "look at the loss beside it"),
)


def phone(viewer: Callable[..., Viewer]) -> Viewer:
    one = viewer(viewport=PHONE, has_touch=True, is_mobile=True)
    one.page.set_default_timeout(PATIENT)
    return one


def card(one: Viewer, page: str) -> Any:
    return one.page.locator(f".st-key-card_{page} a")


def test_a_student_on_a_phone_finds_each_answer_within_four_taps_from_home(
    viewer: Callable[..., Viewer],
) -> None:
    """A visit: from Home by its card, then from view to view; every answer is one tap from the last."""
    one = phone(viewer).open("/")
    assert "Start here" in card(one, "start_here").inner_text()
    empty = one.page.locator("[data-testid=stColumn]:not(:has(img))")  # where a row of cards is not full
    assert all(column.bounding_box() is None for column in empty.all())
    card(one, "start_here").tap()
    taps = 1
    until(lambda: one.page.locator("h1").all_inner_texts() == ["What is a loss?"])
    for question, view, words in ASKED:
        if view != "Number":
            one.page.locator(".st-key-start_view button").get_by_text(view, exact=True).tap()
            one.address_has(start_view=view)
        assert taps + (view != "Number") <= MOST_TAPS
        one.page.get_by_text(question, exact=True).first.wait_for()
        one.page.get_by_text(re.compile(words)).first.wait_for()
        one.settled()
        assert one.page.evaluate(SIDEWAYS) == []
    assert one.exceptions() == one.errors == []


def test_next_alone_leads_from_start_here_to_loss_against_metric(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    one.open("/start-here")
    pages = discover()
    names = [page.name for page in pages]
    way = pages[names.index("start_here") : names.index("metric") + 1]
    for before, page in pairwise(way):
        link = one.page.get_by_role("link", name=f"Next: {page.title}", exact=False)
        link.click()  # also while the page before is still computing
        until(lambda page=page: f"/{page.address}" in one.address)
        one.page.get_by_role("link", name=f"Back: {before.title}", exact=False).wait_for()
        until(lambda page=page: one.page.locator("h1").all_inner_texts() == [page.question], seconds=60)
    assert one.exceptions() == []


def test_a_word_opens_in_place_by_touch_and_by_keyboard_and_leads_to_its_page(
    viewer: Callable[..., Viewer],
) -> None:
    one = phone(viewer).open("/stuck-neuron")
    before = one.address
    words = one.page.locator(".st-key-words")
    sigmoid = words.get_by_role("button", name="sigmoid")
    sigmoid.tap()
    body = one.page.get_by_test_id("stPopoverBody")
    body.get_by_text("makes a probability of any number").wait_for()
    body.locator(".katex").first.wait_for()
    box = body.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert sigmoid.bounding_box()["height"] >= 40
    assert faults(one.page, where="[data-testid=stPopoverBody]") == []
    one.page.keyboard.press("Escape")
    body.wait_for(state="detached")
    nat = words.get_by_role("button", name="nat", exact=False).first
    nat.focus()
    one.page.keyboard.press("Enter")
    body.get_by_text("The unit of information with natural logarithms").wait_for()
    assert one.address == before
    body.get_by_role("link").click()
    one.address_has(start_view="Unit")
    one.page.get_by_text("Bits or nats?", exact=True).first.wait_for()
    assert one.exceptions() == one.errors == []


def test_the_glossary_renders_its_formulas_and_has_no_barriers_in_either_theme(
    viewer: Callable[..., Viewer],
) -> None:
    one = viewer(viewport=WIDE)
    one.page.goto(f"{one.server.url}/glossary")
    field = one.page.locator(f".st-key-{controls_of('glossary').find.key} input")
    field.wait_for()
    one.page.locator(".katex").last.wait_for()
    one.settled()
    assert one.page.locator(".katex-error").count() == 0
    assert one.page.locator(".katex").count() >= 45
    for scheme in ("light", "dark"):
        one.page.emulate_media(color_scheme=scheme)
        assert faults(one.settled().page) == []
    one.page.set_viewport_size(PHONE)
    assert one.settled().page.evaluate(SIDEWAYS) == []
    field.fill("logit")
    field.press("Enter")
    one.address_has(glossary_find="logit")
    until(lambda: 0 < one.page.locator(".katex").count() < 10)
    assert one.exceptions() == one.errors == []
