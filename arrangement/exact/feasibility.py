"""Points that satisfy strict inequalities, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf, isfinite, lcm, nextafter
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.fields import FieldElement
from arrangement.exact.linear import Integers, Row, eliminate, nullspace, sign, smallest_pivot

__all__ = ["interior_point", "is_infeasible", "nearest_floats"]


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
    ends = [(row[c] > 0, x[c] - _value(row, x) / row[c]) for row in rows if row[c]]
    low = max((end for is_low, end in ends if is_low), default=None)
    high = min((end for is_low, end in ends if not is_low), default=None)
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
