"""Screening the faces of one neuron, whose signs are bits, in time for millions, compiled.

Let a_i be the derivative of the activation at sample i. With G = Σ a_i² x_i x_iᵀ, s = Σ a_i x_i
and b = Σ a_i y_i x_i the gradient of the loss at weights u and output bias c is G u + c s − b,
and the least squares problem on a face needs no more. The sums come from tables of what each
octet of a sign vector adds, so that no error grows from face to face.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.screening import BOTH, REFUSED, SURVIVED, schur, sides_of
from arrangement.kernels.landscape.small_vectors import along, append, dot
from arrangement.kernels.types import Floats1, Floats2, Floats3, Signs1, Words2, read_only

__all__ = ["OneNeuron", "screen_faces"]


class OneNeuron(NamedTuple):
    """Least squares with one neuron, its weights in D essential coordinates.

    Attributes
    ----------
    X, unit : float64 (N, D)
        The samples, and the same of length one.
    y : float64 (N,)
    sums : float64 (octets, 256, W)
        What the samples add whose bits are in an octet: the lower triangle of x xᵀ, then y x,
        x and t x, t the size of their terms without neurons.
    mean : float
        Of the targets, if there is an output bias, else 0.
    biased : bool
        Is there an output bias?
    slope : float
        The negative slope of the activation.
    room : float
        The largest squared residual that is wanted.
    accuracy : float
        A bound on the relative error of sums over samples.
    weak : float
        A smaller share counts as one that may be 0.
    """

    X: Floats2
    unit: Floats2
    y: Floats1
    sums: Floats3
    mean: float
    biased: bool
    slope: float
    room: float
    accuracy: float
    weak: float


@compiled(error_model="numpy")
def _frame(unit, on, k, Q, R, dual):
    """Orthonormal rows Q: k that span some samples, then those of the flat they define.

    `dual` receives the basis dual to k of the samples. Returns a bound on how much larger the
    relative error of the flat is than that of the samples; 0 where it is unknown.
    """
    D = unit.shape[1]
    for j in range(k):
        best, largest = -1, 0.0
        for i in on:
            size = 1.0
            for l in range(j):
                size -= along(unit, i, Q[l], 0) ** 2
            if size > largest:
                best, largest = i, size
        if largest < 1e-12:
            return 0.0
        Q[j] = unit[best]
        append(Q, j, R, 0.0)
    for j in range(k, D):
        best, largest = 0, -1.0
        for a in range(D):
            size = 1.0
            for l in range(j):
                size -= Q[l, a] * Q[l, a]
            if size > largest:
                best, largest = a, size
        Q[j] = 0.0
        Q[j, best] = 1.0
        append(Q, j, R, 0.0)
    # The dual basis is Q R⁻ᵀ, whose columns come from the last on.
    total = 0.0
    for c in range(k):
        for r in range(c, -1, -1):
            value = 1.0 if r == c else 0.0
            for l in range(r + 1, c + 1):
                value -= R[r, l] * R[l + D, c]
            R[r + D, c] = value / R[r, r]
            total += R[r + D, c] ** 2
    for r in range(k):
        dual[r] = 0.0
        for l in range(r, k):
            for a in range(D):
                dual[r, a] += R[r + D, l] * Q[l, a]
    return max(1.0, np.sqrt(k * total))


@compiled(error_model="numpy")
def _add(words, zero, sums, sign, total):
    """Add up what the samples of one sign give."""
    at = 0
    for w in range(len(words)):
        word = words[w] if sign > 0 else ~(words[w] | zero[w])
        for _ in range(8):
            octet = word & np.uint64(255)
            if octet and at < len(sums):
                for q in range(len(total)):
                    total[q] += sums[at, octet, q]
            word >>= np.uint64(8)
            at += 1


@compiled(error_model="numpy")
def _bit(words, i):
    return (words[i >> 6] >> np.uint64(i & 63)) & np.uint64(1)


@compiled(error_model="numpy")
def _change(problem, on, gradient, offset, v, side):
    """h(±v) of a face for output sign +1: see :mod:`arrangement.relu.minima.boundary`."""
    value = side * dot(gradient, v)
    for i in on:
        turn = side * along(problem.X, i, v, 0)
        if turn < 0.0:
            turn *= problem.slope
        value += turn * (offset - problem.y[i])
    return value


@compiled(
    read_only(Words2), read_only(Words2), int, OneNeuron, Signs1, Floats1, error_model="numpy"
)
def screen_faces(positive, zero, codimension, problem, outcome, shares):
    """Which faces of one codimension may hold a minimum of one neuron.

    As :func:`~arrangement.kernels.landscape.screening.screen` without a prefix: a face is
    refused if surely no output sign suits both the sides and the multipliers. A ray is kept as
    well if a neuron of weights zero may be in place along it and is not surely so.

    Parameters
    ----------
    positive, zero : uint64 (m, words)
        The signs.
    codimension : int
        Below D.
    problem : OneNeuron
    outcome : int8 (m,)
        REFUSED or SURVIVED.
    shares : float64 (m,)
        Along a ray what a neuron of weights zero and output weight 1 gains in first order
        beside the size of its terms; 0 where that is not told from 0, and for other faces.
    """
    X, unit, y, sums = problem.X, problem.unit, problem.y, problem.sums
    n, D = X.shape
    k, e = codimension, D - codimension
    half = D * (D + 1) // 2
    on = np.empty(n, np.int64)
    Q, R, dual, v = np.eye(D), np.zeros((2 * D, D)), np.zeros((D, D)), np.zeros(D)
    up, down = np.zeros(sums.shape[2]), np.zeros(sums.shape[2])
    G, gram, L, inverse = np.zeros((4, D, D))
    b, s, u, gradient = np.zeros(D), np.zeros(D), np.zeros(D), np.zeros(D)
    right, c = np.zeros(D), np.zeros(D)
    cross = np.zeros((D, 1 if problem.biased else 0))
    target, squares, wide = np.sqrt(np.sum(y * y)), 0.0, np.sqrt(np.sum(X * X))
    for i in range(n):
        squares += (y[i] - problem.mean) ** 2
    for f in range(len(positive)):
        outcome[f], shares[f] = SURVIVED, 0.0
        count = 0
        if k:
            for w in range(zero.shape[1]):
                word, i = zero[f, w], 64 * w
                while word:
                    if word & np.uint64(1):
                        on[count] = i
                        count += 1
                    word >>= np.uint64(1)
                    i += 1
        condition = _frame(unit, on[:count], k, Q, R, dual)
        up[:] = 0.0
        _add(positive[f], zero[f], sums, 1, up)
        down[:] = 0.0
        if problem.slope != 0.0:
            _add(positive[f], zero[f], sums, -1, down)
        slope = problem.slope
        at, trace = 0, 0.0
        for a in range(D):
            for d in range(a + 1):
                G[a, d] = G[d, a] = up[at] + slope * slope * down[at]
                at += 1
            trace += G[a, a]
            b[a] = up[half + a] + slope * down[half + a]
            s[a] = up[half + D + a] + slope * down[half + D + a]
        if condition == 0.0:
            continue
        own = problem.accuracy * condition
        if e == 1:
            value = size = turn = 0.0
            for a in range(D):
                turn += Q[k, a] * (up[half + D + a] - down[half + D + a])
                value += Q[k, a] * (problem.mean * s[a] - b[a])
                size += Q[k, a] * (up[half + 2 * D + a] - abs(slope) * down[half + 2 * D + a])
            length = wide * own
            if abs(turn) > length * np.sqrt(n):
                value, size = (value, size) if turn > 0.0 else (-value, -size)
                if abs(value) > max(problem.weak * size, 2.0 * length * target):
                    shares[f] = value / size
        for a in range(e):
            right[a] = along(Q, k + a, b, 0) - problem.mean * along(Q, k + a, s, 0)
            if problem.biased:
                cross[a, 0] = along(Q, k + a, s, 0) / np.sqrt(n)
            for g in range(a + 1):
                value = 0.0
                for d in range(D):
                    value += along(G, d, Q[k + g], 0) * Q[k + a, d]
                gram[a, g] = gram[g, a] = value
        least, fall = schur(gram, cross, right, e, own * trace, L, c, inverse)
        if least == 0.0:
            continue
        keep = SURVIVED if e == 1 and (k == 0 or shares[f] == 0.0) else REFUSED
        outcome[f] = keep
        if squares - fall > problem.room + own * (trace / least) * target * target:
            continue
        u[:] = 0.0
        for a in range(e):
            for d in range(D):
                u[d] += c[a] * Q[k + a, d]
        size = np.sqrt(dot(c[:e], c))
        error = own * ((np.sqrt(trace) * target + trace * size) / least + size)
        left = BOTH
        for i in range(n):
            if k and _bit(zero[f], i):
                continue
            value = along(unit, i, u, 0)
            if not _bit(positive[f], i):
                value = -value
            left &= sides_of(value, error)
            if left == 0:
                break
        if left == 0:
            continue
        if k:
            offset = problem.mean - (dot(s, u) / n if problem.biased else 0.0)
            for a in range(D):
                gradient[a] = offset * s[a] - b[a] + along(G, a, u, 0)
            off = 2.0 * np.sqrt(trace) * error + own * (target + np.sqrt(trace) * size)
            for r in range(k if count == k else k + count):
                v[:] = dual[r] if r < k else unit[on[r - k]]
                bound = 2.0 * off * wide * np.sqrt(dot(v, v))
                for side in (1.0, -1.0):
                    value = _change(problem, on[:count], gradient, offset, v, side)
                    left &= sides_of(value, bound)
                if left == 0:
                    break
            if left == 0:
                continue
        outcome[f] = SURVIVED
