"""Downloads: numbers, a standalone page, pictures; and a page that cannot load the chart's files."""

import csv
import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser


def download(one: Viewer, name: str) -> tuple[str, bytes]:
    """The file's name and content behind a button of the Download tab."""
    if one.page.get_by_role("tab", name="Download").get_attribute("aria-selected") != "true":
        one.page.get_by_role("tab", name="Download").click()
    with one.page.expect_download() as waiting:
        one.page.get_by_role("tabpanel").filter(visible=True).get_by_role("button", name=name).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_numbers_of_the_slope(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron?neuron_half=true")
    name, content = download(one, "CSV")
    rows = table(content)
    assert name.endswith(".csv")
    assert len(rows) == 161
    row = next(r for r in rows if float(r["z"]) == 4.0)
    assert float(row["sigmoid-half-mse gradient"]) == pytest.approx(0.0173449, rel=1e-4)
    assert float(row["sigmoid-ce gradient"]) == pytest.approx(0.982014, rel=1e-5)


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/stuck-neuron?neuron_view=Learning+curve", 301),
        ("/stuck-neuron?neuron_view=Escape+time", 28),
        ("/two-weights", 201),
        ("/race?race_step=30&race_seeds=1", 4),
    ],
)
def test_the_numbers_of_the_other_views(viewer: Callable[..., Viewer], path: str, rows: int) -> None:
    one = viewer().open(path)
    name, content = download(one, "CSV")
    assert name.endswith(".csv")
    numbers = table(content)
    assert len(numbers) == rows
    assert all(float(value) is not None for row in numbers for value in row.values() if value)
    assert one.errors == []


def test_the_standalone_page_plays_without_a_server(viewer: Callable[..., Viewer], tmp_path: Path) -> None:
    one = viewer().open("/stuck-neuron?neuron_view=Learning+curve")
    name, content = download(one, "HTML")
    assert name.endswith(".html")
    file = tmp_path / name
    file.write_bytes(content)
    other = viewer(new=True, offline=True)
    asked: list[str] = []
    other.page.on("request", lambda request: asked.append(request.url))
    other.page.goto(file.as_uri())
    plot = other.page.locator(".js-plotly-plot")
    plot.locator(".main-svg").first.wait_for()
    steps = plot.evaluate("gd => gd._fullLayout.sliders[0].steps.length")
    assert steps == 31
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    assert other.errors == []


def test_the_picture_as_it_is_on_screen(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron?neuron_z=6")
    name, content = download(one, "PNG")
    assert name.endswith(".png")
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    box: dict[str, Any] = one.chart.locator(".lossviz-plot .main-svg").first.bounding_box()
    margin = 32  # around it, besides the title above and the lines below
    assert width == 2 * (round(box["width"]) + 2 * margin)
    assert height > 2 * (round(box["height"]) + 2 * margin)
    name, content = download(one, "SVG")
    assert name.endswith(".svg")
    assert content.startswith(b"<svg")
    assert b"D55E00" in content or b"rgb(213, 94, 0)" in content
    assert one.errors == []


@pytest.mark.parametrize("blocked", ["**/lossviz/plotly.min.js*", "**/lossviz/js/**"])
def test_without_its_own_chart_a_page_shows_streamlits(viewer: Callable[..., Viewer], blocked: str) -> None:
    one = viewer(new=True)
    one.context.route(blocked, lambda route: route.abort())
    native = one.page.locator('[data-testid="stPlotlyChart"] .js-plotly-plot')
    for path, charts in (("/", 1), ("/two-weights", 2), ("/stuck-neuron?neuron_z=6", 1)):
        one.page.goto(f"{one.server.url}{path}")
        native.first.locator(".main-svg").first.wait_for()
        assert until(native.count, lambda n, charts=charts: n == charts), path
        assert one.exceptions() == []
    # The frame of the slider's value is merged on the server.
    assert 6 in native.first.evaluate("gd => gd._fullData.flatMap((t) => Array.from(t.x ?? [])).slice(-6)")
    # Once the files can be loaded, the next change of a control brings the chart itself.
    one.context.unroute(blocked)
    one.page.locator(".st-key-neuron_half label").first.click()
    one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    until(native.count, lambda n: n == 0)
    assert one.settled().drawn()["traces"]
    assert one.exceptions() == []


@pytest.mark.parametrize("once", ["**/lossviz/plotly.min.js*", "**/lossviz/js/**/figure.js"])
def test_a_file_that_fails_to_load_once_is_loaded_again(viewer: Callable[..., Viewer], once: str) -> None:
    one = viewer(new=True)
    one.context.route(once, lambda route: route.abort(), times=1)
    one.open("/stuck-neuron")
    assert one.page.locator('[data-testid="stPlotlyChart"]').count() == 0
    assert one.exceptions() == []
