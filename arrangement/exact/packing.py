"""Sign vectors as bits: one 64-bit word holds the signs on 64 hyperplanes."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError

__all__ = [
    "Signs", "Words", "by_first_bits", "check_words", "pack_signs", "unpack_signs",
    "word_count",
]  # fmt: skip

Words: TypeAlias = NDArray[np.uint64]
Signs: TypeAlias = NDArray[np.int8]


def word_count(n: int) -> int:
    """How many 64-bit words hold n signs."""
    return -(-n // 64)


def pack_signs(signs: ArrayLike) -> Words:
    """Signs as bits: bit i % 64 of word i // 64 is 1 where sign i is positive.

    Parameters
    ----------
    signs : array_like of int, shape (m, n)

    Returns
    -------
    ndarray of uint64, shape (m, ceil(n / 64))

    Examples
    --------
    >>> pack_signs([[1, -1, 1]]).tolist()
    [[5]]
    """
    signs = np.asarray(signs)
    m, n = signs.shape
    octets = np.zeros((m, 8 * word_count(n)), dtype=np.uint8)
    octets[:, : -(-n // 8)] = np.packbits(signs > 0, axis=1, bitorder="little")
    return octets.view("<u8").astype(np.uint64, copy=False)


def unpack_signs(words: Words, n: int) -> Signs:
    """The inverse of :func:`pack_signs`: int8 signs ±1, shape (m, n).

    Examples
    --------
    >>> import numpy as np
    >>> unpack_signs(np.array([[5]], dtype=np.uint64), 3).tolist()
    [[1, -1, 1]]
    """
    octets = np.ascontiguousarray(words.astype("<u8", copy=False)).view(np.uint8)
    bits = np.unpackbits(octets, axis=1, count=n, bitorder="little").view(np.int8)
    bits *= 2
    bits -= 1
    return bits


REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)), bitorder="little")
"""Octets whose bits are in reverse order."""


def by_first_bits(words: Words) -> NDArray[np.int64]:
    """The lexicographic order of packed bits: where bit 0 is 0 first, then bit 1, ….

    Flats of one rank come in the order of their first bases when those bits are 0 whose
    hyperplanes contain them. For let i be the lowest that contains only one of X and Y, and
    that X. The first bases agree below i, where the same hyperplanes contain X and Y. And i is
    in the first basis of X: else it would depend on those, and contain Y, too. In the first
    basis of Y the next is above i.

    Parameters
    ----------
    words : ndarray of uint64, shape (m, w)

    Returns
    -------
    ndarray of int64, shape (m,)

    Examples
    --------
    >>> import numpy as np
    >>> by_first_bits(np.array([[1], [2], [3], [4]], dtype=np.uint64)).tolist()
    [3, 1, 0, 2]
    """
    if not words.shape[1]:
        return np.arange(len(words))
    octets = REVERSED[np.ascontiguousarray(words.astype("<u8", copy=False)).view(np.uint8)]
    return np.lexsort(octets.view(">u8").astype(np.uint64).T[::-1])


def check_words(words: Words, n: int) -> None:
    """An InputError unless these are different sign vectors of n signs.

    Examples
    --------
    >>> check_words(np.array([[5], [8]], dtype=np.uint64), 3)
    Traceback (most recent call last):
    arrangement.errors.InputError: there are signs of more hyperplanes than 3
    """
    if words.dtype != np.uint64 or words.ndim != 2 or words.shape[1] != word_count(n):
        raise InputError(f"no sign vectors of {n} signs: {words.dtype}, {words.shape}")
    if n % 64 and (words[:, -1] >> np.uint64(n % 64)).any():
        raise InputError(f"there are signs of more hyperplanes than {n}")
    ordered = words[np.lexsort(words.T)] if n else words
    if (ordered[1:] == ordered[:-1]).all(axis=1).any():
        raise InputError("a sign vector occurs twice")
