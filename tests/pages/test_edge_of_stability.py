"""The page Edge of stability: both views, every preset and option, the code, and nonsense in the address."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from support.pages import (
    HOSTILE,
    PageView,
    code,
    made_by,
    opened,
    payload,
    payloads,
    presets_work,
    share,
    shown,
    sound,
    still,
    trying,
)

import lossviz as lv
from lossviz.pages.edge_of_stability import network, quadratic
from lossviz.pages.edge_of_stability.controls import Edge
from lossviz.stability.thresholds import STEADY
from lossviz.ui.controls import Choice, Slider

VIEWS = Edge.view.options
TRIES = {"Network": network.TRIES, "Bowl": quadratic.TRIES}


ROOM = PageView("edge_of_stability", "edge", Edge.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings of few steps, where it does not matter what they show."""
    monkeypatch.setattr(network, "STEPS", 20)


def said(app: AppTest) -> str:
    return " ".join(m.value for m in app.markdown)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_a_question_a_picture_and_its_texts(view: str) -> None:
    app = at(view)
    assert [title.value for title in app.title] == ["How big a step can it take?"]
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert given["narrow"][""]["data"]
    names = ["What to see", "Maths", "Code", "Share", "Download"]
    if view == "Network":
        names.insert(1, "Set up")
    assert [tab.label for tab in app.tabs] == names
    assert "$$" in said(app) or "| optimizer |" in said(app)
    assert "Often got wrong" in said(app)
    assert not any(placeholder in said(app) for placeholder in ("RULE", "LOSSES"))


@pytest.mark.parametrize("view", VIEWS)
def test_the_followed_slider_has_a_frame_for_its_every_value(view: str) -> None:
    given = payload(at(view))
    slide = next(c for c in Edge.all if c.key == given["follow"])
    assert isinstance(slide, Slider)
    count = round((slide.high - slide.low) / slide.step) + 1
    wanted = [round(slide.low + k * slide.step, 6) for k in range(count)]
    for figure in (given["wide"], given["narrow"][""]):
        assert [float(frame["name"]) for frame in figure["frames"]] == pytest.approx(wanted)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("view", VIEWS)
def test_every_preset_works_is_lit_and_is_its_link(view: str) -> None:
    presets_work("edge_of_stability", at(view))


def runs_of(name: str) -> list[lv.EdgeRun]:
    """The runs of a preset, by the page's own function."""
    values = {c.key: c.default for c in Edge.all} | TRIES["Network"][name]
    keys = ("data", "network", "losses", "rate", "optimizer", "activation", "seed")
    return network.trained(tuple(values[f"edge_{key}"] for key in keys), network.STEPS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("At the edge", ("at",), ("at",)),
        ("Too small", ("never",), ("never",)),
        ("Half way", ("never",), ("at",)),
    ],
)
def test_a_preset_shows_what_its_name_says(
    name: str, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    one, two = runs_of(name)
    assert one.standing().place in first
    assert two.standing().place in second


@pytest.mark.parametrize(
    ("name", "radius"),
    [("One leap", 0.0), ("Swinging", 0.9), ("Over the edge", 1.2), ("Momentum holds it", 0.3**0.5)],
)
def test_a_preset_of_the_bowl_shows_its_number(name: str, radius: float) -> None:
    values = {c.key: c.default for c in Edge.bowl_controls} | TRIES["Bowl"][name]
    found = lv.stability.spectral_radius(values["edge_product"], values["edge_beta"], values["edge_rule"])
    assert found == pytest.approx(radius)


@pytest.mark.usefixtures("few")
def test_what_flew_apart_is_explained_with_its_number() -> None:
    app = at(rate="1", losses="mse, sigmoid-ce")
    assert "flew apart" in said(app)
    assert "> 2." in said(app)
    assert "nan" not in said(app).lower()


QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("Network", {}),
    (
        "Network",
        {
            "rate": "0.05",
            "optimizer": "adam",
            "step": 35,
            "network": "mlp-12",
            "seed": 3,
            "activation": "relu",
        },
    ),
    ("Network", {"rate": "1", "losses": "mse, sigmoid-ce", "network": "mlp-12", "step": 600}),
    ("Bowl", {}),
    ("Bowl", {"product": 2.2, "beta": 0.3, "rule": "Nesterov"}),
    ("Bowl", {"product": 4.4, "beta": 0.98}),
]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(("view", "query"), QUERIES, ids=[f"{v} {q}"[:50] for v, q in QUERIES])
def test_the_code_under_the_picture_makes_that_picture(view: str, query: dict[str, Any]) -> None:
    app = at(view, **query)
    made = made_by(app)
    assert still(made) == shown(app)
    follow = payload(app)["follow"]
    assert still(made, float(app.session_state[follow])) == shown(app)


def test_the_names_are_the_registries() -> None:
    assert tuple(Edge.optimizer.options) == STEADY
    assert set(Edge.data.options) <= set(lv.DATASETS)
    assert set(Edge.activation.options) <= {"tanh", "relu", "sigmoid"}
    for name in Edge.network.options:
        assert lv.NETWORKS[name].name == name
    for pair in Edge.pair.options:
        for data in Edge.data.options:
            lv.stability.EdgeSettings(data, "mlp-12", tuple(pair.split(", ")), 0.1)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("control", "name"),
    [(c, name) for c in (Edge.optimizer, Edge.data, Edge.pair, Edge.activation) for name in c.options],
    ids=lambda x: x if isinstance(x, str) else x.key,
)
def test_every_option_of_the_network_is_drawn(control: Choice, name: str) -> None:
    app = at(**({"rate": "0.01", "network": "mlp-12"} | {control.key.removeprefix("edge_"): name}))
    assert f'"{name}"' in code(app) or str(name.split(", ")) in code(app)
    assert len(payload(app)["wide"]["frames"]) == 5


@pytest.mark.parametrize("rule", Edge.rule.options)
def test_every_rule_of_the_bowl_is_drawn(rule: str) -> None:
    app = at("Bowl", rule=rule)
    assert f'rule="{rule}"' in code(app)
    assert rule in said(app)


def test_a_click_on_the_map_moves_both_sliders_within_their_range() -> None:
    for x, y, wanted in ((2.217, 0.303, (2.22, 0.3)), (-1.0, 2.0, (0.02, 0.98)), (9.0, -1.0, (4.4, 0.0))):
        found = (quadratic.on_slide(Edge.product, x), quadratic.on_slide(Edge.beta, y))
        assert found == pytest.approx(wanted)


@pytest.mark.usefixtures("few")
def test_a_stopped_page_says_so_and_goes_on() -> None:
    app = at(network="mlp-12", rate="0.01")
    names = ("xor", "mlp-12", "sigmoid-mse, sigmoid-ce", "0.01", "sgd", "tanh", 0)
    app.session_state["edge_stopped"] = names
    sound(app.run())
    assert payloads(app) == []
    assert "Stopped" in said(app)
    sound(app.button(key="edge_go").click().run())
    assert payload(app)["wide"]["frames"]


# --- the link -------------------------------------------------------------------------------------------

PUBLISHED: dict[str, Any] = {
    "edge_view": "Network", "edge_step": 500, "edge_rate": "0.7", "edge_optimizer": "sgd", "edge_data": "xor",
    "edge_network": "mlp-12-12", "edge_activation": "tanh", "edge_losses": "sigmoid-mse, sigmoid-ce",
    "edge_seed": 0, "edge_product": 1.9, "edge_beta": 0.0, "edge_rule": "Heavy ball",
}  # fmt: skip


def test_defaults_are_published() -> None:
    """A changed default changes what old links show. Change one here only if you mean that."""
    assert {control.key: control.default for control in Edge.all} == PUBLISHED
    for control in Edge.all:
        assert type(control.default) is type(PUBLISHED[control.key])
        assert control.help or control.key == "edge_view"


NONSENSE = [value for value in HOSTILE if not value.isdecimal() or len(value) > 2]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("value", NONSENSE, ids=[repr(v[:24]) for v in NONSENSE])
@pytest.mark.parametrize("view", VIEWS)
def test_nonsense_in_the_address_is_the_default(view: str, value: str) -> None:
    attack = dict.fromkeys(PUBLISHED, value) | ({} if view == "Network" else {"edge_view": view})
    app = opened("edge_of_stability", attack)
    assert trying(app).value == ("At the edge" if view == "Network" else "Swinging")
    assert code(app) == code(seen_at(view))
    assert share(app).partition("?")[2] in ("", f"edge_view={view}")
    if len(value) > 6:
        assert value not in said(app), "nothing is echoed"


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("control", [c for c in Edge.all if isinstance(c, Slider)], ids=lambda c: c.key)
@pytest.mark.parametrize("side", ["below", "above"])
def test_a_number_out_of_range_is_the_default(control: Slider, side: str) -> None:
    view = "Bowl" if control in Edge.bowl_controls else "Network"
    value = control.low - control.step if side == "below" else control.high + control.step
    app = at(view, **{control.key.removeprefix("edge_"): f"{value:g}"})
    assert app.slider(key=control.key).value == pytest.approx(control.default)
