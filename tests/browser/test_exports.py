"""Every kind of file with a picture, of every view of every page: its fonts, its words, and its slider."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from driving import WIDE, Viewer, until
from support.pages import controls_of

from lossviz.pages import discover
from lossviz.ui.table import Page

pytestmark = pytest.mark.browser
PATIENT = 90_000  # ms: some views train first
LESS_WORK = {"race": {"race_step": 20, "race_seeds": 2}, "metric": {"metric_data": "diabetes"}}
PAGES = [page for page in discover() if page.section]
ELSEWHERE = ("At scale", "Table")  # train for long; their files are made by the same code
KINDS = ("HTML", "PNG", "SVG")

# The texts of a picture, and those of them that its edge cuts off or that are in no font that it brought along.
TEXTS = """async (root) => {
  const fonts = await document.fonts.ready;
  const loaded = [...fonts].filter((font) => font.status === "loaded")
    .map((font) => font.family.replaceAll('"', ""));
  const edge = root.getBoundingClientRect();
  const shown = [...root.querySelectorAll("text")].filter((node) => node.getBoundingClientRect().width > 0
    && node.textContent.trim());
  const bad = shown.filter((node) => {
    const box = node.getBoundingClientRect();
    const family = getComputedStyle(node).fontFamily.split(",")[0].replaceAll('"', "");
    return box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1
      || box.bottom > edge.bottom + 1 || !loaded.includes(family);
  });
  return { all: shown.map((node) => node.textContent), bad: bad.map((node) => node.textContent), loaded };
}"""
PLOT = """plot => {
  const texts = (plot._fullLayout.annotations ?? []).map((text) => text.text);
  const [slider] = plot._fullLayout.sliders ?? [];
  if (!slider) return { texts };
  const name = slider.steps[slider.active].label;
  const frame = plot._transitionData._frames.find((one) => one.name === name);
  return { texts, name, of_frame: frame.layout.annotations.map((text) => text.text) };
}"""
# The largest mean difference, over blocks of 40 x 40 pixels, between a PNG and an SVG drawn alike, 0 to 255.
DIFFERENCE = """async ([png, svg]) => {
  const pixels = async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = SIZE ??= [image.width, image.height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height).data;
  };
  let SIZE = null;
  const [one, other] = [await pixels(png), await pixels(svg)];
  const blocks = {};
  for (let i = 0; i < one.length; i += 4) {
    const key = 1000 * Math.floor(i / 4 / SIZE[0] / 40) + Math.floor(((i / 4) % SIZE[0]) / 40);
    blocks[key] = (blocks[key] ?? 0) + Math.abs(one[i] - other[i]) / 1600;
  }
  return { size: SIZE, most: Math.max(...Object.values(blocks)) };
}"""


def downloads(one: Viewer) -> dict[str, bytes]:
    """The files with a picture behind the buttons of the Download tab, by their kind."""
    one.page.get_by_role("tab", name="Download").click()
    panel = one.page.get_by_role("tabpanel").filter(visible=True)
    files = {}
    for kind in KINDS:
        with one.page.expect_download() as waiting:
            panel.get_by_role("button", name=kind).click()
        files[kind] = Path(waiting.value.path()).read_bytes()
    return files


def move(one: Viewer) -> None:
    """Move the slider under the picture, if there is one, by a step from where it stands."""
    slider = one.page.locator('[class*="st-key-axis_slider_"] input[type=range]')
    if slider.count() and slider.is_enabled():
        at_end = slider.evaluate("input => input.value === input.max")
        slider.focus()
        one.page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
        until(lambda: slider.evaluate("input => input.value === input.max") != at_end or not at_end)
        one.settled()


def check_svg(reader: Any, file: Path, question: str, address: str) -> None:
    reader.goto(file.as_uri())
    drawn = reader.locator("svg").first.evaluate(TEXTS)
    assert sorted(drawn["loaded"]) == ["Source Sans", "Source Serif"]
    assert drawn["bad"] == []
    together = " ".join(drawn["all"])
    assert question in together
    source = next(i for i, text in enumerate(drawn["all"]) if text.startswith("lossviz · "))
    assert "".join(drawn["all"][source:]).removeprefix("lossviz · ").lstrip() == address
    assert reader.locator("a").first.get_attribute("href") == address


def check_html(reader: Any, file: Path, question: str, address: str, seen: dict[str, Any]) -> None:
    reader.goto(file.as_uri())
    plot = reader.locator(".js-plotly-plot")
    plot.locator(".main-svg").first.wait_for()
    if seen["frame"] != "undefined":
        reader.locator(".slider-group").wait_for()
        until(lambda: plot.evaluate("plot => plot._transitionData._frames.length"))
    drawn = plot.locator(".main-svg").first.evaluate(TEXTS)
    assert sorted(drawn["loaded"]) == ["Source Sans", "Source Serif"]
    assert drawn["bad"] == []
    assert reader.locator("h1").inner_text() == question
    caption, source = reader.locator("p").all_inner_texts()
    assert len(caption) > 10
    assert source == f"lossviz · {address}"
    now = plot.evaluate(PLOT)
    assert now["texts"] == seen["texts"], "the picture in the file is that on the page"
    if seen["frame"] != "undefined":
        assert float(now["name"]) == pytest.approx(float(seen["frame"])), "and so is its slider"
        assert now["texts"][: len(now["of_frame"])] == now["of_frame"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_with_a_picture_have_their_fonts_and_words_and_the_slider_where_it_was(
    viewer: Callable[..., Viewer], page: Page, tmp_path: Path
) -> None:
    """One visit a page: from view to view by the control on the page."""
    one, other = viewer(), viewer(offline=True)
    one.page.set_default_timeout(PATIENT)
    one.open(f"/{page.address}?{urlencode(LESS_WORK.get(page.address, {}))}")
    control = controls_of(page).view
    for view in control.options:
        if view in ELSEWHERE:
            continue
        if view != control.default:
            one.click(control.key, view)
            until(lambda view=view: one.query().get(control.key) == [view])
            until(lambda: one.settled().chart.count() == 1 and one.layout == "wl", seconds=90)
        move(one)
        one.page.get_by_role("tab", name="Share").click()
        address = one.page.get_by_role("tabpanel").filter(visible=True).locator("code").inner_text().strip()
        question = one.page.locator("h1").inner_text()
        seen = one.drawn() | {"frame": one.frame}
        files = {kind: tmp_path / f"{page.name}.{kind.lower()}" for kind in KINDS}
        for kind, content in downloads(one).items():
            files[kind].write_bytes(content)
        check_svg(other.page, files["SVG"], question, address)
        check_html(other.page, files["HTML"], question, address, seen)
    assert one.errors == other.errors == []
