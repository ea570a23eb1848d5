"""A picture moves with the finger, with the keys and by the play button, and nothing is sent meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser
CALM = "reduce"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/stuck-neuron", "neuron_z"),
        ("/stuck-neuron?neuron_view=Learning+curve", "neuron_step"),
        ("/stuck-neuron?neuron_view=Escape+time", "neuron_z0"),
        ("/two-weights?weights_step=100", "weights_step"),
        ("/race?race_step=60&race_seeds=1", "race_step"),
    ],
)
def test_dragging_moves_the_picture_while_the_pointer_is_down(
    viewer: Callable[..., Viewer], path: str, key: str
) -> None:
    one = viewer().open(path)
    address, pictures, frame, before = one.address, one.pictures, one.frame, one.drawn()
    x, y = one.grip(key)
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    frames = set()
    for step in range(1, 9):
        one.page.mouse.move(x - 12 * step, y)
        seen = one.pictures
        frames.add(one.frame)
        until(lambda seen=seen: one.pictures > seen or abs(float(one.frame) - one.value(key)) <= 5)
    until(lambda: abs(float(one.frame) - one.value(key)) <= 5)
    assert one.pictures - pictures > 1, "more than one picture before release"
    assert len(frames) > 1
    assert one.address == address, "nothing is sent while the pointer is down"
    held = one.value(key)
    one.page.mouse.up()
    until(lambda: [float(v) for v in one.query().get(key, ())] == [held])
    one.settled()
    assert one.value(key) == held
    assert one.frame != frame
    assert one.drawn() != before
    assert one.said == []


def test_the_picture_of_the_slope_is_that_of_the_logit(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron?neuron_z=6")
    markers = [t for t in one.drawn()["traces"] if t["x"] == [6, 6]]
    assert len(markers) == 3  # loss, slope and curvature of both losses
    assert markers[1]["y"] == pytest.approx([0.00492, 0.9975], abs=1e-4)


def test_keys_move_the_slider_and_the_picture(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/stuck-neuron")
    one.slider("neuron_z").focus()
    for presses in range(1, 4):
        one.page.keyboard.press("ArrowRight")
        until(lambda presses=presses: one.frame == f"{4 + presses / 10:g}")
    until(lambda: one.query() == {"neuron_z": ["4.3"]})
    one.page.keyboard.press("End")
    until(lambda: one.frame == "8" and one.query() == {"neuron_z": ["8"]})
    assert one.said == []


def test_on_a_slow_machine_quick_keys_are_all_kept(viewer: Callable[..., Viewer]) -> None:
    """A preset is lit when the keys begin; what the browser says of it before it hears otherwise is old."""
    one = viewer(new=True).open("/stuck-neuron")
    one.context.new_cdp_session(one.page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    one.slider("neuron_z").focus()
    for _ in range(3):
        seen = one.value("neuron_z")
        one.page.keyboard.press("ArrowRight")
        until(lambda seen=seen: one.value("neuron_z") > seen)
    until(lambda: one.query() == {"neuron_z": ["4.3"]})
    one.page.locator("[data-testid=stCode]").first.get_by_text("at=4.3").wait_for(state="attached")
    one.settled()
    assert one.query() == {"neuron_z": ["4.3"]}
    assert one.value("neuron_z") == 4.3
    assert one.frame == "4.3"


def test_one_click_plays_home_to_its_end(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/")
    pictures = one.pictures
    one.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: one.pictures, lambda n: n >= pictures + 5)
    assert "home_step" not in one.query(), "nothing is sent while it plays"
    until(lambda: one.frame == "250")
    until(lambda: one.query() == {"home_step": ["250"]})  # where it stopped is in the link
    one.page.get_by_role("button", name="Play", exact=True).wait_for()  # and can be played again
    assert one.said == []


def test_play_can_be_paused(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/?home_step=1")
    pictures = one.pictures
    one.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: one.pictures > pictures + 1)
    one.page.get_by_role("button", name="Pause", exact=True).click()
    one.page.get_by_role("button", name="Play", exact=True).wait_for()
    one.settled()
    stopped = one.value("home_step")
    assert 1 < stopped < 250
    until(lambda: one.query() == {"home_step": [f"{stopped:g}"]})
    assert abs(float(one.frame) - stopped) <= 1


def test_whoever_wants_no_motion_sees_the_end_at_once(viewer: Callable[..., Viewer]) -> None:
    one = viewer(reduced_motion=CALM).open("/?home_step=10")
    pictures = one.pictures
    one.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: one.frame == "250")
    assert one.settled().pictures <= pictures + 2
    assert one.query() == {"home_step": ["250"]}
    assert one.said == []


SEEN = """root => [...root.querySelectorAll(
  ".annotation-text, .points path, .textpoint text, .js-line, .shapelayer path, .contourlayer path, image"
)].map((node) => {
  const { x, y, width, height } = node.getBoundingClientRect();
  const look = getComputedStyle(node);
  const words = node.href?.baseVal ?? node.textContent; // of an image, what it shows
  return [words, look.stroke, look.fill, look.strokeWidth, x, y, x + width, y + height];
})"""

WATCH = f"""root => {{ // keeps what the last picture that was moved looked like
  window.moved = null;
  new MutationObserver(() => {{
    if (root.dataset.moving === "true") window.moved = ({SEEN})(root);
  }}).observe(root, {{ attributeFilter: ["data-pictures"] }});
}}"""


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/?home_step=200", "home_step"),
        ("/stuck-neuron", "neuron_z"),
        ("/stuck-neuron?neuron_view=Learning+curve", "neuron_step"),
        ("/two-weights?weights_step=100", "weights_step"),
        ("/race?race_step=600&race_seeds=6", "race_step"),
        ("/race?race_step=600&race_seeds=6&race_view=Layers", "race_step"),
        ("/edge-of-stability", "edge_step"),
        ("/likelihood", "likelihood_m"),
    ],
)
def test_a_picture_that_is_moved_is_the_one_that_is_drawn_at_rest(
    viewer: Callable[..., Viewer], path: str, key: str
) -> None:
    one = viewer().open(path)
    one.chart.evaluate(WATCH)
    x, y = one.grip(key)
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    for step in range(1, 8):
        one.page.mouse.move(x - 23 * step, y)
    moved, drawn = once_at_rest(one)
    one.page.mouse.up()
    assert_alike(moved, drawn)
    assert one.said == []


def once_at_rest(one: Viewer) -> tuple[list[list[Any]], list[list[Any]]]:
    """What the picture that was moved last looked like, and what Plotly then drew."""
    until(lambda: one.chart.evaluate("root => window.moved && root.dataset.moving === 'false'"))
    return one.page.evaluate("window.moved"), one.chart.evaluate(SEEN)


def assert_alike(moved: list[list[Any]], drawn: list[list[Any]]) -> None:
    assert len(moved) == len(drawn)
    for was, now in zip(moved, drawn, strict=True):
        assert was[:4] == now[:4]
        # a pixel: Plotly rounds thin lines to whole ones
        assert was[4:] == pytest.approx(now[4:], abs=1.01), now


def test_a_heat_map_that_grows_is_the_one_that_is_drawn_at_rest(viewer: Callable[..., Viewer]) -> None:
    one = viewer().open("/race?race_step=100&race_seeds=2&race_view=Layers")
    one.chart.evaluate(WATCH)
    before = one.chart.evaluate(SEEN)
    one.page.get_by_role("button", name="Step").first.click()
    moved, drawn = once_at_rest(one)
    assert_alike(moved, drawn)
    pictures = [[node[0] for node in nodes if node[0].startswith("data:image")] for nodes in (before, drawn)]
    assert len(pictures[0]) == len(pictures[1]) == 4, "each contestant's heat map and its portrait"
    assert pictures[0] != pictures[1], "a record more"
    assert one.said == []
