"""Zeros proved modulo primes: residues, and the bound on minors that says how many are
enough."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt, prod
from typing import TypeAlias

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement.exact.fields import FieldElement, NumberField
from arrangement.exact.one_field import field_of

__all__ = ["coefficients", "minor_bound", "proof_primes", "residues"]

Integers: TypeAlias = NDArray[np.object_]

FEW = 2**8
"""So many numbers are reduced modulo all primes at once, more modulo one after another."""


def minor_bound(matrix: Integers) -> int:
    """A bound on the absolute value of every minor, by Hadamard's inequality.

    A k×k minor is at most the product of the k longest rows (or columns), each row taken at
    its full Euclidean length; lengths are rounded up and those below 1 count as 1, so that the
    bound covers minors of every size.

    Examples
    --------
    >>> import numpy as np
    >>> minor_bound(np.array([[3, 4], [0, 2]], dtype=object))
    10
    """
    size = min(matrix.shape)
    if size == 0:
        return 1
    field = field_of(matrix)
    if field is None:
        return _hadamard(matrix, 1, size)
    table = coefficients(matrix, field)
    bits = 64 + max(int(abs(v)).bit_length() for v in table.flat)
    slack = np.abs(table).sum(axis=2)
    bound = 1
    for real, imaginary in field.conjugate_powers(bits):
        parts = [
            np.abs(table @ np.array(part, dtype=object)) + slack for part in (real, imaginary)
        ]
        squares = sum(part * part for part in parts)
        sizes = np.array([isqrt(v) + 1 for v in squares.flat], dtype=object)
        bound *= _hadamard(sizes.reshape(matrix.shape), 1 << bits, size)
    return bound


def _hadamard(matrix: Integers, unit: int, size: int) -> int:
    """A bound on minors of a matrix of numbers of at most these absolute values, in units."""

    def bound(vectors: Integers) -> int:
        lengths = (
            max(isqrt(max(sum(v * v for v in vector) - 1, 0)) + 1, unit) for vector in vectors
        )
        product = prod(sorted(lengths, reverse=True)[:size])
        return -(-product // unit**size)

    return min(bound(matrix), bound(matrix.T))


def coefficients(matrix: Integers, field: NumberField) -> Integers:
    """The integers c_k of the entries Σ c_k α^k in Z[α], along a new last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.exact.fields import NumberField
    >>> root = NumberField("sqrt(5)").generator
    >>> coefficients(np.array([3, 1 - 2 * root], dtype=object), root.field).tolist()
    [[3, 0], [1, -2]]
    """
    result = np.full((*matrix.shape, field.degree), 0, dtype=object)
    for index, v in np.ndenumerate(matrix):
        if isinstance(v, FieldElement):
            result[index] = [c.numerator for c in v.coefficients]
        else:
            result[(*index, 0)] = v
    return result


def proof_primes(matrix: Integers, limit: int) -> list[tuple[int, int]]:
    """Primes p ≤ limit, descending, that prove zeros of minors, each with an image of α.

    A minor whose :func:`residues` modulo all of them vanish is zero: an integer of at most
    :func:`minor_bound` is no multiple of their product, and neither is the norm of an algebraic
    integer in the kernels of homomorphisms to the integers modulo these primes.

    Examples
    --------
    >>> import numpy as np
    >>> proof_primes(np.array([[3, 4], [0, 2]], dtype=object), 10)
    [(7, 0), (5, 0)]
    """
    field, bound = field_of(matrix), minor_bound(matrix)
    primes = ((p, 0) for p in range(limit, 1, -1) if fmpz(p).is_prime())
    found: list[tuple[int, int]] = []
    product = 1
    for pair in primes if field is None else field.primes(limit):
        if product > bound:
            break
        found.append(pair)
        product *= pair[0]
    assert product > bound, "the primes up to the limit do not suffice"
    return found


def residues(
    matrix: Integers, primes: Sequence[tuple[int, int]], field: NumberField | None
) -> NDArray[np.int64]:
    """The entries, in Z or Z[α], modulo primes p, where α goes to the number beside p.

    Returns
    -------
    ndarray of int64, shape (len(primes), *matrix.shape)
        From 0 to p − 1.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.exact.fields import NumberField
    >>> root = NumberField("sqrt(5)").generator
    >>> numbers = np.array([-1, 1 + root], dtype=object)
    >>> residues(numbers, [(19, 9), (11, 4)], root.field).tolist()
    [[18, 10], [10, 5]]
    """
    result = np.zeros((len(primes), *matrix.shape), dtype=np.int64)
    if field is None:
        if matrix.size <= FEW:
            moduli = np.array([p for p, _ in primes], dtype=object)
            result[:] = matrix % moduli.reshape(-1, *[1] * matrix.ndim)
            return result
        for k, (p, _) in enumerate(primes):
            result[k] = matrix % p
        return result
    table = coefficients(matrix, field)
    for k, (p, r) in enumerate(primes):
        powers = [pow(r, e, p) for e in range(table.shape[-1])]
        result[k] = (table % p).astype(np.int64) @ np.array(powers, dtype=np.int64) % p
    return result
