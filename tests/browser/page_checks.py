"""What must hold of every page: no errors, no accessibility faults, and it fits a phone."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from driving import PHONE, Viewer, until

# Faults of Streamlit's own widgets that no theme can correct: (rule, part of the element's HTML).
STREAMLITS_OWN_FAULTS = (
    ("color-contrast", 'data-variant="segmented_control"'),
    ("color-contrast", "stSliderThumbValue"),
)
COLOURS = ("color-contrast", "link-in-text-block")  # what another theme can change
AXE = Axe().axe_script
RUN = """([where, options]) => axe.run(where ?? document, { resultTypes: ["violations"], ...options })
  .then((found) => found.violations)"""


def faults(page: Any, *rules: str, where: str | None = None) -> list[str]:
    """What axe-core calls serious or critical, by all its rules or these, without what is Streamlit's own.

    ``where`` is a selector of the part that is looked at; the whole page if there is none.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return [
        f"{fault['id']}: {node['target']} {node['html'][:200]}"
        for fault in page.evaluate(RUN, [where, {"runOnly": list(rules)} if rules else {}])
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
        if not any(fault["id"] == rule and part in node["html"] for rule, part in STREAMLITS_OWN_FAULTS)
    ]


SIDEWAYS = """() => [...document.querySelectorAll("html, body, [data-testid=stApp], [data-testid=stMain], "
  + "[data-testid=stMainBlockContainer], .lossviz-chart")]
  .filter((e) => e.scrollWidth > Math.max(e.clientWidth, 390)).map((e) => e.className || e.tagName)"""
# The names of the views that cannot be read whole: beside the page, or clipped by what they stand in.
HIDDEN = """() => [...document.querySelectorAll('[class$="_view"] button, [class*="_view "] button')]
  .filter((button) => {
    const { left, right, top, bottom } = button.getBoundingClientRect();
    const box = button.parentElement.getBoundingClientRect();
    const clipped = [...button.querySelectorAll("*")].some((e) => e.scrollWidth > e.clientWidth + 1);
    const whole = left >= box.left - 1 && right <= box.right + 1 && top >= box.top - 1
      && bottom <= box.bottom + 1 && box.left >= 0 && box.right <= innerWidth;
    return clipped || !whole;
  }).map((button) => button.innerText)"""


def fits_a_phone(one: Viewer) -> None:
    """In a window of a phone's size: nothing scrolls sideways, and every view's name is there to be read."""
    assert one.page.evaluate(SIDEWAYS) == []
    box = one.chart.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert one.page.evaluate(HIDDEN) == []


def check_page(one: Viewer) -> None:
    """Check an open page in both themes and in a phone's window, without opening it again."""
    assert one.exceptions() == []
    assert faults(one.page) == []
    assert one.chart.get_attribute("role") == "group"
    assert len(one.chart.get_attribute("aria-label")) > 40
    one.page.emulate_media(color_scheme="dark")
    until(lambda: one.layout == "wd")
    assert faults(one.settled().page, *COLOURS) == []
    one.page.set_viewport_size(PHONE)
    until(lambda: one.layout == "n0d")
    fits_a_phone(one.settled())
    assert one.exceptions() == one.errors == []
