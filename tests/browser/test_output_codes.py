"""Output codes in a browser: the drag, the views, the phone."""

from collections.abc import Callable

import pytest
from driving import Viewer, until
from looking import look_over

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/output-codes?codes_step=50", "codes_step"),
        ("/output-codes?codes_view=Unions", "codes_labelling"),
        ("/output-codes?codes_view=Meaning&codes_torn=5", "codes_torn"),
    ],
)
def test_dragging_moves_the_picture_while_the_pointer_is_down(
    viewer: Callable[..., Viewer], path: str, key: str
) -> None:
    one = viewer().open(path)
    address, before = one.address, one.drawn()
    x, y = one.grip(key)
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    frames = set()
    for step in range(1, 9):
        one.page.mouse.move(x + 20 * step, y)
        until(lambda: abs(float(one.frame) - one.value(key)) < 1e-6)
        frames.add(one.frame)
    assert len(frames) > 3, "it moves before the release"
    assert one.address == address, "nothing is sent while the pointer is down"
    one.page.mouse.up()
    until(lambda: one.address != address)
    one.settled()
    assert [float(v) for v in one.query()[key]] == [one.value(key)]
    assert one.drawn() != before
    assert one.said == []


@pytest.mark.parametrize(
    ("view", "key", "axis", "share"),
    [
        ("Unions", "codes_labelling", "xaxis20", 0.0),
        ("Meaning", "codes_torn", "xaxis", 1.0),
        ("One+bit+off", "codes_threshold", "xaxis2", 0.5),
    ],
)
def test_the_slider_stands_under_its_axis(
    viewer: Callable[..., Viewer], view: str, key: str, axis: str, share: float
) -> None:
    one = viewer(viewport={"width": 1440, "height": 1400}).open(f"/output-codes?codes_view={view}")
    one.stands_under(key, axis, share)


def test_next_opens_each_view_and_the_summary_leads_back(
    viewer: Callable[..., Viewer],
) -> None:
    one = viewer().open("/output-codes")
    for view in ("Unions", "Meaning"):
        one.page.get_by_role("button", name=f"Next: {view} →").click()
        until(lambda view=view: one.query().get("codes_view") == [view])
        one.settled()
        assert one.exceptions() == []
    one.page.locator(".st-key-codes_summary_1 button").click()
    until(lambda: "codes_view" not in one.query())
    one.settled()
    assert any("17 weights" in text for text in one.drawn()["texts"])
    assert one.said == []


def test_words_that_name_nothing_are_a_sentence(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    one.page.goto(f"{one.server.url}/output-codes?codes_view=Unions&codes_code=your+own&codes_words=00+01+00")
    one.page.get_by_text("These words cannot name clouds").wait_for()
    field = one.page.locator(".st-key-codes_words input")
    field.fill("00 01 11")
    field.press("Enter")
    one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    one.settled()
    assert one.exceptions() == []
    assert one.said == []


def test_training_at_scale_says_how_far_it_is_and_can_be_stopped(viewer: Callable[..., Viewer]) -> None:
    one = viewer()
    one.page.set_default_timeout(90_000)  # ms: eight heads are trained from ten starts each
    one.page.goto(f"{one.server.url}/output-codes?codes_view=At+scale&codes_centred=true")
    bar, stop, on = (
        one.page.get_by_role("progressbar"),
        one.page.get_by_role("button", name="Stop"),
        one.page.get_by_role("button", name="Go on"),
    )
    until(lambda: float(bar.get_attribute("aria-valuenow") or 0), lambda share: share > 0)
    stop.click()
    on.wait_for()
    one.settled()
    assert one.page.get_by_text("Nothing else has changed").count() == 1
    assert bar.count() == stop.count() == one.chart.count() == 0
    on.click()
    stop.wait_for()
    one.page.locator(".lossviz-chart[data-pictures]").wait_for(state="attached")
    one.settled()
    assert bar.count() == stop.count() == on.count() == 0
    look_over(one)
