"""Figures of Output codes: what is drawn is what was found; and the facts of unions and wrong bits."""

import json

import numpy as np
import pytest

import lossviz as lv
from lossviz.codes.digits import ENTRIES, DigitBits
from lossviz.codes.separability import separate
from lossviz.figures.base import frames


def bits(seed: int = 0) -> DigitBits:
    rng = np.random.default_rng(seed)
    code = lv.codes.CODES["binary"].code(10)
    y = rng.integers(0, 10, 80)
    outputs = np.clip(0.25 + 0.5 * code.bits[y] + 0.3 * rng.normal(size=(2, 80, 4)), 0, 1)
    return DigitBits(ENTRIES[-1], code, (0, 1), y, outputs.astype(np.float32))


def test_wrong_bits_are_a_plain_count() -> None:
    found = bits()
    facts = lv.codes.bit_errors(found, (0.3, 0.5))
    for t, threshold in enumerate((0.3, 0.5)):
        sizes, nameless = [0] * 5, 0
        for s in range(2):
            for y, said in zip(found.y, found.outputs[s], strict=True):
                word = [int(v >= threshold) for v in said]
                flips = [a ^ int(b) for a, b in zip(word, found.code.bits[y], strict=True)]
                sizes[sum(flips)] += 1
                nameless += int("".join(map(str, word)), 2) >= 10
                number = int("".join(map(str, flips)), 2)
                assert facts.flipped[t, y, number] > 0
        assert facts.by_size(t).tolist() == sizes
        assert facts.nameless(t) == nameless
        assert facts.flipped[t].sum() == facts.words[t].sum() == 160
    assert facts.ones.sum() + facts.zeros.sum() == 160 * 4


def test_sure_and_wrong_bits_are_pulled_hard_by_one_loss_only() -> None:
    found = bits()
    outputs = np.full((1, len(found.y), 4), 0.999, np.float32)  # every neuron is sure of a 1
    facts = lv.codes.bit_errors(DigitBits(found.entry, found.code, (0,), found.y, outputs))
    assert facts.sure == int((found.code.bits[found.y] == 0).sum())
    p = float(np.float32(0.999))
    assert facts.pull[0] == pytest.approx(2 * p**2 * (1 - p), rel=1e-6)
    assert facts.pull[1] == pytest.approx(p, rel=1e-6)
    with pytest.raises(ValueError, match="threshold must be"):
        lv.codes.bit_errors(found, (1.5,))


def test_unions_have_the_best_lines_and_say_what_is_solved() -> None:
    facts = lv.codes.unions("binary", 4)
    assert facts.labels.shape == (24, 4)
    for k in range(0, 24, 5):
        for unit in range(2):
            fires = facts.code.bits[facts.labels[k], unit]
            assert facts.solved[k, unit] == (separate(facts.centres, fires) is not None)
            a, b, c = facts.lines[k, unit]
            side = facts.x @ [a, b] + c > 0
            assert (side == fires[facts.cloud].astype(bool)).mean() == facts.best[k, unit]
    assert lv.codes.unions("binary", 8).counted.solvable == 0
    assert lv.codes.unions("exhaustive", 4).units == 7
    with pytest.raises(ValueError, match="classes must be"):
        lv.codes.unions("binary", 10)


def test_every_figure_is_drawn_wide_and_narrow_and_knows_its_place() -> None:
    wrong = lv.codes.bit_errors(bits(), (0.4, 0.5, 0.6))
    table = lv.codes.digits_table(seeds=2, epochs=1, entries=["softmax-ce", "4-bits-mse"])
    many = lv.codes.many_classes(sizes=(4, 16), hidden=8, seeds=1, steps=20)
    readings = lv.codes.ambiguous_posteriors((4, 2, 1), lv.codes.CODES["binary"].code(8))
    drawn = [
        figure
        for narrow in (False, True)
        for figure in (
            *(lv.figures.bit_errors(wrong, 0.6, order, narrow) for order in ("By neurons wrong", "By word")),
            *(lv.figures.head_scores(table, measure, narrow) for measure in lv.figures.SCORES),
            lv.figures.many_classes(many, 4, narrow),
            lv.figures.bit_readings(readings, 40, narrow),
        )
    ]
    for figure in drawn:
        spec = json.loads(figure.to_json())
        for frame in figure.frames:
            assert frames.still(spec, float(frame.name))["data"]
    heat = lv.figures.bit_errors(wrong, 0.5).data[0]
    shown = sum(int(text) for row in heat.text for text in row if text)
    assert shown == 160
    with pytest.raises(KeyError, match="Accuracy, Log loss"):
        lv.figures.head_scores(table, "Beauty")


def test_scores_on_the_axis_are_the_means_of_the_seeds() -> None:
    table = lv.codes.digits_table(seeds=2, epochs=1, entries=["softmax-ce"])
    texts = [a.text for a in lv.figures.head_scores(table).layout.annotations]
    for gain in range(2):
        assert f"<b>{100 * table.accuracy[0, gain].mean():.1f} %</b>" in texts
