"""Every slider that a chart follows: where it stands, and what a drag does before and after the release.

One visit for each: the slider stands under its axis, wide and narrow; the picture moves while the pointer is
down, and nothing is sent meanwhile; what was patched is, at rest, what Plotly draws; the release is in the
address.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from driving import WATCH, Viewer, assert_alike, once_at_rest, until

pytestmark = pytest.mark.browser
TALL = {"width": 1440, "height": 1400}
PATIENT = 90_000  # ms: some views train first


@dataclass(frozen=True)
class Followed:
    """A view, its slider, and by how many pixels at a time a drag moves it."""

    path: str
    key: str
    pixels: int
    within: float  # how near the frame's value is to the slider's: half of what lies between two frames
    axis: str = ""  # the one that it stands under, if it does
    share: float = 0.0  # of that axis, left of its thumb
    patched: bool = True  # False for what Plotly must draw each time, as a relief or bars


EXACT = 1e-6
FLOATS = "/numbers?numbers_view=As+written&numbers_case=Too+few+digits"
RELIEF = "/landscape?landscape_step=100&landscape_drawn=In+relief"
RESCALED = "/landscape?landscape_view=Rescaled&landscape_scale=0"
FOLLOWED = [
    Followed("/?home_step=200", "home_step", -23, 1, "xaxis", 200 / 250),
    Followed("/stuck-neuron", "neuron_z", -23, 0.11, "xaxis3", 12 / 16),
    Followed("/stuck-neuron?neuron_view=Learning+curve", "neuron_step", -23, 5, "xaxis", 1 / 2),
    Followed("/stuck-neuron?neuron_view=Escape+time", "neuron_z0", -30, 0.26, "xaxis", 7.5 / 13.5),
    Followed("/two-weights?weights_step=100", "weights_step", -23, 5),
    Followed("/race?race_step=600&race_seeds=6", "race_step", -23, 5, "xaxis", 1.0),
    Followed("/race?race_step=600&race_seeds=6&race_view=Layers", "race_step", -23, 5, "xaxis", 1.0),
    Followed("/edge-of-stability", "edge_step", -23, 2.5, "xaxis2", 500 / 600),
    Followed("/edge-of-stability?edge_view=Bowl", "edge_product", 12, 0.011, "xaxis", 1.9 / 4.4),
    Followed("/landscape?landscape_step=100", "landscape_step", 12, 1, "xaxis2", 100 / 300),
    Followed(RELIEF, "landscape_step", 12, 1, "xaxis2", 100 / 300, patched=False),
    Followed(RESCALED, "landscape_scale", 30, EXACT, "xaxis3", 1 / 2),
    Followed("/likelihood", "likelihood_m", 40, 0.051, "xaxis2", 2.4 / 8),
    Followed("/likelihood?likelihood_view=One+bar", "likelihood_toward", 40, 1.01, patched=False),
    Followed("/gallery?gallery_far=40", "gallery_far", 14, EXACT, "xaxis", 30 / 70, patched=False),
    Followed(
        "/gallery?gallery_view=Shape&gallery_residual=5",
        "gallery_residual",
        -23,
        0.051,
        "xaxis3",
        1.0,
        patched=False,
    ),
    Followed("/metric?metric_view=Threshold", "metric_cut", 14, EXACT, "xaxis", 1 / 2),
    Followed("/metric?metric_data=diabetes&metric_step=300", "metric_step", -23, 1.51, "xaxis2", 1.0),
    Followed("/output-codes?codes_step=50", "codes_step", 20, EXACT, patched=False),
    Followed("/output-codes?codes_view=Unions", "codes_labelling", 50, EXACT, "xaxis20", 0.0, patched=False),
    Followed("/output-codes?codes_view=Meaning", "codes_torn", -40, EXACT, "xaxis", 1.0, patched=False),
    Followed(
        "/output-codes?codes_view=One+bit+off", "codes_threshold", 20, EXACT, "xaxis2", 1 / 2, patched=False
    ),
    Followed(FLOATS, "numbers_z", 23, 0.26, "xaxis2", 17 / 50),
]


@pytest.mark.parametrize("one_of", FOLLOWED, ids=lambda one: one.path)
def test_a_followed_slider_stands_under_its_axis_and_moves_the_picture(
    viewer: Callable[..., Viewer], one_of: Followed
) -> None:
    key = one_of.key
    one = viewer(viewport=TALL)
    one.page.set_default_timeout(PATIENT)
    one.open(one_of.path)
    if one_of.axis:
        one.stands_under(key, one_of.axis, one_of.share)
        one.page.set_viewport_size(TALL)
        until(lambda: one.layout.startswith("w"))
        one.settled()
    address, pictures, frame, before = one.address, one.pictures, one.frame, one.drawn()
    one.chart.evaluate(WATCH)
    x, y = one.grip(key)
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    frames = set()
    for step in range(1, 8):
        one.page.mouse.move(x + one_of.pixels * step, y)
        until(lambda: abs(float(one.frame) - one.value(key)) <= one_of.within)
        frames.add(one.frame)
    assert len(frames) > 3, "the picture moves before the release"
    assert one.pictures - pictures > 3
    assert one.address == address, "nothing is sent while the pointer is down"
    if one_of.patched:
        patched, drawn = once_at_rest(one)
        assert_alike(patched, drawn)
    held = one.value(key)
    one.page.mouse.up()
    one.address_has(**{key: pytest.approx(held, abs=1e-6)})
    one.settled()
    assert one.value(key) == held
    assert abs(float(one.frame) - one.value(key)) <= one_of.within
    assert one.frame != frame
    assert one.drawn() != before
    assert one.exceptions() == one.errors == []
