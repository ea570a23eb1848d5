"""What is special to the page Edge of stability: what its presets and options show."""

import pytest
from streamlit.testing.v1 import AppTest
from support.page_cases import make_small
from support.pages import (
    PageView,
    code,
    payload,
    payloads,
    sound,
)

import lossviz as lv
from lossviz.pages.edge_of_stability import network, quadratic
from lossviz.pages.edge_of_stability.controls import RULES, Edge
from lossviz.stability.quadratics import RULES as LIBRARY_RULES
from lossviz.stability.thresholds import optimizers_with_edge
from lossviz.ui.controls import Choice, Slider

TRIES = {"Network": network.TRIES, "Bowl": quadratic.TRIES}


ROOM = PageView("edge_of_stability", "edge", Edge.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training with few steps, where the numbers do not matter."""
    make_small(monkeypatch)


def page_text(app: AppTest) -> str:
    return " ".join(m.value for m in app.markdown)


def test_slider_has_a_frame_for_every_value_of_a_whole_training() -> None:
    sent = payload(at())
    slide = next(c for c in Edge.all if c.key == sent["follow"])
    assert isinstance(slide, Slider)
    count = round((slide.high - slide.low) / slide.step) + 1
    wanted = [round(slide.low + k * slide.step, 6) for k in range(count)]
    for figure in (sent["wide"], sent["narrow"][""]):
        assert [float(frame["name"]) for frame in figure["frames"]] == pytest.approx(wanted)


def runs_of(name: str) -> list[lv.EdgeRun]:
    """The runs of a preset, by the function of the page."""
    values = {c.key: c.default for c in Edge.all} | TRIES["Network"][name]
    keys = ("data", "network", "losses", "rate", "optimizer", "activation", "seed")
    return network.train(tuple(values[f"edge_{key}"] for key in keys), network.STEPS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("At the edge", ("at",), ("at",)),
        ("Small learning rate", ("below",), ("below",)),
        ("Medium learning rate", ("below",), ("at",)),
    ],
)
def test_presets_of_the_network_have_the_status_of_their_name(
    name: str, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    one, two = runs_of(name)
    assert one.status().state in first
    assert two.status().state in second


@pytest.mark.parametrize(
    ("name", "radius"),
    [("One step", 0.0), ("Oscillating", 0.9), ("Above the edge", 1.2), ("Momentum converges", 0.3**0.5)],
)
def test_presets_of_the_quadratic_have_their_radius(name: str, radius: float) -> None:
    values = {c.key: c.default for c in Edge.bowl_controls} | TRIES["Bowl"][name]
    found = lv.stability.spectral_radius(
        values["edge_product"], values["edge_beta"], RULES[values["edge_rule"]]
    )
    assert found == pytest.approx(radius)


@pytest.mark.usefixtures("few_steps")
def test_divergence_is_explained_with_its_numbers() -> None:
    app = at(rate="1", losses="mse, sigmoid-ce")
    assert "flew apart" in page_text(app)
    assert "> 2." in page_text(app)
    assert "nan" not in page_text(app).lower()


def test_options_are_names_of_the_registries_and_the_library() -> None:
    assert tuple(Edge.optimizer.options) == optimizers_with_edge()
    assert tuple(RULES.values()) == LIBRARY_RULES
    assert set(Edge.data.options) <= set(lv.DATASETS)
    assert set(Edge.activation.options) <= {"tanh", "relu", "sigmoid"}
    for name in Edge.network.options:
        assert lv.NETWORKS[name].name == name
    for losses in Edge.losses.options:
        for data in Edge.data.options:
            lv.stability.EdgeSettings(data, "mlp-12", tuple(losses.split(", ")), 0.1)


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize(
    ("control", "name"),
    [(c, name) for c in (Edge.optimizer, Edge.data, Edge.losses, Edge.activation) for name in c.options],
    ids=lambda x: x if isinstance(x, str) else x.key,
)
def test_every_option_of_the_network_view(control: Choice, name: str) -> None:
    app = at(**({"rate": "0.01", "network": "mlp-12"} | {control.key.removeprefix("edge_"): name}))
    assert f'"{name}"' in code(app) or str(name.split(", ")) in code(app)
    assert len(payload(app)["wide"]["frames"]) == 5


@pytest.mark.parametrize("rule", Edge.rule.options)
def test_every_rule_of_the_quadratic_view(rule: str) -> None:
    app = at("Bowl", rule=rule)
    assert f'rule="{RULES[rule]}"' in code(app)
    assert rule in page_text(app)


def test_click_on_the_map_moves_both_sliders_within_their_range() -> None:
    for x, y, wanted in ((2.217, 0.303, (2.22, 0.3)), (-1.0, 2.0, (0.02, 0.98)), (9.0, -1.0, (4.4, 0.0))):
        found = (quadratic.nearest_value(Edge.product, x), quadratic.nearest_value(Edge.beta, y))
        assert found == pytest.approx(wanted)


@pytest.mark.usefixtures("few_steps")
def test_stopped_page_says_so_and_can_go_on() -> None:
    app = at(network="mlp-12", rate="0.01")
    names = ("xor", "mlp-12", "sigmoid-mse, sigmoid-ce", "0.01", "sgd", "tanh", 0)
    app.session_state["edge_stopped"] = names
    sound(app.run())
    assert payloads(app) == []
    assert "Stopped" in page_text(app)
    sound(app.button(key="edge_go").click().run())
    assert payload(app)["wide"]["frames"]
