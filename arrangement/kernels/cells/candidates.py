"""Candidates for points inside cells, and the proof in float64 that they are."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.cells.interior import FAR, write_point
from arrangement.kernels.compiled import compiled
from arrangement.kernels.lanes import above, fused, load, spread
from arrangement.kernels.types import Bools1, Floats1, Floats2, Ints1, Words2, read_only

__all__ = ["certain_signs", "certify"]

# A direction that is longer is shortened: the rows that fill up have the value 1 on it.
LONG = 2.0**40


@compiled(error_model="numpy")
def certain_signs(rows, point, bound, signs):
    """Set the bits of the rows that are positive at a point; whether all signs are certain.

    The rows are filled up as in `points_at_births`; of what fills them the bits are set.
    """
    r, size = np.uint64(rows.shape[0] - 1), np.uint64(rows.shape[1])
    zero, eight, low = np.uint64(0), np.uint64(8), np.uint64(63)
    sure = np.uint64(255)
    over, under = spread(1.01 * bound), spread(-1.01 * bound)
    for w in range(len(signs)):
        signs[w] = 0
    for k in range(zero, size, eight):
        v = load(rows, r * size + k)
        for j in range(r):
            v = fused(load(rows, j * size + k), spread(point[j]), v)
        up = above(v, over)
        sure &= up | above(under, v)
        signs[k >> np.uint64(6)] |= up << (k & low)
    return sure == np.uint64(255)


@compiled(
    Floats2, Floats1, float, bool, Floats2, int, Floats1, read_only(Words2), int, Ints1,
    Floats1, Floats2, Bools1, error_model="numpy", nogil=True,
)  # fmt: skip
def certify(
    candidates, origin, side, projective, rows, n_signs, doubt, words, first, columns, units,
    points, certain,
):  # fmt: skip
    """Enter the points that are certainly in the cells that they are meant for.

    Parameters
    ----------
    candidates : float64 (b, D)
        Each is meant for one of the cells from `first` on.
    origin : float64 (r,)
        In units, what is added to the candidates.
    side : float
        What they are multiplied by before.
    projective : bool
        Are candidates homogeneous, with the last coordinate as the divisor? Else they are
        directions, whose length is changed where roundings would matter beside it.
    rows, n_signs, doubt
        As in `points_at_births`.
    words, columns, units, points, certain
        As in `interior_points`; the coordinates of candidates stand there, too.

    Returns
    -------
    int
        How many there are.
    """
    r, n_words = len(columns), words.shape[1]
    point, signs = np.empty(r), np.zeros(n_words, np.uint64)
    valid = np.zeros(n_words, np.uint64)
    for k in range(n_signs):
        valid[k >> 6] |= np.uint64(1) << np.uint64(k & 63)
    reach = 1.0
    for j in range(r):
        reach = max(reach, 2.0 * abs(origin[j]))
    count = 0
    for i in range(len(candidates)):
        scale = side
        if projective:
            scale /= candidates[i, candidates.shape[1] - 1]
        else:
            largest = 0.0
            for j in range(r):
                largest = max(largest, abs(candidates[i, columns[j]] / units[j]))
            if not reach <= largest <= LONG:
                scale *= reach / largest
        bound = doubt[r]
        for j in range(r):
            point[j] = candidates[i, columns[j]] * scale / units[j] + origin[j]
            bound += abs(point[j]) * doubt[j]
        if not bound < FAR or not certain_signs(rows, point, bound, signs):
            continue
        equal = True
        for w in range(n_words):
            equal = equal and words[first + i, w] == signs[w] & valid[w]
        if equal:
            certain[first + i] = write_point(points, first + i, point, columns, units, 1.0)
            count += 1
    return count
