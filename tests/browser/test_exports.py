"""Every kind of file with a picture, of every view of every page: its fonts, its words, and its slider."""

import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from driving import Viewer, until
from support.pages import controls_of

from lossviz.pages import discover
from lossviz.ui.table import Page

pytestmark = pytest.mark.browser
PATIENT = 90_000  # ms: some views train first
LESS_WORK = {"race": {"race_step": 20, "race_seeds": 2}, "metric": {"metric_data": "diabetes"}}
PAGES = [page for page in discover() if page.section and page.has_picture]
ELSEWHERE = ("At scale", "Table")  # train for long; their files are made by the same code
KINDS = ("HTML", "PNG", "SVG")

# The texts of a picture, and those of them that its edge cuts off or that are in no font that it brought.
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
# The mean difference, 0 to 255, between a PNG and an SVG that is drawn with or without its fonts.
DIFFERENCE = """async ([png, svg]) => {
  const address = (text) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  const pixels = async (source, width, height) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width ?? image.width, height ?? image.height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };
  const one = await pixels(`data:image/png;base64,${png}`);
  const mean = async (text) => {
    const other = await pixels(address(text), one.width, one.height);
    return one.data.reduce((sum, value, i) => sum + Math.abs(value - other.data[i]), 0) / one.data.length;
  };
  return [await mean(svg), await mean(svg.replace(/@font-face/g, "@none")), one.width];
}"""


OTHER_CHART = """() => {
  const charts = [...document.querySelectorAll(".lossviz-chart")];
  if (charts.length !== 1) return false;
  const [{ mark, dataset }] = charts;
  return dataset.pictures !== undefined && dataset.pictures !== mark;
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
    """Move the slider under the picture, if there is one, by two steps: some pictures have every second."""
    slider = one.page.locator('[class*="st-key-axis_slider_"] input[type=range]')
    if slider.count() and slider.is_enabled():
        before = one.frame, one.address
        one.chart.evaluate("chart => { chart.mark = 'the same' }")
        at_start = slider.evaluate("input => input.value === input.min")
        slider.focus()
        for _ in range(2):
            one.page.keyboard.press("ArrowRight" if at_start else "ArrowLeft")
        until(lambda: one.address != before[1] and (one.frame != before[0] or one.frame == "undefined"))
        one.settled()
        assert one.chart.evaluate("chart => chart.mark") == "the same", "the chart stays where it is"


def shared(one: Viewer) -> str:
    """The link in the tab Share, once it says of the slider under the picture what the address says."""
    one.page.get_by_role("tab", name="Share").click()
    code = one.page.get_by_role("tabpanel").filter(visible=True).locator("code")
    slider = one.page.locator('[class*="st-key-axis_slider_"] [class*="st-key-"]:has(> div > .stSlider)')
    keys = re.findall(r"st-key-(\w+)", slider.get_attribute("class")) if slider.count() else []

    def told() -> bool:
        link, now = parse_qs(urlsplit(code.inner_text().strip()).query), one.query()
        return all([*map(float, link.get(key, []))] == [*map(float, now.get(key, []))] for key in keys)

    until(told)
    return str(code.inner_text().strip())


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


def check_png(reader: Any, png: Path, svg: Path) -> None:
    """It is the SVG with its fonts, twice as large, and no picture without them."""
    content = b64encode(png.read_bytes()).decode()
    reader.goto("about:blank")
    same, without_fonts, width = reader.evaluate(DIFFERENCE, [content, svg.read_text(encoding="utf-8")])
    assert width == 2 * float(re.findall(r'<svg[^>]* width="([0-9.]+)"', svg.read_text("utf-8"))[0])
    assert same < 0.05 < 0.2 < without_fonts


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
            one.chart.evaluate("chart => { chart.mark = chart.dataset.pictures }")
            one.click(control.key, control.label_of(view))
            until(lambda: one.page.evaluate(OTHER_CHART), seconds=90)
            one.settled()
        move(one)
        address = shared(one)
        question = one.page.locator("h1").inner_text()
        seen = one.drawn() | {"frame": one.frame}
        files = {kind: tmp_path / f"{page.name}.{kind.lower()}" for kind in KINDS}
        for kind, content in downloads(one).items():
            files[kind].write_bytes(content)
        check_svg(other.page, files["SVG"], question, one.address)
        if view == control.default:
            check_png(other.page, files["PNG"], files["SVG"])
        check_html(other.page, files["HTML"], question, address, seen)
    assert one.errors == other.errors == []
