"""What is special to the page Loss gallery: its axes, losses and recommendations."""

import re
from itertools import product

import numpy as np
import pytest
from support.pages import PageView, code, payload, shown, sound

import lossviz as lv
from lossviz.losses.curves import AXES, fits_axis
from lossviz.losses.recommend import ERRORS as ERROR_ARGUMENTS
from lossviz.losses.recommend import REPORTS as REPORT_ARGUMENTS
from lossviz.losses.recommend import TARGETS as TARGET_ARGUMENTS
from lossviz.pages.gallery.controls import ERRORS, REPORTS, TARGETS, Gallery
from lossviz.pages.gallery.shape import RAILS, SETTINGS

ROOM = PageView("gallery", "gallery", Gallery.view.default)
at, seen_at = ROOM.at, ROOM.seen_at


@pytest.mark.parametrize("against", AXES)
def test_axis_is_as_long_as_its_slider(against: str) -> None:
    slide, x = RAILS[against], AXES[against].x
    assert slide.key == f"gallery_{against}"
    assert (slide.low, slide.high) == (x[0], x[-1])
    assert np.diff(x) == pytest.approx(slide.step)


def test_every_loss_has_a_constant_and_all_but_one_a_line() -> None:
    for fit, drawn in (("One number", Gallery.losses.options), ("A line", Gallery.losses.options[:-1])):
        app = at(fit=fit, losses=list(Gallery.losses.options))
        assert [loss for loss in Gallery.losses.options if f'"{loss}"' in code(app)] == list(drawn)
        assert any("no line is fitted" in m.value for m in app.markdown) == (fit == "A line")


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
    sound(next(b for b in app.button if b.label == "Show it under Shape").click().run())
    assert '"lead"' in code(app)
    assert "softmax-ce-smoothed" in code(app)


def test_dragged_point_is_connected_to_the_slider() -> None:
    app = seen_at()
    (grip,) = [payload(app)["wide"]["layout"]["meta"]["grip"]]
    far = shown(app)["data"][grip[0]]
    assert (far["x"], grip[1]) == ([72.0], "x")
    line = payload(seen_at(fit="A line"))["wide"]["layout"]["meta"]["grip"]
    assert line[1] == "y"
