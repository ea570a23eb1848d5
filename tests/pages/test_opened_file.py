"""A page that shows a viewer's own file says nothing of what it would show otherwise, nor does its link."""

import io
import json
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from support.pages import code, opened, payload, share, sound, trying

import lossviz as lv

OTHERS = ("moons", "Two moons", "circles", "Rings", "SGD", "momentum", "training", "path", "seed 3", "ReLU")


def surface_file() -> bytes:
    model = torch.nn.Linear(2, 1)
    data = torch.randn(8, 2), torch.randn(8, 1)
    content = io.BytesIO()
    lv.surface(model, torch.nn.functional.mse_loss, data, points=5, progress=False).save(content)
    return content.getvalue()


def words(app: AppTest) -> str:
    """The texts of the page, and the alternative of its picture."""
    return "\n".join([*(text.value for text in app.markdown), payload(app)["alt"]])


@pytest.fixture(scope="module", params=["From above", "In relief"])
def with_file(request: pytest.FixtureRequest) -> Any:
    query = {"landscape_data": "circles", "landscape_plane": "Its path", "landscape_drawn": request.param}
    app = opened("landscape", query)
    return sound(app.file_uploader[0].upload("mine.npz", surface_file(), "application/octet-stream").run())


def test_what_is_about_a_training_is_not_shown(with_file: AppTest) -> None:
    assert trying(with_file) is None
    assert len(with_file.selectbox) == len(with_file.slider) == 0
    assert [group.key for group in with_file.button_group] == ["landscape_view", "landscape_drawn"]
    see = next(text.value for text in with_file.markdown if "Often got wrong" in text.value)
    said = words(with_file).replace(see, "")  # it tells how to find out how much of a training is shown
    assert [name for name in OTHERS if name in said] == []
    assert "from the file that you opened" in said
    assert "mse loss over a plane" in said


def test_the_link_says_that_it_does_not_carry_the_file(with_file: AppTest) -> None:
    said = words(with_file)
    assert "does not carry" in said
    assert "the file that you opened: send that along" in said
    assert "as you see it now" not in said
    assert "landscape_data" not in share(with_file)
    assert 'lv.Surface.load("mine.npz")' in code(with_file)


def test_without_the_file_all_is_as_it_was() -> None:
    query = {"landscape_data": "circles", "landscape_plane": "Its path"}
    app = opened("landscape", query)
    before = json.dumps(payload(app)), words(app), share(app)
    sound(app.file_uploader[0].upload("mine.npz", surface_file(), "application/octet-stream").run())
    assert words(app) != before[1]
    sound(app.file_uploader[0].clear().run() if hasattr(app.file_uploader[0], "clear") else app.run())
    assert (json.dumps(payload(app)), words(app), share(app)) == before


def test_a_relief_and_a_long_table_say_what_their_links_do_not_carry() -> None:
    relief = opened("two_weights", {"weights_view": "In relief"})
    assert "does not carry the direction that it is turned to" in words(relief)
    flat = opened("two_weights")
    assert "This link opens the page as you see it now." in words(flat)
