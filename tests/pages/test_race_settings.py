"""Every row that the page Race offers is trained or is a sentence; which changes begin a training anew."""

import pytest
from support.pages import made_by, opened, payload, payloads, seen, shown, sound, still
from support.published import PUBLISHED

import lossviz as lv
from lossviz.pages.race.controls import Race
from lossviz.ui.controls import Choice


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
    told = any("diverged at step" in m.value for m in app.markdown)
    assert told == bool((diverged >= 0).any())


def test_the_code_under_a_race_in_the_plane_makes_its_decision_boundaries_too() -> None:
    app = seen("race", {"race_step": "20", "race_seeds": "2"})
    assert len(still(made_by(app))["data"]) == len(shown(app)["data"])


@pytest.mark.parametrize("value", ["nan", "-10", "601", "1e9", "<b>"])
def test_nonsense_for_the_step_of_a_race_is_the_default(value: str) -> None:
    app = opened("race", {"race_step": value, "race_seeds": "1", "race_network": "linear"})
    assert app.session_state["race_step"] == PUBLISHED["race_step"]
