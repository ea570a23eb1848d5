"""The page Loss gallery: every view, preset, axis, loss and recommendation; code and links."""

import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from support.pages import HOSTILE, PageView, code, made_by, opened, payload, presets_work, shown, sound, still

import lossviz as lv
from lossviz.losses.curves import AXES, fits_axis
from lossviz.losses.recommend import ERRORS as ERROR_ARGUMENTS
from lossviz.losses.recommend import REPORTS as REPORT_ARGUMENTS
from lossviz.losses.recommend import TARGETS as TARGET_ARGUMENTS
from lossviz.pages.gallery.controls import ERRORS, REPORTS, TARGETS, Gallery
from lossviz.pages.gallery.shape import RAILS, SETTINGS
from lossviz.ui.controls import Choice, MultiChoice, Slider

VIEWS = Gallery.view.options


ROOM = PageView("gallery", "gallery", Gallery.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


@pytest.mark.parametrize("view", VIEWS)
def test_view_has_a_question_a_picture_and_its_texts(view: str) -> None:
    app = seen_at(view)
    assert [title.value for title in app.title] == ["What does each loss punish?"]
    given = payload(app)
    assert len(given["alt"]) > 40
    assert given["wide"]["data"]
    assert given["narrow"][""]["data"]
    assert [tab.label for tab in app.tabs] == ["What to see", "Maths", "Code", "Share", "Download"]
    assert any("$$" in m.value for m in app.markdown)
    assert any("Often got wrong" in m.value for m in app.markdown)


@pytest.mark.parametrize(
    ("view", "query"),
    [("Outlier", {}), ("Outlier", {"fit": "A line"}), ("Shape", {"against": "probability"})],
)
def test_followed_slider_has_a_frame_for_every_value(view: str, query: dict[str, str]) -> None:
    given = payload(seen_at(view, **query))
    slide = next(c for c in Gallery.all if c.key == given["follow"])
    assert isinstance(slide, Slider)
    wanted = np.arange(slide.low, slide.high + slide.step / 2, slide.step)
    for figure in (given["wide"], given["narrow"][""]):
        assert [float(frame["name"]) for frame in figure["frames"]] == pytest.approx(wanted.tolist())


@pytest.mark.parametrize("against", AXES)
def test_axis_is_as_long_as_its_slider(against: str) -> None:
    slide, x = RAILS[against], AXES[against].x
    assert slide.key == f"gallery_{against}"
    assert (slide.low, slide.high) == (x[0], x[-1])
    assert np.diff(x) == pytest.approx(slide.step)


@pytest.mark.parametrize("view", VIEWS)
def test_every_preset_works_and_is_selected_by_its_link(view: str) -> None:
    presets_work("gallery", at(view), linked=slice(2, None, 2), picture=lambda app: [shown(app), code(app)])


QUERIES: list[tuple[str, dict[str, Any]]] = [
    ("Outlier", {}),
    ("Outlier", {"far": "33", "losses": ["hit-or-miss", "log-cosh", "huber"], "near": "3", "reach": "12"}),
    ("Outlier", {"fit": "A line", "far": "12", "km": "24", "losses": ["hit-or-miss", "quantile"],
                 "share": "0.3"}),
    ("Shape", {"residual": "-1.3", "numbers": ["gaussian-nll", "poisson-nll", "hit-or-miss"], "sigma": "0.3",
               "count": "7", "unit": "bits"}),
    ("Shape", {"against": "logit", "logit": "-3.3", "y": "0.25", "binary": ["focal", "tanh-mse"],
               "gamma": "3.5"}),
    ("Shape", {"against": "probability", "probability": "0.07", "y": "1"}),
    ("Shape", {"against": "margin", "margin": "0.5", "binary": ["zero-one", "squared-hinge"]}),
    ("Shape", {"against": "lead", "lead": "2.2", "k": "3", "smoothing": "0.3"}),
    ("Which one?", {}),
    ("Which one?", {"predict": "One of several", "misses": "A few wild ones"}),
]  # fmt: skip


@pytest.mark.parametrize(("view", "query"), QUERIES, ids=[f"{v} {q}"[:70] for v, q in QUERIES])
def test_code_makes_the_picture(view: str, query: dict[str, Any]) -> None:
    app = seen_at(view, **query)
    assert still(made_by(app)) == shown(app)


def test_every_loss_has_a_constant_and_all_but_one_a_line() -> None:
    for fit, drawn in (("One number", Gallery.losses.options), ("A line", Gallery.losses.options[:-1])):
        app = at(fit=fit, losses=list(Gallery.losses.options))
        assert [loss for loss in Gallery.losses.options if f'"{loss}"' in code(app)] == list(drawn)
        assert any("fits no line" in m.value for m in app.markdown) == (fit == "A line")


OFFERED = [
    (against, loss)
    for against in AXES
    for loss in {"residual": Gallery.numbers, "lead": Gallery.classes}.get(against, Gallery.binary).options
]


@pytest.mark.parametrize("against", AXES)
def test_every_loss_is_drawn_on_every_axis_that_it_fits(against: str) -> None:
    losses = [loss for axis, loss in OFFERED if axis == against]
    control = {"residual": "numbers", "lead": "several"}.get(against, "binary")
    app = at("Shape", against=against, **{control: losses})
    slides, words = {slide.key for slide in app.slider}, " ".join(m.value for m in app.markdown)
    for loss in losses:
        row = lv.losses.NONDIFFERENTIABLE[loss] if loss in lv.losses.NONDIFFERENTIABLE else lv.LOSSES[loss]
        assert (f'"{loss}"' in code(app)) == (row.formula in words) == fits_axis(row, against)
        if loss in SETTINGS and fits_axis(row, against):
            assert SETTINGS[loss][1].key in slides


def test_axis_that_no_selected_loss_fits_draws_cross_entropy() -> None:
    app = at("Shape", against="probability", binary=["hinge", "zero-one"])
    assert '"sigmoid-ce"' in code(app)


def test_all_losses_of_the_registries_are_offered() -> None:
    lacking = ", ".join(sorted({*lv.LOSSES, *lv.losses.NONDIFFERENTIABLE} - {loss for _, loss in OFFERED}))
    assert not lacking, f"offer {lacking} in the controls of lossviz/pages/gallery/controls.py"
    assert {loss for _, loss in OFFERED} == {*lv.LOSSES, *lv.losses.NONDIFFERENTIABLE}
    assert tuple(AXES) == tuple(Gallery.against.options) == tuple(RAILS)


def test_every_recommendation_is_shown_for_three_libraries() -> None:
    app = at("Which one?")
    for predict in TARGETS:
        for misses, report in product([*ERRORS][::2], [*REPORTS][::2]):
            for key, value in (("predict", predict), ("misses", misses), ("report", report)):
                app.session_state[f"gallery_{key}"] = value
            sound(app.run())
            target, errors = TARGETS[predict], ERRORS[misses]
            answer = lv.losses.recommend(target, errors, REPORTS[report])
            assert [h.value for h in app.header] == [f"{answer.output}, {answer.loss}."]
            given = [re.sub(r"\s", "", block.value) for block in app.code][:3]
            assert [re.sub(r"\s", "", c) for c in (answer.torch, answer.keras, answer.sklearn)] == given
            for block in app.code[:3]:
                assert compile(block.value, "what is shown", "exec"), "it can still be pasted"
            second, third = lv.losses.relevant_questions(target, errors)
            assert [radio.disabled for radio in app.radio] == [False, not second, not third]


def test_options_stand_for_the_arguments_of_recommend() -> None:
    assert tuple(TARGETS.values()) == TARGET_ARGUMENTS
    assert tuple(ERRORS.values()) == ERROR_ARGUMENTS
    assert tuple(REPORTS.values()) == REPORT_ARGUMENTS
    options = Gallery.predict.options, Gallery.misses.options, Gallery.report.options
    assert options == (tuple(TARGETS), tuple(ERRORS), tuple(REPORTS))


def test_recommended_losses_open_in_shape() -> None:
    app = at("Which one?", predict="One of several", misses="A few wild ones")
    sound(next(b for b in app.button if b.label == "Look at it under Shape").click().run())
    assert '"lead"' in code(app)
    assert "softmax-ce-smoothed" in code(app)


def test_dragged_point_is_connected_to_the_slider() -> None:
    app = seen_at()
    (grip,) = [payload(app)["wide"]["layout"]["meta"]["grip"]]
    far = shown(app)["data"][grip[0]]
    assert (far["x"], grip[1]) == ([72.0], "x")
    line = payload(seen_at(fit="A line"))["wide"]["layout"]["meta"]["grip"]
    assert line[1] == "y"


# --- the link -------------------------------------------------------------------------------------------

PUBLISHED: dict[str, Any] = {
    "gallery_view": "Outlier", "gallery_far": 72, "gallery_fit": "One number",
    "gallery_losses": ("mse", "huber", "mae", "quantile"), "gallery_reach": 5.0, "gallery_share": 0.75,
    "gallery_near": 1.5, "gallery_km": 10, "gallery_against": "residual", "gallery_residual": 2.0,
    "gallery_logit": 4.0, "gallery_probability": 0.9, "gallery_margin": -1.0, "gallery_lead": -2.0,
    "gallery_numbers": ("mse", "huber", "mae", "quantile"),
    "gallery_binary": ("sigmoid-mse", "sigmoid-ce", "hinge", "focal"),
    "gallery_several": ("softmax-ce", "softmax-mse", "softmax-ce-smoothed"), "gallery_y": 0.0,
    "gallery_delta": 1.0, "gallery_tau": 0.9, "gallery_gamma": 2.0, "gallery_smoothing": 0.1,
    "gallery_sigma": 1.0, "gallery_count": 4, "gallery_width": 1.5, "gallery_k": 10, "gallery_unit": "nats",
    "gallery_predict": "A number", "gallery_misses": "A few wild ones", "gallery_report": "A typical case",
}  # fmt: skip


def test_defaults_are_published() -> None:
    assert {control.key: control.default for control in Gallery.all} == PUBLISHED
    assert all(control.help or control.key == "gallery_view" for control in Gallery.all)
    for control in Gallery.all:
        assert type(control.default) is type(PUBLISHED[control.key])
        if isinstance(control, Choice):
            assert control.default in control.options
        if isinstance(control, MultiChoice):
            assert control.default == tuple(o for o in control.options if o in control.default)
        if isinstance(control, Slider):
            assert control.low <= control.default <= control.high


@pytest.fixture(scope="module")
def untouched() -> dict[str, str]:
    return {view: code(seen_at(view)) for view in VIEWS}


NONSENSE = [HOSTILE[i] for i in (0, 2, 5, 7, 8)]


@pytest.mark.parametrize("value", NONSENSE, ids=[repr(v[:24]) for v in NONSENSE])
@pytest.mark.parametrize("view", VIEWS)
def test_invalid_values_in_the_link_are_the_default(untouched: dict[str, str], view: str, value: str) -> None:
    attack = dict.fromkeys(PUBLISHED, value)
    app = opened("gallery", attack if view == "Outlier" else attack | {"gallery_view": view})
    assert code(app) == untouched[view]
    if len(value) > 6:
        assert not any(value in m.value for m in app.markdown), "nothing is echoed"


@pytest.mark.parametrize(
    ("view", "query"),
    [("Outlier", {"far": "81"}), ("Outlier", {"share": "1"}), ("Shape", {"delta": "0"}),
     ("Shape", {"residual": "5.1"}),
     ("Outlier", {"losses": ["<b>", *["mse", "huber", "mae", "quantile"] * 99]})],
)  # fmt: skip
def test_values_out_of_range_are_the_default(
    untouched: dict[str, str], view: str, query: dict[str, Any]
) -> None:
    assert code(at(view, **query)) == untouched[view]
