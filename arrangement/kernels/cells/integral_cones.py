"""Cells in a pointed cone, counted in integers: restrict it to each row that cuts it, compiled.

A level of the recursion has the values of the rows that cut its cone on the rays of the cone,
eight rows in the lanes of a vector, and of each ray the walls that it lies on as one word. What
a row cuts out of the cone is spanned by its points on the edges that it crosses: their values
on the earlier rows are sums of two products, and tell which of these cut it. Most often none
does, or one, or two: then the cells are known without a level for them.

Rays on which a row is zero count as edges from the ray to itself, loops, which it crosses.
Values that are kept are integers below 2^26, so that none of the sums rounds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.cells.cone_rays import (
    DONE,
    GROW,
    INTEGER_LIMIT,
    LARGE,
    ONE,
    REDUCED,
    STEPPED,
    common_divisor,
    first_bit,
    n_bits,
    uncounted,
)
from arrangement.kernels.double_double import product
from arrangement.kernels.lanes import (
    above,
    absolute,
    covering,
    load,
    marked,
    maximum,
    spread,
    store,
)
from arrangement.kernels.types import (
    Floats1,
    Floats2,
    Ints1,
    Ints2,
    Words1,
    Words2,
)

__all__ = [
    "N_COLUMNS",
    "N_CUTS",
    "RAYS",
    "START",
    "STOP",
    "Levels",
    "count_integral",
    "enter",
    "restrict",
    "sample_integral",
]

N_COLUMNS = 10
RAYS, VALUES, STRIDE, TIGHT, EDGES, N_EDGES, CROSSED, N_CUTS, START, STOP = range(N_COLUMNS)
"""Columns of the table of levels: how many rays there are; where their values begin, and how
far apart those of two rays are; where their words begin, and the edges, and how many edges
there are with the loops; where the masks of crossed edges begin; how many rows cut the cone;
which of them are to be restricted to."""

BUILT = -1
"""There is a next level; other negative numbers are reasons to stop, less 1."""

FEW = 8
"""So many rows are not searched for copies, which cost little: each contains what a later one
cuts out, where it then counts nothing."""


LIKELY = 2.5
"""The power of the number of rows that cut which a probability is in proportion to."""


class Levels(NamedTuple):
    """The levels of the recursion, one after another in each array, and room to work.

    Attributes
    ----------
    given : float64 (r, n)
        The values of all rows on the rays of a cone. The last of these may stand for lines:
        then the cone is one of the orthants, where each is a ray or the opposite of one.
    walls : uint64 (r,)
        The walls on which each of these rays lies.
    table : int64 (dimension + 1, N_COLUMNS)
    values : float64
        Of each ray in turn, on the rows; their number is rounded up to a multiple of eight.
    tight : uint64
        The walls on which each ray lies; eight more than are used.
    edges : uint64 (e, 2)
        Where the values of the two rays of an edge begin.
    loops : float64 (e,)
        1 if the two are one ray.
    crossed : uint64
        Which edges each row crosses: of eight rows a word with 64 edges each, then the next
        words.
    ends : uint64 (e, 2)
        The edges that one row crosses.
    weights : float64 (e, 2)
        What the values of their rays are multiplied by.
    chosen, copied : int64 (n + 8,)
        Rows that cut what it cuts out; is there an earlier copy?
    keys, others : float64 (n + 8,)
    """

    given: Floats2
    walls: Words1
    table: Ints2
    values: Floats1
    tight: Words1
    edges: Words2
    loops: Floats1
    crossed: Words1
    ends: Words2
    weights: Floats2
    chosen: Ints1
    copied: Ints1
    keys: Floats1
    others: Floats1


@uncounted(forceinline=True)
def _crossed_edges(level, levels, k):
    """Set the edges that a row crosses, with weights; how many they are."""
    values, edges, loops = levels.values, levels.edges, levels.loops
    ends, weights = levels.ends, levels.weights
    row, words = np.uint64(k), np.uint64(level[N_EDGES] + 63 >> 6)
    first = _mask(level, row, words)
    n = np.uint64(0)
    for w in range(words):
        mask = levels.crossed[first + w * np.uint64(8)]
        begin = np.uint64(level[EDGES]) + w * np.uint64(64)
        while mask != 0:
            e = begin + np.uint64(first_bit(mask))
            mask &= mask - ONE
            p, q = edges[e, 0], edges[e, 1]
            ends[n, 0], ends[n, 1] = p, q
            weights[n, 0] = abs(values[q + row]) + loops[e]
            weights[n, 1] = abs(values[p + row])
            n += ONE
    return n


@uncounted(forceinline=True)
def _mask(level, row, words):
    """Where the first word of the edges that a row crosses stands."""
    eights = row >> np.uint64(3)
    return np.uint64(level[CROSSED]) + np.uint64(8) * words * eights + (row & np.uint64(7))


@uncounted(forceinline=True)
def _cutting(level, levels, k):
    """Set which rows before the k-th cut what that cuts out; how many they are, −1 if one of
    them contains it."""
    values, edges, loops = levels.values, levels.edges, levels.loops
    nothing = spread(0.0)
    row, words = np.uint64(k), np.uint64(level[N_EDGES] + 63 >> 6)
    first = _mask(level, row, words)
    count, contained = 0, np.uint64(0)
    for v in range(np.uint64(0), row, np.uint64(8)):
        most, least = nothing, nothing
        for w in range(words):
            mask = levels.crossed[first + w * np.uint64(8)]
            begin = np.uint64(level[EDGES]) + w * np.uint64(64)
            while mask != 0:
                e = begin + np.uint64(first_bit(mask))
                mask &= mask - ONE
                p, q = edges[e, 0], edges[e, 1]
                s = abs(values[q + row]) + loops[e]
                t = abs(values[p + row])
                x = load(values, p + v) * s + load(values, q + v) * t
                most = maximum(most, x)
                least = maximum(least, nothing - x)
        ups, downs = above(most, nothing), above(least, nothing)
        valid = np.uint64(255)
        if row - v < 8:
            valid = (ONE << (row - v)) - ONE
        cut = ups & downs & valid
        contained |= ~(ups | downs) & valid
        while cut != 0:
            levels.chosen[count] = np.int64(v) + first_bit(cut)
            cut &= cut - ONE
            count += 1
    return -1 if contained != 0 else count


@uncounted(forceinline=True)
def _value(levels, j, i):
    """The value of a row where another crosses its j-th edge."""
    weights, values = levels.weights, levels.values
    first = weights[j, 0] * values[levels.ends[j, 0] + i]
    return first + weights[j, 1] * values[levels.ends[j, 1] + i]


@uncounted(forceinline=True)
def _n_points(levels, count):
    """How many different points the chosen rows have on the stretch between two rays."""
    first, second, chosen = levels.keys, levels.others, levels.chosen
    points = 0
    for c in range(count):
        i = np.uint64(chosen[c])
        x, y = _value(levels, np.uint64(0), i), _value(levels, ONE, i)
        quotient = x / y
        new = True
        for o in range(points):
            u, v = first[o], second[o]
            # Quotients of equal fractions are equal.
            if u / v == quotient and product(x, 0.0, v, 0.0) == product(u, 0.0, y, 0.0):
                new = False
                break
        first[points], second[points] = x, y
        points += new
    return points


@uncounted(forceinline=True)
def _cells_of_two(levels, n):
    """How many cells two chosen rows cut in what n rays span; BUILT if it is not certain.

    Let p and q be the rays on which the second row is positive and negative. The largest value
    of the first row on what the second cuts out has the sign of the largest fraction of the two
    rows' values on a p, added to that on a q. Fractions of integers below 2^26 are in order, as
    float64, and as different as they are.
    """
    i, o = np.uint64(levels.chosen[0]), np.uint64(levels.chosen[1])
    up = down = False
    high = low = -np.inf  # largest fractions on rays p and q
    least = bottom = np.inf
    largest = 0.0
    for j in range(n):
        x, y = _value(levels, j, i), _value(levels, j, o)
        largest = max(largest, max(abs(x), abs(y)))
        if y > 0.0:
            z = x / y
            high, least = max(high, z), min(least, z)
        elif y < 0.0:
            z = x / -y
            low, bottom = max(low, z), min(bottom, z)
        else:
            up |= x > 0.0
            down |= x < 0.0
    if largest >= INTEGER_LIMIT:
        return BUILT
    up |= high + low > 0.0
    down |= least + bottom < 0.0
    # A row that contains what the other cuts out is the other one on this cone.
    return 2 + np.int64(up | down) + np.int64(up & down)


@uncounted(forceinline=True)
def _drop_copies(level, levels):
    """Keep the first of rows of a level that are the same up to a factor."""
    values, copied, keys = levels.values, levels.copied, levels.keys
    r, n = np.uint64(level[RAYS]), np.uint64(level[N_CUTS])
    off, stride = np.uint64(level[VALUES]), np.uint64(level[STRIDE])
    n_copies = 0
    for v in range(np.uint64(0), n, np.uint64(8)):
        x = y = spread(0.0)
        at = off + v
        for j in range(r):
            # Sums of integers below 2^53: their quotients are the same for such rows.
            z = load(values, at)
            x = x + z * np.float64((j * np.uint64(37) + np.uint64(11)) & np.uint64(255))
            y = y + z * np.float64((j * np.uint64(101) + np.uint64(29)) & np.uint64(255))
            at += stride
        store(keys, v, absolute(x / y))
        for i in range(v, min(v + np.uint64(8), n)):
            copied[i] = 0
            key = spread(keys[i])
            for w in range(np.uint64(0), i, np.uint64(8)):
                x = load(keys, w)
                alike = ~(above(key, x) | above(x, key)) & np.uint64(255)
                if i - w < 8:
                    alike &= (ONE << (i - w)) - ONE
                while alike != 0 and copied[i] == 0:
                    o = w + np.uint64(first_bit(alike))
                    alike &= alike - ONE
                    copied[i] = _are_one(values, off, stride, r, i, o)
            n_copies += copied[i]
    if n_copies > 0:
        to = np.uint64(0)
        for c in range(n):
            if copied[c] == 0:
                at = off
                for _ in range(r):
                    values[at + to] = values[at + c]
                    at += stride
                to += ONE
    level[N_CUTS] -= n_copies


@uncounted()
def _are_one(values, off, stride, r, i, o):
    """1 if two rows are the same up to a factor."""
    at = off
    while values[at + i] == 0.0:
        at += stride
    a, b = values[at + i], values[at + o]
    same = b != 0.0
    at = off
    for _ in range(r):
        same &= values[at + i] * b == values[at + o] * a
        at += stride
    return np.int64(same)


@uncounted(forceinline=True)
def _find_edges(level, levels, d):
    """Set the edges of the cone of a level, and the loops; False if there is no room."""
    tight, edges, loops = levels.tight, levels.edges, levels.loops
    start, r = np.uint64(level[TIGHT]), np.uint64(level[RAYS])
    off, stride = np.uint64(level[VALUES]), np.uint64(level[STRIDE])
    at, end = np.uint64(level[EDGES]), np.uint64(len(edges))
    n = at
    for p in range(r):
        for q in range(p + ONE, r):
            common = tight[start + p] & tight[start + q]
            if n_bits(common) < d - 2:
                continue
            on = 0
            for t in range(np.uint64(0), r, np.uint64(8)):
                found = covering(tight, start + t, common)
                if r - t < 8:
                    found &= (ONE << (r - t)) - ONE
                on += n_bits(found)
            if on == 2:
                if n < end:
                    edges[n, 0], edges[n, 1] = off + p * stride, off + q * stride
                    loops[n] = 0.0
                n += ONE
    for p in range(r):
        if n < end:
            edges[n, 0] = edges[n, 1] = off + p * stride
            loops[n] = 1.0
        n += ONE
    level[N_EDGES] = np.int64(n - at)
    return n <= end


@uncounted(forceinline=True)
def _cross(level, levels):
    """Set which edges each row crosses; False if there is no room."""
    values, edges, loops, crossed = levels.values, levels.edges, levels.loops, levels.crossed
    nothing = spread(0.0)
    at, end = np.uint64(level[EDGES]), np.uint64(level[EDGES] + level[N_EDGES])
    words = np.uint64(level[N_EDGES] + 63 >> 6)
    to = np.uint64(level[CROSSED])
    if to + np.uint64(level[STRIDE]) * words > np.uint64(len(crossed)):
        return False
    for v in range(np.uint64(0), np.uint64(level[N_CUTS]), np.uint64(8)):
        for w in range(words):
            found, bit = nothing, ONE
            begin = at + w * np.uint64(64)
            for e in range(begin, min(begin + np.uint64(64), end)):
                x, y = load(values, edges[e, 0] + v), load(values, edges[e, 1] + v)
                # Integers: x·x < 1/2 if a loop is crossed.
                found = marked(found, above(spread(0.5 * loops[e]), x * y), bit)
                bit <<= ONE
            store(crossed, to + v * words + w * np.uint64(8), found)
    return True


@uncounted(forceinline=True)
def _open(level, levels, d):
    """Make a level of dimension d ready whose rays, their words and values are set; False if
    there is no room."""
    if level[N_CUTS] > FEW:
        _drop_copies(level, levels)
    level[START], level[STOP] = min(1, level[N_CUTS]), level[N_CUTS]
    return _find_edges(level, levels, d) and _cross(level, levels)


@uncounted(forceinline=True)
def _restricted(levels, l, k, dimension):
    """The cells in what row k of a level cuts out; BUILT if they are those of the next level,
    else what is less by 1 than GROW or LARGE with its sign turned."""
    values, tight, chosen = levels.values, levels.tight, levels.chosen
    level, under = levels.table[l], levels.table[l + 1]
    count = _cutting(level, levels, k)
    if count < 2:
        return 1 + count
    n = _crossed_edges(level, levels, k)
    d = dimension - l - 1
    if d == 2:
        return 1 + _n_points(levels, count)
    if count == 2:
        cells = _cells_of_two(levels, n)
        if cells != BUILT:
            return cells
    stride = count + 7 & ~7
    under[RAYS], under[N_CUTS], under[STRIDE] = np.int64(n), count, stride
    under[VALUES] = level[VALUES] + level[RAYS] * level[STRIDE]
    under[TIGHT] = level[TIGHT] + level[RAYS]
    under[EDGES] = level[EDGES] + level[N_EDGES]
    under[CROSSED] = level[CROSSED] + level[STRIDE] * (level[N_EDGES] + 63 >> 6)
    if under[VALUES] + (under[RAYS] + 8) * stride > len(values) or under[TIGHT] + under[
        RAYS
    ] + 8 > len(tight):
        return -1 - GROW
    ray, base, wide = (
        np.uint64(level[TIGHT]),
        np.uint64(level[VALUES]),
        np.uint64(level[STRIDE]),
    )
    place, start = np.uint64(under[VALUES]), np.uint64(under[TIGHT])
    for j in range(n):
        largest = 0.0
        for c in range(np.uint64(count)):
            x = _value(levels, j, np.uint64(chosen[c]))
            values[place + c] = x
            largest = max(largest, abs(x))
        if largest >= REDUCED:
            divisor = np.int64(0)
            for c in range(np.uint64(count)):
                divisor = common_divisor(divisor, abs(np.int64(values[place + c])))
                if divisor == 1:
                    break
            if largest / divisor >= INTEGER_LIMIT:
                return -1 - LARGE
            for c in range(np.uint64(count)):
                values[place + c] /= divisor
        place += np.uint64(stride)
        p, q = levels.ends[j, 0] - base, levels.ends[j, 1] - base
        tight[start + j] = tight[ray + p // wide] & tight[ray + q // wide]
    return BUILT if _open(under, levels, d) else -1 - GROW


@uncounted(forceinline=True)
def _enter(levels, orthant, dimension):
    """Make the first level ready in an orthant; False if there is no room."""
    given, values, tight, chosen = levels.given, levels.values, levels.tight, levels.chosen
    level = levels.table[0]
    r, n = given.shape
    count = 0
    for i in range(n):
        up = down = False
        for j in range(r):
            x = -given[j, i] if orthant >> (r - 1 - j) & 1 else given[j, i]
            up |= x > 0.0
            down |= x < 0.0
        if up and down:
            chosen[count] = i
            count += 1
    stride = count + 7 & ~7
    level[:] = 0
    level[RAYS], level[STRIDE], level[N_CUTS] = r, stride, count
    if (r + 8) * stride > len(values) or r + 8 > len(tight):
        return False
    for j in range(r):
        tight[j] = levels.walls[j]
        turned = orthant >> (r - 1 - j) & 1
        for c in range(count):
            x = given[j, chosen[c]]
            values[j * stride + c] = -x if turned else x
    return _open(level, levels, dimension)


@uncounted(Levels, int, int)
def enter(levels, orthant, dimension):
    """Make the first level ready.

    Parameters
    ----------
    levels : Levels
    orthant : int
        Bit i is 1 where the i-th ray from the end is turned round.
    dimension : int
        Of the cone.

    Returns
    -------
    int
        DONE, or GROW.
    """
    return DONE if _enter(levels, orthant, dimension) else GROW


@uncounted(Levels, int, int, int)
def restrict(levels, l, k, dimension):
    """The cells in what row k of level l cuts out of its cone, if they are at hand.

    Returns
    -------
    int
        How many; −1 if the next level has them, −1 − GROW or −1 − LARGE.
    """
    return _restricted(levels, l, k, dimension)


@uncounted(Ints1, Levels, int, int, int)
def count_integral(state, levels, floor, n_orthants, dimension):
    """Cells that rows cut in a pointed cone, on from where the loop stopped.

    Parameters
    ----------
    state : int64 (4,)
        Level, cells so far, the number of cells at which to stop for a report, and the orthant.
    levels : Levels
    floor : int
        The level whose rows from START to STOP are restricted to.
    n_orthants : int
        After the first level the next orthants are entered.
    dimension : int
        Of the cone of level 0.

    Returns
    -------
    int
        Why the loop stopped: DONE, GROW, LARGE, or STEPPED.
    """
    table = levels.table
    l, total, pause, orthant = state
    reason = DONE
    while True:
        if l < floor:
            if orthant + 1 >= n_orthants:
                break
            if not _enter(levels, orthant + 1, dimension):
                reason = GROW
                break
            orthant += 1
            total += 1 + table[0, START]
            l = 0
        level = table[l]
        k = level[START]
        if k >= level[STOP]:
            l -= 1
            continue
        if total >= pause:
            reason = STEPPED
            break
        cells = _restricted(levels, l, k, dimension)
        if cells < BUILT:
            reason = -1 - cells
            break
        level[START] = k + 1
        if cells >= 0:
            total += cells
        else:
            # The cell of no row, and that of the first.
            total += 1 + table[l + 1, START]
            l += 1
    state[0], state[1], state[3] = l, total, orthant
    return reason


@uncounted(Levels, int, int, Floats1, Floats1)
def sample_integral(levels, floor, dimension, random, sums):
    """Estimates of the number of cells that `count_integral` would find (Knuth 1975).

    Of the rows of a level whose cells are not at hand one is followed, and weighed by the
    inverse of its probability, which is larger if more rows cut what it cuts out.

    Parameters
    ----------
    random : float64
        Numbers from 0 to 1, as many as levels for each sample.
    sums : float64 (2,)
        To which the estimates, and their squares, are added.

    Returns
    -------
    int
        DONE, GROW, or LARGE.
    """
    table, depth = levels.table, len(levels.table)
    shares = levels.others
    for first in range(0, len(random) - depth + 1, depth):
        weight, found = 1.0, 0.0
        l, start, stop = floor, table[floor, START], table[floor, STOP]
        while start < stop:
            largest = 0.0
            for k in range(start, stop):
                count = _cutting(table[l], levels, k)
                shares[k] = 0.0
                if count < 2:
                    found += weight * (1 + count)
                else:
                    shares[k] = np.float64(count) ** LIKELY
                    largest += shares[k]
            if largest == 0.0:
                break
            left = largest * random[first + l - floor]
            k = start
            while k < stop - 1 and (shares[k] == 0.0 or left >= shares[k]):
                left -= shares[k]
                k += 1
            while shares[k] == 0.0:  # rounded
                k -= 1
            weight *= largest / shares[k]
            cells = _restricted(levels, l, k, dimension)
            if cells < BUILT:
                return -1 - cells
            if cells >= 0:
                found += weight * cells
                break
            l += 1
            start, stop = table[l, START], table[l, STOP]
            found += weight * (1 + start)
        sums[0] += found
        sums[1] += found * found
    return DONE
