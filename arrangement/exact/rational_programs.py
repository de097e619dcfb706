"""Linear programs and least distances in rational numbers."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from arrangement.exact.roots import as_fmpq, as_fraction

__all__ = ["Program", "least_squares_point", "maximum"]

Point: TypeAlias = list[Fraction]
Row: TypeAlias = list[fmpq]


class Program(NamedTuple):
    """The largest cost·v with rows·(v, 1) ≥ 0 and low ≤ v ≤ high, where all ends are finite.

    Attributes
    ----------
    cost : ndarray, shape (n,)
    rows : ndarray, shape (m, n + 1)
    low, high : ndarray, shape (n,)
        Of ints and Fractions for :func:`maximum`, of float64 for a solver's guess.
    """

    cost: NDArray[Any]
    rows: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


def maximum(
    program: Program,
    basic: Sequence[int] = (),
    tight: Sequence[int] = (),
    deadline: float = math.inf,
    upper: Collection[int] = (),
) -> tuple[Fraction, Point] | None:
    """The largest value of a linear program and where it is; None if no point is feasible.

    The dual simplex method with Bland's rule. Each variable has two finite ends, and so has the
    value of each row in the box, so that any basis is dual feasible once the variables outside
    it are at the ends for which their prices ask. A solver's basis, if it is right, is
    confirmed at once, and if it is wrong costs some steps.

    Parameters
    ----------
    program : Program
        Of exact numbers.
    basic, tight : sequence of int
        A guess: the variables that are between their ends, and as many rows that are 0.
    deadline : float
        On the clock of time.monotonic().
    upper : collection of int, optional
        Variables that begin at their upper end where that costs nothing.

    Raises
    ------
    TimeoutError
        If it has passed before the program is solved.

    Examples
    --------
    >>> import numpy as np
    >>> numbers = [1, 1], [[-2, -1, 2]], [0, 0], [1, 1]
    >>> value, point = maximum(Program(*(np.array(v, dtype=object) for v in numbers)))
    >>> str(value), list(map(str, point))
    ('3/2', ['1/2', '1'])
    """
    cost, low, high = ([as_fmpq(v) for v in part] for part in (program.cost, *program[2:]))
    rows = [[as_fmpq(v) for v in row] for row in program.rows]
    n, m = len(cost), len(rows)
    whole = fmpq_mat(m, n + 1, [v for row in rows for v in row])

    low += [fmpq(0)] * m
    for row in rows:  # at most what it is in the box
        most = row[-1]
        for a, l, h in zip(row, low, high[:n], strict=False):
            most += a * (h if a > 0 else l) if a else 0
        if most < 0:
            return None
        high.append(most)
    basic, tight = list(basic), list(tight)
    if len(basic) != len(tight) or not _block(rows, tight, basic).det():
        basic, tight = [], []
    at_high: list[bool] = []
    while True:
        if time.monotonic() > deadline:
            raise TimeoutError
        k = len(basic)
        block = fmpq_mat(k, n + 1, [v for i in tight for v in rows[i]])
        inverse = _block(rows, tight, basic).inv() if k else fmpq_mat(0, 0)
        prices = fmpq_mat(1, k, [cost[j] for j in basic]) * inverse
        priced = (prices * block).entries() if k else [fmpq(0)] * n
        gain = {j: cost[j] - priced[j] for j in range(n) if j not in basic}
        gain |= {n + i: p for i, p in zip(tight, prices.entries(), strict=True)}
        if not at_high:
            ends = set(upper)
            at_high = [
                gain.get(j, 0) > 0 or (j in ends and not gain.get(j, 0)) for j in range(n + m)
            ]
        at = {j: high[j] if at_high[j] else low[j] for j in gain}
        values = [at.get(j, fmpq(0)) for j in range(n)] + [fmpq(1)]
        if k:
            known = (block * fmpq_mat(n + 1, 1, values)).entries()
            right = [at[n + i] - v for i, v in zip(tight, known, strict=True)]
            for j, v in zip(basic, (inverse * fmpq_mat(k, 1, right)).entries(), strict=True):
                values[j] = v
        slack = (whole * fmpq_mat(n + 1, 1, values)).entries() if m else []
        wrong = _outside(values, slack, low, high, gain)
        if wrong is None:
            best = sum((c * v for c, v in zip(cost, values, strict=False)), fmpq(0))
            return as_fraction(best), [as_fraction(v) for v in values[:n]]
        grows = (values[wrong] < low[wrong]) if wrong < n else True
        unit = [fmpq(int(j == wrong)) for j in basic]
        own = rows[wrong - n] if wrong >= n else [fmpq(0)] * (n + 1)
        weights = fmpq_mat(1, k, unit if wrong < n else [own[j] for j in basic]) * inverse
        through = (weights * block).entries() if k else [fmpq(0)] * n
        slopes = {j: own[j] - through[j] for j in gain if j < n}
        slopes |= {n + i: w for i, w in zip(tight, weights.entries(), strict=True)}
        able = [
            (abs(gain[j] / s), j)
            for j, s in slopes.items()
            if s and (s > 0) == (at_high[j] != grows)
        ]
        if not able:
            return None
        entering = min(able)[1]
        at_high[wrong] = not grows
        if entering < n:
            basic.append(entering)
        else:
            tight.remove(entering - n)
        if wrong < n:
            basic.remove(wrong)
        else:
            tight.append(wrong - n)


def _outside(values: Row, slack: Row, low: Row, high: Row, gain: dict[int, fmpq]) -> int | None:
    """The first variable of the basis that is beyond an end, by Bland's rule."""
    n = len(values) - 1
    for j in range(n):
        if j not in gain and not low[j] <= values[j] <= high[j]:
            return j
    return next((n + i for i, v in enumerate(slack) if n + i not in gain and v < 0), None)


def least_squares_point(rows: NDArray[Any]) -> Point | None:
    """The point nearest to the origin with rows·(x, 1) ≥ 0; None if there is no point.

    The dual active set method: it starts at the origin, and each row that is violated is made
    tight while the multipliers of the tight ones stay at least 0.

    Parameters
    ----------
    rows : ndarray of ints and Fractions, shape (m, n + 1)

    References
    ----------
    D. Goldfarb and A. Idnani, *A numerically stable dual method for solving strictly convex
    quadratic programs*, Mathematical Programming 27 (1983).

    Examples
    --------
    >>> import numpy as np
    >>> point = least_squares_point(np.array([[1, 2, -5], [1, 0, 0]], dtype=object))
    >>> list(map(str, point))
    ['1', '2']
    """
    m, n = len(rows), rows.shape[1] - 1
    normals = [[as_fmpq(v) for v in row] for row in rows]
    whole = fmpq_mat(m, n + 1, [v for row in normals for v in row])
    squares = [sum((v * v for v in row[:-1]), fmpq(0)) or fmpq(1) for row in normals]
    x = fmpq_mat(n, 1)
    active: list[int] = []
    multipliers: Row = []
    while True:
        value = (whole * fmpq_mat(n + 1, 1, [*x.entries(), 1])).entries()
        violated = [i for i, v in enumerate(value) if v < 0]
        if not violated:
            return [as_fraction(v) for v in x.entries()]
        # The row that is furthest away; which one decides the time only.
        new = max(violated, key=lambda i: value[i] * value[i] / squares[i])
        normal = fmpq_mat(n, 1, normals[new][:-1])
        own, left = fmpq(0), value[new]
        while True:
            N = fmpq_mat(len(active), n, [v for i in active for v in normals[i][:-1]])
            step, r = normal, []
            if active:
                solved = (N * N.transpose()).solve(N * normal)
                step, r = normal - N.transpose() * solved, solved.entries()
            pairs = enumerate(zip(multipliers, r, strict=True))
            drops = [(u / v, j) for j, (u, v) in pairs if v > 0]
            square = (step.transpose() * step)[0, 0] if n else fmpq(0)
            if not square and not drops:
                return None
            full = -left / square if square else None
            partial, j = min(drops, default=(None, -1))
            ends = full is not None and (partial is None or full <= partial)
            t = full if ends else partial
            if square:
                x, left = x + step * t, left + t * square
            multipliers = [u - t * v for u, v in zip(multipliers, r, strict=True)]
            own += t
            if ends:
                active.append(new)
                multipliers.append(own)
                break
            del active[j], multipliers[j]


def _block(rows: list[Row], tight: Sequence[int], basic: Sequence[int]) -> fmpq_mat:
    return fmpq_mat(len(tight), len(basic), [rows[i][j] for i in tight for j in basic])
