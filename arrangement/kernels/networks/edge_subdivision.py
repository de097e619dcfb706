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
    Floats1,
    Int32s2,
    Ints1,
    Ints2,
    Signs2,
    Words2,
)  # fmt: skip

__all__ = [
    "DEGENERATE", "MOST_DIMENSIONS", "OUTSIDE", "Stars", "births", "pedigree",
    "rising", "subdivide_edges",
]  # fmt: skip

MOST_DIMENSIONS = 8
"""An end of an edge is a vertex and one of at most 16 places there."""

# How `subdivide_edges` ends, beside the ways of `subdivide`.
DEGENERATE = 4

# No edge leaves a vertex to the outer side of a wall; one that is not known yet.
OUTSIDE, UNKNOWN = -1, -2


class Stars(NamedTuple):
    """What is around the vertices, with room for more.

    Function i of those that vanish at a vertex is left by an edge in place 2 i to its negative,
    in place 2 i + 1 to its positive side.
    """

    on: Int32s2  # (V, d): the functions that vanish, in order: walls as negatives, then cuts
    ends: Int32s2  # (V, 2 d): 16 w + k of the edge to vertex w, where it is in place k
    lines: (
        Int32s2  # (V, 2 d): the end of each edge in this direction, as it was at the beginning
    )
    positive: Words2  # (V, W): on which cuts it is positive, from the highest bit on


@compiled(Ints2, bool, bool, bool, int, Ints1, Vertices, Stars, Int32s2, error_model="numpy")
def subdivide_edges(steps, settled, fixed_lines, last, cut, counts, vertices, stars, split):
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
        How many vertices there are; the current step.
    vertices : Vertices
    stars : Stars
    split : int32 (V, 2)
        Room for the edges that are split.

    Returns
    -------
    status : int
        COMPLETE; OPEN: the signs of `asked` are to be settled; CRAMPED: more room is needed;
        DEGENERATE: a function vanishes at a vertex; BROKEN: signs contradict each other.
    n : int
        How many are asked, or the vertex where it ends.
    """
    _, spread, _, values, errors, tail, signs, sure, asked = vertices
    positive = stars.positive
    while counts[STEP] < len(steps):
        row, low, high, step = steps[counts[STEP]]
        first = 0 if not last else low if high > low else row
        made = counts[VERTICES]
        if not settled:
            n = signs_of_step(row, low, high, made, signs, values, tail, errors, sure, asked)
            if n > 0:
                return OPEN, n
        for v in range(made):
            if signs[v] == 0:
                return DEGENERATE, v
        n = _split_edges(made, signs, stars.ends, split)
        counts[NEED_VERTICES] = made + n
        if counts[NEED_VERTICES] > len(spread):
            return CRAMPED, n
        number = cut + counts[STEP]
        _halve(n, step, number, fixed_lines, counts, vertices, stars, split)
        word, bit = number >> 6, np.uint64(1) << np.uint64(63 - (number & 63))
        for v in range(made):
            if signs[v] > 0:
                positive[v, word] |= bit
        broken = _join(made, counts[VERTICES], stars.ends, stars.lines)
        if broken >= 0:
            return BROKEN, broken
        interpolate_step(row, low, high, made, counts[VERTICES], first, vertices)
        counts[STEP] += 1
        settled = False
    return COMPLETE, 0


@compiled()
def _split_edges(n_vertices, signs, ends, split):
    """The edges between a negative vertex and a positive one: the negative one and the place
    there, as far as there is room for them; how many."""
    n, room = 0, len(split) - 1
    for v in range(n_vertices):
        if signs[v] < 0:
            for k in range(ends.shape[1]):
                end = ends[v, k]
                here = min(n, room)
                split[here, 0], split[here, 1] = v, k
                n += end >= 0 and signs[end >> 4] > 0
    return n


@compiled()
def _halve(n, step, number, fixed_lines, counts, vertices, stars, split):
    """Split n edges, each at a new vertex."""
    _, spread, parents, _, _, _, _, sure, _ = vertices
    on, ends, lines, positive = stars
    d = on.shape[1]
    w = counts[VERTICES]
    for i in range(n):
        p, k = split[i, 0], split[i, 1]
        q, far = ends[p, k] >> 4, ends[p, k] & 15
        for j in range(d - 1):
            on[w, j] = on[p, j + (j >= k >> 1)]
            ends[w, 2 * j] = ends[w, 2 * j + 1] = UNKNOWN
        on[w, d - 1] = number
        ends[w, 2 * d - 2], ends[w, 2 * d - 1] = 16 * p + k, 16 * q + far
        ends[p, k], ends[q, far] = 16 * w + 2 * d - 2, 16 * w + 2 * d - 1
        a, b = lines[q, far], lines[p, k]
        lines[w, 2 * d - 2], lines[w, 2 * d - 1] = a, b
        if not fixed_lines:
            a, b = p, q
        parents[w, 0], parents[w, 1], parents[w, 2] = a, b, step
        for word in range(positive.shape[1]):
            positive[w, word] = positive[p, word] | positive[q, word]
        spread[w] = np.inf
        sure[w] = False
        w += 1
    counts[VERTICES] = w


@compiled()
def _join(made, n_vertices, ends, lines):
    """Join the new vertices, `made` and those after it, by edges, one across each polygon that
    is split. Returns a vertex for which that is impossible, or −1."""
    last = ends.shape[1] - 2
    for w in range(made, n_vertices):
        for place in range(last):
            if ends[w, place] != UNKNOWN:
                continue
            # The polygon leaves a function, number i of those that vanish at v, to this side.
            v, i, side, here = w, place >> 1, place & 1, last
            while True:
                end = ends[v, here]
                if end < 0:
                    break
                v, there = end >> 4, end & 15
                # One function less vanishes on the edge, and one more at its end.
                i -= i > here >> 1
                i += i >= there >> 1
                here = 2 * i + side
                if v >= made:
                    break
                i, side = there >> 1, there & 1
            if end < 0:
                ends[w, place] = OUTSIDE
                continue
            if v == w or ends[v, here] != UNKNOWN:
                return w
            ends[w, place], ends[v, here] = 16 * v + here, 16 * w + place
            lines[w, place], lines[v, here] = v, w
    return -1


@compiled(int, Int32s2, Floats1, Floats1, Ints1, Int32s2, error_model="numpy")
def rising(n, ends, heights, errors, up, asked):
    """Which edges rise, as far as that is certain.

    Parameters
    ----------
    n : int
        How many vertices there are.
    ends : int32 (V, 2 d)
        As `Stars` has them.
    heights, errors : float64 (n,)
        Of the vertices, and bounds on their errors.
    up : int64 (n,)
        Receives the places at each vertex from which an edge rises, as bits.
    asked : int32 (e, 2)
        Receives vertices and places of the edges that are not certain, each once.

    Returns
    -------
    n : int
        How many are asked.
    """
    count = 0
    for v in range(n):
        up[v] = 0
        for k in range(ends.shape[1]):
            w = ends[v, k] >> 4
            if w < 0:
                continue
            rise = heights[w] - heights[v]
            if abs(rise) > (errors[v] + errors[w]) * INFLATE:
                up[v] |= np.int64(rise > 0.0) << k
            elif v < w:
                asked[count, 0], asked[count, 1] = v, k
                count += 1
    return count


@compiled(int, Int32s2, Words2, Ints1)
def births(n, on, positive, up):
    """The regions of a simple complex by the cuts on which they are positive.

    On a polytope a linear function that is constant on no edge has its minimum at one vertex,
    the one whose edges all rise: each region is found there, once, as a choice of one rising
    edge off each of the functions that vanish.

    Parameters
    ----------
    n : int
        How many vertices there are.
    on : int32 (V, d)
    positive : uint64 (V, W)
        As `Stars` has them.
    up : int64 (n,)
        The places at each vertex from which an edge rises, as bits.

    Returns
    -------
    positive : uint64 (m, W)
        The same of the regions.
    born : int32 (m, 2)
        The lowest vertex of each region, and the places of its edges there, as bits.
    """
    d = on.shape[1]
    m = 0
    for v in range(n):
        m += _number_of_births(d, up[v])
    found, born = np.empty((m, positive.shape[1]), np.uint64), np.empty((m, 2), np.int32)
    m = 0
    for v in range(n):
        if _number_of_births(d, up[v]) == 0:
            continue
        first = m
        found[m] = positive[v]
        born[m, 0], born[m, 1] = v, 0
        m += 1
        for j in range(d):
            sides, cut = up[v] >> 2 * j & 3, on[v, j]
            word, bit = cut >> 6, np.uint64(1) << np.uint64(63 - (cut & 63))
            for r in range(first, m):
                if sides == 3:
                    new = m + r - first
                    found[new] = found[r]
                    born[new, 0], born[new, 1] = v, born[r, 1] | 1 << 2 * j
                born[r, 1] |= (1 + (sides > 1)) << 2 * j
                if sides > 1 and cut >= 0:  # not the inner side of a wall
                    found[r, word] |= bit
            if sides == 3:
                m += m - first
    return found, born


@compiled()
def _number_of_births(d, up):
    """How many choices there are of one rising edge off each of d functions."""
    number = 1
    for j in range(d):
        number *= (up >> 2 * j & 1) + (up >> 2 * j + 1 & 1)
    return number


@compiled(Words2, Ints1, Ints1, Int32s2, Signs2)
def pedigree(positive, steps, number, origin, signs):
    """How regions are split off one from another, which numbers them, and their signs.

    Parameters
    ----------
    positive : uint64 (m, W)
        As `births` has it, in the order of their words.
    steps : int64 (n,)
        The step of each cut.
    number : int64 (m,)
        Receives the number of each region. What follows is by number.
    origin : int32 (m, 2)
        Receives the region from which a region was split off, and the step; −1 for the first.
    signs : int8 (m, S)
        Receives the signs of these steps on each region.
    """
    m, n = len(positive), len(steps)
    # A node is a range of regions that are not parted yet, begin … end. The nodes that a cut
    # parts are in a list, in the order in which they were made.
    begin, end = np.empty(2 * m, np.int64), np.empty(2 * m, np.int64)
    label, after = np.empty(2 * m, np.int64), np.empty(2 * m, np.int64)
    first, last = np.full(n + 1, -1, np.int64), np.empty(n + 1, np.int64)
    begin[0], end[0], label[0] = 0, m - 1, 0
    origin[0, 0] = origin[0, 1] = -1
    nodes, regions = 1, 1
    fresh, cut, node = 0, -1, -1
    while True:
        while fresh < nodes:
            low, high = begin[fresh], end[fresh]
            if low == high:
                r = number[low] = label[fresh]
                for c in range(n):
                    word, place = c >> 6, np.uint64(63 - (c & 63))
                    bit = positive[low, word] >> place & np.uint64(1)
                    signs[r, steps[c]] = 2 * np.int8(bit) - 1
            else:
                c = _first_difference(positive, low, high)
                after[fresh] = -1
                if first[c] < 0:
                    first[c] = fresh
                else:
                    after[last[c]] = fresh
                last[c] = fresh
            fresh += 1
        if node >= 0:
            node = after[node]
        while node < 0:
            cut += 1
            if cut == n:
                return
            node = first[cut]
        word, bit = cut >> 6, np.uint64(1) << np.uint64(63 - (cut & 63))
        low, high = begin[node], end[node]
        while low < high:
            middle = (low + high) >> 1
            if positive[middle, word] & bit:
                high = middle
            else:
                low = middle + 1
        begin[nodes], end[nodes], label[nodes] = begin[node], low - 1, label[node]
        begin[nodes + 1], end[nodes + 1], label[nodes + 1] = low, end[node], regions
        nodes += 2
        origin[regions, 0], origin[regions, 1] = label[node], steps[cut]
        regions += 1


@compiled()
def _first_difference(words, a, b):
    """The first bit, from the highest of the first word on, in which two rows differ."""
    word = 0
    while words[a, word] == words[b, word]:
        word += 1
    differ = words[a, word] ^ words[b, word]
    bit = 64 * word
    for k in (32, 16, 8, 4, 2, 1):
        if not differ >> np.uint64(64 - k):
            differ <<= np.uint64(k)
            bit += k
    return bit
