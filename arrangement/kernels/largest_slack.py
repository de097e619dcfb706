"""The largest slack of many small systems of linear inequalities, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["largest_slack"]

SMALLEST_PIVOT = 1e-11


@njit(cache=True, error_model="numpy")
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
