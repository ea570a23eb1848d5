"""An output code as a matrix of bits: its codewords, their Hamming distances, and its unused words.

A word is any row of bits. A codeword is a word that stands for a class.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.common.validation import count_in

Bits = NDArray[np.int8]
MAX_LISTED_BITS = 20  # up to this length all words can be listed


@dataclass(frozen=True, eq=False)
class OutputCode:
    """A binary output code: row c of the matrix is the codeword of class c. No two rows are equal.

    Make one with `output_code`, which checks the matrix, or with a row of `CODES`.
    """

    name: str
    bits: Bits  # (classes, length), 0 or 1, read-only

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.bits)

    @property
    def length(self) -> int:
        """Bits of a codeword: one output neuron each."""
        return int(self.bits.shape[1])

    @cached_property
    def minimum_distance(self) -> int:
        """The smallest Hamming distance between two codewords."""
        distances = hamming_distances(self.bits, self.bits)
        np.fill_diagonal(distances, self.length + 1)
        return int(distances.min())

    @property
    def correctable(self) -> int:
        """Wrong bits that decoding to the nearest codeword always corrects: floor((d - 1) / 2)."""
        return (self.minimum_distance - 1) // 2

    @property
    def unused(self) -> int:
        """Number of words that are no codeword: 2^length - classes, exact for any length."""
        return int(2**self.length) - self.classes

    @cached_property
    def unused_words(self) -> Bits:
        """The words that are no codeword, (unused, length), in counting order. ValueError beyond 20 bits."""
        words = all_words(self.length)
        return words[~np.isin(bits_to_int(words), bits_to_int(self.bits))]

    def encode(self, y: ArrayLike) -> Bits:
        """Look up codewords.

        Args:
            y: Class numbers from 0, of any shape (...,).

        Returns:
            The codewords, (..., length).

        Raises:
            ValueError: If an entry is no class of this code.

        Example:
            >>> import lossviz as lv
            >>> lv.codes.CODES["binary"].code(4).encode([2, 1]).tolist()
            [[1, 0], [0, 1]]
        """
        classes = np.asarray(y)
        if classes.dtype.kind not in "iu":
            raise ValueError(f"classes must be whole numbers; got an array of {classes.dtype}")
        wrong = classes[(classes < 0) | (classes >= self.classes)]
        if wrong.size:
            raise ValueError(f"a class must be from 0 to {self.classes - 1}; got {int(wrong.flat[0])}")
        codewords: Bits = self.bits[classes]
        return codewords

    def weights(self, hidden: int) -> int:
        """Weights and biases of an output layer with this code over ``hidden`` neurons."""
        return (count_in("hidden", hidden, 1) + 1) * self.length

    def saved_weights(self, hidden: int) -> int:
        """Weights and biases that this code saves against one neuron a class; negative if it is longer."""
        return (count_in("hidden", hidden, 1) + 1) * (self.classes - self.length)

    def permuted(self, labels: ArrayLike) -> "OutputCode":
        """Assign the same codewords to other classes.

        Args:
            labels: A permutation of the classes, (classes,): class c gets the codeword of ``labels[c]``.

        Returns:
            The code with its rows permuted.

        Raises:
            ValueError: If ``labels`` is no permutation.
        """
        order = np.asarray(labels)
        if order.shape != (self.classes,) or sorted(order.tolist()) != list(range(self.classes)):
            raise ValueError(f"labels must be a permutation of 0 to {self.classes - 1}; got {order.tolist()}")
        return output_code(self.bits[order], self.name)


def output_code(matrix: ArrayLike, name: str = "given") -> OutputCode:
    """Make an output code from a matrix of zeros and ones.

    Args:
        matrix: (classes, bits): row c is the codeword of class c.
        name: What the code is called in messages.

    Returns:
        The code; its matrix is a copy.

    Raises:
        ValueError: For a wrong shape, fewer than two rows, entries that are not bits, or two equal rows.

    Example:
        >>> import lossviz as lv
        >>> code = lv.codes.output_code([[0, 0, 0], [1, 1, 1]])
        >>> code.minimum_distance, code.correctable, code.unused
        (3, 1, 6)
    """
    try:
        given = np.asarray(matrix)
    except ValueError:
        raise ValueError("a code must be a matrix; its words have different lengths") from None
    if given.ndim != 2 or given.shape[1] == 0:
        raise ValueError(f"a code must be a matrix of classes by bits; got shape {given.shape}")
    if len(given) < 2:
        raise ValueError(f"a code must have at least 2 classes; got {len(given)}")
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
    first_row: dict[bytes, int] = {}
    for row, word in enumerate(bits):
        other = first_row.setdefault(word.tobytes(), row)
        if other != row:
            raise ValueError(
                f"rows {other} and {row} of the code are equal: two classes would share a codeword"
            )
    bits.setflags(write=False)
    return OutputCode(name, bits)


def hamming_distances(words: ArrayLike, others: ArrayLike) -> NDArray[np.int64]:
    """The Hamming distance of each of words (n, k) to each of others (m, k): (n, m)."""
    a, b = (np.asarray(part, dtype=np.float32) for part in (words, others))
    return np.rint(a @ (1 - b).T + (1 - a) @ b.T).astype(np.int64)


def all_words(length: int) -> Bits:
    """All 2^length words in counting order, most significant bit first: (2^length, length)."""
    count_in("bits of which all words are listed", length, 1, MAX_LISTED_BITS)
    return int_to_bits(np.arange(2**length), length)


def bits_to_int(words: ArrayLike) -> NDArray[np.int64]:
    """Read each word (..., k) as a binary number, most significant bit first; for at most 62 bits."""
    bits = np.asarray(words, dtype=np.int64)
    count_in("bits of a word that is read as a number", bits.shape[-1], 1, 62)
    number: NDArray[np.int64] = bits @ (1 << np.arange(bits.shape[-1] - 1, -1, -1, dtype=np.int64))
    return number


def int_to_bits(numbers: NDArray[np.int64], length: int) -> Bits:
    """Write each of the numbers (n,) as a word, most significant bit first: (n, length)."""
    return ((numbers[:, None] >> np.arange(length - 1, -1, -1)) & 1).astype(np.int8)
