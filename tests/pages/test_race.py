"""The page Race: its settings, presets, views, code, sentences and files."""

import ast
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pages import code, made_by, opened, pairs, payload, payloads, share, shown, sound, still, trying

import lossviz as lv
from lossviz.pages import race
from lossviz.pages.output_codes import at_scale
from lossviz.pages.race.controls import Race

SMALL = {"race_step": "20", "race_seeds": "2"}
FOUR = {"race_network": "mlp-4-4", "race_activation": "sigmoid, relu", "race_gain": "1"}
EVERYTHING: dict[str, Any] = {
    "race_data": "circles", "race_size": "100", "race_noise": "0.2", "race_rare": "3", "race_wrong": "0.1",
    "race_centred": "true", "race_network": "mlp-4-4", "race_gain": "5", "race_optimizer": "sgd, adam",
    "race_losses": "hinge, sigmoid-ce", "race_rate": "0.02", "race_own": "0.05", "race_batch": "16",
    "race_schedule": "cosine", "race_decay": "0.01", "race_clip": "1", "race_shown": "2",
}  # fmt: skip


@pytest.fixture(autouse=True)
def small_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """One epoch for the table: only its picture is tested here."""
    monkeypatch.setattr(at_scale, "EPOCHS", 1)


def settings_of(app: Any) -> lv.TrainingSettings:
    found: lv.TrainingSettings = app.session_state["race_live"].settings
    return found


def texts(app: Any) -> str:
    return " | ".join(str(a["text"]) for a in shown(app)["layout"]["annotations"])


def test_the_default_has_large_output_weights_and_a_significant_difference() -> None:
    app = opened("race")
    assert trying(app).value == "Large output weights"
    written = texts(app)
    assert "Significant" in written
    assert "seeds favour cross-entropy at step 240" in written
    assert "p = 1/128 if the runs were equal" in written


def test_every_preset_is_selected_trains_to_a_step_and_is_restored_by_its_link() -> None:
    app = opened("race", {"race_step": "0"})
    links = set()
    for name in trying(app).options:
        sound(trying(app).set_value(name).run())
        assert trying(app).value == name
        links.add(share(app))
        assert app.session_state["race_step"] == Race.step.default or name == "Large output weights"
        words = " ".join(m.value for m in app.markdown)
        assert "Often got wrong" in words
        assert "too long" not in words
        if name == "Own learning rates":
            other = opened("race", dict(pairs(share(app))))
            assert shown(other) == shown(app)
            assert trying(other).value == name
            assert "Could be luck" in texts(other), "a fair learning rate each: no significant difference"
    assert len(links) == 7


def test_every_control_reaches_the_settings() -> None:
    wanted = settings_of(opened("race", SMALL | EVERYTHING))
    assert wanted == lv.TrainingSettings(
        "circles", "mlp-4-4", ("hinge", "sigmoid-ce") * 2, (0.02, 0.05) * 2,
        ("sgd", "sgd", "adam", "adam"), 2, 600, 16, 5.0, "tanh", 100, 0.2, 0, 10, "cosine", 0.01, 1.0, 3.0,
        0.1, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        SMALL | EVERYTHING,
        SMALL | FOUR | {"race_view": "Layers", "race_layers": "Saturated"},
        SMALL | {"race_view": "Seeds", "race_measure": "Brier"},
    ],
    ids=["everything", "layers", "seeds"],
)
def test_the_code_trains_what_is_shown(query: dict[str, Any]) -> None:
    app = opened("race", query)
    made, on_page = made_by(app), payload(app)["wide"]
    wanted = settings_of(app)
    namespace: dict[str, Any] = {}
    source = code(app).split("figure =")[0].replace("steps=600", "steps=20").replace("cosine", "constant")
    exec(compile(source, "the code on the page", "exec"), namespace)
    history, on_screen = namespace["history"], app.session_state["race_live"].read().history
    if wanted.schedule == "constant":  # another length is another schedule
        np.testing.assert_array_equal(history.loss, on_screen.loss)
    assert history.settings.runs == wanted.runs
    assert len(made.data) == len(on_page["data"])
    assert [t.type for t in made.data] == [t["type"] for t in on_page["data"]]


def test_the_table_is_a_view_with_its_own_code_and_texts() -> None:
    app = opened("race", {"race_view": "Table"})
    assert trying(app).value == "Ten digits"
    assert still(made_by(app)) == shown(app)
    assert "squared error, 132 weights" in texts(app)
    words = " ".join(m.value for m in app.markdown)
    assert "not centred" in words
    sound(app.toggle(key="race_centred").set_value(True).run())
    assert "centred=True" in code(app)
    assert still(made_by(app)) == shown(app)


def test_four_runs_have_letters_and_their_own_settings() -> None:
    written = texts(opened("race", SMALL | FOUR))
    for head in ("A · Squared error", "B · Cross-entropy", "C · Squared error", "D · Cross-entropy"):
        assert head in written
    assert "sigmoid" in written
    assert "ReLU" in written


def test_more_than_four_runs_are_one_sentence() -> None:
    app = opened("race", SMALL | {"race_activation": "sigmoid, relu", "race_optimizer": "sgd, adam"})
    assert payloads(app) == []
    assert any("8 runs, and at most 4 can be told apart" in m.value for m in app.markdown)


def test_few_seeds_are_too_few_to_tell() -> None:
    assert "Too few seeds to tell" in texts(opened("race", SMALL))


def test_another_seeds_decision_boundaries_need_no_other_training() -> None:
    app = opened("race", SMALL)
    training, before = app.session_state["race_live"], shown(app)
    sound(app.slider(key="race_shown").set_value(2).run())
    assert app.session_state["race_live"] is training
    grids = [[t["z"] for t in picture["data"] if "z" in t] for picture in (before, shown(app))]
    assert grids[0] != grids[1]


def test_the_history_can_be_saved_and_loaded() -> None:
    app = opened("race", SMALL)
    history = app.session_state["race_live"].read().history
    file = io.BytesIO()
    history.save(file)
    file.seek(0)
    loaded = lv.History.load(file)
    assert loaded.settings == history.settings
    np.testing.assert_array_equal(loaded.accuracy, history.accuracy)


@pytest.mark.parametrize("view", ["Curves", "Layers", "Seeds"])
@pytest.mark.parametrize("data", ["digits", "wine", "blobs"])
def test_data_of_many_classes_are_drawn_in_every_view(view: str, data: str) -> None:
    app = opened(
        "race",
        SMALL | {"race_view": view, "race_data": data, "race_losses": "softmax-ce, softmax-twice",
                 "race_network": "mlp-16"},
    )  # fmt: skip
    assert len(payload(app)["wide"]["frames"]) == 3
    assert bool([t for t in payload(app)["wide"]["data"] if t["type"] == "contour"]) == (data == "blobs")


WITHOUT_END = {
    "race_data": "digits", "race_network": "cnn", "race_seeds": "16", "race_step": "600",
    "race_losses": "softmax-mse, softmax-ce, sigmoid-mse-onehot, sigmoid-bce-onehot",
}  # fmt: skip


def test_a_race_that_is_too_long_is_one_sentence_with_what_fits() -> None:
    app = opened("race", WITHOUT_END)
    assert payloads(app) == []
    assert "race_live" not in app.session_state
    (said,) = [m.value for m in app.markdown if "too long" in m.value]
    assert "4 runs × 16 seeds, network Small CNN, 600 steps of 1\u2009347 examples" in said
    assert "minutes of a processor core, and at most 2 are allowed" in said
    offered = [b for b in app.button if b.key.startswith("race_fits")]
    assert [b.label for b in offered] == ["64 examples in a batch, 1 seed"]


def test_what_fits_is_a_click_away() -> None:
    wide = {"race_data": "circles", "race_size": "3000", "race_network": "mlp-64-64-64-64-64-64"}
    app = opened("race", wide | {"race_seeds": "16", "race_step": "0"})
    fewer, smaller = [b for b in app.button if b.key.startswith("race_fits")]
    assert fewer.label.endswith("seeds")
    assert smaller.label == "64 examples in a batch"
    sound(smaller.click().run())
    assert not any("too long" in m.value for m in app.markdown)
    assert settings_of(app).batch == 64


def test_a_link_to_a_long_race_is_watched_on_its_way() -> None:
    app = opened(
        "race",
        {"race_data": "digits", "race_losses": "softmax-mse, softmax-ce", "race_network": "mlp-64-64",
         "race_step": "600"},
    )  # fmt: skip
    live = app.session_state["race_live"]
    try:
        assert live.running
        assert live.goal == 600
        assert live.step < 600
        assert [b.label for b in app.button if b.key == "race_play"] == ["Pause"]
    finally:
        live.pause()


@pytest.mark.parametrize("view", ["Curves", "Layers", "Seeds", "Table"])
@pytest.mark.parametrize("plane", [True, False], ids=["plane", "no plane"])
def test_what_to_see_speaks_only_of_what_the_view_shows(view: str, plane: bool) -> None:
    """Dots of seeds stand beside curves, decision boundaries only where there are two features."""
    data = "moons" if plane else "iris"
    source = Path(race.__file__).with_name("page.py").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__file__": race.__file__}
    functions = [node for node in ast.parse(source).body if not isinstance(node, ast.With)]
    exec(compile(ast.Module(functions, []), "page.py", "exec"), names)
    assert len(lv.DATASETS[data].features) == 2 or not plane
    for preset in (None, *names["PRESETS"]):
        said = names["see"](preset, view, plane)
        assert "DOTS" not in said
        assert ("dots right of the curves" in said) == (view == "Curves")
        assert ("decision boundaries" in said) == (view == "Curves" and plane)
        assert ("Under the name of each run" in said) == (view != "Table")
        assert "Often got wrong" in said
