"""A code: words of bits that name classes, how far they lie apart, and the numbers that they spell."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.common.validation import count_in

Bits = NDArray[np.int8]
MOST_LISTED = 20  # bits up to which all words of a code are written down


@dataclass(frozen=True, eq=False)
class Code:
    """The words of a code: class c is named by row c. No two rows are equal."""

    name: str
    bits: Bits  # (classes, length), 0 or 1; not to be written to

    @property
    def classes(self) -> int:
        return len(self.bits)

    @property
    def length(self) -> int:
        """Bits in a word: one output neuron each."""
        return int(self.bits.shape[1])

    @cached_property
    def distance(self) -> int:
        """The smallest number of bits in which two words differ: their Hamming distance."""
        distances = hamming(self.bits, self.bits)
        np.fill_diagonal(distances, self.length + 1)
        return int(distances.min())

    @property
    def corrects(self) -> int:
        """How many wrong bits decoding to the nearest word always puts right: floor((d - 1) / 2)."""
        return (self.distance - 1) // 2

    @property
    def spare(self) -> int:
        """How many words name no class: 2^length - classes, as exact as Python's integers."""
        return int(2**self.length) - self.classes

    @cached_property
    def spare_words(self) -> Bits:
        """The words that name no class (spare, length), in counting order. ValueError beyond 20 bits."""
        words = all_words(self.length)
        return words[~np.isin(numbers_of(words), numbers_of(self.bits))]

    def encode(self, y: ArrayLike) -> Bits:
        """The words (..., length) of class numbers (...,); ValueError for what is not a class."""
        classes = np.asarray(y)
        if classes.dtype.kind not in "iu":
            raise ValueError(f"classes must be whole numbers; got an array of {classes.dtype}")
        wrong = classes[(classes < 0) | (classes >= self.classes)]
        if wrong.size:
            raise ValueError(f"a class must be from 0 to {self.classes - 1}; got {int(wrong.flat[0])}")
        words: Bits = self.bits[classes]
        return words

    def weights(self, hidden: int) -> int:
        """Weights and biases of a last layer over so many hidden neurons."""
        return (count_in("hidden", hidden, 1) + 1) * self.length

    def saved(self, hidden: int) -> int:
        """Weights and biases that this code saves in the last layer against one neuron a class."""
        return (count_in("hidden", hidden, 1) + 1) * (self.classes - self.length)

    def permuted(self, labels: ArrayLike) -> "Code":
        """The same words, given out anew: class c gets the word of class labels[c]."""
        order = np.asarray(labels)
        if order.shape != (self.classes,) or sorted(order.tolist()) != list(range(self.classes)):
            raise ValueError(f"labels must be a permutation of 0 to {self.classes - 1}; got {order.tolist()}")
        return output_code(self.bits[order], self.name)


def output_code(matrix: ArrayLike, name: str = "given") -> Code:
    """A code from a matrix (classes, bits) of zeros and ones: row c is the word of class c.

    ValueError, in one sentence, for anything that cannot name classes: a wrong shape, fewer than two rows,
    entries that are not bits, or two equal rows.
    """
    try:
        given = np.asarray(matrix)
    except ValueError:
        raise ValueError("a code must be a matrix; its words have different lengths") from None
    if given.ndim != 2 or given.shape[1] == 0:
        raise ValueError(f"a code must be a matrix of classes by bits; got shape {given.shape}")
    if len(given) < 2:
        raise ValueError(f"a code must name at least 2 classes; got {len(given)}")
    if given.dtype.kind not in "biuf":
        raise ValueError(f"the entries of a code must be the numbers 0 and 1; got an array of {given.dtype}")
    wrong = np.argwhere((given != 0) & (given != 1))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"the entries of a code must be bits, 0 or 1; got {given[row, column]:g} in row {row}, "
            f"column {column}"
        )
    bits = given.astype(np.int8)
    seen: dict[bytes, int] = {}
    for row, word in enumerate(bits):
        other = seen.setdefault(word.tobytes(), row)
        if other != row:
            raise ValueError(f"rows {other} and {row} of the code are equal: two classes would share a name")
    bits.setflags(write=False)
    return Code(name, bits)


def hamming(words: ArrayLike, others: ArrayLike) -> NDArray[np.int64]:
    """In how many bits each of words (n, k) differs from each of others (m, k): (n, m)."""
    a, b = (np.asarray(part, dtype=np.float32) for part in (words, others))
    return np.rint(a @ (1 - b).T + (1 - a) @ b.T).astype(np.int64)


def all_words(length: int) -> Bits:
    """All 2^length words in counting order, the first bit counting most: (2^length, length)."""
    count_in("bits of which all words are listed", length, 1, MOST_LISTED)
    return words_of(np.arange(2**length), length)


def numbers_of(words: ArrayLike) -> NDArray[np.int64]:
    """The number that each word (..., k) spells, the first bit counting most; for at most 62 bits."""
    bits = np.asarray(words, dtype=np.int64)
    count_in("bits of a word that is read as a number", bits.shape[-1], 1, 62)
    number: NDArray[np.int64] = bits @ (1 << np.arange(bits.shape[-1] - 1, -1, -1, dtype=np.int64))
    return number


def words_of(numbers: NDArray[np.int64], length: int) -> Bits:
    """The words (n, length) that spell the numbers (n,), the first bit counting most."""
    return ((numbers[:, None] >> np.arange(length - 1, -1, -1)) & 1).astype(np.int8)
