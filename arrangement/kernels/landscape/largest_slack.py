"""The largest slack of many small systems of linear inequalities, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.small_vectors import dot
from arrangement.kernels.types import Bools3, Floats1, Floats2, Floats3, Floats4, Ints1, Signs2

__all__ = ["Solutions", "inner_solutions", "largest_slack"]

SMALLEST_PIVOT = 1e-11


@compiled(Floats2, Floats1, Floats1, Ints1, error_model="numpy")
def largest_slack(slopes, offsets, c, basis):
    """Maximise t ≤ 1 with slopes·c + offsets ≥ t; writes c and returns t.

    The primal simplex method on the dual, min y_0 + offsets·y with slopesᵀ y = 0,
    y_0 + Σ y = 1 and y ≥ 0, whose first basis {y_0} is feasible; the prices are (c, t).
    Dantzig's rule, and Bland's once many steps have passed, so that it ends; NaN if not.

    Parameters
    ----------
    slopes, offsets : float64 (m, q) and (m,)
        Rows of length about 1 or less.
    c : float64 (q,)
        Room for the point.
    basis : int64 (q + 1,)
        All −1; at the end the rows with y > 0 are among these (m stands for t ≤ 1).
    """
    m, q = slopes.shape
    # Columns: y_1..y_m, y_0, the q + 1 columns of the identity (prices), the right side.
    width = m + 1 + q + 1 + 1
    table = np.zeros((q + 2, width))
    for i in range(m):
        for k in range(q):
            table[k, i] = slopes[i, k]
        table[q, i] = 1.0
        table[q + 1, i] = offsets[i] - 1.0
    table[q, m] = 1.0
    for k in range(q + 1):
        table[k, m + 1 + k] = 1.0
    table[q, width - 1] = 1.0
    table[q + 1, m + 1 + q] = -1.0
    table[q + 1, width - 1] = -1.0
    basis[q] = m
    for step in range(50 * (q + 2)):
        entering, least = -1, -1e-12
        for i in range(m + 1):
            if table[q + 1, i] < least:
                entering = i
                if step > 20 * (q + 2):
                    break
                least = table[q + 1, i]
        if entering < 0:
            for k in range(q):
                c[k] = table[q + 1, m + 1 + k]
            return -table[q + 1, width - 1]
        leaving, ratio = -1, np.inf
        for k in range(q + 1):
            pivot = table[k, entering]
            if basis[k] < 0:
                # No variable yet: the row reads 0, and any pivot keeps it so.
                if abs(pivot) > SMALLEST_PIVOT:
                    leaving = k
                    break
            elif pivot > SMALLEST_PIVOT:
                bound = table[k, width - 1] / pivot
                if bound < ratio or (bound == ratio and basis[k] < basis[leaving]):
                    leaving, ratio = k, bound
        if leaving < 0:
            return np.nan
        inverse = 1.0 / table[leaving, entering]
        for j in range(width):
            table[leaving, j] *= inverse
        for k in range(q + 2):
            factor = table[k, entering]
            if k != leaving and factor != 0.0:
                for j in range(width):
                    table[k, j] -= factor * table[leaving, j]
                table[k, entering] = 0.0
        basis[leaving] = entering
    return np.nan


class Solutions(NamedTuple):
    """All least squares solutions of m tuples of faces, and the sides of the samples.

    Attributes
    ----------
    sides : float64 (m, K, N, D)
        ±x_i in coordinates of the face, of length one; 0 for samples on the face. The signs
        are right where s·sides·R > 0.
    affected : bool (m, K, N)
        Samples whose side depends on the solution.
    null, rank : float64 (m, n, n) and int64 (m,)
        The directions of the flat of solutions are the rows from `rank` on.
    base, noise : float64 (m, n) and (m,)
        A solution and a bound on its error.
    free : int
        Coefficients before those of the neurons.
    """

    sides: Floats4
    affected: Bools3
    null: Floats3
    rank: Ints1
    base: Floats2
    noise: Floats1
    free: int


@compiled(Ints1, Signs2, Solutions, float, float, Floats2, Floats1, error_model="numpy")
def inner_solutions(rows, choices, solutions, least, strict, points, margins):
    """Points of flats of solutions at which all signs are right, one linear program each.

    Parameters
    ----------
    rows, choices : int64 (c,) and int8 (c, K)
        Which tuple, and the output signs s.
    solutions : Solutions
    least, strict : float
        The least slack, for solutions of size one, and the least margin.
    points, margins : float64 (c, n) and (c,)
        The points, and their margins: −1 where there is none, 0 where it is too narrow to
        tell.
    """
    sides, affected, null, rank, base, noise, free = solutions
    _, K, N, D = sides.shape
    n = base.shape[1]
    for p in range(len(rows)):
        m = rows[p]
        q = n - rank[m]
        count = np.sum(affected[m])
        # The error of the solution is then below `least`, also where it should be zero.
        scale = max(np.sqrt(dot(base[m], base[m])), noise[m] / least)
        if scale == 0.0:
            scale = 1.0
        slopes, offsets = np.zeros((count, q)), np.zeros(count)
        at = 0
        for j in range(K):
            start = free + j * D
            for i in range(N):
                if not affected[m, j, i]:
                    continue
                for a in range(D):
                    side = choices[p, j] * sides[m, j, i, a]
                    offsets[at] += side * base[m, start + a]
                    for k in range(q):
                        slopes[at, k] += side * null[m, rank[m] + k, start + a]
                offsets[at] /= scale
                at += 1
        c, basis = np.zeros(q), np.full(q + 1, -1, np.int64)
        t = largest_slack(slopes, offsets, c, basis)
        margins[p] = -1.0
        if not t > -least:
            continue
        margins[p] = 0.0
        for a in range(n):
            points[p, a] = base[m, a]
            for k in range(q):
                points[p, a] += scale * c[k] * null[m, rank[m] + k, a]
        if t <= least:
            continue
        margin = 1.0
        for j in range(K):
            own, low = points[p, free + j * D : free + (j + 1) * D], np.inf
            size = dot(own, own)
            for i in range(N):
                side = sides[m, j, i]
                if dot(side, side) > 0.0:
                    low = min(low, choices[p, j] * dot(side, own))
            low = low / np.sqrt(size) if size > 0.0 else 0.0
            margin = min(margin, low)
        margins[p] = margin if margin > strict else 0.0
