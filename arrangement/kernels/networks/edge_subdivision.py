"""The vertices and edges of a simple polyhedral complex, cut by one function after another,
compiled.

In a simple complex of dimension d every vertex lies on exactly d walls and zero sets, and faces
around it are known by signs: a face of dimension k leaves k of them, each to one of its sides.
So vertices and edges are enough, and no face between is kept (Berzins, *Polyhedral complex
extraction from ReLU networks using edge subdivision*, 2023).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.networks.subdivision import (
    BROKEN,
    COMPLETE,
    CRAMPED,
    NEED_VERTICES,
    OPEN,
    STEP,
    VERTICES,
    Vertices,
    interpolate_step,
    signs_of_step,
)
from arrangement.kernels.rounding import INFLATE
from arrangement.kernels.types import (
    Bools1,
    Bytes2,
    Floats1,
    Int32s1,
    Int32s2,
    Ints1,
    Ints2,
    Words2,
)  # fmt: skip

__all__ = [
    "DEGENERATE", "EDGES", "NEED_EDGES", "Edges", "Stars", "births", "pedigree", "rising",
    "subdivide_edges",
]  # fmt: skip

# How `subdivide_edges` ends, beside the ways of `subdivide`.
DEGENERATE = 4

# The entries of `counts`, beside those of `subdivide`.
EDGES, NEED_EDGES = 0, 4

# No edge leaves a vertex to the outer side of a wall; one that is not known yet.
OUTSIDE, UNKNOWN = -1, -2


class Stars(NamedTuple):
    """What is around the vertices, with room for more."""

    on: Int32s2  # (V, d): the functions that vanish: −1 − a wall, or a cut by number
    edges: Int32s2  # (V, 2 d): the edge that leaves function i to its side −, +: 2 i, 2 i + 1
    positive: Words2  # (V, W): on which cuts it is positive, from the highest bit on


class Edges(NamedTuple):
    """The edges, with room for more."""

    ends: Int32s2  # (E, 2): vertices
    places: Bytes2  # (E, 2): where the edge stands in `Stars.edges` of its ends
    lines: Int32s2  # (E, 2): the vertices between which it was at the beginning
    split: Int32s1  # (E,): room for the edges that are split


@compiled(Ints2, bool, bool, bool, int, Ints1, Vertices, Stars, Edges, error_model="numpy")
def subdivide_edges(steps, settled, fixed_lines, last, cut, counts, vertices, stars, edges):
    """Cut a simple complex by the zero sets of some functions, as long as it stays simple.

    An edge whose ends have different signs is split where the function vanishes. The new
    vertices of the two edges of a polygon that are split are the ends of a new edge; from one
    to the other it is a walk along the polygon, at each vertex of which one of the functions
    that do not vanish on the polygon is left to the side that is known from the edge before.

    Parameters
    ----------
    steps : int64 (s, 4)
        As those of :func:`~arrangement.kernels.networks.subdivision.subdivide`, and so are
        `settled`, `fixed_lines` and `last`.
    cut : int
        The number of the first step among all that cut.
    counts : int64 (8,)
        How many edges and vertices there are; the current step.
    vertices : Vertices
    stars : Stars
    edges : Edges

    Returns
    -------
    status : int
        COMPLETE; OPEN: the signs of `asked` are to be settled; CRAMPED: more room is needed;
        DEGENERATE: a function vanishes at a vertex; BROKEN: signs contradict each other.
    n : int
        How many are asked, or the vertex or edge where it ends.
    """
    _, spread, _, values, errors, tail, signs, sure, asked = vertices
    ends, positive, d = edges.ends, stars.positive, stars.on.shape[1]
    while counts[STEP] < len(steps):
        row, low, high, step = steps[counts[STEP]]
        first = 0 if not last else low if high > low else row
        if not settled:
            n = signs_of_step(
                row, low, high, counts[VERTICES], signs, values, tail, errors, sure, asked
            )
            if n > 0:
                return OPEN, n
        for v in range(counts[VERTICES]):
            if signs[v] == 0:
                return DEGENERATE, v
        n = 0
        for e in range(counts[EDGES]):
            edges.split[n] = e
            n += signs[ends[e, 0]] != signs[ends[e, 1]]
        counts[NEED_VERTICES] = counts[VERTICES] + n
        # From each new vertex d − 1 edges at most are new in both directions, shared by two.
        counts[NEED_EDGES] = counts[EDGES] + n * d
        if counts[NEED_VERTICES] > len(spread) or counts[NEED_EDGES] > len(ends):
            return CRAMPED, n
        made = counts[VERTICES]
        number = cut + counts[STEP]
        _halve(n, step, number, fixed_lines, counts, vertices, stars, edges)
        word, bit = number >> 6, np.uint64(1) << np.uint64(63 - (number & 63))
        for v in range(made):
            if signs[v] > 0:
                positive[v, word] |= bit
        broken = _join(made, counts, stars, edges)
        if broken >= 0:
            return BROKEN, broken
        interpolate_step(row, low, high, made, counts[VERTICES], first, vertices)
        counts[STEP] += 1
        settled = False
    return COMPLETE, 0


@compiled()
def _halve(n, step, number, fixed_lines, counts, vertices, stars, edges):
    """Split n edges, each at a new vertex."""
    parents, signs = vertices.parents, vertices.signs
    on, around, positive = stars
    ends, places, lines, split = edges
    d = on.shape[1]
    w, f = counts[VERTICES], counts[EDGES]
    for i in range(n):
        e = split[i]
        p, q = ends[e]
        left = places[e, 0] >> 1
        k = 0
        for j in range(d):
            if j != left:
                on[w, k] = on[p, j]
                around[w, 2 * k] = around[w, 2 * k + 1] = UNKNOWN
                k += 1
        on[w, k] = number
        ahead = 2 * k + (signs[q] > 0)
        around[w, ahead], around[w, ahead ^ 1] = f, e
        for word in range(positive.shape[1]):
            positive[w, word] = positive[p, word] | positive[q, word]
        vertices.spread[w] = np.inf
        vertices.sure[w] = False
        parents[w, 0], parents[w, 1], parents[w, 2] = p, q, step
        lines[f, 0], lines[f, 1] = lines[e, 0], lines[e, 1]
        if fixed_lines:
            parents[w, 0], parents[w, 1] = lines[e, 0], lines[e, 1]
        ends[f, 0], ends[f, 1] = w, q
        places[f, 0], places[f, 1] = ahead, places[e, 1]
        around[q, places[e, 1]] = f
        ends[e, 1] = w
        places[e, 1] = ahead ^ 1
        w += 1
        f += 1
    counts[VERTICES], counts[EDGES] = w, f


@compiled()
def _join(made, counts, stars, edges):
    """Join the new vertices `made` and those after it by edges, one across each polygon that is
    split. Returns a vertex for which that is impossible, or −1."""
    on, around, _ = stars
    ends, places, lines, _ = edges
    d = on.shape[1]
    g = counts[EDGES]
    for w in range(made, counts[VERTICES]):
        for place in range(2 * d - 2):
            if around[w, place] != UNKNOWN:
                continue
            # The polygon is left by the edge of the half that ends at the new vertex.
            e = around[w, 2 * d - 2]
            v, at = _across(e, w, edges)
            j, side = on[w, place >> 1], place & 1
            while True:
                e, off = around[v, 2 * _index(on, v, j) + side], at
                if e < 0:
                    break
                j, side = on[v, off >> 1], off & 1
                v, at = _across(e, v, edges)
                if v >= made:
                    break
            if e < 0:
                around[w, place] = OUTSIDE
                continue
            other = 2 * _index(on, v, j) + side
            if around[v, other] != UNKNOWN or v == w:
                return w
            ends[g, 0], ends[g, 1] = w, v
            places[g, 0], places[g, 1] = place, other
            lines[g, 0], lines[g, 1] = w, v
            around[w, place] = around[v, other] = g
            g += 1
    counts[EDGES] = g
    return -1


@compiled()
def _across(e, v, edges):
    """The other end of an edge, and the place of the edge there."""
    far = edges.ends[e, 0] == v
    end = np.int64(far)
    return edges.ends[e, end], edges.places[e, end]


@compiled()
def _index(on, v, function):
    """Where a function stands among those that vanish at a vertex."""
    i = 0
    while on[v, i] != function:
        i += 1
    return i


@compiled(int, Int32s2, Floats1, Floats1, Bools1, Ints1, error_model="numpy")
def rising(n, ends, heights, errors, rises, asked):
    """Which of n edges rise from their first end to the second, as far as that is certain.

    Parameters
    ----------
    n : int
    ends : int32 (E, 2)
    heights, errors : float64 (V,)
        Of the vertices, and bounds on their errors.
    rises : bool (E,)
        Receives the answer.
    asked : int64 (E,)
        Receives the edges whose heights do not tell.

    Returns
    -------
    n : int
        How many are asked.
    """
    count = 0
    for e in range(n):
        p, q = ends[e]
        rise = heights[q] - heights[p]
        rises[e] = rise > 0.0
        if not abs(rise) > (errors[p] + errors[q]) * INFLATE:
            asked[count] = e
            count += 1
    return count


@compiled(int, Stars, Edges, Bools1)
def births(n, stars, edges, rises):
    """The regions of a simple complex by the cuts on which they are positive.

    On a polytope a linear function that is constant on no edge has its minimum at one vertex,
    the one whose edges all rise: each region is found there, once, as a choice of one rising
    edge off each of the functions that vanish.

    Parameters
    ----------
    n : int
        How many vertices there are.
    stars : Stars
    edges : Edges
    rises : bool (E,)
        Does each edge rise from its first end to the second?

    Returns
    -------
    positive : uint64 (m, W)
        As `Stars.positive` has it of vertices.
    """
    on, around, positive = stars
    d = on.shape[1]
    up = np.empty(n, np.int64)
    m = 0
    for v in range(n):
        mask, choices = 0, 1
        for j in range(d):
            here = 0
            for side in range(2):
                e = around[v, 2 * j + side]
                if e >= 0 and (edges.ends[e, 0] == v) == rises[e]:
                    mask |= 1 << (2 * j + side)
                    here += 1
            choices *= here
        up[v] = mask if choices > 0 else 0
        m += choices
    found = np.empty((m, positive.shape[1]), np.uint64)
    m = 0
    for v in range(n):
        if up[v] == 0:
            continue
        first = m
        found[m] = positive[v]
        m += 1
        for j in range(d):
            sides = up[v] >> (2 * j) & 3
            if sides == 1 or on[v, j] < 0:
                continue  # a wall rises to one side only, the inner
            word, bit = on[v, j] >> 6, np.uint64(1) << np.uint64(63 - (on[v, j] & 63))
            for r in range(first, m):
                if sides == 3:
                    found[m + r - first] = found[r]
                found[r, word] |= bit
            if sides == 3:
                m += m - first
    return found


@compiled(Words2, int)
def pedigree(positive, n):
    """How regions were split off one from another, as :class:`Regions` has it.

    Parameters
    ----------
    positive : uint64 (m, W)
        As `births` has it, in the order of their words.
    n : int
        How many cuts there are.

    Returns
    -------
    number : int64 (m,)
        The number of each region.
    origin : int32 (m, 2)
        By number the region from which a region was split off, and the cut; −1 for the first.
    """
    m = len(positive)
    number, origin = np.empty(m, np.int64), np.full((m, 2), -1, np.int32)
    # A node is a range of regions that are not parted yet. Those that a cut splits are in the
    # order in which they were made.
    begin, end, label = np.empty((3, 2 * m), np.int64)
    after = np.full(2 * m, -1, np.int64)
    first, last = np.full((2, n), -1, np.int64)
    begin[0], end[0], label[0] = 0, m, 0
    made = _await(0, begin, end, label, after, first, last, positive, number)
    regions = 1
    for cut in range(n):
        word, bit = cut >> 6, np.uint64(1) << np.uint64(63 - (cut & 63))
        node = first[cut]
        while node >= 0:
            low, high = begin[node], end[node] - 1
            while low < high:
                middle = (low + high) >> 1
                if positive[middle, word] & bit:
                    high = middle
                else:
                    low = middle + 1
            begin[made], end[made], label[made] = begin[node], low, label[node]
            made = _await(made, begin, end, label, after, first, last, positive, number)
            begin[made], end[made], label[made] = low, end[node], regions
            made = _await(made, begin, end, label, after, first, last, positive, number)
            origin[regions, 0], origin[regions, 1] = label[node], cut
            regions += 1
            node = after[node]
    return number, origin


@compiled()
def _await(node, begin, end, label, after, first, last, positive, number):
    """Put a node last among those that are split by the next cut that parts it; the node after
    it."""
    low, high = begin[node], end[node] - 1
    if low == high:
        number[low] = label[node]
        return node + 1
    word = 0
    while positive[low, word] == positive[high, word]:
        word += 1
    differ = positive[low, word] ^ positive[high, word]
    cut = 64 * word
    while not differ >> np.uint64(63):
        differ <<= np.uint64(1)
        cut += 1
    if first[cut] < 0:
        first[cut] = node
    else:
        after[last[cut]] = node
    last[cut] = node
    return node + 1
