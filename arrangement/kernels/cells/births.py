"""Points inside the cells that a sweep lists, each from the vertex where its cell begins.

The lines of :mod:`arrangement.kernels.cells.sweep_lines` are visited again, in the same order
and in float64 without bounds: what comes out are candidates, and a candidate counts only if its
signs are certain and are those of a cell.
"""

from __future__ import annotations

import numpy as np

from arrangement.kernels.cells.candidates import certain_signs
from arrangement.kernels.cells.interior import FAR, write_point
from arrangement.kernels.compiled import compiled
from arrangement.kernels.lanes import fused, load, maximum, peak, spread, store
from arrangement.kernels.types import (
    Bools1,
    Floats1,
    Floats2,
    Floats3,
    Ints1,
    Words2,
    read_only,
)

__all__ = ["points_at_births"]

# A pivot smaller than this, among coordinates of unit length, is taken for rounding.
SMALLEST_PIVOT = 1e-10
# A cell is sought so far ahead in the list, or among as many as candidates were lost, up to a
# limit; and so often in vain, or once for so many that were found.
WINDOW, LIMIT = 64, 4096
PATIENCE, SHARE = 4096, 16


@compiled(
    Floats3, Floats1, int, int, int, Floats2, int, Floats1, read_only(Words2), bool, float,
    Ints1, Floats1, Floats2, Bools1, Ints1, error_model="numpy", nogil=True,
)  # fmt: skip
def points_at_births(
    tables, offsets, n, level, first, rows, n_signs, doubt, words, central, reach, columns,
    units, points, certain, state,
):  # fmt: skip
    """Points inside the cells of one level of a sweep that begin on some lines.

    Let i hyperplanes meet in a vertex of the flat of that level. With a slack of each as
    coordinates, the cell that begins there contains the direction in which all slacks grow
    alike; the point is halfway to the next hyperplane. On a level at infinity it is a direction
    in the interior of the cell, and leads from the origin beyond all hyperplanes.

    Parameters
    ----------
    tables : float64 (max(level - 1, 1), level + 1, wide + high)
        Room for a dictionary for each depth but the last, whose entries are made where they
        are used; the first filled: n rows, then, from `wide` on,
        the coordinates of the point, by a constant, the sweep coordinate and others. Both sizes
        are multiples of 8; rows that fill up have the constant 1.
    offsets : float64 (wide + high,)
        Of the rows and coordinates at the origin, on a level at infinity; else empty.
    n : int
    level : int
        At least 1.
    first : int
        The first hyperplane of the lines; without meaning on level 1.
    rows : float64 (r + 1, 8 k)
        The normals, then the offsets of all signs, for the certificate; filled up likewise.
    n_signs : int
    doubt : float64 (r + 1,)
        How much the value of a row can be wrong, per unit of each coordinate, at most.
    words : uint64 (m, W)
        Sign vectors of cells.
    central : bool
        Are the cells of the second half the opposites of the first?
    reach : float
        A step is no longer than this.
    columns, units, points, certain
        As in `interior_points`.
    state : int64 (3,)
        The cell that is expected next; candidates since that were not certain; those that were
        sought in vain. Kept from call to call.

    Returns
    -------
    bool
        False if these cells do not seem to be in the order of the sweep.
    """
    total, wide = np.uint64(tables.shape[2]), np.uint64((n + 7) & ~7)
    width = np.uint64(level + 1)
    r = np.uint64(rows.shape[0] - 1)
    n_words = words.shape[1]
    last = len(words) // 2 if central else len(words)
    zero, one, two, eight = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(8)
    pick = np.full(level, -1, np.int64)
    pick[0] = first - 1
    values, slopes = np.empty(total), np.empty(total)
    turns, point = np.empty(width), np.empty(r)
    # The last exchange adds multiples of the last column, the pivot's, to the others.
    source, inverse, factors = np.uint64(level), 0.0, np.zeros(width)
    signs, valid = np.zeros(n_words, np.uint64), np.zeros(n_words, np.uint64)
    for k in range(n_signs):
        valid[k >> 6] |= one << np.uint64(k & 63)
    at_infinity = len(offsets) > 0
    depth = 0
    while depth >= 0:
        begin = 0
        if level > 1:
            pick[depth] += 1
            h = pick[depth]
            if h > n - level + depth or (depth == 0 and h > first):
                depth -= 1
                continue
            if depth < level - 2:
                if _exchange(tables, depth, h):
                    depth += 1
                    pick[depth] = h
                continue
            pivot = tables[depth, source, h]
            if not abs(pivot) > SMALLEST_PIVOT:
                continue
            inverse = 1.0 / pivot
            for c in range(source):
                factors[c] = -tables[depth, c, h] * inverse
            begin = h + 1
        at = np.uint64(depth)
        base = at * width * total
        for h in range(np.uint64(begin), np.uint64(n)):
            last_entry = tables[at, source, h]
            slope = tables[at, one, h] + factors[1] * last_entry
            if not abs(slope) > SMALLEST_PIVOT:
                continue
            t = -(tables[at, zero, h] + factors[0] * last_entry) / slope
            # No branch depends on the signs, which cannot be foreseen.
            entry = last_entry * inverse
            turn = 1.0 - 2.0 * (entry * slope > 0.0)
            growth, share = 1.0 + abs(entry), turn * inverse
            for c in range(two, source):
                entry = tables[at, c, h] + factors[c] * last_entry
                growth += abs(entry)
                turn = 1.0 - 2.0 * (entry * slope > 0.0)
                turns[c] = turn
                share += turn * factors[c]
            growth /= abs(slope)
            turns[source] = share + growth * factors[1]
            shift = factors[0] + t * factors[1]
            for k in range(zero, total, eight):
                g = load(tables, base + total + k)
                v = fused(g, spread(t), load(tables, base + k))
                v = fused(load(tables, base + source * total + k), spread(shift), v)
                dv = g * growth
                for c in range(two, width):
                    dv = fused(load(tables, base + c * total + k), spread(turns[c]), dv)
                store(values, k, v)
                store(slopes, k, dv)
            values[h] = slopes[h]
            for c in range(level - 1):
                values[pick[c]] = slopes[pick[c]]
            rate = spread(1.0 / reach)
            for k in range(zero, wide, eight):
                rate = maximum(load(slopes, k) / (spread(0.0) - load(values, k)), rate)
            step = 0.5 / peak(rate)
            values[h] = 0.0
            for c in range(level - 1):
                values[pick[c]] = 0.0
            far = 1.0
            if at_infinity:
                rate = spread(0.5 * reach)
                for k in range(zero, wide, eight):
                    v = fused(load(slopes, k), spread(step), load(values, k))
                    rate = maximum(load(offsets, k) / (spread(0.0) - v), rate)
                far = 2.0 * peak(rate)
            bound = doubt[r]
            for j in range(r):
                x = values[wide + j] + step * slopes[wide + j]
                if at_infinity:
                    x = offsets[wide + j] + far * x
                point[j] = x
                bound += abs(x) * doubt[j]
            state[1] += 1
            if not bound < FAR:
                continue
            if not certain_signs(rows, point, bound, signs):
                continue
            cell = -1
            expected = state[0] + state[1] - 1
            for q in range(-1, min(state[1], LIMIT) + WINDOW):
                i = expected if q < 0 else state[0] + q
                if i >= last:
                    if q < 0:
                        continue
                    break
                equal = True
                for w in range(n_words):
                    equal = equal and words[i, w] == signs[w] & valid[w]
                if equal:
                    cell = i
                    break
            if cell < 0:
                state[2] += 1
                if state[2] > PATIENCE + state[0] // SHARE:
                    return False
                continue
            state[0], state[1] = cell + 1, 0
            certain[cell] = write_point(points, cell, point, columns, units, 1.0)
            if central:
                other, opposite = cell + last, True
                for w in range(n_words):
                    opposite = opposite and words[other, w] == ~signs[w] & valid[w]
                if opposite:
                    certain[other] = write_point(points, other, point, columns, units, -1.0)
        if level == 1:
            break
    return True


@compiled(error_model="numpy")
def _exchange(tables, depth, h):
    """Fill the next dictionary, with the slack of row h for a coordinate; False if there is
    no pivot."""
    width, total = tables.shape[1], np.uint64(tables.shape[2])
    made = depth + 2
    best, column = SMALLEST_PIVOT, -1
    for c in range(made, width):
        if abs(tables[depth, c, h]) > best:
            best, column = abs(tables[depth, c, h]), c
    if column < 0:
        return False
    inverse = 1.0 / tables[depth, column, h]
    zero, eight = np.uint64(0), np.uint64(8)
    old = np.uint64(depth * width) * total
    new = np.uint64((depth + 1) * width) * total
    source = old + np.uint64(column) * total
    for c in range(width):
        if c == column:
            continue
        start = old + np.uint64(c) * total
        goal = column if c == made else c
        end = new + np.uint64(goal) * total
        factor = spread(-tables[depth, c, h] * inverse)
        for k in range(zero, total, eight):
            store(
                tables,
                end + k,
                fused(load(tables, source + k), factor, load(tables, start + k)),
            )
        tables[depth + 1, goal, h] = 0.0
    end = new + np.uint64(made) * total
    for k in range(zero, total, eight):
        store(tables, end + k, load(tables, source + k) * inverse)
    tables[depth + 1, made, h] = 1.0
    return True
