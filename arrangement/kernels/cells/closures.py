"""Closures of cells by the extreme rays of the cones over them, compiled.

A face of a cone is known by the rays on it, as bits, and is cut out by facets. The dimension of
a face is the length of a chain of faces below it, for the faces are graded by it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.cells.cone_rays import ONE, n_bits, uncounted
from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.largest_slack import largest_slack
from arrangement.kernels.reasons import DONE, FULL
from arrangement.kernels.types import (
    Bools1,
    Floats1,
    Floats2,
    Ints1,
    Ints2,
    Words1,
    Words2,
)

__all__ = ["Closures", "Work", "count_faces", "inscribe_balls", "pull"]


class Closures(NamedTuple):
    """Cones with their rays.

    Attributes
    ----------
    members, ends : int64 (l,) and (m,)
        The rays of one cone after the other, and where those of each end.
    zero : uint64 (g, T)
        The hyperplanes on which each ray lies.
    finite : bool (g,)
        Which rays are vertices of the slice that is meant.
    dimension : int
        Of the cones.
    """

    members: Ints1
    ends: Ints1
    zero: Words2
    finite: Bools1
    dimension: int


class Work(NamedTuple):
    """Room to work, for cones of at most k rays and hyperplanes on which t of them lie.

    Attributes
    ----------
    places : int64 (64 T,)
        Of each hyperplane, its place among those that a ray lies on; −1 between cones.
    facets, faces, trial : uint64 (t, K), (D + 1, K) and (2, K)
        Sets of rays, as bits.
    finite : uint64 (K,)
    at : int64 (D + 1,)
        How far faces are gone through.
    walls : int64 (t,)
        The hyperplanes of the facets.
    chosen, pivots : int64 (D,)
        The vertices of a simplex; the columns that are eliminated from the edges between them.
    factors : float64 (D,)
        Volumes of the simplices of the first vertices, in multiples of a simplex's.
    reduced : float64 (D, D)
        The edges.
    """

    places: Ints1
    facets: Words2
    faces: Words2
    trial: Words2
    finite: Words1
    at: Ints1
    walls: Ints1
    chosen: Ints1
    pivots: Ints1
    factors: Floats1
    reduced: Floats2


@uncounted()
def _size(faces, at):
    """How many rays a face has."""
    count = 0
    for w in range(faces.shape[1]):
        count += n_bits(faces[at, w])
    return count


@uncounted()
def _in(faces, at, facets, h):
    """Is a face in a facet?"""
    rest = np.uint64(0)
    for w in range(faces.shape[1]):
        rest |= faces[at, w] & ~facets[h, w]
    return rest == 0


@uncounted()
def _meets(faces, at, bits):
    """Has a face one of these rays?"""
    common = np.uint64(0)
    for w in range(faces.shape[1]):
        common |= faces[at, w] & bits[w]
    return common != 0


@uncounted()
def _cut(faces, at, facets, h, new, to):
    """Write the rays that a face has on a facet."""
    for w in range(faces.shape[1]):
        new[to, w] = faces[at, w] & facets[h, w]


@uncounted()
def _shared(faces, at, facets, h):
    """How many rays of a face are on a facet."""
    count = 0
    for w in range(faces.shape[1]):
        count += n_bits(faces[at, w] & facets[h, w])
    return count


@uncounted()
def _dimension(faces, at, work, n_facets, D, simple):
    """The dimension of a face as one of the cone: of a face below with most rays, and one.

    It is at least D less the number of facets around, and just that in a simple cone, where
    each ray is on D − 1; and it is at most the number of rays.
    """
    trial = work.trial
    size, least = _size(faces, at), D
    for h in range(n_facets):
        least -= _in(faces, at, work.facets, h)
    if simple or size == least or size <= 2:
        return least if simple else size
    for w in range(trial.shape[1]):
        trial[0, w] = faces[at, w]
    result = 1
    while size > 1:
        most, best = 0, -1
        for h in range(n_facets):
            count = _shared(trial, 0, work.facets, h)
            if most < count < size:
                most, best = count, h
        if best < 0:
            break
        _cut(trial, 0, work.facets, best, trial, 0)
        size = most
        result += 1
    return result


@uncounted()
def _enter(closures, work, i):
    """Find the facets of a cone: how many there are, and whether the cone is simple.

    Its rays become the first face.
    """
    members, zero, places, facets = closures.members, closures.zero, work.places, work.facets
    start = closures.ends[i - 1] if i > 0 else 0
    k, K = closures.ends[i] - start, facets.shape[1]
    count = 0
    work.faces[0] = 0
    work.finite[:] = 0
    for j in range(k):
        ray, bit = members[start + j], ONE << np.uint64(j & 63)
        work.faces[0, j >> 6] |= bit
        if closures.finite[ray]:
            work.finite[j >> 6] |= bit
        for w in range(zero.shape[1]):
            x = zero[ray, w]
            while x != 0:
                wall = 64 * w + n_bits(~x & (x - ONE))
                x &= x - ONE
                if places[wall] < 0:
                    places[wall] = count
                    work.walls[count] = wall
                    facets[count] = 0
                    count += 1
                facets[places[wall], j >> 6] |= bit
    for h in range(count):
        places[work.walls[h]] = -1
    # Facets are what is not in another, and has enough rays to be one.
    kept = 0
    for h in range(count):
        if _size(facets, h) >= closures.dimension - 1 and not _in(work.faces, 0, facets, h):
            work.walls[kept] = work.walls[h]
            for w in range(K):
                facets[kept, w] = facets[h, w]
            kept += 1
    n_facets = 0
    for h in range(kept):
        largest = True
        for o in range(kept):
            # Of equal ones the first counts; those before are moved, but no smaller.
            if o != h and work.walls[o] >= 0 and _in(facets, h, facets, o):
                largest &= not (o < h or not _in(facets, o, facets, h))
        if not largest:
            work.walls[h] = -1
    incidences = 0
    for h in range(kept):
        if work.walls[h] >= 0:
            work.walls[n_facets] = work.walls[h]
            for w in range(K):
                facets[n_facets, w] = facets[h, w]
            incidences += _size(facets, n_facets)
            n_facets += 1
    return n_facets, incidences == k * (closures.dimension - 1)


@uncounted(Closures, Work, Ints2)
def count_faces(closures, work, counts):
    """Count the faces of each cone that have a vertex, by dimension.

    Each once: a face below another is met by way of the facets in their order, and counts where
    no earlier facet contains it that does not contain the other.

    Parameters
    ----------
    counts : int64 (m, D + 1)
        At first 0.
    """
    faces, facets, at, D = work.faces, work.facets, work.at, closures.dimension
    for i in range(len(closures.ends)):
        n_facets, simple = _enter(closures, work, i)
        if not _meets(faces, 0, work.finite):
            continue
        counts[i, D] += 1
        depth = 0
        at[0] = 0
        while depth >= 0:
            h = at[depth]
            if h == n_facets:
                depth -= 1
                continue
            at[depth] += 1
            if _in(faces, depth, facets, h):
                continue
            _cut(faces, depth, facets, h, faces, depth + 1)
            new = _meets(faces, depth + 1, work.finite)
            o = 0
            while new and o < h:
                new = not _in(faces, depth + 1, facets, o) or _in(faces, depth, facets, o)
                o += 1
            if new:
                depth += 1
                counts[i, _dimension(faces, depth, work, n_facets, D, simple)] += 1
                at[depth] = h + 1


@uncounted()
def _first(faces, at):
    """The first ray of a face."""
    w = 0
    while faces[at, w] == 0:
        w += 1
    x = faces[at, w]
    return 64 * w + n_bits(~x & (x - ONE))


@uncounted(Closures, Work, Floats2, Ints1, Floats1, Ints2, Ints1)
def pull(closures, work, points, state, volumes, simplices, owners):
    """Triangulate bounded cells, a simplex for each way down; sum up what they hold.

    From a face one goes to the facets of it that do not contain its first vertex: over these,
    with it as apex, are the simplices of the pulling triangulation.

    Parameters
    ----------
    points : float64 (g, r)
        The vertices; r is one less than the dimension of the cones.
    state : int64 (2,)
        The next cone, and how many simplices there are of those before.
    volumes : float64 (m,)
        Set to r! times what the cells hold; inf if they are not bounded.
    simplices, owners : int64 (s, r + 1) and (s,)
        Vertices of simplices, and the cells that they are in; empty where only volumes are
        asked for.

    Returns
    -------
    int
        DONE, or FULL where there is no more room for simplices.
    """
    faces, facets, at = work.faces, work.facets, work.at
    chosen, pivots, factors, reduced = work.chosen, work.pivots, work.factors, work.reduced
    members, listed = closures.members, len(owners) > 0
    r = points.shape[1]
    factors[0] = 1.0
    while state[0] < len(closures.ends):
        i = state[0]
        start = closures.ends[i - 1] if i > 0 else 0
        bounded = True
        for j in range(start, closures.ends[i]):
            bounded &= closures.finite[members[j]]
        total, count = 0.0, state[1]
        if not bounded:
            volumes[i] = np.inf
            state[0] += 1
            continue
        n_facets, simple = _enter(closures, work, i)
        depth = 0
        at[0] = -1
        while depth >= 0:
            if at[depth] < 0:  # a new face: its first vertex, and the edge to it
                at[depth] = 0
                vertex = members[start + _first(faces, depth)]
                chosen[depth] = vertex
                if depth > 0:
                    row = reduced[depth - 1]
                    for c in range(r):
                        row[c] = points[vertex, c] - points[chosen[0], c]
                    for e in range(depth - 1):
                        factor = row[pivots[e]]
                        for c in range(r):
                            row[c] -= factor * reduced[e, c]
                        row[pivots[e]] = 0.0
                    pivot = 0
                    for c in range(r):
                        if abs(row[c]) > abs(row[pivot]):
                            pivot = c
                    pivots[depth - 1] = pivot
                    factors[depth] = factors[depth - 1] * abs(row[pivot])
                    scale = row[pivot] if row[pivot] != 0.0 else 1.0
                    for c in range(r):
                        row[c] /= scale
                    row[pivot] = 1.0  # So that no quotient of this and a later one overflows.
                if depth == r:
                    total += factors[r]
                    if listed:
                        if count == len(owners):
                            return FULL
                        owners[count] = i
                        for e in range(r + 1):
                            simplices[count, e] = chosen[e]
                    count += 1
                    depth -= 1
                    continue
            h = at[depth]
            if h == n_facets:
                depth -= 1
                continue
            at[depth] += 1
            first = _first(faces, depth)
            if facets[h, first >> 6] >> np.uint64(first & 63) & ONE:
                continue
            if depth == r - 1:  # an edge: there is one other end
                at[depth] = n_facets
                for w in range(faces.shape[1]):
                    faces[r, w] = faces[depth, w]
                faces[r, first >> 6] &= ~(ONE << np.uint64(first & 63))
                depth = r
                at[depth] = -1
                continue
            _cut(faces, depth, facets, h, faces, depth + 1)
            size = _size(faces, depth + 1)
            new = size >= r - depth
            if new and not simple:
                o = 0
                while new and o < h:
                    same = _shared(faces, depth, facets, o) == size
                    new = not (same and _in(faces, depth + 1, facets, o))
                    o += 1
                if new:
                    found = _dimension(faces, depth + 1, work, n_facets, r + 1, simple)
                    new = found == r - depth
            if new:
                depth += 1
                at[depth] = -1
        volumes[i] = total
        state[0] += 1
        state[1] = count
    return DONE


@compiled(Closures, Work, Words2, Floats2, Floats2, Floats2, Floats1)
def inscribe_balls(closures, work, sides, rows, points, centres, radii):
    """The largest ball in each cell, by a linear program over its facets.

    The radius is a mean of the distances of any point from some of the facets, so that twice
    the largest of a point inside is out of reach, unless the radius is infinite.

    Parameters
    ----------
    sides : uint64 (m, T)
        On which side of each hyperplane a cell is.
    rows : float64 (64 T, r + 1)
        [normal | offset] of the hyperplanes, normals of length 1.
    points : float64 (g, r)
        Vertices, and directions.
    centres : float64 (m, r)
    radii : float64 (m,)
        inf, and the centre NaN, where there are balls of any size; NaN where none was found.
    """
    r = points.shape[1]
    for i in range(len(closures.ends)):
        n_facets, _ = _enter(closures, work, i)
        start, end = closures.ends[i - 1] if i > 0 else 0, closures.ends[i]
        inside, n_vertices = np.zeros(r), 0
        for j in range(start, end):
            n_vertices += closures.finite[closures.members[j]]
        for j in range(start, end):
            ray = closures.members[j]
            share = 1.0 / n_vertices if closures.finite[ray] else 1.0
            for c in range(r):
                inside[c] += share * points[ray, c]
        slopes, offsets = np.empty((n_facets, r)), np.empty(n_facets)
        count, unit = 0, 0.0
        for h in range(n_facets):
            row = rows[work.walls[h]]
            value, length = row[r], 0.0
            for c in range(r):
                value += row[c] * inside[c]
                length += abs(row[c])
            if length == 0.0:  # the hyperplane at infinity
                continue
            wall = work.walls[h]
            is_above = sides[i, wall >> 6] >> np.uint64(wall & 63) & ONE
            side = 1.0 if is_above else -1.0
            for c in range(r):
                slopes[count, c] = side * row[c]
            offsets[count] = side * value
            unit = max(unit, 2.0 * offsets[count])
            count += 1
        radii[i] = np.inf if count == 0 else np.nan
        centres[i] = np.nan
        if not 0.0 < unit < np.inf:
            continue
        move, basis = np.zeros(r), np.full(r + 1, -1, np.int64)
        t = largest_slack(slopes[:count], offsets[:count] / unit, move, basis)
        least = np.inf
        for h in range(count):
            slack = offsets[h]
            for c in range(r):
                slack += unit * slopes[h, c] * move[c]
            least = min(least, slack)
        if t > 0.75:
            radii[i] = np.inf
        elif t > 0.0 and least > 0.0:
            radii[i] = least
        for c in range(r if radii[i] < np.inf else 0):
            centres[i, c] = inside[c] + unit * move[c]
