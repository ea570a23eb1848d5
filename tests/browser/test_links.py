"""Same link, same picture: in another browser, with every number."""

from collections.abc import Callable

import pytest
from driving import Viewer, until

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/stuck-neuron", "Hopeless"),
        ("/stuck-neuron?neuron_view=Learning+curve", "The book’s widget"),
        ("/stuck-neuron?neuron_view=Escape+time", "Mildly wrong"),
        ("/two-weights", "Four at once"),
        ("/two-weights?weights_view=In+relief", "Slope"),
        ("/race?race_step=0", "Deep network"),
    ],
)
def test_a_preset_and_its_link_show_the_same_numbers(
    viewer: Callable[..., Viewer], path: str, name: str
) -> None:
    """One preset a view; the tests of the pages try all of them, without a browser."""
    one, other = viewer().open(path), viewer()
    first = one.drawn()
    one.preset(name)
    until(lambda: one.drawn() != first)
    other.open(one.settled().address.removeprefix(one.server.url))
    assert other.drawn() == one.drawn()
    assert other.address == one.address, "a link is not rewritten by being opened"
    assert one.errors == other.errors == []


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("/?home_step=33", False),
        ("/stuck-neuron?neuron_z=-3.3&neuron_target=1&neuron_half=true", False),
        (
            "/two-weights?weights_model=iris&weights_optimizer=adam&weights_optimizer=lbfgs&weights_step=50",
            True,
        ),
        ("/race?race_step=100&race_data=xor&race_seeds=2&race_measure=Brier&race_own=0.5", False),
    ],
)
def test_the_link_under_share_is_the_page(viewer: Callable[..., Viewer], path: str, new: bool) -> None:
    one, other = viewer().open(path), viewer(new=new)
    if path.startswith("/?"):  # Home has no tabs: the address is the link
        link = one.address
    else:
        one.page.get_by_role("tab", name="Share").click()
        link = one.page.get_by_role("tabpanel").filter(visible=True).locator("code").inner_text()
    assert link.startswith(one.server.url)
    other.open(link.removeprefix(one.server.url))
    assert other.drawn() == one.drawn()
    for viewer_ in (one, other):
        assert viewer_.exceptions() == viewer_.errors == []


@pytest.mark.parametrize(
    ("path", "key", "linked", "step"),
    [
        ("/stuck-neuron", "neuron_z", "3.94", "3.9"),
        ("/two-weights", "weights_a", "4.96", None),
        ("/race", "race_step", "57", "60"),
    ],
)
def test_a_link_between_two_steps_is_the_nearest_step(
    viewer: Callable[..., Viewer], path: str, key: str, linked: str, step: str | None
) -> None:
    """The slider, the picture and the address say one thing, and no other than that step itself."""
    one = viewer().open(f"{path}?{key}={linked}")
    one.address_has(**{key: step})
    usual = viewer().open(f"{path}?{key}={step}" if step else path)
    assert one.value(key) == usual.value(key)
    assert one.drawn() == usual.drawn()
    assert one.frame == usual.frame
    assert one.exceptions() == one.errors == []
