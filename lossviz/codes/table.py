"""Output codes, one row each: which word of bits names which class.

A network with an output code has one neuron a bit. One-hot gives every class a neuron of its own; a binary
code lets k neurons name 2^k classes; a code that is longer than it must be can put right what single
neurons get wrong. `CODES` makes the matrix for any number of classes; `output_code` takes anybody's own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lossviz.codes.code import Bits, Code, hamming, output_code, words_of
from lossviz.common.registry import Registry
from lossviz.common.validation import count_in

MOST_CLASSES = 1024


@dataclass(frozen=True)
class OutputCode:
    """How a code is made for any number of classes: a row of `CODES`."""

    name: str
    label: str
    make: Callable[[int], Bits] = field(repr=False)
    formula: str  # LaTeX: the length, or the word of class c
    convention: str
    source: str
    least: int = 2
    most: int = MOST_CLASSES

    def code(self, classes: int) -> Code:
        """The code for so many classes; ValueError for a number that this code is not defined for."""
        count_in(f"classes of the code {self.name!r}", classes, self.least, self.most)
        return output_code(self.make(classes), self.name)


def as_code(code: Code | OutputCode | str | ArrayLike, classes: int | None = None) -> Code:
    """A code from itself, a matrix, or a row, by itself or by its name, and the number of classes.

    KeyError for an unknown name; ValueError for a matrix that is no code, for a name without a number of
    classes, or if the code has too few words for so many classes.
    """
    if isinstance(code, OutputCode):
        code = code.name
    if isinstance(code, str):
        row = CODES[code]
        if classes is None:
            raise ValueError(f"how many classes? Give CODES[{code!r}].code(classes) instead of its name")
        return row.code(classes)
    made = code if isinstance(code, Code) else output_code(code)
    if classes is not None and classes != made.classes:
        raise ValueError(f"the code names {made.classes} classes, and there are {classes}")
    return made


def least_length(classes: int) -> int:
    """The fewest bits that give so many classes different names: the logarithm to base 2, rounded up."""
    return max(1, (classes - 1).bit_length())


def _one_hot(classes: int) -> Bits:
    return np.eye(classes, dtype=np.int8)


def _binary(classes: int) -> Bits:
    return words_of(np.arange(classes), least_length(classes))


def _gray(classes: int) -> Bits:
    numbers = np.arange(classes)
    return words_of(numbers ^ (numbers >> 1), least_length(classes))


def random_code(classes: int, length: int, seed: int = 0, draws: int = 200) -> Code:
    """Of so many codes of fair coin flips, the one whose nearest words are farthest apart.

    The first such, and of codes alike in that, the one with the fewest nearest pairs. ValueError if so few
    bits cannot name so many classes.
    """
    count_in("classes", classes, 2, MOST_CLASSES)
    count_in("length", length, 1, 4096)
    count_in("draws", draws, 1, 100_000)
    if length < least_length(classes):
        raise ValueError(f"{length} bits name at most {2**length} classes; there are {classes}")
    rng = np.random.default_rng(seed)
    best: Any = None
    found = (0, 0)
    while best is None or draws > 0:
        bits = rng.integers(0, 2, (classes, length), dtype=np.int8)
        distances = hamming(bits, bits)[np.triu_indices(classes, 1)]
        apart = int(distances.min())
        if apart == 0 and length == least_length(classes):  # coins would name all by a miracle only: shuffle
            bits = rng.permutation(words_of(np.arange(2**length), length))[:classes]
            distances = hamming(bits, bits)[np.triu_indices(classes, 1)]
            apart = int(distances.min())
        score = apart, -int((distances == apart).sum())
        if apart > 0 and score > found:
            best, found = bits, score
        draws -= 1
    return output_code(best, "random")


def _random(classes: int) -> Bits:
    length = int(np.ceil(10 * np.log2(classes)))
    return random_code(classes, length, draws=min(200, max(1, 10_000_000 // (classes**2 * length)))).bits


def _exhaustive(classes: int) -> Bits:
    halves = np.arange(2 ** (classes - 1) - 1)  # what the classes after the first are on the side of
    sides = words_of(halves, classes - 1).T
    return np.concatenate([np.ones((1, len(halves)), np.int8), sides])


def _hadamard(classes: int) -> Bits:
    matrix = np.zeros((1, 1), np.int8)
    while len(matrix) < classes:
        matrix = np.block([[matrix, matrix], [matrix, 1 - matrix]])
    return matrix[:classes, 1:]  # the first column is the same for all


# Generator polynomials of BCH codes, the highest power first, in octal: (bits of message, of word, octal).
_BCH = ((5, 15, 0o2467), (6, 31, 0o313365047), (11, 31, 0o5423325))


def _bch(classes: int) -> Bits:
    message = least_length(classes)
    known, length, generator = next(row for row in _BCH if row[0] >= message)
    checks = length - known
    parity = np.zeros((message, checks), np.int8)
    for bit in range(message):  # x^(checks + bit) modulo the generator
        rest = 1 << (checks + bit)
        for power in range(checks + bit, checks - 1, -1):
            if rest >> power & 1:
                rest ^= generator << (power - checks)
        parity[message - 1 - bit] = words_of(np.array([rest]), checks)[0]
    words = words_of(np.arange(classes), message)
    return np.concatenate([words, (words @ parity) % 2], axis=1).astype(np.int8)


_DIETTERICH = (
    "T. Dietterich and G. Bakiri, Solving Multiclass Learning Problems "
    "via Error-Correcting Output Codes (1995)"
)

CODES: Registry[OutputCode] = Registry(
    "output code",
    [
        OutputCode(
            name="one-hot",
            label="One neuron a class",
            make=_one_hot,
            formula=r"b_j(c) = [j = c], \quad k = K",
            convention="two words differ in two bits",
            source="C. Bishop, Neural Networks for Pattern Recognition (1995), section 6.6",
        ),
        OutputCode(
            name="binary",
            label="Binary",
            make=_binary,
            formula=r"c = \sum_{j=1}^{k} b_j(c)\, 2^{k - j}, \quad k = \lceil \log_2 K \rceil",
            convention="the first bit counts most; classes are counted from 0",
            source="the usual notation of numbers",
        ),
        OutputCode(
            name="gray",
            label="Gray",
            make=_gray,
            formula=r"b(c) = \mathrm{binary}(c \oplus \lfloor c / 2 \rfloor), "
            r"\quad k = \lceil \log_2 K \rceil",
            convention="neighbouring classes differ in one bit",
            source="F. Gray, Pulse Code Communication, US patent 2,632,058 (1953)",
        ),
        OutputCode(
            name="random",
            label="Random, dense",
            make=_random,
            formula=r"b_j(c) \sim \mathrm{Bernoulli}(\tfrac12), \quad k = \lceil 10 \log_2 K \rceil",
            convention="from a fixed seed; of several draws the one whose nearest words are farthest apart",
            source="E. Allwein, R. Schapire and Y. Singer, Reducing Multiclass to Binary (2000), section 6",
        ),
        OutputCode(
            name="ecoc",
            label="Error-correcting, BCH",
            make=_bch,
            formula=r"b(c) = \left(m(c),\; m(c)\, x^{n - k} \bmod g(x)\right)",
            convention="the [15, 5, 7], [31, 6, 15] and [31, 11, 11] codes, systematic, shortened to the "
            "message bits that the classes need",
            source="R. Bose and D. Ray-Chaudhuri (1960); as output codes: " + _DIETTERICH,
        ),
        OutputCode(
            name="exhaustive",
            label="Error-correcting, every union",
            make=_exhaustive,
            formula=r"k = 2^{K - 1} - 1, \quad d = 2^{K - 2}",
            convention="a neuron for every way to part the classes in two",
            source=_DIETTERICH + ", section 2.3.1",
            least=3,
            most=11,
        ),
        OutputCode(
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
