"""All faces of a simple polyhedral complex, from what is around its vertices, compiled.

A face of dimension k around a vertex leaves k of the d functions that vanish there, each to one
side: a choice, k of 2 d places as bits. In a direction in which no edge is level, the face has
one lowest vertex, the one from which all its edges rise, and is made there; at its other
vertices it is known from the end of an edge that falls.
"""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.networks.subdivision import BEGIN, DIM, END, LABEL, STOP
from arrangement.kernels.types import Int32s1, Int32s2, Ints1

__all__ = ["faces_of_stars", "numbers_of_faces"]


@compiled(int, Int32s2, Ints1)
def numbers_of_faces(n, ends, up):
    """How many faces of each dimension there are, and last how long their boundaries are.

    Parameters
    ----------
    n, ends, up
        As :func:`faces_of_stars` has them.

    Returns
    -------
    counts : int64 (d + 2,)
    """
    d = ends.shape[1] // 2
    counts = np.zeros(d + 2, np.int64)
    of_vertex = np.empty(d + 1, np.int64)
    for v in range(n):
        of_vertex[:] = 0
        of_vertex[0] = 1
        for j in range(d):
            rising = (up[v] >> 2 * j & 1) + (up[v] >> 2 * j + 1 & 1)
            for k in range(j, -1, -1):
                of_vertex[k + 1] += rising * of_vertex[k]
        for k in range(d + 1):
            counts[k] += of_vertex[k]
        for j in range(d):
            # Faces that have their lowest vertex here and on which function j vanishes.
            number = 1
            for i in range(d):
                if i != j:
                    number *= 1 + (up[v] >> 2 * i & 1) + (up[v] >> 2 * i + 1 & 1)
            sides = np.int64(ends[v, 2 * j] >= 0) + np.int64(ends[v, 2 * j + 1] >= 0)
            counts[d + 1] += number * sides
    return counts


@compiled(int, Int32s2, Int32s2, Ints1, Int32s2, Ints1, Ints1, Int32s2, Int32s1)
def faces_of_stars(n, on, ends, up, born, numbers, labels, faces, pool):
    """All faces with their boundaries, in order of their dimensions.

    Parameters
    ----------
    n : int
        How many vertices there are.
    on, ends : int32 (V, d) and (V, 2 d)
        As :class:`~arrangement.kernels.networks.edge_subdivision.Stars` has them.
    up : int64 (n,)
        The places at each vertex from which an edge rises, as bits.
    born : int32 (m, 2)
        The lowest vertex of each region, and its places there.
    numbers : int64 (m,)
        The number of each region.
    labels : int64 (c + r,)
        The label of each cut, then those of the walls.
    faces : int32 (F, 6)
        Receives what :class:`~arrangement.kernels.networks.subdivision.Faces` has, with labels
        of regions and of faces of codimension 1.
    pool : int32 (P,)
        Receives the boundary lists.
    """
    d = on.shape[1]
    order, present = _upwards(n, ends, up)
    choices, first, rank = _choices(d)
    most = 0
    for k in range(1, d + 1):
        most = max(most, first[k + 1] - first[k])
    table = np.empty((n, most), np.int32)
    faces[:, BEGIN : STOP + 1] = 0
    for i in range(n):
        faces[i, DIM] = 0
        faces[i, BEGIN] = faces[i, END] = order[i]
        if d == 1:
            faces[i, LABEL] = labels[on[order[i], 0]]
    below, base, p = 0, n, 0
    for k in range(1, d + 1):
        f = base
        for v in order:
            for r in range(first[k + 1] - first[k]):
                choice = choices[first[k] + r]
                if choice & ~present[v]:
                    continue
                falling = choice & ~up[v]
                if falling:
                    w, other = _from_below(v, choice, falling, ends)
                    table[v, r] = table[w, rank[other]]
                    continue
                table[v, r] = f
                faces[f, DIM] = k
                if k == d - 1:
                    j = 0
                    while choice >> 2 * j & 3:
                        j += 1
                    faces[f, LABEL] = labels[on[v, j]]
                f += 1
        p = _bound(
            k, p, below, base, f, order, present, up, choices, first, rank, table, faces, pool
        )
        below, base = base, f
    for r in range(len(born)):
        faces[table[born[r, 0], rank[born[r, 1]]], LABEL] = numbers[r]


@compiled()
def _upwards(n, ends, up):
    """The vertices in an order in which edges rise; at each the places of all, as bits."""
    present, falling = np.zeros(n, np.int64), np.zeros(n, np.int64)
    order = np.empty(n, np.int64)
    count = 0
    for v in range(n):
        for place in range(ends.shape[1]):
            if ends[v, place] >= 0:
                present[v] |= 1 << place
                falling[v] += ~up[v] >> place & 1
        if falling[v] == 0:
            order[count] = v
            count += 1
    done = 0
    while done < count:
        v = order[done]
        done += 1
        for place in range(ends.shape[1]):
            if up[v] >> place & 1:
                w = ends[v, place] >> 4
                falling[w] -= 1
                if falling[w] == 0:
                    order[count] = w
                    count += 1
    assert count == n
    return order, present


@compiled()
def _choices(d):
    """All choices by size, where those of each size begin, and the rank of each among them."""
    size = np.zeros(1 << 2 * d, np.int64)
    first = np.zeros(d + 2, np.int64)
    for choice in range(len(size)):
        for j in range(d):
            sides = choice >> 2 * j & 3
            # One of both sides is no choice.
            size[choice] += 2 * d if sides == 3 else sides > 0
        if size[choice] <= d:
            first[size[choice] + 1] += 1
    first = np.cumsum(first)
    choices, rank = np.empty(first[d + 1], np.int64), np.full(len(size), -1, np.int32)
    next_rank = np.zeros(d + 1, np.int32)
    for choice in range(len(size)):
        k = size[choice]
        if k <= d:
            rank[choice] = next_rank[k]
            choices[first[k] + next_rank[k]] = choice
            next_rank[k] += 1
    return choices, first, rank


@compiled()
def _from_below(v, choice, falling, ends):
    """The end of an edge of a face that falls, and the choice that the face is there."""
    place = 0
    while not falling >> place & 1:
        place += 1
    w, there = ends[v, place] >> 4, ends[v, place] & 15
    # The function that is left on this edge vanishes no longer, and another does.
    low = (1 << (place & -2)) - 1
    other = choice & low | choice >> 2 & ~low
    low = (1 << (there & -2)) - 1
    return w, other & low | (other & ~low) << 2 | 1 << there


@compiled()
def _bound(
    k, p, below, base, stop, order, present, up, choices, first, rank, table, faces, pool
):
    """The boundaries of the faces base, …, stop − 1 of dimension k, in the pool from p on; the
    faces of one dimension less are below, …, base − 1. Returns where the boundaries end."""
    d = len(first) - 2
    for run in range(2):
        g = below
        for v in order:
            for r in range(first[k - 1], first[k]):
                choice = choices[r]
                if choice & ~up[v]:
                    continue
                for place in range(2 * d):
                    if choice >> (place & -2) & 3 or not present[v] >> place & 1:
                        continue
                    f = table[v, rank[choice | 1 << place]]
                    if run == 1:
                        pool[faces[f, END]] = g
                    faces[f, END] += 1
                g += 1
        if run == 0:
            for f in range(base, stop):
                faces[f, BEGIN] = p
                p += faces[f, END]
                faces[f, END] = faces[f, BEGIN]
    return p
