"""Landscape in a browser: the drag, the link, and a file from elsewhere."""

import io
from collections.abc import Callable

import pytest
import torch
from driving import Viewer, until

import lossviz as lv

pytestmark = pytest.mark.browser


def test_the_same_link_shows_the_same_numbers(viewer: Callable[..., Viewer]) -> None:
    first, second = viewer(), viewer()
    for path in ("", "?landscape_view=Eight+planes", "?landscape_view=Rescaled"):
        drawn = [one.open(f"/landscape{path}").drawn() for one in (first, second)]
        assert drawn[0] == drawn[1], path
    assert first.errors == second.errors == []


LABEL = """() => {
  const plot = document.querySelector(".lossviz-chart[data-pictures] .lossviz-plot");
  if (!plot?._fullLayout) return "none yet";
  plot.opened ??= performance.now();
  const texts = plot._fullLayout.annotations.map((a) => a.text);
  return texts.filter((text) => text.includes("coarse grid")).join();
}"""


def test_a_fine_map_comes_from_coarse_to_fine_and_can_be_stopped(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    query = (
        "landscape_points=161&landscape_data=digits&landscape_activation=tanh&landscape_loss=squared+error"
    )
    one.page.goto(f"{one.server.url}/landscape?{query}")
    until(lambda: one.page.evaluate(LABEL), lambda text: "coarse grid, <b>every" in text)
    one.page.get_by_role("button", name="Stop").click()
    one.page.get_by_role("button", name="Go on").wait_for()
    label = one.settled().page.evaluate(LABEL)
    assert "coarse grid, <b>every" in label, "the finest finished picture stays, and says what it is"
    pictures = one.pictures
    assert one.settled().pictures == pictures
    opened = one.page.evaluate("document.querySelector('.lossviz-plot').opened")

    one.page.get_by_role("button", name="Go on").click()
    until(lambda: one.page.evaluate(LABEL), lambda text: text == "")
    until(lambda: one.drawn()["traces"][0]["z"][0], lambda rows: rows == 161)
    until(one.page.get_by_role("button", name="Stop").count, lambda n: n == 0)
    one.settled()
    assert one.page.evaluate("document.querySelector('.lossviz-plot').opened") == opened, "in place"
    assert one.errors == []


def test_a_file_from_elsewhere_is_drawn_and_taken_away(viewer: Callable[..., Viewer]) -> None:
    content = io.BytesIO()
    data = torch.randn(8, 2), torch.randn(8, 1)
    model = torch.nn.Linear(2, 1)
    lv.surface(model, torch.nn.functional.mse_loss, data, points=7, progress=False).save(content)
    one = viewer().open("/landscape")
    one.page.get_by_role("tab", name="Network").click()
    files = one.page.locator(".st-key-landscape_file input[type=file]")
    files.set_input_files(
        {"name": "bad.npz", "mimeType": "application/octet-stream", "buffer": b"not a surface"}
    )
    one.page.get_by_text("cannot be drawn").wait_for()
    assert one.settled().exceptions() == []
    files.set_input_files(
        {"name": "mine.npz", "mimeType": "application/octet-stream", "buffer": content.getvalue()}
    )
    one.page.get_by_text("from the file that you opened").first.wait_for()
    until(lambda: any("random, filter-normalized, seed 0" in text for text in one.drawn()["texts"]))
    assert one.errors == []
