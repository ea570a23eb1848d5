"""The digits table against its known accuracies and scikit-learn, and synthetic classes."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

import lossviz as lv
from lossviz.codes.decoding import class_log_probabilities
from lossviz.codes.digits import DIGIT_HEADS, calibration_error, digit_split
from lossviz.codes.synthetic_classes import make_classes


@pytest.fixture(scope="module")
def table() -> lv.codes.HeadScores:
    """The whole table: eight heads, two gains, five seeds, thirty epochs."""
    calls: list[tuple[int, int]] = []
    found = lv.codes.digits_table(progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (240, 240)
    return found


# Accuracy at gain 1 and at gain 20, each with the tolerance for the mean of five seeds: with other orders of
# the same examples it changes by less.
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
def test_accuracies_are_within_their_spread(table: lv.codes.HeadScores, name: str) -> None:
    row = [head.name for head in table.heads].index(name)
    for gain in range(2):
        expected, spread = KNOWN[name][gain]
        assert table.accuracy[row, gain].mean() == pytest.approx(expected, abs=spread)


def test_weights_of_the_output_layer_are_counted(table: lv.codes.HeadScores) -> None:
    weights = dict(zip([head.name for head in table.heads], table.weights.tolist(), strict=True))
    assert weights["softmax-ce"] == weights["sigmoid-mse"] == 33 * 10
    assert weights["4-bits-ce"] == 33 * 4
    assert weights["15-bits-mse"] == 33 * 15
    assert len(table.heads) == len(DIGIT_HEADS) == 8


def test_the_code_costs_more_accuracy_than_the_loss(table: lv.codes.HeadScores) -> None:
    row_of = {head.name: k for k, head in enumerate(table.heads)}
    accuracy = table.accuracy[:, 0].mean(axis=-1)
    assert accuracy[row_of["softmax-ce"]] - accuracy[row_of["4-bits-ce"]] > 0.05, "the code"
    assert accuracy[row_of["softmax-ce"]] - accuracy[row_of["softmax-mse"]] < 0.03, "the loss"
    assert accuracy[row_of["15-bits-ce"]] - accuracy[row_of["4-bits-ce"]] > 0.05, "more bits restore it"
    train = table.train_accuracy[:, 0].mean(axis=-1)
    gap = train - accuracy
    assert gap[row_of["4-bits-ce"]] == pytest.approx(gap[row_of["softmax-ce"]], abs=0.015)
    assert train[row_of["4-bits-ce"]] < train[row_of["softmax-ce"]] - 0.05, "worse on training digits"


def test_centring_the_pixels_restores_the_accuracy_of_squared_error() -> None:
    centred = lv.codes.digits_table(centred=True, seeds=2, gains=(20.0,), heads=["softmax-mse"])
    assert centred.accuracy.mean() == pytest.approx(0.965, abs=0.015)
    assert np.abs(digit_split(centred=True).x.mean(axis=0)).max() < 1e-12


def test_log_loss_and_accuracy_are_scikit_learns() -> None:
    short = lv.codes.digits_table(seeds=1, gains=(1.0,), epochs=2, heads=["softmax-ce"])
    from lossviz.codes.heads import HeadTraining

    data = digit_split()
    training = HeadTraining(
        data.x, data.y, lv.codes.CODES["one-hot"].code(10), "softmax-ce", 32, (0,), (1.0,), 0.1, 32
    )
    training.advance(2 * training.steps_per_epoch)
    log_p = class_log_probabilities(training.logits(data.x_test)[0], training.code)
    assert short.log_loss[0, 0, 0] == pytest.approx(log_loss(data.y_test, np.exp(log_p)))
    assert short.accuracy[0, 0, 0] == (log_p.argmax(-1) == data.y_test).mean()
    assert len(data.x) == 1200
    assert len(data.x_test) == 597


def test_calibration_error_is_a_sum_over_bins() -> None:
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


def test_nearest_codeword_is_at_least_as_accurate_as_thresholding() -> None:
    bits = lv.codes.digit_bits("4-bits-ce", seeds=2, epochs=8)
    assert bits.outputs.shape == (2, 597, 4)
    accuracy_of = {
        method: (lv.codes.decode(bits.outputs, bits.code, method) == bits.y).mean(axis=-1)
        for method in ("threshold", "hamming", "likelihood")
    }
    assert (accuracy_of["hamming"] >= accuracy_of["threshold"]).all(), "an unused word is always wrong"
    assert (accuracy_of["likelihood"] > 0.6).all()
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


def test_the_binary_code_suits_attributes_and_not_arbitrary_classes() -> None:
    few = {"classes": (4, 64), "hidden": 32, "seeds": 1, "steps": 200}
    attributes, arbitrary = (lv.codes.many_classes(kind, **few) for kind in (True, False))
    assert attributes.codes == ("one-hot", "ecoc", "binary")
    assert attributes.accuracy[2, 0, 1] > attributes.accuracy[0, 0, 1] - 0.03
    assert arbitrary.accuracy[2, 0, 1] < arbitrary.accuracy[0, 0, 1] - 0.2
    assert arbitrary.weights.tolist() == [[33 * 4, 33 * 64], [33 * 12, 33 * 31], [33 * 2, 33 * 6]]


def test_synthetic_classes_have_the_described_centres() -> None:
    x, y = make_classes(16, True, 200)
    means = np.stack([x[y == c].mean(axis=0) for c in range(16)])
    assert np.sign(means[:, :4]) == pytest.approx(2.0 * lv.codes.CODES["binary"].code(16).bits - 1)
    assert np.abs(means[:, 4:]).max() < 0.15
    again, _ = make_classes(16, False, 3, seed=1)
    first, _ = make_classes(16, False, 3, seed=0)
    assert np.abs(again - first).max() < 4, "the same classes, other examples"
    for bad in (3, 48, 2048):
        with pytest.raises(ValueError, match="classes must be"):
            lv.codes.many_classes(classes=(bad,))
    for bad in ({"seeds": 0}, {"steps": 0}):
        with pytest.raises(ValueError, match="must be a whole number"):
            lv.codes.many_classes(**bad)
    for bad in ({"seeds": 0}, {"epochs": 0}, {"heads": ["x"]}):
        with pytest.raises(ValueError, match=r"must be|unknown"):
            lv.codes.digits_table(**bad)
