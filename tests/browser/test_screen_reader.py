"""What a screen reader is told and finds, and that the focus of the keyboard is seen."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from driving import Viewer, until

from lossviz.pages import discover

pytestmark = pytest.mark.browser
PATIENT = 90_000  # ms
# The contrast of the ring of what has the focus against the page: its own ring, or that of what draws it.
RING = """() => {
  const channels = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (colour) => colour.slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const node = document.activeElement;
  const hidden = node.matches("[type=range], [type=checkbox]");
  const drawn = hidden ? node.closest("[data-rac]:has(> div > input), label") : node;
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(drawn);
  const name = node.outerHTML.slice(0, 120);
  if (outlineStyle !== "solid" || parseFloat(outlineWidth) < 2) return { name, contrast: 0 };
  const paper = channels(getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor);
  const [r, g, b, a = 1] = channels(outlineColor);
  const ring = [r, g, b].map((c, i) => a * c + (1 - a) * paper[i]);
  const [one, other] = [light(ring), light(paper)].sort((x, y) => y - x);
  return { name, contrast: (one + 0.05) / (other + 0.05) };
}"""
COUNT = """root => { // how often the live region says something new
  window.said = [];
  new MutationObserver(() => window.said.push([performance.now(), root.textContent]))
    .observe(root, { childList: true, characterData: true, subtree: true });
}"""


def tree(one: Viewer) -> list[tuple[str, str]]:
    """Role and name of all that a screen reader finds, in its order."""
    session = one.context.new_cdp_session(one.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        (node["role"]["value"], str(node.get("name", {}).get("value", "")))
        for node in nodes
        if not node.get("ignored")
    ]


def said(one: Viewer) -> str:
    return str(one.page.locator(".lossviz-said[role=status]").text_content())


def repeated(name: str) -> bool:
    """Whether a name is the same words twice."""
    words = name.split()
    return len(words) > 1 and len(words) % 2 == 0 and words[: len(words) // 2] == words[len(words) // 2 :]


def focused(one: Viewer, presses: int) -> Iterator[dict[str, Any]]:
    """The ring of each thing that Tab comes to."""
    for _ in range(presses):
        one.page.keyboard.press("Tab")
        yield one.page.evaluate(RING)


def test_a_move_is_told_by_the_number_of_the_picture_and_nothing_is_told_twice(
    viewer: Callable[..., Viewer],
) -> None:
    one = viewer()
    one.page.set_default_timeout(PATIENT)
    one.open("/stuck-neuron")
    assert said(one) == "28.3 times steeper under cross-entropy: logit z = 4.00, output 0.982."
    one.preset("Hopeless")
    until(
        lambda: said(one), lambda text: text.startswith("1490 times steeper under cross-entropy: logit z = 8")
    )
    one.click("neuron_view", "Learning curve")
    until(lambda: said(one), lambda text: text.startswith("after 150 steps of gradient descent: output 0.93"))
    one.settled()
    found = tree(one)
    assert [name for _, name in found if repeated(name)] == []
    names = [name for role, name in found if role in ("slider", "group", "radiogroup", "combobox") and name]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert "Step" in names
    texts = [name for role, name in found if role == "StaticText"]
    assert [text for text in texts if re.fullmatch(r"[−-]?[\d.\u2009]+", text)] == [], (
        "no ticks, no numbers alone"
    )
    assert [role for role, _ in found].count("status") == 1


def test_a_training_is_told_at_a_rate_that_can_be_followed(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/race?race_step=0&race_seeds=2")
    one.page.locator(".lossviz-said[role=status]").evaluate(COUNT)
    one.page.locator(".st-key-race_play button").click()
    until(lambda: said(one), lambda text: text.startswith("after 600 steps"), seconds=60)
    times = [at for at, _ in one.page.evaluate("window.said")]
    assert len(times) >= 1
    assert all(later - sooner > 600 for sooner, later in pairwise(times)), times


def test_every_page_has_a_title_of_its_own(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    titles = {}
    for page in discover():
        one.page.goto(f"{one.server.url}/{page.address if page.section else ''}", wait_until="commit")
        wanted = f"{page.title} · lossviz" if page.section else "lossviz: see"
        until(one.page.title, lambda title, wanted=wanted: title.startswith(wanted))
        titles[page.name] = one.page.title()
    assert len(set(titles.values())) == len(titles)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_ring_of_the_focus_is_seen(viewer: Callable[..., Viewer], theme: str) -> None:
    """On the cards of Home and in the navigation, and on the controls of a page."""
    one = viewer(color_scheme=theme).open("/")
    one.page.keyboard.press("Tab")  # to the link that skips the navigation
    for selector in ("[data-testid=stTopNavLink]", "[data-testid=stTopNavSection]", ".st-key-card_race a"):
        one.page.locator(selector).first.focus()
        ring = one.page.evaluate(RING)
        assert ring["contrast"] >= 3, ring
    one.open("/stuck-neuron?neuron_view=Learning+curve")
    one.page.locator("h1").click()
    rings = [ring for ring in focused(one, 20) if not ring["name"].startswith("<body")]
    assert len(rings) >= 18
    assert [ring for ring in rings if ring["contrast"] < 3] == []
