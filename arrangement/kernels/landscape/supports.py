"""How far a linear function reaches on each cone of a central arrangement, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.small_vectors import (
    along,
    append,
    first_to_vanish,
    nearest_weights,
)
from arrangement.kernels.types import Floats1, Floats2, Ints1, Words2, read_only

__all__ = ["cone_supports"]

# A side is violated by more than this share of |g|; the square of what is left of a unit normal
# that is independent of others is larger.
TOLERANCE = 1e-14
INDEPENDENT = 1e-24


@compiled(read_only(Words2), Floats2, Ints1, Floats2, Floats1, float, error_model="numpy")
def cone_supports(words, terms, representatives, unit, kinks, known):
    """The largest g·u over the part of each closed cell in the unit ball, for g and for −g.

    g is the sum of the terms of the samples that are active in the cell. The answer is the
    length of the projection of g to the cell, found by the method of Lawson and Hanson (1974,
    chapter 23): multipliers λ ≥ 0 of the sides for which |g + Σ λ a| is least. For every λ ≥ 0
    that is an upper bound, so that a run that ends early gives a bound as well.

    Parameters
    ----------
    words : uint64 (m, ceil(N / 64))
        Sign vectors of cells.
    terms : float64 (N, d)
    representatives : int64 (n,)
        One sample of each hyperplane.
    unit : float64 (n, d)
        Their normals, of length one.
    kinks : float64 (n,)
        By how much the slope of Σ terms_i max(0, ·) grows across each hyperplane.
    known : float
        Where |g| is at most this, it is given instead.

    Returns
    -------
    bound : float64 (m, 2)
        For g and −g.
    points : float64 (m, 2, d)
        The projections, where they were needed; 0 elsewhere.
    rises : bool (m, 2)
        Does the projection lie on a side beyond which the function rises faster?
    """
    m, (N, d), n = len(words), terms.shape, len(unit)
    bound = np.empty((m, 2))
    points = np.zeros((m, 2, d))
    rises = np.zeros((m, 2), np.bool_)
    g, u = np.empty(d), np.empty(d)
    side = np.empty(n)
    passive = np.empty(d, np.int64)
    weight, wanted = np.zeros(d), np.zeros(d)
    Q, R = np.empty((d, d)), np.empty((d, d))
    for k in range(m):
        total = np.zeros(d)
        for i in range(N):
            if (words[k, i >> 6] >> np.uint64(i & 63)) & np.uint64(1):
                for c in range(d):
                    total[c] += terms[i, c]
        length = np.sqrt(np.sum(total**2))
        bound[k] = length
        if length <= known:
            continue
        for j in range(n):
            i = representatives[j]
            positive = (words[k, i >> 6] >> np.uint64(i & 63)) & np.uint64(1)
            side[j] = 1.0 if positive else -1.0
        for column in range(2):
            for c in range(d):
                g[c] = total[c] if column == 0 else -total[c]
                u[c] = g[c]
            count = 0
            for _ in range(20 + 10 * d):
                lowest, entering = -TOLERANCE * length, -1
                for j in range(n):
                    value = side[j] * along(unit, j, u, 0)
                    if value < lowest:
                        lowest, entering = value, j
                if entering < 0 or count == d:
                    break
                passive[count], weight[count] = entering, 0.0
                count += 1
                if not _triangulate(unit, side, passive, count - 1, count, Q, R):
                    count -= 1
                    break
                stuck = False
                while True:
                    nearest_weights(Q, R, count, g, wanted)
                    step, leaving = first_to_vanish(weight, wanted, count)
                    if leaving < 0:
                        weight[:count] = wanted[:count]
                        break
                    # The side that has just entered leaves again: only rounding is left.
                    stuck = passive[leaving] == entering
                    left = 0
                    for a in range(count):
                        value = weight[a] + step * (wanted[a] - weight[a])
                        if a != leaving and value > 0.0:
                            passive[left], weight[left] = passive[a], value
                            left += 1
                    count = left
                    _triangulate(unit, side, passive, 0, count, Q, R)
                for c in range(d):
                    u[c] = g[c]
                for a in range(count):
                    value = along(Q, a, u, 0)
                    for c in range(d):
                        u[c] -= value * Q[a, c]
                if stuck:
                    break
            points[k, column] = u
            bound[k, column] = np.sqrt(np.sum(u**2))
            for a in range(count):
                kink = kinks[passive[a]]
                if (kink if column == 0 else -kink) > 0.0:
                    rises[k, column] = True
    return bound, points, rises


@compiled(error_model="numpy")
def _triangulate(unit, side, passive, start, count, Q, R):
    """Orthonormal rows Q and triangular R of the passive normals, from row `start` on.

    Returns False if a normal depends on those before it.
    """
    for a in range(start, count):
        j = passive[a]
        for c in range(unit.shape[1]):
            Q[a, c] = side[j] * unit[j, c]
        if not append(Q, a, R, INDEPENDENT):
            return False
    return True
