"""Depth first over the flats of an arrangement, compiled: lists of flats and faces.

A flat is reached once, by its lexicographically first basis: by a chain of rows each of which
is the lowest that becomes zero with it. As in :mod:`arrangement.kernels.restriction`, a call
hands back what the filter cannot decide, and the next call resumes where it left off.
"""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.restriction import (
    CONTAINS,
    CUTS,
    DONE,
    ENTER,
    RESOLVE_ROWS,
    _choose_column,
    enumerate_cells,
    restrict_rows,
    settle_restriction,
)

__all__ = ["NO_ROOM", "list_faces", "list_flats"]

# More reasons to return, beside those of enumerate_cells.
FOUND, NO_ROOM = 5, 6

# Where the walk over flats resumes.
ARRIVE, STEP, SETTLE = 0, 1, 2


@compiled(error_model="numpy")
def _free(flats, level, n_constants):
    return flats.values.shape[1] - n_constants - level


@compiled(error_model="numpy")
def _is_first(flats, level):
    """Does no lower row lead to the flat of level + 1?"""
    j = flats.cut[level]
    if level > 0 and j < flats.cut[level - 1]:
        return False
    for i in range(j):
        if flats.kind[level + 1, i] == CONTAINS and flats.kind[level, i] != CONTAINS:
            return False
    return True


@compiled(error_model="numpy")
def _next_flat(flats, state, rank, n_constants, exact):
    """Put the next flat of a rank on the level of that number: FOUND, DONE or RESOLVE_ROWS.

    `state` is [level, where to resume, number of the last flat of rank − 1].
    """
    n = flats.values.shape[2]
    level, phase = state[0], state[1]
    while True:
        if phase == ARRIVE:
            if level == rank:
                state[0], state[1] = level - 1, STEP
                return FOUND
            flats.cut[level] = flats.cut[level - 1] if level > 0 else -1
            flats.repeats[level, :] = False
            if level == rank - 1:
                state[2] += 1
            phase = STEP
        elif phase == STEP:
            if level < 0:
                return DONE
            j = flats.cut[level] + 1
            while j < n and (flats.kind[level, j] != CUTS or flats.repeats[level, j]):
                j += 1
            if j == n:
                level -= 1
                continue
            flats.cut[level] = j
            free = _free(flats, level, n_constants)
            flats.column[level] = _choose_column(flats, level, free, j)
            phase = SETTLE
            if restrict_rows(flats, level, n_constants, exact) > 0:
                state[0], state[1] = level, phase
                return RESOLVE_ROWS
        else:
            settle_restriction(flats, level + 1, n_constants)
            phase = STEP
            if _is_first(flats, level):
                level += 1
                phase = ARRIVE


@compiled(error_model="numpy")
def list_flats(flats, state, rank, n_constants, exact, contains):
    """List the flats of a rank; resumable.

    Parameters
    ----------
    state : int64 (4,)
        [level, where to resume, number of the last flat of rank − 1, flats written].
    rank : int
        At least 1.
    contains : uint64 (room, words)
        Bit i is 1 when row i contains the flat.

    Returns
    -------
    int
        DONE, or RESOLVE_ROWS on level state[0], or NO_ROOM.
    """
    while True:
        k = state[3]
        if k == len(contains):
            return NO_ROOM
        reason = _next_flat(flats, state, rank, n_constants, exact)
        if reason != FOUND:
            return reason
        contains[k] = 0
        for i in range(flats.values.shape[2]):
            if flats.kind[rank, i] == CONTAINS:
                contains[k, i >> 6] |= np.uint64(1) << np.uint64(i & 63)
        state[3] += 1


@compiled(error_model="numpy")
def list_faces(
    flats, forest, state, inner, order, tied, spans, rank, n_constants, exact, keep, words, flat
):
    """List the faces on all flats of a rank: the cells that are cut on each; resumable.

    Parameters
    ----------
    flats, forest, order, tied, spans
        As in :func:`enumerate_cells`.
    state : int64 (7,)
        [level, where to resume, number of the last flat of rank − 1, faces written, number of
        the flat, is one at hand (1) and cut into faces (2), faces counted].
    inner : int64 (6,)
        The state of :func:`enumerate_cells` on the flat at hand.
    keep : bool
        Store the faces; otherwise only count them.
    words : uint64 (room, words)
        Bit i of a face is 1 on the positive side of row i.
    flat : int64 (room,)
        The flat of the face, counted in the order of the walk.

    Returns
    -------
    int
        DONE; or NO_ROOM; or RESOLVE_ROWS on level state[0]; or, when state[5] is 1, what
        enumerate_cells returned.
    """
    n = flats.values.shape[2]
    no = np.bool_(False)  # for a literal, numba compiles the functions below once more
    while True:
        if state[5] == 0:
            reason = _next_flat(flats, state, rank, n_constants, exact)
            if reason != FOUND:
                return reason
            flats.limit[rank] = n
            inner[:] = 0
            inner[0], inner[1], inner[3] = rank, ENTER, 1
            state[4] += 1
            state[5] = 1
        point = _free(flats, rank, n_constants) == 0
        if state[5] == 1:
            if not point:
                reason = enumerate_cells(
                    flats, forest, inner, order, tied, spans, rank, n_constants, exact, keep,
                    no,
                )  # fmt: skip
                if reason != DONE:
                    return reason
            state[6] += 1 if point else inner[4]
            state[5] = 2
        if keep:
            m = 1 if point else forest.n_cells[rank]
            if state[3] + m > len(words):
                return NO_ROOM
            for a in range(m):
                row = words[state[3] + a]
                if point:
                    row[:] = 0
                    for i in range(n):
                        for c in range(n_constants):
                            s = flats.signs[rank, c, i]
                            if s != 0:
                                if s > 0:
                                    row[i >> 6] |= np.uint64(1) << np.uint64(i & 63)
                                break
                else:
                    for w in range(len(row)):
                        row[w] = forest.words[forest.offset[rank] + a, w]
                flat[state[3] + a] = state[4]
            state[3] += m
        state[5] = 0
