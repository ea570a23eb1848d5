"""The table of eight pairs: its pieces exactly, and its message at a size that a test can wait for."""

import numpy as np
import pytest

import lossviz as lv
from lossviz.pairs import binary_code, long_code, onehot_code, pairs


def test_the_codes_are_what_they_are_called() -> None:
    assert (onehot_code() == np.eye(10)).all()
    assert (binary_code() @ [1, 2, 4, 8]).tolist() == list(range(10))
    code = long_code()
    apart = (code[:, None] != code[None]).sum(axis=2)
    assert code.shape == (10, 15)
    assert apart[~np.eye(10, dtype=bool)].min() >= 6
    columns = {tuple(column) for column in code.T} | {tuple(1 - column) for column in code.T}
    assert len(columns) == 30, "no two columns ask the same question"


# Recomputed by others before this table was written (five seeds, the long code another one): usual, loud.
KNOWN = {
    "softmax, cross-entropy": (0.969, 0.975),
    "softmax, squared error": (0.956, None),
    "ten sigmoids, cross-entropy": (0.965, 0.977),
    "ten sigmoids, squared error": (0.944, None),
    "4 bits, cross-entropy": (0.895, 0.930),
    "4 bits, squared error": (0.828, None),
    "15 bits, cross-entropy": (0.945, 0.942),
}


def test_one_call_makes_the_table() -> None:
    told: list[float] = []
    table = lv.eight_pairs(seeds=3, progress=told.append)
    assert table.accuracy.shape == (8, 2, 3)
    assert table.names == tuple(row.name for row in pairs())
    assert told == sorted(told)
    means = dict(zip(table.names, table.mean, strict=True))
    for name, (usual, loud) in KNOWN.items():
        assert means[name][0] == pytest.approx(usual, abs=0.025)
        if loud is not None:
            assert means[name][1] == pytest.approx(loud, abs=0.025)
    loud_squares = means["softmax, squared error"][1]
    assert 0.15 < loud_squares < 0.5  # sure and wrong, and without a slope: the spread is wide
    assert means["4 bits, cross-entropy"][0] < means["softmax, cross-entropy"][0] - 0.05  # the code costs too


def test_a_centred_picture_mends_most_of_it() -> None:
    plain = lv.eight_pairs(gains=(20.0,), seeds=2, epochs=8)
    centred = lv.eight_pairs(gains=(20.0,), seeds=2, epochs=8, centred=True)
    assert centred.mean[1, 0] > plain.mean[1, 0] + 0.3


def test_the_same_call_makes_the_same_table() -> None:
    one, two = (lv.eight_pairs(gains=(1.0,), seeds=1, epochs=1) for _ in range(2))
    np.testing.assert_array_equal(one.accuracy, two.accuracy)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"gains": (-1.0,)}, r"a gain must be a number in \[0, 1000\]; got -1"),
        ({"seeds": 0}, "seeds must be a whole number from 1 to 64; got 0"),
        ({"epochs": 0}, "epochs must be a whole number from 1 to 1000; got 0"),
    ],
)
def test_bad_input_is_named(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lv.eight_pairs(**change)  # type: ignore[arg-type]
