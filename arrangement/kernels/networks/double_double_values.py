"""The values of a layer at many points in double-double, with error bounds, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.double_double import SPREAD, product, two_sum
from arrangement.kernels.lanes import absolute, load, spread, store
from arrangement.kernels.rounding import INFLATE, UNIT_ROUNDOFF
from arrangement.kernels.types import Bools1, Floats1, Floats2, Singles2

__all__ = ["LANES", "LARGEST", "LEAST", "ROUND_UP", "Layer", "Values", "propagate"]

# Bounds are kept in float32: what they lose by rounding, 2^-24, and by underflow.
ROUND_UP = 1.0 + 1e-6
LEAST = 1e-37

LARGEST = 1e280
"""Beyond it products of double-double may overflow: nothing is claimed of such values."""

LANES = 8


class Layer(NamedTuple):
    """A layer as it acts on the values of the one before, which its activation meets first."""

    weights: Floats2  # (in, out, rounded up to eights)
    weights_tail: Floats2  # what float64 leaves of them
    biases: Floats1  # (out, rounded up to eights)
    biases_tail: Floats1
    slopes: Floats1  # (in,): of the activation below zero
    pieces: int  # that the activation takes the largest of
    is_float64: bool  # have weights and biases no tails?


class Values(NamedTuple):
    """Values values + tail of a layer at points, and bounds on their errors."""

    values: Floats2  # (V, w)
    tail: Floats2  # (V, w)
    errors: Singles2  # (V, w)


@compiled(int, Layer, Values, Bools1, Values, error_model="numpy")
def propagate(n, layer, given, sure, found):
    """The values of a layer at the first n points, from those of the layer before.

    A sum Σ w x of m products, and of the bias, is taken as Ogita, Rump and Oishi do (2005,
    Accurate sum and dot product, SIAM J. Sci. Comput. 26, 1955–1988): the sum of the products'
    high words is kept with its exact rounding errors, each at most u T, where T = Σ |w x| and
    u = 2^-53. These errors and the low words, 2 m numbers of at most u T, are added in
    float64, which is wrong by at most 4 m (m + 4) u² T. With 2^-100 T for the products and
    2 u² T for the rounding of weights to double-double, all is less than (m + 4)² 2^-102 T.

    Parameters
    ----------
    n : int
    layer : Layer
    given : Values
        Before the activation.
    sure : bool (V,)
        Is the sign of every given value that of the true one?
    found : Values
        Receives the values of the layer.
    """
    weights, weights_tail, biases, biases_tail, slopes, pieces, is_float64 = layer
    values, tail, errors = given
    size, width = weights.shape
    x, x_tail, error = np.empty(size), np.empty(size), np.empty(size)
    place = np.empty(size, np.uint64)
    high, low, bounds = np.empty(width), np.empty(width), np.empty(width)
    rounding = (size + 4.0) ** 2 * 2.0**-102
    for v in range(n):
        m = 0
        for j in range(size):
            h, r = values[v, j * pieces], tail[v, j * pieces]
            wrong = np.float64(errors[v, j * pieces])
            if pieces == 1:
                h, r, wrong = _activated(h, r, wrong, slopes[j], sure[v])
            for k in range(j * pieces + 1, (j + 1) * pieces):
                if values[v, k] > h or (values[v, k] == h and tail[v, k] > r):
                    h, r = values[v, k], tail[v, k]
                wrong = max(wrong, np.float64(errors[v, k]))
            if h != 0.0 or wrong > 0.0:
                x[m], x_tail[m], error[m] = h, r, wrong + rounding * abs(h)
                place[m] = j * width
                m += 1
        for i in range(0, width, LANES):
            at = np.uint64(i)
            s, rest = load(biases, at), load(biases_tail, at)
            bound = absolute(s) * rounding
            for q in range(m):
                w = load(weights, place[q] + at)
                w_tail = load(weights_tail, place[q] + at)
                p, p_tail = product(w, w_tail, spread(x[q]), spread(x_tail[q]))
                s, lost = two_sum(s, p)
                rest += lost + p_tail
                bound += absolute(w) * error[q]
            s, rest = two_sum(s, rest)
            store(high, at, s)
            store(low, at, rest)
            store(bounds, at, bound)
        for i in range(found.values.shape[1]):
            bound = bounds[i] * ROUND_UP + LEAST
            if m == 0 and is_float64:
                bound = 0.0  # where all inputs are exactly 0 the values are the biases
            found.values[v, i], found.tail[v, i] = high[i], low[i]
            found.errors[v, i] = bound if bound >= 0.0 and abs(high[i]) < LARGEST else np.inf


@compiled(error_model="numpy")
def _activated(h, r, wrong, slope, sure):
    """The activation at h + r, which is wrong by at most `wrong`, and a bound on its error."""
    off = -h > wrong * INFLATE + 2 * UNIT_ROUNDOFF * abs(h) or (sure and h <= 0.0)
    if slope == 0.0 and off:
        return 0.0, 0.0, 0.0
    steepest = abs(slope) if off else max(1.0, abs(slope))
    wrong = wrong * steepest * INFLATE
    if h <= 0.0:
        if slope != 0.0 and slope != 1.0:
            wrong += SPREAD * abs(h * slope) * INFLATE
        h, r = product(h, r, slope, 0.0)
    return h, r, wrong
