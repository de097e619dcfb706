"""Sets without broken circuits, counted by deletion and restriction modulo primes, compiled.

Restrict to each hyperplane in turn, with those before it, and so on down to the points: each
restriction is one such set. It is known by the residues of its rows in coordinates of its flat;
the last of these is the constant, and row 0, the hyperplane at infinity, is zero elsewhere. All
that is asked is which rows have become proportional. What differs modulo the first prime is
different. What does not is the same if the prime exceeds every minor; else the other primes
tell, whose residues are worked out where they are asked for.

On a plane, the points of a line are numbers modulo the first prime. It is small enough for
tables of logarithms, so that quotients are differences, and for a table of all numbers that
shows which points have been seen.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.modular_rank import inverse, reduced
from arrangement.kernels.types import Floats1, Floats3, Floats4, Int32s1, Ints1, Ints2

__all__ = ["DONE", "STEPPED", "UNSUITABLE", "Modular", "Stack", "count_by_rank"]

DONE, STEPPED, UNSUITABLE = 0, 1, 2
"""Why the loop stops: at its end, to report, or since the first prime makes different rows of
a flat proportional."""

UNKNOWN, KNOWN, VANISHED = 0, 1, 2

LARGEST_STAMP = 2**31 - 1

_loop = functools.partial(compiled, error_model="numpy", _nrt=False)
"""Nothing is allocated, so that references need not be counted."""


class Modular(NamedTuple):
    """Residues, and tables for the first prime p.

    Attributes
    ----------
    residues : float64 (k, D, 1 + n)
        Of the rows, modulo each prime; row 0 is the hyperplane at infinity.
    primes : float64 (k,)
        Below 2^26. A minor that is 0 modulo all but the first is 0; if that is alone, one that
        is 0 modulo it.
    powers, logs : int32 (p,)
        Of a primitive root, up to its power p − 1; the logarithm of 0 is not used.
    weights : float64 (D,)
        To tell rows apart: numbers below p.
    """

    residues: Floats3
    primes: Floats1
    powers: Int32s1
    logs: Int32s1
    weights: Floats1


class Stack(NamedTuple):
    """The flats from the space down to the one that is restricted.

    Attributes
    ----------
    values : float64 (k, D, D, 1 + n)
        Of each prime, rank and coordinate: the rows that are different on the flat.
    known : int64 (D, k)
        Are they worked out, or do the rows that contain the flat depend modulo the prime?
    source : int64 (D, 1 + n)
        Where each row was on the flat before.
    rows, at : int64 (D,)
        How many they are, and which of them is restricted to.
    hashes, leads : float64 (1 + n,)
    slopes, heights : int32 (1 + n,)
        The lines of a plane: y = slope·x + height.
    stamps : int32 (p,)
        When each number was seen last.
    """

    values: Floats4
    known: Ints2
    source: Ints2
    rows: Ints1
    at: Ints1
    hashes: Floats1
    leads: Floats1
    slopes: Int32s1
    heights: Int32s1
    stamps: Int32s1


@_loop(forceinline=True)
def _restrict(table, k, scale, lead, width, below, p):
    """The rows before row k on the flat that it cuts: coordinate `lead` is eliminated."""
    reciprocal = 1.0 / p
    pivot = table[lead]
    free = 0
    for c in range(width):
        if c == lead:
            continue
        source, target = table[c], below[free]
        free += 1
        if source[k] == 0.0:
            for t in range(k):
                target[t] = source[t]
            continue
        factor = p - reduced(source[k] * scale, p, reciprocal)
        for t in range(k):
            target[t] = reduced(source[t] + factor * pivot[t], p, reciprocal)


@_loop(forceinline=True)
def _lead(table, k, width):
    """The first coordinate but the constant where row k is not 0; −1 if there is none."""
    for c in range(width - 1):
        if table[c, k] != 0.0:
            return c
    return -1


@_loop()
def _enter_space(residues, q, p, values):
    """The rows in coordinates in which row 0 is the last; False if it is 0."""
    width, n = residues.shape[1], residues.shape[2]
    reciprocal = 1.0 / p
    last = -1
    for c in range(width):
        if residues[q, c, 0] != 0.0:
            last = c
    if last < 0:
        return False
    scale = np.float64(inverse(residues[q, last, 0], p))
    source = residues[q, last]
    free = 0
    for c in range(width):
        if c != last:
            factor = p - reduced(residues[q, c, 0] * scale, p, reciprocal)
            for t in range(n):
                values[free, t] = reduced(residues[q, c, t] + factor * source[t], p, reciprocal)
            free += 1
    for t in range(n):
        values[width - 1, t] = reduced(source[t] * scale, p, reciprocal)
    return True


@_loop()
def _work_out(modular, stack, level, q):
    """Have the residues of the rows of a flat modulo a further prime; False if it has none."""
    p, width = modular.primes[q], modular.residues.shape[1]
    for l in range(level + 1):
        if stack.known[l, q] != UNKNOWN:
            continue
        stack.known[l, q] = VANISHED
        if l == 0:
            if _enter_space(modular.residues, q, p, stack.values[q, 0]):
                stack.known[0, q] = KNOWN
        elif stack.known[l - 1, q] == KNOWN:
            table, k = stack.values[q, l - 1], stack.at[l - 1]
            lead = _lead(table, k, width - l + 1)
            if lead >= 0:
                scale = np.float64(inverse(table[lead, k], p))
                below = stack.values[q, l]
                _restrict(table, k, scale, lead, width - l + 1, below, p)
                for c in range(width - l):
                    for t in range(stack.rows[l]):
                        below[c, t] = below[c, stack.source[l, t]]
                stack.known[l, q] = KNOWN
    return stack.known[level, q] == KNOWN


@_loop()
def _are_proportional(table, i, j, width, p):
    reciprocal = 1.0 / p
    lead = width - 1
    for c in range(width - 1, -1, -1):
        lead = c if table[c, i] != 0.0 else lead
    u, v = table[lead, i], p - table[lead, j]
    for c in range(width):
        if reduced(u * table[c, j] + v * table[c, i], p, reciprocal) != 0.0:
            return False
    return True


@_loop()
def _meet(table, i, j, k, p):
    """Do three lines of a plane have a point in common, or a direction?"""
    reciprocal = 1.0 / p
    x = 0.0
    for c in range(3):
        a, b = (c + 1) % 3, (c + 2) % 3
        y = table[a, i] * table[b, j] + table[b, i] * (p - table[a, j])
        x = reduced(x + reduced(y, p, reciprocal) * table[c, k], p, reciprocal)
    return x == 0.0


@_loop()
def _is_proved(modular, stack, level, i, j, k):
    """Rows i and j, and on a plane row k if there is one, depend modulo the first prime: do
    they depend?

    Modulo a prime for which the rows that contain the flat depend, all minors vanish.
    """
    width = modular.residues.shape[1] - level
    for q in range(1, len(modular.primes)):
        if not _work_out(modular, stack, level, q):
            continue
        table, p = stack.values[q, level], modular.primes[q]
        if k < 0 and not _are_proportional(table, i, j, width, p):
            return False
        if k >= 0 and not _meet(table, i, j, k, p):
            return False
    return True


@_loop(forceinline=True)
def _enter(modular, stack, level, stamp):
    """Restrict to a row of the flat before, and keep the first of proportional rows.

    False if the first prime is unsuitable.
    """
    p, width = modular.primes[0], modular.residues.shape[1] - level
    reciprocal = 1.0 / p
    order = np.int64(p) - 1
    logs, powers, stamps = modular.logs, modular.powers, stack.stamps
    k, above, table = stack.at[level - 1], stack.values[0, level - 1], stack.values[0, level]
    lead = _lead(above, k, width + 1)
    if lead < 0:
        return False
    scale = np.float64(powers[order - logs[np.int64(above[lead, k])]])
    _restrict(above, k, scale, lead, width + 1, table, p)
    source = stack.source[level]
    stack.rows[level] = k
    for t in range(k):
        source[t] = t
    for q in range(1, len(modular.primes)):
        stack.known[level, q] = UNKNOWN
    hashes, leads = stack.hashes, stack.leads
    for t in range(k):
        leads[t] = table[0, t]
        hashes[t] = table[0, t] * modular.weights[0]
    for c in range(1, width):
        weight = modular.weights[c]
        if c < width - 1:
            for t in range(k):
                leads[t] = table[c, t] if leads[t] == 0.0 else leads[t]
        for t in range(k):
            hashes[t] += table[c, t] * weight
    for t in range(k):
        hashes[t] = reduced(hashes[t], p, reciprocal)
    kept = 1
    for t in range(1, k):
        same, key = -1, order
        if leads[t] == 0.0:
            same = 0
        else:
            if hashes[t] != 0.0:
                key = np.int64(logs[np.int64(hashes[t])]) - logs[np.int64(leads[t])]
                key += order if key < 0 else 0
            o = np.int64(stamps[key]) - stamp
            if o > 0:
                for s in range(o, kept):  # mostly the first is the one
                    if _are_proportional(table, source[s], t, width, p):
                        same = source[s]
                        break
        if same >= 0:
            if len(modular.primes) > 1 and not _is_proved(modular, stack, level, same, t, -1):
                return False
            continue
        if stamps[key] - stamp <= 0:
            stamps[key] = stamp + kept
        source[kept] = t
        kept += 1
    stack.rows[level] = kept
    for q in range(len(modular.primes)):
        if q == 0 or stack.known[level, q] == KNOWN:
            for c in range(width):
                values = stack.values[q, level, c]
                for t in range(kept):
                    values[t] = values[source[t]]
    return True


@_loop(forceinline=True)
def _draw_lines(modular, stack, level):
    """The lines of a plane as graphs of functions modulo the first prime; False if one is at
    infinity."""
    p = modular.primes[0]
    reciprocal = 1.0 / p
    order = np.int64(p) - 1
    table, m = stack.values[0, level], stack.rows[level]
    for t in range(1, m):
        if table[0, t] == 0.0 and table[1, t] == 0.0:
            return False
    shear, t = 0.0, 1
    while t < m:  # until no line is parallel to the axis of y
        if reduced(table[1, t] + shear * table[0, t], p, reciprocal) == 0.0:
            shear, t = shear + 1.0, 1
        else:
            t += 1
    for t in range(1, m):
        y = reduced(table[1, t] + shear * table[0, t], p, reciprocal)
        scale = np.float64(modular.powers[order - modular.logs[np.int64(y)]])
        stack.slopes[t] = np.int32(reduced(table[0, t] * scale, p, reciprocal))
        stack.heights[t] = np.int32(reduced(table[2, t] * scale, p, reciprocal))
    return True


@_loop()
def _is_new(modular, stack, level, i, k):
    """Does line i meet line k elsewhere than the lines before it, infinity among them?"""
    for j in range(i):
        if _meet(stack.values[0, level], j, i, k, modular.primes[0]) and _is_proved(
            modular, stack, level, j, i, k
        ):
            return False
    return True


@_loop(forceinline=True)
def _n_points(modular, stack, level, k, stamp):
    """How many points the lines before line k have on it; −1 if one is the same modulo the
    first prime."""
    order = np.int32(len(modular.logs) - 1)
    logs, stamps, slopes, heights = modular.logs, stack.stamps, stack.slopes, stack.heights
    certain = len(modular.primes) == 1
    slope, height = slopes[k], heights[k]
    points = 0
    for i in range(1, k):
        a = np.int32(slopes[i] - slope)
        if a == 0:
            if heights[i] == height:
                return -1
            if not certain and not _is_proved(modular, stack, level, 0, i, k):
                points += _is_new(modular, stack, level, i, k)
            continue
        b = np.int32(heights[i] - height)
        a += np.int32(order + 1) if a < 0 else np.int32(0)
        b += np.int32(order + 1) if b < 0 else np.int32(0)
        key = np.int32(logs[b] - logs[a])
        key += order if key < 0 else np.int32(0)
        key = order if b == 0 else key
        o = np.int64(stamps[key]) - stamp
        if o <= 0:
            stamps[key] = stamp + i
            points += 1
        elif not certain and not _is_proved(modular, stack, level, o, i, k):
            points += _is_new(modular, stack, level, i, k)
    return points


@_loop(Ints1, Ints1, Modular, Stack)
def count_by_rank(state, counts, modular, stack):
    """Numbers of sets without broken circuits, on from where the loop stopped.

    Parameters
    ----------
    state : int64 (4,)
        The rank of the flat at hand (−1 at first), the last stamp, the number of sets so far
        and that at which to stop for a report.
    counts : int64 (D,)
        So many of each size.
    modular : Modular
        D ≥ 3; rows are pairwise different, and their number is below p.
    stack : Stack

    Returns
    -------
    int
        DONE, STEPPED or UNSUITABLE.
    """
    width, n = modular.residues.shape[1], modular.residues.shape[2]
    if state[0] < 0:
        if not _enter_space(modular.residues, 0, modular.primes[0], stack.values[0, 0]):
            return UNSUITABLE
        stack.rows[0], stack.at[0] = n, 0
        counts[0] += 1
        state[0] = 0
    plane = width - 3
    while True:
        level = state[0]
        m = stack.rows[level]
        if level == plane and stack.at[level] == 0:
            if not _draw_lines(modular, stack, level):
                return UNSUITABLE
            counts[level + 1] += m - 1
            state[2] += m - 1
            stack.at[level] = 1
        stack.at[level] += 1
        k = stack.at[level]
        if k >= m:
            if level == 0:
                return DONE
            state[0] -= 1
            continue
        if state[1] > LARGEST_STAMP - 2 * n:
            stack.stamps[:] = 0
            state[1] = 0
        if level == plane:
            points = _n_points(modular, stack, level, k, state[1])
            if points < 0:
                return UNSUITABLE
            counts[level + 2] += points
            state[2] += points
        else:
            if not _enter(modular, stack, level + 1, state[1]):
                return UNSUITABLE
            counts[level + 1] += 1
            state[2] += 1
            stack.at[level + 1] = 0
            state[0] += 1
        state[1] += k
        if state[2] >= state[3]:
            return STEPPED
