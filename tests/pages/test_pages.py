"""Every page, every view, every preset, every row that a control offers; and the code under each picture."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from support.pages import (
    CONTENTS,
    HOSTILE,
    as_given,
    code,
    made_by,
    missing_parts,
    opened,
    payload,
    payloads,
    presets_work,
    seen,
    share,
    shown,
    sound,
    still,
)

import lossviz as lv
from lossviz.pages import addresses, discover, sections, start_page
from lossviz.pages.home.controls import Home
from lossviz.pages.race.controls import Race
from lossviz.pages.stuck_neuron.controls import Neuron
from lossviz.pages.two_weights import surfaces
from lossviz.pages.two_weights.controls import Weights
from lossviz.ui.controls import Choice, Control, MultiChoice, Slider, Toggle
from lossviz.ui.table import Page

PAGES = ("home", "stuck_neuron", "two_weights", "race")
VIEWS: list[tuple[str, dict[str, str], tuple[Control, ...]]] = [
    ("home", {}, Home.all),
    ("stuck_neuron", {}, Neuron.all),
    ("stuck_neuron", {"neuron_view": "Learning curve"}, Neuron.all),
    ("stuck_neuron", {"neuron_view": "Escape time"}, Neuron.all),
    ("two_weights", {}, Weights.all),
    ("two_weights", {"weights_view": "In relief"}, Weights.all),
    ("race", {"race_step": "0"}, Race.all),
    ("race", {"race_step": "0", "race_view": "Layers"}, Race.all),
    ("race", {"race_step": "0", "race_view": "Seeds"}, Race.all),
]
CALLED = [f"{page} {next(reversed(query.values()), '')}".strip() for page, query, _ in VIEWS]
EVERY = pytest.mark.parametrize(("page", "query", "controls"), VIEWS, ids=CALLED)


@pytest.fixture(scope="module", autouse=True)
def coarse() -> Iterator[None]:
    """Surfaces of few points; the code on the page says so too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surfaces, "POINTS", 21)
        yield


# --- the table of pages --------------------------------------------------------------------------------


@pytest.mark.parametrize("page", discover(), ids=lambda page: page.name)
def test_a_page_lacks_nothing(page: Page) -> None:
    assert list(missing_parts(page)) == []


def test_every_folder_with_a_page_is_found_once_and_only_home_is_in_no_section() -> None:
    names = [page.name for page in discover()]
    assert sorted(names) == sorted(path.parent.name for path in CONTENTS.parent.glob("*/page.py"))
    assert start_page().name == "home" == names[0]
    assert [page.name for section in sections().values() for page in section] == names[1:]


def test_the_addresses_of_the_pages_are_published() -> None:
    """Links lead there. A page may be added; none may be renamed."""
    assert set(addresses()) >= {
        "stuck-neuron", "two-weights", "race", "landscape", "edge-of-stability", "gallery", "likelihood",
        "numbers", "metric", "output-codes",
    }  # fmt: skip


# --- pages and views -----------------------------------------------------------------------------------


@EVERY
def test_a_view_is_a_question_a_picture_and_its_texts(
    page: str, query: dict[str, str], controls: tuple[Control, ...]
) -> None:
    app = seen(page, query)
    assert len(app.title) == 1
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert all(panel["data"] for panel in given["narrow"].values())
    if page != "home":
        tabs = [tab.label for tab in app.tabs]
        assert [name for name in tabs if name != "Set up"] == [
            "What to see", "Maths", "Code", "Share", "Download",
        ]  # fmt: skip
        words = [m.value for m in app.markdown]
        assert any("$" in w for w in words), "there is a formula"
        assert not any(placeholder in w for w in words for placeholder in ("FORMULA", "CONVENTION", "LOSSES"))


@EVERY
def test_the_followed_slider_has_a_frame_for_its_value(
    page: str, query: dict[str, str], controls: tuple[Control, ...]
) -> None:
    given = payload(seen(page, query))
    if given["follow"] is None:
        assert not given["wide"].get("frames")
        return
    slide = next(c for c in controls if c.key == given["follow"])
    assert isinstance(slide, Slider)
    for figure in (given["wide"], *given["narrow"].values()):
        names = [float(frame["name"]) for frame in figure["frames"]]
        assert names == sorted(names)
        if page != "race":  # which has come as far as it has come
            assert (names[0], names[-1]) == (slide.low, slide.high)
            assert max(np.diff(names)) <= 2 * slide.step + 1e-9


OTHERS = [pair for pair in zip(CALLED, VIEWS, strict=True) if pair[1][0] not in ("home", "race")]


@pytest.mark.parametrize(("page", "query", "controls"), [v for _, v in OTHERS], ids=[c for c, _ in OTHERS])
def test_every_preset_works_is_lit_and_is_its_link(
    page: str, query: dict[str, str], controls: tuple[Control, ...]
) -> None:
    presets_work(page, opened(page, query))


# --- the code under the picture ------------------------------------------------------------------------

PICTURES: list[tuple[str, dict[str, Any]]] = [
    ("stuck_neuron", {}),
    ("stuck_neuron", {"neuron_z": "-2.3", "neuron_target": "1", "neuron_half": "true"}),
    ("stuck_neuron", {"neuron_view": "Learning curve"}),
    ("stuck_neuron", {"neuron_view": "Learning curve", "neuron_w": "0.6", "neuron_own": "0.005",
                      "neuron_widget": "true", "neuron_step": "60"}),
    ("stuck_neuron", {"neuron_view": "Escape time"}),
    ("stuck_neuron", {"neuron_view": "Escape time", "neuron_z0": "3.5", "neuron_rate": "0.5"}),
    ("two_weights", {}),
    ("two_weights", {"weights_step": "40", "weights_mark": "Bends down", "weights_a": "-0.5",
                     "weights_optimizer": ["adam", "lbfgs"], "weights_rate": "0.2"}),
    ("two_weights", {"weights_model": "iris", "weights_mark": "Nothing"}),
    ("two_weights", {"weights_view": "In relief", "weights_step": "20"}),
    ("race", {"race_step": "20", "race_seeds": "2", "race_data": "digits", "race_network": "linear",
              "race_losses": "softmax-mse, softmax-ce"}),
    ("race", {"race_step": "10", "race_seeds": "1", "race_view": "Layers", "race_data": "wine",
              "race_losses": "softmax-mse, softmax-ce", "race_own": "0.5"}),
]  # fmt: skip
WITH_PORTRAITS: tuple[str, dict[str, Any]] = ("race", {"race_step": "20", "race_seeds": "2"})


@pytest.mark.parametrize(("page", "query"), [p for p in PICTURES if p[0] != "race"])
def test_the_code_under_the_picture_makes_that_picture(page: str, query: dict[str, Any]) -> None:
    app = seen(page, query)
    assert still(made_by(app)) == shown(app)


def _curves_of(picture: dict[str, Any]) -> list[Any]:
    """The lines of a race up to where it has come: what does not depend on how far it was to go."""
    return [[t.get("x"), t.get("y")] for t in picture["data"] if t.get("x") and len(t["x"]) > 1]


@pytest.mark.parametrize(("page", "query"), [p for p in PICTURES if p[0] == "race"])
def test_the_code_under_a_race_makes_its_curves(page: str, query: dict[str, Any]) -> None:
    app = seen(page, query)
    made, on_page = still(made_by(app)), shown(app)
    assert _curves_of(made) == _curves_of(on_page)
    assert len(made["data"]) == len(on_page["data"])


def test_the_code_under_a_race_in_the_plane_makes_its_portraits_too() -> None:
    app = seen(*WITH_PORTRAITS)
    assert len(still(made_by(app))["data"]) == len(shown(app)["data"])


# --- every row that a control offers -------------------------------------------------------------------


@pytest.mark.parametrize("model", Weights.model.options)
@pytest.mark.parametrize("view", Weights.view.options)
def test_every_two_weight_model_is_drawn(model: str, view: str) -> None:
    app = opened("two_weights", {"weights_model": model, "weights_view": view})
    assert app.selectbox(key="weights_model").value == model
    assert len(payload(app)["narrow"]) == 2
    assert any(lv.neuron.TWO_WEIGHT_MODELS[model].formula in m.value for m in app.markdown)


def test_the_two_weight_models_are_the_registrys() -> None:
    assert tuple(Weights.model.options) == tuple(lv.neuron.TWO_WEIGHT_MODELS)
    assert set(Weights.optimizers.options) <= set(lv.OPTIMIZERS)


@pytest.mark.parametrize("optimizer", Weights.optimizers.options)
def test_every_optimizer_walks(optimizer: str) -> None:
    app = opened("two_weights", {"weights_optimizer": optimizer, "weights_rate": "0.1"})
    assert f"['{optimizer}']" in code(app)
    ways = [t for t in shown(app)["data"] if t.get("x") and len(t["x"]) == 201]
    assert len({tuple(t["y"]) for t in ways}) == 2, "one way for each loss"


def _fits(data: str, pair: str, network: str = "linear") -> bool:
    try:
        lv.TrainingSettings(data, network, tuple(pair.split(", ")), (0.1,) * len(pair.split(", ")))
    except ValueError:
        return False
    return True


GOOD = [
    *((data, next(p for p in Race.pair.options if _fits(data, p))) for data in Race.data.options),
    *(("moons", pair) for pair in Race.pair.options if _fits("moons", pair)),
]


@pytest.mark.parametrize(("data", "pair"), list(dict.fromkeys(GOOD)))
def test_every_dataset_and_every_pair_of_losses_races(data: str, pair: str) -> None:
    app = opened("race", {"race_step": "0", "race_data": data, "race_losses": pair, "race_seeds": "1"})
    assert app.session_state["race_live"].settings.dataset == data
    assert app.session_state["race_live"].settings.losses == tuple(pair.split(", "))
    for loss in pair.split(", "):
        assert any(lv.LOSSES[loss].formula in m.value for m in app.markdown)
    sound(app.button(key="race_one").click().run())
    assert app.session_state["race_step"] == 10
    assert [frame["name"] for frame in payload(app)["wide"]["frames"]] == ["0", "10"]


BAD = [
    *((d, p) for d in Race.data.options for p in Race.pair.options[:1] if not _fits(d, p)),
    *(("digits", p) for p in Race.pair.options if not _fits("digits", p)),
]


@pytest.mark.parametrize(("data", "pair"), list(dict.fromkeys(BAD)))
def test_a_pair_that_does_not_fit_the_data_is_a_sentence(data: str, pair: str) -> None:
    app = opened("race", {"race_step": "0", "race_data": data, "race_losses": pair})
    assert payloads(app) == []
    sentences = " ".join(m.value for m in app.markdown)
    assert any(loss in sentences for loss in pair.split(", "))
    assert f"'{data}'" in sentences, "the sentence names what was given"


@pytest.mark.parametrize("data", ["moons", "wine"])
def test_a_network_that_does_not_fit_the_data_is_a_sentence(data: str) -> None:
    pair = next(p for p in Race.pair.options if _fits(data, p))
    app = opened("race", {"race_step": "0", "race_data": data, "race_losses": pair, "race_network": "cnn"})
    assert payloads(app) == []
    assert any("cnn" in m.value for m in app.markdown)


@pytest.mark.parametrize(
    ("control", "name"),
    [(c, name) for c in (Race.network, Race.activation, Race.gain, Race.optimizer, Race.measure, Race.rate)
     for name in c.options[:: 3 if c is Race.network else 1]
     if name != c.default or c is Race.activation],  # the page of all defaults is opened once
    ids=lambda x: x if isinstance(x, str) else x.key,
)  # fmt: skip
def test_every_setting_of_a_race_works(control: Choice, name: str) -> None:
    data = "digits" if name == "cnn" else "wine"
    query = {"race_step": "10", "race_seeds": "1", "race_data": data, control.key: name}
    app = opened("race", query | {"race_losses": "softmax-mse, softmax-ce"})
    assert len(payload(app)["wide"]["frames"]) == 2


def test_another_set_up_stands_ready_and_another_measure_changes_nothing() -> None:
    app = opened("race", {"race_step": "20", "race_seeds": "1"})
    race = app.session_state["race_live"]
    assert app.session_state["race_step"] == 20
    sound(app.button_group(key="race_measure").set_value("Brier").run())
    sound(app.button_group(key="race_view").set_value("Layers").run())
    assert app.session_state["race_live"] is race
    assert app.session_state["race_step"] == 20
    sound(app.slider(key="race_seeds").set_value(2).run())
    assert app.session_state["race_live"] is not race
    assert app.session_state["race_step"] == 0
    sound(app.button(key="race_one").click().run())
    sound(app.button(key="race_reset").click().run())
    assert app.session_state["race_step"] == 0


def test_a_race_that_flies_apart_says_so() -> None:
    # a rate of ten times the largest one on a network this loud leaves the finite numbers or it does not:
    # the page must stand either way
    app = opened("race", {"race_step": "50", "race_seeds": "1", "race_rate": "10", "race_losses":
                          "softmax-mse, softmax-ce", "race_data": "digits"})  # fmt: skip
    diverged = app.session_state["race_live"].read().history.diverged_at
    told = any("left the finite numbers" in m.value for m in app.markdown)
    assert told == bool((diverged >= 0).any())


# --- the link ------------------------------------------------------------------------------------------

PUBLISHED: dict[str, Any] = {
    "home_step": 150,
    "neuron_view": "Slope", "neuron_z": 4.0, "neuron_target": "0", "neuron_half": False, "neuron_step": 150,
    "neuron_w": 2.0, "neuron_b": 2.0, "neuron_rate": "0.15", "neuron_own": "the same",
    "neuron_widget": False, "neuron_z0": 8.0,
    "weights_view": "From above", "weights_step": 200, "weights_model": "noisy-step",
    "weights_optimizer": ("sgd",), "weights_rate": "1", "weights_mark": "Plateau",
    "weights_a": 5.0, "weights_b": -8.0,
    "race_view": "Curves", "race_step": 240, "race_measure": "Accuracy", "race_data": "moons",
    "race_network": "mlp-16-16", "race_activation": "tanh", "race_gain": "60",
    "race_losses": "sigmoid-mse, sigmoid-ce", "race_optimizer": "sgd", "race_rate": "0.1",
    "race_own": "the same", "race_seeds": 8, "race_layers": "Gradient", "race_speed": "Fast",
    "race_shown": 1, "race_size": "its own", "race_noise": "its own", "race_rare": "1", "race_wrong": "0",
    "race_centred": False, "race_batch": "all", "race_schedule": "constant", "race_decay": "its own",
    "race_clip": "any",
}  # fmt: skip


def _declared() -> list[Control]:
    pages = [Home, Neuron, Weights, Race]
    return [value for page in pages for value in vars(page).values()
            if isinstance(value, Slider | Choice | MultiChoice | Toggle)]  # fmt: skip


def test_defaults_are_published() -> None:
    """A changed default changes what old links show. Change one here only if you mean that."""
    assert {control.key: control.default for control in _declared()} == PUBLISHED
    for control in _declared():
        assert type(control.default) is type(PUBLISHED[control.key])


def test_every_control_stands_once_under_its_pages_name() -> None:
    keys = [control.key for control in _declared()]
    assert len(keys) == len(set(keys))
    listed = [c.key for page in (Home, Neuron, Weights, Race) for c in page.all]
    assert sorted(listed) == sorted(keys)
    for control in _declared():
        assert control.key.split("_")[0] in ("home", "neuron", "weights", "race")
        if isinstance(control, Choice):
            assert control.default in control.options
        if isinstance(control, Slider):
            assert control.low <= control.default <= control.high


def test_every_control_says_what_it_does_to_the_picture() -> None:
    unexplained = [c.key for c in _declared() if not c.help]
    assert set(unexplained) <= {"neuron_view", "weights_view", "race_view"}


@pytest.fixture(scope="module")
def untouched() -> dict[str, str]:
    """What each view shows without a word in the address."""
    return {
        called: as_given(seen(page, query)) for (page, query, _), called in zip(VIEWS, CALLED, strict=True)
    }


@pytest.mark.parametrize("value", HOSTILE, ids=[repr(v[:24]) for v in HOSTILE])
@pytest.mark.parametrize(("index", "called"), list(enumerate(CALLED)), ids=CALLED)
def test_nonsense_in_the_address_is_the_default(
    untouched: dict[str, str], index: int, called: str, value: str
) -> None:
    page, query, controls = VIEWS[index]
    attack = {c.key: value for c in controls if c.key not in query}
    app = opened(page, attack | query)
    assert as_given(app) == untouched[called]
    if page != "home":
        assert set(share(app).partition("?")[2].split("&")) <= {
            f"{k}={v.replace(' ', '+')}" for k, v in query.items()
        } | {""}
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown), "nothing is echoed"


@pytest.mark.parametrize("value", ["nan", "-10", "601", "1e9", "<b>"])
def test_nonsense_for_the_step_of_a_race_is_the_default(value: str) -> None:
    app = opened("race", {"race_step": value, "race_seeds": "1", "race_network": "linear"})
    assert app.session_state["race_step"] == PUBLISHED["race_step"]


@pytest.mark.parametrize("control", [c for c in _declared() if isinstance(c, Slider)], ids=lambda c: c.key)
@pytest.mark.parametrize("side", ["below", "above"])
def test_a_number_out_of_range_is_the_default(control: Slider, side: str) -> None:
    page = {"home": "home", "neuron": "stuck_neuron", "weights": "two_weights", "race": "race"}
    view = {"neuron_step": "Learning curve", "neuron_w": "Learning curve", "neuron_b": "Learning curve",
            "neuron_z0": "Escape time"}.get(control.key, "Slope")  # fmt: skip
    value = control.low - control.step if side == "below" else control.high + control.step
    query = {"neuron_view": view, "race_step": "0", control.key: f"{value:g}"}
    app = opened(page[control.key.split("_")[0]], query)
    assert math.isclose(app.slider(key=control.key).value, control.default)


def test_a_choice_given_a_thousand_times_is_the_default_or_what_is_known() -> None:
    app = opened("two_weights", {"weights_optimizer": ["sgd", "<b>", *["adam"] * 1000]})
    assert "['sgd']" in code(app) or "['sgd', 'adam']" in code(app)
