"""What plotly_internals.js takes for granted of Plotly's insides: a sentence for what no longer holds.

A small figure of each kind of trace is drawn, patched, and drawn again by Plotly; both must look alike.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
from driving import SEEN, Viewer, assert_alike

pytestmark = pytest.mark.browser
# Draws a figure in an element of its own, with the modules that the page has loaded.
DRAW = """async ({ data, layout }) => {
  const url = (name) => performance.getEntriesByType("resource").map((entry) => entry.name)
    .find((address) => address.endsWith(`/${name}.js`));
  window.internals = await import(url("plotly_internals"));
  window.changes = await import(url("patch"));
  window.plot = document.createElement("div");
  document.body.replaceChildren(window.plot);
  await window.Plotly.newPlot(window.plot, structuredClone(data), structuredClone(layout));
}"""
PATCH = """([from, to]) => {
  const changes = window.changes.findChanges(from, to);
  return changes && window.internals.patchPlot(window.plot, changes);
}"""
REDRAW = "({ data, layout }) => window.Plotly.react(window.plot, data, layout).then(() => true)"
Picture = dict[str, Any]

LINE = {"type": "scatter", "x": [0, 1, 2, 3], "y": [1, 3, 2, 4], "mode": "lines+markers"}
HEAT = {"type": "heatmap", "z": [[0, 1], [2, 3]], "showscale": False}
LEVELS = {"type": "contour", "z": [[0, 1, 2], [1, 2, 3], [2, 3, 5]], "showscale": False}
TEXT = {
    "text": "<b>one</b> of<br>two", "x": 1, "y": 2, "showarrow": False, "xanchor": "left", "yanchor": "top",
    "align": "left",
}  # fmt: skip
SHAPE = {"type": "line", "x0": 1, "x1": 1, "y0": 0, "y1": 4}
PATCHES: dict[str, tuple[str, Picture, Picture]] = {
    "a line": ("data", LINE, {"y": [2, 1, 4, 0]}),
    "fewer points of a line": ("data", LINE, {"x": [0, 1], "y": [1, 3]}),
    "a line in base64": ("data", LINE, {"y": {"dtype": "i1", "bdata": "BAMCAQ=="}}),
    "a heat map": ("data", HEAT, {"z": [[3, 2], [1, 0]]}),
    "a contour map": ("data", LEVELS, {"z": [[5, 3, 2], [3, 2, 1], [2, 1, 0]]}),
    "a text": ("annotations", TEXT, {"text": "<b>three</b><br>and<br>four", "x": 2, "xshift": 5}),
    "a text that was empty": ("annotations", TEXT | {"text": ""}, {"text": "now<br>here"}),
    "a line across": ("shapes", SHAPE, {"x0": 2, "x1": 2}),
    "a rectangle": ("shapes", SHAPE | {"type": "rect", "x1": 2}, {"x0": 0.5, "x1": 2.5, "y1": 3}),
}
REFUSED = [
    ("data", LINE | {"fill": "tonexty"}, {"y": [0, 0, 0, 0]}),
    ("data", HEAT | {"texttemplate": "%{z}"}, {"z": [[3, 2], [1, 0]]}),
    ("annotations", TEXT, {"text": "<i>slanted</i>"}),
    ("annotations", TEXT | {"showarrow": True}, {"text": "pointed"}),
    ("shapes", SHAPE | {"type": "circle"}, {"x0": 0}),
]


def picture(kind: str, part: Picture) -> Picture:
    axes = {"xaxis": {"range": [-1, 4]}, "yaxis": {"range": [-1, 5]}}
    layout = {"width": 500, "height": 400, "margin": {"l": 60, "r": 20, "t": 10, "b": 40}} | axes
    return {
        "data": [part if kind == "data" else LINE],
        "layout": layout | ({} if kind == "data" else {kind: [part]}),
    }


@pytest.fixture
def one(viewer: Callable[..., Viewer]) -> Viewer:
    """A page that has loaded Plotly and the modules."""
    return viewer().open("/stuck-neuron")


def test_what_is_patched_is_what_plotly_draws(one: Viewer) -> None:
    wrong = []
    for name, (kind, part, change) in PATCHES.items():
        before, after = picture(kind, part), picture(kind, part | change)
        one.page.evaluate(DRAW, before)
        if one.page.evaluate(PATCH, [before, after]) is not True:
            wrong.append(f"Plotly {version('plotly')}: {name} can no longer be patched.")
            continue
        patched = one.page.evaluate(f"({SEEN})(window.plot)")
        assert one.page.evaluate(REDRAW, after)
        try:
            assert_alike(patched, one.page.evaluate(f"({SEEN})(window.plot)"))
        except AssertionError as error:
            wrong.append(f"Plotly {version('plotly')}: {name} is patched otherwise than it is drawn: {error}")
    assert wrong == []
    assert one.errors == []


def test_what_cannot_be_patched_is_left_to_plotly(one: Viewer) -> None:
    patched = []
    for kind, part, change in REFUSED:
        before, after = picture(kind, part), picture(kind, part | change)
        one.page.evaluate(DRAW, before)
        if one.page.evaluate(PATCH, [before, after]) is not False:
            patched.append((kind, part))
    assert patched == []


def test_places_in_a_plot_are_where_its_points_are_drawn(one: Viewer) -> None:
    one.page.evaluate(DRAW, picture("data", LINE))
    facts = one.page.evaluate(
        """() => {
          const { plot, internals } = window;
          const corner = plot.getBoundingClientRect();
          const mark = [...plot.querySelectorAll(".points path")].at(-1).getBoundingClientRect();
          const last = internals.lastPoint(plot, 0);
          return {
            mark: [mark.left + mark.width / 2 - corner.left, mark.top + mark.height / 2 - corner.top],
            last: [last.x, last.y],
            values: [internals.valueAt(last.axes.x, last.x), internals.valueAt(last.axes.y, last.y)],
            data: internals.dataAt(plot, last),
            outside: internals.dataAt(plot, { x: 5, y: 5 }),
            none: internals.lastPoint(plot, 7),
            size: internals.figureOnScreen(plot).layout,
            scenes: internals.drawnScenes(plot),
          };
        }"""
    )
    plotly = f"Plotly {version('plotly')}"
    assert facts["last"] == pytest.approx(facts["mark"], abs=0.6), (
        f"{plotly}: an axis's _offset or c2p differs"
    )
    assert facts["values"] == pytest.approx([3, 4], abs=1e-3), f"{plotly}: an axis's p2c differs"
    assert facts["data"] == pytest.approx({"x": 3, "y": 4}, abs=1e-3), (
        f"{plotly}: _plots or an axis's p2d differs"
    )
    assert facts["outside"] is None
    assert facts["none"] is None
    assert (facts["size"]["width"], facts["size"]["height"]) == (500, 400), f"{plotly}: _fullLayout differs"
    assert facts["scenes"] == []
