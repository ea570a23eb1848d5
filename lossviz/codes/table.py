"""Output codes, one row each: which codeword stands for which class.

A network with an output code has one neuron a bit. One-hot gives every class a neuron of its own; a binary
code encodes 2^k classes with k neurons; a longer code can correct the errors of single neurons. `CODES`
makes the matrix for any number of classes; `output_code` takes a matrix of the user's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from lossviz.codes.code import Bits, OutputCode, hamming_distances, int_to_bits, output_code
from lossviz.common.registry import Registry
from lossviz.common.validation import count_in

MAX_CLASSES = 1024


@dataclass(frozen=True)
class CodeFamily:
    """A construction that gives a code for any number of classes: a row of `CODES`."""

    name: str
    label: str
    make: Callable[[int], Bits] = field(repr=False)
    formula: str  # LaTeX: the length, or the codeword of class c
    convention: str
    source: str
    min_classes: int = 2
    max_classes: int = MAX_CLASSES

    def code(self, classes: int) -> OutputCode:
        """Make the code for a number of classes.

        Args:
            classes: Number of classes, from ``min_classes`` to ``max_classes``.

        Returns:
            The code.

        Raises:
            ValueError: If the code is not defined for so many classes.

        Example:
            >>> import lossviz as lv
            >>> lv.codes.CODES["gray"].code(4).bits.tolist()
            [[0, 0], [0, 1], [1, 1], [1, 0]]
        """
        count_in(f"classes of the code {self.name!r}", classes, self.min_classes, self.max_classes)
        return output_code(self.make(classes), self.name)


def as_code(code: OutputCode | CodeFamily | str | ArrayLike, classes: int | None = None) -> OutputCode:
    """A code from itself, a matrix, or a row of `CODES` or its name with the number of classes.

    Raises KeyError for an unknown name; ValueError for a matrix that is no code, for a name without a number
    of classes, or if the code has another number of classes.
    """
    if isinstance(code, CodeFamily):
        code = code.name
    if isinstance(code, str):
        family = CODES[code]
        if classes is None:
            raise ValueError(f"how many classes? Give CODES[{code!r}].code(classes) instead of its name")
        return family.code(classes)
    made = code if isinstance(code, OutputCode) else output_code(code)
    if classes is not None and classes != made.classes:
        raise ValueError(f"the code has {made.classes} classes, and there are {classes}")
    return made


def min_length(classes: int) -> int:
    """The fewest bits with which so many classes have different codewords: ceil(log2(classes))."""
    return max(1, (classes - 1).bit_length())


def _one_hot(classes: int) -> Bits:
    return np.eye(classes, dtype=np.int8)


def _binary(classes: int) -> Bits:
    return int_to_bits(np.arange(classes), min_length(classes))


def _gray(classes: int) -> Bits:
    numbers = np.arange(classes)
    return int_to_bits(numbers ^ (numbers >> 1), min_length(classes))


def random_code(classes: int, length: int, seed: int = 0, draws: int = 200) -> OutputCode:
    """Draw random codes of fair coin flips and keep the one with the largest minimum distance.

    Of codes with the same minimum distance the one with the fewest pairs at that distance is kept, and of
    those the first.

    Args:
        classes: Number of classes, from 2 to 1,024.
        length: Bits of a codeword, from 1 to 4,096.
        seed: Seed of the draws.
        draws: Number of codes that are drawn, from 1 to 100,000.

    Returns:
        The best code.

    Raises:
        ValueError: If a number is out of range, or the words of this length are fewer than the classes.

    Source:
        E. Allwein, R. Schapire and Y. Singer, Reducing Multiclass to Binary (2000), section 6.

    Example:
        >>> import lossviz as lv
        >>> lv.codes.random_code(10, 15).minimum_distance
        6
    """
    count_in("classes", classes, 2, MAX_CLASSES)
    count_in("length", length, 1, 4096)
    count_in("draws", draws, 1, 100_000)
    if length < min_length(classes):
        raise ValueError(f"{length} bits encode at most {2**length} classes; there are {classes}")
    rng = np.random.default_rng(seed)
    best: Bits | None = None
    best_score = (0, 0)
    while best is None or draws > 0:
        bits = rng.integers(0, 2, (classes, length), dtype=np.int8)
        distances = hamming_distances(bits, bits)[np.triu_indices(classes, 1)]
        minimum = int(distances.min())
        if minimum == 0 and length == min_length(classes):  # hardly ever distinct: shuffle all words instead
            bits = rng.permutation(int_to_bits(np.arange(2**length), length))[:classes]
            distances = hamming_distances(bits, bits)[np.triu_indices(classes, 1)]
            minimum = int(distances.min())
        score = minimum, -int((distances == minimum).sum())
        if minimum > 0 and score > best_score:
            best, best_score = bits, score
        draws -= 1
    return output_code(best, "random")


def _random(classes: int) -> Bits:
    length = int(np.ceil(10 * np.log2(classes)))
    return random_code(classes, length, draws=min(200, max(1, 10_000_000 // (classes**2 * length)))).bits


def _exhaustive(classes: int) -> Bits:
    columns = np.arange(2 ** (classes - 1) - 1)  # the bits of all classes but the first, read as a number
    others = int_to_bits(columns, classes - 1).T
    return np.concatenate([np.ones((1, len(columns)), np.int8), others])


def _hadamard(classes: int) -> Bits:
    matrix = np.zeros((1, 1), np.int8)
    while len(matrix) < classes:
        matrix = np.block([[matrix, matrix], [matrix, 1 - matrix]])
    return matrix[:classes, 1:]  # the first column is the same for all


# Generator polynomials of BCH codes, the highest power first, in octal: (bits of message, of word, octal).
_BCH = ((5, 15, 0o2467), (6, 31, 0o313365047), (11, 31, 0o5423325))


def _bch(classes: int) -> Bits:
    message = min_length(classes)
    known, length, generator = next(row for row in _BCH if row[0] >= message)
    checks = length - known
    parity = np.zeros((message, checks), np.int8)
    for bit in range(message):  # x^(checks + bit) modulo the generator
        rest = 1 << (checks + bit)
        for power in range(checks + bit, checks - 1, -1):
            if rest >> power & 1:
                rest ^= generator << (power - checks)
        parity[message - 1 - bit] = int_to_bits(np.array([rest]), checks)[0]
    messages = int_to_bits(np.arange(classes), message)
    return np.concatenate([messages, (messages @ parity) % 2], axis=1).astype(np.int8)


_DIETTERICH = (
    "T. Dietterich and G. Bakiri, Solving Multiclass Learning Problems "
    "via Error-Correcting Output Codes (1995)"
)

CODES: Registry[CodeFamily] = Registry(
    "output code",
    [
        CodeFamily(
            name="one-hot",
            label="One-hot",
            make=_one_hot,
            formula=r"b_j(c) = [j = c], \quad k = K",
            convention="two codewords differ in two bits",
            source="C. Bishop, Neural Networks for Pattern Recognition (1995), section 6.6",
        ),
        CodeFamily(
            name="binary",
            label="Binary",
            make=_binary,
            formula=r"c = \sum_{j=1}^{k} b_j(c)\, 2^{k - j}, \quad k = \lceil \log_2 K \rceil",
            convention="the first bit counts most; classes are counted from 0",
            source="the usual notation of numbers",
        ),
        CodeFamily(
            name="gray",
            label="Gray",
            make=_gray,
            formula=r"b(c) = \mathrm{binary}(c \oplus \lfloor c / 2 \rfloor), "
            r"\quad k = \lceil \log_2 K \rceil",
            convention="neighbouring classes differ in one bit",
            source="F. Gray, Pulse Code Communication, US patent 2,632,058 (1953)",
        ),
        CodeFamily(
            name="random",
            label="Random, dense",
            make=_random,
            formula=r"b_j(c) \sim \mathrm{Bernoulli}(\tfrac12), \quad k = \lceil 10 \log_2 K \rceil",
            convention="from a fixed seed; of several draws the one with the largest minimum distance",
            source="E. Allwein, R. Schapire and Y. Singer, Reducing Multiclass to Binary (2000), section 6",
        ),
        CodeFamily(
            name="ecoc",
            label="Error-correcting, BCH",
            make=_bch,
            formula=r"b(c) = \left(m(c),\; m(c)\, x^{n - k} \bmod g(x)\right)",
            convention="the [15, 5, 7], [31, 6, 15] and [31, 11, 11] codes, systematic, shortened to the "
            "message bits that the classes need",
            source="R. Bose and D. Ray-Chaudhuri (1960); as output codes: " + _DIETTERICH,
        ),
        CodeFamily(
            name="exhaustive",
            label="Exhaustive",
            make=_exhaustive,
            formula=r"k = 2^{K - 1} - 1, \quad d = 2^{K - 2}",
            convention="a neuron for every dichotomy of the classes",
            source=_DIETTERICH + ", section 2.3.1",
            min_classes=3,
            max_classes=11,
        ),
        CodeFamily(
            name="hadamard",
            label="Error-correcting, Hadamard",
            make=_hadamard,
            formula=r"k = 2^m - 1, \quad d = 2^{m - 1}, \quad m = \lceil \log_2 K \rceil",
            convention="rows of Sylvester’s matrix without its constant column",
            source="V. Guruswami and A. Sahai, Multiclass Learning, Boosting, "
            "and Error-Correcting Codes (1999)",
        ),
    ],
)
