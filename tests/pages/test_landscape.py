"""The page Landscape: every view, plane, preset and network, a file from elsewhere, and nonsense."""

import io
import json
import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest
from support.pages import (
    HOSTILE,
    PageView,
    code,
    made_by,
    opened,
    payload,
    payloads,
    plain,
    presets_work,
    share,
    shown,
    sound,
    still,
    trying,
)

import lossviz as lv
from lossviz.figures.base import frames
from lossviz.pages.landscape import one_plane
from lossviz.pages.landscape.controls import Landscape
from lossviz.ui import progressive
from lossviz.ui.controls import Choice, Slider
from lossviz.ui.page import Tabs

SMALL = {"landscape_network": "mlp-16"}
AS_LONG_AS_IT_TAKES = lv.landscape.record_training


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """Trainings of a fifth of their steps; the code on the page calls the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lv.landscape, "record_training", partial(lv.landscape.record_training, steps=60))
        yield


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The training that a viewer sees, and nothing of the short ones before and after it."""
    st.cache_data.clear()
    monkeypatch.setattr(lv.landscape, "record_training", AS_LONG_AS_IT_TAKES)
    yield
    st.cache_data.clear()


@pytest.fixture(scope="module")
def trained() -> lv.landscape.RecordedTraining:
    return lv.landscape.record_training("moons", "mlp-16", steps=20)


ROOM = PageView("landscape", "landscape", Landscape.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


@pytest.mark.parametrize("view", Landscape.view.options)
def test_a_view_is_a_question_a_picture_and_its_texts(view: str) -> None:
    app = seen_at(view)
    assert [title.value for title in app.title] == ["Can you trust this picture?"]
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert given["narrow"][""]["data"]
    assert [tab.label for tab in app.tabs] == [
        "What to see", "Network", "Maths", "Code", "Share", "Download",
    ]  # fmt: skip
    assert any("$$" in m.value for m in app.markdown)
    assert any("Often got wrong" in m.value for m in app.markdown)


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("view", ["One plane", "Rescaled"])
def test_the_followed_slider_has_a_frame_for_its_every_value(view: str) -> None:
    app = at(view)
    given = payload(app)
    assert alike(still(made_by(app)), shown(app)), "also of a training that went to its end"
    slide = next(c for c in Landscape.all if c.key == given["follow"])
    assert isinstance(slide, Slider)
    wanted = np.arange(slide.low, slide.high + 1, slide.step).tolist()
    for figure in (given["wide"], given["narrow"][""]):
        assert [float(frame["name"]) for frame in figure["frames"]] == wanted


@pytest.mark.parametrize("view", Landscape.view.options)
def test_every_preset_works_is_lit_and_is_its_link(view: str) -> None:
    presets_work("landscape", at(view), least=3)


def alike(one: Any, other: Any) -> bool:
    """Equal but for the last bits of a float32: in the page's order some products round otherwise."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other or (isinstance(one, float) and math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-5))


QUERIES: list[tuple[str, dict[str, Any]]] = [
    *(("One plane", {"plane": plane, "step": 24} | SMALL) for plane in Landscape.plane.options),
    *(("One plane", {"normalize": by, "drawn": "In relief"}) for by in Landscape.normalize.options),
    *(("One plane", {"points": points} | SMALL) for points in Landscape.points.options),
    ("Eight planes", {"normalize": "By layer", "activation": "tanh"}),
    ("Rescaled", {"scale": -7, "seed": 2, "loss": "squared error"}),
]


@pytest.mark.parametrize(("view", "query"), QUERIES, ids=[f"{v} {q}"[:60] for v, q in QUERIES])
def test_the_code_under_the_picture_makes_that_picture(view: str, query: dict[str, Any]) -> None:
    query = {key.removeprefix("landscape_"): value for key, value in query.items()}
    app = seen_at(view, **{key: str(value) for key, value in query.items()})
    given = payload(app)
    on_page = shown(app)
    # at_frame keeps what the slider says; the code's figure stands at it already
    follow = given["follow"]
    value = None if follow is None else float(app.session_state[follow])
    figure = json.loads(made_by(app).to_json())
    assert alike(plain(frames.still(figure, value)), on_page)
    assert alike(plain(frames.still(figure, None)), on_page)


@pytest.mark.parametrize("data", Landscape.data.options)
@pytest.mark.parametrize("loss", Landscape.loss.options)
def test_every_dataset_is_learned_under_both_losses(data: str, loss: str) -> None:
    app = at(data=data, loss=loss, **{"network": "mlp-16"})
    assert lv.DATASETS[data].label in " ".join(m.value for m in app.markdown)
    assert f'"{data}"' in code(app)


@pytest.mark.parametrize(
    ("control", "name"),
    [(c, name) for c in (Landscape.network, Landscape.activation) for name in c.options],
    ids=lambda x: x if isinstance(x, str) else x.key,
)
def test_every_network_is_drawn(control: Choice, name: str) -> None:
    assert payload(at(**{control.key.removeprefix("landscape_"): name}))["wide"]["frames"]


def test_what_only_relu_can_do_is_a_sentence() -> None:
    app = at("Rescaled", activation="tanh")
    assert payloads(app) == []
    assert any("Only ReLU" in m.value for m in app.markdown)


def test_the_names_are_the_registries() -> None:
    assert set(Landscape.data.options) <= set(lv.DATASETS)
    assert set(Landscape.network.options) <= set(lv.NETWORKS)
    from lossviz.landscape.fidelity import PLANES

    assert tuple(Landscape.plane.options) == PLANES


def test_a_stopped_page_says_so_and_goes_on() -> None:
    app = at()
    app.slider(key="landscape_seed").set_value(3)  # of which nothing is known yet
    app.session_state["landscape_stopped"] = (
        ("moons", "mlp-16-16", "sigmoid-ce", "relu", 3), "Random", "filter", 41,
    )  # fmt: skip
    sound(app.run())
    assert payloads(app) == []
    assert any("Stopped" in m.value for m in app.markdown)
    sound(app.button(key="landscape_go").click().run())
    assert payload(app)["wide"]["frames"]


# --- from coarse to fine --------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where nothing comes soon, and nobody waits for what is finer."""
    monkeypatch.setattr(progressive, "FIRST_WITHIN", -1.0)
    monkeypatch.setattr(progressive.ProgressiveResult, "refine", lambda self: None)


def words(app: AppTest) -> str:
    return " ".join(str(a.get("text")) for a in shown(app)["layout"]["annotations"])


def test_a_coarse_picture_says_so_and_what_is_taken_home_is_whole(
    slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(Tabs, "fill", lambda self, **more: given.update(more))
    app = at(seed=5, points=81)
    assert "first look, <b>every 8th point</b>" in words(app)
    files = {file.name: file.make() for file in given["files"]}
    whole = lv.Surface.load(io.BytesIO(files["landscape.npz"]))
    assert (whole.loss.shape, whole.facts.stride) == ((81, 81), 1)
    assert "first look" not in files["landscape.html"].rpartition("Plotly.newPlot")[2]
    assert "points=81" in given["code"]


@pytest.mark.parametrize("plane", ["Random", "Curvature", "A random walk"])
def test_a_stopped_picture_stays_and_goes_on_from_there(
    slow: None, monkeypatch: pytest.MonkeyPatch, plane: str
) -> None:
    query = {"seed": 6, "plane": plane} | {"network": "mlp-16"}
    app = at(**query)
    work = app.session_state["landscape_unfinished"]
    assert work.done == 1 / 64

    def left(done: int, total: int) -> None:
        if done > 60:
            raise KeyboardInterrupt  # as Streamlit does when the page is touched

    with pytest.raises(KeyboardInterrupt):
        work.finer(left)
    sound(app.button(key="landscape_stop").click().run())
    assert "every 8th point" in words(app)
    assert any("Stopped" in m.value for m in app.markdown)

    monkeypatch.undo()
    sound(app.button(key="landscape_go").click().run())
    assert "first look" not in words(app)
    assert "landscape_unfinished" not in app.session_state
    assert alike(shown(app), still(made_by(app)))


def test_what_is_done_is_not_done_again(trained: lv.landscape.RecordedTraining) -> None:
    seen: list[int] = []

    def begin(say: Any, file: Any) -> Any:
        return lv.landscape.plane_fidelity_stream(trained, points=33, progress=say, resume=file)

    def left(done: int, total: int) -> None:
        seen.append(done)
        if done > 25:
            raise KeyboardInterrupt

    work = progressive.ProgressiveWork("any", begin, one_plane.share)
    work.finer(lambda done, total: seen.append(done))
    with pytest.raises(KeyboardInterrupt):
        work.finer(left)
    for _ in range(3):
        work.finer(lambda done, total: seen.append(done))
    assert work.done == 1
    assert seen == sorted(set(seen)), "each point once"
    assert seen[-1] == 33**2
    whole = lv.landscape.plane_fidelity(trained, points=33).surface
    np.testing.assert_allclose(work.latest.surface.loss, whole.loss, rtol=1e-6)


# --- a file from elsewhere ------------------------------------------------------------------------------


def surface_file() -> bytes:
    model = torch.nn.Linear(2, 1)
    data = torch.randn(8, 2), torch.randn(8, 1)
    content = io.BytesIO()
    lv.surface(model, torch.nn.functional.mse_loss, data, points=5, progress=False).save(content)
    return content.getvalue()


@pytest.mark.parametrize("drawn", Landscape.drawn.options)
def test_a_surface_file_is_drawn_with_its_facts(drawn: str) -> None:
    app = at(drawn=drawn)
    own = json.dumps(shown(app))
    sound(app.file_uploader[0].upload("mine.npz", surface_file(), "application/octet-stream").run())
    given = payload(app)
    assert given["follow"] is None
    assert json.dumps(shown(app)) != own
    facts = " ".join(m.value for m in app.markdown)
    for word in ("random, filter-normalized, seed 0", "mse loss", "5 × 5", "float32"):
        assert word in facts


BAD = {
    "nothing": b"",
    "text": b"not a surface",
    "truncated": None,
    "pickle": None,
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_one_sentence_and_the_picture_stays(kind: str) -> None:
    content = BAD[kind]
    if kind == "truncated":
        content = surface_file()[:-200]
    if kind == "pickle":
        stream = io.BytesIO()
        np.savez(stream, loss=np.array([{"a": 1}], dtype=object))
        content = stream.getvalue()
    app = at()
    own = json.dumps(shown(app))
    sound(app.file_uploader[0].upload("bad.npz", content, "application/octet-stream").run())
    assert json.dumps(shown(app)) == own
    said = [m.value for m in app.markdown if "cannot be drawn" in m.value]
    assert len(said) == 1
    assert "\n" not in said[0]


def test_a_stranger_cannot_write_on_the_page() -> None:
    found = lv.Surface.load(io.BytesIO(surface_file()))
    from dataclasses import replace

    from lossviz.pages.landscape.surface_file import facts

    evil = replace(
        found, facts=replace(found.facts, method="[x](javascript:alert(1)) <img src=x> **b**" * 40)
    )
    told = facts(evil)
    assert not set("[]<>") & set(told)
    assert "javascript:" not in told


# --- the link -------------------------------------------------------------------------------------------

PUBLISHED: dict[str, Any] = {
    "landscape_view": "One plane", "landscape_step": 0, "landscape_plane": "Random",
    "landscape_normalize": "By filter", "landscape_drawn": "From above", "landscape_points": "41",
    "landscape_scale": 20,
    "landscape_data": "moons", "landscape_network": "mlp-16-16", "landscape_activation": "relu",
    "landscape_loss": "cross-entropy", "landscape_seed": 0,
}  # fmt: skip


def test_defaults_are_published() -> None:
    assert {control.key: control.default for control in Landscape.all} == PUBLISHED
    assert all(control.help or control.key == "landscape_view" for control in Landscape.all)


NONSENSE = [value for value in HOSTILE if not value.isdecimal() or len(value) > 2]  # ١٢ is a step: 12


@pytest.mark.parametrize("value", NONSENSE, ids=[repr(v[:24]) for v in NONSENSE])
def test_nonsense_in_the_address_is_the_default(value: str) -> None:
    app = opened("landscape", dict.fromkeys(PUBLISHED, value))
    assert trying(app).value == "Calm bowl"
    assert code(app) == code(seen_at())
    assert "?" not in share(app)
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown), "nothing is echoed"
