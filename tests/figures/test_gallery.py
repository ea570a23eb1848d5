"""Figures of Loss gallery and Loss against metric: their numbers, and their frames."""

import re
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest
from support.drawn import assert_frames_equal_figures, built

import lossviz as lv
from lossviz import figures
from lossviz.figures import at_frame, dark, dark_map, number, percent
from lossviz.figures.base.label_layout import place_labels
from lossviz.figures.base.style import FAMILY_STYLES
from lossviz.losses.curves import AXES, fits_axis

LOSSES = ["mse", lv.LOSSES["huber"].set(delta=5), "mae", lv.LOSSES["quantile"].set(tau=0.75), "hit-or-miss"]
OUTLIERS = np.arange(10.0, 81.0, 10.0)
LOCATION = lv.losses.outlier_location(LOSSES, outlier_y=OUTLIERS)
LINES = lv.losses.outlier_lines(LOSSES[:4], outlier_y=OUTLIERS)
ROWS = (*lv.LOSSES.values(), *lv.losses.NONDIFFERENTIABLE.values())
CURVES = {  # the tests of the page draw every loss on every axis
    axis: lv.losses.loss_curves([row for row in ROWS if fits_axis(row, axis)][:4], axis, x=AXES[axis].x[::20])
    for axis in AXES
}
DIGITS, CANCER, DIABETES = (
    lv.metrics.score_history(lv.metrics.ScoreSettings(name, network, train, steps=20))
    for name, network, train in (
        ("digits", "linear", 100), ("breast-cancer", "linear", 200), ("diabetes", "mlp-16", 100)
    )
)  # fmt: skip
CUTS = np.arange(-38, 39, 2) / 5
VERDICTS = lv.metrics.threshold_curve(
    log_odds=6 * CANCER.log_odds[-1], y=CANCER.y, classes=CANCER.classes, thresholds=CUTS
)
THREE = lv.metrics.threshold_curve([0.99, 0.99, 0.49], [1, 1, 1], thresholds=CUTS)

Make = Callable[..., go.Figure]
MOVING: dict[str, tuple[Make, list[float]]] = {
    "outlier location": (lambda at, **m: figures.outlier_location(LOCATION, at=at, **m), [10, 40, 80]),
    "outlier lines": (lambda at, **m: figures.outlier_lines(LINES, at=at, **m), [10, 40, 80]),
    **{
        f"curves {axis}": (
            lambda at, f=facts, **m: figures.loss_curves(f, at=at, **m), list(facts.x[[0, 3, -1]])
        )
        for axis, facts in CURVES.items()
    },
    "digits": (lambda at, **m: figures.score_curves(DIGITS, at=at, **m), [0, 10, 20]),
    "cancer, Brier": (lambda at, **m: figures.score_curves(CANCER, "brier", at=at, **m), [0, 10, 20]),
    "diabetes": (lambda at, **m: figures.score_curves(DIABETES, "mae", at=at, **m), [0, 10, 20]),
    "threshold": (lambda at, **m: figures.threshold_curve(VERDICTS, at=at, **m), [-7.6, 0, 2.0]),
    "three": (lambda at, **m: figures.threshold_curve(THREE, at=at, **m), [-7.6, 0, 7.6]),
    "calibrated": (lambda at, **m: figures.calibration(DIGITS, at=at, **m), [0, 10, 20]),
    "calibrated, two": (lambda at, **m: figures.calibration(CANCER, at=at, **m), [0, 10, 20]),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", MOVING)
WIDTHS = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])


def texts(figure: go.Figure) -> str:
    return " | ".join(re.sub(r"<.*?>", "", str(a.text)) for a in figure.layout.annotations)


@EVERY
@WIDTHS
def test_frame_equals_the_figure_built_there(name: str, narrow: bool) -> None:
    assert_frames_equal_figures(*MOVING[name], narrow)


COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|rgba\(\d+,\d+,\d+,")


@EVERY
@WIDTHS
def test_every_colour_has_a_dark_counterpart(name: str, narrow: bool) -> None:
    make, values = MOVING[name]
    figure = built(make, values[0], narrow=narrow)
    used = set(COLOUR.findall(figure.to_json())) - {"rgba(0,0,0,"}
    assert used <= set(dark_map())
    assert set(COLOUR.findall(dark(figure).to_json())) - {"rgba(0,0,0,"} == {dark_map()[c] for c in used}


def test_outlier_location_shows_the_best_constant_and_its_change() -> None:
    for k, outlier in enumerate(OUTLIERS):
        shown = texts(figures.outlier_location(LOCATION, at=outlier))
        assert f"needs {outlier:g} minutes" in shown
        for i, best in enumerate(LOCATION.best[:, k]):
            assert number(float(best)) in shown
            moved = best - LOCATION.inlier_best[i]
            assert (
                f"{abs(moved):.1f}" if abs(moved) >= 1 else number(abs(float(moved)))
            ) in shown or moved == 0


@WIDTHS
def test_outlier_lines_are_drawn_with_their_slopes(narrow: bool) -> None:
    figure = figures.outlier_lines(LINES, at=80, narrow=narrow)
    drawn = [trace for trace in figure.data if trace.mode == "lines" and trace.line.width > 1.5]
    for trace, (slope, intercept) in zip(drawn, LINES.lines[:, -1], strict=True):
        assert trace.y == pytest.approx([intercept, intercept + 25 * slope], abs=1e-3)
        assert number(float(slope)) in texts(figure)


@pytest.mark.parametrize("axis", AXES)
@WIDTHS
def test_loss_curves_show_loss_slope_and_curvature(axis: str, narrow: bool) -> None:
    facts = CURVES[axis]
    k = len(facts.x) // 3
    shown = texts(figures.loss_curves(facts, at=float(facts.x[k]), narrow=narrow))
    for part in (facts.value, facts.gradient, facts.curvature):
        for value in part[:, k]:
            assert (number(float(value)) if abs(value) > 1e-12 else "0") in shown


def test_negative_curvature_is_shaded() -> None:
    def shaded(axis: str) -> int:
        figure = figures.loss_curves(lv.losses.loss_curves(["sigmoid-mse", "sigmoid-ce"], axis))
        return sum(trace.fill == "tozeroy" for trace in figure.data)

    assert shaded("logit") == 1
    assert shaded("probability") == 0


def test_panel_is_cut_where_one_loss_is_far_larger_than_the_others() -> None:
    alone = figures.loss_curves(lv.losses.loss_curves(["mse"])).layout.yaxis.range
    assert alone[1] > 25
    among = figures.loss_curves(lv.losses.loss_curves(["mse", "mae", "huber"])).layout.yaxis.range
    assert 4.5 < among[1] < 25


def test_labels_are_beside_their_curves_and_do_not_overlap() -> None:
    x = np.linspace(0, 1, 101)
    y = np.array([x, 1 - x, np.full_like(x, 0.5)])
    positions = place_labels(x, y, [80, 80, 80], (700, 200), 16)
    boxes = []
    for position, row in zip(positions, y, strict=True):
        assert position["y"] == pytest.approx(np.interp(position["x"], x, row))
        left = (
            700 * position["x"]
            + position["xshift"]
            - {"left": 0, "center": 40, "right": 80}[position["xanchor"]]
        )
        low = (
            200 * position["y"]
            + position["yshift"]
            - {"bottom": 0, "middle": 0.68 * 16, "top": 1.36 * 16}[position["yanchor"]]
        )
        boxes.append((left, left + 80, low, low + 1.36 * 16))
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
    for (left, right, low, high), _ in zip(boxes, y, strict=True):
        for row in y:
            inside = (700 * x > left) & (700 * x < right)
            assert not ((200 * row[inside] > low) & (200 * row[inside] < high)).any()


def test_curve_outside_the_panel_gets_a_label() -> None:
    x = np.linspace(0, 1, 11)
    assert len(place_labels(x, np.array([x + 5, np.full(11, np.nan)]), [50, 50], (300, 100), 16)) == 2


@WIDTHS
def test_scores_tell_what_was_lost_and_won(narrow: bool) -> None:
    for history, measure in ((DIGITS, "accuracy"), (DIABETES, "rmse")):
        k = 5
        said = texts(figures.score_curves(history, measure, at=float(history.steps[k]), narrow=narrow))
        worse = round(100 * (history.loss[k] / history.loss.min() - 1))
        assert f"{worse} %" in said
        assert f"step {history.steps[history.best_record()]}" in said
        assert f"step {history.steps[history.best_record(measure)]}" in said
        assert f"after {history.steps[k]} steps" in said


@pytest.mark.parametrize("facts", [VERDICTS, THREE], ids=["model", "three"])
@WIDTHS
def test_the_line_makes_the_confusion_matrix(facts: lv.metrics.ThresholdCurve, narrow: bool) -> None:
    for k in (3, 19, 30):
        figure = figures.threshold_curve(facts, at=float(facts.thresholds[k]), narrow=narrow)
        said = texts(figure).split(" | ")
        counts = [
            facts.false_negatives[k],
            facts.true_positives[k],
            facts.true_negatives[k],
            facts.false_positives[k],
        ]
        assert said[:4] == [str(count) for count in counts]
        assert percent(float(facts.accuracy[k])) in " ".join(said)
        still = at_frame(figure)
        assert [len(still.data[i].x) for i in range(4)] == [
            int((facts.y == 1).sum()), int((facts.y == 0).sum()),
            facts.false_negatives[k], facts.false_positives[k],
        ]  # fmt: skip


def test_no_dot_is_on_the_wrong_side_and_none_on_another() -> None:
    for cut in VERDICTS.thresholds[1::12]:
        still = at_frame(figures.threshold_curve(VERDICTS, at=float(cut)))
        assert all(x < cut for x in still.data[2].x)
        assert all(x > cut for x in still.data[3].x)
    whole = figures.threshold_curve(VERDICTS)
    spots = [
        (round(x, 3), round(y, 2))
        for i in (0, 1)
        for x, y in zip(whole.data[i].x, whole.data[i].y, strict=True)
    ]
    assert len(set(spots)) == len(VERDICTS.y)


def test_calibration_is_drawn_as_it_is() -> None:
    for history in (DIGITS, CANCER):
        facts = history.calibration(4)
        still = at_frame(figures.calibration(history, at=float(history.steps[4])))
        full = facts.count > 0
        assert still.data[3].x == pytest.approx(facts.mean_predicted[full].tolist(), abs=1e-4)
        assert still.data[3].y == pytest.approx(facts.fraction_of_positives[full].tolist(), abs=1e-4)
        assert f"{100 * facts.error:.1f}" in texts(still)
    with pytest.raises(ValueError, match="a regression gives none"):
        figures.calibration(DIABETES)


def test_a_metric_is_ink_and_a_loss_has_its_familys_colour() -> None:
    for history, family in ((DIGITS, "logarithm"), (DIABETES, "squared")):
        measure = next(iter(history.scores))
        loss, metric = (figures.score_curves(history, measure).data[i].line.color for i in (0, 2))
        assert loss == FAMILY_STYLES[family].line
        assert metric not in {mark.line for name, mark in FAMILY_STYLES.items() if name != "margin"}


@WIDTHS
def test_sketch_shows_loss_and_slope(narrow: bool) -> None:
    figure = figures.sketch(lv.losses.loss_curves(["mae", "huber"]), narrow=narrow)
    assert len(figure.data) == 4
    assert not figure.frames
