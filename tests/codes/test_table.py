"""Output codes against the formulas of coding theory, and invalid codes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

import lossviz as lv
from lossviz.codes.code import OutputCode, all_words, bits_to_int, hamming_distances, output_code
from lossviz.codes.table import as_code, min_length, random_code

SIZES = (*range(2, 20), 31, 32, 33, 63, 64, 65, 100, 256, 257)
ALL_SIZES = (*SIZES, 1024)
EVERY = [
    (name, k)
    for name, row in lv.codes.CODES.items()
    for k in (SIZES if name in ("one-hot", "hadamard", "exhaustive") else ALL_SIZES)
    if row.min_classes <= k <= row.max_classes and (name != "exhaustive" or k < 10)
]


@pytest.mark.parametrize("name", lv.codes.CODES)
def test_a_row_is_documented(name: str) -> None:
    row = lv.codes.CODES[name]
    assert row.name == name
    assert row.label
    assert row.formula
    assert row.convention
    assert row.source


@pytest.mark.parametrize(("name", "classes"), EVERY)
def test_encoding_then_decoding_is_the_identity(name: str, classes: int) -> None:
    code = lv.codes.CODES[name].code(classes)
    y = np.arange(classes)
    words = code.encode(y)
    assert words.shape == (classes, code.length)
    for method in ("threshold", "hamming", "euclidean", "likelihood"):
        assert (lv.codes.decode(words, code, method=method) == y).all()
    uncertain = 0.3 + 0.4 * words  # uncertain, and on the right side of 1/2
    assert (lv.codes.decode(uncertain, code, method="likelihood") == y).all()


@settings(max_examples=30, deadline=None)
@given(some.sampled_from([name for name in lv.codes.CODES if name != "exhaustive"]), some.integers(2, 1024))
def test_the_identity_holds_for_any_number_of_classes(name: str, classes: int) -> None:
    classes = min(classes, 200) if name in ("one-hot", "hadamard") else classes
    code = lv.codes.CODES[name].code(max(classes, lv.codes.CODES[name].min_classes))
    y = np.arange(code.classes)
    assert (lv.codes.decode(code.encode(y), code, method="threshold") == y).all()


@pytest.mark.parametrize("name", ["one-hot", "hadamard"])
def test_the_longest_codes_encode_1024_classes(name: str) -> None:
    code = lv.codes.CODES[name].code(1024)
    y = np.arange(0, 1024, 64)
    assert (lv.codes.decode(code.encode(y), code, method="hamming") == y).all()
    assert (lv.codes.decode(code.encode(y), code, method="likelihood") == y).all()


@pytest.mark.parametrize("classes", [2, 3, 4, 5, 8, 10, 16, 17, 1024])
def test_the_lengths_and_distances_are_those_of_the_formulas(classes: int) -> None:
    codes = {
        name: row.code(classes)
        for name, row in lv.codes.CODES.items()
        if row.min_classes <= classes <= row.max_classes
    }
    k = int(np.ceil(np.log2(classes)))
    assert min_length(classes) == max(k, 1)
    assert (codes["one-hot"].length, codes["one-hot"].minimum_distance) == (classes, 2)
    assert (codes["binary"].length, codes["binary"].minimum_distance) == (max(k, 1), 1)
    assert (codes["gray"].length, codes["gray"].minimum_distance) == (max(k, 1), 1)
    assert codes["random"].length == np.ceil(10 * np.log2(classes))
    if "hadamard" in codes:
        assert (codes["hadamard"].length, codes["hadamard"].minimum_distance) == (2**k - 1, 2 ** (k - 1))
    if "exhaustive" in codes:
        assert (codes["exhaustive"].length, codes["exhaustive"].minimum_distance) == (
            2 ** (classes - 1) - 1, 2 ** (classes - 2),
        )  # fmt: skip


def test_the_bch_codes_have_their_published_distances() -> None:
    for classes, length, distance in ((32, 15, 7), (64, 31, 15), (1024, 30, 11)):
        code = lv.codes.CODES["ecoc"].code(classes)
        assert (code.length, code.minimum_distance) == (length, distance)
    words = lv.codes.CODES["ecoc"].code(32).bits
    sums = (words[:, None] ^ words[None]).reshape(-1, 15)
    assert set(bits_to_int(sums)) == set(bits_to_int(words)), "it is linear"
    rotated = np.roll(words, 1, axis=1)
    assert set(bits_to_int(rotated)) == set(bits_to_int(words)), "and cyclic"


@pytest.mark.parametrize("classes", [2, 3, 5, 10, 16, 33])
def test_neighbours_in_the_gray_code_differ_in_one_bit(classes: int) -> None:
    bits = lv.codes.CODES["gray"].code(classes).bits
    assert (np.abs(np.diff(bits, axis=0)).sum(axis=1) == 1).all()


def test_the_exhaustive_code_has_every_dichotomy_once() -> None:
    columns = lv.codes.CODES["exhaustive"].code(5).bits.T
    both = {column.tobytes() for column in columns} | {(1 - column).tobytes() for column in columns}
    assert len(both) == 2**5 - 2


def test_the_minimum_distance_is_a_direct_count() -> None:
    code = random_code(9, 12)
    plain = min(
        sum(a != b for a, b in zip(one, other, strict=True))
        for i, one in enumerate(code.bits.tolist())
        for other in code.bits.tolist()[:i]
    )
    assert code.minimum_distance == plain
    assert hamming_distances(code.bits, code.bits)[2, 5] == (code.bits[2] != code.bits[5]).sum()


def test_unused_words_are_no_codewords() -> None:
    code = lv.codes.CODES["binary"].code(5)
    assert code.unused == 3
    assert code.unused_words.tolist() == [[1, 0, 1], [1, 1, 0], [1, 1, 1]]
    assert (lv.codes.decode(code.unused_words, code, method="threshold") == -1).all()
    assert lv.codes.CODES["one-hot"].code(1024).unused == 2**1024 - 1024
    assert lv.codes.CODES["binary"].code(1024).unused == 0
    with pytest.raises(ValueError, match="20"):
        _ = lv.codes.CODES["one-hot"].code(32).unused_words


def test_weights_are_counted_with_their_biases() -> None:
    binary, one_hot = lv.codes.CODES["binary"].code(1024), lv.codes.CODES["one-hot"].code(1024)
    assert binary.weights(64) == 65 * 10
    assert one_hot.weights(64) - binary.weights(64) == binary.saved_weights(64)
    assert one_hot.saved_weights(64) == 0
    assert lv.codes.CODES["ecoc"].code(10).saved_weights(32) < 0, "longer than one-hot"


@settings(max_examples=40, deadline=None)
@given(some.integers(2, 30), some.integers(1, 24), some.integers(0, 5))
def test_a_random_code_encodes_all_classes_or_is_refused(classes: int, length: int, seed: int) -> None:
    if 2**length < classes:
        with pytest.raises(ValueError, match=f"{length} bits encode at most {2**length} classes"):
            random_code(classes, length, seed, draws=3)
        return
    code = random_code(classes, length, seed, draws=3)
    assert (code.classes, code.length) == (classes, length)
    assert code.minimum_distance >= 1
    assert (random_code(classes, length, seed, draws=3).bits == code.bits).all()


def test_codewords_can_be_permuted() -> None:
    code = lv.codes.CODES["binary"].code(4).permuted([3, 1, 2, 0])
    assert code.bits.tolist() == [[1, 1], [0, 1], [1, 0], [0, 0]]
    with pytest.raises(ValueError, match="permutation"):
        code.permuted([0, 0, 1, 2])


# --- invalid codes --------------------------------------------------------------------------------------

BAD = {
    "equal rows": ([[0, 1], [1, 0], [0, 1]], "rows 0 and 2 of the code are equal"),
    "no bits": ([[0, 1], [2, 0]], "got 2 in row 1, column 0"),
    "halves": ([[0, 0.5], [1, 0]], "got 0.5 in row 0, column 1"),
    "nan": ([[0, np.nan], [1, 0]], "got nan"),
    "one row": ([[0, 1]], "at least 2 classes; got 1"),
    "flat": ([0, 1], r"got shape \(2,\)"),
    "cube": (np.zeros((2, 2, 2)), r"got shape \(2, 2, 2\)"),
    "nothing": ([], r"got shape \(0,\)"),
    "no columns": (np.zeros((3, 0)), r"got shape \(3, 0\)"),
    "ragged": ([[0, 1], [1]], "different lengths"),
    "words": ([["0", "1"], ["1", "0"]], "numbers 0 and 1"),
}


@pytest.mark.parametrize("kind", BAD)
def test_an_invalid_matrix_is_one_sentence(kind: str) -> None:
    matrix, message = BAD[kind]
    for call in (output_code, lambda m: lv.codes.decode([0.5, 0.5], m)):
        with pytest.raises(ValueError, match=message) as error:
            call(matrix)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("classes", [1, 0, -3, 1025, 2.5, True, "4", None])
@pytest.mark.parametrize("name", lv.codes.CODES)
def test_an_invalid_number_of_classes_is_one_sentence(name: str, classes: object) -> None:
    with pytest.raises(ValueError, match=f"classes of the code '{name}' must be a whole number"):
        lv.codes.CODES[name].code(classes)  # type: ignore[arg-type]


def test_a_code_that_does_not_fit_its_classes_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="has 2 classes, and there are 3"):
        as_code([[0], [1]], classes=3)
    with pytest.raises(ValueError, match="how many classes"):
        as_code("binary")
    with pytest.raises(KeyError, match="one-hot, binary"):
        as_code("nothing", classes=3)
    with pytest.raises(ValueError, match="from 0 to 3; got 4"):
        lv.codes.CODES["binary"].code(4).encode([0, 4])
    with pytest.raises(ValueError, match="whole numbers"):
        lv.codes.CODES["binary"].code(4).encode([0.5])


@settings(max_examples=200, deadline=None)
@given(
    arrays(
        np.float64,
        some.tuples(some.integers(0, 5), some.integers(0, 4)),
        elements=some.sampled_from([0.0, 1.0, 0.5]),
    )
)
def test_any_matrix_is_a_code_or_a_sentence(matrix: np.ndarray) -> None:
    distinct = len({row.tobytes() for row in matrix}) == len(matrix)
    if 0.5 in matrix or not distinct or len(matrix) < 2 or not matrix.shape[1]:
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            output_code(matrix)
        return
    code = output_code(matrix)
    assert (code.bits == matrix).all()
    assert len({row.tobytes() for row in code.bits}) == code.classes
    with pytest.raises(ValueError, match="read-only"):
        code.bits[0, 0] = 1


def test_all_words_are_in_counting_order() -> None:
    words = all_words(4)
    assert (bits_to_int(words) == np.arange(16)).all()
    assert isinstance(lv.codes.CODES["binary"].code(16), OutputCode)
    assert (lv.codes.CODES["binary"].code(16).bits == words).all()
