"""Restrict and split inside pointed cones that carry their rays, compiled.

A flat of the recursion is known by the extreme rays of its cut with the cone, each with the
walls of the cone that it lies on, and by the values of the rows on these rays. Nothing else is
needed: no coordinates, no linear program.

Values are integers below 2^26, so that nothing rounds; or float64, perhaps twofold, with one
error bound for each ray, beside residues modulo some primes. Up to a factor of the ray, a value
is a minor of the rows and walls. A value that is beyond the error has a certain sign. One that
is 0 modulo all primes, whose product exceeds every minor, is 0, unless the factor is 0 modulo
one of them; that it is not shows on the guard, a row that is positive on the whole cone. What
is neither is asked of the host.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.double_double import SPREAD, difference, product, quotient

__all__ = [
    "DONE",
    "FULL",
    "GROW",
    "LARGE",
    "LEAF",
    "RAY",
    "STEPPED",
    "count_cells",
    "split_cells",
]

DONE, GROW, LARGE, RAY, LEAF, STEPPED, FULL = 0, 1, 2, 3, 4, 5, 6
"""Why the loop stops: at its end, for room in the buffers, because an integer is too large,
for an exact ray, for the number of points on a line, to report, or to have cells fetched."""

ENTER, NEXT, BUILD, LEAVE = 0, 1, 2, 3

N_COLUMNS = 9
ROWS, RAYS, VALUES, FIRST, CUTS, N_CUTS, K, P, Q = range(N_COLUMNS)
"""Columns of the table of levels, and of the stack of cones: how many rows and rays there are,
where values, rays and numbers of rows begin; how many rows cut, which of them is restricted to,
and the pair of rays that comes next."""


class Rays(NamedTuple):
    """Rays with the values of rows on them, cone after cone; the rows of a cone are its own.

    Attributes
    ----------
    values : float64
        Ray by ray, of the rows that a cone has. An entry is 0.0 exactly where the value is 0,
        and has the sign of the value; the rays of a cone are of any positive length.
    lows : float64
        What the values lack to be known to twice as many digits; empty if they are not.
    errors : float64
        By ray; 0 if the values are integers.
    residues : float64 (k, len(values))
        The values modulo each prime, up to a factor for each ray.
    guards : float64 (k, len(errors))
        The same of a row that is positive on all cones.
    primes : float64 (k,)
        Below 2^26; none if the values are integers, or zeros are left to the host.
    tight : uint64 (len(errors), words)
        The walls on which each ray lies.
    """

    values: Any
    lows: Any
    errors: Any
    residues: Any
    guards: Any
    primes: Any
    tight: Any


INTEGER_LIMIT = 2.0**26
U = 2.0**-53


@compiled()
def _gcd(a, b):
    while b != 0:
        a, b = b, a % b
    return a


@compiled()
def _list_cuts(level, values, cuts, ids, parent_ids, sides):
    """The rows that are positive on one ray of a level and negative on another."""
    m, r, start, place = level[ROWS], level[RAYS], level[VALUES], level[CUTS]
    sides[:m] = 0
    for j in range(r):
        at = start + j * m
        for i in range(m):
            v = values[at + i]
            sides[i] |= np.uint8(v > 0.0) | (np.uint8(v < 0.0) << np.uint8(1))
    count = 0
    for i in range(m):
        if sides[i] == 3:
            cuts[place + count] = i
            ids[place + count] = ids[parent_ids + i] if parent_ids >= 0 else i
            count += 1
    level[N_CUTS] = count


@compiled()
def _keep_different(level, values, cuts, ids, table):
    """Of integer rows that are proportional on the rays of a level keep the first."""
    m, r, start, place = level[ROWS], level[RAYS], level[VALUES], level[CUTS]
    size = 4
    while size < 2 * level[N_CUTS]:
        size *= 2
    table[:size] = -1
    count = 0
    for c in range(level[N_CUTS]):
        i = cuts[place + c]
        lead = start + i
        while values[lead] == 0.0:
            lead += m
        # Quotients of integers that float64 holds are equal when the fractions are.
        key = np.uint64((lead - start) // m)
        for at in range(lead + m, start + r * m, m):
            share = np.int64(values[at] / values[lead] * 1048573.0)
            key = (key ^ np.uint64(share)) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        slot = np.int64(key & np.uint64(size - 1))
        repeated = False
        while table[slot] >= 0:
            o = table[slot] - i
            if values[lead + o] != 0.0:
                repeated = True
                for at in range(start + i, start + r * m, m):
                    if values[at] * values[lead + o] != values[at + o] * values[lead]:
                        repeated = False
                        break
                if repeated:
                    break
            slot = (slot + 1) & (size - 1)
        if not repeated:
            table[slot] = i
            cuts[place + count], ids[place + count] = i, ids[place + c]
            count += 1
    level[N_CUTS] = count


@compiled()
def _n_points(level, rays, cuts, positions):
    """How many points the rows of a level cut on the stretch between its two rays; −1 if it
    cannot be told whether two are one."""
    values, errors, residues = rays.values, rays.errors, rays.residues
    guards, primes = rays.guards, rays.primes
    m, start, place, count = level[ROWS], level[VALUES], level[CUTS], level[N_CUTS]
    first = level[FIRST]
    e = errors[first] + errors[first + 1]
    reach = 0.0
    for c in range(count):
        v, w = abs(values[start + cuts[place + c]]), abs(values[start + m + cuts[place + c]])
        positions[c] = v / (v + w)
        reach = max(reach, 1.01 * e / (v + w - e) + 8 * U if v + w > e else 1.0)
    order = np.argsort(positions[:count])
    points, run = 1, 0
    for c in range(1, count):
        if positions[order[c]] - positions[order[c - 1]] > 2 * reach:
            points, run = points + 1, c
            continue
        if len(primes) == 0:
            return -1
        i = start + cuts[place + order[c]]
        for j in range(len(primes)):
            scale = _minor(
                guards[j, first], guards[j, first + 1], residues, j, i, i + m, primes
            )
            if scale == 0.0:
                return -1
        different = True
        for before in range(run, c):
            o = start + cuts[place + order[before]]
            same = True
            for j in range(len(primes)):
                if (
                    _minor(residues[j, o], residues[j, o + m], residues, j, i, i + m, primes)
                    != 0
                ):
                    same = False
                    break
            if same:
                different = False
                break
        points += different
    return points


@compiled()
def _minor(a, b, residues, j, i, o, primes):
    p = primes[j]
    return _reduced(a * residues[j, o] + b * (p - residues[j, i]), p)


@compiled()
def _reduced(x, p):
    """x modulo p, for 0 ≤ x < 2^53 and p < 2^26."""
    r = x - np.floor(x / p) * p
    if r < 0.0:
        r += p
    elif r >= p:
        r -= p
    return r


@compiled()
def _n_bits(x):
    x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + (
        (x >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled()
def _adjacent(tight, first, r, p, q, dimension, common):
    """Are rays p and q of a cone adjacent? Sets `common`, the walls on which both lie."""
    words = tight.shape[1]
    bits = on_p = on_q = 0
    for w in range(words):
        x, y = tight[first + p, w], tight[first + q, w]
        common[w] = x & y
        bits += _n_bits(x & y)
        on_p += _n_bits(x)
        on_q += _n_bits(y)
    if bits < dimension - 2:
        return False
    if bits == dimension - 2 and (on_p == dimension - 1 or on_q == dimension - 1):
        return True  # the walls of a simple ray are independent
    for t in range(r):
        if t in (p, q):
            continue
        inside = True
        for w in range(words):
            if common[w] & ~tight[first + t, w]:
                inside = False
                break
        if inside:
            return False
    return True


@compiled()
def _copy_ray(rays, source, ray, rows, at, new):
    """A ray once more, with some of its values."""
    values, lows, residues = rays.values, rays.lows, rays.residues
    for c in range(len(rows)):
        values[at + c] = values[source + rows[c]]
    if len(lows) > 0:
        for c in range(len(rows)):
            lows[at + c] = lows[source + rows[c]]
    for j in range(len(residues)):
        for c in range(len(rows)):
            residues[j, at + c] = residues[j, source + rows[c]]
        rays.guards[j, new] = rays.guards[j, ray]
    rays.errors[new] = rays.errors[ray]
    rays.tight[new] = rays.tight[ray]


@compiled()
def _combine_integers(values, parent, place, k, m, cuts, p, q, vp, vq, at):
    """The values of −v_q·p + v_p·q on the first k cutting rows; False if they are large."""
    g = float(_gcd(np.int64(vp), np.int64(-vq)))
    a, b = vp / g, -vq / g
    common = np.int64(0)
    largest = 0.0
    for c in range(k):
        i = cuts[place + c]
        x = a * values[parent + q * m + i] + b * values[parent + p * m + i]
        values[at + c] = x
        largest = max(largest, abs(x))
        if common != 1:
            common = _gcd(common, abs(np.int64(x)))
    if common > 1:
        for c in range(k):
            values[at + c] /= common
        largest /= common
    return largest < INTEGER_LIMIT


@compiled()
def _combine_floats(rays, parent, place, k, m, cuts, p, q, row, first, at, new):
    """The same as a convex combination, with its error; False if a sign is not certain.

    On the edge between p and q the point moves by less than `shift` of its length when v_p and
    v_q move within their errors, so a value moves by less than that share of its change along
    the edge.
    """
    values, lows, errors, residues = rays.values, rays.lows, rays.errors, rays.residues
    guards, primes = rays.guards, rays.primes
    vp, vq = values[row + p * m], values[row + q * m]
    ep, eq = errors[first + p], errors[first + q]
    s = vp - vq
    a, b = vp / s, -vq / s
    unit = 16 * U
    twofold = len(lows) > 0
    if twofold:
        unit = 64 * SPREAD
        vp_low, vq_low = lows[row + p * m], lows[row + q * m]
        whole, whole_low = difference(vp, vp_low, vq, vq_low)
        a, a_low = quotient(vp, vp_low, whole, whole_low)
        b, b_low = quotient(-vq, -vq_low, whole, whole_low)
    change = 0.0
    largest = 0.0
    for c in range(k):
        iq, ip = parent + q * m + cuts[place + c], parent + p * m + cuts[place + c]
        u, v = values[iq], values[ip]
        if twofold:
            one, one_low = product(a, a_low, u, lows[iq])
            other, other_low = product(-b, -b_low, v, lows[ip])
            x, lows[at + c] = difference(one, one_low, other, other_low)
        else:
            x = a * u + b * v
        values[at + c] = x
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
        rp, rq = residues[j, row + p * m], prime - residues[j, row + q * m]
        for c in range(k):
            i = cuts[place + c]
            residues[j, at + c] = _reduced(
                rp * residues[j, parent + q * m + i] + rq * residues[j, parent + p * m + i],
                prime,
            )
        guards[j, new] = _reduced(rp * guards[j, first + q] + rq * guards[j, first + p], prime)
        provable &= guards[j, new] != 0.0
    certain = True
    for c in range(k):
        if abs(values[at + c]) > error:
            continue
        # Certain signs that do not differ give a certain sign.
        i = cuts[place + c]
        u, v = values[parent + q * m + i], values[parent + p * m + i]
        alike = (u >= 0.0 and v >= 0.0) or (u <= 0.0 and v <= 0.0)
        if alike and (values[at + c] != 0.0 or (u == 0.0 and v == 0.0)):
            continue
        zero = provable
        for j in range(len(primes)):
            zero &= residues[j, at + c] == 0.0
        if zero:
            values[at + c] = 0.0
            if twofold:
                lows[at + c] = 0.0
        else:
            certain = False
    errors[new] = error
    if 0.0 < largest < 0.125:
        scale = 2.0 ** min(-np.floor(np.log2(largest)), 100.0)
        for c in range(k):
            values[at + c] *= scale
            if twofold:
                lows[at + c] *= scale
        errors[new] *= scale
    return certain


@compiled()
def _contained(level, values, sides):
    """Is one of its rows zero on all rays of a level?"""
    m = level[ROWS]
    sides[:m] = 0
    for j in range(level[RAYS]):
        for c in range(m):
            sides[c] |= np.uint8(values[level[VALUES] + j * m + c] != 0.0)
    return sides[:m].min() == 0


@compiled()
def count_cells(
    state, levels, rays, cuts, ids, table, sides, positions, dimension, integral
):  # fmt: skip
    """Cells that rows cut in a pointed cone, on from where the loop stopped.

    Parameters
    ----------
    state : int64 (5,)
        Level, stage, rays of the level that is built, cells so far, and the number of cells
        at which to stop for a report.
    levels : int64 (dimension + 1, N_COLUMNS)
    rays : Rays
        Of all levels.
    cuts, ids : int64
        The cutting rows: their places among the rows of the level, and their numbers.
    table, sides, positions : int64, uint8, float64 (n,)
        Room to work.
    dimension : int
        Of the cone.
    integral : bool
        Are the values integers, without errors?

    Returns
    -------
    int
        Why the loop stopped.
    """
    values, errors, tight = rays.values, rays.errors, rays.tight
    common = np.empty(tight.shape[1], np.uint64)
    while True:
        l = state[0]
        level = levels[l]
        if state[1] == ENTER:
            if len(cuts) < level[CUTS] + level[ROWS]:
                return GROW
            parent_ids = levels[l - 1, CUTS] if l > 0 else -1
            _list_cuts(level, values, cuts, ids, parent_ids, sides)
            if integral:
                _keep_different(level, values, cuts, ids, table)
            if dimension - l > 2:
                state[3] += 1
                level[K] = -1
                state[1] = NEXT
            else:
                count = level[N_CUTS]
                if not integral and count > 1:
                    count = _n_points(level, rays, cuts, positions)
                    if count < 0:
                        state[1] = LEAVE
                        return LEAF
                state[3] += 1 + count
                state[1] = LEAVE
        elif state[1] == NEXT:
            level[K] += 1
            if level[K] == level[N_CUTS]:
                state[1] = LEAVE
            elif level[K] == 0:
                state[3] += 1
            else:
                below = levels[l + 1]
                below[ROWS] = level[K]
                below[VALUES] = level[VALUES] + level[RAYS] * level[ROWS]
                below[FIRST] = level[FIRST] + level[RAYS]
                below[CUTS] = level[CUTS] + level[N_CUTS]
                level[P], level[Q] = 0, 0
                state[1], state[2] = BUILD, 0
                if state[3] >= state[4]:
                    return STEPPED
        elif state[1] == BUILD:
            below = levels[l + 1]
            m, r, k = level[ROWS], level[RAYS], level[K]
            parent, first, place = level[VALUES], level[FIRST], level[CUTS]
            row = parent + cuts[place + k]
            while level[P] < r:
                p, q = level[P], level[Q]
                vp = values[row + p * m]
                new, at = below[FIRST] + state[2], below[VALUES] + state[2] * k
                if vp >= 0.0 and (new >= len(errors) or at + k > len(values)):
                    return GROW
                if vp == 0.0:
                    _copy_ray(
                        rays, parent + p * m, first + p,
                        cuts[place : place + k], at, new,
                    )  # fmt: skip
                    state[2] += 1
                if vp <= 0.0 or q == r:
                    level[P], level[Q] = p + 1, 0
                    continue
                level[Q] += 1
                vq = values[row + q * m]
                if vq >= 0.0 or not _adjacent(tight, first, r, p, q, dimension - l, common):
                    continue
                tight[new] = common
                state[2] += 1
                if integral:
                    if not _combine_integers(
                        values, parent, place, k, m, cuts, p, q, vp, vq, at
                    ):
                        return LARGE
                elif not _combine_floats(
                    rays, parent, place, k, m, cuts, p, q, row, first, at, new
                ):
                    return RAY
            below[RAYS] = state[2]
            if integral or not _contained(below, values, sides):
                state[0], state[1] = l + 1, ENTER
            else:
                state[1] = NEXT
        else:
            if l == 0:
                return DONE
            state[0], state[1] = l - 1, NEXT


@compiled()
def split_cells(
    state, stack, rays, cuts, ids, signs, shares, sides, pairs, asked, words, n_walls,
    dimension, integral,
):  # fmt: skip
    """Split a cone by the first row that cuts it, and its parts in turn, until none cuts.

    Parameters
    ----------
    state : int64 (6,)
        Cones on the stack, stage, cells in `words`, the row that splits, new rays, rays that
        are asked for.
    stack : int64 (n + 3, N_COLUMNS)
        The cones still to split, the next on top.
    rays, sides, integral
        As in :func:`count_cells`; the rows that split a cone are among its walls, row i as
        wall n_walls + i.
    cuts : int64 (n,)
        Room for the cutting rows.
    ids : int64
        The numbers of the rows of each cone.
    signs : uint64 (n + 3, W)
        By cone on the stack: bits of the rows that are positive on it, as far as is known.
    shares : float64 (n + 4,)
        By cone on the stack: its share of the work, as far as halves are alike; the last is
        what is done.
    pairs : int64 (_, 2)
        Room for pairs of adjacent rays.
    asked : int64
        Which of the new rays the host is to find exactly, when the loop stops for RAY.
    words : uint64 (_, W)
        The sign vectors of cells.

    Returns
    -------
    int
        Why the loop stopped.
    """
    values, errors, tight = rays.values, rays.errors, rays.tight
    common = np.empty(tight.shape[1], np.uint64)
    while True:
        top = state[0] - 1
        if state[1] == ENTER:
            if top < 0:
                return DONE
            cone = stack[top]
            m, r, at_ids, parent, first = (
                cone[ROWS],
                cone[RAYS],
                cone[CUTS],
                cone[VALUES],
                cone[FIRST],
            )
            sides[:m] = 0
            for j in range(r):
                at = parent + j * m
                for i in range(m):
                    v = values[at + i]
                    sides[i] |= np.uint8(v > 0.0) | (np.uint8(v < 0.0) << np.uint8(1))
            k = -1
            for i in range(m):
                if sides[i] == 3:
                    if k < 0:
                        state[3] = i
                    else:
                        cuts[k] = i
                    k += 1
                elif sides[i] == 1:
                    row = ids[at_ids + i]
                    signs[top, row >> 6] |= np.uint64(1) << np.uint64(row & 63)
            if k < 0:
                if state[2] == len(words):
                    return FULL
                words[state[2]] = signs[top]
                state[2] += 1
                shares[-1] += shares[top]
                state[0] -= 1
                continue
            row = parent + state[3]
            found = on = above = below = 0
            for p in range(r):
                vp = values[row + p * m]
                on += vp == 0.0
                above += vp > 0.0
                below += vp < 0.0
                if vp <= 0.0:
                    continue
                for q in range(r):
                    if values[row + q * m] < 0.0 and _adjacent(
                        tight, first, r, p, q, dimension, common
                    ):
                        if found == len(pairs):
                            return GROW
                        pairs[found, 0], pairs[found, 1] = p, q
                        found += 1
            start, at = first + r, parent + r * m
            lower, upper = found + on + below, found + on + above
            if (
                start + lower + upper > len(errors)
                or at + (lower + upper) * k > len(values)
                or at_ids + m + 2 * k > len(ids)
                or found > len(asked)
            ):
                return GROW
            # The part below is made under the part above, the new rays first in both.
            split = ids[at_ids + state[3]]
            wall = n_walls + split
            bit = np.uint64(1) << np.uint64(wall & 63)
            state[4], state[5] = found, 0
            for j in range(found):
                p, q = pairs[j]
                vp, vq = values[row + p * m], values[row + q * m]
                new, place = start + j, at + j * k
                if integral:
                    if not _combine_integers(
                        values, parent, 0, k, m, cuts, p, q, vp, vq, place
                    ):
                        return LARGE
                elif not _combine_floats(
                    rays, parent, 0, k, m, cuts, p, q, row, first, place, new
                ):
                    asked[state[5]] = j
                    state[5] += 1
                for w in range(tight.shape[1]):
                    tight[new, w] = tight[first + p, w] & tight[first + q, w]
                tight[new, wall >> 6] |= bit
            low, high = found, lower + found
            for p in range(r):
                vp = values[row + p * m]
                if vp <= 0.0:
                    _copy_ray(
                        rays, parent + p * m, first + p,
                        cuts[:k], at + low * k, start + low,
                    )  # fmt: skip
                    if vp == 0.0:
                        tight[start + low, wall >> 6] |= bit
                    low += 1
                if vp >= 0.0:
                    _copy_ray(
                        rays, parent + p * m, first + p,
                        cuts[:k], at + high * k, start + high,
                    )  # fmt: skip
                    if vp == 0.0:
                        tight[start + high, wall >> 6] |= bit
                    high += 1
            for side in range(2):
                for c in range(k):
                    ids[at_ids + m + side * k + c] = ids[at_ids + cuts[c]]
                part = stack[top + 1 + side]
                part[ROWS], part[RAYS] = k, upper if side else lower
                part[CUTS] = at_ids + m + side * k
                part[VALUES] = at + side * lower * k
                part[FIRST] = start + side * lower
                signs[top + 1 + side] = signs[top]
            signs[top + 2, split >> 6] |= np.uint64(1) << np.uint64(split & 63)
            state[1] = BUILD
            if state[5] > 0:
                return RAY
        else:
            # The new rays of the part below are those of the part above, too.
            lower, upper = stack[top + 1], stack[top + 2]
            k = lower[ROWS]
            here = np.arange(k)
            for j in range(state[4]):
                _copy_ray(
                        rays, lower[VALUES] + j * k,
                    lower[FIRST] + j, here, upper[VALUES] + j * k, upper[FIRST] + j,
                )  # fmt: skip
            # The cone itself is done; its parts take its place.
            stack[top], stack[top + 1] = stack[top + 1].copy(), stack[top + 2].copy()
            signs[top], signs[top + 1] = signs[top + 1].copy(), signs[top + 2].copy()
            shares[top] /= 2
            shares[top + 1] = shares[top]
            state[0] += 1
            state[1] = ENTER
