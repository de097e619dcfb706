"""Cells in a pointed cone, counted: restrict the cone to each row that cuts it, compiled.

For values with errors; integers are for :mod:`arrangement.kernels.cells.integral_cones`.
"""

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
from arrangement.kernels.types import (
    Floats1,
    Ints1,
    Ints2,
    Words2,
)

__all__ = ["count_cells"]


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


@uncounted(Ints1, Ints2, Rays, Room, Ints1, Ints1, Ints1, Floats1, Words2, int, int, int)
def count_cells(
    state, levels, rays, room, lists, cuts, table, positions, walls, n_walls, n_lines,
    dimension,
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
            if dimension - l > 2:
                state[3] += 1
                level[K] = -1
                state[1] = NEXT
            else:
                count = level[N_CUTS]
                if count > 1:
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
                for c in range(k):
                    cuts[to + c] = cuts[place + c]
                reason = cross(
                    rays, room, lists, start, r, level[FREE], cuts[place + k], cuts, to,
                    k, walls, 0, n_walls, dimension - l, False,
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
                under[CUTS], under[N_CUTS] = to, k
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
