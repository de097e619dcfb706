"""All faces of a simple polyhedral complex, from what is around its vertices, compiled.

A face of dimension k around a vertex leaves k of the d functions that vanish there, each to one
side: a choice, k of 2 d places as bits. In a direction in which no edge is level, the face has
one lowest vertex, the one from which all its edges rise, and is made there; at its other
vertices it is known from the end of an edge that falls.
"""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.networks.subdivision import BEGIN, DIM, END, LABEL, START, STOP
from arrangement.kernels.types import Int32s1, Int32s2, Ints1, Ints2

__all__ = ["faces_of_stars", "facets_of_stars", "numbers_of_faces"]

OUTSIDE = -1
"""Beyond a wall."""

MOST_PLACES = 16
EVEN = 0x5555
"""The places of negative sides."""


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
    lowest = _lowest_places(d)
    most = 0
    for k in range(1, d + 1):
        most = max(most, first[k + 1] - first[k])
    # Rows are in the order of the vertices, in which memory is fetched ahead.
    table, at = np.empty((n, most), np.int32), np.empty(n, np.int64)
    at[order] = np.arange(n)
    # While it is needed, a face has the place of its lowest vertex and its
    # choice there instead of a line.
    for i in range(n):
        faces[i, DIM] = faces[i, LABEL] = 0
        faces[i, BEGIN] = faces[i, END] = order[i]
        faces[i, START], faces[i, STOP] = i, 0
        if d == 1:
            faces[i, LABEL] = labels[on[order[i], 0]]
    below, base, p = 0, n, 0
    for k in range(1, d + 1):
        f = base
        for i in range(n):
            v = order[i]
            for r in range(first[k + 1] - first[k]):
                choice = choices[first[k] + r]
                if choice & ~present[v]:
                    continue
                falling = choice & ~up[v]
                if falling:
                    end = ends[v, lowest[falling]]
                    other = _from_below(choice, lowest[falling], end & 15)
                    table[i, r] = table[at[end >> 4], rank[other]]
                    continue
                table[i, r] = f
                faces[f, DIM], faces[f, LABEL] = k, 0
                faces[f, START], faces[f, STOP] = i, choice
                if k == d - 1:
                    faces[f, LABEL] = labels[on[v, _left_out(choice)]]
                f += 1
        p = _bound(p, below, base, f, present[order], rank, table, faces, pool)
        below, base = base, f
    faces[:, START : STOP + 1] = 0
    for r in range(len(born)):
        faces[table[at[born[r, 0]], rank[born[r, 1]]], LABEL] = numbers[r]


@compiled(int, Int32s2, Int32s2, Ints1, Int32s2, Ints1, Ints1, Int32s1, Ints2)
def facets_of_stars(n, on, ends, up, born, numbers, labels, label, sides):
    """The faces of codimension 1 in the order in which :func:`faces_of_stars` has them.

    Parameters
    ----------
    n, on, ends, up, born, numbers, labels
        As :func:`faces_of_stars` has them.
    label : int32 (F,)
        Receives the label of each face.
    sides : int64 (F, 2)
        Receives the regions on both sides, lower first, −1 outside.
    """
    d = on.shape[1]
    order, present = _upwards(n, ends, up)
    choices, first, rank = _choices(d)
    lowest = _lowest_places(d)
    region, at = np.empty((n, 1 << d), np.int32), np.empty(n, np.int64)
    at[order] = np.arange(n)
    for r in range(len(born)):
        region[at[born[r, 0]], rank[born[r, 1]]] = numbers[r]
    for i in range(n):
        v = order[i]
        for r in range(first[d + 1] - first[d]):
            choice = choices[first[d] + r]
            falling = choice & ~up[v]
            if falling and not choice & ~present[v]:
                end = ends[v, lowest[falling]]
                other = _from_below(choice, lowest[falling], end & 15)
                region[i, r] = region[at[end >> 4], rank[other]]
    f = 0
    for i in range(n):
        v = order[i]
        for r in range(first[d - 1], first[d]):
            choice = choices[r]
            if choice & ~up[v]:
                continue
            j = _left_out(choice)
            label[f] = labels[on[v, j]]
            for side in range(2):
                bit = 1 << 2 * j + side
                there = present[v] & bit
                sides[f, side] = region[i, rank[choice | bit]] if there else OUTSIDE
            one, other = sides[f]
            if one == OUTSIDE or (other != OUTSIDE and other < one):
                sides[f, 0], sides[f, 1] = other, one
            f += 1


@compiled()
def _lowest_places(d):
    """The place of the lowest bit of each number of 2 d bits."""
    lowest = np.zeros(1 << 2 * d, np.int64)
    for bits in range(2, len(lowest), 2):
        lowest[bits] = 1 + lowest[bits >> 1]
    return lowest


@compiled()
def _left_out(choice):
    """The first function that is not left."""
    j = 0
    while choice >> 2 * j & 3:
        j += 1
    return j


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
def _from_below(choice, place, there):
    """A choice as it is at the other end of the edge in this place, which is there in another:
    the function that is left on the edge vanishes no longer, and another does."""
    low = (1 << (place & -2)) - 1
    other = choice & low | choice >> 2 & ~low
    low = (1 << (there & -2)) - 1
    return other & low | (other & ~low) << 2 | 1 << there


@compiled()
def _bound(p, below, base, stop, present, rank, table, faces, pool):
    """The boundaries of the faces base, …, stop − 1, in the pool from p on; the faces of one
    dimension less are below, …, base − 1. Returns where the boundaries end."""
    above = np.empty(max(1024, 4 * (base - below)), np.int32)
    place = np.zeros(stop - base, np.int32)
    n = 0
    for g in range(below, base):
        i, choice = faces[g, START], np.int64(faces[g, STOP])
        # Of the functions that vanish, any may be left too, to a side where there is one.
        both = choice | (choice & EVEN) << 1 | choice >> 1 & EVEN
        more = present[i] & ~both
        if n + MOST_PLACES > len(above):
            above = np.concatenate((above, np.empty_like(above)))
        while more:
            bit = more & -more
            more ^= bit
            f = table[i, rank[choice | bit]] - base
            above[n] = f
            place[f] += 1
            n += 1
        faces[g, START] = n
    for f in range(len(place)):
        faces[base + f, BEGIN] = p
        p += place[f]
        faces[base + f, END] = p
        place[f] = faces[base + f, BEGIN]
    n = 0
    for g in range(below, base):
        while n < faces[g, START]:
            pool[place[above[n]]] = g
            place[above[n]] += 1
            n += 1
    return p
