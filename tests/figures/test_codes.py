"""Figures of Output codes show their results; dichotomies and bit errors against direct counts."""

import json

import numpy as np
import pytest

import lossviz as lv
from lossviz.codes.digits import DIGIT_HEADS, DigitBits
from lossviz.codes.separability import separate
from lossviz.figures.base import frames


def bits(seed: int = 0) -> DigitBits:
    rng = np.random.default_rng(seed)
    code = lv.codes.CODES["binary"].code(10)
    y = rng.integers(0, 10, 80)
    outputs = np.clip(0.25 + 0.5 * code.bits[y] + 0.3 * rng.normal(size=(2, 80, 4)), 0, 1)
    return DigitBits(DIGIT_HEADS[-1], code, (0, 1), y, outputs.astype(np.float32))


def test_bit_errors_are_a_direct_count() -> None:
    data = bits()
    facts = lv.codes.bit_errors(data, (0.3, 0.5))
    for t, threshold in enumerate((0.3, 0.5)):
        sizes, unused = [0] * 5, 0
        for s in range(2):
            for y, output in zip(data.y, data.outputs[s], strict=True):
                word = [int(v >= threshold) for v in output]
                flipped = [a ^ int(b) for a, b in zip(word, data.code.bits[y], strict=True)]
                sizes[sum(flipped)] += 1
                unused += int("".join(map(str, word)), 2) >= 10
                number = int("".join(map(str, flipped)), 2)
                assert facts.flip_counts[t, y, number] > 0
        assert facts.by_error_count(t).tolist() == sizes
        assert facts.unused(t) == unused
        assert facts.flip_counts[t].sum() == facts.word_counts[t].sum() == 160
    assert facts.ones_histogram.sum() + facts.zeros_histogram.sum() == 160 * 4


def test_gradients_of_confidently_wrong_bits_are_the_closed_form() -> None:
    data = bits()
    outputs = np.full((1, len(data.y), 4), 0.999, np.float32)  # every neuron is confident of a 1
    facts = lv.codes.bit_errors(DigitBits(data.head, data.code, (0,), data.y, outputs))
    assert facts.confidently_wrong == int((data.code.bits[data.y] == 0).sum())
    p = float(np.float32(0.999))
    assert facts.mean_gradient[0] == pytest.approx(2 * p**2 * (1 - p), rel=1e-6)
    assert facts.mean_gradient[1] == pytest.approx(p, rel=1e-6)
    with pytest.raises(ValueError, match="threshold must be"):
        lv.codes.bit_errors(data, (1.5,))


def test_dichotomies_have_the_best_lines() -> None:
    facts = lv.codes.dichotomies("binary", 4)
    assert facts.labels.shape == (24, 4)
    for k in range(0, 24, 5):
        for neuron in range(2):
            target = facts.code.bits[facts.labels[k], neuron]
            assert facts.separated[k, neuron] == (separate(facts.centres, target) is not None)
            a, b, c = facts.lines[k, neuron]
            side = facts.x @ [a, b] + c > 0
            assert (side == target[facts.cluster].astype(bool)).mean() == facts.accuracy[k, neuron]
    assert lv.codes.dichotomies("binary", 8).separable.solvable == 0
    assert lv.codes.dichotomies("exhaustive", 4).neurons == 7
    with pytest.raises(ValueError, match="classes must be"):
        lv.codes.dichotomies("binary", 10)


def test_every_figure_has_its_frames_wide_and_narrow() -> None:
    wrong = lv.codes.bit_errors(bits(), (0.4, 0.5, 0.6))
    table = lv.codes.digits_table(seeds=2, epochs=1, heads=["softmax-ce", "4-bits-mse"])
    many = lv.codes.many_classes(classes=(4, 16), hidden=8, seeds=1, steps=20)
    results = lv.codes.ambiguous_posteriors((4, 2, 1), lv.codes.CODES["binary"].code(8))
    figures = [
        figure
        for narrow in (False, True)
        for figure in (
            *(lv.figures.bit_errors(wrong, 0.6, order, narrow) for order in ("wrong-bits", "word")),
            *(lv.figures.head_scores(table, measure, narrow) for measure in lv.figures.HEAD_MEASURES),
            lv.figures.many_classes(many, 4, narrow),
            lv.figures.bit_independence(results, 40, narrow),
        )
    ]
    for figure in figures:
        spec = json.loads(figure.to_json())
        for frame in figure.frames:
            assert frames.still(spec, float(frame.name))["data"]
    heat = lv.figures.bit_errors(wrong, 0.5).data[0]
    total = sum(int(text) for row in heat.text for text in row if text)
    assert total == 160
    with pytest.raises(KeyError, match="accuracy, log-loss"):
        lv.figures.head_scores(table, "beauty")


def test_scores_on_the_axis_are_the_means_of_the_seeds() -> None:
    table = lv.codes.digits_table(seeds=2, epochs=1, heads=["softmax-ce"])
    texts = [a.text for a in lv.figures.head_scores(table).layout.annotations]
    for gain in range(2):
        assert f"<b>{100 * table.accuracy[0, gain].mean():.1f} %</b>" in texts
