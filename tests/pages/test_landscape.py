"""What is special to the page Landscape: from coarse to fine, networks, and uploaded files."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest
from support.page_cases import make_small
from support.pages import (
    PageView,
    code,
    made_by,
    nearly_equal,
    payload,
    payloads,
    shown,
    sound,
    still,
)

import lossviz as lv
from lossviz.landscape.fidelity import PLANES
from lossviz.pages.landscape import one_plane
from lossviz.pages.landscape.controls import PLANES as PLANE_VALUES
from lossviz.pages.landscape.controls import Landscape
from lossviz.pages.landscape.surface_file import metadata_list
from lossviz.ui import progressive
from lossviz.ui.controls import Choice, Slider
from lossviz.ui.page import Tabs

SMALL = {"landscape_network": "mlp-16"}
FULL_TRAINING = lv.landscape.record_training


@pytest.fixture(scope="module", autouse=True)
def short_training() -> Iterator[None]:
    """Training with a fifth of the steps, also in the code on the page."""
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        yield


@pytest.fixture
def full_training(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Training with all steps, without cached results of the short ones."""
    st.cache_data.clear()
    monkeypatch.setattr(lv.landscape, "record_training", FULL_TRAINING)
    yield
    st.cache_data.clear()


@pytest.fixture(scope="module")
def training() -> lv.landscape.RecordedTraining:
    return lv.landscape.record_training("moons", "mlp-16", steps=20)


ROOM = PageView("landscape", "landscape", Landscape.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


@pytest.mark.usefixtures("full_training")
@pytest.mark.parametrize("view", ["One plane", "Rescaled"])
def test_slider_has_a_frame_for_every_value(view: str) -> None:
    app = at(view)
    sent = payload(app)
    assert nearly_equal(still(made_by(app)), shown(app)), "also of a full training"
    slide = next(c for c in Landscape.all if c.key == sent["follow"])
    assert isinstance(slide, Slider)
    wanted = np.arange(slide.low, slide.high + 1, slide.step).tolist()
    for figure in (sent["wide"], sent["narrow"][""]):
        assert [float(frame["name"]) for frame in figure["frames"]] == wanted


@pytest.mark.parametrize("data", Landscape.data.options)
@pytest.mark.parametrize("loss", Landscape.loss.options)
def test_every_dataset_with_both_losses(data: str, loss: str) -> None:
    app = at(data=data, loss=loss, **{"network": "mlp-16"})
    assert lv.DATASETS[data].label in " ".join(m.value for m in app.markdown)
    assert f'"{data}"' in code(app)


@pytest.mark.parametrize(
    ("control", "name"),
    [(c, name) for c in (Landscape.network, Landscape.activation) for name in c.options],
    ids=lambda x: x if isinstance(x, str) else x.key,
)
def test_every_network_and_activation(control: Choice, name: str) -> None:
    assert payload(at(**{control.key.removeprefix("landscape_"): name}))["wide"]["frames"]


def test_rescaled_view_explains_that_it_needs_relu() -> None:
    app = at("Rescaled", activation="tanh")
    assert payloads(app) == []
    assert any("Only a ReLU network" in m.value for m in app.markdown)


def test_options_are_names_of_the_registries_and_the_library() -> None:
    assert set(Landscape.data.options) <= set(lv.DATASETS)
    assert set(Landscape.network.options) <= set(lv.NETWORKS)
    assert tuple(Landscape.plane.options) == tuple(PLANE_VALUES)
    assert tuple(PLANE_VALUES.values()) == PLANES


def test_stopped_page_says_so_and_can_go_on() -> None:
    app = at()
    app.slider(key="landscape_seed").set_value(3)  # for which nothing is cached
    app.session_state["landscape_stopped"] = (
        ("moons", "mlp-16-16", "sigmoid-ce", "relu", 3), "random", "filter", 41,
    )  # fmt: skip
    sound(app.run())
    assert payloads(app) == []
    assert any("Stopped" in m.value for m in app.markdown)
    sound(app.button(key="landscape_go").click().run())
    assert payload(app)["wide"]["frames"]


# --- from coarse to fine --------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show the coarsest picture first, and do not refine it."""
    monkeypatch.setattr(progressive, "FIRST_WITHIN", -1.0)
    monkeypatch.setattr(progressive.ProgressiveResult, "refine", lambda self: None)


def annotation_text(app: AppTest) -> str:
    return " ".join(str(a.get("text")) for a in shown(app)["layout"]["annotations"])


def test_coarse_figure_says_so_and_downloads_are_whole(slow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    filled: dict[str, Any] = {}
    monkeypatch.setattr(Tabs, "fill", lambda self, **tabs: filled.update(tabs))
    app = at(seed=5, points=81)
    assert "coarse grid, <b>every 8th point</b>" in annotation_text(app)
    files = {file.name: file.make() for file in filled["files"]}
    whole = lv.Surface.load(io.BytesIO(files["landscape.npz"]))
    assert (whole.loss.shape, whole.facts.stride) == ((81, 81), 1)
    assert "coarse grid" not in files["landscape.html"].rpartition("Plotly.newPlot")[2]
    assert "points=81" in filled["code"]


@pytest.mark.parametrize("plane", ["Random", "Curvature", "A random walk"])
def test_stopped_figure_stays_and_is_resumed(slow: None, monkeypatch: pytest.MonkeyPatch, plane: str) -> None:
    query = {"seed": 6, "plane": plane} | {"network": "mlp-16"}
    app = at(**query)
    work = app.session_state["landscape_unfinished"]
    assert work.done == 1 / 64

    def interrupt(done: int, total: int) -> None:
        if done > 60:
            raise KeyboardInterrupt  # as Streamlit does when a control is used

    with pytest.raises(KeyboardInterrupt):
        work.finer(interrupt)
    sound(app.button(key="landscape_stop").click().run())
    assert "every 8th point" in annotation_text(app)
    assert any("Stopped" in m.value for m in app.markdown)

    monkeypatch.undo()
    sound(app.button(key="landscape_go").click().run())
    assert "coarse grid" not in annotation_text(app)
    assert "landscape_unfinished" not in app.session_state
    assert nearly_equal(shown(app), still(made_by(app)))


def test_interrupted_points_are_not_computed_again(training: lv.landscape.RecordedTraining) -> None:
    reported: list[int] = []

    def begin(report: Any, file: Any) -> Any:
        return lv.landscape.plane_fidelity_stream(training, points=33, progress=report, resume=file)

    def interrupt(done: int, total: int) -> None:
        reported.append(done)
        if done > 25:
            raise KeyboardInterrupt

    work = progressive.ProgressiveWork("any", begin, one_plane.share)
    work.finer(lambda done, total: reported.append(done))
    with pytest.raises(KeyboardInterrupt):
        work.finer(interrupt)
    for _ in range(3):
        work.finer(lambda done, total: reported.append(done))
    assert work.done == 1
    assert reported == sorted(set(reported)), "each point once"
    assert reported[-1] == 33**2
    whole = lv.landscape.plane_fidelity(training, points=33).surface
    np.testing.assert_allclose(work.latest.surface.loss, whole.loss, rtol=1e-6)


# --- uploaded surface files -----------------------------------------------------------------------------


def surface_file() -> bytes:
    model = torch.nn.Linear(2, 1)
    data = torch.randn(8, 2), torch.randn(8, 1)
    content = io.BytesIO()
    lv.surface(model, torch.nn.functional.mse_loss, data, points=5, progress=False).save(content)
    return content.getvalue()


@pytest.mark.parametrize("drawn", Landscape.drawn.options)
def test_uploaded_surface_is_drawn_with_its_metadata(drawn: str) -> None:
    app = at(drawn=drawn)
    before = json.dumps(shown(app))
    sound(app.file_uploader[0].upload("mine.npz", surface_file(), "application/octet-stream").run())
    sent = payload(app)
    assert sent["follow"] is None
    assert json.dumps(shown(app)) != before
    text = " ".join(m.value for m in app.markdown)
    for word in ("random, filter-normalized, seed 0", "mse loss", "5 × 5", "float32"):
        assert word in text


def test_fine_grid_is_thinned_and_file_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossviz.pages.landscape.surface_file.MAX_POINTS", 3)
    calls, load = [], lv.Surface.load

    def recording_load(file: Any, max_points: int) -> lv.Surface:
        calls.append(max_points)
        return load(file, max_points)

    monkeypatch.setattr(lv.Surface, "load", recording_load)
    app = at()
    sound(app.file_uploader[0].upload("mine.npz", surface_file(), "application/octet-stream").run())
    text = " ".join(m.value for m in app.markdown)
    assert "Of its finer grid, every 2nd point is drawn, and is in Numbers (CSV)." in text
    assert 'lv.Surface.load("mine.npz", max_points=3)' in code(app)
    sound(app.run())
    assert calls == [3]
    assert "landscape_file_read" in app.session_state


BAD = {
    "nothing": b"",
    "text": b"not a surface",
    "truncated": None,
    "pickle": None,
}


@pytest.mark.parametrize("kind", BAD)
def test_invalid_file_is_one_sentence_and_the_figure_stays(kind: str) -> None:
    content = BAD[kind]
    if kind == "truncated":
        content = surface_file()[:-200]
    if kind == "pickle":
        stream = io.BytesIO()
        np.savez(stream, loss=np.array([{"a": 1}], dtype=object))
        content = stream.getvalue()
    app = at()
    before = json.dumps(shown(app))
    sound(app.file_uploader[0].upload("bad.npz", content, "application/octet-stream").run())
    assert json.dumps(shown(app)) == before
    messages = [m.value for m in app.markdown if "cannot be drawn" in m.value]
    assert len(messages) == 1
    assert "\n" not in messages[0]


def test_metadata_of_a_file_is_plain_text() -> None:
    found = lv.Surface.load(io.BytesIO(surface_file()))
    hostile = replace(
        found, facts=replace(found.facts, method="[x](javascript:alert(1)) <img src=x> **b**" * 40)
    )
    text = metadata_list(hostile)
    assert not set("[]<>") & set(text)
    assert "javascript:" not in text
