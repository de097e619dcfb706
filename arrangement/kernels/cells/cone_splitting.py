"""Restrict and split inside pointed cones that carry their rays, compiled.

A flat of the recursion, or a cone that is split, is known by its extreme rays, each with the
walls that it lies on, and by the values of the rows on these rays. Nothing else is needed: no
coordinates, no linear program.

Values are integers below 2^26, so that nothing rounds; or float64, perhaps twofold, with one
error bound for each ray, beside residues modulo some primes. Up to a factor of the ray, a value
is a minor of the rows and walls. A value that is beyond the error has a certain sign. One that
is 0 modulo all primes, whose product exceeds every minor, is 0, unless the factor is 0 modulo
one of them; that it is not shows on the guard, a row that is positive on the whole cone. What
is neither is asked of the host.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.double_double import SPREAD, difference, product, quotient
from arrangement.kernels.types import (
    Bools1,
    Floats1,
    Floats2,
    Floats3,
    Ints1,
    Ints2,
    Words1,
    Words2,
)

__all__ = [
    "DONE",
    "FULL",
    "GROW",
    "LARGE",
    "LEAF",
    "RAY",
    "STEPPED",
    "Cones",
    "Found",
    "Rays",
    "Room",
    "count_cells",
    "mark",
    "split_cells",
]

DONE, GROW, LARGE, RAY, LEAF, STEPPED, FULL = 0, 1, 2, 3, 4, 5, 6
"""Why the loop stops: at its end, for room in the buffers, because an integer is too large,
for exact rays, for the number of points on a line, to report, or to have faces fetched."""

ENTER, NEXT, LEAVE = 0, 1, 2

N_COLUMNS = 7
RAYS, LIST, LIST_END, FREE, CODIMENSION, LINES, HALF = range(N_COLUMNS)
CUTS, N_CUTS, K = CODIMENSION, LINES, HALF
"""Columns of the stack of cones and of the table of levels: how many rays there are, and where
the list of them begins; the ends of all lists and of all rays so far. Then, of a cone, its
codimension, how many of its last rays stand for lines, and whether the opposite of a face is
left out; of a level, where the list of rows that cut it begins, how many they are, and which of
them is restricted to."""


class Rays(NamedTuple):
    """Rays with the values of rows on them: of those that cut a cone when the ray is made.

    Attributes
    ----------
    values : float64 (r, n)
        An entry is 0.0 exactly where the value is 0, and has the sign of the value; a ray is of
        any positive length.
    lows : float64
        What the values lack to be known to twice as many digits; empty if they are not.
    errors : float64 (r,)
        0 if the values are integers.
    residues : float64 (r, k, n)
        The values modulo each prime, up to a factor for each ray.
    guards : float64 (r, k)
        The same of a row that is positive on all cones.
    primes : float64 (k,)
        Below 2^26; none if the values are integers, or zeros are left to the host.
    tight : uint64 (r, T)
        The walls on which each ray lies, and the rows as walls.
    above, below : uint64 (r, W)
        The rows that are positive and negative on each ray.
    """

    values: Floats2
    lows: Floats2
    errors: Floats1
    residues: Floats3
    guards: Floats2
    primes: Floats1
    tight: Words2
    above: Words2
    below: Words2


class Cones(NamedTuple):
    """The cones that are still to split, the next on top.

    Attributes
    ----------
    table : int64 (s, N_COLUMNS)
    cutting, positive, zero : uint64 (s, W)
        Bits of rows. Those that may cut the cone; and, as far as is known, those that are
        positive and zero on it.
    walls : uint64 (s, T)
        The walls of the cone, those among its walls that contain it included.
    shares : float64 (s + 1,)
        Its share of the work, as far as parts are alike; the last is what is done.
    """

    table: Ints2
    cutting: Words2
    positive: Words2
    zero: Words2
    walls: Words2
    shares: Floats1


class Room(NamedTuple):
    """Room to work.

    Attributes
    ----------
    ordered, on : int64 (r,)
        Rays of a cone, and on how many of its walls each lies.
    tight : uint64 (r, T)
        On which.
    pairs : int64 (r, 2)
        Adjacent rays.
    asked : int64 (r,)
        The rays that the host is to find exactly, when a loop stops for RAY.
    sizes : int64 (5,)
    ups, downs : uint64 (W,)
    """

    ordered: Ints1
    on: Ints1
    tight: Words2
    pairs: Ints2
    asked: Ints1
    sizes: Ints1
    ups: Words1
    downs: Words1


class Found(NamedTuple):
    """Faces of one codimension: their signs, and whether a ray lies on the wall asked about.

    Attributes
    ----------
    positive, zero : uint64 (b, W)
    touching : bool (b,)
    counts : int64 (dimension + 1,)
        Faces of each codimension, where they are only counted.
    """

    positive: Words2
    zero: Words2
    touching: Bools1
    counts: Ints1


INTEGER_LIMIT = 2.0**26
REDUCED = 2.0**12
"""Smaller integers are not divided by their greatest common divisor."""

U = 2.0**-53
ONE = np.uint64(1)

uncounted = functools.partial(compiled, _nrt=False)
"""How all of this is compiled: nothing is allocated, so that references need not be counted,
which would take most of the time."""


@uncounted()
def _gcd(a, b):
    while b != 0:
        a, b = b, a % b
    return a


@uncounted()
def _n_bits(x):
    x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + (
        (x >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@uncounted(Rays, Ints1, int, int, int, int, int)
def mark(rays, rows, at, k, n_walls, first, end):
    """Note the signs of k of some rows, from one on, on rays as bits."""
    values, tight, above, below = rays.values, rays.tight, rays.above, rays.below
    for ray in range(first, end):
        for w in range(above.shape[1]):
            above[ray, w] = below[ray, w] = 0
        for c in range(at, at + k):
            i = rows[c]
            v = values[ray, i]
            bit = ONE << np.uint64(i & 63)
            if v > 0.0:
                above[ray, i >> 6] |= bit
            elif v < 0.0:
                below[ray, i >> 6] |= bit
            else:
                wall = n_walls + i
                tight[ray, wall >> 6] |= ONE << np.uint64(wall & 63)


@uncounted()
def _keep_different(level, values, lists, cuts, table):
    """Of integer rows that are proportional on the rays of a level keep the first."""
    r, start, place = level[RAYS], level[LIST], level[CUTS]
    size = 4
    while size < 2 * level[N_CUTS]:
        size *= 2
    table[:size] = -1
    count = 0
    for c in range(level[N_CUTS]):
        i = cuts[place + c]
        j = start
        while values[lists[j], i] == 0.0:
            j += 1
        lead = lists[j]
        # Quotients of integers that float64 holds are equal when the fractions are.
        key = np.uint64(j - start)
        for t in range(j + 1, start + r):
            share = np.int64(values[lists[t], i] / values[lead, i] * 1048573.0)
            key = (key ^ np.uint64(share)) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        slot = np.int64(key & np.uint64(size - 1))
        repeated = False
        while table[slot] >= 0:
            o = table[slot]
            if values[lead, o] != 0.0:
                repeated = True
                for t in range(start, start + r):
                    ray = lists[t]
                    if values[ray, i] * values[lead, o] != values[ray, o] * values[lead, i]:
                        repeated = False
                        break
                if repeated:
                    break
            slot = (slot + 1) & (size - 1)
        if not repeated:
            table[slot] = i
            cuts[place + count] = i
            count += 1
    level[N_CUTS] = count


@uncounted()
def _sort(order, keys, count):
    """Put numbers in the order of their keys (Shell 1959)."""
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for c in range(gap, count):
            i, at = order[c], c
            while at >= gap and keys[order[at - gap]] > keys[i]:
                order[at] = order[at - gap]
                at -= gap
            order[at] = i
        gap //= 3


@uncounted()
def _n_points(level, rays, lists, cuts, positions, order):
    """How many points the rows of a level cut on the stretch between its two rays; −1 if it
    cannot be told whether two are one."""
    values, errors, residues = rays.values, rays.errors, rays.residues
    guards, primes = rays.guards, rays.primes
    place, count = level[CUTS], level[N_CUTS]
    s, t = lists[level[LIST]], lists[level[LIST] + 1]
    e = errors[s] + errors[t]
    reach = 0.0
    for c in range(count):
        v, w = abs(values[s, cuts[place + c]]), abs(values[t, cuts[place + c]])
        order[c], positions[c] = c, v / (v + w)
        reach = max(reach, 1.01 * e / (v + w - e) + 8 * U if v + w > e else 1.0)
    _sort(order, positions, count)
    points, run = 1, 0
    for c in range(1, count):
        if positions[order[c]] - positions[order[c - 1]] > 2 * reach:
            points, run = points + 1, c
            continue
        if len(primes) == 0:
            return -1
        i = cuts[place + order[c]]
        for j in range(len(primes)):
            scale = _minor(
                guards[s, j], guards[t, j], residues[s, j, i], residues[t, j, i], primes[j]
            )
            if scale == 0.0:
                return -1
        different = True
        for before in range(run, c):
            o = cuts[place + order[before]]
            same = True
            for j in range(len(primes)):
                if (
                    _minor(
                        residues[s, j, o],
                        residues[t, j, o],
                        residues[s, j, i],
                        residues[t, j, i],
                        primes[j],
                    )
                    != 0
                ):
                    same = False
                    break
            if same:
                different = False
                break
        points += different
    return points


@uncounted()
def _minor(a, b, c, d, p):
    """a·d − b·c modulo p."""
    return _reduced(a * d + b * (p - c), p)


@uncounted()
def _reduced(x, p):
    """x modulo p, for 0 ≤ x < 2^53 and p < 2^26."""
    r = x - np.floor(x / p) * p
    if r < 0.0:
        r += p
    elif r >= p:
        r -= p
    return r


@uncounted()
def _combine_integers(values, rows, at, k, pairs, count, row, new):
    """The values of −v_q·p + v_p·q on k of some rows, from one on, for pairs of rays p and q.

    False if they are large.
    """
    for j in range(count):
        p, q = pairs[j, 0], pairs[j, 1]
        vp, vq = values[p, row], values[q, row]
        largest = 0.0
        for c in range(at, at + k):
            i = rows[c]
            x = vp * values[q, i] - vq * values[p, i]
            values[new + j, i] = x
            largest = max(largest, abs(x))
        if largest >= REDUCED:
            common = np.int64(0)
            for c in range(at, at + k):
                common = _gcd(common, abs(np.int64(values[new + j, rows[c]])))
                if common == 1:
                    break
            if common > 1:
                for c in range(at, at + k):
                    values[new + j, rows[c]] /= common
                largest /= common
            if largest >= INTEGER_LIMIT:
                return False
    return True


@uncounted()
def _combine_floats(rays, rows, at, k, p, q, row, new):
    """The same as a convex combination, with its error; False if a sign is not certain.

    On the edge between p and q the point moves by less than `shift` of its length when v_p and
    v_q move within their errors, so a value moves by less than that share of its change along
    the edge.
    """
    values, lows, errors, residues = rays.values, rays.lows, rays.errors, rays.residues
    guards, primes = rays.guards, rays.primes
    vp, vq = values[p, row], values[q, row]
    ep, eq = errors[p], errors[q]
    s = vp - vq
    a, b = vp / s, -vq / s
    unit = 16 * U
    twofold = len(lows) > 0
    if twofold:
        unit = 64 * SPREAD
        vp_low, vq_low = lows[p, row], lows[q, row]
        whole, whole_low = difference(vp, vp_low, vq, vq_low)
        a, a_low = quotient(vp, vp_low, whole, whole_low)
        b, b_low = quotient(-vq, -vq_low, whole, whole_low)
    change = 0.0
    largest = 0.0
    for c in range(at, at + k):
        i = rows[c]
        u, v = values[q, i], values[p, i]
        if twofold:
            one, one_low = product(a, a_low, u, lows[q, i])
            other, other_low = product(-b, -b_low, v, lows[p, i])
            x, lows[new, i] = difference(one, one_low, other, other_low)
        else:
            x = a * u + b * v
        values[new, i] = x
        change = max(change, abs(u - v))
        largest = max(largest, abs(x))
    room = s - ep - eq
    error = np.inf
    if room > 0.0:
        shift = (b * ep + a * eq) / room
        error = 1.01 * (a * eq + b * ep + shift * (change + ep + eq)) + unit
    provable = len(primes) > 0
    for j in range(len(primes)):
        prime = primes[j]
        rp, rq = residues[p, j, row], prime - residues[q, j, row]
        for c in range(at, at + k):
            i = rows[c]
            residues[new, j, i] = _reduced(
                rp * residues[q, j, i] + rq * residues[p, j, i], prime
            )
        guards[new, j] = _reduced(rp * guards[q, j] + rq * guards[p, j], prime)
        provable &= guards[new, j] != 0.0
    certain = True
    for c in range(at, at + k):
        i = rows[c]
        if abs(values[new, i]) > error:
            continue
        # Certain signs that do not differ give a certain sign.
        u, v = values[q, i], values[p, i]
        alike = (u >= 0.0 and v >= 0.0) or (u <= 0.0 and v <= 0.0)
        if alike and (values[new, i] != 0.0 or (u == 0.0 and v == 0.0)):
            continue
        zero = provable
        for j in range(len(primes)):
            zero &= residues[new, j, i] == 0.0
        if zero:
            values[new, i] = 0.0
            if twofold:
                lows[new, i] = 0.0
        else:
            values[new, i] = 1.0  # not 0 before that is known
            certain = False
    errors[new] = error
    if 0.0 < largest < 0.125:
        scale = 2.0 ** min(-np.floor(np.log2(largest)), 100.0)
        for c in range(at, at + k):
            values[new, rows[c]] *= scale
            if twofold:
                lows[new, rows[c]] *= scale
        errors[new] *= scale
    return certain


@uncounted()
def _adjacent_pairs(tight, on, pairs, n_above, n_below, r, dimension):
    """Pairs of adjacent rays, one of the first `n_above`, one of the next `n_below`.

    The rays of a cone lie on these walls, so many each. Returns how many pairs there are.
    """
    words = tight.shape[1]
    count = 0
    for p in range(n_above):
        for q in range(n_above, n_above + n_below):
            bits = 0
            for w in range(words):
                bits += _n_bits(tight[p, w] & tight[q, w])
            if bits < dimension - 2:
                continue
            # The walls of a simple ray are independent.
            if bits > dimension - 2 or (on[p] >= dimension and on[q] >= dimension):
                others = -2
                for t in range(r):
                    outside = np.uint64(0)
                    for w in range(words):
                        outside |= tight[p, w] & tight[q, w] & ~tight[t, w]
                    others += outside == 0
                    if others > 0:
                        break
                if others > 0:
                    continue
            if count < len(pairs):
                pairs[count, 0], pairs[count, 1] = p, q
            count += 1
    return count


@uncounted()
def _cross(
    rays, room, lists, start, r, free, row, rows, at, k, walls, top, n_walls, dimension,
    integral,
):  # fmt: skip
    """New rays where a row meets the edges of a cone.

    Sets `room.ordered`, the rays on which the row is positive, then negative, then zero, and
    `room.sizes`: how many they are, then how many are new and how many of these are asked for.
    Returns DONE, GROW or LARGE.
    """
    values, bounds = rays.values, rays.tight
    ordered, tight, on, pairs = room.ordered, room.tight, room.on, room.pairs
    sizes, asked = room.sizes, room.asked
    words = tight.shape[1]
    n_above = n_below = 0
    for j in range(r):
        v = values[lists[start + j], row]
        n_above += v > 0.0
        n_below += v < 0.0
    a, b, z = 0, n_above, n_above + n_below
    for j in range(r):
        ray = lists[start + j]
        v = values[ray, row]
        if v > 0.0:
            t, a = a, a + 1
        elif v < 0.0:
            t, b = b, b + 1
        else:
            t, z = z, z + 1
        ordered[t] = ray
        bits = 0
        for w in range(words):
            x = bounds[ray, w] & walls[top, w]
            tight[t, w] = x
            bits += _n_bits(x)
        on[t] = bits
    new = _adjacent_pairs(tight, on, pairs, n_above, n_below, r, dimension)
    if new > len(pairs) or free + new > len(values):
        return GROW
    wall = n_walls + row
    bit = ONE << np.uint64(wall & 63)
    for j in range(new):
        pairs[j, 0], pairs[j, 1] = ordered[pairs[j, 0]], ordered[pairs[j, 1]]
        for w in range(words):
            bounds[free + j, w] = bounds[pairs[j, 0], w] & bounds[pairs[j, 1], w]
        bounds[free + j, wall >> 6] |= bit
    n_asked = 0
    if integral:
        if not _combine_integers(values, rows, at, k, pairs, new, row, free):
            return LARGE
    else:
        for j in range(new):
            if not _combine_floats(rays, rows, at, k, pairs[j, 0], pairs[j, 1], row, free + j):
                asked[n_asked] = free + j
                n_asked += 1
    mark(rays, rows, at, k, n_walls, free, free + new)
    sizes[0], sizes[1], sizes[2] = n_above, n_below, r - n_above - n_below
    sizes[3], sizes[4] = new, n_asked
    return DONE


@uncounted(Ints1, Ints2, Rays, Room, Ints1, Ints1, Ints1, Floats1, Words2, int, int, int, bool)
def count_cells(
    state, levels, rays, room, lists, cuts, table, positions, walls, n_walls, n_lines,
    dimension, integral,
):  # fmt: skip
    """Cells that rows cut in a pointed cone, on from where the loop stopped.

    Parameters
    ----------
    state : int64 (6,)
        Level, stage, rays that are asked for, cells so far, the number of cells at which to
        stop for a report, and the orthants of the lines that are done.
    levels : int64 (dimension + 1, N_COLUMNS)
    rays : Rays
        Of all levels.
    lists, cuts : int64
        The rays of each level, and the rows that cut it. The last `n_lines` rays of level 0
        stand for lines: each is followed by its opposite.
    room : Room
    table, positions : int64, float64 (n,)
        Room to work.
    walls : uint64 (1, T)
        Which bits of `rays.tight` are walls of the cone.
    dimension : int
        Of the cone.
    integral : bool
        Are the values integers, without errors?

    Returns
    -------
    int
        Why the loop stopped.
    """
    values, above, below = rays.values, rays.above, rays.below
    n, words = values.shape[1], above.shape[1]
    ups, downs, ordered, sizes = room.ups, room.downs, room.ordered, room.sizes
    while True:
        l = state[0]
        level = levels[l]
        r, start = level[RAYS], level[LIST]
        if state[1] == ENTER:
            m, before = (levels[l - 1, K], levels[l - 1, CUTS]) if l > 0 else (n, 0)
            place = level[CUTS]
            if len(cuts) < place + m:
                return GROW
            for w in range(words):
                up = down = np.uint64(0)
                for j in range(r):
                    up |= above[lists[start + j], w]
                    down |= below[lists[start + j], w]
                ups[w], downs[w] = up, down
            count, contained = 0, False
            for c in range(m):
                i = cuts[before + c] if l > 0 else c
                up = ups[i >> 6] >> np.uint64(i & 63) & ONE
                down = downs[i >> 6] >> np.uint64(i & 63) & ONE
                if up & down:
                    cuts[place + count] = i
                    count += 1
                contained |= (up | down) == 0
            level[N_CUTS] = count
            if contained:  # in an earlier row, where its cells are counted
                state[1] = LEAVE
                continue
            if integral:
                _keep_different(level, values, lists, cuts, table)
            if dimension - l > 2:
                state[3] += 1
                level[K] = -1
                state[1] = NEXT
            else:
                count = level[N_CUTS]
                if not integral and count > 1:
                    count = _n_points(level, rays, lists, cuts, positions, table)
                    if count < 0:
                        state[1] = LEAVE
                        return LEAF
                state[3] += 1 + count
                state[1] = LEAVE
        elif state[1] == NEXT:
            level[K] += 1
            k, place = level[K], level[CUTS]
            if k == level[N_CUTS]:
                state[1] = LEAVE
            elif k == 0:
                state[3] += 1
            else:
                reason = _cross(
                    rays, room, lists, start, r, level[FREE], cuts[place + k], cuts, place, k,
                    walls, 0, n_walls, dimension - l, integral,
                )  # fmt: skip
                end = level[LIST_END]
                if reason == DONE and end + r + sizes[3] > len(lists):
                    reason = GROW
                if reason != DONE:
                    level[K] -= 1
                    return reason
                new, n_on = sizes[3], sizes[2]
                for j in range(new):
                    lists[end + j] = level[FREE] + j
                for j in range(n_on):
                    lists[end + new + j] = ordered[r - n_on + j]
                under = levels[l + 1]
                under[RAYS], under[LIST], under[LIST_END] = new + n_on, end, end + new + n_on
                under[FREE] = level[FREE] + new
                under[CUTS] = place + level[N_CUTS]
                state[0], state[1], state[2] = l + 1, ENTER, sizes[4]
                if state[2] > 0:
                    return RAY
        elif l > 0:
            state[0], state[1] = l - 1, NEXT
            if state[3] >= state[4]:
                return STEPPED
        else:  # the next orthant, in the order of a Gray code
            state[5] += 1
            if state[5] == 1 << n_lines:
                return DONE
            line = 0
            while not state[5] >> line & 1:
                line += 1
            lists[start + r - 1 - line] ^= 1
            state[1] = ENTER


@uncounted()
def _lowest(words, top):
    """The lowest bit that is set in a row of a table, not all 0."""
    w = 0
    while words[top, w] == 0:
        w += 1
    x = words[top, w]
    return 64 * w + _n_bits(~x & (x - ONE))


@uncounted()
def _quadrants(rays, lists, start, r, i, o, integral):
    """The open quadrants that the values of two rows take in a cone that both cut.

    They are those of the relative interior of the cone in the plane that the values on the rays
    span. One without a ray is reached from the two next to it: by rays (x, −y) and (−v, w) with
    y/x · v/w < 1.

    Returns
    -------
    int
        Bit 2·(v_i < 0) + (v_o < 0); −1 where a rounded number cannot tell.
    """
    values, errors = rays.values, rays.errors
    found = 0
    for j in range(r):
        ray = lists[start + j]
        x, y = values[ray, i], values[ray, o]
        if x != 0.0 and y != 0.0:
            found |= 1 << (2 * (x < 0.0) + (y < 0.0))
    given = found
    for quadrant in range(4):
        if given >> quadrant & 1:
            continue
        right, up = 1.0 - 2.0 * (quadrant >> 1), 1.0 - 2.0 * (quadrant & 1)
        if integral:
            # The least y/x and v/w.
            x, y, w, v = 0.0, 1.0, 0.0, 1.0
            for j in range(r):
                ray = lists[start + j]
                a, b = right * values[ray, i], up * values[ray, o]
                if a > 0.0:
                    if -b * x < y * a:
                        x, y = a, -b
                elif b > 0.0 and -a * w < v * b:
                    w, v = b, -a
            if y * v < x * w:
                found |= 1 << quadrant
            continue
        low = other_low = high = other_high = np.inf
        for j in range(r):
            ray = lists[start + j]
            a, b, e = right * values[ray, i], up * values[ray, o], errors[ray]
            if a > 0.0:
                f = e if b != 0.0 else 0.0
                low = min(low, max(-b - f, 0.0) / (a + e))
                if a > e:
                    high = min(high, (f - b) / (a - e))
            elif b > 0.0:
                f = e if a != 0.0 else 0.0
                other_low = min(other_low, max(-a - f, 0.0) / (b + e))
                if b > e:
                    other_high = min(other_high, (f - a) / (b - e))
        if high * other_high < 1.0 - 32 * U:
            found |= 1 << quadrant
        elif not low * other_low > 1.0 + 32 * U:
            return -1
    return found


@uncounted()
def _emit(found, cones, top, count, codimension, wanted, i, side, o, other):
    """Note a face if it has the codimension that is wanted; how many there are then.

    Up to two rows that cut a cone take a side there: 0 above, 1 below, 2 on it, 3 none.
    """
    if wanted < 0:
        found.counts[codimension] += 1
        return count
    if codimension != wanted:
        return count
    for w in range(found.positive.shape[1]):
        found.positive[count, w] = cones.positive[top, w]
        if wanted > 0:
            found.zero[count, w] = cones.zero[top, w]
    if side == 0:
        found.positive[count, i >> 6] |= ONE << np.uint64(i & 63)
    elif side == 2:
        found.zero[count, i >> 6] |= ONE << np.uint64(i & 63)
    if other == 0:
        found.positive[count, o >> 6] |= ONE << np.uint64(o & 63)
    elif other == 2:
        found.zero[count, o >> 6] |= ONE << np.uint64(o & 63)
    return count + 1


@uncounted()
def _emit_plane(found, cones, top, count, codimension, wanted, i, o, quadrants):
    """The faces of two rows that take these quadrants, those above the first row first."""
    for side in range(3):
        for other in range(3):
            hit = True
            extra = (side == 2) + (other == 2)
            for a in range(2):
                for b in range(2):
                    if (side in (a, 2)) and (other in (b, 2)):
                        hit &= quadrants >> (2 * a + b) & 1 == 1
            if extra == 2 and (quadrants == 6 or quadrants == 9):  # proportional rows
                hit, extra = True, 1
            if hit:
                count = _emit(
                    found, cones, top, count, codimension + extra, wanted, i, side, o, other
                )
    return count


@uncounted()
def _push_lines(cones, lists, top, limit):
    """In place of a cone with lines: where the first is a ray, where its opposite is, and
    where it is none; so that the row that divides it is positive, negative and zero."""
    table, first = cones.table, top
    share, codimension, half = cones.shares[top], table[top, CODIMENSION], table[top, HALF]
    r, start, end = table[top, RAYS], table[top, LIST], table[top, LIST_END]
    free, lines = table[top, FREE], table[top, LINES]
    for part in range(3):
        if (part == 0 and codimension == limit) or (part == 1 and half):
            continue
        table[top, LIST], table[top, FREE], table[top, LINES] = end, free, lines - 1
        for j in range(r):
            ray = lists[start + j]
            if j == r - lines:
                if part == 0:
                    continue
                ray ^= part == 1
            lists[end] = ray
            end += 1
        table[top, RAYS], table[top, LIST_END] = end - table[top, LIST], end
        table[top, CODIMENSION] = codimension + (part == 0)
        table[top, HALF] = half if part == 0 else 0
        for w in range(cones.cutting.shape[1]):
            cones.cutting[top, w] = cones.cutting[first, w]
            cones.positive[top, w] = cones.positive[first, w]
            cones.zero[top, w] = cones.zero[first, w]
        for w in range(cones.walls.shape[1]):
            cones.walls[top, w] = cones.walls[first, w]
        top += 1
    for t in range(first, top):
        cones.shares[t] = share / (top - first)
    return top


@uncounted(Ints1, Cones, Rays, Room, Ints1, Ints1, Found, int, int, int, int, bool)
def split_cells(
    state, cones, rays, room, lists, rows, found, n_walls, dimension, wanted, touched,
    integral,
):  # fmt: skip
    """Split a cone by the first row that cuts it, and its parts in turn, until none cuts.

    The parts are those above, below and, if faces of a higher codimension are wanted, on the
    row.

    Parameters
    ----------
    state : int64 (4,)
        Cones on the stack, faces found, rows in `rows` and rays in `room.asked`.
    cones : Cones
    rays, room, lists, integral
        As in :func:`count_cells`; the rows that split a cone are among its walls, row i as
        wall n_walls + i.
    rows : int64 (n,)
        Room for the cutting rows.
    found : Found
    n_walls, dimension : int
        Of the first cone.
    wanted : int
        The codimension of the faces to list; −1 counts those of all.
    touched : int
        A wall, for `found.touching`; −1 if that is not asked.

    Returns
    -------
    int
        Why the loop stopped.
    """
    above, below = rays.above, rays.below
    table, cutting = cones.table, cones.cutting
    words = cutting.shape[1]
    ordered, sizes = room.ordered, room.sizes
    limit = wanted if wanted >= 0 else dimension
    while state[0] > 0:
        top = state[0] - 1
        cone = table[top]
        r, start, end, codimension = cone[RAYS], cone[LIST], cone[LIST_END], cone[CODIMENSION]
        if state[1] + 4 > len(found.positive):
            return FULL
        if end + 3 * r > len(lists):
            return GROW
        if cone[LINES] > 0:
            state[0] = _push_lines(cones, lists, top, limit)
            continue
        n_cutting = 0
        for w in range(words):
            up = down = np.uint64(0)
            for j in range(r):
                up |= above[lists[start + j], w]
                down |= below[lists[start + j], w]
            old = cutting[top, w]
            cones.positive[top, w] |= old & up & ~down
            cones.zero[top, w] |= old & ~(up | down)
            cutting[top, w] = old & up & down
            n_cutting += _n_bits(cutting[top, w])
        done = r == 0 or (wanted >= 0 and codimension + n_cutting < wanted)
        if not done and n_cutting == 0:
            if touched >= 0:
                touching = False
                for j in range(r):
                    bits = rays.tight[lists[start + j], touched >> 6]
                    touching |= bits >> np.uint64(touched & 63) & ONE == 1
                found.touching[state[1]] = touching
            state[1] = _emit(found, cones, top, state[1], codimension, wanted, 0, 3, 0, 3)
            done = True
        elif not done and n_cutting <= 2 and touched < 0:
            i = _lowest(cutting, top)
            if n_cutting == 1:
                for side in range(3):
                    state[1] = _emit(
                        found, cones, top, state[1], codimension + (side == 2), wanted, i,
                        side, 0, 3,
                    )  # fmt: skip
                done = True
            else:
                cutting[top, i >> 6] ^= ONE << np.uint64(i & 63)
                o = _lowest(cutting, top)
                cutting[top, i >> 6] ^= ONE << np.uint64(i & 63)
                quadrants = _quadrants(rays, lists, start, r, i, o, integral)
                if quadrants >= 0:
                    state[1] = _emit_plane(
                        found, cones, top, state[1], codimension, wanted, i, o, quadrants
                    )
                    done = True
        if done:
            cones.shares[-1] += cones.shares[top]
            state[0] -= 1
            continue
        row = _lowest(cutting, top)
        k = 0
        for w in range(words):
            x = cutting[top, w]
            while x != 0:
                i = 64 * w + _n_bits(~x & (x - ONE))
                if i != row:
                    rows[k] = i
                    k += 1
                x &= x - ONE
        free = cone[FREE]
        reason = _cross(
            rays, room, lists, start, r, free, row, rows, 0, k, cones.walls, top, n_walls,
            dimension, integral,
        )  # fmt: skip
        if reason != DONE:
            return reason
        n_above, n_below, n_on, new = sizes[0], sizes[1], sizes[2], sizes[3]
        if end + r + new > len(lists):
            return GROW
        # Lists of rays below, on and above the row, of which two and two are a part's.
        for j in range(n_below):
            lists[end + j] = ordered[n_above + j]
        for j in range(new):
            lists[end + n_below + j] = free + j
        for j in range(n_on):
            lists[end + n_below + new + j] = ordered[n_above + n_below + j]
        for j in range(n_above):
            lists[end + n_below + new + n_on + j] = ordered[j]
        wall = n_walls + row
        cutting[top, row >> 6] ^= ONE << np.uint64(row & 63)
        cones.walls[top, wall >> 6] |= ONE << np.uint64(wall & 63)
        count = 2 + (codimension < limit)
        for t in range(top + 1, top + count):
            for w in range(words):
                cutting[t, w] = cutting[top, w]
                cones.positive[t, w] = cones.positive[top, w]
                cones.zero[t, w] = cones.zero[top, w]
            for w in range(cones.walls.shape[1]):
                cones.walls[t, w] = cones.walls[top, w]
        share = cones.shares[top] / count
        for t in range(top, top + count):
            part = table[t]
            part[LIST_END] = end + r + new
            part[FREE] = free + new
            part[CODIMENSION], part[LINES] = codimension, 0
            cones.shares[t] = share
        if codimension < limit:  # the part on the row is the last
            part = table[top]
            part[RAYS], part[LIST] = new + n_on, end + n_below
            part[CODIMENSION] = codimension + 1
            cones.zero[top, row >> 6] |= ONE << np.uint64(row & 63)
            top += 1
        table[top, RAYS], table[top, LIST] = n_below + new + n_on, end
        top += 1
        table[top, RAYS], table[top, LIST] = new + n_on + n_above, end + n_below
        cones.positive[top, row >> 6] |= ONE << np.uint64(row & 63)
        state[0] = top + 1
        state[2], state[3] = k, sizes[4]
        if state[3] > 0:
            return RAY
    return DONE
