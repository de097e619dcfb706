"""Faces of an arrangement in a pointed cone, listed: split the cone by rows, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.cells.cone_rays import (
    CODIMENSION,
    DONE,
    FREE,
    FULL,
    GROW,
    HALF,
    LINES,
    LIST,
    LIST_END,
    ONE,
    RAY,
    RAYS,
    Rays,
    Room,
    U,
    cross,
    first_bit,
    first_of_row,
    n_bits,
    uncounted,
)
from arrangement.kernels.lanes import fused, load, spread, store
from arrangement.kernels.types import (
    Bools1,
    Floats1,
    Floats2,
    Ints1,
    Ints2,
    Words2,
)

__all__ = ["Cones", "Corners", "Found", "fill_slots", "split_cells"]


MIXER = np.uint64(0x9E3779B97F4A7C15)
"""Odd, with bits as if drawn: products with it differ in their high bits."""


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


class Found(NamedTuple):
    """Faces of one codimension: their signs, and what else was asked about them.

    Attributes
    ----------
    positive, zero : uint64 (b, W)
    touching : bool (b,)
        Whether a ray lies on the wall asked about.
    points : float64 (b, 8 k)
        A point in each cell, of coordinates as those of rays.
    counts : int64 (dimension + 1,)
        Faces of each codimension, where they are only counted.
    """

    positive: Words2
    zero: Words2
    touching: Bools1
    points: Floats2
    counts: Ints1


class Corners(NamedTuple):
    """The rays of faces, where they are asked for: each has one number wherever it is found.

    It is known by the walls that it lies on and, as its opposite lies on the same, by its side
    of a row. All are empty where rays are not asked for.

    Attributes
    ----------
    numbers : int64 (r,)
        Of the rays that are held; −1 where that is not known.
    tight : uint64 (g, T)
        By number: the walls, and the rows as walls.
    sides : int64 (g,)
        By number: 2·i, and one more on the positive side, for the lowest row i that it does not
        lie on; −2 if it lies on all.
    slots : int64 (2^k,)
        A hash table of the numbers, −1 where it is free.
    members, ends : int64 (l,) and (b,)
        The numbers of the rays of one face after the other, and where those of each end.
    counts : int64 (2,)
        How many numbers and members there are.
    """

    numbers: Ints1
    tight: Words2
    sides: Ints1
    slots: Ints1
    members: Ints1
    ends: Ints1
    counts: Ints1


@uncounted(forceinline=True)
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


@uncounted(forceinline=True)
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


@uncounted(forceinline=True)
def _emit_plane(found, cones, top, count, codimension, wanted, i, o, quadrants):
    """The faces of two rows that take these quadrants, those above the first row first."""
    if wanted == 0:
        for quadrant in range(4):
            if quadrants >> quadrant & 1 and codimension == 0:
                count = _emit(found, cones, top, count, 0, 0, i, quadrant >> 1, o, quadrant & 1)
        return count
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
def _slot(corners, tight, ray, side):
    """Where in the hash table a ray is, or is to be."""
    words, last = tight.shape[1], np.uint64(len(corners.slots) - 1)
    mixed = np.uint64(side)
    for w in range(words):
        mixed = (mixed ^ tight[ray, w]) * MIXER
        mixed ^= mixed >> np.uint64(32)
    at = mixed & last
    while corners.slots[at] >= 0:
        k = corners.slots[at]
        same = corners.sides[k] == side
        for w in range(words):
            same &= corners.tight[k, w] == tight[ray, w]
        if same:
            break
        at = (at + ONE) & last
    return at


@uncounted(Corners)
def fill_slots(corners):
    """Fill an empty hash table with the rays that have numbers."""
    for k in range(corners.counts[0]):
        corners.slots[_slot(corners, corners.tight, k, corners.sides[k])] = k


@uncounted()
def _number(corners, tight, ray, positive, top, n, n_walls):
    """The number of a ray of a face on which n rows have the signs of `positive`."""
    if corners.numbers[ray] >= 0:
        return corners.numbers[ray]
    side = np.int64(-2)
    for i in range(n):
        wall = n_walls + i
        if tight[ray, wall >> 6] >> np.uint64(wall & 63) & ONE == 0:
            side = 2 * i + np.int64(positive[top, i >> 6] >> np.uint64(i & 63) & ONE)
            break
    at = _slot(corners, tight, ray, side)
    if corners.slots[at] < 0:
        k = corners.counts[0]
        corners.counts[0] = k + 1
        corners.slots[at] = k
        corners.sides[k] = side
        for w in range(tight.shape[1]):
            corners.tight[k, w] = tight[ray, w]
    corners.numbers[ray] = corners.slots[at]
    return corners.slots[at]


@uncounted()
def _list_corners(corners, tight, lists, start, r, positive, top, at, n, n_walls):
    """Note the rays of a face, which is face number `at`."""
    end = corners.counts[1]
    for j in range(r):
        ray = lists[start + j]
        corners.members[end + j] = _number(corners, tight, ray, positive, top, n, n_walls)
    corners.counts[1] = corners.ends[at] = end + r


@uncounted(forceinline=True)
def _add(sums, k, coordinates, ray, factor):
    """Add a multiple of a ray's coordinates to one of some sums."""
    width = np.uint64(coordinates.shape[1])
    to, start = np.uint64(k) * np.uint64(sums.shape[1]), np.uint64(ray) * width
    for c in range(np.uint64(0), width, np.uint64(8)):
        added = fused(load(coordinates, start + c), spread(factor), load(sums, to + c))
        store(sums, to + c, added)


@uncounted(forceinline=True, error_model="numpy")
def _locate(found, rays, room, lists, start, r, at, i, o, quadrants):
    """Set a point in each part of a cone where the values of two rows take a quadrant.

    The rays in the closed quadrant, or as in :func:`_quadrants` the two next to it, are added
    so often to the sum of all rays that the sum is in it. One row takes the first quadrant and
    the last with itself; the quadrant of no rows, −1, is the cone.
    """
    values, coordinates, sums = rays.values, rays.coordinates, room.sums
    width = coordinates.shape[1]
    sums[:] = 0.0
    for j in range(r):
        ray = lists[start + j]
        _add(sums, 4, coordinates, ray, 1.0)
        if quadrants < 0:
            continue
        x, y = values[ray, i], values[ray, o]
        if x == 0.0 and y == 0.0:
            continue
        sums[4, width] += x
        sums[4, width + 1] += y
        low = 2 * (x < 0.0) + (y < 0.0)
        step = 2 * (x == 0.0) + (y == 0.0)  # to the other quadrant of a ray between two
        for quadrant in range(low, low + step + 1, max(step, 1)):
            _add(sums, quadrant, coordinates, ray, 1.0)
            sums[quadrant, width] += x
            sums[quadrant, width + 1] += y
    if quadrants < 0:
        for c in range(width):
            found.points[at, c] = sums[4, c]
        return
    for quadrant in range(4):
        if not quadrants >> quadrant & 1:
            continue
        right, up = 1.0 - 2.0 * (quadrant >> 1), 1.0 - 2.0 * (quadrant & 1)
        across, along = right * sums[quadrant, width], up * sums[quadrant, width + 1]
        if across == 0.0 or along == 0.0:
            first = second = np.int64(-1)
            x, y, w, v = 0.0, 1.0, 0.0, 1.0
            for j in range(r):
                ray = lists[start + j]
                a, b = right * values[ray, i], up * values[ray, o]
                if a > 0.0:
                    if -b * x < y * a:
                        x, y, first = a, -b, ray
                elif b > 0.0 and -a * w < v * b:
                    w, v, second = b, -a, ray
            across, along = (v + w) * x - (x + y) * v, (x + y) * w - (v + w) * y
            for c in range(width):
                sums[quadrant, c] = 0.0
            _add(sums, quadrant, coordinates, first, v + w)
            _add(sums, quadrant, coordinates, second, x + y)
        often = max(-right * sums[4, width] / across, -up * sums[4, width + 1] / along)
        often = np.ceil(max(1.0, 1.0 + 2.0 * often))
        for c in range(width):
            found.points[at, c] = sums[4, c] + often * sums[quadrant, c]
        at += 1


@uncounted(forceinline=True)
def _copy(cones, source, to):
    """Copy the bits of a cone to another place of the stack."""
    for w in range(cones.cutting.shape[1]):
        cones.cutting[to, w] = cones.cutting[source, w]
        cones.positive[to, w] = cones.positive[source, w]
        cones.zero[to, w] = cones.zero[source, w]
    for w in range(cones.walls.shape[1]):
        cones.walls[to, w] = cones.walls[source, w]


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
        _copy(cones, first, top)
        top += 1
    for t in range(first, top):
        cones.shares[t] = share / (top - first)
    return top


@uncounted(Ints1, Cones, Rays, Room, Ints1, Ints1, Found, Corners, int, int, int, int, bool)
def split_cells(
    state, cones, rays, room, lists, rows, found, corners, n_walls, dimension, wanted, touched,
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
    corners : Corners
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
    located = wanted == 0 and found.points.shape[1] > 0
    cornered, given = len(corners.numbers) > 0, corners.counts
    by_planes = touched < 0 and not cornered
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
            n_cutting += n_bits(cutting[top, w])
        done = r == 0 or (wanted >= 0 and codimension + n_cutting < wanted)
        if not done and n_cutting == 0:
            if touched >= 0:
                touching = False
                for j in range(r):
                    bits = rays.tight[lists[start + j], touched >> 6]
                    touching |= bits >> np.uint64(touched & 63) & ONE == 1
                found.touching[state[1]] = touching
            if located:
                _locate(found, rays, room, lists, start, r, state[1], 0, 0, -1)
            if cornered and codimension == wanted:
                if min(len(corners.tight) - given[0], len(corners.members) - given[1]) < r:
                    return GROW
                _list_corners(
                    corners, rays.tight, lists, start, r, cones.positive, top, state[1],
                    len(rows), n_walls,
                )  # fmt: skip
            state[1] = _emit(found, cones, top, state[1], codimension, wanted, 0, 3, 0, 3)
            done = True
        elif not done and n_cutting <= 2 and by_planes:
            i = first_of_row(cutting, top)
            if n_cutting == 1:
                if located:
                    _locate(found, rays, room, lists, start, r, state[1], i, i, 9)
                for side in range(3):
                    state[1] = _emit(
                        found, cones, top, state[1], codimension + (side == 2), wanted, i,
                        side, 0, 3,
                    )  # fmt: skip
                done = True
            else:
                cutting[top, i >> 6] ^= ONE << np.uint64(i & 63)
                o = first_of_row(cutting, top)
                cutting[top, i >> 6] ^= ONE << np.uint64(i & 63)
                quadrants = _quadrants(rays, lists, start, r, i, o, integral)
                if quadrants >= 0:
                    if located:
                        _locate(found, rays, room, lists, start, r, state[1], i, o, quadrants)
                    state[1] = _emit_plane(
                        found, cones, top, state[1], codimension, wanted, i, o, quadrants
                    )
                    done = True
        if done:
            cones.shares[-1] += cones.shares[top]
            state[0] -= 1
            continue
        row = first_of_row(cutting, top)
        k = 0
        for w in range(words):
            x = cutting[top, w]
            while x != 0:
                i = 64 * w + first_bit(x)
                if i != row:
                    rows[k] = i
                    k += 1
                x &= x - ONE
        free = cone[FREE]
        reason = cross(
            rays, room, lists, start, r, free, row, rows, 0, k, cones.walls, top, n_walls,
            dimension, integral,
        )  # fmt: skip
        if reason != DONE:
            return reason
        n_above, n_below, n_on, new = sizes[0], sizes[1], sizes[2], sizes[3]
        if end + r + new > len(lists):
            return GROW
        if cornered:
            corners.numbers[free : free + new] = -1
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
            _copy(cones, top, t)
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
