"""Decoding: from the outputs of a code's neurons to a class, by four methods, or to class probabilities."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossviz.codes.code import OutputCode
from lossviz.codes.table import as_code
from lossviz.common.typing import Floats

NO_CLASS = -1  # what "threshold" gives for a word that is no codeword
_TINY = np.finfo(np.float64).tiny  # keeps the logarithm of an output of exactly 0 finite
_BLOCK = 250_000  # scores that are held at once; some ten arrays are as large


def decode(
    bit_probabilities: ArrayLike, code: OutputCode | ArrayLike, method: str = "likelihood"
) -> NDArray[np.int64]:
    """Decode the outputs of a code's neurons to classes.

    Args:
        bit_probabilities: (..., bits) in [0, 1], the probability that each bit is 1.
        code: An `OutputCode`, or a matrix of bits (classes, bits).
        method: One of

            - ``"threshold"``: each bit is 1 from 1/2 on; the class with exactly this codeword, or `NO_CLASS`.
            - ``"hamming"``: thresholded; the class whose codeword differs in the fewest bits.
            - ``"euclidean"``: the class whose codeword is nearest to the outputs themselves.
            - ``"likelihood"``: the class whose codeword is the likeliest if the bits are independent.

    Returns:
        Class numbers, (...,). Of classes that are equally near the first is taken.

    Raises:
        KeyError: For an unknown method.
        ValueError: For outputs of another shape or outside [0, 1], or a matrix that is no code.

    Source:
        T. Dietterich and G. Bakiri, Solving Multiclass Learning Problems via Error-Correcting Output Codes
        (1995); E. Allwein, R. Schapire and Y. Singer, Reducing Multiclass to Binary (2000).

    Example:
        >>> import lossviz as lv
        >>> code = lv.codes.CODES["binary"].code(3)
        >>> outputs = [[0.1, 0.8], [0.9, 0.6]]
        >>> lv.codes.decode(outputs, code, method="threshold").tolist()
        [1, -1]
        >>> lv.codes.decode(outputs, code, method="likelihood").tolist()
        [1, 2]
    """
    if method not in DECODERS:
        raise KeyError(f"unknown decoding method {method!r}; known: {', '.join(DECODERS)}")
    made = as_code(code)
    p = _checked(bit_probabilities, made)
    flat = p.reshape(-1, made.length)
    rows = max(1, _BLOCK // max(made.classes, made.length))
    parts = [DECODERS[method](flat[i : i + rows], made) for i in range(0, len(flat), rows)]
    return np.concatenate([*parts, np.empty(0, np.int64)]).reshape(p.shape[:-1])


def _checked(bit_probabilities: ArrayLike, code: OutputCode) -> Floats:
    p: Any = np.asarray(bit_probabilities, dtype=np.float64)
    if p.ndim == 0 or p.shape[-1] != code.length:
        raise ValueError(f"the code has {code.length} bits; got outputs of shape {p.shape}")
    inside = (p >= 0) & (p <= 1)  # NaN is not
    if not inside.all():
        raise ValueError(f"outputs must be probabilities in [0, 1]; got {p[~inside].flat[0]:g}")
    return np.asarray(p, dtype=np.float64)


def _threshold(p: Floats, code: OutputCode) -> NDArray[np.int64]:
    words = p >= 0.5
    nearest = _hamming(p, code)
    return np.where((code.bits[nearest] == words).all(axis=-1), nearest, NO_CLASS)


def _hamming(p: Floats, code: OutputCode) -> NDArray[np.int64]:
    return _euclidean((p >= 0.5).astype(np.float64), code)


def _euclidean(p: Floats, code: OutputCode) -> NDArray[np.int64]:
    # |p - b|^2 = |p|^2 + sum_j b_j (1 - 2 p_j), since a bit is its own square
    bits = code.bits.astype(np.float64)
    nearest: NDArray[np.int64] = ((1 - 2 * p) @ bits.T).argmin(axis=-1)
    return nearest


def _likelihood(p: Floats, code: OutputCode) -> NDArray[np.int64]:
    likeliest: NDArray[np.int64] = codeword_log_likelihood(p, code.bits).argmax(axis=-1)
    return likeliest


DECODERS: Mapping[str, Callable[[Floats, OutputCode], NDArray[np.int64]]] = MappingProxyType(
    {"threshold": _threshold, "hamming": _hamming, "euclidean": _euclidean, "likelihood": _likelihood}
)


def codeword_log_likelihood(p: Floats, codewords: ArrayLike) -> Floats:
    """ln of the product of the bits' probabilities, in nats: (n, m) for p (n, k) and codewords (m, k)."""
    bits = np.asarray(codewords, dtype=np.float64)
    one, zero = np.log(np.maximum(p, _TINY)), np.log(np.maximum(1 - p, _TINY))
    likelihood: Floats = one @ bits.T + zero @ (1 - bits).T
    return likelihood


def class_log_probabilities(logits: ArrayLike, code: OutputCode | ArrayLike) -> Floats:
    """Compute ln p(class) from the logits of independent bits, given that the word is a codeword.

    The product of the bits' probabilities, divided by its sum over the codewords, is the softmax of the sums
    of the logits where a codeword is 1: factors that all codewords share cancel. With the one-hot code this
    is the softmax of the logits.

    Args:
        logits: (..., bits).
        code: An `OutputCode`, or a matrix of bits (classes, bits).

    Returns:
        Log probabilities in nats, (..., classes).

    Raises:
        ValueError: For logits of another shape, or a matrix that is no code.

    Example:
        >>> import lossviz as lv
        >>> log_p = lv.codes.class_log_probabilities([2.0, 0.0], [[0, 1], [1, 0]])
        >>> log_p.round(3).tolist()
        [-2.127, -0.127]
    """
    made = as_code(code)
    z = np.asarray(logits, dtype=np.float64)
    if z.ndim == 0 or z.shape[-1] != made.length:
        raise ValueError(f"the code has {made.length} bits; got logits of shape {z.shape}")
    scores = z @ made.bits.T.astype(np.float64)
    scores -= scores.max(axis=-1, keepdims=True)
    log_p: Floats = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    return log_p
