"""Output codes: words that name classes, and what nobody can name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

import lossviz as lv
from lossviz.codes.code import Code, all_words, hamming, numbers_of, output_code
from lossviz.codes.table import as_code, least_length, random_code

SIZES = (*range(2, 20), 31, 32, 33, 63, 64, 65, 100, 256, 257)
ALL_SIZES = (*SIZES, 1024)
EVERY = [
    (name, k)
    for name, row in lv.codes.CODES.items()
    for k in (SIZES if name in ("one-hot", "hadamard", "exhaustive") else ALL_SIZES)
    if row.least <= k <= row.most and (name != "exhaustive" or k < 10)
]


@pytest.mark.parametrize("name", lv.codes.CODES)
def test_a_row_says_what_it_is_and_where_it_is_from(name: str) -> None:
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
    for how in ("threshold", "hamming", "euclidean", "likelihood"):
        assert (lv.codes.decode(words, code, how=how) == y).all()
    soft = 0.3 + 0.4 * words  # unsure, and on the right side
    assert (lv.codes.decode(soft, code, how="likelihood") == y).all()


@settings(max_examples=30, deadline=None)
@given(some.sampled_from([name for name in lv.codes.CODES if name != "exhaustive"]), some.integers(2, 1024))
def test_the_identity_holds_for_any_number_of_classes(name: str, classes: int) -> None:
    classes = min(classes, 200) if name in ("one-hot", "hadamard") else classes
    code = lv.codes.CODES[name].code(max(classes, lv.codes.CODES[name].least))
    y = np.arange(code.classes)
    assert (lv.codes.decode(code.encode(y), code, how="threshold") == y).all()


@pytest.mark.parametrize("name", ["one-hot", "hadamard"])
def test_the_longest_codes_name_1024_classes_too(name: str) -> None:
    code = lv.codes.CODES[name].code(1024)
    y = np.arange(0, 1024, 64)
    assert (lv.codes.decode(code.encode(y), code, how="hamming") == y).all()
    assert (lv.codes.decode(code.encode(y), code, how="likelihood") == y).all()


@pytest.mark.parametrize("classes", [2, 3, 4, 5, 8, 10, 16, 17, 1024])
def test_the_lengths_and_distances_are_those_of_the_formulas(classes: int) -> None:
    codes = {
        name: row.code(classes) for name, row in lv.codes.CODES.items() if row.least <= classes <= row.most
    }
    k = int(np.ceil(np.log2(classes)))
    assert least_length(classes) == max(k, 1)
    assert (codes["one-hot"].length, codes["one-hot"].distance) == (classes, 2)
    assert (codes["binary"].length, codes["binary"].distance) == (max(k, 1), 1)
    assert (codes["gray"].length, codes["gray"].distance) == (max(k, 1), 1)
    assert codes["random"].length == np.ceil(10 * np.log2(classes))
    if "hadamard" in codes:
        assert (codes["hadamard"].length, codes["hadamard"].distance) == (2**k - 1, 2 ** (k - 1))
    if "exhaustive" in codes:
        assert (codes["exhaustive"].length, codes["exhaustive"].distance) == (
            2 ** (classes - 1) - 1, 2 ** (classes - 2),
        )  # fmt: skip


def test_the_bch_codes_have_their_published_distances() -> None:
    for classes, length, distance in ((32, 15, 7), (64, 31, 15), (1024, 30, 11)):
        code = lv.codes.CODES["ecoc"].code(classes)
        assert (code.length, code.distance) == (length, distance)
    words = lv.codes.CODES["ecoc"].code(32).bits
    sums = (words[:, None] ^ words[None]).reshape(-1, 15)
    assert set(numbers_of(sums)) == set(numbers_of(words)), "it is linear"
    turned = np.roll(words, 1, axis=1)
    assert set(numbers_of(turned)) == set(numbers_of(words)), "and cyclic"


@pytest.mark.parametrize("classes", [2, 3, 5, 10, 16, 33])
def test_neighbours_in_the_gray_code_differ_in_one_bit(classes: int) -> None:
    bits = lv.codes.CODES["gray"].code(classes).bits
    assert (np.abs(np.diff(bits, axis=0)).sum(axis=1) == 1).all()


def test_the_exhaustive_code_has_every_union_once_and_no_constant_unit() -> None:
    columns = lv.codes.CODES["exhaustive"].code(5).bits.T
    both = {column.tobytes() for column in columns} | {(1 - column).tobytes() for column in columns}
    assert len(both) == 2**5 - 2


def test_the_distance_is_that_of_a_plain_count() -> None:
    code = random_code(9, 12)
    plain = min(
        sum(a != b for a, b in zip(one, other, strict=True))
        for i, one in enumerate(code.bits.tolist())
        for other in code.bits.tolist()[:i]
    )
    assert code.distance == plain
    assert hamming(code.bits, code.bits)[2, 5] == (code.bits[2] != code.bits[5]).sum()


def test_spare_words_are_those_that_name_nothing() -> None:
    code = lv.codes.CODES["binary"].code(5)
    assert code.spare == 3
    assert code.spare_words.tolist() == [[1, 0, 1], [1, 1, 0], [1, 1, 1]]
    assert (lv.codes.decode(code.spare_words, code, how="threshold") == -1).all()
    assert lv.codes.CODES["one-hot"].code(1024).spare == 2**1024 - 1024
    assert lv.codes.CODES["binary"].code(1024).spare == 0
    with pytest.raises(ValueError, match="20"):
        _ = lv.codes.CODES["one-hot"].code(32).spare_words


def test_weights_are_counted_with_their_biases() -> None:
    binary, one_hot = lv.codes.CODES["binary"].code(1024), lv.codes.CODES["one-hot"].code(1024)
    assert binary.weights(64) == 65 * 10
    assert one_hot.weights(64) - binary.weights(64) == binary.saved(64)
    assert one_hot.saved(64) == 0
    assert lv.codes.CODES["ecoc"].code(10).saved(32) < 0, "longer than one-hot"


@settings(max_examples=40, deadline=None)
@given(some.integers(2, 30), some.integers(1, 24), some.integers(0, 5))
def test_a_random_code_names_all_or_says_that_it_cannot(classes: int, length: int, seed: int) -> None:
    if 2**length < classes:
        with pytest.raises(ValueError, match=f"{length} bits name at most {2**length} classes"):
            random_code(classes, length, seed, draws=3)
        return
    code = random_code(classes, length, seed, draws=3)
    assert (code.classes, code.length) == (classes, length)
    assert code.distance >= 1
    assert (random_code(classes, length, seed, draws=3).bits == code.bits).all()


def test_words_can_be_given_out_anew() -> None:
    code = lv.codes.CODES["binary"].code(4).permuted([3, 1, 2, 0])
    assert code.bits.tolist() == [[1, 1], [0, 1], [1, 0], [0, 0]]
    with pytest.raises(ValueError, match="permutation"):
        code.permuted([0, 0, 1, 2])


# --- what cannot name classes ---------------------------------------------------------------------------

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
def test_a_matrix_that_is_no_code_is_one_sentence(kind: str) -> None:
    matrix, said = BAD[kind]
    for call in (output_code, lambda m: lv.codes.decode([0.5, 0.5], m)):
        with pytest.raises(ValueError, match=said) as error:
            call(matrix)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("classes", [1, 0, -3, 1025, 2.5, True, "4", None])
@pytest.mark.parametrize("name", lv.codes.CODES)
def test_a_number_of_classes_that_cannot_be_is_one_sentence(name: str, classes: object) -> None:
    with pytest.raises(ValueError, match=f"classes of the code '{name}' must be a whole number"):
        lv.codes.CODES[name].code(classes)  # type: ignore[arg-type]


def test_a_code_too_short_or_too_long_for_its_classes_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="names 2 classes, and there are 3"):
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


def test_all_words_are_all_and_in_counting_order() -> None:
    words = all_words(4)
    assert (numbers_of(words) == np.arange(16)).all()
    assert isinstance(lv.codes.CODES["binary"].code(16), Code)
    assert (lv.codes.CODES["binary"].code(16).bits == words).all()
