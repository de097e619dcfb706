"""Cells in a pointed cone, counted: restrict the cone to each row that cuts it, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.cells.cone_rays import (
    CUTS,
    DONE,
    ENTER,
    FREE,
    GROW,
    LEAF,
    LEAVE,
    LIST,
    LIST_END,
    N_CUTS,
    NEXT,
    ONE,
    RAY,
    RAYS,
    STEPPED,
    K,
    Rays,
    Room,
    U,
    cross,
    minor,
    uncounted,
)
from arrangement.kernels.double_double import product
from arrangement.kernels.types import (
    Floats1,
    Ints1,
    Ints2,
    Words2,
)

__all__ = ["count_cells"]


@uncounted(forceinline=True)
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


@uncounted(forceinline=True)
def _cutting(level, rays, lists, cuts, k, to):
    """Of the rows before the k-th of a level find those that cut what it cuts out; how many are
    there? For integers.

    Let p and q be the rays on which row k is positive and negative. What it cuts out is spanned
    by all |v_q|·p + v_p·q and the rays where it is 0, and the largest value of row i on the
    former has the sign of max v_i(p)/v_k(p) + max v_i(q)/|v_k(q)|.
    """
    values, place = rays.values, level[CUTS]
    start, stop = level[LIST], level[LIST] + level[RAYS]
    row, count = cuts[place + k], 0
    for c in range(k):
        i = cuts[place + c]
        up = down = False
        # Largest and least fractions a/b and e/f above, g/h and s/t below; none if over 0.
        a = b = e = f = g = h = s = t = 0.0
        for j in range(start, stop):
            v, x = values[lists[j], row], values[lists[j], i]
            if v > 0.0:
                if b == 0.0 or x * b > a * v:
                    a, b = x, v
                if f == 0.0 or x * f < e * v:
                    e, f = x, v
            elif v < 0.0:
                if h == 0.0 or x * h > g * -v:
                    g, h = x, -v
                if t == 0.0 or x * t < s * -v:
                    s, t = x, -v
            else:
                up |= x > 0.0
                down |= x < 0.0
        up |= a * h + g * b > 0.0
        down |= e * t + s * f < 0.0
        if up and down:
            cuts[to + count] = i
            count += 1
    return count


@uncounted(forceinline=True)
def _section(level, rays, lists, row, walls, words, ends):
    """The two rays of a cone of dimension 3 on a row: rays p and q of the cone for each, whose
    sum with factors v_p and −v_q it is up to a factor, or one ray twice."""
    values, bounds = rays.values, rays.tight
    start, stop = level[LIST], level[LIST] + level[RAYS]
    count = 0
    for s in range(start, stop):
        p = lists[s]
        v = values[p, row]
        if v == 0.0:
            ends[count] = ends[count + 1] = p
            count += 2
        elif v > 0.0:
            for t in range(start, stop):
                q = lists[t]
                if values[q, row] < 0.0:
                    common = np.uint64(0)
                    for w in range(words):
                        common |= bounds[p, w] & bounds[q, w] & walls[0, w]
                    if common != 0:  # a wall that contains two rays is a facet
                        ends[count], ends[count + 1] = p, q
                        count += 2


@uncounted(forceinline=True)
def _value(values, ends, end, row, i):
    """The value of row i on an end of what `row` cuts out: an integer below 2^53."""
    p, q = ends[2 * end], ends[2 * end + 1]
    if p == q:
        return values[p, i]
    return values[p, row] * values[q, i] - values[q, row] * values[p, i]


@uncounted()
def _are_one(values, ends, row, i, o):
    """Do two rows that cut what `row` cuts out have the same point there?"""
    a, b = _value(values, ends, 0, row, i), _value(values, ends, 1, row, i)
    c, d = _value(values, ends, 0, row, o), _value(values, ends, 1, row, o)
    return product(a, 0.0, d, 0.0) == product(b, 0.0, c, 0.0)


@uncounted(forceinline=True)
def _n_cells_of_plane(level, rays, room, lists, cuts, walls, quotients, order):
    """The cells that different integer rows cut in a cone of dimension 3.

    Each row has one for itself and one for each point of those before it.
    """
    values, place, ends = rays.values, level[CUTS], room.sizes
    total = 1 + level[N_CUTS]
    for k in range(1, level[N_CUTS]):
        row = cuts[place + k]
        _section(level, rays, lists, row, walls, len(room.tight), ends)
        count = 0
        for c in range(k):
            i = cuts[place + c]
            x, y = _value(values, ends, 0, row, i), _value(values, ends, 1, row, i)
            if x * y < 0.0:
                order[count], quotients[c] = c, x / y
                count += 1
        _sort(order, quotients, count)
        total += count > 0
        run = 0
        for c in range(1, count):
            if quotients[order[c]] != quotients[order[c - 1]]:
                total, run = total + 1, c
                continue
            # Quotients of integers are equal when the fractions are.
            i = cuts[place + order[c]]
            different = True
            for before in range(run, c):
                if _are_one(values, ends, row, i, cuts[place + order[before]]):
                    different = False
                    break
            total += different
    return total


@uncounted(forceinline=True)
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
            scale = minor(
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
                    minor(
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
            place = level[CUTS]
            if l == 0:
                level[N_CUTS] = n
                for i in range(n):
                    cuts[i] = i
            for w in range(words):
                up = down = np.uint64(0)
                for j in range(r):
                    up |= above[lists[start + j], w]
                    down |= below[lists[start + j], w]
                ups[w], downs[w] = up, down
            count, contained = 0, False
            for c in range(level[N_CUTS]):
                i = cuts[place + c]
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
            if integral and dimension - l == 3:
                state[3] += _n_cells_of_plane(
                    level, rays, room, lists, cuts, walls, positions, table
                )
                state[1] = LEAVE
            elif dimension - l > 2:
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
                to = place + level[N_CUTS]
                if len(cuts) < to + k:
                    level[K] -= 1
                    return GROW
                count = k
                if integral:
                    count = _cutting(level, rays, lists, cuts, k, to)
                    if count < 2:
                        state[3] += 1 + count
                        continue
                else:
                    for c in range(k):
                        cuts[to + c] = cuts[place + c]
                reason = cross(
                    rays, room, lists, start, r, level[FREE], cuts[place + k], cuts, to,
                    count, walls, 0, n_walls, dimension - l, integral,
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
                under[CUTS], under[N_CUTS] = to, count
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
