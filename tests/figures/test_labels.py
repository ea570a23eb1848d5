"""Labels are beside what they name: they overlap neither each other nor the edge, and say what is drawn."""

import itertools
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lossviz as lv
from lossviz.figures.base.families import line_styles
from lossviz.figures.base.style import FAMILY_STYLES, RAMP
from lossviz.figures.training.layers import SHADES
from lossviz.losses.curves import LossCurves
from lossviz.losses.lookup import describe, resolve_loss
from lossviz.pages import race
from lossviz.pages.gallery.controls import Gallery

Box = tuple[float, float, float, float]
WIDTHS = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
OFFERED = {
    "residual": Gallery.numbers,
    "logit": Gallery.binary,
    "probability": Gallery.binary,
    "margin": Gallery.binary,
    "lead": Gallery.classes,
}
LAYOUT = {"left": 0.0, "center": 0.5, "right": 1.0, "bottom": 0.0, "middle": 0.5, "top": 1.0}


def size_of(text: str, font: int) -> tuple[float, float]:
    """Width and height in pixels: a character of Source Sans is about half as wide as its font size."""
    lines = re.sub(r"<(?!br)[^>]*>", "", text).replace("&nbsp;", " ").split("<br>")
    return 0.47 * font * max(map(len, lines)), 1.25 * font * len(lines)


def box(note: Any, x: float, y: float) -> Box:
    """The box of an annotation that points at (x, y), in pixels counted to the right and upwards."""
    width, height = size_of(note.text, note.font.size)
    left = x + (note.xshift or 0) - LAYOUT[note.xanchor] * width
    bottom = y + (note.yshift or 0) - LAYOUT[note.yanchor] * height
    return left, left + width, bottom, bottom + height


def overlap(a: Box, b: Box) -> float:
    """The smaller side of what two boxes share, in pixels; 0 if nothing."""
    return max(0.0, min(min(a[1], b[1]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[2], b[2])))


def curves_of(axis: str, names: tuple[str, ...]) -> LossCurves:
    if axis == "probability":
        names = tuple(name for name in names if resolve_loss(name).activation == "sigmoid")
    return lv.losses.loss_curves([resolve_loss(name) for name in names], axis)


@WIDTHS
@pytest.mark.parametrize("axis", OFFERED)
def test_the_labels_of_the_curves_do_not_overlap(axis: str, narrow: bool) -> None:
    figure = lv.figures.loss_curves(curves_of(axis, OFFERED[axis].default), narrow=narrow)
    low, high = figure.layout.yaxis.domain
    margin, across = figure.layout.margin, figure.layout.xaxis.domain[1]
    width = (350 if narrow else 1100) - margin.l - margin.r
    height = (high - low) * (figure.layout.height - margin.t - margin.b)
    labels = [note for note in figure.layout.annotations if note.xref == "x domain" and "<b>" in note.text]
    assert len(labels) == len(figure.data[-1].x), "each curve has one"
    boxes = [box(note, note.x * width * across, note.y * height) for note in labels]
    for a, b in itertools.combinations(boxes, 2):
        assert overlap(a, b) < 2


@pytest.mark.parametrize("axis", OFFERED)
def test_no_two_losses_have_the_same_colour_and_dash(axis: str) -> None:
    """All that are offered for an axis at once, so also those of one family."""
    styles = line_styles([describe(resolve_loss(name)) for name in OFFERED[axis].options])
    assert len({(style.line, style.dash) for style in styles}) == len(styles)


def test_the_first_loss_of_a_family_keeps_the_style_of_the_family() -> None:
    for name in ("sigmoid-mse", "sigmoid-ce", "mae", "huber", "hinge"):
        (style,) = line_styles([describe(resolve_loss(name))])
        family = FAMILY_STYLES[lv.LOSSES[name].family]
        assert (style.line, style.dash) == (family.line, family.dash)


@pytest.mark.parametrize(
    ("score", "actual", "predicted"),
    [
        ("mae", "1 2 3", "2 3 4"),  # the bar of the mean is as long as the others
        ("rmse", "22 25 19 24 72", "24 24 24 24 24"),
        ("binary-cross-entropy", "1 0 1 0 0 1", "0.9 0.2 0.4 0.95 0.1 0.7"),
        ("binary-cross-entropy", "1 0 1", "0.9 1 0.8"),
        ("mse", " ".join(map(str, range(20))), " ".join(["9.5"] * 20)),
    ],
    ids=["equal terms", "root", "left out", "clipped", "twenty"],
)
@pytest.mark.parametrize("page_width", [350, 640, 1060])
def test_the_total_of_the_terms_is_within_the_figure(
    score: str, actual: str, predicted: str, page_width: int
) -> None:
    narrow = page_width < 560
    figure = lv.figures.score_terms(lv.metrics.score_terms(score, actual, predicted), narrow=narrow)
    margin, (bottom, top) = figure.layout.margin, figure.layout.yaxis.range
    width = page_width - margin.l - margin.r
    height = figure.layout.height - margin.t - margin.b
    notes = [note for note in figure.layout.annotations if note.yref == "y"]
    boxes = []
    for note in notes:
        left, right = figure.layout.xaxis.domain if note.xref == "x" else (0.0, 1.0)
        share = note.x / figure.layout.xaxis.range[1] if note.xref == "x" else note.x
        x = (left + (right - left) * share) * width
        boxes.append(box(note, x, (note.y - bottom) / (top - bottom) * height))
    for note, (left, right, low, high) in zip(notes, boxes, strict=True):
        assert left >= -margin.l, note.text
        assert right <= width + margin.r, note.text
        assert low >= -2, note.text
        assert high <= height + margin.t, note.text
    for (a, one), (b, other) in itertools.combinations(zip(boxes, notes, strict=True), 2):
        assert overlap(a, b) < 4, (one.text, other.text)


@WIDTHS
@pytest.mark.parametrize("q", [(0.2, 0.1, 0.3, 0.4), (0.45, 0.25, 0.15, 0.15), (0.02, 0.03, 0.05, 0.9)])
def test_the_divergence_is_named_beside_its_own_part_of_the_bar(q: tuple[float, ...], narrow: bool) -> None:
    bar = lv.likelihood.entropy_bar((0.5, 0.25, 0.125, 0.125), q, unit="bits", steps=11)
    width = (350 if narrow else 1060) - 76
    for k in range(11):
        figure = lv.figures.entropy_bar(bar, at=10 * k, narrow=narrow)
        (note,) = [note for note in figure.layout.annotations if note.text.startswith("KL")]
        end = figure.layout.xaxis.range[1]
        left, right, *_ = box(note, note.x / end * width, 0)
        start, stop = (value / end * width for value in (bar.entropy, bar.cross_entropy[k]))
        on_the_bar = note.yanchor == "middle"
        assert right <= width + 14
        if on_the_bar and left < stop:  # then within the part that it names, not on that of the entropy
            assert start <= left
            assert right <= stop


@pytest.mark.parametrize("layers", ["gradient_norm", "saturated"])
def test_the_shades_of_the_layers_have_a_legend(layers: str) -> None:
    """Each shade stands between the two numbers between which it is drawn."""
    history = lv.train("moons", "mlp-4-4", ["sigmoid-mse", "sigmoid-ce"], lr=0.5, seeds=2, steps=4)
    figure = lv.figures.training_curves(history, view="layers", layers=layers)
    (legend,) = [note.text for note in figure.layout.annotations if "Blank below" in note.text]
    found = re.findall(r"color:(#\w+);[^>]*>■</span> ([\d.]+)( %)?", legend)
    assert [colour for colour, _, _ in found] == list(SHADES)
    assert set(SHADES) < set(RAMP)
    heat = next(trace for trace in figure.data if trace.type == "heatmap")
    for colour, bound, percent in found:
        upper = float(bound) / (100 if percent else 1)
        z = 4 * 0.999 * upper - 4 if percent else math.log10(0.999 * upper)
        share = (z - heat.zmin) / (heat.zmax - heat.zmin)
        drawn = next(shade for end, shade in heat.colorscale if end >= share)
        assert drawn.lower() == colour.lower()


@pytest.mark.parametrize("imbalance", [1.0, 19.0])
def test_the_baseline_is_the_accuracy_of_always_predicting_the_majority_class(imbalance: float) -> None:
    history = lv.train("moons", "linear", "sigmoid-ce", lr=0.5, steps=4, imbalance=imbalance)
    figure = lv.figures.training_curves(history, "accuracy")
    (label,) = [note for note in figure.layout.annotations if note.text == "always the majority class"]
    train, test = history.settings.data()
    most = np.argmax([(train.y == k).sum() for k in (0, 1)])
    expected = np.mean(test.y == most)
    assert label.y == pytest.approx(expected)
    assert figure.data[0].y[0] == pytest.approx(expected)
    assert expected > 0.9 or imbalance == 1
    brier = lv.figures.training_curves(history, "brier")
    assert "majority" not in str(brier.layout.annotations), "it is an accuracy, and of no other metric"


def test_the_text_on_the_table_of_digits_agrees_with_its_discs() -> None:
    """Full discs are the usual initialization: in the figure, in its key, and in the text of the page."""
    table = lv.codes.digits_table(seeds=1, epochs=1, heads=["4-bits-ce"])
    figure = lv.figures.head_scores(table)
    discs = {trace.x[0]: trace.marker for trace in figure.data if trace.marker.size == 13}
    means = [float(table.accuracy[0, gain].mean()) for gain in range(2)]
    full = [discs[mean].color == discs[mean].line.color for mean in means]
    assert full == [True, False]
    (key,) = [note.text for note in figure.layout.annotations if "last layer" in note.text]
    assert re.findall(r"([●○]) last layer × (\d+)", key) == [("●", "1"), ("○", "20")]
    words = (Path(race.__file__).parent / "see_ten_digits.md").read_text(encoding="utf-8")
    assert re.search(r"usual initialization \(full\)", words)
    assert re.search(r"20 times larger \(hollow\)", words)
