"""A polyhedral complex, cut by one piecewise linear function after another, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.double_double import SPREAD, difference, product, quotient
from arrangement.kernels.networks.double_double_values import LARGEST, LEAST, ROUND_UP
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF
from arrangement.kernels.types import (
    Bools1,
    Bytes1,
    Floats1,
    Floats2,
    Int32s1,
    Int32s2,
    Ints1,
    Ints2,
    Signs1,
    Signs2,
    Singles2,
)  # fmt: skip

__all__ = [
    "BROKEN", "COMPLETE", "CRAMPED", "OPEN", "Faces", "Regions", "Vertices", "close_gaps",
    "inherit", "interpolate", "subdivide",
]  # fmt: skip

# How `subdivide` ends.
COMPLETE, OPEN, CRAMPED, BROKEN = 0, 1, 2, 3

# The columns of `faces`.
DIM, BEGIN, END, LABEL, START, STOP = 0, 1, 2, 3, 4, 5
# The entries of `counts`.
FACES, POOL, VERTICES, REGIONS, NEED_FACES, NEED_POOL, NEED_VERTICES, STEP = range(8)

# Which signs the vertices of a face have.
NEGATIVE, POSITIVE, ZERO, BOTH = 1, 2, 4, 3


class Vertices(NamedTuple):
    """The vertices of a complex, with room for more."""

    points: Floats2  # (V, d): coordinates
    spread: Floats1  # (V,): a bound on their errors
    parents: Int32s2  # (V, 3): the vertices between which each lies, and the step that made it
    values: Floats2  # (V, w): the ingredients of the functions
    errors: Singles2  # (V, w): bounds on their errors; 0 for none
    tail: Floats2  # (V, w) if values are double-double: their low words; else (V, 0)
    signs: Signs1  # (V,): of the current function
    sure: Bools1  # (V,): is the sign of every entry of `values` that of the true value?
    asked: Ints1  # (V,): receives the vertices whose sign is open


class Faces(NamedTuple):
    """The faces of a complex, with room for more.

    The columns of `rows` are the dimension, the part of `pool` that lists the boundary, the
    label (region number for a region, else the step that made the face), and the vertices
    between which an edge was at the beginning. For a vertex BEGIN is its number.
    """

    rows: Int32s2  # (F, 6)
    pool: Int32s1  # (P,): boundary lists, in the order of their faces, maybe with gaps
    mark: Bytes1  # (F,): room for the signs on each face
    half: Int32s1  # (F,): room for the first half of each face that is split
    split: Int32s1  # (F,): room for the faces that are split, in order


class Regions(NamedTuple):
    """The faces of full dimension by number, with room for more."""

    origin: Int32s2  # (R, 2): the region from which a region was split off, and the step
    signs: Signs2  # (R, S): the sign of each function, when it was inserted


@compiled(Ints2, bool, bool, bool, int, Ints1, Vertices, Faces, Regions, error_model="numpy")
def subdivide(steps, settled, fixed_lines, last, top, counts, vertices, complex, regions):
    """Cut the complex by the zero sets of some functions, as far as their signs are certain.

    The functions are affine on each face of the complex that is there when they are inserted,
    and continuous. A face whose vertices have both signs is split in two, and its cut, a new
    face of one dimension less, is bounded by the cuts of its facets and by those faces of
    codimension 2 that lie on the zero set. Faces stand in an order in which the boundary of
    each comes before it, so that one pass over them is enough. It stays such an order when a
    cut takes the place of the face that it cuts, and the halves come last: the boundary of the
    cut then is what is left of the list of the face.

    Parameters
    ----------
    steps : int64 (s, 4)
        Function i is values[row] − max(values[low:high]), or values[row] where low = high;
        the columns are row, low, high, and the number of the step.
    settled : bool
        Are the signs of the current step's function in `signs` already?
    fixed_lines : bool
        Are all functions affine on each edge as it was at the beginning? If so, new vertices
        are found between its ends then, which keeps errors and pedigrees small.
    last : bool
        Are the values needed for these steps only? Then new vertices have no others.
    top : int
        Dimension of the complex; its faces of this dimension are the regions.
    counts : int64 (8,)
        How many faces etc. there are; the current step.
    vertices : Vertices
    complex : Faces
    regions : Regions

    Returns
    -------
    status : int
        COMPLETE; OPEN: the signs of `asked` are to be settled; CRAMPED: more room is needed;
        BROKEN: signs contradict each other.
    n : int
        How many are asked.
    """
    _, spread, _, values, errors, tail, signs, sure, asked = vertices
    faces, pool, _, _, _ = complex
    origin, found = regions
    while counts[STEP] < len(steps):
        row, low, high, step = steps[counts[STEP]]
        first = 0 if not last else low if high > low else row
        if not settled:
            n = signs_of_step(
                row, low, high, counts[VERTICES], signs, values, tail, errors, sure, asked
            )
            if n > 0:
                return OPEN, n
        n, born = _mark(counts, top, signs, complex, step, found)
        if (
            counts[NEED_FACES] > len(faces)
            or counts[NEED_POOL] > len(pool)
            or counts[NEED_VERTICES] > len(spread)
            or counts[REGIONS] + born > len(origin)
        ):
            return CRAMPED, born
        made = counts[VERTICES]
        _cut_edges(n, step, fixed_lines, counts, complex, vertices)
        interpolate_step(row, low, high, made, counts[VERTICES], first, vertices)
        broken = _split(n, step, top, made, counts, complex, regions)
        if broken >= 0:
            return BROKEN, broken
        counts[FACES] += 2 * n
        counts[STEP] += 1
        settled = False
    return COMPLETE, 0


@compiled(error_model="numpy")
def _height(row, low, high, v, values, tail):
    """The value of a step's function at a vertex, and its low word."""
    h, r = values[v, row], 0.0
    if tail.shape[1] > 0:
        r = tail[v, row]
    if high > low:
        most = low
        for k in range(low + 1, high):
            if values[v, k] > values[v, most] or (
                tail.shape[1] > 0
                and values[v, k] == values[v, most]
                and tail[v, k] > tail[v, most]
            ):
                most = k
        if tail.shape[1] > 0:
            h, r = difference(h, r, values[v, most], tail[v, most])
        else:
            h -= values[v, most]
    return h, r


@compiled(error_model="numpy")
def _error(row, low, high, v, errors):
    """A bound on the error of `_height`, beside its own rounding."""
    result = np.float64(errors[v, row])
    if high > low:
        most = np.float64(errors[v, low])
        for k in range(low + 1, high):
            most = max(most, np.float64(errors[v, k]))
        result += most
    return result


@compiled(error_model="numpy")
def signs_of_step(row, low, high, n, signs, values, tail, errors, sure, asked):
    """The signs of a function at the vertices; which are open, and how many."""
    count = 0
    for v in range(n):
        h, error = values[v, row], np.float64(errors[v, row])
        if high > low:
            h, _ = _height(row, low, high, v, values, tail)
            error = _error(row, low, high, v, errors)
        signs[v] = np.int8(h > 0.0) - np.int8(h < 0.0)
        if abs(h) > error * INFLATE + 2 * UNIT_ROUNDOFF * abs(h):
            continue
        if error == 0.0 or (sure[v] and high == low):
            continue
        asked[count] = v
        count += 1
    return count


@compiled(error_model="numpy")
def _mark(counts, top, signs, complex, step, found):
    """The signs on all faces, and the halves of those that are to be split; how many faces and
    regions are, and the room for that."""
    faces, pool, mark, half, split = complex
    lists = pool.view(np.uint32)
    n, length, edges, regions = 0, 0, 0, 0
    for f in range(counts[FACES]):
        k = faces[f, DIM]
        m = 0
        if k == 0:
            s = signs[faces[f, BEGIN]]
            m = NEGATIVE if s < 0 else POSITIVE if s > 0 else ZERO
        else:
            q, end = faces[f, BEGIN], faces[f, END]
            while q < end and m & BOTH != BOTH:
                m |= mark[lists[q]]
                q += 1
            if m & BOTH == BOTH:
                half[f] = counts[FACES] + 2 * n
                split[n] = f
                n += 1
                length += end - faces[f, BEGIN]
                edges += k == 1
                regions += k == top
            elif k == top:
                found[faces[f, LABEL], step] = -1 if m & NEGATIVE else 1 if m & POSITIVE else 0
        mark[f] = m
    counts[NEED_FACES] = counts[FACES] + 2 * n
    # Each item of a boundary goes to both halves at most, to which the cut comes.
    counts[NEED_POOL] = counts[POOL] + 2 * length + 2 * n
    counts[NEED_VERTICES] = counts[VERTICES] + edges
    return n, regions


@compiled(Ints2, int, int, Vertices, error_model="numpy")
def interpolate(functions, begin, end, vertices):
    """The values of vertices anew, from those of their parents; coordinates where they gain.

    Parameters
    ----------
    functions : int64 (S, 3)
        Row, low and high of each step; see :func:`subdivide`.
    begin, end : int
        Vertices begin, …, end − 1 are meant.
    vertices : Vertices
    """
    for v in range(begin, end):
        row, low, high = functions[vertices.parents[v, 2]]
        interpolate_step(row, low, high, v, v + 1, 0, vertices)


@compiled(error_model="numpy")
def interpolate_step(row, low, high, begin, end, first, vertices):
    """Vertices begin, …, end − 1 where the function vanishes between their parents, with error
    bounds; their values from the first that is needed on.

    With p = |h(a)|, q = |h(b)| and errors of at most α, β the parameter t = p / (p + q) is
    wrong by at most (α q + β p) / ((p + q)(p + q − α − β)), beside the rounding: that of
    float64, or that of double-double, where sums, products and quotients are within SPREAD.
    """
    points, spread, parents, values, errors, tail, _, _, _ = vertices
    is_double_double = tail.shape[1] > 0
    rounding = SPREAD if is_double_double else UNIT_ROUNDOFF
    for v in range(begin, end):
        a, b = parents[v, 0], parents[v, 1]
        p, p_tail, alpha = values[a, row], 0.0, np.float64(errors[a, row])
        q, q_tail, beta = values[b, row], 0.0, np.float64(errors[b, row])
        if is_double_double:
            p_tail, q_tail = tail[a, row], tail[b, row]
        if high > low:
            p, p_tail = _height(row, low, high, a, values, tail)
            q, q_tail = _height(row, low, high, b, values, tail)
            alpha = _error(row, low, high, a, errors)
            beta = _error(row, low, high, b, errors)
        if p < 0.0:
            p, p_tail = 0.0 - p, 0.0 - p_tail
        if q < 0.0:
            q, q_tail = 0.0 - q, 0.0 - q_tail
        alpha += 2 * rounding * p
        beta += 2 * rounding * q
        width = (p + q) * (1.0 - 8 * UNIT_ROUNDOFF) - (alpha + beta) * INFLATE
        t, t_tail, wrong, of_a, of_b = 0.5, 0.0, np.inf, 0.5, 0.5
        if width > 1e-290 and width < 1e290:
            of_a, of_b = q / (p + q), p / (p + q)
            t = of_b
            wrong = (alpha * of_a + beta * of_b) / width * INFLATE + 8 * rounding
            if is_double_double:
                s, s_tail = difference(p, p_tail, 0.0 - q, 0.0 - q_tail)
                t, t_tail = quotient(p, p_tail, s, s_tail)
        for k in range(first, values.shape[1]):
            x, y = values[a, k], values[b, k]
            edge = y - x
            if is_double_double:
                x_tail = tail[a, k]
                edge, edge_tail = difference(y, tail[b, k], x, x_tail)
                z, z_tail = product(t, t_tail, edge, edge_tail)
                z, z_tail = difference(x, x_tail, 0.0 - z, 0.0 - z_tail)
                values[v, k], tail[v, k] = z, z_tail
            else:
                z = values[v, k] = x + t * edge
            bound = ROUND_UP * (
                errors[a, k] * of_a + errors[b, k] * of_b
                + wrong * (abs(edge) + errors[a, k] + errors[b, k])
                + 4 * rounding * (abs(x) + abs(y)) + LEAST
            )  # fmt: skip
            # Not NaN, which max may pass over.
            errors[v, k] = bound if bound >= 0.0 and abs(z) < LARGEST else np.inf
        if high == low:
            values[v, row] = 0.0
            errors[v, row] = 0.0
            if is_double_double:
                tail[v, row] = 0.0
        most, largest = 0.0, 0.0
        for k in range(points.shape[1]):
            x, y = points[a, k], points[b, k]
            most = max(most, abs(y - x))
            largest = max(largest, abs(x), abs(y))
        near = INFLATE * (
            spread[a] * of_a + spread[b] * of_b
            + (wrong + 8 * UNIT_ROUNDOFF) * (most + spread[a] + spread[b])
            + 8 * UNIT_ROUNDOFF * largest + TINY
        )  # fmt: skip
        if near < spread[v] or spread[v] == np.inf:
            for k in range(points.shape[1]):
                points[v, k] = points[a, k] + t * (points[b, k] - points[a, k])
            spread[v] = near


@compiled(error_model="numpy")
def _cut_edges(n, step, fixed_lines, counts, complex, vertices):
    """Begin a vertex on each edge among the n faces that are split."""
    faces, pool, _, _, split = complex
    _, spread, parents, _, _, _, _, sure, _ = vertices
    v = counts[VERTICES]
    for i in range(n):
        f = split[i]
        if faces[f, DIM] == 1:
            a, b = faces[f, START], faces[f, STOP]
            if not fixed_lines:
                a = faces[pool[faces[f, BEGIN]], BEGIN]
                b = faces[pool[faces[f, BEGIN] + 1], BEGIN]
            spread[v] = np.inf
            sure[v] = False
            parents[v, 0], parents[v, 1], parents[v, 2] = a, b, step
            v += 1
    counts[VERTICES] = v


@compiled(error_model="numpy")
def _split(n, step, top, made, counts, complex, regions):
    """Replace the n faces that are split by their cuts, and append their halves; the edges are
    cut at vertex `made` and those after it. Returns a face for which that is impossible, or
    −1."""
    faces, pool, mark, half, split = complex
    origin, found = regions
    lists = pool.view(np.uint32)
    region = counts[REGIONS]
    p, one = np.uint64(counts[POOL]), np.uint64(1)
    for i in range(n):
        f = split[i]
        k, label = faces[f, DIM], faces[f, LABEL]
        begin, end = np.uint64(faces[f, BEGIN]), np.uint64(faces[f, END])
        for side, own in ((0, NEGATIVE), (1, POSITIVE)):
            new = half[f] + side
            faces[new, DIM], faces[new, LABEL], faces[new, BEGIN] = k, label, p
            faces[new, START], faces[new, STOP] = faces[f, START], faces[f, STOP]
            q = begin
            while q < end:
                e = lists[q]
                m = mark[e]
                pool[p] = half[e] + side if m & BOTH == BOTH else np.int32(e)
                p += np.uint64(m & own != 0)
                q += one
            pool[p] = f
            p += one
            faces[new, END] = p
        faces[f, DIM], faces[f, LABEL] = k - 1, step
        if k == 1:
            faces[f, BEGIN] = faces[f, END] = made
            made += 1
        else:
            r = begin
            q = begin
            while q < end:
                e = lists[q]
                m = mark[e]
                if m & BOTH == BOTH:
                    pool[r] = e
                    r += one
                elif m == ZERO:
                    return f
                elif m & ZERO:
                    for z in range(faces[e, BEGIN], faces[e, END]):
                        g = pool[z]
                        if mark[g] == ZERO and not _contains(pool, begin, r, g):
                            if r > q:
                                return f
                            pool[r] = g
                            r += one
                q += one
            faces[f, END] = r
            if r - begin < np.uint64(k) or (k == 2 and r - begin != np.uint64(2)):
                return f
            if k == 2:
                faces[f, START] = faces[pool[begin], BEGIN]
                faces[f, STOP] = faces[pool[begin + one], BEGIN]
        if k == top:
            faces[half[f] + 1, LABEL] = region
            origin[region, 0], origin[region, 1] = label, step
            found[label, step] = -1
            found[region, step] = 1
            region += 1
    counts[POOL], counts[REGIONS] = p, region
    return -1


@compiled()
def _contains(pool, begin, end, face):
    """Is a face in a part of the pool?"""
    for q in range(begin, end):  # noqa: SIM110
        if pool[q] == face:
            return True
    return False


@compiled(Ints1, Int32s2, Int32s1)
def close_gaps(counts, faces, pool):
    """Close the gaps between boundary lists.

    Lists stand in the order of their faces, so that each moves to a place before its own.
    """
    p = 0
    for f in range(counts[FACES]):
        if faces[f, DIM] > 0:
            begin, end = faces[f, BEGIN], faces[f, END]
            faces[f, BEGIN] = p
            for q in range(begin, end):
                pool[p] = pool[q]
                p += 1
            faces[f, END] = p
    counts[POOL] = p


@compiled(Signs2, Int32s2)
def inherit(signs, origin):
    """Signs on the functions before its birth come to a region from the one that it was
    split off; regions are in order of birth."""
    for r in range(1, len(signs)):
        for step in range(origin[r, 1]):
            signs[r, step] = signs[origin[r, 0], step]
