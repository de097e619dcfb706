"""Pointed cones that carry their rays, and the cut of one by a row, compiled.

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
from arrangement.kernels.lanes import above, absolute, fused, load, peak, shared, spread, store
from arrangement.kernels.types import (
    Floats1,
    Floats2,
    Floats3,
    Ints1,
    Ints2,
    Words1,
    Words2,
)

__all__ = [
    "CODIMENSION",
    "CUTS",
    "DONE",
    "ENTER",
    "FREE",
    "FULL",
    "GROW",
    "HALF",
    "INTEGER_LIMIT",
    "LARGE",
    "LEAF",
    "LEAVE",
    "LINES",
    "LIST",
    "LIST_END",
    "NEXT",
    "N_COLUMNS",
    "N_CUTS",
    "ONE",
    "RAY",
    "RAYS",
    "REDUCED",
    "STEPPED",
    "TINIEST",
    "K",
    "Rays",
    "Room",
    "U",
    "common_divisor",
    "cross",
    "first_bit",
    "first_of_row",
    "mark",
    "minor",
    "n_bits",
    "uncounted",
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
    doubts : float64
        A bound on the error of each such value: near-degenerate ones are as small as what
        others may be wrong by. Empty where `lows` is.
    errors : float64 (r,)
        A bound for all values of a ray; 0 if they are integers.
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
    coordinates : float64 (r, 8 k)
        Of each ray, rounded and filled up with 0, where points are asked for; else k = 0.
    """

    values: Floats2
    lows: Floats2
    doubts: Floats2
    errors: Floats1
    residues: Floats3
    guards: Floats2
    primes: Floats1
    tight: Words2
    above: Words2
    below: Words2
    coordinates: Floats2


class Room(NamedTuple):
    """Room to work.

    Attributes
    ----------
    ordered, on : int64 (r,)
        Rays of a cone, and on how many of its walls each lies.
    tight : uint64 (T, r + 8)
        On which; T may be less, where the rest of the words hold no walls.
    pairs : int64 (r, 2)
        Adjacent rays.
    asked : int64 (r,)
        The rays that the host is to find exactly, when a loop stops for RAY.
    sizes : int64 (5,)
    sums : float64 (5, 8 k + 2)
        Of coordinates, and of values of two rows.
    ups, downs : uint64 (W,)
    """

    ordered: Ints1
    on: Ints1
    tight: Words2
    pairs: Ints2
    asked: Ints1
    sizes: Ints1
    sums: Floats2
    ups: Words1
    downs: Words1


INTEGER_LIMIT = 2.0**26
REDUCED = 2.0**12
"""Smaller integers are not divided by their greatest common divisor."""
FAR = 2.0**40
"""Unless coordinates are as large as that."""

TINIEST = 1e-290
"""More than what underflow costs."""

U = 2.0**-53
ONE = np.uint64(1)

uncounted = functools.partial(compiled, _nrt=False)
"""How all of this is compiled: nothing is allocated, so that references need not be counted,
which would take most of the time. What many arrays are handed to is inlined: to hand them on
takes as long as a small cone does."""


@uncounted()
def common_divisor(a, b):
    """Of two integers that are not negative."""
    while b != 0:
        a, b = b, a % b
    return a


@uncounted()
def n_bits(x):
    """How many bits of a word are set."""
    x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + (
        (x >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@uncounted()
def first_bit(x):
    """The lowest bit that is set in a word that is not 0."""
    return n_bits(~x & (x - ONE))


@uncounted()
def first_of_row(words, at):
    """The lowest bit that is set in a row of a table, not all 0."""
    w = 0
    while words[at, w] == 0:
        w += 1
    return 64 * w + first_bit(words[at, w])


@uncounted(Rays, Ints1, int, int, int, int, int, forceinline=True)
def mark(rays, rows, at, k, n_walls, first, end):
    """Note the signs of k of some rows, from one on, on rays as bits."""
    values, tight, above, below = rays.values, rays.tight, rays.above, rays.below
    for ray in range(first, end):
        for w in range(above.shape[1]):
            above[ray, w] = below[ray, w] = 0
        word, up, down = 0, np.uint64(0), np.uint64(0)
        for c in range(at, at + k):
            i = rows[c]
            if i >> 6 != word:
                above[ray, word] |= up
                below[ray, word] |= down
                word, up, down = i >> 6, np.uint64(0), np.uint64(0)
            v, place = values[ray, i], np.uint64(i & 63)
            up |= np.uint64(v > 0.0) << place
            down |= np.uint64(v < 0.0) << place
            if v == 0.0:
                wall = n_walls + i
                tight[ray, wall >> 6] |= ONE << np.uint64(wall & 63)
        if k > 0:
            above[ray, word] |= up
            below[ray, word] |= down


@uncounted()
def minor(a, b, c, d, p):
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


@uncounted(forceinline=True)
def _combine_coordinates(coordinates, b, p, a, q, new):
    """Set the coordinates of b·p + a·q; the largest of them."""
    width = np.uint64(coordinates.shape[1])
    first, second, third = np.uint64(p) * width, np.uint64(q) * width, np.uint64(new) * width
    far = 0.0
    for c in range(np.uint64(0), width, np.uint64(8)):
        x = fused(load(coordinates, first + c), spread(b), load(coordinates, second + c) * a)
        store(coordinates, third + c, x)
        far = max(far, peak(absolute(x)))
    return far


@uncounted(forceinline=True)
def _combine_integers(values, coordinates, rows, at, k, pairs, count, row, new):
    """The values of −v_q·p + v_p·q on k of some rows, from one on, for pairs of rays p and q.

    False if they are large. The greatest common divisor of the values is a multiple of that of
    the coordinates.
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
        far = _combine_coordinates(coordinates, -vq, p, vp, q, new + j)
        if largest >= REDUCED or far >= FAR:
            common = np.int64(0)
            for c in range(at, at + k):
                common = common_divisor(common, abs(np.int64(values[new + j, rows[c]])))
                if common == 1:
                    break
            if common > 1:
                for c in range(at, at + k):
                    values[new + j, rows[c]] /= common
                _combine_coordinates(coordinates, 1.0 / common, new + j, 0.0, new + j, new + j)
                largest /= common
            if largest >= INTEGER_LIMIT:
                return False
    return True


@uncounted()
def _combine_floats(rays, rows, at, k, p, q, row, new):
    """The same as a convex combination, with its error; False if a sign is not certain.

    On the edge between p and q the point moves by less than `shift` of its length when v_p and
    v_q move within their errors, so a value moves by less than that share of its change along
    the edge. Twofold values have an error each.
    """
    values, lows, errors, residues = rays.values, rays.lows, rays.errors, rays.residues
    guards, primes, coordinates = rays.guards, rays.primes, rays.coordinates
    doubts = rays.doubts
    vp, vq = values[p, row], values[q, row]
    ep, eq = errors[p], errors[q]
    s = vp - vq
    a, b = vp / s, -vq / s
    unit = 16 * U
    twofold = len(lows) > 0
    if twofold:
        unit = 4 * SPREAD
        ep, eq = doubts[p, row], doubts[q, row]
        vp_low, vq_low = lows[p, row], lows[q, row]
        whole, whole_low = difference(vp, vp_low, vq, vq_low)
        a, a_low = quotient(vp, vp_low, whole, whole_low)
        b, b_low = quotient(-vq, -vq_low, whole, whole_low)
    change, error = 0.0, np.inf
    least, largest = np.inf, 0.0
    room = s - ep - eq
    shift = (b * ep + a * eq) / room if room > 0.0 else np.inf
    most = 0.0
    for c in range(at, at + k):
        i = rows[c]
        u, v = values[q, i], values[p, i]
        if twofold:
            eu, ev = doubts[q, i], doubts[p, i]
            moved = a * eu + b * ev + shift * (abs(u - v) + eu + ev + TINIEST)
            doubts[new, i] = 1.01 * moved + unit * (a * abs(u) + b * abs(v)) + TINIEST
            most = max(most, doubts[new, i])
            one, one_low = product(a, a_low, u, lows[q, i])
            other, other_low = product(-b, -b_low, v, lows[p, i])
            x, lows[new, i] = difference(one, one_low, other, other_low)
            least = min(least, abs(x) - doubts[new, i])
        else:
            x = a * u + b * v
            least = min(least, abs(x))
        values[new, i] = x
        change = max(change, abs(u - v))
        largest = max(largest, abs(x))
    if twofold:
        error = most
    elif room > 0.0:
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
    unsure = k if least <= (0.0 if twofold else error) else 0
    for c in range(at, at + unsure):
        i = rows[c]
        if abs(values[new, i]) > (doubts[new, i] if twofold else error):
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
    if unsure > 0:
        largest = 0.0
        for c in range(at, at + k):
            largest = max(largest, abs(values[new, rows[c]]))
    _combine_coordinates(coordinates, b, p, a, q, new)
    errors[new] = error
    if 0.0 < largest < 0.125:
        scale = 2.0 ** min(-np.floor(np.log2(largest)), 100.0)
        for c in range(at, at + k):
            values[new, rows[c]] *= scale
            if twofold:
                lows[new, rows[c]] *= scale
                doubts[new, rows[c]] *= scale
        _combine_coordinates(coordinates, scale, new, 0.0, new, new)
        errors[new] *= scale
    return certain


@uncounted(forceinline=True)
def _on_common(tight, p, q, least, start, end):
    """Which of up to eight rays from one on lie on so many of the walls common to two, as bits.

    Bits of rays from the end on are 0.
    """
    words, size = tight.shape
    count = shared(tight, np.uint64(start), tight[0, p] & tight[0, q])
    for w in range(1, words):
        count = count + shared(tight, np.uint64(w * size + start), tight[w, p] & tight[w, q])
    found = above(count, spread(least - 0.5))
    if end - start < 8:
        found &= (ONE << np.uint64(end - start)) - ONE
    return found


@uncounted(forceinline=True)
def _adjacent_pairs(tight, on, pairs, n_above, n_below, r, dimension):
    """Pairs of adjacent rays, one of the first `n_above`, one of the next `n_below`.

    The rays of a cone lie on these walls, so many each. Returns how many pairs there are.
    """
    words, end = len(tight), n_above + n_below
    count = 0
    for p in range(n_above):
        for start in range(n_above, end, 8):
            near = _on_common(tight, p, p, dimension - 2.0, start, end)
            while near != 0:
                q = start + first_bit(near)
                near &= near - ONE
                common = 0
                for w in range(words):
                    common += n_bits(tight[w, p] & tight[w, q])
                # The walls of a simple ray are independent.
                if common > dimension - 2 or (on[p] >= dimension and on[q] >= dimension):
                    others = -2
                    for t in range(0, r, 8):
                        others += n_bits(_on_common(tight, p, q, np.float64(common), t, r))
                        if others > 0:
                            break
                    if others > 0:
                        continue
                if count < len(pairs):
                    pairs[count, 0], pairs[count, 1] = p, q
                count += 1
    return count


@uncounted(forceinline=True)
def cross(
    rays, room, lists, start, r, free, row, rows, at, k, walls, top, n_walls, dimension,
    integral,
):  # fmt: skip
    """New rays where a row meets the edges of a cone.

    Sets `room.ordered`, the rays on which the row is positive, then negative, then zero, and
    `room.sizes`: how many they are, then how many are new and how many of these are asked for.
    Returns DONE, GROW or LARGE.
    """
    values, bounds, ups, downs = rays.values, rays.tight, rays.above, rays.below
    ordered, tight, on, pairs = room.ordered, room.tight, room.on, room.pairs
    sizes, asked = room.sizes, room.asked
    words = len(tight)
    word, place = row >> 6, np.uint64(row & 63)
    n_above = n_below = 0
    for j in range(r):
        ray = lists[start + j]
        n_above += ups[ray, word] >> place & ONE == 1
        n_below += downs[ray, word] >> place & ONE == 1
    a, b, z = 0, n_above, n_above + n_below
    for j in range(r):
        ray = lists[start + j]
        up, down = ups[ray, word] >> place & ONE == 1, downs[ray, word] >> place & ONE == 1
        t = a if up else b if down else z
        a += up
        b += down
        z += not (up or down)
        ordered[t] = ray
        bits = 0
        for w in range(words):
            x = bounds[ray, w] & walls[top, w]
            tight[w, t] = x
            bits += n_bits(x)
        on[t] = bits
    new = _adjacent_pairs(tight, on, pairs, n_above, n_below, r, dimension)
    if new > len(pairs) or free + new > len(values):
        return GROW
    wall = n_walls + row
    bit = ONE << np.uint64(wall & 63)
    for j in range(new):
        pairs[j, 0], pairs[j, 1] = ordered[pairs[j, 0]], ordered[pairs[j, 1]]
        for w in range(bounds.shape[1]):
            bounds[free + j, w] = bounds[pairs[j, 0], w] & bounds[pairs[j, 1], w]
        bounds[free + j, wall >> 6] |= bit
    n_asked = 0
    if integral:
        if not _combine_integers(values, rays.coordinates, rows, at, k, pairs, new, row, free):
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
