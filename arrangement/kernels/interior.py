"""Points well inside cells, by a small dense simplex method, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["interior_points"]

# What fills a column of a dictionary that is no slack: a coordinate, or one not to be used.
FREE, BLOCKED = -1, -2


@njit(cache=True, error_model="numpy")
def interior_points(rows, lengths, words, cap):
    """A point well inside each cell: float64 candidates, to be certified by the caller.

    For each cell the linear program max t with s_i·row_i(x) ≥ t·lengths_i, t ≤ cap is solved by
    the simplex method on a dense dictionary: the slacks in terms of d + 1 independent ones.

    Parameters
    ----------
    rows : float64 (n, d + 1)
        [normal | offset].
    lengths : float64 (n,)
        The margin of a row is measured in units of this.
    words : uint64 (m, ceil(n / 64))
    cap : float
        The largest margin that is worth having.

    Returns
    -------
    float64 (m, d)
    """
    n, width = rows.shape
    d = width - 1
    m = len(words)
    points = np.zeros((m, d))
    # Dictionary rows: 0..n−1 slacks, n the slack of t ≤ cap, n + 1 .. n + d the coordinates,
    # n + 1 + d the objective t. Columns: d coordinates (later slacks), t, the constant.
    total = n + d + 2
    table = np.empty((d + 2, total))
    basic = np.empty(total, np.bool_)
    occupant = np.empty(d + 1, np.int64)
    for q in range(m):
        table[:] = 0.0
        for i in range(n):
            s = 1.0 if (words[q, i >> 6] >> np.uint64(i & 63)) & np.uint64(1) else -1.0
            for c in range(d):
                table[c, i] = s * rows[i, c]
            table[d, i] = -lengths[i]
            table[d + 1, i] = s * rows[i, d]
        table[d, n] = -1.0
        table[d + 1, n] = cap
        for c in range(d):
            table[c, n + 1 + c] = 1.0
        table[d, n + d + 1] = 1.0
        basic[:] = True
        for c in range(d + 1):
            occupant[c] = FREE
        # t enters and takes the place of the narrowest slack: all others become ≥ 0.
        worst, leave = np.inf, -1
        for i in range(n + 1):
            ratio = table[d + 1, i] / -table[d, i]
            if ratio < worst:
                worst, leave = ratio, i
        _exchange(table, d, leave)
        basic[leave] = False
        occupant[d] = leave
        for _ in range(50 * (d + 2)):
            best, enter = 1e-11, -1
            for c in range(d + 1):
                gain = table[c, total - 1]
                if occupant[c] == FREE and abs(gain) > best:
                    gain = 1e6 * abs(gain)
                elif occupant[c] == BLOCKED:
                    continue
                if gain > best:
                    best, enter = gain, c
            if enter < 0:
                break
            forward = 1.0 if table[enter, total - 1] > 0 else -1.0
            step, leave, size = np.inf, -1, 0.0
            for i in range(n + 1):
                slope = forward * table[enter, i]
                if basic[i] and slope < -1e-13:
                    ratio = max(table[d + 1, i], 0.0) / -slope
                    if ratio < step or (ratio == step and -slope > size):
                        step, leave, size = ratio, i, -slope
            if leave < 0:  # a direction along which only roundings change
                occupant[enter] = BLOCKED
                continue
            if occupant[enter] >= 0:
                basic[occupant[enter]] = True
            _exchange(table, enter, leave)
            basic[leave] = False
            occupant[enter] = leave
        for c in range(d):
            points[q, c] = table[d + 1, n + 1 + c]
    return points


@njit(cache=True, error_model="numpy")
def _exchange(table, column, row):
    """Swap a column variable with a row variable of the dictionary."""
    width, total = table.shape
    pivot = table[column, row]
    inverse = 1.0 / pivot
    for c in range(width):
        if c == column:
            continue
        factor = -table[c, row] * inverse
        if factor != 0.0:
            for i in range(np.uint64(total)):
                table[c, i] += factor * table[column, i]
        table[c, row] = 0.0
    for i in range(np.uint64(total)):
        table[column, i] *= inverse
    table[column, row] = 1.0
