"""Dictionaries of the sweep: rows in terms of a constant, coordinates and slacks, compiled.

A pivot exchanges a coordinate for the slack of a row. Error bounds hold for whole columns: the
rows are scaled alike, and one bound serves every entry that a line reads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.kernels.compiled import compiled
from arrangement.kernels.double_double import SPREAD, difference, product, quotient
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF

__all__ = [
    "FAR",
    "HUGE",
    "Lines",
    "pivot",
    "pivot_column",
    "refine",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

# A row that must not be judged is given this constant and no slope: certainly positive.
FAR = 1e300
# Beyond this, a product could overflow: the exact arithmetic takes over.
HUGE = 2.0**200
# A column whose error is larger, in units of its largest entry, is refined in double-double.
WORN = 2.0**-14
# ... unless it is no more than the underflow of a column of zeros.
NOTHING = 1e-290


class Lines(NamedTuple):
    """The depth-first search over lines of one level: a dictionary per depth.

    Column 0 is the constant, column 1 the sweep coordinate; each other column is a coordinate
    that is still free or the slack of a picked row.
    """

    values: Floats  # (depths, columns, 64·words): the rows in terms of the columns
    root: Floats  # (2, columns, 64·words): the rows themselves, in double-double
    root_errors: Floats  # (columns,)
    fine: Floats  # (2, columns, 64·words): room to refine a dictionary in
    errors: Floats  # (depths, columns): bounds on |values − exact|
    norms: Floats  # (depths, columns): bounds on |values|
    bits: Words  # (64,): bit k of a word
    meet: Floats  # (3, 64·words): per row met on the line t, its error bound, certain slacks
    negative: Words  # (words, 64·words): per row met the picked rows negative from there on
    slack: Ints  # (depths, columns): the picked row whose slack fills a column, −1: free
    valid: Ints  # (depths,): the first row whose entries in slack columns are filled
    pick: Ints  # (depths,): the rows picked; the last entry is the row met on the line
    stop: Ints  # (depths,): the first picks that are no longer to be visited
    state: Ints  # [depth, cells written, picks prescribed, lines and vertices visited]


@compiled(error_model="numpy", fastmath={"nnan", "nsz"})
def _largest(values, depth, c, start, stop):
    """The largest absolute value of some rows in a column; all are finite."""
    largest = 0.0
    for k in range(np.uint64(start), np.uint64(stop)):
        size = abs(values[depth, c, k])
        if size > largest:
            largest = size
    return largest


@compiled(inline="always", error_model="numpy")
def pivot_column(values, errors, norms, slack, h, depth):
    """The column to exchange row h with, −1 if no pivot is certain.

    (Of inlined functions with one way through, references to arrays are not counted; hence
    two functions, and their many arguments.)
    """
    best, column = 0.0, -1
    for c in range(2, values.shape[1]):
        if slack[depth, c] < 0:
            size = abs(values[depth, c, h]) / norms[depth, c]
            if size > best:
                best, column = size, c
    place = max(column, 0)
    certain = errors[depth, place] < 0.5 * abs(values[depth, place, h])
    return column if certain else -1


@compiled(inline="always", error_model="numpy")
def pivot(values, errors, norms, slack, h, best, depth, n, measure):
    """Fill depth + 1: row h becomes column `best`; False if that is worn out."""
    width = values.shape[1]
    # Unsigned, so that no index is tried for being negative.
    up, down = np.uint64(depth), np.uint64(depth + 1)
    row, column = np.uint64(h), np.uint64(best)
    head = values[up, column, row]
    head_error = errors[up, column]
    certain = abs(head) - head_error
    inverse, inverse_certain = 1.0 / head, INFLATE / certain
    pivot_norm = norms[up, column] + head_error
    for c in range(np.uint64(width)):
        slack[down, c] = slack[up, c]
        if c == column:
            continue
        f = values[up, c, row] * inverse
        size = abs(f)
        f_error = INFLATE * (
            (errors[up, c] + size * head_error + TINY) * inverse_certain
            + 3.0 * UNIT_ROUNDOFF * size
            + TINY
        )
        norm = norms[up, c] + size * pivot_norm
        error = INFLATE * (
            errors[up, c]
            + size * head_error
            + f_error * pivot_norm
            + 2.0 * UNIT_ROUNDOFF * norm
            + TINY
        )
        errors[down, c] = error
        norms[down, c] = INFLATE * norm
        # Slacks matter only for rows that may still be picked.
        start = row + np.uint64(1) if slack[up, c] >= 0 else np.uint64(0)
        for k in range(start, np.uint64(n)):
            values[down, c, k] = values[up, c, k] - f * values[up, column, k]
        values[down, c, row] = 0.0
        if measure:
            norms[down, c] = INFLATE * (_largest(values, down, c, start, n) + errors[down, c])
    for k in range(row + np.uint64(1), np.uint64(n)):
        values[down, column, k] = values[up, column, k] * inverse
    values[down, column, row] = 1.0
    slack[down, column] = row
    norm = INFLATE * norms[up, column] * abs(inverse)
    error = INFLATE * (
        (head_error + norm * head_error + TINY) * inverse_certain
        + 3.0 * UNIT_ROUNDOFF * norm
        + TINY
    )
    norms[down, column], errors[down, column] = norm, error
    worn = 0
    for c in range(np.uint64(width)):
        norm, error = norms[down, c], errors[down, c]
        fit = (norm < HUGE) & ((error < WORN * norm) | (error < NOTHING))
        worn += not fit
    return worn == 0


@compiled(error_model="numpy")
def refine(lines, depth, n):
    """Fill a dictionary anew from the rows, in double-double; False if no pivot is certain."""
    high, low = lines.fine[0], lines.fine[1]
    errors = lines.errors
    width = lines.values.shape[1]
    error, norm = np.empty(width), np.empty(width)
    slack = np.empty(width, np.int64)  # kept apart: a failure must leave the old dictionary
    for c in range(width):
        slack[c] = -1
        error[c] = lines.root_errors[c]
        for k in range(n):
            high[c, k], low[c, k] = lines.root[0, c, k], lines.root[1, c, k]
    for p in range(depth):
        h = lines.pick[p]
        for c in range(width):
            norm[c] = error[c]
            for k in range(n):
                norm[c] = max(norm[c], abs(high[c, k]))
            norm[c] *= INFLATE
        best, column = 0.0, -1
        for c in range(2, width):
            if slack[c] < 0 and abs(high[c, h]) > best * norm[c]:
                best, column = abs(high[c, h]) / norm[c], c
        if column < 0:
            return False
        head, head_low, head_error = high[column, h], low[column, h], error[column]
        certain = abs(head) * (1.0 - UNIT_ROUNDOFF) - head_error
        if not certain > 2.0**-48 * norm[column]:
            return False
        for c in range(width):
            if c == column:
                continue
            f, f_low = quotient(high[c, h], low[c, h], head, head_low)
            size = abs(f) * INFLATE
            f_error = INFLATE * (
                (error[c] + size * head_error + TINY) / certain + SPREAD * size + TINY
            )
            for k in range(n):
                v, v_low = product(f, f_low, high[column, k], low[column, k])
                high[c, k], low[c, k] = difference(high[c, k], low[c, k], v, v_low)
            high[c, h], low[c, h] = 0.0, 0.0
            error[c] = INFLATE * (
                error[c]
                + size * head_error
                + f_error * (norm[column] + head_error)
                + 2.0 * SPREAD * (norm[c] + size * norm[column])
                + TINY
            )
            if not (error[c] < HUGE and size < HUGE):
                return False
        for k in range(n):
            high[column, k], low[column, k] = quotient(
                high[column, k], low[column, k], head, head_low
            )
        high[column, h], low[column, h] = 1.0, 0.0
        size = INFLATE * norm[column] / abs(head)
        error[column] = INFLATE * (
            (error[column] + size * head_error + TINY) / certain + SPREAD * size + TINY
        )
        slack[column] = h
        if not size < HUGE:
            return False
    for c in range(width):
        lines.slack[depth, c] = slack[c]
        largest = 0.0
        for k in range(n):
            lines.values[depth, c, k] = high[c, k]
            largest = max(largest, abs(high[c, k]))
        errors[depth, c] = INFLATE * (error[c] + UNIT_ROUNDOFF * largest)
        lines.norms[depth, c] = INFLATE * (largest + errors[depth, c])
    lines.valid[depth] = 0
    return True
