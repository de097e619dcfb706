"""Restrict and split, compiled: flats, split trees, and the loop that merges them.

Nothing here decides a sign that the arithmetic does not certify: an entry that the filter
cannot decide is marked UNSURE and handed back to the caller, who settles it exactly
(:mod:`arrangement.exact`) and calls again. A call resumes where the last one left off, since
all state lives in the arrays that it is given.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.kernels.compiled import compiled
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF

__all__ = [
    "CONTAINS",
    "CUTS",
    "DONE",
    "ENTER",
    "GROW",
    "MISSES",
    "RESOLVE_LINE",
    "RESOLVE_ROWS",
    "STEPPED",
    "UNSURE",
    "Flats",
    "Forest",
    "enumerate_cells",
    "restrict_rows",
    "settle_restriction",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

UNSURE = np.int8(2)
"""The sign of an entry that the filter could not certify."""

# Why enumerate_cells returned.
DONE, RESOLVE_ROWS, RESOLVE_LINE, GROW, STEPPED = 0, 1, 2, 3, 4

# Where enumerate_cells resumes.
ENTER, STEP, SETTLE, WALK, MERGE = 0, 1, 2, 3, 4

# How a row meets a flat.
CUTS, MISSES, CONTAINS = np.int8(0), np.int8(1), np.int8(2)


class Flats(NamedTuple):
    """One flat per level of the recursion: level k is level k−1 cut with one hyperplane.

    Columns are the variables still free on the flat, then `n_constants` constant columns; the
    last is the plain constant, one before it is multiplied by an infinitely large number.
    """

    values: Floats  # (levels, columns, n): row i restricted to the flat, positively scaled
    errors: Floats  # (levels, columns, n): bounds on |values − exact|; unused when exact
    signs: NDArray[np.int8]  # (levels, columns, n): certified signs, or UNSURE
    kind: NDArray[np.int8]  # (levels, n): CUTS, MISSES or CONTAINS
    repeats: NDArray[np.bool_]  # (levels, n): the same set on the flat as an earlier row
    same: Words  # (levels, words): rows that became zero here, oriented like the cutting row
    opposite: Words  # (levels, words): the same, oriented against it
    pivot: Floats  # (levels,): |pivot| that led here (fraction-free elimination divides by it)
    cut: Ints  # (levels,): the row whose restriction is the next level
    column: Ints  # (levels,): the variable eliminated for it
    limit: Ints  # (levels,): rows below this index are inserted on this flat


class Forest(NamedTuple):
    """For each level the split tree of its flat; a leaf is a cell, an inner node a split."""

    words: Words  # (capacity, words): bit i of a cell is 1 on the positive side of row i
    split: NDArray[np.int32]  # (2·capacity,): the row that splits a node, −1 for a leaf
    child: NDArray[np.int32]  # (2·capacity, 2): minus side, plus side
    cell: NDArray[np.int32]  # (2·capacity,): the leaf's cell, or some cell below the node
    offset: Ints  # (levels,): where the level's cells start (its nodes: at twice that)
    capacity: Ints  # (levels,)
    n_cells: Ints  # (levels,)
    n_nodes: Ints  # (levels,)
    root: Ints  # (levels,)


@compiled(error_model="numpy")
def restrict_rows(flats, level, n_constants, exact):
    """Fill level + 1 with all rows restricted to {row cut[level] = 0}; count UNSURE entries."""
    values, errors, signs = flats.values, flats.errors, flats.signs
    n = values.shape[2]
    free = values.shape[1] - n_constants - level
    j, column = flats.cut[level], flats.column[level]
    head = values[level, column, j]
    head_error = errors[level, column, j]
    down = level + 1
    flats.pivot[down] = abs(head)
    unsure = 0
    for c in range(free + n_constants):
        if c == column:
            continue
        k = c if c < column else c - 1
        top = values[level, c, j]
        if exact:
            # Both products are minors times minors, each at most 2^52 by the caller's bound,
            # so their difference is exact, and so is the division (Bareiss 1968).
            scale = abs(head)
            factor = top if head > 0 else -top
            previous = flats.pivot[level]
            for i in range(n):
                v = (values[level, c, i] * scale - values[level, column, i] * factor) / previous
                values[down, k, i] = v
                signs[down, k, i] = np.int8(v > 0) - np.int8(v < 0)
            continue
        top_error = errors[level, c, j]
        if top == 0.0 and top_error == 0.0:
            for i in range(n):
                values[down, k, i] = values[level, c, i]
                errors[down, k, i] = errors[level, c, i]
                signs[down, k, i] = signs[level, c, i]
        else:
            f = top / head
            f_error = INFLATE * (
                (top_error + abs(f) * head_error + TINY) / (abs(head) - head_error)
                + UNIT_ROUNDOFF * abs(f)
                + TINY
            )
            if not abs(head) > head_error:
                f_error = np.inf
            for i in range(n):
                b = values[level, column, i]
                b_error = errors[level, column, i]
                product = b * f
                v = values[level, c, i] - product
                e = errors[level, c, i]
                if b != 0.0 or b_error != 0.0:
                    e = INFLATE * (
                        e
                        + abs(b) * f_error
                        + abs(f) * b_error
                        + b_error * f_error
                        + UNIT_ROUNDOFF * (abs(product) + abs(v))
                        + TINY
                    )
                s = np.int8(v > e) - np.int8(v < -e)
                if s == 0 and not (v == 0.0 and e == 0.0):
                    s = UNSURE
                    unsure += 1
                values[down, k, i] = v
                errors[down, k, i] = e
                signs[down, k, i] = s
        if signs[down, k, j] == UNSURE:
            unsure -= 1
        values[down, k, j] = 0.0
        errors[down, k, j] = 0.0
        signs[down, k, j] = 0
    return unsure


@compiled(error_model="numpy")
def settle_restriction(flats, level, n_constants):
    """From certified signs on `level`: how each row meets the flat, and which rows became zero.

    Returns how many rows contain this flat but not the one above.
    """
    n = flats.values.shape[2]
    free = flats.values.shape[1] - n_constants - level
    kind = flats.kind[level]
    for i in range(n):
        kind[i] = CONTAINS
    for c in range(free, free + n_constants):
        for i in range(n):
            if flats.signs[level, c, i] != 0:
                kind[i] = MISSES
    for c in range(free):
        for i in range(n):
            if flats.signs[level, c, i] != 0:
                kind[i] = CUTS
    if level == 0:
        return 0
    j, column = flats.cut[level - 1], flats.column[level - 1]
    side = flats.signs[level - 1, column, j]
    flats.same[level, :] = 0
    flats.opposite[level, :] = 0
    vanished = 0
    for i in range(n):
        if kind[i] == CONTAINS and flats.kind[level - 1, i] != CONTAINS:
            vanished += 1
            bit = np.uint64(1) << np.uint64(i & 63)
            if flats.signs[level - 1, column, i] == side:
                flats.same[level, i >> 6] |= bit
            else:
                flats.opposite[level, i >> 6] |= bit
            if i > j:
                flats.repeats[level - 1, i] = True
    return vanished


@compiled(error_model="numpy")
def _choose_column(flats, level, free, j):
    """The free variable on which row j depends most."""
    best, column = -1.0, -1
    for c in range(free):
        if flats.signs[level, c, j] != 0 and abs(flats.values[level, c, j]) > best:
            best, column = abs(flats.values[level, c, j]), c
    return column


@compiled(error_model="numpy")
def _first_cell(flats, forest, level, columns):
    """Start the level's tree with the cell of a symbolic point at infinity.

    Its coordinates are infinitely large, each infinitely larger than the next, so that a
    row's sign is that of its first non-zero coefficient.
    """
    base = forest.offset[level]
    words = forest.words[base]
    words[:] = 0
    for i in range(flats.values.shape[2]):
        for c in range(columns):
            s = flats.signs[level, c, i]
            if s != 0:
                if s > 0:
                    words[i >> 6] |= np.uint64(1) << np.uint64(i & 63)
                break
    forest.split[2 * base] = -1
    forest.cell[2 * base] = 0
    forest.n_cells[level] = 1
    forest.n_nodes[level] = 1
    forest.root[level] = 0


@compiled(error_model="numpy")
def _compare_on_line(values, level, n_constants, a, b):
    """Sign of (position of row a) − (position of row b) on a line, by exact cross products.

    Row i is at −(constant of i) / (slope of i); an infinite constant column decides first.
    The cross products are minors times an earlier pivot: exact under the caller's bound.
    """
    slope_a, slope_b = values[level, 0, a], values[level, 0, b]
    for c in range(1, 1 + n_constants):
        cross = values[level, c, b] * slope_a - values[level, c, a] * slope_b
        if cross != 0:
            return 1 if (cross > 0) == ((slope_a > 0) == (slope_b > 0)) else -1
    return 0


@compiled(error_model="numpy")
def _sort_by_key(keys, order, count):
    """Sort keys and order together by key (Shell sort with Ciura's gaps)."""
    for gap in (1750, 701, 301, 132, 57, 23, 10, 4, 1):
        for k in range(gap, count):
            key, row = keys[k], order[k]
            place = k
            while place >= gap and keys[place - gap] > key:
                keys[place] = keys[place - gap]
                order[place] = order[place - gap]
                place -= gap
            keys[place] = key
            order[place] = row


@compiled(error_model="numpy")
def _is_at_zero(values, errors, level, n_constants, i):
    """Is the position of row i on a line certainly zero?"""
    for c in range(1, 1 + n_constants):
        if values[level, c, i] != 0.0 or errors[level, c, i] != 0.0:
            return False
    return True


@compiled(error_model="numpy")
def _order_line(flats, level, n_constants, exact, order, tied, spans, scratch):
    """Order the rows that cut the line of this level by position; count them.

    `tied[k]` says that row order[k] is at the same position as order[k − 1]. In filter mode
    spans[k] says that the order of the rows before place k and those from k on is unsure; the
    caller sorts such a run exactly. Returns (number of rows, number of unsure places).
    """
    values, errors, signs = flats.values, flats.errors, flats.signs
    keys, radius, lowest = scratch[0], scratch[1], scratch[2]
    count = 0
    for i in range(values.shape[2]):
        if signs[level, 0, i] != 0:
            order[count] = i
            keys[count] = -values[level, 1, i] / values[level, 0, i]
            tied[count] = False
            spans[count] = False
            count += 1
    _sort_by_key(keys, order, count)
    if exact:
        for k in range(1, count):  # nearly sorted already: float keys are off by roundings only
            row = order[k]
            place = k
            while place > 0 and (
                _compare_on_line(values, level, n_constants, order[place - 1], row) > 0
            ):
                order[place] = order[place - 1]
                place -= 1
            order[place] = row
        for k in range(1, count):
            tied[k] = _compare_on_line(values, level, n_constants, order[k - 1], order[k]) == 0
        return count, 0
    for k in range(count):
        i = order[k]
        slope, slope_error = values[level, 0, i], errors[level, 0, i]
        t = keys[k]
        if not abs(slope) > slope_error:
            radius[k] = np.inf
        elif _is_at_zero(values, errors, level, n_constants, i):
            radius[k] = 0.0
        else:
            radius[k] = INFLATE * (
                (errors[level, 1, i] + abs(t) * slope_error + TINY) / (abs(slope) - slope_error)
                + 2.0 * UNIT_ROUNDOFF * abs(t)
                + TINY
            )
    # A gap between neighbours is certain when all intervals before it end before all
    # intervals after it begin.
    lowest[count] = np.inf
    for k in range(count - 1, -1, -1):
        low = keys[k] - radius[k]
        low -= UNIT_ROUNDOFF * abs(low) * 2.0
        lowest[k] = low if low < lowest[k + 1] or np.isnan(low) else lowest[k + 1]
    highest = -np.inf
    unsure = 0
    for k in range(1, count):
        high = keys[k - 1] + radius[k - 1]
        high += UNIT_ROUNDOFF * abs(high) * 2.0
        if high > highest or np.isnan(high):
            highest = high
        if not highest < lowest[k]:
            if radius[k - 1] == 0.0 and radius[k] == 0.0:
                tied[k] = True  # both exactly at zero
            else:
                spans[k] = True
                unsure += 1
    return count, unsure


@compiled(error_model="numpy")
def _walk_line(flats, forest, level, n_constants, order, tied, count):
    """The cells of a line from the order of its points; are no two points the same?"""
    signs = flats.signs
    limit = flats.limit[level]
    base = forest.offset[level]
    nodes = 2 * base
    words = forest.words
    _first_cell(flats, forest, level, 1 + n_constants)
    # The walk starts at minus infinity: rows that cut the line have the sign opposite to
    # their slope there, the others keep the sign of their constant.
    for k in range(count):
        words[base, order[k] >> 6] ^= np.uint64(1) << np.uint64(order[k] & 63)
    running = words[base].copy()
    m = 0
    simple = True
    parents = np.empty(count + 1, np.int64)  # inner nodes on the rightmost path
    depth = 0
    k = 0
    # Inner node q (the q-th point) is number q; leaves follow.
    leaf = nodes + count
    forest.split[leaf] = -1
    forest.cell[leaf] = 0
    n_leaves = 1
    while k < count:
        end = k + 1
        while end < count and tied[end]:
            end += 1
        first = order[k]
        for q in range(k, end):
            i = order[q]
            running[i >> 6] ^= np.uint64(1) << np.uint64(i & 63)
            if i < first:
                first = i
        if first < limit:
            if end - k > 1:
                simple = False
            # The tree of a line is the Cartesian tree of its points by row index: the lowest
            # row of a stretch splits it first.
            node = m
            m += 1
            for w in range(running.shape[0]):
                words[base + m, w] = running[w]
            below = count + n_leaves - 1
            while depth > 0 and forest.split[nodes + parents[depth - 1]] > first:
                depth -= 1
                below = parents[depth]
            right = 1 if signs[level, 0, first] > 0 else 0
            forest.split[nodes + node] = first
            forest.cell[nodes + node] = node
            forest.child[nodes + node, 1 - right] = below
            forest.split[leaf + n_leaves] = -1
            forest.cell[leaf + n_leaves] = m
            forest.child[nodes + node, right] = count + n_leaves
            n_leaves += 1
            if depth > 0:
                up = parents[depth - 1]
                up_right = 1 if signs[level, 0, forest.split[nodes + up]] > 0 else 0
                forest.child[nodes + up, up_right] = node
            parents[depth] = node
            depth += 1
        k = end
    forest.n_cells[level] = m + 1
    forest.n_nodes[level] = count + n_leaves
    forest.root[level] = parents[0] if m > 0 else count
    return simple


@compiled(error_model="numpy")
def _merge(flats, forest, level, stack):
    """Split the cells of `level` that the cells of `level + 1` cut.

    Both trees split a region by the lowest row that cuts it, and a region of the restriction
    lies inside one of the flat, so one descent walks both: a split of the flat's tree that the
    restricted region does not share leaves that region on one side.
    """
    words, split, child, cell = forest.words, forest.split, forest.child, forest.cell
    base, below = forest.offset[level], forest.offset[level + 1]
    nodes, nodes_below = 2 * base, 2 * below
    j = flats.cut[level]
    same, opposite = flats.same[level + 1], flats.opposite[level + 1]
    n_words = words.shape[1]
    j_word, j_bit = j >> 6, np.uint64(1) << np.uint64(j & 63)
    n_cells, n_nodes = forest.n_cells[level], forest.n_nodes[level]
    stack[0, 0] = forest.root[level]
    stack[0, 1] = forest.root[level + 1]
    depth = 1
    while depth > 0:
        depth -= 1
        y, r = stack[depth, 0], stack[depth, 1]
        while True:
            row = split[nodes + y]
            if row < 0:
                break
            if split[nodes_below + r] == row:
                stack[depth, 0] = child[nodes + y, 1]
                stack[depth, 1] = child[nodes_below + r, 1]
                depth += 1
                y = child[nodes + y, 0]
                r = child[nodes_below + r, 0]
            else:
                word = words[below + cell[nodes_below + r], row >> 6]
                y = child[nodes + y, np.int64(word >> np.uint64(row & 63)) & 1]
        old = cell[nodes + y]
        born = below + cell[nodes_below + r]
        old_side = 1 if words[base + old, j_word] & j_bit else 0
        side = opposite if old_side else same
        for w in range(n_words):
            words[base + n_cells, w] = words[born, w] | side[w]
        split[nodes + y] = j
        child[nodes + y, old_side] = n_nodes
        child[nodes + y, 1 - old_side] = n_nodes + 1
        split[nodes + n_nodes] = -1
        cell[nodes + n_nodes] = old
        split[nodes + n_nodes + 1] = -1
        cell[nodes + n_nodes + 1] = n_cells
        n_nodes += 2
        n_cells += 1
    forest.n_cells[level] = n_cells
    forest.n_nodes[level] = n_nodes


@compiled(error_model="numpy")
def enumerate_cells(
    flats, forest, state, order, tied, spans, base, n_constants, exact, keep, report
):
    """Enumerate the cells of the flat on level `base`; resumable.

    Parameters
    ----------
    flats, forest
        See :class:`Flats` and :class:`Forest`; level `base` is certified and settled.
    state : int64 (6,)
        [level, where to resume, rows ordered on the line, is every flat so far simple,
        cells counted on the base level, level that must grow].
    order, tied, spans : (n,)
        The order of the points on a line, see ``_order_line``.
    base : int
    n_constants : int
    exact : bool
        Float64-held integers that nothing can round, instead of the filter.
    keep : bool
        Store the cells of the base level; otherwise only count them.
    report : bool
        Return STEPPED after every hyperplane inserted on the base level.

    Returns
    -------
    int
        DONE, or what the caller has to do before calling again.
    """
    n = flats.values.shape[2]
    last = flats.values.shape[1] - n_constants - 1  # the level whose flats are lines
    stack = np.empty((n + 2, 2), np.int64)
    scratch = np.empty((3, n + 1))
    level, phase = state[0], state[1]
    while True:
        if phase == ENTER:
            if level == last:
                count, unsure = _order_line(
                    flats, level, n_constants, exact, order, tied, spans, scratch
                )
                state[2] = count
                phase = WALK
                if unsure > 0:
                    state[0], state[1] = level, phase
                    return RESOLVE_LINE
            else:
                _first_cell(flats, forest, level, last + 1 - level + n_constants)
                flats.repeats[level, :] = False
                flats.cut[level] = -1
                phase = STEP
        if phase == WALK:
            if not _walk_line(flats, forest, level, n_constants, order, tied, state[2]):
                state[3] = 0
            phase = MERGE
            level -= 1
        elif phase == STEP:
            j = flats.cut[level] + 1
            while j < flats.limit[level] and (
                flats.kind[level, j] != CUTS or flats.repeats[level, j]
            ):
                j += 1
            if j >= flats.limit[level]:
                level -= 1
                phase = MERGE
            else:
                flats.cut[level] = j
                flats.column[level] = _choose_column(flats, level, last + 1 - level, j)
                unsure = restrict_rows(flats, level, n_constants, exact)
                phase = SETTLE
                if unsure > 0:
                    state[0], state[1] = level, phase
                    return RESOLVE_ROWS
        if phase == SETTLE:
            if settle_restriction(flats, level + 1, n_constants) > 1:
                state[3] = 0
            level += 1
            flats.limit[level] = flats.cut[level - 1]
            phase = ENTER
        elif phase == MERGE:
            if level < base:
                state[4] = forest.n_cells[base] if keep or base == last else state[4] + 1
                return DONE
            if level == base and not keep:
                state[4] += forest.n_cells[level + 1]
            else:
                if forest.n_cells[level] + forest.n_cells[level + 1] > forest.capacity[level]:
                    state[0], state[1], state[5] = level, phase, level
                    return GROW
                _merge(flats, forest, level, stack)
            phase = STEP
            if level == base and report:
                state[0], state[1] = level, phase
                return STEPPED
