"""Dictionaries of the sweep: rows in terms of a constant, coordinates and slacks, compiled.

A pivot exchanges a coordinate for the slack of a row. Error bounds hold for whole columns: the
rows are scaled alike, and one bound serves every entry that a line reads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.double_double import SPREAD, difference, product, quotient
from arrangement.kernels.lanes import above, absolute, fused, load, maximum, peak, spread, store
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF
from arrangement.kernels.types import Floats1, Floats2, Floats3, Ints1, Words1, Words2

__all__ = [
    "HUGE",
    "Lines",
    "pivot",
    "pivot_column",
    "refine",
]


# Beyond this, a product could overflow: the exact arithmetic takes over.
HUGE = 2.0**200
# A column whose error is larger, in units of its largest entry, is refined in double-double.
WORN = 2.0**-14
# ... unless it is no more than the underflow of a column of zeros.
NOTHING = 1e-290


class Lines(NamedTuple):
    """The depth-first search over lines of one level: a dictionary per depth.

    Column 0 is the constant, column 1 the sweep coordinate, then come the slacks of the rows
    picked, in order, and coordinates that are still free. Entries of slacks at rows before
    `valid`, and of the rows picked themselves, are finite and mean nothing.
    """

    values: Floats3  # (depths, columns, 64·words): the rows in terms of the columns
    root: Floats3  # (2, columns, 64·words): the rows themselves, in double-double
    root_errors: Floats1  # (columns,)
    fine: Floats3  # (2, columns, 64·words): room to refine a dictionary in
    offsets: Floats2  # (2, 64·words): the offsets, scaled as the rows, and their errors
    errors: Floats2  # (depths, 8·⌈columns/8⌉): bounds on |values − exact|
    norms: Floats2  # (depths, 8·⌈columns/8⌉): bounds on |values|
    factors: Floats1  # (8·⌈columns/8⌉,): what a pivot multiplies its column by
    bits: Words1  # (64,): bit k of a word
    meet: Floats2  # (2, 64·words): per row met on the line t, and how far signs are unsure
    facts: Words2  # (3, words): bits of rows met: certainly, of certain slacks, falling
    negative: Words2  # (words, 64·words): per row met the picked rows negative from there on
    picked: Words2  # (depths, words): bits of the rows picked
    parallel: Words2  # (rows, words): bits of the other rows that are parallel to one
    doubt: Words2  # (2, words): bits of the rows that vanish at a vertex; of those unsure there
    valid: Ints1  # (depths,): the first row whose entries in slack columns are filled
    rescaled: Ints1  # (depths,): 1 where rows have units of their own, not those of the offsets
    pick: Ints1  # (depths,): the rows picked; the last entry is the row met on the line
    stop: Ints1  # (depths,): the first picks that are no longer to be visited
    state: Ints1  # [depth, cells written, picks prescribed, visited, doubts primes explain]


@compiled(inline="always", error_model="numpy")
def pivot_column(values, errors, norms, h, depth):
    """The column to exchange row h with, −1 if no pivot is certain.

    (Of inlined functions with one way through, references to arrays are not counted; hence
    two functions, and their many arguments.)
    """
    first = depth + 2
    best, column = abs(values[depth, first, h]) / norms[depth, first], first
    for c in range(first + 1, values.shape[1]):
        size = abs(values[depth, c, h]) / norms[depth, c]
        if size > best:
            best, column = size, c
    certain = errors[depth, column] < 0.5 * abs(values[depth, column, h])
    return column if certain else -1


@compiled(inline="always", error_model="numpy")
def pivot(values, errors, norms, factors, h, best, depth, n, measure):
    """Fill depth + 1: row h becomes the next slack column; False if a column is worn out."""
    # Unsigned, so that no index is tried for being negative.
    width, wide = np.uint64(values.shape[1]), np.uint64(errors.shape[1])
    room = np.uint64(values.shape[2])
    zero, one, two, eight = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(8)
    up, down = np.uint64(depth), np.uint64(depth + 1)
    row, column, made = np.uint64(h), np.uint64(best), np.uint64(depth + 2)
    head = values[up, column, row]
    head_error, column_norm = errors[up, column], norms[up, column]
    inverse, inverse_certain = 1.0 / head, INFLATE / (abs(head) - head_error)
    pivot_norm = column_norm + head_error
    for c in range(width):
        factors[c] = values[up, c, row] * inverse
    worn = np.uint64(0)
    for c in range(zero, wide, eight):
        sizes, error = absolute(load(factors, c)), load(errors, up * wide + c)
        factor_error = INFLATE * (
            (error + sizes * head_error + TINY) * inverse_certain
            + 3.0 * UNIT_ROUNDOFF * sizes
            + TINY
        )
        norm = load(norms, up * wide + c) + sizes * pivot_norm
        error = INFLATE * (
            error
            + sizes * head_error
            + factor_error * pivot_norm
            + 2.0 * UNIT_ROUNDOFF * norm
            + TINY
        )
        norm = INFLATE * norm
        store(errors, down * wide + c, error)
        store(norms, down * wide + c, norm)
        fit = above(spread(HUGE), norm) & (
            above(WORN * norm, error) | above(spread(NOTHING), error)
        )
        if column - c < eight:  # wraps where it is negative
            fit |= one << (column - c)
        if width - c < eight:
            fit |= np.uint64(255) << (width - c)
        worn |= ~fit & np.uint64(255)
    source, old, new = (up * width + column) * room, up * width * room, down * width * room
    for k in range(zero, np.uint64(n), eight):
        pivots = load(values, source + k)
        for c in range(two):
            entry = fused(spread(-factors[c]), pivots, load(values, old + c * room + k))
            store(values, new + c * room + k, entry)
        for c in range(made, width):
            if c != column:
                # The first free column makes room for the slack.
                goal = column if c == made else c
                entry = fused(spread(-factors[c]), pivots, load(values, old + c * room + k))
                store(values, new + goal * room + k, entry)
    # Slacks matter only for rows that may still be picked.
    for k in range((row + one) & ~np.uint64(7), np.uint64(n), eight):
        pivots = load(values, source + k)
        for c in range(two, made):
            entry = fused(spread(-factors[c]), pivots, load(values, old + c * room + k))
            store(values, new + c * room + k, entry)
        store(values, new + made * room + k, pivots * inverse)
    errors[down, column], norms[down, column] = errors[down, made], norms[down, made]
    norm = INFLATE * column_norm * abs(inverse)
    error = INFLATE * (
        (head_error + norm * head_error + TINY) * inverse_certain
        + 3.0 * UNIT_ROUNDOFF * norm
        + TINY
    )
    norms[down, made], errors[down, made] = norm, error
    if measure:
        for c in range(width):
            largest = 0.0
            for k in range(row + one if one < c and c <= made else zero, np.uint64(n)):
                largest = max(largest, abs(values[down, c, k]))
            norms[down, c] = INFLATE * (largest + errors[down, c])
            worn |= np.uint64(not _is_fit(norms[down, c], errors[down, c]))
    return worn == 0 and _is_fit(norm, error)


@compiled(inline="always", error_model="numpy")
def _is_fit(norm, error):
    return (norm < HUGE) & ((error < WORN * norm) | (error < NOTHING))


@compiled(error_model="numpy")
def refine(lines, depth, n):
    """Fill a dictionary anew from the rows, in double-double; False if no pivot is certain."""
    high, low = lines.fine[0], lines.fine[1]
    errors = lines.errors
    width, room = np.uint64(lines.values.shape[1]), np.uint64(lines.values.shape[2])
    zero, eight = np.uint64(0), np.uint64(8)
    error, norm = np.empty(width), np.empty(width)
    # The columns, those of slacks next after the first two.
    order = np.arange(lines.values.shape[1])
    for c in range(width):
        error[c] = lines.root_errors[c]
        for k in range(c * room, (c + np.uint64(1)) * room, eight):
            store(lines.fine, k, load(lines.root, k))
            store(lines.fine, width * room + k, load(lines.root, width * room + k))
    for p in range(depth):
        h = lines.pick[p]
        for c in range(width):
            norm[c] = INFLATE * max(error[c], _largest(lines.fine, c * room, n))
        best, place = 0.0, -1
        for q in range(p + 2, len(order)):
            c = order[q]
            if abs(high[c, h]) > best * norm[c]:
                best, place = abs(high[c, h]) / norm[c], q
        if place < 0:
            return False
        column = np.uint64(order[place])
        order[place], order[p + 2] = order[p + 2], order[place]
        head, head_low, head_error = high[column, h], low[column, h], error[column]
        certain = abs(head) * (1.0 - UNIT_ROUNDOFF) - head_error
        if not certain > 2.0**-48 * norm[column]:
            return False
        source = column * room
        for c in range(width):
            if c == column:
                continue
            f, f_low = quotient(high[c, h], low[c, h], head, head_low)
            size = abs(f) * INFLATE
            f_error = INFLATE * (
                (error[c] + size * head_error + TINY) / certain + SPREAD * size + TINY
            )
            factor, factor_low = spread(f), spread(f_low)
            for k in range(zero, np.uint64(n), eight):
                v, v_low = product(
                    factor, factor_low,
                    load(lines.fine, source + k), load(lines.fine, (width + column) * room + k),
                )  # fmt: skip
                here, there = c * room + k, (width + c) * room + k
                v, v_low = difference(load(lines.fine, here), load(lines.fine, there), v, v_low)
                store(lines.fine, here, v)
                store(lines.fine, there, v_low)
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
        divisor, divisor_low = spread(head), spread(head_low)
        for k in range(zero, np.uint64(n), eight):
            here, there = source + k, (width + column) * room + k
            v, v_low = quotient(
                load(lines.fine, here), load(lines.fine, there), divisor, divisor_low
            )
            store(lines.fine, here, v)
            store(lines.fine, there, v_low)
        high[column, h], low[column, h] = 1.0, 0.0
        size = INFLATE * norm[column] / abs(head)
        error[column] = INFLATE * (
            (error[column] + size * head_error + TINY) / certain + SPREAD * size + TINY
        )
        if not size < HUGE:
            return False
    for q in range(width):
        start = np.uint64(order[q]) * room
        for k in range(zero, np.uint64(n), eight):
            goal = (np.uint64(depth) * width + q) * room + k
            store(lines.values, goal, load(lines.fine, start + k))
        largest = _largest(lines.fine, start, n)
        errors[depth, q] = INFLATE * (error[order[q]] + UNIT_ROUNDOFF * largest)
        lines.norms[depth, q] = INFLATE * (largest + errors[depth, q])
    lines.valid[depth], lines.rescaled[depth] = 0, 0
    return True


@compiled(error_model="numpy")
def _largest(values, start, n):
    """The largest absolute value of n entries, which are followed by zeros."""
    largest = spread(0.0)
    for k in range(np.uint64(start), np.uint64(start) + np.uint64(n), np.uint64(8)):
        largest = maximum(largest, absolute(load(values, k)))
    return peak(largest)
