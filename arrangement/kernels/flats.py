"""Depth first over the flats of an arrangement, compiled: lists of flats, covers and faces.

A flat is reached once, by its lexicographically first basis: by a chain of rows each of which
is the lowest that becomes zero with it. As in :mod:`arrangement.kernels.restriction`, a call
hands back what the filter cannot decide, and the next call resumes where it left off.
"""

from __future__ import annotations

import numpy as np
from numba import njit

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

__all__ = ["NO_ROOM", "list_covers", "list_faces", "list_flats"]

# More reasons to return, beside those of enumerate_cells.
FOUND, NO_ROOM = 5, 6

# Where the walk over flats resumes.
ARRIVE, STEP, SETTLE = 0, 1, 2


@njit(cache=True, error_model="numpy")
def _free(flats, level, n_constants):
    return flats.values.shape[1] - n_constants - level


@njit(cache=True, error_model="numpy")
def _arrive(flats, level):
    """Before the rows of a flat are tried one after the other."""
    flats.cut[level] = flats.cut[level - 1] if level > 0 else -1
    flats.repeats[level, :] = False


@njit(cache=True, error_model="numpy")
def _next_row(flats, level):
    """The next row that cuts a flat where no earlier one did; n if there is none."""
    n = flats.values.shape[2]
    j = flats.cut[level] + 1
    while j < n and (flats.kind[level, j] != CUTS or flats.repeats[level, j]):
        j += 1
    return j


@njit(cache=True, error_model="numpy")
def _restrict(flats, level, j, n_constants, exact):
    """Make level + 1 the restriction to row j; how many entries are unsure."""
    flats.cut[level] = j
    flats.column[level] = _choose_column(flats, level, _free(flats, level, n_constants), j)
    return restrict_rows(flats, level, n_constants, exact)


@njit(cache=True, error_model="numpy")
def _next_flat(flats, state, rank, n_constants, exact):
    """Put the next flat of a rank on the level of that number: FOUND, DONE or RESOLVE_ROWS."""
    n = flats.values.shape[2]
    level, phase = state[0], state[1]
    while True:
        if phase == ARRIVE:
            if level == rank:
                state[0], state[1] = level - 1, STEP
                return FOUND
            _arrive(flats, level)
            phase = STEP
        elif phase == STEP:
            if level < 0:
                return DONE
            j = _next_row(flats, level)
            if j == n:
                level -= 1
                continue
            phase = SETTLE
            if _restrict(flats, level, j, n_constants, exact) > 0:
                state[0], state[1] = level, phase
                return RESOLVE_ROWS
        else:
            settle_restriction(flats, level + 1, n_constants)
            phase = ARRIVE
            for i in range(flats.cut[level]):
                if flats.kind[level + 1, i] == CONTAINS and flats.kind[level, i] != CONTAINS:
                    phase = STEP  # a lower row leads here as well
                    break
            if phase == ARRIVE:
                level += 1


@njit(cache=True, error_model="numpy")
def _write_contains(flats, level, words):
    words[:] = 0
    for i in range(flats.values.shape[2]):
        if flats.kind[level, i] == CONTAINS:
            words[i >> 6] |= np.uint64(1) << np.uint64(i & 63)


@njit(cache=True, error_model="numpy")
def list_flats(flats, state, rank, n_constants, exact, contains):
    """List the flats of a rank; resumable.

    Parameters
    ----------
    state : int64 (3,)
        [level, where to resume, flats written].
    contains : uint64 (room, words)
        Bit i of a flat is 1 when row i contains it.

    Returns
    -------
    int
        DONE, or RESOLVE_ROWS on level state[0], or NO_ROOM.
    """
    while True:
        if state[2] == len(contains):
            return NO_ROOM
        reason = _next_flat(flats, state, rank, n_constants, exact)
        if reason != FOUND:
            return reason
        _write_contains(flats, rank, contains[state[2]])
        state[2] += 1


@njit(cache=True, error_model="numpy")
def list_covers(flats, state, rank, n_constants, exact, below, contains, same, first):
    """List all pairs of a flat of a rank and a flat of the next rank inside it; resumable.

    Parameters
    ----------
    state : int64 (5,)
        [level, where to resume, pairs written, number of the flat, is one at hand].
    below : int64 (room,)
        The flat of the rank, counted in the order of :func:`list_flats`.
    contains : uint64 (room, words)
        The rows that contain the flat inside it.
    same : uint64 (room, words)
        Those of them whose positive side in the larger flat is that of the lowest of them.
    first : bool (room,)
        Is this the pair by which :func:`list_flats` comes to the flat inside? Then it is the
        next of the flats of that rank.

    Returns
    -------
    int
        DONE, or RESOLVE_ROWS on level state[0] (on level `rank` if state[4] is 2), or NO_ROOM.
    """
    n = flats.values.shape[2]
    while True:
        if state[4] == 0:
            reason = _next_flat(flats, state, rank, n_constants, exact)
            if reason != FOUND:
                return reason
            _arrive(flats, rank)
            flats.cut[rank] = -1
            state[3] += 1
            state[4] = 1
        if state[4] == 1:
            j = _next_row(flats, rank)
            if j == n:
                state[4] = 0
                continue
            if state[2] == len(below):
                return NO_ROOM
            state[4] = 2
            if _restrict(flats, rank, j, n_constants, exact) > 0:
                return RESOLVE_ROWS
        settle_restriction(flats, rank + 1, n_constants)
        k = state[2]
        below[k] = state[3]
        _write_contains(flats, rank + 1, contains[k])
        same[k] = flats.same[rank + 1]
        first[k] = rank == 0 or flats.cut[rank] > flats.cut[rank - 1]
        state[2] += 1
        state[4] = 1


@njit(cache=True, error_model="numpy")
def list_faces(
    flats, forest, state, inner, order, tied, spans, rank, n_constants, exact, keep, words, flat
):
    """List the faces on all flats of a rank: the cells that are cut on each; resumable.

    Parameters
    ----------
    flats, forest, order, tied, spans
        As in :func:`enumerate_cells`.
    state : int64 (6,)
        [level, where to resume, faces written, number of the flat, is one at hand (1) and
        cut into faces (2), faces counted].
    inner : int64 (6,)
        The state of :func:`enumerate_cells` on the flat at hand.
    keep : bool
        Store the faces; otherwise only count them.
    words : uint64 (room, words)
        Bit i of a face is 1 on the positive side of row i.
    flat : int64 (room,)
        The flat of the face, counted in the order of :func:`list_flats`.

    Returns
    -------
    int
        DONE; or NO_ROOM; or RESOLVE_ROWS on level state[0]; or, when state[4] is 1, what
        enumerate_cells returned.
    """
    n = flats.values.shape[2]
    while True:
        if state[4] == 0:
            reason = _next_flat(flats, state, rank, n_constants, exact)
            if reason != FOUND:
                return reason
            flats.limit[rank] = n
            inner[:] = 0
            inner[0], inner[1], inner[3] = rank, ENTER, 1
            state[3] += 1
            state[4] = 1
        point = _free(flats, rank, n_constants) == 0
        if state[4] == 1:
            if not point:
                reason = enumerate_cells(
                    flats, forest, inner, order, tied, spans, rank, n_constants, exact, keep,
                    False,
                )  # fmt: skip
                if reason != DONE:
                    return reason
            state[5] += 1 if point else inner[4]
            state[4] = 2
        if keep:
            m = 1 if point else forest.n_cells[rank]
            if state[2] + m > len(words):
                return NO_ROOM
            for a in range(m):
                row = words[state[2] + a]
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
                flat[state[2] + a] = state[3]
            state[2] += m
        state[4] = 0
