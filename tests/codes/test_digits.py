"""The digits table and many classes: small, but real; and the numbers that the table is known by."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

import lossviz as lv
from lossviz.codes.decoding import class_log_probabilities
from lossviz.codes.digits import ENTRIES, accuracy_by, calibration_error, digits
from lossviz.codes.synthetic_classes import hand_made


@pytest.fixture(scope="module")
def table() -> lv.codes.HeadScores:
    """The whole table from one call: eight heads, two starts, five seeds, thirty epochs."""
    said: list[tuple[int, int]] = []
    found = lv.codes.digits_table(progress=lambda done, total: said.append((done, total)))
    assert said[-1] == (240, 240)
    return found


# Accuracy at gain 1 and at gain 20, each with what five untuned seeds may differ by: their means of other
# orders of the same examples were seen to move by less.
KNOWN = {
    "softmax-ce": ((0.969, 0.01), (0.975, 0.01)),
    "softmax-mse": ((0.956, 0.01), (0.279, 0.25)),
    "sigmoid-ce": ((0.965, 0.01), (0.977, 0.012)),
    "sigmoid-mse": ((0.944, 0.012), (0.676, 0.2)),
    "4-bits-ce": ((0.895, 0.015), (0.930, 0.015)),
    "4-bits-mse": ((0.828, 0.015), (0.809, 0.3)),
    "15-bits-ce": ((0.945, 0.03), (0.942, 0.03)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_digits_table_is_within_its_spread(table: lv.codes.HeadScores, name: str) -> None:
    row = [entry.name for entry in table.entries].index(name)
    for gain in range(2):
        expected, spread = KNOWN[name][gain]
        assert table.accuracy[row, gain].mean() == pytest.approx(expected, abs=spread)


def test_the_table_counts_its_weights(table: lv.codes.HeadScores) -> None:
    weights = dict(zip([entry.name for entry in table.entries], table.weights.tolist(), strict=True))
    assert weights["softmax-ce"] == weights["sigmoid-mse"] == 33 * 10
    assert weights["4-bits-ce"] == 33 * 4
    assert weights["15-bits-mse"] == 33 * 15
    assert len(table.entries) == len(ENTRIES) == 8


def test_the_code_costs_more_than_the_loss_and_a_smaller_gap_is_no_gain(table: lv.codes.HeadScores) -> None:
    at = {entry.name: k for k, entry in enumerate(table.entries)}
    usual = table.accuracy[:, 0].mean(axis=-1)
    assert usual[at["softmax-ce"]] - usual[at["4-bits-ce"]] > 0.05, "the code"
    assert usual[at["softmax-ce"]] - usual[at["softmax-mse"]] < 0.03, "the loss"
    assert usual[at["15-bits-ce"]] - usual[at["4-bits-ce"]] > 0.05, "more bits buy it back"
    seen = table.train_accuracy[:, 0].mean(axis=-1)
    gap = seen - usual
    assert gap[at["4-bits-ce"]] == pytest.approx(gap[at["softmax-ce"]], abs=0.015)
    assert seen[at["4-bits-ce"]] < seen[at["softmax-ce"]] - 0.05, "four bits fit what they have seen worse"


def test_centred_pixels_mend_what_looked_like_the_loss() -> None:
    centred = lv.codes.digits_table(centred=True, seeds=2, gains=(20.0,), entries=["softmax-mse"])
    assert centred.accuracy.mean() == pytest.approx(0.965, abs=0.015)
    assert np.abs(digits(centred=True).x.mean(axis=0)).max() < 1e-12


def test_scores_are_those_of_scikit_learn() -> None:
    short = lv.codes.digits_table(seeds=1, gains=(1.0,), epochs=2, entries=["softmax-ce"])
    from lossviz.codes.heads import HeadTraining

    data = digits()
    training = HeadTraining(
        data.x, data.y, lv.codes.CODES["one-hot"].code(10), "softmax-ce", 32, (0,), (1.0,), 0.1, 32
    )
    training.advance(2 * training.steps_an_epoch)
    log_p = class_log_probabilities(training.logits(data.x_test)[0], training.code)
    assert short.log_loss[0, 0, 0] == pytest.approx(log_loss(data.y_test, np.exp(log_p)))
    assert short.accuracy[0, 0, 0] == (log_p.argmax(-1) == data.y_test).mean()
    assert len(data.x) == 1200
    assert len(data.x_test) == 597


def test_calibration_is_a_plain_sum_over_bins() -> None:
    rng = np.random.default_rng(0)
    confidence, right = rng.uniform(0, 1, 500), rng.random(500) < 0.7
    plain = 0.0
    for k in range(15):
        inside = [(c, r) for c, r in zip(confidence, right, strict=True) if int(c * 15) == k]
        if inside:
            plain += (
                len(inside) / 500 * abs(np.mean([c for c, _ in inside]) - np.mean([r for _, r in inside]))
            )
    assert calibration_error(confidence, right) == pytest.approx(plain)
    assert calibration_error(np.ones(4), np.ones(4, bool)) == 0


def test_bits_of_digits_and_what_decoding_makes_of_them() -> None:
    bits = lv.codes.digit_bits("4-bits-ce", seeds=2, epochs=8)
    assert bits.outputs.shape == (2, 597, 4)
    by = {how: accuracy_by(bits, how) for how in ("threshold", "hamming", "likelihood")}
    assert (by["hamming"] >= by["threshold"]).all(), "a spare word is always wrong, a neighbour may be right"
    assert (by["likelihood"] > 0.6).all()
    for name in ("softmax-ce", "nothing"):
        with pytest.raises(ValueError, match="4-bits-ce"):
            lv.codes.digit_bits(name)


def test_progress_can_stop_the_table() -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        lv.codes.digits_table(progress=stop)


def test_bits_that_are_attributes_cost_nothing_and_arbitrary_ones_much() -> None:
    few = {"sizes": (4, 64), "hidden": 32, "seeds": 1, "steps": 200}
    attributes, arbitrary = (lv.codes.many_classes(kind, **few) for kind in (True, False))
    assert attributes.codes == ("one-hot", "ecoc", "binary")
    assert attributes.accuracy[2, 0, 1] > attributes.accuracy[0, 0, 1] - 0.03
    assert arbitrary.accuracy[2, 0, 1] < arbitrary.accuracy[0, 0, 1] - 0.2
    assert arbitrary.weights.tolist() == [[33 * 4, 33 * 64], [33 * 12, 33 * 31], [33 * 2, 33 * 6]]


def test_classes_made_by_hand_are_what_they_say() -> None:
    x, y = hand_made(16, True, 200)
    means = np.stack([x[y == c].mean(axis=0) for c in range(16)])
    assert np.sign(means[:, :4]) == pytest.approx(2.0 * lv.codes.CODES["binary"].code(16).bits - 1)
    assert np.abs(means[:, 4:]).max() < 0.15
    again, _ = hand_made(16, False, 3, seed=1)
    first, _ = hand_made(16, False, 3, seed=0)
    assert np.abs(again - first).max() < 4, "the same classes, other examples"
    for bad in (3, 48, 2048):
        with pytest.raises(ValueError, match="classes must be"):
            lv.codes.many_classes(sizes=(bad,))
    for bad in ({"seeds": 0}, {"steps": 0}):
        with pytest.raises(ValueError, match="must be a whole number"):
            lv.codes.many_classes(**bad)
    for bad in ({"seeds": 0}, {"epochs": 0}, {"entries": ["x"]}):
        with pytest.raises(ValueError, match=r"must be|unknown"):
            lv.codes.digits_table(**bad)
