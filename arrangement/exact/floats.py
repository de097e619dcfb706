"""Exact numbers as float64 with error bounds, and signs from these where they are certain."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.fields import FieldElement
from arrangement.exact.linear import sign
from arrangement.exact.one_field import field_of

__all__ = [
    "FLOAT_EXACT_LIMIT", "dot_product_error", "dot_products", "double_rows", "enclosure",
    "float_rows", "magnitude", "nearest_float", "rounded_numbers", "scaled_float",
    "signs_at", "to_float",
]  # fmt: skip

Integers: TypeAlias = NDArray[np.object_]

UNIT_ROUNDOFF = 2.0**-53

FLOAT_EXACT_LIMIT = 2**53
"""Integers of at most this size, and so sums and products up to it, are exact in float64."""


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
    if (nearest := rounded_numbers(matrix)) is not None:
        exponents[:] = np.frexp(np.abs(nearest).max(axis=1, initial=0.0))[1]
        values = np.ldexp(nearest, -exponents[:, None])
        exact = np.ldexp(values, exponents[:, None]).astype(object) == matrix
        return values, np.where(exact, 0.0, np.abs(values) * UNIT_ROUNDOFF + 1e-323), exponents
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
    >>> from arrangement.exact.fields import NumberField
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


def rounded_numbers(matrix: Integers) -> NDArray[np.float64] | None:
    """The float64 nearest to each entry, if all are 0 or from 1 to the largest float64.

    Examples
    --------
    >>> import numpy as np
    >>> rounded_numbers(np.array([2**60 + 1, 0], dtype=object)).tolist()
    [1.152921504606847e+18, 0.0]
    >>> rounded_numbers(np.array([10**400], dtype=object)) is None
    True
    """
    if field_of(matrix) is not None:
        return None
    try:
        nearest = matrix.astype(np.float64)
    except OverflowError:
        return None
    return None if matrix[np.abs(nearest) < 1].any() else nearest


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
    block = max(1, 2**22 // n)
    for start in range(0, m, block):
        x = np.column_stack([points[start : start + block], np.ones(min(block, m - start))])
        with np.errstate(over="ignore", invalid="ignore"):
            value = x @ values.T
            bound = dot_product_error(np.abs(x), values, errors)
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


def dot_product_error(
    sizes: NDArray[np.float64], values: NDArray[np.float64], errors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far dot products of rounded rows and of points of certain sizes may be off.

    Whatever the order of summation, a sum of k products is off by at most
    k·u/(1 − k·u)·Σ|products| (Higham 2002, §3.1).

    Parameters
    ----------
    sizes : ndarray of float64, shape (m, k)
        Absolute values of the coordinates of points, or upper bounds.
    values, errors : ndarray of float64, shape (n, k)
        |values − exact| ≤ errors.

    Returns
    -------
    ndarray of float64, shape (m, n)
    """
    gamma = 1.01 * (values.shape[1] + 1) * UNIT_ROUNDOFF
    # 2^-1000 covers the underflow of products, of which gamma is no factor: none is lost before
    # a point makes it large.
    return gamma * (sizes @ np.abs(values).T) + 1.01 * (sizes @ errors.T) + 2.0**-1000


def dot_products(
    rows: NDArray[np.float64],
    row_errors: NDArray[np.float64],
    points: NDArray[np.float64],
    point_errors: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Dot products of rounded rows and rounded points, and bounds on their errors.

    Parameters
    ----------
    rows, row_errors : ndarray of float64, shape (n, k)
        As of :func:`float_rows`.
    points, point_errors : ndarray of float64, shape (m, k)

    Returns
    -------
    values, bounds : ndarray of float64, shape (n, m)
    """
    bounds = dot_product_error(np.abs(points) + point_errors, rows, row_errors)
    bounds += 1.01 * (point_errors @ (np.abs(rows) + row_errors).T)
    return rows @ points.T, bounds.T


def _exact_signs(rows: Integers, point: Sequence[Any]) -> list[int]:
    x = [v if isinstance(v, FieldElement) else Fraction(v) for v in point]
    scale = lcm(*(v.denominator for v in x))
    homogeneous = [v.numerator * (scale // v.denominator) for v in x] + [scale]
    return [sign(sum(a * v for a, v in zip(row, homogeneous, strict=True))) for row in rows]
