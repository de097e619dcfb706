"""The arithmetic of the package: a sign is a float with an error bound, a zero is a proof.

The numbers are the rows of an arrangement in normal form: integers [normal | offset], or
algebraic integers of one field Q(α). What an enumeration compares with zero is a minor of these
rows, up to a factor of known sign.

**The law.** A sign is a float with an error bound; a zero is a proof modulo primes; rational
arithmetic is done only for what is known not to vanish.

1. A value is held as float64, or as a sum of two, with a bound on its error. Where |value| is
   beyond the bound, the sign is certain.
2. Beside it are its residues modulo primes p_1, …, p_k. Where all of them vanish and
   p_1 ⋯ p_k exceeds the size of every minor, the value is 0. Degenerate input therefore costs
   no more than random input.
3. What is neither is not 0, and more digits must tell its sign: those of twofold numbers, then
   integers and fractions of any size (python-flint, for the linear algebra).

**Proof of 2.** A minor x that vanishes modulo k different primes is a multiple of their
product. An integer that is smaller than that is 0, and by Hadamard's inequality a minor is at
most the product of the lengths of its rows. In Z[α] a residue is the image under the
homomorphism α ↦ r to the integers modulo p, where r is a root modulo p of the polynomial of α.
Its kernel holds p, and the norm of each of its elements is a multiple of p. So with x in k such
kernels for different primes, p_1 ⋯ p_k divides the norm of x: the product of its images under
all embeddings of the field. Each factor is at most Hadamard's bound for the embedded rows; if
the product of these bounds is smaller than p_1 ⋯ p_k, the norm is 0, and so is x.
:func:`minor_bound` is that bound, :func:`proof_primes` are such primes.

**Where.** Cells and faces, with or without a domain, and counts of them: values of rows on rays
(:mod:`arrangement.cones`), where small integers, which need no bound, come first. Sweeps: signs
on lines and at vertices (:mod:`arrangement.sweep`). Flats and Whitney numbers: residues alone,
for only zeros matter (:mod:`arrangement.flat_count`). Points are candidates in float64 whose
signs are then decided here, by :func:`signs_at`. What is done once for an arrangement (ranks,
inverses, vertices and witnesses of one cell that was asked for) is done in rational numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf, isfinite, isqrt, lcm, nextafter, prod
from random import Random
from typing import Any, TypeAlias

import numpy as np
from flint import fmpq_mat, fmpz, fmpz_mat
from numpy.typing import NDArray

from arrangement.fields import FieldElement, NumberField, field_of, simplest

__all__ = [
    "FLOAT_EXACT_LIMIT",
    "coefficients",
    "double_rows",
    "echelon",
    "eliminate",
    "enclosure",
    "float_rows",
    "independent_columns",
    "interior_point",
    "inverse",
    "is_infeasible",
    "magnitude",
    "minor_bound",
    "nearest_float",
    "nearest_floats",
    "nullspace",
    "proof_primes",
    "quotients",
    "rank",
    "ratio",
    "residues",
    "scaled_float",
    "sign",
    "signs_at",
    "smallest_pivot",
    "to_float",
]

Integers: TypeAlias = NDArray[np.object_]
Row: TypeAlias = Sequence[int] | Integers

UNIT_ROUNDOFF = 2.0**-53

FLOAT_EXACT_LIMIT = 2**53
"""Integers of at most this size, and so sums and products up to it, are exact in float64."""


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
        rows = np.empty((r, matrix.shape[1]), dtype=object)
        for i in range(r):
            rows[i] = [side * int(form[i, c]) for c in range(matrix.shape[1])]
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
    rows = np.empty((len(done), matrix.shape[1]), dtype=object)
    for i, row in enumerate(done):
        rows[i] = [simplest(scale * v) for v in row]
    return rows, scale, pivots


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


def quotients(matrix: Integers, field: NumberField | None) -> Any:
    """A matrix over Q or a number field with inverses and products, as flint's ``fmpq_mat``."""
    return fmpq_mat(fmpz_mat(matrix.tolist())) if field is None else FieldMatrix(matrix)


class FieldMatrix:
    """What is used of ``fmpq_mat``, for matrices over a number field."""

    def __init__(self, table: Integers) -> None:
        self.table = table

    def __mul__(self, other: Any) -> FieldMatrix:
        return FieldMatrix(self.table @ np.array(other.tolist(), dtype=object))

    def __getitem__(self, place: tuple[int, int]) -> Any:
        return self.table[place]

    def inv(self) -> FieldMatrix:
        """The inverse of a regular matrix."""
        found = inverse(self.table)
        assert found is not None, "the matrix is regular"
        return FieldMatrix(found[0] * Fraction(1, found[1]))

    def rank(self) -> int:
        """The rank."""
        return rank(self.table)

    def tolist(self) -> list[list[Any]]:
        """The rows."""
        return self.table.tolist()

    def entries(self) -> list[Any]:
        """The entries, row by row."""
        return list(self.table.flat)


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
    >>> from arrangement.fields import NumberField
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
    >>> from arrangement.fields import NumberField
    >>> root = NumberField("sqrt(5)").generator
    >>> numbers = np.array([-1, 1 + root], dtype=object)
    >>> residues(numbers, [(19, 9), (11, 4)], root.field).tolist()
    [[18, 10], [10, 5]]
    """
    result = np.zeros((len(primes), *matrix.shape), dtype=np.int64)
    if field is None:
        for k, (p, _) in enumerate(primes):
            result[k] = matrix % p
        return result
    table = coefficients(matrix, field)
    for k, (p, r) in enumerate(primes):
        powers = [pow(r, e, p) for e in range(table.shape[-1])]
        result[k] = (table % p).astype(np.int64) @ np.array(powers, dtype=np.int64) % p
    return result


def float_rows(
    matrix: Integers,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Each row scaled by a power of two so that its largest entry is near 1, as float64.

    Returns
    -------
    values, errors : ndarray of float64, shape of `matrix`
        |values − exact| ≤ errors; an error of 0 says that the value is exact.
    exponents : ndarray of int64, shape (n,)
        values[i] ≈ matrix[i] / 2**exponents[i].

    Examples
    --------
    >>> import numpy as np
    >>> values, errors, exponents = float_rows(np.array([[3, -4, 0]], dtype=object))
    >>> values.tolist(), errors.tolist(), exponents.tolist()
    ([[0.375, -0.5, 0.0]], [[0.0, 0.0, 0.0]], [3])
    """
    values = np.zeros(matrix.shape)
    errors = np.zeros(matrix.shape)
    exponents = np.zeros(len(matrix), dtype=np.int64)
    small = _small_integers(matrix)
    if small is not None:
        exponents[:] = np.frexp(np.abs(small).max(axis=1, initial=0.0))[1]
        return np.ldexp(small, -exponents[:, None]), errors, exponents
    for i, row in enumerate(matrix):
        exponents[i] = max((magnitude(v) for v in row if v), default=0)
        for c, v in enumerate(row):
            values[i, c], errors[i, c] = scaled_float(v, int(exponents[i]))
    return values, errors, exponents


def magnitude(value: Any) -> int:
    """An exponent e with |value| < 2^e, and not much less."""
    m, _, q = enclosure(value, 64)
    return abs(m).bit_length() - q.bit_length() + 1


def scaled_float(value: Any, exponent: int) -> tuple[float, float]:
    """The float64 nearest to value / 2^exponent, about, and a bound on its error.

    Examples
    --------
    >>> from arrangement.fields import NumberField
    >>> value, error = scaled_float(NumberField("sqrt(5)").generator, 2)
    >>> value, 0 < error < 1e-15, scaled_float(12, 3)
    (0.5590169943749475, True, (1.5, 0.0))
    """
    m, r, q = enclosure(value, 64)
    near, error = to_float(m << max(0, -exponent), q << max(0, exponent))
    return near, error + (abs(near) * 2.0**-60 + 5e-324 if r else 0.0)


def nearest_float(numerator: Any, denominator: int) -> float:
    """The float64 next to a quotient, about, and 0 where that is beyond float64."""
    m, _, q = enclosure(numerator, 64)
    return to_float(m, q * denominator)[0]


def enclosure(value: Any, bits: int) -> tuple[int, int, int]:
    """Integers m, r, q > 0 with |q·value − m| ≤ r and 2^bits·r ≤ |m|."""
    if isinstance(value, FieldElement):
        return value.enclosure(bits)
    return int(value.numerator), 0, int(value.denominator)


def _small_integers(matrix: Integers) -> NDArray[np.float64] | None:
    """The matrix as float64 if no entry is beyond FLOAT_EXACT_LIMIT, so that none rounds."""
    if field_of(matrix) is not None:
        return None
    try:
        whole = matrix.astype(np.int64)
    except OverflowError:
        return None
    # −2^63 is its own absolute value in int64, and not at least −2^53.
    fits = (whole <= FLOAT_EXACT_LIMIT) & (whole >= -FLOAT_EXACT_LIMIT)
    return whole.astype(np.float64) if fits.all() else None


def double_rows(
    matrix: Integers,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Each row scaled as in :func:`float_rows`, as unevaluated sums of two float64.

    Returns
    -------
    high, low, errors : ndarray of float64, shape of `matrix`
        |high + low − exact| ≤ errors.

    Examples
    --------
    >>> import numpy as np
    >>> high, low, errors = double_rows(np.array([[2**60 + 1]], dtype=object))
    >>> high.tolist(), low.tolist() == [[2.0**-61]], errors.tolist()
    ([[0.5]], True, [[0.0]])
    """
    high, _, exponents = float_rows(matrix)
    low, errors = np.zeros(matrix.shape), np.zeros(matrix.shape)
    for (i, c), v in np.ndenumerate(matrix):
        n, d = float(high[i, c]).as_integer_ratio()
        e = int(exponents[i])
        m, r, q = enclosure(v, 128)
        q, m = q << max(0, e), m << max(0, -e)
        low[i, c], errors[i, c] = to_float(m * d - n * q, q * d)
        errors[i, c] += abs(high[i, c]) * 2.0**-120 if r else 0.0
    return high, low, errors


def to_float(numerator: int, denominator: int) -> tuple[float, float]:
    """The nearest float64 of a fraction and a bound on its error (0 when exact)."""
    try:
        value = numerator / denominator  # correctly rounded
    except OverflowError:
        return 0.0, float("inf")
    n, d = value.as_integer_ratio()
    if n * denominator == numerator * d:
        return value, 0.0
    return value, abs(value) * UNIT_ROUNDOFF + 5e-324


def signs_at(
    rows: Integers, points: Any, where: NDArray[np.bool_] | None = None
) -> NDArray[np.int8]:
    """The exact signs of rows [normal | offset] at points.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)
    points : array_like, shape (m, d)
        float64 (taken as the dyadic rationals that they are) or Fractions.
    where : ndarray of bool, shape (m, n), optional
        The signs that are wanted; all of them when left out.

    Returns
    -------
    ndarray of int8, shape (m, n)
        Entries −1, 0, 1; those that are not wanted may be 0 instead.

    Examples
    --------
    >>> import numpy as np
    >>> signs_at(np.array([[10**30, -(10**30) - 1, 0]], dtype=object), [[1.0, 1.0], [0.0, 0.0]])
    array([[-1],
           [ 0]], dtype=int8)
    """
    points = np.asarray(points)
    m, n = len(points), len(rows)
    result = np.zeros((m, n), dtype=np.int8)
    if m == 0 or n == 0:
        return result
    if points.dtype == object:
        for p, point in enumerate(points):
            result[p] = _exact_signs(rows, point)
        return result
    points = points.astype(np.float64)
    values, errors, _ = float_rows(rows)
    # Whatever the order of summation, a sum of k products is off by at most
    # k·u/(1 − k·u)·Σ|products| (Higham 2002, §3.1); 2^-1000 covers the underflow of products
    # (gamma is no factor of one, so that none is lost before x makes it large).
    width = rows.shape[1]
    gamma = 1.01 * (width + 1) * UNIT_ROUNDOFF
    block = max(1, 2**22 // n)
    for start in range(0, m, block):
        x = np.column_stack([points[start : start + block], np.ones(min(block, m - start))])
        with np.errstate(over="ignore", invalid="ignore"):
            value = x @ values.T
            size = np.abs(x)
            bound = gamma * (size @ np.abs(values).T) + 1.01 * (size @ errors.T) + 2.0**-1000
            result[start : start + block] = (value > bound).view(np.int8) - (
                value < -bound
            ).view(np.int8)
            unsure = ~(np.abs(value) > bound)
            if where is not None:
                unsure &= where[start : start + block]
        for p in np.flatnonzero(unsure.any(axis=1)).tolist():
            which = np.flatnonzero(unsure[p])
            result[start + p, which] = _exact_signs(rows[which], points[start + p])
    return result


def _exact_signs(rows: Integers, point: Sequence[Any]) -> list[int]:
    x = [v if isinstance(v, FieldElement) else Fraction(v) for v in point]
    scale = lcm(*(v.denominator for v in x))
    homogeneous = [v.numerator * (scale // v.denominator) for v in x] + [scale]
    return [sign(sum(a * v for a, v in zip(row, homogeneous, strict=True))) for row in rows]


def interior_point(rows: Sequence[Row]) -> tuple[Any, ...] | None:
    """An exact x with row·(x, 1) > 0 for every row, or None if there is none.

    Incremental in random order, after Seidel (1991): a constraint that the point so far
    violates must be tight somewhere in the region of the constraints before it, so a point is
    sought on its hyperplane, one dimension lower, and then pushed off it to the right side.
    Exact throughout; expected time O(d!·n).

    Parameters
    ----------
    rows : sequence of rows [a_1, …, a_d, b], Python ints

    Examples
    --------
    >>> interior_point([[3, -1], [-3, 2]])  # 1/3 < x < 2/3
    (Fraction(1, 2),)
    >>> interior_point([[1, 0], [-1, 0]]) is None
    True
    """
    order: list[Row] = list(rows)
    Random(len(order)).shuffle(order)
    return _interior_point(order, len(order[0]) - 1) if order else ()


def _interior_point(rows: list[Row], d: int) -> tuple[Any, ...] | None:
    if d == 0:
        return () if all(row[0] > 0 for row in rows) else None
    x: list[Any] = [Fraction(0)] * d
    for k, row in enumerate(rows):
        if _value(row, x) > 0:
            continue
        if not any(row[:-1]):
            return None
        column = smallest_pivot(row[:-1])
        cuts: list[Row] = []
        for other in rows[:k]:
            cut = eliminate(other, row, column)
            if any(cut):
                cuts.append(cut)
            elif sign(other[column]) != sign(row[column]):
                return None
        on_row = _interior_point(cuts, d - 1)
        if on_row is None:
            return None
        x = [*on_row[:column], Fraction(0), *on_row[column:]]
        x[column] = -_value(row, x) / row[column]
        direction = sign(row[column])
        room = [
            _value(other, x) / abs(other[column])
            for other in rows[:k]
            if sign(other[column]) == -direction
        ]
        x[column] += direction * (min(room) / 2 if room else 1)
    return tuple(x)


def _value(row: Row, x: Sequence[Any]) -> Any:
    return sum((a * v for a, v in zip(row, x, strict=False) if a), row[-1] + Fraction(0))


def is_infeasible(rows: Integers, support: Sequence[int]) -> bool:
    """Does a Farkas certificate on the rows in `support` prove that no point is on all sides?

    A certificate is y ≥ 0, not zero, with Σ y_i·normal_i = 0 and Σ y_i·offset_i ≤ 0: then the
    rows cannot all be positive at one point. True is a proof; False only says that these rows
    give none.

    Examples
    --------
    >>> import numpy as np
    >>> slab = np.array([[1, 0], [-1, -1], [5, 7]], dtype=object)
    >>> is_infeasible(slab, [0, 1]), is_infeasible(slab, [0, 2])
    (True, False)
    """
    if len(support) == 0:
        return False
    chosen = rows[list(support)]
    basis = nullspace(chosen[:, :-1].T)
    if basis.shape[1] != 1:
        return False
    weights = basis[:, 0].tolist()
    if min(weights) < 0:
        weights = [-w for w in weights]
    return (
        min(weights) >= 0
        and sum(w * b for w, b in zip(weights, chosen[:, -1], strict=True)) <= 0
    )


def nearest_floats(rows: Sequence[Row], point: Sequence[Any]) -> NDArray[np.float64] | None:
    """A float64 point with row·(x, 1) > 0 for every row, sought from a rational one.

    One coordinate after another moves to a float64 inside the open interval that the rows
    leave it while the others stay. Where such an interval holds no float64 (a thin strip that
    runs askew), the coordinate moves to the float64 nearest to it, and the others to a
    rational point of that slice; None when the slices next to the point hold nothing.

    Examples
    --------
    >>> from fractions import Fraction
    >>> nearest_floats([[3, -1], [-3, 2]], [Fraction(1, 2)])
    array([0.5])
    >>> third = 10**40 // 3  # no float64 lies between this / 10^40 and its successor
    >>> nearest_floats([[10**40, -third], [-(10**40), third + 1]], [Fraction(1, 3)]) is None
    True
    """
    x: list[Any] = [v if isinstance(v, FieldElement) else Fraction(v) for v in point]
    for c in range(len(x)):
        found = _float_in_gap(rows, x, c)
        if found is not None:
            x[c] = Fraction(found)
            continue
        slice_point = _float_slice(rows, x, c)
        if slice_point is None:
            return None
        x = slice_point
    return np.array([float(v) for v in x])


def _float_slice(rows: Sequence[Row], x: list[Any], c: int) -> list[Any] | None:
    """A point inside that shares x's first c coordinates, and coordinate c is a float64."""
    try:
        near = float(x[c])
    except OverflowError:
        return None
    fixed = [*x[:c], x[c]]
    for value in filter(isfinite, (near, nextafter(near, -inf), nextafter(near, inf))):
        fixed[c] = Fraction(value)
        scale = lcm(*(v.denominator for v in fixed))
        whole = [int(v * scale) for v in fixed]
        slices = [
            [*(scale * v for v in row[c + 1 : -1]),
             scale * row[-1] + sum(a * v for a, v in zip(row, whole, strict=False))]
            for row in rows
        ]  # fmt: skip
        rest = interior_point(slices)
        if rest is not None:
            return [*fixed, *rest]
    return None


def _float_in_gap(rows: Sequence[Row], x: Sequence[Any], c: int) -> float | None:
    """A float64 for coordinate c inside the interval that the rows leave it."""
    low: Fraction | None = None
    high: Fraction | None = None
    for row in rows:
        if row[c]:
            end = x[c] - _value(row, x) / row[c]
            if row[c] > 0:
                low = end if low is None else max(low, end)
            else:
                high = end if high is None else min(high, end)
    return _float_between(low, high, x[c])


def _float_between(
    low: Fraction | None, high: Fraction | None, inside: Fraction
) -> float | None:
    middle = (low + high) / 2 if low is not None and high is not None else inside
    for target in (middle, inside, Fraction(0)):
        try:
            near = float(target)
        except OverflowError:
            continue
        for value in (near, nextafter(near, -inf), nextafter(near, inf)):
            if isfinite(value) and (
                (low is None or low < Fraction(value))
                and (high is None or Fraction(value) < high)
            ):
                return value
    return None
