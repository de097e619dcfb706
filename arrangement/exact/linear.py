"""Exact linear algebra: integers and algebraic integers by python-flint."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any, TypeAlias

import numpy as np
from flint import fmpz_mat
from numpy.typing import NDArray

from arrangement.exact.fields import FieldElement
from arrangement.exact.numbers import integral
from arrangement.exact.one_field import field_of, simplest

__all__ = [
    "echelon", "eliminate", "independent_columns", "inertia", "inverse", "null_vector",
    "null_vectors", "nullspace", "rank", "ratio", "sign", "smallest_pivot",
]  # fmt: skip

Integers: TypeAlias = NDArray[np.object_]

Row: TypeAlias = Sequence[int] | Integers


def sign(value: Any) -> int:
    """The sign −1, 0 or 1 of an exact number: an int, a Fraction or a field element.

    Examples
    --------
    >>> from fractions import Fraction
    >>> sign(Fraction(-1, 10**40))
    -1
    """
    if isinstance(value, FieldElement):
        return value.sign()
    return int(value > 0) - int(value < 0)


def rank(matrix: Integers) -> int:
    """Rank of a matrix of integers or algebraic integers.

    Examples
    --------
    >>> import numpy as np
    >>> rank(np.array([[1, 2], [2, 4]], dtype=object))
    1
    """
    if matrix.size == 0:
        return 0
    if field_of(matrix) is not None:
        return len(echelon(matrix if len(matrix) < len(matrix.T) else matrix.T)[2])
    return int(fmpz_mat(matrix.tolist()).rank())


def independent_columns(matrix: Integers) -> list[int]:
    """The lexicographically first columns that span the column space of a matrix.

    Examples
    --------
    >>> import numpy as np
    >>> independent_columns(np.array([[1, 2, 0], [2, 4, 1]], dtype=object))
    [0, 2]
    """
    return echelon(matrix)[2] if matrix.size else []


def echelon(matrix: Integers) -> tuple[Integers, int, list[int]]:
    """The reduced row echelon form without its zero rows, times a positive integer.

    Returns
    -------
    rows : ndarray of Python ints or algebraic integers, shape (rank, width)
    scale : int
        The entry of each pivot.
    pivots : list of int
        The lexicographically first columns that span, one for each row.

    Examples
    --------
    >>> import numpy as np
    >>> rows, scale, pivots = echelon(np.array([[-2, 1, 0], [2, 4, 1]], dtype=object))
    >>> rows.tolist(), scale, pivots
    ([[10, 0, 1], [0, 10, 2]], 10, [0, 1])
    """
    field = field_of(matrix)
    if field is None:
        form, scale, r = fmpz_mat(matrix.tolist()).rref()
        scale = int(scale)
        side = 1 if scale > 0 else -1
        entries = [[side * int(form[i, c]) for c in range(matrix.shape[1])] for i in range(r)]
        rows = np.array(entries, dtype=object).reshape(r, matrix.shape[1])
        pivots = [next(c for c, v in enumerate(row) if v) for row in rows]
        return rows, abs(scale), pivots
    left = [[v + field.element([]) for v in row] for row in matrix]
    done: list[list[Any]] = []
    pivots = []
    for c in range(matrix.shape[1]):
        k = next((k for k, row in enumerate(left) if row[c]), None)
        if k is None:
            continue
        pivot = left.pop(k)
        factor = 1 / pivot[c]
        pivot = [v * factor if v else v for v in pivot]
        for row in [*done, *left]:
            if row[c]:
                row[:] = [v - row[c] * w if w else v for v, w in zip(row, pivot, strict=True)]
        done.append(pivot)
        pivots.append(c)
    scale = lcm(*(v.denominator for row in done for v in row))
    whole = [[simplest(scale * v) for v in row] for row in done]
    return np.array(whole, dtype=object).reshape(len(done), matrix.shape[1]), scale, pivots


def ratio(numerator: Any, denominator: Any = 1) -> Any:
    """The quotient of two exact numbers, of ints as a Fraction.

    Examples
    --------
    >>> ratio(1, 2)
    Fraction(1, 2)
    """
    return numerator * (Fraction(1) / denominator)


def nullspace(matrix: Integers) -> Integers:
    """A basis of all x with matrix·x = 0, as columns of integers or algebraic integers.

    Examples
    --------
    >>> import numpy as np
    >>> nullspace(np.array([[1, 2, 0], [2, 4, 1]], dtype=object)).tolist()
    [[2], [-1], [0]]
    """
    width = matrix.shape[1]
    rows, scale, pivots = echelon(matrix)
    free = [c for c in range(width) if c not in pivots]
    basis = np.full((width, len(free)), 0, dtype=object)
    basis[free, range(len(free))] = -scale
    basis[pivots] = rows[:, free]
    return basis


def null_vector(matrix: Integers) -> list[Any]:
    """A vector that spans all x with matrix·x = 0, where these are a line.

    Examples
    --------
    >>> import numpy as np
    >>> null_vector(np.array([[1, 2, 0], [0, 0, 1]], dtype=object))
    [2, -1, 0]
    """
    if field_of(matrix) is not None:
        return list(nullspace(matrix)[:, 0])
    basis, _ = fmpz_mat(matrix.tolist()).nullspace()
    return [int(basis[c, 0]) for c in range(matrix.shape[1])]


def null_vectors(matrix: Integers, sets: NDArray[np.bool_]) -> Integers:
    """For each of many sets of rows a vector that spans all x with row·x = 0, one line.

    Sets that begin alike are solved alike: a basis of what is orthogonal to the rows so far
    loses one vector with each row that is independent of them. By Cramer's rule the entries of
    a basis are minors, once they are divided by the number on which the basis before turned;
    integers are, so that they do not double in length with each row.

    Parameters
    ----------
    matrix : ndarray of Python ints or algebraic integers, shape (n, D)
    sets : ndarray of bool, shape (m, n)
        Each of rank D − 1.

    Returns
    -------
    ndarray of Python ints or algebraic integers, shape (m, D)
        Not coprime.

    Examples
    --------
    >>> import numpy as np
    >>> matrix = np.array([[1, 2, 0], [0, 0, 1], [2, 4, 0]], dtype=object)
    >>> null_vectors(matrix, np.array([[True, True, False], [False, True, True]])).tolist()
    [[-2, 1, 0], [-4, 2, 0]]
    """
    n, D = matrix.shape
    divides = field_of(matrix) is None
    bases, pivots = np.full((1, D, D), 0, dtype=object), np.full(1, 1, dtype=object)
    bases[0, range(D), range(D)] = 1
    # Of each set: its basis, its rows, and from which of these on it goes.
    basis, at = np.zeros((2, len(sets)), dtype=np.int64)
    order = np.argsort(~sets, axis=1, kind="stable")
    while len(sets) and bases.shape[1] > 1:
        found, turned, count = [], [], 0
        waiting, new_basis = np.arange(len(sets)), np.empty_like(basis)
        while len(waiting):
            row = order[waiting, at[waiting]]
            at[waiting] += 1
            pairs, which = np.unique(basis[waiting] * n + row, return_inverse=True)
            old = bases[pairs // n]
            values = np.matmul(old, matrix[pairs % n][:, :, None])[:, :, 0]
            cuts = values.astype(bool)
            cut = cuts.any(axis=1)
            old, values, first = old[cut], values[cut], cuts[cut].argmax(axis=1)
            new = _orthogonal(old, values, first)
            found.append(new // pivots[pairs[cut] // n, None, None] if divides else new)
            turned.append(values[np.arange(len(first)), first])
            done = cut[which]
            new_basis[waiting[done]] = (count + np.cumsum(cut) - 1)[which[done]]
            count += len(found[-1])
            waiting = waiting[~done]
        bases, pivots, basis = np.concatenate(found), np.concatenate(turned), new_basis
    return bases[basis, 0]


def _orthogonal(bases: Integers, values: Integers, pivot: NDArray[np.int64]) -> Integers:
    """The part of the span of each basis where a row is 0 that has these values on it."""
    each = np.arange(len(bases))
    rest = np.arange(values.shape[1] - 1)
    rest = rest + (rest >= pivot[:, None])
    kept, lost = bases[each[:, None], rest], bases[each, pivot]
    difference: Integers = (
        values[each, pivot][:, None, None] * kept
        - values[each[:, None], rest][:, :, None] * lost[:, None]
    )
    return difference


def inverse(matrix: Integers) -> tuple[Integers, int] | None:
    """The inverse of a square matrix times a positive integer, and that; None if singular.

    Examples
    --------
    >>> import numpy as np
    >>> inverse(np.array([[0, 2], [-1, 0]], dtype=object))
    (array([[0, -2],
           [1, 0]], dtype=object), 2)
    """
    size = len(matrix)
    unit = np.full((size, size), 0, dtype=object)
    unit[range(size), range(size)] = 1
    rows, scale, pivots = echelon(np.concatenate([matrix, unit], axis=1))
    return (rows[:, size:], scale) if pivots == list(range(size)) else None


def inertia(matrix: NDArray[np.object_]) -> tuple[int, int, int]:
    """How many eigenvalues of a symmetric matrix of rationals are negative, zero, positive.

    All roots of the characteristic polynomial are real, so that by Descartes' rule its changes
    of sign are as many as its positive roots.

    Examples
    --------
    >>> import numpy as np
    >>> inertia(np.array([[0, 1, 0], [1, 5, 0], [0, 0, 0]], dtype=object))
    (1, 1, 1)
    """
    size = len(matrix)
    if not size:
        return 0, 0, 0
    coefficients = fmpz_mat(size, size, integral(matrix.ravel())).charpoly().coeffs()
    signs = [sign(c) for c in coefficients if c]
    positive = sum(a != b for a, b in pairwise(signs))
    zero = next(k for k, c in enumerate(coefficients) if c)
    return size - zero - positive, zero, positive


def smallest_pivot(row: Row) -> int:
    """The column of the non-zero entry of smallest absolute value.

    Examples
    --------
    >>> smallest_pivot([0, -6, 4])
    2
    """
    return min((c for c, v in enumerate(row) if v), key=lambda c: abs(row[c]))


def eliminate(row: Row, pivot: Row, column: int) -> list[int]:
    """The row restricted to {pivot = 0}: `column` solved for and dropped, positively scaled.

    Examples
    --------
    >>> eliminate([1, 1, -1], [2, 0, 6], 0)
    [2, -8]
    """
    scale, factor = abs(pivot[column]), sign(pivot[column]) * row[column]
    return [
        scale * v - factor * p
        for c, (v, p) in enumerate(zip(row, pivot, strict=True))
        if c != column
    ]
